/*
 * redis_buckets: token buckets in Redis (base/token_bucket.h), which all hosts share.
 */
#ifndef CONFAB_REDIS_BUCKETS_H
#define CONFAB_REDIS_BUCKETS_H

#include "base/token_bucket.h"
#include "redis/redis_client.h"

/* Takes a token from each of `count` buckets (at most TOKEN_BUCKET_MAX), or from none: *wait_us is
 * 0, or the microseconds until each has a token. Waits for Redis at most timeout_ms. False when
 * Redis is unavailable, late, or refuses the command; a late one may still be counted. */
bool redis_buckets_take(struct redis_client *client, const struct token_bucket *buckets,
                        size_t count, uint64_t timeout_ms, uint64_t *wait_us);

/* Puts a token back that was taken by mistake. False as above. */
bool redis_buckets_give_back(struct redis_client *client, const struct token_bucket *bucket,
                             uint64_t timeout_ms);

#endif
