/*
 * limit: rate limits.
 *
 * They are counted in Redis, for all hosts. When Redis does not answer:
 *
 *   messages, requests   wait up to redis_timeout, then the count of this host holds
 *   all others           wait up to 100 ms, then the database counts them
 *
 * The count of this host is kept at all times, in memory that its processes share. For ten seconds
 * after a failure of Redis it holds in addition, for all of them: a client that makes Redis late by
 * a flood finds no full bucket elsewhere.
 */
#ifndef CONFAB_FCGI_API_LIMIT_H
#define CONFAB_FCGI_API_LIMIT_H

#include "server/exchange.h"
#include "shared.h"

enum limit_kind {
    LIMIT_LOGINS_ADDRESS, /* of an address */
    LIMIT_LOGINS,         /* of a name and an address */
    LIMIT_LOGINS_NAME,    /* of a name: wrong passwords */
    LIMIT_REGISTRATIONS,  /* of an address */
    LIMIT_MAILS,          /* requests for mails, of an address */
    LIMIT_GUESTS,         /* of an address */
    LIMIT_INVITATIONS,    /* of a user */
    LIMIT_ROOMS,          /* of a user */
    LIMIT_REPORTS,        /* of a user */
    LIMIT_MESSAGES,       /* of a user: messages, and whatever else makes an event in a room */
    LIMIT_REQUESTS,       /* of a user */
    LIMIT_KEYS            /* requests of an API key */
};

/* Keeps its buckets in the shared memory. Never NULL; free with limit_free, which takes NULL
 * too. */
struct limit *limit_new(const struct shared *shared);
void limit_free(struct limit *limit);

/* Counts an action of a subject, such as an address. ERROR_RATE_LIMITED: the limit is exceeded, and
 * the response is set, including Retry-After. */
enum error limit_take(struct exchange *x, enum limit_kind kind, const char *subject);

/* Counts a request toward LIMIT_KEYS of its API key, x->key. A request with an API key counts
 * toward no other limits but those of logins. */
enum error limit_take_key(struct exchange *x);

/* The same as limit_take with a user as the subject. */
enum error limit_take_user(struct exchange *x, enum limit_kind kind, uint64_t user_id);

/* Counts an attempt to log in toward LIMIT_LOGINS_ADDRESS and LIMIT_LOGINS; toward neither if one
 * of them is exceeded. `name` is in lower case. */
enum error limit_take_login(struct exchange *x, const char *address, const char *name);

/* Take back what limit_take and limit_take_user counted. Errors are ignored. */
void limit_give_back(struct exchange *x, enum limit_kind kind, const char *subject);
void limit_give_back_user(struct exchange *x, enum limit_kind kind, uint64_t user_id);

#endif
