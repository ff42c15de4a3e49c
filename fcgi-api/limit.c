/* Rate limits: where token buckets are counted, and those of this host. With Redis all hosts share
 * its buckets. Without it, or while it fails, rare actions (logins, registrations, invitations,
 * rooms, reports) are counted in the database, messages and requests on this host only. The buckets
 * of this host are always counted along, so that a failing Redis does not open a gap. */
#include "limit.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/token_bucket.h"
#include "base/xalloc.h"
#include "redis/redis_buckets.h"
#include "store/rate.h"

/* How long the count of this host holds after a failure of Redis, which lacks what was counted here
 * meanwhile. */
#define HOLD_US (10 * INT64_C(1000000))

/* Buckets of this host: hash tables in which a bucket is in one of PROBES consecutive places. If
 * these are taken, the bucket that is full again first is replaced. All processes use them at once,
 * without a lock: when two replace the same bucket, one token is lost. Messages and requests have a
 * table of their own, since anyone can fill that of the logins. */
#define BUCKETS 8192
#define PROBES 8

struct bucket {
    _Atomic uint64_t name;   /* the first bytes of the whole name */
    _Atomic int64_t full_us; /* see base/token_bucket.h; of the monotonic clock */
};

struct tables {
    _Atomic int64_t redis_failed_us; /* the last time, on the monotonic clock; 0: never */
    struct bucket of_rare[BUCKETS];
    struct bucket of_requests[BUCKETS];
};

_Static_assert(sizeof(struct tables) <= SHARED_MEMORY_SIZE - sizeof(struct shared_numbers),
               "the tables fit");

struct limit {
    struct tables *tables; /* in shared memory */
};

struct limit *limit_new(const struct shared *shared) {
    struct limit *limit = xcalloc(1, sizeof(*limit));
    limit->tables = shared_memory(shared);
    return limit;
}

void limit_free(struct limit *limit) {
    free(limit);
}

static bool is_on(const struct exchange *x) {
    return x->service->config->rate_limits != CONFIG_OFF;
}

/* Rare enough to be worth a wait for Redis, and a write. */
static bool is_rare(enum limit_kind kind) {
    return kind != LIMIT_MESSAGES && kind != LIMIT_REQUESTS && kind != LIMIT_KEYS;
}

/* Whether a limit applies: with an API key, that of the key, and those of guessing passwords. */
static bool applies(const struct exchange *x, enum limit_kind kind) {
    return is_on(x) && (!x->has_key || kind == LIMIT_KEYS || kind == LIMIT_LOGINS ||
                        kind == LIMIT_LOGINS_ADDRESS || kind == LIMIT_LOGINS_NAME);
}

/* ---- buckets ---- */

/* Sets the name of a bucket, a hash of the rule and the subject: it has a fixed length, and neither
 * addresses nor user names are stored. */
static void name_bucket(struct token_bucket *bucket, const char *subject) {
    crypto_generichash_state state;
    /* BLAKE2b over rule, NUL and subject: different pairs never give the same bytes. */
    crypto_generichash_init(&state, NULL, 0, TOKEN_BUCKET_NAME_SIZE);
    crypto_generichash_update(&state, (const unsigned char *)bucket->rule,
                              strlen(bucket->rule) + 1);
    crypto_generichash_update(&state, (const unsigned char *)subject, strlen(subject));
    crypto_generichash_final(&state, bucket->name, TOKEN_BUCKET_NAME_SIZE);
}

#define SECOND UINT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

/* Offsets of two options in struct config. */
#define OPTIONS(burst, rate) offsetof(struct config, burst), offsetof(struct config, rate)

