/* fake_store: tables as arrays, their changes, and the functions of the store that read them. */
#include "fake_store_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "event/replay.h"
#include "event/serialize.h"
#include "store/events/event_log.h"
#include "store/events/user_log.h"
#include "store/logins/login_session.h"
#include "store/logins/token.h"
#include "store/moderation/block.h"
#include "store/rooms/ban.h"
#include "store/rooms/room_state.h"
#include "store/site/api_key.h"
#include "store/users/profile.h"

#define NOBODY UINT64_MAX

static struct fake_store *of_db(struct db *db) {
    struct fake_store *store = (struct fake_store *)(void *)db;
    store->queries++;
    return store;
}

struct db *fake_store_db(struct fake_store *store) {
    return (struct db *)(void *)store;
}

/* What this node has of a stream. */
static uint64_t last_of(const struct fake_store *store, const struct fake_stream *stream) {
    return stream->last_seq > store->behind ? stream->last_seq - store->behind : 0;
}

enum error db_catch_up(struct db *db, bool *read_again) {
    struct fake_store *store = (struct fake_store *)(void *)db;
    *read_again = store->behind > 0;
    store->behind = 0;
    store->waits++;
    return ERROR_NONE;
}

void fake_store_init(struct fake_store *store,
                     void (*publish)(void *context, enum event_stream stream, uint64_t id,
                                     const struct event_envelope *envelope),
                     void *context) {
    memset(store, 0, sizeof(*store));
    store->publish = publish;
    store->context = context;
    for (uint64_t id = 0; id <= FAKE_USERS; id++)
        store->users[id].stream.oldest_seq = 1;
}

void fake_store_free(struct fake_store *store) {
    for (uint64_t id = 0; id <= FAKE_USERS; id++)
        free(store->users[id].stream.records);
    for (size_t i = 0; i < store->room_count; i++) {
        free(store->rooms[i].stream.records);
        free(store->rooms[i].messages);
    }
    free(store->rooms);
    memset(store, 0, sizeof(*store));
}

/* ---- lookups ---- */

struct fake_room *fake_store_find(const struct fake_store *store, uint64_t room_id) {
    for (size_t i = 0; i < store->room_count; i++)
        if (store->rooms[i].id == room_id && !store->rooms[i].is_gone)
            return &store->rooms[i];
    return NULL;
}

bool fake_store_is_member(const struct fake_store *store, uint64_t room_id, uint64_t user_id) {
    const struct fake_room *room = fake_store_find(store, room_id);
    return room && room->joined_seq[user_id] != NOBODY;
}

struct fake_message *fake_store_message(const struct fake_room *room, uint64_t message_id) {
    for (size_t i = 0; i < room->message_count; i++)
        if (room->messages[i].id == message_id)
            return &room->messages[i];
    return NULL;
}

const char *fake_store_name(uint64_t user_id) {
    static const char *const names[] = {"nobody", "user1", "user2", "user3", "user4", "user5"};
    return names[user_id];
}

const char *fake_store_words(uint64_t message_id, unsigned edits) {
    static char words[64];
    snprintf(words, sizeof(words), "words of %" PRIu64 " edited %u times", message_id, edits);
    return words;
}

struct text fake_store_token(uint64_t user_id) {
    static char key[41];
    snprintf(key, sizeof(key), "%040" PRIx64, user_id);
    return text_of(key);
}

struct text fake_store_session(uint64_t user_id) {
    return fake_store_token(0xc00 + user_id);
}

/* ---- changes ---- */

static uint64_t put_on_record(struct fake_stream *stream, struct fake_record record) {
    if (stream->last_seq == stream->space) {
        stream->space = stream->space ? stream->space * 2 : 16;
        stream->records = xreallocarray(stream->records, stream->space, sizeof(*stream->records));
    }
    stream->records[stream->last_seq++] = record;
    return stream->last_seq;
}

static void room_event(struct fake_store *store, struct fake_room *room, unsigned type,
                       uint64_t actor_id, uint64_t subject_id) {
    struct buffer json = BUFFER_EMPTY;
    const struct fake_record record = {type, actor_id, subject_id};
    const uint64_t seq = put_on_record(&room->stream, record);
    const struct text message = fake_store_write_room_event(&json, room, seq);
    const struct event_envelope envelope = {.seq = seq,
                                            .type = type,
                                            .actor_id = actor_id,
                                            .subject_id = subject_id,
                                            .text = {json.data, json.len},
                                            .actor = text_of(fake_store_name(actor_id)),
                                            .message = message};
    store->publish(store->context, EVENT_STREAM_ROOM, room->id, &envelope);
    buffer_free(&json);
}

