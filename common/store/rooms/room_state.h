/*
 * room_state: the counters of a room and the membership of one user in it. Access checks and entity
 * tags are based on them.
 */
#ifndef CONFAB_COMMON_STORE_ROOMS_ROOM_STATE_H
#define CONFAB_COMMON_STORE_ROOMS_ROOM_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "store/rooms/bell_name.h"
#include "store/rooms/role.h"
#include "store/rooms/room_view.h"

struct room_state {
    bool exists;
    bool is_private;
    bool is_direct;
    bool is_member;
    bool is_admin;
    uint64_t room_id;
    uint64_t last_seq;
    uint64_t oldest_seq; /* of the oldest stored event */
    uint64_t message_count;
    uint64_t members_count;
    uint64_t last_read_position; /* of the user; 0 if not a member */
    int64_t created_at;
    struct bell_name bell;
    struct room_view view;     /* of the user */
    uint64_t mention_position; /* no message after it mentions the user */
    enum role role;            /* of a member; ROLE_READER of others */
    bool may_moderate;         /* moderators and admins; site moderators, members or not */
    int64_t silenced_until; /* 0: never; may be over */
    bool is_archived;
    bool is_banned;       /* set only where the user is refused: ban_explain_refusal */
    bool members_visible; /* also to members and readers */
    bool is_live;         /* while it is public, all users read it, members or not */
    bool is_open;         /* anyone may read it, also without credentials */
    bool may_view;        /* so may this user, without being a member */

    uint64_t trimmed; /* the messages up to this position are gone */

    /* What a member sees of a room with history `joined`: the messages after this position, and, by
     * oldest_seq, the events after the member joined. 0: all. */
    uint64_t first_position;
    bool is_bounded; /* the room has such members */

    /* Set by callers that list events (room_state_hide_members): those of other members than
     * viewer_id are shown without their subject. */
    bool hides_members;
    uint64_t viewer_id;
};

/* SQL: users who are not members may read the room: all users, or anyone. */
#define ROOM_IS_READ(r) "(" r ".is_open OR (" r ".is_live AND NOT " r ".is_private))"

/* SQL: the first_position of the membership `me` in the room `r`. What others may read, its members
 * may, too. */
#define ROOM_IS_BOUNDED(r) r ".history = 1 AND NOT " ROOM_IS_READ(r)
#define ROOM_FIRST_POSITION(me, r)               \
    "GREATEST(" r ".trimmed, IF(" ROOM_IS_BOUNDED(r) \
    ", COALESCE(" me ".first_position, 0), 0))"

/* Columns of a room aliased r and the membership of a user aliased me (outer joined).
 * ROOM_STATE_COLUMNS leaves may_view false; ROOM_STATE_COLUMNS_OF sets it for the user with this
 * id, who is a guest or not: ROOM_STATE_IS_GUEST, where the user's row is not joined. A ban is
 * looked up only in rooms read by all of which the user is not a member. */
#define ROOM_STATE_COLUMNS ROOM_STATE_COLUMNS_BUT_LAST ", FALSE"
#define ROOM_STATE_COLUMNS_OF(user, is_guest) \
    ROOM_STATE_COLUMNS_BUT_LAST ", " ROOM_STATE_MAY_VIEW(user, is_guest)
#define ROOM_STATE_MAY_VIEW(user, is_guest)                                          \
    ROOM_IS_READ("r") " AND me.user_id IS NULL AND NOT EXISTS ("                     \
    "SELECT 1 FROM ban WHERE ban.room_id = r.room_id AND ban.user_id = " user        \
    " AND (ban.until IS NULL OR ban.until > SYSDATE(6))) "                           \
    "AND (r.is_open OR r.guests > 0 OR NOT " is_guest ")"
#define ROOM_STATE_IS_GUEST(user) \
    "EXISTS (SELECT 1 FROM user guest WHERE guest.user_id = " user " AND guest.is_guest)"
#define ROOM_STATE_COLUMNS_BUT_LAST \
    "r.room_id, r.is_private, r.direct_low IS NOT NULL, me.user_id IS NOT NULL, me.is_admin, " \
    "r.last_seq, r.oldest_seq, r.message_count, r.members_count, me.last_read_position, "      \
    "r.created_at, " BELL_NAME_COLUMNS ", " ROOM_VIEW_COLUMNS("me", "r")                       \
    ", GREATEST(COALESCE(me.mention_position, 0), r.all_position), "                           \
    "me.role, r.is_archived, r.members_visible, me.silenced_until, r.is_live, "                \
    "r.is_open, " ROOM_IS_BOUNDED("r") ", me.first_position, me.first_seq, r.trimmed"
#define ROOM_STATE_COLUMN_COUNT (23 + BELL_NAME_COLUMN_COUNT + ROOM_VIEW_COLUMN_COUNT)

/* The join for the columns; its ? is the id of the user. */
#define ROOM_STATE_FROM "room r LEFT JOIN member me ON me.room_id = r.room_id AND me.user_id = ? "

/* Reads ROOM_STATE_COLUMNS, starting at column `first`. If they are NULL (an outer join without a
 * match), exists is false. */
void room_state_from_row(const struct db_rows *rows, unsigned first, struct room_state *state);

/* Makes a site moderator a moderator of the room, unless it is a direct one. */
void room_state_add_moderator(struct room_state *state);

/* Sets hides_members and viewer_id, if only moderators see who is in the room and the user is not
 * one: events then hide all members except this user. */
void room_state_hide_members(struct room_state *state, uint64_t user_id);

/* Reads the state for one user; exists is false if there is no such room. */
enum error room_state_get(struct db *db, uint64_t room_id, uint64_t user_id,
                          struct room_state *state);

/* Sets *hides to whether the room takes no guests, so that it does not exist for a guest who is not
 * a member. */
enum error room_state_hides_from_guests(struct db *db, const struct room_state *state,
                                        bool *hides);

/* The number of messages that the user sees: those at positions after first_position. */
static inline uint64_t room_state_visible(const struct room_state *state) {
    return state->message_count > state->first_position
               ? state->message_count - state->first_position
               : 0;
}

/* ERROR_NONE if the user may see the room: members, site moderators, and all users if it is public.
 * Otherwise ERROR_NOT_FOUND. */
enum error room_state_may_see(const struct room_state *state);

/* ERROR_NONE if the user is a member or a site moderator. Otherwise ERROR_NOT_FOUND if the user may
 * not see the room, else ERROR_BANNED or ERROR_FORBIDDEN. */
enum error room_state_takes_part(const struct room_state *state);

/* ERROR_NONE if the user may read messages and events: members, site moderators, and all users if
 * the room is live or open. Errors as of room_state_takes_part. */
enum error room_state_may_read(const struct room_state *state);

/* Whether presence in the room is a number, without typing and read marks: it is live, or
 * has more than `most` members (presence_members). */
bool room_state_is_counted(const struct room_state *state, uint64_t most);

#endif
