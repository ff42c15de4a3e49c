/* fake_clients: a model of each client records what it received, and is compared with the store. */
#include "fake_clients.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "fake_world.h"

#define MODELS 10
#define ROOMS 24
#define MESSAGES 4000

/* A cursor in a stream: that of the socket, or of a room that a notifications client watches. */
struct cursor {
    bool has_since;
    uint64_t position; /* has all events up to here; its next `since` */
    bool connected;
    bool watching; /* of a watch: begun, and not known to have ended */
    bool may_end;  /* of a watch: a frame said why */
};

/* A model of a client: what it received. */
struct model {
    struct socket *socket; /* NULL: none at present */
    uint64_t user_id;
    uint64_t room_id; /* 0: notifications */
    struct cursor cursor;
    struct cursor watched[ROOMS]; /* by the index of the room in the store */
    uint64_t heads[ROOMS];        /* last seq of each room when it was connected */
    size_t heads_count;
    unsigned char notified[MESSAGES]; /* messages that it was notified of */
};

struct posted {
    uint64_t room_id, seq, sender_id;
};

struct run {
    struct fake_world world;
    const struct fake_clients_random *random;
    bool database_fails, redis_fails;
    bool was_down; /* the database was down: 1013 is valid */
    struct model models[MODELS];
    struct posted posted[MESSAGES];
};

static size_t below(const struct run *run, uint64_t limit) {
    return limit > 0 ? (size_t)run->random->below(run->random->context, limit) : 0;
}

#define expect(run, holds, ...)                                     \
    do {                                                            \
        if (!(holds)) {                                             \
            fprintf(stderr, "%s: violated: ", (run)->random->name); \
            fprintf(stderr, __VA_ARGS__);                           \
            fputc('\n', stderr);                                    \
            abort();                                                \
        }                                                           \
    } while (0)

/* ---- frames received by the models ---- */

/* Returns the number after the first occurrence of a key. */
static uint64_t number_in(const char *json, const char *key) {
    const char *at = strstr(json, key);
    return at ? strtoull(at + strlen(key), NULL, 10) : UINT64_MAX;
}

static bool has_type(const char *json, const char *type) {
    const size_t len = strlen(type);
    return strncmp(json, "{\"type\":\"", 9) == 0 && strncmp(json + 9, type, len) == 0 &&
           json[9 + len] == '"';
}

/* Also finds deleted rooms. */
static const struct fake_room *room_of(const struct run *run, uint64_t room_id) {
    const struct fake_store *store = &run->world.store;
    for (size_t i = 0; i < store->room_count; i++)
        if (store->rooms[i].id == room_id)
            return &store->rooms[i];
    return NULL;
}

static const struct fake_stream *stream_of(const struct run *run, const struct model *model) {
    return model->room_id ? &room_of(run, model->room_id)->stream
                          : &run->world.store.users[model->user_id].stream;
}

/* The watch of a room that a frame of a notifications socket is about. */
static struct cursor *watched(const struct run *run, struct model *model, uint64_t room_id) {
    const struct fake_room *room = room_of(run, room_id);
    expect(run, room, "unknown room %" PRIu64, room_id);
    return &model->watched[room - run->world.store.rooms];
}

static bool was_member(const struct fake_room *room, uint64_t user_id, uint64_t seq) {
    bool is_member = room->creator_id == user_id;
    for (uint64_t i = 0; i < seq; i++) {
        const struct fake_record *record = &room->stream.records[i];
        if (record->subject_id == user_id && record->type == EVENT_USER_INVITED)
            is_member = true;
        if (record->subject_id == user_id && record->type == EVENT_USER_REMOVED)
            is_member = false;
    }
    return is_member;
}

static void read_connected(struct run *run, struct model *model, struct cursor *cursor,
                           const char *json) {
    const uint64_t seq = number_in(json, "\"seq\":");
    const struct fake_store *store = &run->world.store;
    expect(run, !cursor->connected, "connected twice");
    if (cursor->has_since)
        expect(run, seq == cursor->position, "since=%" PRIu64 " answered by %s", cursor->position,
               json);
    cursor->connected = true;
    cursor->position = seq;
    if (cursor != &model->cursor)
        return;
    model->heads_count = store->room_count;
    for (size_t i = 0; i < store->room_count; i++)
        model->heads[i] = store->rooms[i].stream.last_seq;
}

