/*
 * token_bucket: rate limiting by the generic cell rate algorithm (ITU-T I.371).
 *
 * A bucket holds up to `burst` tokens and gains one every interval_us. All of it is one number:
 * the time at which the bucket is full again; 0 is a full bucket. The same arithmetic is written
 * in Lua (redis/redis_buckets.c) and in SQL (store/rate.c), where buckets are shared by processes.
 */
#ifndef CONFAB_TOKEN_BUCKET_H
#define CONFAB_TOKEN_BUCKET_H

#include <stdint.h>

/* Size of the name of a bucket, a hash. */
#define TOKEN_BUCKET_NAME_SIZE 16

/* Maximum number of buckets that one request takes a token from. */
#define TOKEN_BUCKET_MAX 2

/* A bucket that processes share through Redis or the database, where it is found by its name. */
struct token_bucket {
    const char *rule; /* what is limited: a short word, for the key in Redis */
    unsigned char name[TOKEN_BUCKET_NAME_SIZE];
    uint64_t interval_us;
    uint64_t burst;
};

/* Takes a token at the time now_us. If the clock was set back so far that the bucket would be full
 * later than one span from now, the bucket counts as full. Returns 0, and advances *full_us; or, if
 * there is no token, returns the microseconds until there is one and leaves *full_us unchanged.
 * `burst` is at least 1; interval_us * burst must fit in an int64_t. */
uint64_t token_bucket_take(int64_t *full_us, int64_t now_us, uint64_t interval_us, uint64_t burst);

#endif
