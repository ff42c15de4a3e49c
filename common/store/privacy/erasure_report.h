/*
 * erasure_report: where the database still refers to a user, and until when.
 */
#ifndef CONFAB_COMMON_STORE_PRIVACY_ERASURE_REPORT_H
#define CONFAB_COMMON_STORE_PRIVACY_ERASURE_REPORT_H

#include <stdint.h>

#include "db/db.h"

/* A column that has ids of users. `what` describes its rows and `until` says how long they stay,
 * both in English for the administrator; all texts are static. */
struct erasure_place {
    const char *table;
    const char *column;
    const char *what;
    const char *until;
    uint64_t rows; /* that have the id */
};

typedef void erasure_place_visit(void *context, const struct erasure_place *place);

/* Visits all such columns of all tables; also those that this program does not know. */
enum error erasure_report(struct db *db, const struct config *config, uint64_t user_id,
                          erasure_place_visit *visit, void *context);

/* Sets *erased_at to when the erasure of the user began (0: never), and *is_done to whether it is
 * complete. ERROR_NOT_FOUND: no such user. */
enum error erasure_state(struct db *db, uint64_t user_id, int64_t *erased_at, bool *is_done);

#endif