static void user_event(struct fake_store *store, uint64_t user_id, unsigned type, uint64_t actor_id,
                       uint64_t subject_id) {
    struct buffer json = BUFFER_EMPTY;
    const struct fake_record record = {type, actor_id, subject_id};
    const uint64_t seq = put_on_record(&store->users[user_id].stream, record);
    fake_store_write_user_event(&json, store, &record, seq);
    const struct event_envelope envelope = {.seq = seq,
                                            .type = type,
                                            .actor_id = actor_id,
                                            .subject_id = subject_id,
                                            .text = {buffer_str(&json), json.len},
                                            .actor = text_of(fake_store_name(actor_id))};
    store->publish(store->context, EVENT_STREAM_USER, user_id, &envelope);
    buffer_free(&json);
}

uint64_t fake_store_add_room(struct fake_store *store, uint64_t user_id, bool is_private) {
    static uint64_t last_id = 100;
    if (store->room_count == store->room_space) {
        store->room_space = store->room_space ? store->room_space * 2 : 8;
        store->rooms = xreallocarray(store->rooms, store->room_space, sizeof(*store->rooms));
    }
    struct fake_room *room = &store->rooms[store->room_count++];
    *room = (struct fake_room){.id = ++last_id, .is_private = is_private, .creator_id = user_id};
    room->stream.oldest_seq = 1;
    for (uint64_t id = 0; id <= FAKE_USERS; id++)
        room->joined_seq[id] = NOBODY;
    room->joined_seq[user_id] = 0;
    user_event(store, user_id, EVENT_ROOM_CREATED, user_id, last_id);
    return last_id;
}

void fake_store_rename(struct fake_store *store, uint64_t room_id, uint64_t user_id) {
    room_event(store, fake_store_find(store, room_id), EVENT_ROOM_UPDATED, user_id, 0);
}

void fake_store_delete_room(struct fake_store *store, uint64_t room_id, uint64_t user_id) {
    struct fake_room *room = fake_store_find(store, room_id);
    struct buffer json = BUFFER_EMPTY;
    room->is_gone = true;
    for (uint64_t id = 1; id <= FAKE_USERS; id++)
        if (room->joined_seq[id] != NOBODY)
            user_event(store, id, EVENT_ROOM_DELETED, user_id, room_id);
    serialize_room_deleted(&json, 0, room_id, fake_store_name(user_id));
    const struct event_envelope envelope = {.type = EVENT_ROOM_DELETED,
                                            .actor_id = user_id,
                                            .text = {json.data, json.len},
                                            .actor = text_of(fake_store_name(user_id))};
    store->publish(store->context, EVENT_STREAM_ROOM, room_id, &envelope);
    buffer_free(&json);
}

void fake_store_invite(struct fake_store *store, uint64_t room_id, uint64_t actor_id,
                       uint64_t user_id) {
    struct fake_room *room = fake_store_find(store, room_id);
    if (room->joined_seq[user_id] != NOBODY)
        return;
    room->joined_seq[user_id] = room->stream.last_seq + 1;
    room_event(store, room, EVENT_USER_INVITED, actor_id, user_id);
    user_event(store, user_id, EVENT_ROOM_INVITATION, actor_id, room_id);
}

void fake_store_remove(struct fake_store *store, uint64_t room_id, uint64_t actor_id,
                       uint64_t user_id) {
    struct fake_room *room = fake_store_find(store, room_id);
    if (room->joined_seq[user_id] == NOBODY)
        return;
    room->joined_seq[user_id] = NOBODY;
    room_event(store, room, EVENT_USER_REMOVED, actor_id, user_id);
    user_event(store, user_id, EVENT_ROOM_REMOVED, actor_id, room_id);
}

uint64_t fake_store_post(struct fake_store *store, uint64_t room_id, uint64_t user_id) {
    struct fake_room *room = fake_store_find(store, room_id);
    if (room->message_count == room->message_space) {
        room->message_space = room->message_space ? room->message_space * 2 : 16;
        room->messages =
            xreallocarray(room->messages, room->message_space, sizeof(*room->messages));
    }
    const uint64_t id = ++store->last_message_id;
    room->messages[room->message_count++] = (struct fake_message){id, user_id, 0, false};
    room_event(store, room, EVENT_NEW_MESSAGE, user_id, id);
    return id;
}

