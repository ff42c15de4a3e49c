/*
 * housekeeping: deletes expired rows, in slices.
 */
#ifndef CONFAB_COMMON_STORE_HOUSEKEEPING_H
#define CONFAB_COMMON_STORE_HOUSEKEEPING_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"

/* Claims housekeeping for this process, unless any process has claimed it in the last `seconds`.
 * Sets *claimed. */
enum error housekeeping_claim(struct db *db, uint64_t seconds, bool *claimed);

/* Deletes events older than event_retention, the messages and events of deleted rooms, expired
 * login sessions and tokens, ids of the site's tokens, and token buckets that are full again, for
 * about budget_ms milliseconds, in slices of a few hundred rows. Sets *deleted to the number of
 * rows, *finished to true if none are left. */
enum error housekeeping_run(struct db *db, const struct config *config, uint64_t budget_ms,
                            uint64_t *deleted, bool *finished);

#endif
