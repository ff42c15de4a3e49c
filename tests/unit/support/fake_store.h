/*
 * fake_store: replaces the functions of the store that pushd calls: an in-memory database of a few
 * users, their rooms, and the events of all streams. Results have the same form as those of the
 * real store and show the current state, as there.
 *
 * The functions below change it; each change is stored as an event and passed to `publish`.
 */
#ifndef CONFAB_TESTS_FAKE_STORE_H
#define CONFAB_TESTS_FAKE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"
#include "event/event.h"

/* Users are 1 to FAKE_USERS; user 1 is named "user1". Room ids are unique in the whole program,
 * since pushd caches some. */
#define FAKE_USERS 5

struct fake_record {
    unsigned type;
    uint64_t actor_id;
    uint64_t subject_id;
};

struct fake_stream {
    struct fake_record *records; /* that of seq 1 first */
    uint64_t last_seq;
    uint64_t oldest_seq; /* kept; those before count as purged */
    size_t space;
};

struct fake_message {
    uint64_t id;
    uint64_t sender_id;
    unsigned edits;
    bool is_deleted;
};

struct fake_room {
    uint64_t id;
    bool is_private;
    bool is_gone;
    uint64_t creator_id;
    uint64_t joined_seq[FAKE_USERS + 1]; /* of the event; UINT64_MAX: not a member */
    struct fake_stream stream;
    struct fake_message *messages;
    size_t message_count, message_space;
};

struct fake_user {
    bool is_inactive;
    bool is_revoked;    /* its token and login session are revoked */
    int64_t expires_at; /* of its token; 0: never */
    struct fake_stream stream;
};

struct fake_store {
    void (*publish)(void *context, enum event_stream stream, uint64_t id,
                    const struct event_envelope *envelope);
    void *context;
    bool down;        /* all queries fail */
    unsigned queries; /* queries so far */
    uint64_t behind;  /* a node of a cluster: it lacks this number of the last events of each
                         stream, and what was revoked, until db_catch_up */
    unsigned waits;   /* calls of db_catch_up so far */
    struct fake_user users[FAKE_USERS + 1];
    struct fake_room *rooms;
    size_t room_count, room_space;
    uint64_t last_message_id;
};

void fake_store_init(struct fake_store *store,
                     void (*publish)(void *context, enum event_stream stream, uint64_t id,
                                     const struct event_envelope *envelope),
                     void *context);
void fake_store_free(struct fake_store *store);

/* This store as the database that it replaces. */
struct db *fake_store_db(struct fake_store *store);

/* The keys of a user, 40 digits. */
struct text fake_store_token(uint64_t user_id);
struct text fake_store_session(uint64_t user_id);

/* NULL if there is none; valid until a room is added. */
struct fake_room *fake_store_find(const struct fake_store *store, uint64_t room_id);
bool fake_store_is_member(const struct fake_store *store, uint64_t room_id, uint64_t user_id);

/* The text of a message with its number of edits; valid until the next call. */
const char *fake_store_words(uint64_t message_id, unsigned edits);

/* ---- changes; they return the id of what they created ---- */

uint64_t fake_store_add_room(struct fake_store *store, uint64_t user_id, bool is_private);
void fake_store_rename(struct fake_store *store, uint64_t room_id, uint64_t user_id);
void fake_store_delete_room(struct fake_store *store, uint64_t room_id, uint64_t user_id);
void fake_store_invite(struct fake_store *store, uint64_t room_id, uint64_t actor_id,
                       uint64_t user_id);
void fake_store_remove(struct fake_store *store, uint64_t room_id, uint64_t actor_id,
                       uint64_t user_id);
uint64_t fake_store_post(struct fake_store *store, uint64_t room_id, uint64_t user_id);
void fake_store_edit(struct fake_store *store, uint64_t room_id, uint64_t message_id);
void fake_store_delete(struct fake_store *store, uint64_t room_id, uint64_t message_id);
void fake_store_revoke(struct fake_store *store, uint64_t user_id);
void fake_store_disable(struct fake_store *store, uint64_t user_id);

/* Deletes the events of a stream below a seq, as housekeeping does. */
void fake_store_purge(struct fake_store *store, uint64_t room_id, uint64_t oldest_seq);

#endif
