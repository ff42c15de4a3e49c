/*
 * fuzz_frames: whatever clients say, at whatever time, through whole clients.
 *
 * The input is a list of moves: a byte that says who does what, one with a length, and as
 * many bytes. Two users are in a room, one of them has notifications too, a third comes and
 * goes. What each message is answered is worked out again here: one pong, one error of the
 * right kind, or nothing; typing reaches the other users alone, begins before it ends, and
 * is not passed on more often than every 2 s; only a flood closes a socket.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/support/fake_world.h"
#include "base/clock.h"
#include "json/json_validate.h"

enum move { SAY, SAY_BINARY, SAY_EARLY, NOTIFIED_SAYS, OTHER_SAYS, WAIT, TURN, MOVES };

#define TYPING_EVERY_MS 2000

struct run {
    struct fake_world world;
    uint64_t room;
    struct socket *talker, *other, *notified;
    bool typing[FAKE_USERS + 1]; /* who does, as the other sees it */
    int64_t typing_ms[FAKE_USERS + 1];
};

static void require(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "fuzz_frames: not so: %s\n", what);
        abort();
    }
}

static bool is(const char *json, const char *beginning) {
    return strncmp(json, beginning, strlen(beginning)) == 0;
}

static void skip_frames(struct socket *socket) {
    while (fake_socket_next(socket)) {
    }
}

/* ---- what is to be answered ---- */

static const char PONG[] = "{\"type\":\"pong\"}";
static const char BAD_JSON[] = "{\"type\":\"error\",\"code\":\"bad_json\",";
static const char UNKNOWN_TYPE[] = "{\"type\":\"error\",\"code\":\"unknown_type\",";
static const char RATE_LIMITED[] = "{\"type\":\"error\",\"code\":\"rate_limited\",";

/* Whether the answer is one that this message can have. */
static bool fits(struct text message, bool binary, const char *answer) {
    const bool is_json = !binary && !json_validate(message.at, message.len, NULL);
    if (is(answer, RATE_LIMITED))
        return true;
    if (!is_json)
        return is(answer, BAD_JSON);
    if (is(answer, BAD_JSON))
        return memchr(message.at, '{', message.len) != message.at;
    if (strcmp(answer, PONG) == 0)
        return memmem(message.at, message.len, "ping", 4) || memchr(message.at, '\\', message.len);
    return is(answer, UNKNOWN_TYPE);
}

static bool is_typing(const char *json) {
    return is(json, "{\"type\":\"typing\"") || is(json, "{\"type\":\"stop_typing\"");
}

/* What the one who spoke hears: an answer, and what others do. */
static void check_answers(struct socket *socket, struct text message, bool binary) {
    unsigned answers = 0;
    const char *json;
    while ((json = fake_socket_next(socket))) {
        if (is(json, "{\"type\":\"user_") || (is_typing(json) && !strstr(json, "\"user_id\":1,")))
            continue;
        require(fits(message, binary, json), json);
        answers++;
    }
    require(answers <= 1, "one message has one answer at most");
}

static void see_typing(struct run *run, const char *json) {
    const char *id = strstr(json, "\"user_id\":");
    require(id != NULL, "it says who types");
    const unsigned long user = strtoul(id + 10, NULL, 10);
    const int64_t now = clock_monotonic_ms();
    require(user == 1 || user == 3, "it is one of the others");
    if (is(json, "{\"type\":\"stop_typing\"")) {
        require(run->typing[user], "who stops has typed");
        run->typing[user] = false;
        return;
    }
    require(!run->typing[user] || now - run->typing_ms[user] >= TYPING_EVERY_MS,
            "typing comes once in 2 s");
    run->typing[user] = true;
    run->typing_ms[user] = now;
}

/* What the other user hears: how these type, answers, and that a third comes and goes. */
static void check_other(struct run *run) {
    const char *json;
    while ((json = fake_socket_next(run->other)))
        if (is_typing(json))
            see_typing(run, json);
        else
            require(strcmp(json, PONG) == 0 || is(json, "{\"type\":\"error\"") ||
                        is(json, "{\"type\":\"user_"),
                    json);
}

static void check_open(const struct socket *socket) {
    require(socket->close_code == 0 ||
                (socket->close_code == SOCKET_CLOSE_POLICY && socket->why == METRICS_DROP_FLOOD),
            "only a flood closes a socket");
}

/* ---- moves ---- */

static void say(struct run *run, struct socket *socket, struct text message, bool binary) {
    fake_socket_receive(socket, message, binary);
    fake_world_settle(&run->world);
    check_open(socket);
    if (socket != run->other)
        check_answers(socket, message, binary);
    check_other(run);
}

/* Before the socket is live; nothing may be answered before `connected`. */
static void say_early(struct run *run, struct text message) {
    struct socket *early = fake_world_open(&run->world, 3, run->room, NULL);
    fake_socket_receive(early, message, false);
    fake_socket_receive(early, message, true);
    fake_world_settle(&run->world);
    const char *first = fake_socket_next(early);
    require(first && is(first, "{\"type\":\"connected\""), "connected comes first");
    while ((first = fake_socket_next(early)))
        require(strcmp(first, PONG) == 0 || is(first, "{\"type\":\"error\""), first);
    check_other(run);
    fake_socket_free(early);
    fake_world_settle(&run->world);
    check_other(run);
    require(!run->typing[3], "who is gone types no more");
    skip_frames(run->talker);
}

static void make_move(struct run *run, enum move move, struct text message) {
    switch (move) {
    case SAY:
    case SAY_BINARY:
        say(run, run->talker, message, move == SAY_BINARY);
        break;
    case SAY_EARLY:
        say_early(run, message);
        break;
    case NOTIFIED_SAYS:
        say(run, run->notified, message, false);
        break;
    case OTHER_SAYS:
        say(run, run->other, message, false);
        skip_frames(run->talker);
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
    require(socket->close_code == 0 && fake_socket_next(socket), "it is let in");
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
    run->talker = join(run, 1, run->room);
    run->notified = join(run, 1, 0);
    skip_frames(run->other);
}

/* Who typed is gone: that is told, too, and it ends as it began. */
static void end(struct run *run) {
    fake_socket_free(run->talker);
    fake_socket_free(run->notified);
    fake_world_settle(&run->world);
    check_other(run);
    require(!run->typing[1], "nobody types for ever");
    fake_socket_free(run->other);
    fake_world_end(&run->world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct run run;
    begin(&run);
    while (size >= 2) {
        const size_t len = data[1] < size - 2 ? data[1] : size - 2;
        /* Of its exact size, so that reading beyond its end is seen. */
        char *message = malloc(len ? len : 1);
        require(message != NULL, "there is memory");
        memcpy(message, data + 2, len);
        make_move(&run, data[0] % MOVES, (struct text){message, len});
        free(message);
        data += len + 2;
        size -= len + 2;
    }
    end(&run);
    return 0;
}
