/*
 * statistics: the size of a site in figures.
 *
 * Messages and events are summed up from the counters of rooms and users, which stay
 * cheap to read when there are millions of rows behind them.
 */
#ifndef CONFAB_COMMON_STORE_STATISTICS_H
#define CONFAB_COMMON_STORE_STATISTICS_H

#include <stdint.h>

#include "db/db.h"

struct statistics {
    uint64_t users; /* all, disabled ones too */
    uint64_t active_users;
    uint64_t staff_users;
    uint64_t rooms; /* all */
    uint64_t public_rooms;
    uint64_t direct_rooms;
    uint64_t deleted_rooms; /* whose messages are still to be thrown away */
    uint64_t memberships;
    uint64_t messages; /* deleted ones too */
    uint64_t events;   /* kept, of rooms and users */
    uint64_t sessions; /* that have not run out */
    uint64_t tokens;
    uint64_t database_bytes; /* tables and indexes, as the server estimates them */
    int64_t oldest_event;    /* time of the oldest event kept; 0: none */
};

/* Reads all figures. */
enum error statistics_read(struct db *db, struct statistics *statistics);

#endif
