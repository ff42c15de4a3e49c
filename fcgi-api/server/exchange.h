/*
 * exchange: one request, its response, and the state of serving it.
 */
#ifndef CONFAB_EXCHANGE_H
#define CONFAB_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "db/db.h"
#include "event/publish.h"
#include "redis/redis_client.h"
#include "server/field_errors.h"
#include "server/request.h"
#include "server/response.h"
#include "store/housekeeping.h"
#include "store/logins/identity.h"
#include "store/site/api_key.h"

struct auth_cache;
struct change_health;
struct exchange;
struct json_object;
struct json_tokener;
struct jwt_keys;
struct limit;
struct schema_object;
struct shared;
struct user_names;
struct word_filter;

/* The state of a process. main.c sets the functions, so that this folder does not depend on the
 * router and on housekeeping. */
struct service {
    const struct config *config;
    struct db *db;
    struct redis_client *redis;
    struct publisher publisher; /* bell: NULL without bell_dir */
    struct shared *shared;      /* with the other processes of this host */
    struct limit *limit;
    struct user_names *names;
    struct auth_cache *auth_cache;
    struct change_health *change_health;
    struct jwt_keys *jwt_keys; /* of the site's tokens; NULL: not read yet, or none */
    struct word_filter *word_filter; /* of filter_file; the same */

    /* Serves a request: fills x->response in every case. */
    void (*serve)(struct exchange *x);

    /* Housekeeping: called after each request, and now and then while idle. */
    void (*between_requests)(struct service *service, bool idle);
    int64_t housekeeping_due_ms; /* on the monotonic clock: earliest time of the next step */
    bool housekeeping_claimed;   /* this process runs it */
    struct housekeeping housekeeping;

    int64_t next_note_ms; /* on the monotonic clock: use of credentials is not noted before */
};

/* Most ids in a path. */
#define EXCHANGE_MAX_IDS 2

/* The users whom the user of a request has blocked; see blocked.h. */
struct exchange_blocked {
    bool is_read;
    uint64_t *ids;
    size_t count;
};

struct exchange {
    struct service *service;
    struct request *request;
    struct response response;
    char id[17]; /* of the request, for X-Request-ID and the log */

    const char *route;              /* the pattern that matched, for the log */
    uint64_t ids[EXCHANGE_MAX_IDS]; /* from the path */
    char credential_kind; /* 't' or 's', the letter of the id of a token or login session */
    bool has_identity;
    bool is_anonymous; /* it reads an open room without credentials; the identity has the room */
    struct identity identity;
    struct exchange_blocked blocked;
    bool auth_pending;       /* see below */
    bool may_be_outdated;    /* the answer depends on something that the database does not know */
    struct text session_key; /* that of the cookie, once it was found valid */
    bool has_token;          /* the request has a well-formed token, */
    unsigned char token_hash[SECRET_HASH_SIZE]; /* whose hash this is */
    bool has_key;                               /* the request has a valid API key: */
    struct api_key key;
    bool in_batch;                    /* it is one of the requests in a batch */
    uint64_t counted_id;              /* user the request was counted for; 0: none */
    struct json_tokener *tokener;     /* reused; NULL before the first body */
    struct json_object *fields;       /* the body; NULL when the route takes none */
    const struct schema_object *body; /* the rules of these fields */
    struct field_errors field_errors;
    struct buffer etag;  /* the entity tag of the response; empty: none */
    bool etag_is_strong; /* the same tag means the same bytes */
    unsigned max_age_s;  /* with a tag: how long the response may be used without asking */
};

/* auth_pending: one round trip to the database less, which saves a third of the CPU time of GET
 * room, a sixth of that of GET messages and an eighth of that of POST message (all servers).
 *
 * The request has a token that is not checked yet. A handler that reads checks it in the statement
 * that reads: x->identity is empty before. A handler that writes checks it in its transaction:
 * x->identity.user has the id and name of the auth cache, to be trusted only after that. A handler
 * that has checked the token clears auth_pending; with it still set, the router drops the response
 * and serves the request again in the ordinary way. */

/* A handler reads the exchange and fills in the response. ERROR_NONE: that is sent. ERROR_BAD_INPUT
 * with field_errors: those are sent. Any other error: its standard response, unless exchange_fail
 * set another one. */
typedef enum error exchange_handler(struct exchange *x);

/* Makes {"detail": detail, "code": the word of code} the response, and returns error, for the
 * handler to return. detail NULL: the default of the error. */
enum error exchange_fail(struct exchange *x, enum error error, enum error_code code,
                         const char *detail);

/* Records the result of a statement that reads and checks the token. */
void exchange_end_pending(struct exchange *x, enum error error, bool found);

/* Drops all that a handler did with auth_pending: of the response the first bytes of the headers
 * stay, and the request stays counted. */
void exchange_start_over(struct exchange *x, size_t headers_len);

/* Logs the request, which was served since started_us of the monotonic clock. */
void exchange_log(const struct exchange *x, int64_t started_us);

/* Clears the exchange for the next request, keeping buffers. */
void exchange_reset(struct exchange *x);

/* Frees the memory. */
void exchange_free(struct exchange *x);

#endif