void fake_store_edit(struct fake_store *store, uint64_t room_id, uint64_t message_id) {
    struct fake_room *room = fake_store_find(store, room_id);
    struct fake_message *message = fake_store_message(room, message_id);
    if (message->is_deleted)
        return;
    message->edits++;
    room_event(store, room, EVENT_MESSAGE_EDITED, message->sender_id, message_id);
}

void fake_store_delete(struct fake_store *store, uint64_t room_id, uint64_t message_id) {
    struct fake_room *room = fake_store_find(store, room_id);
    struct fake_message *message = fake_store_message(room, message_id);
    if (message->is_deleted)
        return;
    message->is_deleted = true;
    room_event(store, room, EVENT_MESSAGE_DELETED, message->sender_id, message_id);
}

void fake_store_revoke(struct fake_store *store, uint64_t user_id) {
    store->users[user_id].is_revoked = true;
    user_event(store, user_id, EVENT_CREDENTIALS_CHANGED, user_id, 0);
}

void fake_store_disable(struct fake_store *store, uint64_t user_id) {
    store->users[user_id].is_inactive = true;
    user_event(store, user_id, EVENT_CREDENTIALS_CHANGED, user_id, 0);
}

void fake_store_purge(struct fake_store *store, uint64_t room_id, uint64_t oldest_seq) {
    fake_store_find(store, room_id)->stream.oldest_seq = oldest_seq;
}

/* ---- functions that pushd calls; common/store has their contracts ---- */

static void fill_state(const struct fake_store *store, uint64_t room_id, uint64_t user_id,
                       struct room_state *state) {
    const struct fake_room *room = fake_store_find(store, room_id);
    memset(state, 0, sizeof(*state));
    if (!room)
        return;
    state->exists = true;
    state->is_private = room->is_private;
    state->is_member = room->joined_seq[user_id] != NOBODY;
    state->role = ROLE_MEMBER;
    state->members_visible = true;
    state->room_id = room_id;
    state->last_seq = last_of(store, &room->stream);
    state->oldest_seq = room->stream.oldest_seq;
    state->message_count = room->message_count;
}

static enum error find_identity(struct fake_store *store, const unsigned char *hash, bool by_token,
                                uint64_t room_id, struct identity *identity) {
    memset(identity, 0, sizeof(*identity));
    if (store->down)
        return ERROR_UNAVAILABLE;
    for (uint64_t id = 1; id <= FAKE_USERS; id++) {
        unsigned char own[SECRET_HASH_SIZE];
        secret_hash_key(by_token ? fake_store_token(id) : fake_store_session(id), own);
        if (memcmp(hash, own, sizeof(own)) != 0 || (store->users[id].is_revoked && !store->behind))
            continue;
        identity->user = (struct user){.id = id, .is_active = !store->users[id].is_inactive};
        snprintf(identity->user.name, sizeof(identity->user.name), "%s", fake_store_name(id));
        identity->last_seq = last_of(store, &store->users[id].stream);
        identity->expires_at = by_token ? store->users[id].expires_at : 0;
        fill_state(store, room_id, id, &identity->room);
        return ERROR_NONE;
    }
    return ERROR_UNAUTHENTICATED;
}

enum error token_find(struct db *db, const unsigned char hash[SECRET_HASH_SIZE], uint64_t room_id,
                      struct identity *identity) {
    return find_identity(of_db(db), hash, true, room_id, identity);
}

enum error login_session_find(struct db *db, const unsigned char hash[SECRET_HASH_SIZE],
                              uint64_t days, uint64_t room_id, struct identity *identity) {
    (void)days;
    return find_identity(of_db(db), hash, false, room_id, identity);
}

static enum error find_many(struct fake_store *store, bool by_token, struct identity_query *queries,
                            size_t count) {
    for (size_t i = 0; i < count && !store->down; i++)
        queries[i].error = find_identity(store, queries[i].hash, by_token, queries[i].room_id,
                                         &queries[i].identity);
    return store->down ? ERROR_UNAVAILABLE : ERROR_NONE;
}

enum error token_find_many(struct db *db, struct identity_query *queries, size_t count) {
    return find_many(of_db(db), true, queries, count);
}

enum error login_session_find_many(struct db *db, uint64_t days, struct identity_query *queries,
                                   size_t count) {
    (void)days;
    return find_many(of_db(db), false, queries, count);
}

static enum error find_ended(struct fake_store *store, bool by_token, const unsigned char *hashes,
                             size_t count, bool *ended) {
    struct identity identity;
    for (size_t i = 0; i < count; i++)
        ended[i] = find_identity(store, hashes + i * SECRET_HASH_SIZE, by_token, 0, &identity) ==
                   ERROR_UNAUTHENTICATED;
    return store->down ? ERROR_UNAVAILABLE : ERROR_NONE;
}

