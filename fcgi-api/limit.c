/* Where token buckets are counted, and the buckets of this process. */
#include "limit.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/token_bucket.h"
#include "base/xalloc.h"
#include "store/rate.h"

/* Buckets of this process: a hash table in which a bucket is in one of PROBES consecutive places.
 * If these are taken, the bucket that is full again first is replaced. */
#define BUCKETS 4096
#define PROBES 8

struct bucket {
    unsigned char name[RATE_BUCKET_SIZE];
    int64_t full_us; /* see base/token_bucket.h; of the monotonic clock */
};

struct limit {
    struct bucket buckets[BUCKETS];
};

/* Average interval and burst size. */
struct rule {
    const char *name;
    uint64_t interval_us;
    uint64_t burst;
};

struct limit *limit_new(void) {
    return xcalloc(1, sizeof(struct limit));
}

void limit_free(struct limit *limit) {
    free(limit);
}

static struct rule rule_of(const struct config *config, enum limit_kind kind) {
    const uint64_t second = 1000000;
    switch (kind) {
    case LIMIT_LOGINS:
        return (struct rule){"login", 60 * second / config->rate_logins, config->rate_logins};
    case LIMIT_REGISTRATIONS:
        return (struct rule){"register", 3600 * second / config->rate_registrations,
                             config->rate_registrations};
    case LIMIT_MESSAGES:
        return (struct rule){"message", second / config->rate_messages,
                             config->rate_messages_burst};
    case LIMIT_REQUESTS:
        break;
    }
    return (struct rule){"request", second / config->rate_requests, config->rate_requests_burst};
}

/* The bucket with this name, created if it does not exist. */
static struct bucket *find(struct limit *limit, const unsigned char name[RATE_BUCKET_SIZE]) {
    size_t start;
    memcpy(&start, name, sizeof(start));
    struct bucket *oldest = &limit->buckets[start % BUCKETS];
    for (size_t i = 0; i < PROBES; i++) {
        struct bucket *bucket = &limit->buckets[(start + i) % BUCKETS];
        if (memcmp(bucket->name, name, RATE_BUCKET_SIZE) == 0)
            return bucket;
        if (bucket->full_us < oldest->full_us)
            oldest = bucket;
    }
    memcpy(oldest->name, name, RATE_BUCKET_SIZE);
    oldest->full_us = 0;
    return oldest;
}

/* The name of a bucket is a hash of the rule and the subject: it has a fixed length, and neither
 * addresses nor user names are stored in Redis. */
static void name_bucket(const struct rule *rule, const char *subject,
                        unsigned char name[RATE_BUCKET_SIZE]) {
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, RATE_BUCKET_SIZE);
    crypto_generichash_update(&state, (const unsigned char *)rule->name, strlen(rule->name) + 1);
    crypto_generichash_update(&state, (const unsigned char *)subject, strlen(subject));
    crypto_generichash_final(&state, name, RATE_BUCKET_SIZE);
}

/* Takes a token; returns the microseconds until there will be one, 0 if there was one. */
static uint64_t take(struct service *service, enum limit_kind kind, const struct rule *rule,
                     const char *subject) {
    unsigned char name[RATE_BUCKET_SIZE];
    char hex[2 * RATE_BUCKET_SIZE + 1], key[64];
    uint64_t wait = 0;
    name_bucket(rule, subject, name);
    sodium_bin2hex(hex, sizeof(hex), name, sizeof(name));
    snprintf(key, sizeof(key), "%s:%s", rule->name, hex);
    if (redis_client_take(service->redis, key, rule->interval_us, rule->burst, &wait))
        return wait;

    /* A process of plain CGI forgets its buckets, so it uses the database. Messages and requests
     * are not worth the write. */
    const bool worth_a_write = kind == LIMIT_LOGINS || kind == LIMIT_REGISTRATIONS;
    if (service->is_persistent || !worth_a_write) {
        struct bucket *bucket = find(service->limit, name);
        return token_bucket_take(&bucket->full_us, clock_monotonic_us(), rule->interval_us,
                                 rule->burst);
    }

    /* Without the database the request fails anyway. */
    return rate_take(service->db, name, rule->interval_us, rule->burst, &wait) ? 0 : wait;
}

static bool limit_is_on(const struct config *config) {
    return config->rate_limits != CONFIG_OFF;
}

enum error limit_take(struct exchange *x, enum limit_kind kind, const char *subject) {
    const struct config *config = x->service->config;
    char detail[96];
    if (!limit_is_on(config))
        return ERROR_NONE;
    const struct rule rule = rule_of(config, kind);
    const uint64_t wait = take(x->service, kind, &rule, subject);
    if (wait == 0)
        return ERROR_NONE;
    const uint64_t seconds = (wait + 999999) / 1000000;
    response_header_printf(&x->response, "Retry-After", "%" PRIu64, seconds);
    snprintf(detail, sizeof(detail),
             "Request was throttled. Expected available in %" PRIu64 " second%s.", seconds,
             seconds == 1 ? "" : "s");
    return exchange_fail(x, ERROR_RATE_LIMITED, detail);
}

enum error limit_take_user(struct exchange *x, enum limit_kind kind, uint64_t user_id) {
    char subject[24];
    if (!limit_is_on(x->service->config))
        return ERROR_NONE;
    snprintf(subject, sizeof(subject), "%" PRIu64, user_id);
    return limit_take(x, kind, subject);
}
