/*
 * fuzz_frames: any messages from clients, at any time, through whole clients.
 *
 * The input is a list of moves: a byte for the kind, one for the length, and as many bytes. Two
 * users are in a room, one of them also has a notifications socket, which may watch the room; a
 * third one opens and closes sockets. The answer to each message is checked: one pong, one error
 * of the right kind, or none;
 * typing reaches the other users only, starts before it stops, and is sent at most every 2 s; only
 * a flood closes a socket.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/support/fake_world.h"
#include "base/clock.h"
#include "json/json_validate.h"

enum move {
    SEND,
    SEND_BINARY,
    SEND_EARLY,
    SEND_NOTIFIED,
    SEND_OTHER,
    WAIT,
    ITERATE,
    SEND_WATCH,
    MOVES
};

#define TYPING_EVERY_MS 2000

struct run {
    struct fake_world world;
    uint64_t room;
    struct socket *sender, *other, *notified;
    bool typing[FAKE_USERS + 1]; /* which users type, as the other one sees it */
    int64_t typing_ms[FAKE_USERS + 1];
};

static void require(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "fuzz_frames: failed: %s\n", what);
        abort();
    }
}

static bool starts_with(const char *json, const char *prefix) {
    return strncmp(json, prefix, strlen(prefix)) == 0;
}

static void skip_frames(struct socket *socket) {
    while (fake_socket_next(socket)) {
    }
}

/* ---- answers ---- */

static const char PONG[] = "{\"type\":\"pong\"}";
static const char BAD_JSON[] = "{\"type\":\"error\",\"code\":\"bad_json\",";
static const char UNKNOWN_TYPE[] = "{\"type\":\"error\",\"code\":\"unknown_type\",";
static const char RATE_LIMITED[] = "{\"type\":\"error\",\"code\":\"rate_limited\",";

/* An error that only a message about a room has. */
static bool is_room_error(const char *answer) {
    static const char *const codes[] = {"bad_room_id",     "bad_since",        "not_found",
                                        "already_watched", "too_many_watched", "not_watched"};
    const char *code = strstr(answer, "\"code\":\"");
    for (size_t i = 0; code && i < sizeof(codes) / sizeof(codes[0]); i++)
        if (starts_with(code + 8, codes[i]))
            return true;
    return false;
}

/* Whether a message can have this answer. */
static bool is_valid_answer(struct text message, bool binary, const char *answer) {
    const bool is_json = !binary && !json_validate(message.at, message.len, NULL);
    if (starts_with(answer, RATE_LIMITED))
        return true;
    if (!is_json)
        return starts_with(answer, BAD_JSON);
    if (starts_with(answer, BAD_JSON))
        return memchr(message.at, '{', message.len) != message.at;
    if (strcmp(answer, PONG) == 0)
        return memmem(message.at, message.len, "ping", 4) || memchr(message.at, '\\', message.len);
    return starts_with(answer, UNKNOWN_TYPE) || is_room_error(answer);
}

static bool is_typing(const char *json) {
    return starts_with(json, "{\"type\":\"typing\"") ||
           starts_with(json, "{\"type\":\"stop_typing\"");
}

/* The frames of the sender: an answer, and what others do. */
static void check_answers(struct socket *socket, struct text message, bool binary) {
    unsigned answers = 0;
    const char *json;
    while ((json = fake_socket_next(socket))) {
        if (starts_with(json, "{\"type\":\"user_") ||
            starts_with(json, "{\"type\":\"connected\",\"room_id\"") ||
            starts_with(json, "{\"type\":\"resync\"") ||
            (is_typing(json) && !strstr(json, "\"user_id\":1,")))
            continue;
        require(is_valid_answer(message, binary, json), json);
        answers++;
    }
    require(answers <= 1, "a message has at most one answer");
}

static void check_typing(struct run *run, const char *json) {
    const char *id = strstr(json, "\"user_id\":");
    require(id != NULL, "typing names the user");
    const unsigned long user = strtoul(id + 10, NULL, 10);
    const int64_t now = clock_monotonic_ms();
    require(user == 1 || user == 3, "it is another user");
    if (starts_with(json, "{\"type\":\"stop_typing\"")) {
        require(run->typing[user], "stop_typing follows typing");
        run->typing[user] = false;
        return;
    }
    require(!run->typing[user] || now - run->typing_ms[user] >= TYPING_EVERY_MS,
            "typing is sent at most every 2 s");
    run->typing[user] = true;
    run->typing_ms[user] = now;
}

/* The frames of the other user: typing, answers, and the third user joining and leaving. */
static void check_other(struct run *run) {
    const char *json;
    while ((json = fake_socket_next(run->other)))
        if (is_typing(json))
            check_typing(run, json);
        else
            require(strcmp(json, PONG) == 0 || starts_with(json, "{\"type\":\"error\"") ||
                        starts_with(json, "{\"type\":\"user_"),
                    json);
}

