/*
 * user_log: the events of users' own streams, and how far all streams have come.
 */
#ifndef CONFAB_COMMON_STORE_USER_LOG_H
#define CONFAB_COMMON_STORE_USER_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"
#include "store/user.h"

struct user_event {
    uint64_t user_id;
    uint64_t seq;
    unsigned type;
    uint64_t actor_id;
    char actor[USER_NAME_SIZE]; /* user name; empty: the sysadmin's tool */
    uint64_t subject_id;        /* the room; 0: none */
    bool has_room;              /* the room is still there */
    struct text room_name;      /* as the user sees it */
};

typedef void user_event_visit(void *context, const struct user_event *event);

/* How far a user's stream goes. */
struct user_log_state {
    uint64_t last_seq;
    uint64_t oldest_seq;
};

/* Visits the events of a user's stream after `after`, oldest first, at most `limit`.
 * *state is filled in any case but failure. ERROR_GONE as in event_log_list;
 * ERROR_NOT_FOUND: no such user. */
enum error user_log_list(struct db *db, uint64_t user_id, uint64_t after, uint64_t limit,
                         uint64_t retention_days, struct user_log_state *state,
                         user_event_visit *visit, void *context);

/* One stream's last event; exists is false if there is no such stream (any more). */
struct stream_head {
    bool of_user;
    bool exists;
    uint64_t id;
    uint64_t last_seq;
};

typedef void stream_head_visit(void *context, const struct stream_head *head);

/* Visits by one statement, of many streams, those that go further than the caller knows, and
 * those that do not exist. Both lists are JSON arrays of pairs: [[id, last_seq], ...]. */
enum error user_log_moved(struct db *db, struct text rooms, struct text users,
                          stream_head_visit *visit, void *context);

/* Visits the rooms of a user with their heads. */
enum error user_log_rooms(struct db *db, uint64_t user_id, stream_head_visit *visit, void *context);

#endif
