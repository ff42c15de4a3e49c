/*
 * user_log: the stored events of users' own streams, and the last numbers of streams.
 *
 * Read marks move often, and only the last one of a room matters. A read_changed event therefore
 * has no row of its own: member.mark_seq is the number of the last one of each membership. The
 * numbers of those before it remain without an event.
 */
#ifndef CONFAB_COMMON_STORE_EVENTS_USER_LOG_H
#define CONFAB_COMMON_STORE_EVENTS_USER_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"
#include "store/rooms/room_state.h"
#include "store/users/user.h"

/* The read mark of a user in a room, as it is now. */
struct read_mark {
    uint64_t room_id;
    uint64_t message_id; /* last message read; 0: none */
    uint64_t unread_count;
};

struct user_event {
    uint64_t user_id;
    uint64_t seq;
    unsigned type;
    uint64_t actor_id;
    char actor[USER_NAME_SIZE]; /* user name; empty: confabctl */
    uint64_t subject_id;        /* the room, of mentioned the message; 0: none */
    uint64_t room_id;           /* of mentioned: 0 if the message is gone */
    bool has_room;              /* the room still exists */
    struct text room_name;      /* as the user sees it */
    struct read_mark mark;      /* of read_changed; with subject_id 0 a later one replaces it */
    struct room_view view;      /* of preferences_changed */
    bool is_banned;             /* of room_removed: the user is banned from the room now */
    int64_t banned_until;       /* 0: for good */
    int64_t silenced_until;     /* of silence_changed, as it is now; 0: not silenced */
};

typedef void user_event_visit(void *context, const struct user_event *event);

/* The range of stored events of a user's stream. */
struct user_log_state {
    uint64_t last_seq;
    uint64_t oldest_seq;
};

/* Visits the events of a user's stream with the `limit` numbers after `after`, oldest first and
 * without gaps: a number without an event is visited as a read_changed with subject_id 0. Sets
 * *state unless the query fails. ERROR_GONE as in event_log_list; ERROR_NOT_FOUND: no such user. */
enum error user_log_list(struct db *db, uint64_t user_id, uint64_t after, uint64_t limit,
                         uint64_t retention_days, struct user_log_state *state,
                         user_event_visit *visit, void *context);

/* The same for at most `limit` of the events that clients see, leaving out all other numbers: the
 * cost depends on these events alone, not on the number of replaced read marks. Sets *more to
 * whether there may be further ones. */
enum error user_log_page(struct db *db, uint64_t user_id, uint64_t after, uint64_t limit,
                         uint64_t retention_days, struct user_log_state *state, bool *more,
                         user_event_visit *visit, void *context);

/* The last event of a stream; exists is false if the room or user does not exist. */
struct stream_head {
    bool of_user;
    bool exists;
    uint64_t id;
    uint64_t last_seq;
};

typedef void stream_head_visit(void *context, const struct stream_head *head);

/* Visits, of the given streams, those whose last number is greater than the given one, and those
 * that do not exist, by one statement. Both lists are JSON arrays: [[id, last_seq], ...]. */
enum error user_log_moved(struct db *db, struct text rooms, struct text users,
                          stream_head_visit *visit, void *context);

/* The stream of a room of a user, and what the user has set for the room. */
struct user_room {
    uint64_t room_id;
    uint64_t last_seq;
    bool is_direct;
    struct room_view view;
};

typedef void user_room_visit(void *context, const struct user_room *room);

/* Visits all rooms of a user. */
enum error user_log_rooms(struct db *db, uint64_t user_id, user_room_visit *visit, void *context);

#endif
