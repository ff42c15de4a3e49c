/*
 * room: reading, creating, changing and deleting rooms.
 */
#ifndef CONFAB_COMMON_STORE_ROOMS_ROOM_H
#define CONFAB_COMMON_STORE_ROOMS_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"
#include "db/db.h"
#include "store/logins/token.h"
#include "store/messages/message.h"
#include "store/rooms/room_state.h"

/* Who may pin messages; the numbers are stored. Both members of a direct room may. */
enum room_may_pin { ROOM_PINS_OF_ADMINS, ROOM_PINS_OF_ALL };
#define ROOM_MAY_PIN_ALL "1"

/* The word in JSON. */
static inline const char *room_may_pin_name(enum room_may_pin value) {
    return value == ROOM_PINS_OF_ALL ? "all" : "admins";
}

struct room {
    struct room_state state;
    struct text name; /* of a direct room: the name of the other user */
    struct text key;  /* by which the site knows the room; empty: none */
    uint64_t created_by_id;
    enum room_may_pin may_pin;
    struct text topic;
    enum post_policy post_policy;
    enum room_history history;
    enum room_guests guests;
    uint64_t slow_seconds; /* between two messages of a member; 0: any number */
    uint64_t retention_days; /* messages are deleted after this time; 0: never */
    struct text bell; /* path of the bell, set by the caller for a member; else empty */
    uint64_t unread_mentions;
    bool has_last_message;
    struct message last_message;
};

/* The texts of the room are valid during the call only. */
typedef void room_visit(void *context, const struct room *room);

/* Columns of a room aliased r for the user whose membership is aliased me (outer joined), and the
 * joins that they need. A direct room has the name of the other user. */
#define ROOM_COLUMNS ROOM_COLUMNS_NAMED("IF(r.direct_low IS NULL, r.name, other.username)")
#define ROOM_JOINS                             \
    ROOM_MESSAGE_JOINS                         \
    "LEFT JOIN user other ON other.user_id = " \
    "IF(r.direct_low = me.user_id, r.direct_high, r.direct_low) "

/* The same without names of users: NULL for the sender of the last message, and for a direct room
 * the id of the other user in the column ROOM_OTHER_COLUMN, which is NULL for other rooms. */
#define ROOM_COLUMNS_NAMELESS                                                       \
    ROOM_STATE_COLUMNS ", r.name, " ROOM_OWN_COLUMNS ", " MESSAGE_COLUMNS_NAMELESS( \
        "me.user_id") ", IF(r.direct_low = me.user_id, r.direct_high, r.direct_low)"
#define ROOM_MESSAGE_JOIN                                \
    "LEFT JOIN message m ON m.room_id = r.room_id "      \
    "AND m.position = r.message_count " MESSAGE_QUOTE_JOIN

/* Columns between the name and the last message, in the order in which room_from_row reads them. */
#define ROOM_OWN_COLUMNS \
    "r.created_by_id, r.room_key, IF(r.direct_low IS NULL, r.may_pin, " ROOM_MAY_PIN_ALL "), " \
    "r.topic, r.post_policy, r.slow_seconds, r.history, r.guests, r.retention_days"
#define ROOM_OWN_COLUMN_COUNT 9
#define ROOM_MESSAGE_COLUMN (ROOM_STATE_COLUMN_COUNT + 1 + ROOM_OWN_COLUMN_COUNT)
#define ROOM_SENDER_COLUMN (ROOM_MESSAGE_COLUMN + MESSAGE_SENDER_COLUMN)
#define ROOM_QUOTE_SENDER_COLUMN (ROOM_MESSAGE_COLUMN + MESSAGE_QUOTE_SENDER_COLUMN)
#define ROOM_OTHER_COLUMN ROOM_COLUMN_COUNT
#define ROOM_COLUMN_COUNT (ROOM_MESSAGE_COLUMN + MESSAGE_COLUMN_COUNT)

/* The same with another expression for the name, which needs joins of its own. */
#define ROOM_COLUMNS_NAMED(name) \
    ROOM_STATE_COLUMNS ", " name ", " ROOM_OWN_COLUMNS ", " MESSAGE_COLUMNS("me.user_id")
#define ROOM_MESSAGE_JOINS \
    ROOM_MESSAGE_JOIN "LEFT JOIN user s ON s.user_id = m.sender_id " MESSAGE_QUOTE_NAME_JOIN

/* Reads ROOM_COLUMNS, starting at column `first`. If they are NULL, state.exists is false. */
void room_from_row(const struct db_rows *rows, unsigned first, struct room *room);

/* Visits one room for a user. ERROR_NOT_FOUND: no such room, or it is private and the user is not a
 * member. With user_id 0 there is no access check, for events. */