/* The user's own removal is not kept back until all events before it are sent. */
static void read_event(struct run *run, struct model *model, struct cursor *cursor,
                       const struct fake_stream *stream, const char *json, uint64_t seq) {
    const bool is_removed =
        has_type(json, "user_removed") && number_in(json, "\"user_id\":") == model->user_id;
    expect(run, cursor->connected, "before connected: %s", json);
    expect(run, seq == cursor->position + 1 || (is_removed && seq > cursor->position),
           "after %" PRIu64 " came %s", cursor->position, json);
    expect(run, seq <= stream->last_seq, "unknown event: %s", json);
    expect(run, has_type(json, event_name(stream->records[seq - 1].type)), "wrong type: %s", json);
    cursor->position = seq;
}

/* Events without JSON have a seq as well. */
static void skip_hidden(const struct run *run, struct model *model) {
    const struct fake_stream *stream = stream_of(run, model);
    while (!model->room_id && model->cursor.position < stream->last_seq &&
           stream->records[model->cursor.position].type == EVENT_CREDENTIALS_CHANGED)
        model->cursor.position++;
}

static void read_notification(struct run *run, struct model *model, const char *json) {
    const uint64_t id = number_in(json, "\"message_id\":");
    const struct posted *posted = &run->posted[id];
    const struct fake_room *room = room_of(run, posted->room_id);
    expect(run, !model->room_id, "a room socket is notified");
    expect(run, posted->sender_id != model->user_id, "notified of its own: %s", json);
    expect(run, was_member(room, model->user_id, posted->seq), "user %" PRIu64 " was no member: %s",
           model->user_id, json);
    expect(run, !model->notified[id], "user %" PRIu64 " notified twice: %s", model->user_id, json);
    model->notified[id] = 1;
}

static bool is_own_event(const char *json) {
    return has_type(json, "room_created") || has_type(json, "room_invitation") ||
           has_type(json, "room_removed") || has_type(json, "room_deleted");
}

/* A frame of a notifications socket about a room that it watches; false: it is another frame. */
static bool read_watched(struct run *run, struct model *model, const char *json) {
    const uint64_t seq = number_in(json, "\"seq\":"), room_id = number_in(json, "\"room_id\":");
    if (model->room_id || room_id == UINT64_MAX || has_type(json, "new_message_notification"))
        return false;
    struct cursor *cursor = watched(run, model, room_id);
    if (has_type(json, "error") || is_own_event(json)) {
        cursor->may_end = true;
        return has_type(json, "error") || seq == UINT64_MAX;
    }
    expect(run, cursor->watching, "not watched: %s", json);
    if (has_type(json, "connected"))
        read_connected(run, model, cursor, json);
    else if (has_type(json, "resync"))
        cursor->position = seq;
    else if (seq != UINT64_MAX)
        read_event(run, model, cursor, &room_of(run, room_id)->stream, json, seq);
    else
        expect(run, number_in(json, "\"user_id\":") != model->user_id, "notified of itself: %s",
               json);
    if (has_type(json, "user_removed") && number_in(json, "\"user_id\":") == model->user_id)
        cursor->may_end = true;
    return true;
}

static void read_message(struct run *run, struct model *model, const char *json) {
    const uint64_t seq = number_in(json, "\"seq\":");
    if (read_watched(run, model, json))
        return;
    if (has_type(json, "connected")) {
        read_connected(run, model, &model->cursor, json);
        return;
    }
    if (has_type(json, "error") || has_type(json, "room_deleted"))
        if (seq == UINT64_MAX)
            return;
    expect(run, model->cursor.connected, "before connected: %s", json);
    skip_hidden(run, model);
    if (has_type(json, "resync"))
        model->cursor.position = seq;
    else if (has_type(json, "new_message_notification"))
        read_notification(run, model, json);
    else if (seq != UINT64_MAX)
        read_event(run, model, &model->cursor, stream_of(run, model), json, seq);
    else if (!has_type(json, "pong"))
        expect(run, number_in(json, "\"user_id\":") != model->user_id, "notified of itself: %s",
               json);
}

/* A watch ends only if a frame says why, or will: `room_deleted` has its turn in the user's own
 * stream. */
static void note_ended_watches(struct run *run, struct model *model) {
    const struct fake_store *store = &run->world.store;
    for (size_t i = 0; i < store->room_count && !model->room_id; i++) {
        struct cursor *cursor = &model->watched[i];
        if (!cursor->watching || watch_find(model->socket->client, store->rooms[i].id))
            continue;
        expect(run, cursor->may_end || store->rooms[i].is_gone,
               "the watch of room %" PRIu64 " ended", store->rooms[i].id);
        cursor->watching = cursor->connected = false;
    }
}

