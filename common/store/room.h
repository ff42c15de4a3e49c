/*
 * room: rooms, as one user sees them.
 */
#ifndef CONFAB_COMMON_STORE_ROOM_H
#define CONFAB_COMMON_STORE_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"
#include "db/db.h"
#include "store/message.h"
#include "store/room_state.h"
#include "store/token.h"

struct room {
    struct room_state state;
    struct text name; /* of a direct room: the other user's */
    uint64_t created_by_id;
    bool has_last_message;
    struct message last_message;
};

/* Called with texts that are valid during the call only. */
typedef void room_visit(void *context, const struct room *room);

/* Columns of a room aliased r, as the user whose membership is aliased me (outer joined) sees it,
 * and the joins that they need. A direct room has the name of the other user. */
#define ROOM_COLUMNS ROOM_COLUMNS_NAMED("IF(r.direct_low IS NULL, r.name, other.username)")
#define ROOM_JOINS                             \
    ROOM_MESSAGE_JOINS                         \
    "LEFT JOIN user other ON other.user_id = " \
    "IF(r.direct_low = me.user_id, r.direct_high, r.direct_low) "

#define ROOM_COLUMN_COUNT (ROOM_STATE_COLUMN_COUNT + 2 + MESSAGE_COLUMN_COUNT)

/* The same with an expression for the name, whose joins are not among them. */
#define ROOM_COLUMNS_NAMED(name) ROOM_STATE_COLUMNS ", " name ", r.created_by_id, " MESSAGE_COLUMNS
#define ROOM_MESSAGE_JOINS                                                           \
    "LEFT JOIN message m ON m.room_id = r.room_id AND m.position = r.message_count " \
    "LEFT JOIN user s ON s.user_id = m.sender_id "

/* Reads ROOM_COLUMNS that start at column `first`; as room_state_from_row if there is no room. */
void room_from_row(const struct db_rows *rows, unsigned first, struct room *room);

/* Visits one room as the user sees it (user_id 0: as nobody in particular, for events).
 * ERROR_NOT_FOUND as the contract has it: no such room, or private and the user not in. */
enum error room_get(struct db *db, uint64_t room_id, uint64_t user_id, room_visit *visit,
                    void *context);

/* Authenticates a member of the room by token and visits the room, in one round trip. Sets of the
 * caller what token_member_from_row does. *found is false, and nothing was visited, if the token
 * does not let its user see the room as a member. */
enum error room_get_by_token(struct db *db, const unsigned char token_hash[SECRET_HASH_SIZE],
                             uint64_t room_id, struct identity *identity, bool *found,
                             room_visit *visit, void *context);

/* Finds a room of exactly this name, not a direct one, that the user is in; of several the
 * first one the user is an admin of, else the first. ERROR_NOT_FOUND if there is none. */
enum error room_by_name(struct db *db, uint64_t user_id, struct text name, uint64_t *room_id);

/* What a change of a room put on record. */
struct room_change {
    bool changed;
    uint64_t room_id;
    uint64_t seq;        /* on the room's stream; 0: none */
    uint64_t user_seq;   /* on the stream of the user concerned; 0: none */
    uint64_t caller_seq; /* on the caller's own stream; 0: none */
    int64_t at;
};

/* Creates a room, the user its only member and admin. */
enum error room_create(struct db *db, uint64_t user_id, struct text name, bool is_private,
                       struct room_change *change);

/* Creates the direct room of two users, or finds it (changed false). ERROR_BAD_INPUT:
 * the other is no active user, or the user itself. */
enum error room_direct(struct db *db, uint64_t user_id, uint64_t other_id,
                       struct room_change *change);

/* New values; at == NULL and has_private false leave what is. */
struct room_patch {
    struct text name;
    bool has_private;
    bool is_private;
};

/* Changes name and privacy; admins only, no direct room. */
enum error room_update(struct db *db, uint64_t room_id, uint64_t user_id,
                       const struct room_patch *patch, struct room_change *change);

/* Deletes a room: admins only, no direct room, unless force is set (the sysadmin's tool;
 * user_id may then be 0). Appends "user:seq,user:seq,..." to streams, one for each member:
 * the numbers of room_deleted on their streams. Messages and events are dropped later, by
 * room_purge. */
enum error room_delete(struct db *db, uint64_t room_id, uint64_t user_id, bool force,
                       struct buffer *streams);

/* Drops up to `limit` messages and events of rooms that were deleted; *dropped 0 when
 * nothing is left. */
enum error room_purge(struct db *db, uint64_t limit, uint64_t *dropped);

#endif
