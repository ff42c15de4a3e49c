/*
 * statistics: the number of users, rooms, messages and so on of a site.
 *
 * Messages and events are summed up from the counters of rooms and users, which is fast even for
 * millions of rows.
 */
#ifndef CONFAB_COMMON_STORE_STATISTICS_H
#define CONFAB_COMMON_STORE_STATISTICS_H

#include <stdint.h>

#include "db/db.h"

struct statistics {
    uint64_t users; /* including disabled ones */
    uint64_t active_users;
    uint64_t staff_users;
    uint64_t rooms;
    uint64_t public_rooms;
    uint64_t direct_rooms;
    uint64_t deleted_rooms; /* whose messages are not yet deleted */
    uint64_t memberships;
    uint64_t messages; /* including deleted ones */
    uint64_t events;   /* stored ones, of rooms and users */
    uint64_t sessions; /* login sessions that have not expired */
    uint64_t tokens;
    uint64_t database_bytes; /* tables and indexes, as the server estimates them */
    int64_t oldest_event;    /* time of the oldest stored event; 0: none */
};

/* Reads all of them. */
enum error statistics_read(struct db *db, struct statistics *statistics);

#endif