static void read_all(struct run *run) {
    for (size_t i = 0; i < MODELS; i++) {
        struct model *model = &run->models[i];
        const char *json;
        while (model->socket && (json = fake_socket_next(model->socket)))
            read_message(run, model, json);
        if (model->socket && model->socket->close_code == 0)
            note_ended_watches(run, model);
    }
}

/* ---- actions of the models ---- */

static void disconnect_client(struct model *model) {
    fake_socket_free(model->socket);
    model->socket = NULL;
    for (size_t i = 0; i < ROOMS; i++)
        model->watched[i].watching = model->watched[i].connected = false;
}

/* Some reconnect with their last position, others start over. */
static void connect_client(struct run *run, struct model *model) {
    const struct fake_store *store = &run->world.store;
    char since[24];
    if (model->user_id == 0 || below(run, 3) == 0) {
        model->user_id = 1 + below(run, FAKE_USERS);
        model->room_id = below(run, 2) ? store->rooms[below(run, store->room_count)].id : 0;
        model->cursor.connected = false;
        memset(model->watched, 0, sizeof(model->watched));
    }
    model->cursor.has_since = model->cursor.connected && below(run, 4) > 0;
    model->cursor.connected = false;
    memset(model->notified, 0, sizeof(model->notified));
    snprintf(since, sizeof(since), "%" PRIu64, model->cursor.position);
    model->socket = fake_world_open(&run->world, model->user_id, model->room_id,
                                    model->cursor.has_since ? since : NULL);
}

/* Begins or ends a watch. A room that was watched before is watched from the last position. */
static void move_watch(struct run *run, struct model *model) {
    const struct fake_store *store = &run->world.store;
    const size_t at = below(run, store->room_count);
    struct cursor *cursor = &model->watched[at];
    char message[80], since[32] = "";
    if (model->socket->client->state != CLIENT_CONNECTED)
        return;
    const bool begins = !cursor->watching;
    if (begins) {
        cursor->has_since = cursor->position > 0 && below(run, 2);
        cursor->may_end = cursor->connected = false;
        if (cursor->has_since)
            snprintf(since, sizeof(since), ",\"since\":%" PRIu64, cursor->position);
    }
    snprintf(message, sizeof(message), "{\"type\":\"%s\",\"room_id\":%" PRIu64 "%s}",
             begins ? "watch" : "unwatch", store->rooms[at].id, since);
    fake_socket_receive(model->socket, text_of(message), false);
    cursor->watching = watch_find(model->socket->client, store->rooms[at].id) != NULL;
    if (!begins)
        expect(run, !cursor->watching, "watched after unwatch");
}

/* The socket takes no more, some bytes, or all. */
static void move_socket(struct run *run, struct socket *socket) {
    const uint64_t random = below(run, 4);
    if (!socket->blocked)
        socket->blocked = random == 0;
    else if (random < 2)
        fake_socket_drain(socket);
    else
        socket->unacknowledged += random - 2;
}

static void move_client(struct run *run) {
    static const char *const messages[] = {"{\"type\":\"typing\"}", "{\"type\":\"stop_typing\"}",
                                           "{\"type\":\"ping\"}", "{}"};
    struct model *model = &run->models[below(run, MODELS)];
    if (!model->socket)
        connect_client(run, model);
    else if (model->socket->close_code != 0 || below(run, 6) == 0)
        disconnect_client(model);
    else if (below(run, 4) == 0)
        move_socket(run, model->socket);
    else if (!model->room_id && below(run, 3) > 0)
        move_watch(run, model);
    else
        fake_socket_receive(model->socket, text_of(messages[below(run, 4)]), false);
}

/* ---- actions of fcgi-api ---- */

static void post(struct run *run, const struct fake_room *room) {
    const uint64_t user_id = 1 + below(run, FAKE_USERS);
    const uint64_t room_id = room->id;
    if (room->joined_seq[user_id] == UINT64_MAX || run->world.store.last_message_id > MESSAGES - 2)
        return;
    const uint64_t id = run->world.store.last_message_id + 1;
    run->posted[id] = (struct posted){room_id, room->stream.last_seq + 1, user_id};
    fake_store_post(&run->world.store, room_id, user_id);
}

static void change_message(struct run *run, const struct fake_room *room) {
    if (room->message_count == 0)
        return;
    const uint64_t id = room->messages[below(run, room->message_count)].id;
    if (below(run, 2))
        fake_store_edit(&run->world.store, room->id, id);
    else
        fake_store_delete(&run->world.store, room->id, id);
}