static void check_open(const struct socket *socket) {
    require(socket->close_code == 0 ||
                (socket->close_code == SOCKET_CLOSE_POLICY && socket->why == METRICS_DROP_FLOOD),
            "only a flood closes a socket");
}

/* ---- moves ---- */

static void send_message(struct run *run, struct socket *socket, struct text message, bool binary) {
    fake_socket_receive(socket, message, binary);
    fake_world_settle(&run->world);
    check_open(socket);
    if (socket != run->other)
        check_answers(socket, message, binary);
    check_other(run);
}

/* Before the socket is connected; nothing may be answered before `connected`. */
static void send_early(struct run *run, struct text message) {
    struct socket *early = fake_world_open(&run->world, 3, run->room, NULL);
    fake_socket_receive(early, message, false);
    fake_socket_receive(early, message, true);
    fake_world_settle(&run->world);
    const char *first = fake_socket_next(early);
    require(first && starts_with(first, "{\"type\":\"connected\""), "connected is first");
    while ((first = fake_socket_next(early)))
        require(strcmp(first, PONG) == 0 || starts_with(first, "{\"type\":\"error\""), first);
    check_other(run);
    fake_socket_free(early);
    fake_world_settle(&run->world);
    check_other(run);
    require(!run->typing[3], "typing stops with the socket");
    skip_frames(run->sender);
}

/* Any action about the room, with any `since`. */
static void send_watch(struct run *run, struct text bytes) {
    static const char *const actions[] = {"watch", "watch", "unwatch", "typing", "stop_typing"};
    char message[400], since[270] = "";
    const char *action = actions[bytes.len > 0 ? (unsigned char)bytes.at[0] % 5 : 0];
    if (bytes.len > 1)
        snprintf(since, sizeof(since), ",\"since\":%.*s", (int)bytes.len - 1, bytes.at + 1);
    snprintf(message, sizeof(message), "{\"type\":\"%s\",\"room_id\":%llu%s}", action,
             (unsigned long long)run->room, since);
    fake_socket_receive(run->notified, text_of(message), false);
    fake_world_settle(&run->world);
    check_open(run->notified);
    const bool watches = watch_find(run->notified->client, run->room) != NULL;
    const char *json;
    while ((json = fake_socket_next(run->notified)))
        require(watches || !starts_with(json, "{\"type\":\"connected\"") ||
                    strcmp(action, "watch") == 0,
                json);
    check_other(run);
}

static void make_move(struct run *run, enum move move, struct text message) {
    switch (move) {
    case SEND:
    case SEND_BINARY:
        send_message(run, run->sender, message, move == SEND_BINARY);
        break;
    case SEND_EARLY:
        send_early(run, message);
        break;
    case SEND_NOTIFIED:
        send_message(run, run->notified, message, false);
        break;
    case SEND_WATCH:
        send_watch(run, message);
        break;
    case SEND_OTHER:
        send_message(run, run->other, message, false);
        skip_frames(run->sender);
        break;
    case WAIT:
        for (size_t i = 0; i < message.len % 32; i++)
            fake_world_tick(&run->world);
        fake_world_settle(&run->world);
        check_other(run);
        break;
    default:
        fake_world_iterate(&run->world);
    }
}

static struct socket *join(struct run *run, uint64_t user_id, uint64_t room_id) {
    struct socket *socket = fake_world_join(&run->world, user_id, room_id, NULL);
    require(socket->close_code == 0 && fake_socket_next(socket), "the socket is accepted");
    return socket;
}

static void begin(struct run *run) {
    memset(run, 0, sizeof(*run));
    fake_world_begin(&run->world);
    run->room = fake_store_add_room(&run->world.store, 1, true);
    fake_store_invite(&run->world.store, run->room, 1, 2);
    fake_store_invite(&run->world.store, run->room, 1, 3);
    fake_world_settle(&run->world);
    run->other = join(run, 2, run->room);
    run->sender = join(run, 1, run->room);
    run->notified = join(run, 1, 0);
    skip_frames(run->other);
}

/* Typing stops with the socket, and nothing is left. */
static void end(struct run *run) {
    fake_socket_free(run->sender);
    fake_socket_free(run->notified);
    fake_world_settle(&run->world);
    check_other(run);
    require(!run->typing[1], "typing stops with the socket");
    fake_socket_free(run->other);
    fake_world_end(&run->world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct run run;
    begin(&run);
    while (size >= 2) {
        const size_t len = data[1] < size - 2 ? data[1] : size - 2;
        /* A buffer of the exact size, so that reading beyond its end is detected. */
        char *message = malloc(len ? len : 1);
        require(message != NULL, "malloc succeeds");
        memcpy(message, data + 2, len);
        make_move(&run, data[0] % MOVES, (struct text){message, len});
        free(message);
        data += len + 2;
        size -= len + 2;
    }
    end(&run);
    return 0;
}