enum error room_get(struct db *db, uint64_t room_id, uint64_t user_id, room_visit *visit,
                    void *context);

/* The same for the room that the site knows by this key. */
enum error room_get_by_key(struct db *db, struct text key, uint64_t user_id, room_visit *visit,
                           void *context);

/* Authenticates a member of the room by token and visits the room, in one round trip. Sets the
 * fields of the identity that token_member_from_row sets. *found is false and nothing is visited if
 * the token does not belong to a member of the room. */
enum error room_get_by_token(struct db *db, const unsigned char token_hash[SECRET_HASH_SIZE],
                             uint64_t room_id, struct identity *identity, bool *found,
                             room_visit *visit, void *context);

/* Finds a room, not a direct one, with exactly this name, of which the user is a member. Of
 * several, rooms of which the user is an admin take precedence, then the lowest id. ERROR_NOT_FOUND
 * if there is none. */
enum error room_by_name(struct db *db, uint64_t user_id, struct text name, uint64_t *room_id);

/* The result of a change of a room. */
struct room_change {
    bool changed;
    uint64_t room_id;
    uint64_t seq;       /* of the event in the room's stream; 0: none */
    uint64_t other_seq; /* of the event in the other user's own stream; 0: none */
    uint64_t actor_seq; /* of the event in the own stream of the user who acts; 0: none */
    int64_t at;
};

/* Creates a room with the user as its only member and admin. ERROR_FORBIDDEN: the user is in
 * most_rooms rooms (0: any number). */
enum error room_create(struct db *db, uint64_t user_id, struct text name, bool is_private,
                       uint64_t most_rooms, struct room_change *change);

/* Finds the direct room of two users (changed is false), which is then no longer hidden from the
 * user. ERROR_NOT_FOUND if there is none; ERROR_BAD_INPUT: the other user does not exist, is
 * disabled, or is the user itself. */
enum error room_find_direct(struct db *db, uint64_t user_id, uint64_t other_id,
                            struct room_change *change);

/* Finds the direct room of two users or creates it. ERROR_FORBIDDEN: the user is in most_rooms
 * rooms. ERROR_NOT_ALLOWED: the other user has blocked this one, or shares no room with it although
 * only_shared is set. */
enum error room_direct(struct db *db, uint64_t user_id, uint64_t other_id, uint64_t most_rooms,
                       bool only_shared, struct room_change *change);

/* New values. */
struct room_patch {
    struct text name; /* .at NULL: unchanged */
    bool has_private; /* false: is_private unchanged */
    bool is_private;
    bool has_may_pin; /* false: may_pin unchanged */
    enum room_may_pin may_pin;
    struct text topic; /* .at NULL: unchanged */
    bool has_policy, has_slow, has_archived, has_visible, has_live;
    bool has_history, has_guests, has_open;
    enum post_policy post_policy;
    uint64_t slow_seconds;
    bool is_archived, members_visible, is_live, is_open;
    enum room_history history;
    enum room_guests guests;
    bool has_retention;
    uint64_t retention_days; /* 0: forever */
};

/* Applies the patch; only for admins, not for direct rooms. ERROR_ARCHIVED: the room is archived,
 * and the patch changes more than is_archived. */
enum error room_update(struct db *db, uint64_t room_id, uint64_t user_id,
                       const struct room_patch *patch, struct room_change *change);

/* The same in the name of the site, whose user (external_user_site) need not be a member. */
enum error room_update_by_site(struct db *db, uint64_t room_id, uint64_t site_id,
                               const struct room_patch *patch, struct room_change *change);

/* Finds the room with this key (changed is false) or creates it without members, which only rooms
 * with a key can be. ERROR_BAD_INPUT: not a valid key. */
enum error room_ensure_key(struct db *db, uint64_t site_id, struct text key, struct text name,
                           bool is_private, struct room_change *change);

/* Finds the id of the room with this key. ERROR_NOT_FOUND if there is none. */
enum error room_by_key(struct db *db, struct text key, uint64_t *room_id);

/* True for a text that can be the key of a room: 1 to 128 of A-Z a-z 0-9 . _ : / -. */
bool room_key_is_valid(struct text key);

/* Deletes a room; only for admins, not for direct rooms, unless force is set (confabctl; user_id
 * may then be 0). Appends "<user id>:<seq>,..." to streams: the room_deleted event of each member.
 * Messages and events are deleted later, by room_purge. */
enum error room_delete(struct db *db, uint64_t room_id, uint64_t user_id, bool force,
                       struct buffer *streams);

/* Deletes at most `limit` messages or events of deleted rooms. *deleted is 0 if none are left. */
enum error room_purge(struct db *db, uint64_t limit, uint64_t *deleted);

#endif
