/* The script that takes tokens, and its arguments. It is one step in Redis, so processes that take
 * from the same bucket at the same time never take more than it holds. */
#include "redis/redis_buckets.h"

#include <inttypes.h>
#include <stdio.h>

#include "redis/redis_client_private.h"

/* base/token_bucket.c in Lua: tat is the time at which the bucket is full again. The time is that
 * of Redis, so that processes on all hosts use one clock. Each bucket is a key and two arguments:
 * the interval, and the span, which is burst times the interval. */
static const char TAKE[] =
    "local t = redis.call('TIME') "
    "local now = t[1] * 1000000 + t[2] "
    "local wait, tats = 0, {} "
    "for i, key in ipairs(KEYS) do "
    /* ARGV has two numbers for each key; indexes of Lua start at 1. */
    "local interval, span = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i]) "
    "local tat = tonumber(redis.call('GET', key) or 0) "
    /* Further ahead than one span: the clock was set back since. */
    "if tat < now or tat > now + span then tat = now end "
    "wait = math.max(wait, tat + interval - span - now) "
    "tats[i] = tat + interval "
    "end "
    /* Only after all buckets were read: the request takes from all or from none. */
    "if wait > 0 then return wait end "
    "for i, key in ipairs(KEYS) do "
    /* Expires when the bucket is full, as a full one is the same as none. */
    "if tats[i] > now then "
    "redis.call('SET', key, string.format('%.0f', tats[i]), 'PX', "
    "math.ceil((tats[i] - now) / 1000) + 1) "
    "else redis.call('DEL', key) end "
    "end "
    "return 0";

/* Runs TAKE. A negative sign of the intervals puts tokens back. */
static bool run_take(struct redis_client *client, const struct token_bucket *buckets, size_t count,
                     int sign, uint64_t timeout_ms, uint64_t *wait_us) {
    char keys[TOKEN_BUCKET_MAX][256], numbers[2 * TOKEN_BUCKET_MAX][24], count_text[24];
    const char *argv[3 + 3 * TOKEN_BUCKET_MAX] = {"EVAL", TAKE, count_text};
    /* EVAL script COUNT KEYS... ARGV...: the keys first, then two numbers for each. */
    snprintf(count_text, sizeof(count_text), "%zu", count);
    for (size_t i = 0; i < count; i++) {
        const struct token_bucket *bucket = &buckets[i];
        const int64_t interval = (int64_t)bucket->interval_us;
        char hex[2 * TOKEN_BUCKET_NAME_SIZE + 1] = "";
        /* The name is a hash; in hex it needs no escaping in redis-cli. */
        for (size_t byte = 0; byte < TOKEN_BUCKET_NAME_SIZE; byte++)
            text_put_hex(hex + 2 * byte, 2, bucket->name[byte]);
        const int len = snprintf(keys[i], sizeof(keys[i]), "%srate:%s:%s",
                                 redis_client_config(client)->redis_prefix, bucket->rule, hex);
        /* Cut off, two buckets could have one key. */
        if (len >= (int)sizeof(keys[i]))
            return false;
        snprintf(numbers[2 * i], sizeof(numbers[0]), "%" PRId64, sign * interval);
        snprintf(numbers[2 * i + 1], sizeof(numbers[0]), "%" PRId64,
                 interval * (int64_t)bucket->burst);
        argv[3 + i] = keys[i];
        argv[3 + count + 2 * i] = numbers[2 * i];
        argv[3 + count + 2 * i + 1] = numbers[2 * i + 1];
    }
    redisReply *reply = redis_client_run(client, timeout_ms, (int)(3 + 3 * count), argv);
    if (!reply)
        return false;
    /* The script returns the microseconds to wait, or 0. */
    const bool valid = reply->type == REDIS_REPLY_INTEGER;
    *wait_us = valid && reply->integer > 0 ? (uint64_t)reply->integer : 0;
    freeReplyObject(reply);
    return valid;
}

/* In a cluster each bucket is at a server of its own, so they are taken from one by one. */
static bool take_each(struct redis_client *client, const struct token_bucket *buckets, size_t count,
                      uint64_t timeout_ms, uint64_t *wait_us) {
    uint64_t ignored;
    bool valid = true;
    *wait_us = 0;
    for (size_t i = 0; i < count; i++) {
        valid = run_take(client, &buckets[i], 1, 1, timeout_ms, wait_us);
        if (valid && *wait_us == 0)
            continue;
        /* Refused: what was taken is given back. */
        while (i-- > 0)
            run_take(client, &buckets[i], 1, -1, timeout_ms, &ignored);
        break;
    }
    return valid;
}

bool redis_buckets_take(struct redis_client *client, const struct token_bucket *buckets,
                        size_t count, uint64_t timeout_ms, uint64_t *wait_us) {
    /* The keys of one script must have one slot. */
    if (count > 1 && redis_slots_are_used(redis_client_config(client)))
        return take_each(client, buckets, count, timeout_ms, wait_us);
    return run_take(client, buckets, count, 1, timeout_ms, wait_us);
}

bool redis_buckets_give_back(struct redis_client *client, const struct token_bucket *bucket,
                             uint64_t timeout_ms) {
    uint64_t wait = 0;
    return run_take(client, bucket, 1, -1, timeout_ms, &wait);
}
