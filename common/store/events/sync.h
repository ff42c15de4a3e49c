/*
 * sync: the counters of all rooms of a user, by which a client that was away finds what is new; and
 * the id of the database.
 */
#ifndef CONFAB_COMMON_STORE_EVENTS_SYNC_H
#define CONFAB_COMMON_STORE_EVENTS_SYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "store/rooms/room_state.h"

/* The size of a database id, with its terminator. */
#define SYNC_DATABASE_ID_SIZE 33

/* One room of the user. */
struct sync_room {
    struct room_state state;
    uint64_t mark_seq; /* number of the last read_changed of this room in the user's own stream */
};

typedef void sync_visit(void *context, const struct sync_room *room);

/* Visits the rooms of a user by rising id, and sets the id of the database. One statement, which
 * reads counters only. */
enum error sync_rooms(struct db *db, uint64_t user_id, char database_id[SYNC_DATABASE_ID_SIZE],
                      sync_visit *visit, void *context);

/* Gives the database a new random id, so that clients drop what they have read from it: after a
 * backup was restored, numbers that they have may be those of other events. */
enum error sync_new_database(struct db *db);

#endif
