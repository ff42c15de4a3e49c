/*
 * housekeeping: deletes expired rows, in slices.
 */
#ifndef CONFAB_COMMON_STORE_HOUSEKEEPING_H
#define CONFAB_COMMON_STORE_HOUSEKEEPING_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "store/events/event_log.h"
#include "store/search/search_index.h"

/* How far a run has come. Zeroed it is at the beginning. */
struct housekeeping {
    struct event_log_purge events;
    struct search_index search;
};

/* Claims housekeeping for this process, unless any process has claimed it in the last `seconds`.
 * Sets *claimed. With `leave_to_workers` set it is not claimed while a worker is alive
 * (store/followers/worker.h). */
enum error housekeeping_claim(struct db *db, uint64_t seconds, bool leave_to_workers,
                              bool *claimed);

/* Begins a run or continues with it: deletes events older than event_retention, the messages and
 * events of deleted rooms, expired login sessions and tokens, ids of the site's tokens, token
 * buckets that are full again, files that are unused or deleted, and bells that have not rung
 * for a week, for about budget_ms milliseconds, in slices of a few hundred rows. Sets *deleted
 * to the number of rows, *finished to true if none are left; the next call begins another run
 * then. Keeps the index of searches as well, which only a worker would do otherwise; with
 * `search` off deletes it. */
enum error housekeeping_run(struct db *db, const struct config *config, uint64_t budget_ms,
                            struct housekeeping *run, uint64_t *deleted, bool *finished);

#endif