static void change_members(struct run *run, const struct fake_room *room) {
    const uint64_t user_id = 1 + below(run, FAKE_USERS);
    if (below(run, 2))
        fake_store_remove(&run->world.store, room->id, 1 + below(run, FAKE_USERS), user_id);
    else
        fake_store_invite(&run->world.store, room->id, 1 + below(run, FAKE_USERS), user_id);
}

static void change_rooms(struct run *run) {
    struct fake_store *store = &run->world.store;
    const struct fake_room *room = &store->rooms[below(run, store->room_count)];
    if (!room->is_gone && below(run, 3) == 0)
        fake_store_delete_room(store, room->id, 1 + below(run, FAKE_USERS));
    else if (store->room_count < ROOMS)
        fake_store_add_room(store, 1 + below(run, FAKE_USERS), below(run, 2));
}

/* A revoked user logs in again after all its sockets are closed. */
static void change_user(struct run *run) {
    const uint64_t user_id = 1 + below(run, FAKE_USERS);
    struct fake_user *user = &run->world.store.users[user_id];
    if (!user->is_revoked) {
        if (below(run, 4) == 0)
            fake_store_revoke(&run->world.store, user_id);
        return;
    }
    for (size_t i = 0; i < MODELS; i++)
        if (run->models[i].socket && run->models[i].user_id == user_id)
            return;
    user->is_revoked = false;
}

static void act(struct run *run) {
    const struct fake_store *store = &run->world.store;
    const uint64_t random = below(run, 100);
    const struct fake_room *room = &store->rooms[below(run, store->room_count)];
    if (random >= 98)
        change_user(run);
    else if (random >= 94)
        change_rooms(run);
    else if (room->is_gone)
        return;
    else if (random < 60)
        post(run, room);
    else if (random < 70)
        change_message(run, room);
    else if (random < 75)
        fake_store_rename(&run->world.store, room->id, 1);
    else
        change_members(run, room);
}

/* ---- one step ---- */

static void move_redis(struct run *run) {
    struct pubsub *pubsub = run->world.pubsub;
    const size_t in_flight = fake_pubsub_in_flight(pubsub), random = below(run, 100);
    if (run->redis_fails && random == 0)
        fake_pubsub_set_up(pubsub, !pubsub_is_up(pubsub));
    else if (!pubsub_is_up(pubsub) && random < 10)
        fake_pubsub_set_up(pubsub, true);
    else if (random < 20 && fake_pubsub_unconfirmed(pubsub) > 0)
        fake_pubsub_confirm(pubsub, below(run, fake_pubsub_unconfirmed(pubsub)));
    else if (random < 35 && fake_pubsub_unreplied(pubsub) > 0)
        fake_pubsub_reply(pubsub);
    else if (in_flight > 0 && run->redis_fails && random < 40)
        fake_pubsub_lose(pubsub, below(run, in_flight));
    else if (in_flight > 0)
        fake_pubsub_deliver(pubsub, below(run, 3) ? 0 : below(run, in_flight), below(run, 20) == 0);
}

static void move_database(struct run *run) {
    struct db_pool *db_pool = run->world.db_pool;
    const uint64_t random = below(run, 100);
    if (run->database_fails && random == 0)
        run->was_down = run->world.store.down = true;
    else if (random < 10)
        run->world.store.down = false;
    else if (random < 20)
        channels_check_gaps(run->world.channels);
    else if (db_pool_pending(db_pool) > 0 && random < 60)
        fake_db_pool_work(db_pool, below(run, db_pool_pending(db_pool)));
    else if (db_pool_pending(db_pool) > 0)
        fake_db_pool_finish(db_pool, below(run, db_pool_pending(db_pool)));
}

static void step(struct run *run) {
    const uint64_t random = below(run, 100);
    if (random < 25)
        act(run);
    else if (random < 60)
        move_redis(run);
    else if (random < 85)
        move_database(run);
    else if (random < 95)
        move_client(run);
    else if (random < 97)
        fake_world_tick(&run->world);
    if (random % 2)
        fake_world_iterate(&run->world);
    read_all(run);
}

/* ---- the end ---- */

/* Checks that the close code has a valid cause. */
static void check_closed(struct run *run, const struct model *model) {
    const unsigned code = model->socket->close_code;
    const struct fake_room *room = model->room_id ? room_of(run, model->room_id) : NULL;
    switch (code) {
    case SOCKET_CLOSE_AUTH:
        expect(run, run->world.store.users[model->user_id].is_revoked, "closed with 4401");
        break;
    case SOCKET_CLOSE_FORBIDDEN:
    case SOCKET_CLOSE_NOT_FOUND:
        expect(run, room, "a notifications socket was closed with %u", code);
        break;
    case SOCKET_CLOSE_TRY_LATER:
        expect(run, run->was_down || (model->socket->why == METRICS_DROP_SLOW), "closed with 1013");
        break;
    default:
        expect(run, false, "closed with %u", code);
    }
}

