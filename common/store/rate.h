/*
 * rate: rate limits counted in the database, for programs that have neither Redis nor a
 * memory of their own (plain CGI).
 */
#ifndef CONFAB_COMMON_STORE_RATE_H
#define CONFAB_COMMON_STORE_RATE_H

#include <stdint.h>

#include "db/db.h"

/* Size of a bucket's name, a hash of what is limited. */
#define RATE_BUCKET_SIZE 16

/* Takes one from a bucket by the generic cell rate algorithm (ITU-T I.371): one every
 * interval_us on average, `burst` at once. *wait_us is 0 when it was there, else the
 * microseconds until it will be. */
enum error rate_take(struct db *db, const unsigned char bucket[RATE_BUCKET_SIZE],
                     uint64_t interval_us, uint64_t burst, uint64_t *wait_us);

/* Drops up to `limit` buckets that are full again. */
enum error rate_purge(struct db *db, uint64_t limit, uint64_t *dropped);

#endif