/* A bucket holds `burst` tokens and regains `rate` tokens in the period. */
static const struct rule {
    const char *name;
    size_t burst, rate; /* offsets in struct config */
    uint64_t period_us;
} RULES[] = {
    [LIMIT_LOGINS_ADDRESS] = {"login-address", OPTIONS(rate_logins_address, rate_logins_address),
                              MINUTE},
    [LIMIT_LOGINS] = {"login", OPTIONS(rate_logins, rate_logins), MINUTE},
    [LIMIT_LOGINS_NAME] = {"login-name", OPTIONS(rate_logins_name, rate_logins_name), HOUR},
    [LIMIT_REGISTRATIONS] = {"register", OPTIONS(rate_registrations, rate_registrations), HOUR},
    [LIMIT_MAILS] = {"mail", OPTIONS(rate_mails, rate_mails), HOUR},
    [LIMIT_GUESTS] = {"guest", OPTIONS(rate_guests, rate_guests), HOUR},
    [LIMIT_INVITATIONS] = {"invite", OPTIONS(rate_invitations, rate_invitations), HOUR},
    [LIMIT_ROOMS] = {"room", OPTIONS(rate_rooms, rate_rooms), 24 * HOUR},
    [LIMIT_REPORTS] = {"report", OPTIONS(rate_reports, rate_reports), HOUR},
    [LIMIT_MESSAGES] = {"message", OPTIONS(rate_messages_burst, rate_messages), SECOND},
    [LIMIT_REQUESTS] = {"request", OPTIONS(rate_requests_burst, rate_requests), SECOND},
    [LIMIT_KEYS] = {"key", OPTIONS(rate_keys, rate_keys), SECOND},
};

static uint64_t option_at(const struct config *config, size_t offset) {
    return *(const uint64_t *)((const char *)config + offset);
}

/* The bucket of the rule and its subject, with the rate and the burst of the configuration. */
static struct token_bucket bucket_of(const struct exchange *x, enum limit_kind kind,
                                     const char *subject) {
    const struct config *config = x->service->config;
    const struct rule *rule = &RULES[kind];
    struct token_bucket bucket = {.rule = rule->name,
                                  .burst = option_at(config, rule->burst),
                                  .interval_us = rule->period_us / option_at(config, rule->rate)};
    /* The name depends on the rule, so it comes last. */
    name_bucket(&bucket, subject);
    return bucket;
}

/* ---- the count of this host ---- */

/* The bucket with this name, created if it does not exist. */
static struct bucket *find(struct bucket table[BUCKETS], const struct token_bucket *bucket) {
    /* The hash is evenly distributed, so its first bytes are the place. */
    uint64_t name;
    memcpy(&name, bucket->name, sizeof(name));
    struct bucket *oldest = &table[name % BUCKETS];
    for (size_t i = 0; i < PROBES; i++) {
        struct bucket *found = &table[(name + i) % BUCKETS];
        if (atomic_load(&found->name) == name)
            return found;
        if (atomic_load(&found->full_us) < atomic_load(&oldest->full_us))
            oldest = found;
    }
    /* Another process may do the same at once; see BUCKETS. */
    atomic_store(&oldest->name, name);
    atomic_store(&oldest->full_us, 0);
    return oldest;
}

static void give_back_here(struct bucket table[BUCKETS], const struct token_bucket *bucket) {
    atomic_fetch_sub(&find(table, bucket)->full_us, (int64_t)bucket->interval_us);
}

/* Takes a token from each bucket on this host, or from none; returns the microseconds until each
 * has one, 0 if each had. */
static uint64_t take_here(struct bucket table[BUCKETS], const struct token_bucket *buckets,
                          size_t count) {
    /* The clock of this host, never set back. */
    const int64_t now = clock_monotonic_us();
    for (size_t i = 0; i < count; i++) {
        struct bucket *found = find(table, &buckets[i]);
        int64_t full = atomic_load(&found->full_us), next;
        uint64_t wait;
        /* Another process may have changed the bucket meanwhile: then take again from its new
         * value. */
        do {
            next = full;
            wait = token_bucket_take(&next, now, buckets[i].interval_us, buckets[i].burst);
        } while (!atomic_compare_exchange_weak(&found->full_us, &full, next));
        /* Refused here: the tokens taken from the buckets before go back. */
        for (size_t j = 0; wait > 0 && j < i; j++)
            give_back_here(table, &buckets[j]);
        if (wait > 0)
            return wait;
    }
    return 0;
}

/* ---- counting ---- */

/* Whether Redis has failed within HOLD_US, so that it is not asked again with each request. */
static bool failed_lately(const struct tables *tables) {
    /* A time in the future was stored before a restart of the host. */
    const int64_t failed = atomic_load(&tables->redis_failed_us), now = clock_monotonic_us();
    return failed > 0 && failed <= now && now - failed < HOLD_US;
}

/* Takes a token from each bucket; returns the microseconds until there will be one, 0 if there was
 * one. */
