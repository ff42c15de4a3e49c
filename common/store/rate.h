/*
 * rate: token buckets in the database, which count logins, registrations and password changes when
 * Redis does not.
 */
#ifndef CONFAB_COMMON_STORE_RATE_H
#define CONFAB_COMMON_STORE_RATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/token_bucket.h"
#include "db/db.h"

/* Takes a token from each of `count` buckets (at most TOKEN_BUCKET_MAX), or from none.
 * *wait_us is 0 if each had one, otherwise the time in microseconds until each will. The first
 * bucket must be the same for all attempts that share the second one: it is created if it does not
 * exist, and its lock orders them. */
enum error rate_take(struct db *db, const struct token_bucket *buckets, size_t count,
                     uint64_t *wait_us);

/* Puts a token back that was taken by mistake. */
enum error rate_give_back(struct db *db, const struct token_bucket *bucket);

/* Deletes at most `limit` buckets that are full again, or were filled by a clock that was set back;
 * sets *deleted to their number. */
enum error rate_purge(struct db *db, uint64_t limit, uint64_t *deleted);

#endif
