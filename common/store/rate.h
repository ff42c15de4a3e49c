/*
 * rate: token buckets in the database, for processes that have neither Redis nor memory that
 * outlives a request (plain CGI without Redis).
 */
#ifndef CONFAB_COMMON_STORE_RATE_H
#define CONFAB_COMMON_STORE_RATE_H

#include <stdint.h>

#include "db/db.h"

/* Size of the name of a bucket, a hash. */
#define RATE_BUCKET_SIZE 16

/* Takes a token from a bucket by the generic cell rate algorithm (ITU-T I.371): one every
 * interval_us on average, `burst` at once. *wait_us is 0 if there was a token, otherwise the time
 * in microseconds until there will be. */
enum error rate_take(struct db *db, const unsigned char bucket[RATE_BUCKET_SIZE],
                     uint64_t interval_us, uint64_t burst, uint64_t *wait_us);

/* Deletes at most `limit` buckets that are full again, or were filled by a clock that was set back;
 * sets *deleted to their number. */
enum error rate_purge(struct db *db, uint64_t limit, uint64_t *deleted);

#endif
