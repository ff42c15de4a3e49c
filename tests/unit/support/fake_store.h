/*
 * fake_store: takes the place of those parts of the store that pushd asks: a database in
 * memory of a few users, their rooms, and the events of all streams. What it answers has
 * the shape that the real one gives it, and is the present state, as there.
 *
 * Changes are made by the functions below; each is put on record, then told to `publish`.
 */
#ifndef CONFAB_TESTS_FAKE_STORE_H
#define CONFAB_TESTS_FAKE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"
#include "event/event.h"

/* Users are 1 to FAKE_USERS; user 1 is called "user1". Rooms have ids of their own in the
 * whole program, since pushd remembers some. */
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
    uint64_t joined_seq[FAKE_USERS + 1]; /* of the event; UINT64_MAX: no member */
    struct fake_stream stream;
    struct fake_message *messages;
    size_t message_count, message_space;
};

struct fake_user {
    bool is_inactive;
    bool is_revoked; /* its token and its client are no more */
    struct fake_stream stream;
};

struct fake_store {
    void (*publish)(void *context, enum event_stream stream, uint64_t id,
                    const struct event_envelope *envelope);
    void *context;
    bool down;          /* nothing is answered */
    unsigned questions; /* asked so far */
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

/* For whom this is passed off as a database. */
struct db *fake_store_db(struct fake_store *store);

/* The keys of a user, 40 digits. */
struct text fake_store_token(uint64_t user_id);
struct text fake_store_session(uint64_t user_id);

/* NULL if there is none; valid until a room is added. */
struct fake_room *fake_store_find(const struct fake_store *store, uint64_t room_id);
bool fake_store_is_member(const struct fake_store *store, uint64_t room_id, uint64_t user_id);

/* The words of a message, as often as it was edited; valid until the next call. */
const char *fake_store_words(uint64_t message_id, unsigned edits);

/* ---- changes; ids that are returned are those of what was made ---- */

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

/* Drops the events of a stream below a number, as the retention does. */
void fake_store_purge(struct fake_store *store, uint64_t room_id, uint64_t oldest_seq);

#endif
