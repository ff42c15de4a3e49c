/*
 * housekeeping: what has to be thrown away now and then, in slices.
 */
#ifndef CONFAB_COMMON_STORE_HOUSEKEEPING_H
#define CONFAB_COMMON_STORE_HOUSEKEEPING_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"

/* Takes the turn if the last one, of any process, was more than `seconds` ago. */
enum error housekeeping_claim(struct db *db, uint64_t seconds, bool *mine);

/* Drops old events, run-out sessions, full rate buckets and what deleted rooms left
 * behind, for at most budget_ms milliseconds and in slices of at most some hundred rows
 * each. *dropped counts rows; *finished tells that nothing is left. */
enum error housekeeping_run(struct db *db, uint64_t retention_days, uint64_t budget_ms,
                            uint64_t *dropped, bool *finished);

#endif