static void check_notified(struct run *run, const struct model *model) {
    const struct fake_store *store = &run->world.store;
    for (uint64_t id = 1; id <= store->last_message_id; id++) {
        const struct posted *posted = &run->posted[id];
        const struct fake_room *room = room_of(run, posted->room_id);
        const size_t at = (size_t)(room - store->rooms);
        /* Messages that it could read when it was connected need no notification. */
        if (room->is_gone || posted->sender_id == model->user_id ||
            (at < model->heads_count && posted->seq <= model->heads[at]) ||
            room->joined_seq[model->user_id] == UINT64_MAX ||
            posted->seq < room->joined_seq[model->user_id])
            continue;
        expect(run, model->notified[id],
               "user %" PRIu64 " was not notified of message %" PRIu64 " (room %" PRIu64
               ", %" PRIu64 ", joined at %" PRIu64 ")",
               model->user_id, id, room->id, posted->seq, room->joined_seq[model->user_id]);
    }
}

static void check_watches(struct run *run, struct model *model) {
    const struct fake_store *store = &run->world.store;
    for (size_t i = 0; i < store->room_count; i++) {
        const struct cursor *cursor = &model->watched[i];
        if (!cursor->watching)
            continue;
        expect(run, cursor->connected, "room %" PRIu64 ": not connected", store->rooms[i].id);
        expect(run, !store->rooms[i].is_gone, "room %" PRIu64 " is gone", store->rooms[i].id);
        expect(run, fake_store_is_member(store, store->rooms[i].id, model->user_id),
               "user %" PRIu64 " watches without being a member", model->user_id);
        expect(run, cursor->position == store->rooms[i].stream.last_seq,
               "room %" PRIu64 ": %" PRIu64 " of %" PRIu64 " came", store->rooms[i].id,
               cursor->position, store->rooms[i].stream.last_seq);
    }
}

static void check_open(struct run *run, struct model *model) {
    const struct fake_stream *stream = stream_of(run, model);
    expect(run, !run->world.store.users[model->user_id].is_revoked, "open despite revocation");
    expect(run, model->cursor.connected, "not connected");
    if (model->room_id)
        expect(run, fake_store_is_member(&run->world.store, model->room_id, model->user_id),
               "user %" PRIu64 " is not a member", model->user_id);
    else
        check_notified(run, model);
    check_watches(run, model);
    skip_hidden(run, model);
    expect(run, model->cursor.position == stream->last_seq, "%" PRIu64 " of %" PRIu64 " came",
           model->cursor.position, stream->last_seq);
}

static void finish(struct run *run) {
    run->world.store.down = false;
    fake_pubsub_set_up(run->world.pubsub, true);
    for (unsigned i = 0; i < 5; i++) {
        for (size_t at = 0; at < MODELS; at++)
            if (run->models[at].socket)
                fake_socket_drain(run->models[at].socket);
        fake_world_check(&run->world);
        fake_world_tick(&run->world);
    }
    fake_world_settle(&run->world);
    read_all(run);
    for (size_t i = 0; i < MODELS; i++) {
        struct model *model = &run->models[i];
        if (model->socket && model->socket->close_code != 0)
            check_closed(run, model);
        else if (model->socket)
            check_open(run, model);
        if (model->socket)
            disconnect_client(model);
    }
    fake_world_end(&run->world);
}

void fake_clients_run(const struct fake_clients_random *random, unsigned steps, bool redis_fails,
                      bool database_fails) {
    struct run *run = xcalloc(1, sizeof(*run));
    run->random = random;
    run->redis_fails = redis_fails;
    run->database_fails = database_fails;
    fake_world_begin(&run->world);
    for (unsigned i = 0; i < 3; i++) {
        const uint64_t room = fake_store_add_room(&run->world.store, 1 + i, i % 2);
        fake_store_invite(&run->world.store, room, 1 + i, 1 + (i + 1) % FAKE_USERS);
        fake_store_invite(&run->world.store, room, 1 + i, 1 + (i + 2) % FAKE_USERS);
    }
    for (unsigned i = 0; i < steps; i++)
        step(run);
    finish(run);
    free(run);
}