enum error login_session_ended(struct db *db, const unsigned char *hashes, size_t count,
                               bool *ended) {
    return find_ended(of_db(db), false, hashes, count, ended);
}

enum error token_ended(struct db *db, const unsigned char *hashes, size_t count, bool *ended) {
    return find_ended(of_db(db), true, hashes, count, ended);
}

enum error identity_note_use(struct db *db, const struct identity *identity) {
    (void)identity;
    return of_db(db)->down ? ERROR_UNAVAILABLE : ERROR_NONE;
}

/* ---- API keys: there are none ---- */

enum error api_key_find(struct db *db, const unsigned char hash[SECRET_HASH_SIZE],
                        struct api_key *key) {
    (void)hash;
    (void)key;
    return of_db(db)->down ? ERROR_UNAVAILABLE : ERROR_UNAUTHENTICATED;
}

enum error api_key_act(struct db *db, const struct api_key *key, const char *address,
                       struct text user, struct text issuer, uint64_t room_id,
                       struct identity *identity, enum api_key_refusal *refusal) {
    (void)key;
    (void)address;
    (void)user;
    (void)issuer;
    (void)room_id;
    memset(identity, 0, sizeof(*identity));
    *refusal = API_KEY_NEEDS_ACT;
    return of_db(db)->down ? ERROR_UNAVAILABLE : ERROR_FORBIDDEN;
}

enum error api_key_ended(struct db *db, const unsigned char *hashes, size_t count, bool *ended) {
    (void)hashes;
    for (size_t i = 0; i < count; i++)
        ended[i] = true;
    return of_db(db)->down ? ERROR_UNAVAILABLE : ERROR_NONE;
}

const char *api_key_refusal_detail(enum api_key_refusal refusal) {
    (void)refusal;
    return "refused";
}

enum error room_state_get(struct db *db, uint64_t room_id, uint64_t user_id,
                          struct room_state *state) {
    struct fake_store *store = of_db(db);
    memset(state, 0, sizeof(*state));
    if (store->down)
        return ERROR_UNAVAILABLE;
    fill_state(store, room_id, user_id, state);
    return ERROR_NONE;
}

enum error room_state_may_see(const struct room_state *state) {
    return state->exists && (!state->is_private || state->is_member) ? ERROR_NONE : ERROR_NOT_FOUND;
}

bool room_state_is_counted(const struct room_state *state, uint64_t most) {
    return state->members_count > most;
}

enum error room_state_may_read(const struct room_state *state) {
    const enum error error = room_state_may_see(state);
    return error || state->is_member ? error : ERROR_FORBIDDEN;
}

static enum error check_range(const struct fake_stream *stream, uint64_t after, uint64_t last_seq) {
    return after > last_seq || (after < last_seq && after + 1 < stream->oldest_seq) ? ERROR_GONE
                                                                                    : ERROR_NONE;
}

enum error replay_room(struct db *db, const struct room_state *state, uint64_t after,
                       uint64_t limit, uint64_t retention_days, replay_visit *visit,
                       void *context) {
    struct fake_store *store = of_db(db);
    const struct fake_room *room = fake_store_find(store, state->room_id);
    (void)retention_days;
    if (store->down)
        return ERROR_UNAVAILABLE;
    if (after == state->last_seq)
        return ERROR_NONE;
    if (!room || check_range(&room->stream, after, state->last_seq))
        return ERROR_GONE;
    for (uint64_t seq = after + 1; seq <= state->last_seq && limit > 0; seq++, limit--) {
        const struct fake_record *record = &room->stream.records[seq - 1];
        struct buffer json = BUFFER_EMPTY;
        const struct text message = fake_store_write_room_event(&json, room, seq);
        const struct event_envelope envelope = {.seq = seq,
                                                .type = record->type,
                                                .actor_id = record->actor_id,
                                                .subject_id = record->subject_id,
                                                .text = {json.data, json.len},
                                                .actor = text_of(fake_store_name(record->actor_id)),
                                                .message = message};
        visit(context, &envelope);
        buffer_free(&json);
    }
    return ERROR_NONE;
}