static uint64_t take(struct service *service, enum limit_kind kind,
                     const struct token_bucket *buckets, size_t count) {
    struct tables *tables = service->limit->tables;
    struct bucket *table = is_rare(kind) ? tables->of_rare : tables->of_requests;
    const uint64_t timeout_ms =
        is_rare(kind) ? REDIS_CLIENT_RARE_MS : service->config->redis_timeout;
    /* Also when Redis counts: its answer may fail to come. */
    const uint64_t here = take_here(table, buckets, count);
    /* What this host has used up alone needs no further count: a flood of logins does not reach
     * Redis. */
    if (here > 0 && is_rare(kind))
        return here;
    uint64_t wait = 0;
    const bool has_redis = redis_client_is_configured(service->redis);
    const bool counted =
        has_redis && redis_buckets_take(service->redis, buckets, count, timeout_ms, &wait);
    if (has_redis && !counted)
        atomic_store(&tables->redis_failed_us, clock_monotonic_us());

    /* Rare actions fall back to the database. Without the database the request fails anyway. */
    if (!counted && is_rare(kind) && rate_take(service->db, buckets, count, &wait))
        wait = 0;
    /* The count of this host decides if nothing else counted, and for a while after Redis
     * failed. */
    const bool holds = !counted || failed_lately(tables);
    if (holds && here > wait)
        return here;
    /* Refused by another count, and not here: the tokens of this host go back. */
    for (size_t i = 0; here == 0 && wait > 0 && i < count; i++)
        give_back_here(table, &buckets[i]);
    return wait;
}

/* 429 with the time to wait, or nothing if a token was there. */
static enum error answer(struct exchange *x, uint64_t wait_us) {
    char detail[96];
    if (wait_us == 0)
        return ERROR_NONE;
    /* Rounded up: after that time there is a token. */
    const uint64_t seconds = (wait_us + 999999) / 1000000;
    response_header_printf(&x->response, "Retry-After", "%" PRIu64, seconds);
    /* The wording is that of Django REST framework, which clients know. */
    snprintf(detail, sizeof(detail),
             "Request was throttled. Expected available in %" PRIu64 " second%s.", seconds,
             text_plural(seconds));
    return exchange_fail(x, ERROR_RATE_LIMITED, CODE_THROTTLED, detail);
}

enum error limit_take(struct exchange *x, enum limit_kind kind, const char *subject) {
    if (!applies(x, kind))
        return ERROR_NONE;
    const struct token_bucket bucket = bucket_of(x, kind, subject);
    return answer(x, take(x->service, kind, &bucket, 1));
}

struct user_subject {
    char text[24];
};

static struct user_subject subject_of(uint64_t user_id) {
    struct user_subject subject;
    snprintf(subject.text, sizeof(subject.text), "%" PRIu64, user_id);
    return subject;
}

enum error limit_take_user(struct exchange *x, enum limit_kind kind, uint64_t user_id) {
    const struct user_subject subject = subject_of(user_id);
    return limit_take(x, kind, subject.text);
}

enum error limit_take_key(struct exchange *x) {
    const struct user_subject subject = subject_of(x->key.id);
    return limit_take(x, LIMIT_KEYS, subject.text);
}

enum error limit_take_login(struct exchange *x, const char *address, const char *name) {
    char both[256];
    if (!is_on(x))
        return ERROR_NONE;
    /* A space separates the two: a name has none. */
    snprintf(both, sizeof(both), "%s %s", name, address);
    const struct token_bucket buckets[] = {bucket_of(x, LIMIT_LOGINS_ADDRESS, address),
                                           bucket_of(x, LIMIT_LOGINS, both)};
    return answer(x, take(x->service, LIMIT_LOGINS, buckets, 2));
}

void limit_give_back(struct exchange *x, enum limit_kind kind, const char *subject) {
    if (!applies(x, kind))
        return;
    const struct token_bucket bucket = bucket_of(x, kind, subject);
    /* In both places, as it was taken in both. */
    struct tables *tables = x->service->limit->tables;
    give_back_here(is_rare(kind) ? tables->of_rare : tables->of_requests, &bucket);
    if (!redis_buckets_give_back(x->service->redis, &bucket, REDIS_CLIENT_RARE_MS))
        rate_give_back(x->service->db, &bucket);
}

void limit_give_back_user(struct exchange *x, enum limit_kind kind, uint64_t user_id) {
    const struct user_subject subject = subject_of(user_id);
    limit_give_back(x, kind, subject.text);
}
