/*
 * exchange: one request, its answer, and all that serving it needs.
 */
#ifndef CONFAB_EXCHANGE_H
#define CONFAB_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "db/db.h"
#include "redis/redis_client.h"
#include "rest/field_errors.h"
#include "server/request.h"
#include "server/response.h"
#include "store/token.h"

struct crowded_minutes;
struct json_object;
struct json_tokener;
struct limit;
struct long_lists;
struct regulars;
struct user_names;

/* What lives as long as the process. */
struct service {
    const struct config *config;
    struct db *db;
    struct redis_client *redis;
    struct limit *limit;
    struct user_names *names;
    struct regulars *regulars;
    struct long_lists *long_lists;
    struct crowded_minutes *crowded_minutes;
    bool stays; /* false: plain CGI, ends after this request */
};

/* Ids a path can name. */
#define EXCHANGE_MAX_IDS 2

struct exchange {
    struct service *service;
    struct request *request;
    struct response response;
    char id[17]; /* of the request, for X-Request-ID and the log */

    const char *route;              /* the pattern that matched, for the log */
    uint64_t ids[EXCHANGE_MAX_IDS]; /* from the path */
    bool has_identity;
    struct identity identity;
    bool auth_pending; /* the caller is unknown or a guess, and yet to be proven */
    bool has_token;    /* the caller's, or the guess's, */
    unsigned char token_hash[SECRET_HASH_SIZE]; /* and its hash */
    uint64_t counted_id;          /* the user for whom this request was counted; 0: nobody */
    struct json_tokener *tokener; /* kept from body to body; NULL before the first */
    struct json_object *fields;   /* the body; NULL when the route takes none */
    struct field_errors field_errors;
    struct buffer etag; /* what the tag of the answer is made of; empty: no tag */
};

/* A handler reads the exchange and fills the answer. ERROR_NONE: the answer stands.
 * ERROR_BAD_INPUT with field_errors noted: they are the answer. Any other error: the standard
 * answer for it, unless exchange_fail said more. */
typedef enum error exchange_handler(struct exchange *x);

/* Makes {"detail": detail} the answer and returns error, to be returned by the handler. */
enum error exchange_fail(struct exchange *x, enum error error, const char *detail);

/* Notes what became of a look for an unknown caller (x->auth_pending) along with what was asked:
 * found, and so proven; not found, and so nothing was done; or an error. */
void exchange_found_identity(struct exchange *x, enum error error, bool found);

/* Drops a guess and all that was made of it. What the answer's headers were before it, their
 * first bytes, stays, and that the request was counted. */
void exchange_start_over(struct exchange *x, size_t headers_len);

/* Forgets everything of the last request, keeping memory worth keeping. */
void exchange_reset(struct exchange *x);

/* Gives the memory back. */
void exchange_free(struct exchange *x);

#endif