enum error replay_user(struct db *db, uint64_t user_id, uint64_t after, uint64_t limit,
                       uint64_t retention_days, struct user_log_state *state, replay_visit *visit,
                       void *context) {
    struct fake_store *store = of_db(db);
    const struct fake_stream *stream = &store->users[user_id].stream;
    (void)retention_days;
    if (store->down)
        return ERROR_UNAVAILABLE;
    *state = (struct user_log_state){last_of(store, stream), stream->oldest_seq};
    const enum error error = check_range(stream, after, state->last_seq);
    for (uint64_t seq = after + 1; !error && seq <= state->last_seq && limit > 0; seq++, limit--) {
        const struct fake_record *record = &stream->records[seq - 1];
        struct buffer json = BUFFER_EMPTY;
        fake_store_write_user_event(&json, store, record, seq);
        const struct event_envelope envelope = {.seq = seq,
                                                .type = record->type,
                                                .actor_id = record->actor_id,
                                                .subject_id = record->subject_id,
                                                .text = {buffer_str(&json), json.len},
                                                .actor =
                                                    text_of(fake_store_name(record->actor_id))};
        visit(context, &envelope);
        buffer_free(&json);
    }
    return error;
}

/* Reads the next number of a JSON array; returns false at the end. */
static bool next_number(struct text *list, uint64_t *number) {
    while (list->len > 0 && (*list->at < '0' || *list->at > '9'))
        *list = (struct text){list->at + 1, list->len - 1};
    size_t len = 0;
    while (len < list->len && list->at[len] >= '0' && list->at[len] <= '9')
        len++;
    const bool found = text_to_u64((struct text){list->at, len}, number);
    *list = (struct text){list->at + len, list->len - len};
    return found;
}

enum error user_log_moved(struct db *db, struct text rooms, struct text users,
                          stream_head_visit *visit, void *context) {
    struct fake_store *store = of_db(db);
    uint64_t id, known;
    if (store->down)
        return ERROR_UNAVAILABLE;
    while (next_number(&rooms, &id) && next_number(&rooms, &known)) {
        const struct fake_room *room = fake_store_find(store, id);
        const struct stream_head head = {false, room, id, room ? last_of(store, &room->stream) : 0};
        if (!room || head.last_seq > known)
            visit(context, &head);
    }
    while (next_number(&users, &id) && next_number(&users, &known)) {
        const struct stream_head head = {true, true, id, last_of(store, &store->users[id].stream)};
        if (head.last_seq > known)
            visit(context, &head);
    }
    return ERROR_NONE;
}

enum error user_log_rooms(struct db *db, uint64_t user_id, user_room_visit *visit, void *context) {
    struct fake_store *store = of_db(db);
    if (store->down)
        return ERROR_UNAVAILABLE;
    for (size_t i = 0; i < store->room_count; i++) {
        const struct fake_room *room = &store->rooms[i];
        const struct user_room found = {.room_id = room->id, .last_seq = room->stream.last_seq};
        if (fake_store_is_member(store, room->id, user_id))
            visit(context, &found);
    }
    return ERROR_NONE;
}

/* Profiles as of users that have set nothing. */
enum error profile_list(struct db *db, const uint64_t *ids, size_t count, profile_visit *visit,
                        void *context) {
    const struct fake_store *store = of_db(db);
    if (store->down)
        return ERROR_UNAVAILABLE;
    for (size_t i = 0; i < count; i++) {
        const struct profile profile = {.user_id = ids[i],
                                        .username = text_of(fake_store_name(ids[i]))};
        visit(context, &profile);
    }
    return ERROR_NONE;
}

enum error event_log_arrival(struct db *db, const struct room_state *state, uint64_t user_id,
                             uint64_t limit, uint64_t *seq) {
    struct fake_store *store = of_db(db);
    const struct fake_room *room = fake_store_find(store, state->room_id);
    *seq = 0;
    if (store->down)
        return ERROR_UNAVAILABLE;
    for (uint64_t at = state->last_seq; room && at > 0 && limit > 0 && *seq == 0; at--, limit--) {
        const struct fake_record *record = &room->stream.records[at - 1];
        if (record->type == EVENT_USER_INVITED && record->subject_id == user_id)
            *seq = at;
    }
    return ERROR_NONE;
}

/* Bans and blocks are those of the API tests. */
void ban_explain_refusal(struct db *db, const struct user *user, struct room_state *state) {
    (void)db;
    (void)user;
    state->is_banned = false;
}

enum error block_ids(struct db *db, uint64_t user_id, uint64_t **ids, size_t *count) {
    (void)db;
    (void)user_id;
    *ids = NULL;
    *count = 0;
    return ERROR_NONE;
}

bool ban_end_due(struct db *db, uint64_t user_id) {
    (void)db;
    (void)user_id;
    return false;
}
