/*
 * auth_batch: finds the identities behind credentials, many in one database query.
 *
 * A request that comes alone is queried at once. Requests that come while a query is running
 * wait for it, and are then queried together: the more come at once, the less each costs, and
 * none waits while there is no burst.
 */
#ifndef CONFAB_PUSHD_DB_AUTH_BATCH_H
#define CONFAB_PUSHD_DB_AUTH_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "db/db_pool.h"
#include "store/logins/login_session.h"
#include "store/logins/token.h"

struct auth_batch;

/* Everything given must outlive it. Never NULL. */
struct auth_batch *auth_batch_new(struct db_pool *db_pool, const struct config *config);

/* No request may be pending. */
void auth_batch_free(struct auth_batch *auth_batch);

/* The result, on the loop: error and identity as of token_find or login_session_find. */
typedef void auth_batch_found(void *context, enum error error, const struct identity *identity);

/* What is wanted. */
struct auth_request {
    bool by_token; /* the hash is of a token; else of a login session's key */
    const unsigned char *hash;
    uint64_t room_id;    /* whose state is wanted as well; 0: none */
    uint64_t least_seq;  /* see struct identity_query */
    bool must_be_latest; /* the same */
};

/* Finds the identity behind a credential. Calls found once, never before it returns. What is found
 * was true after the call; in a cluster, at the node that was queried, unless it is refused. */
void auth_batch_find(struct auth_batch *auth_batch, const struct auth_request *request,
                     auth_batch_found *found, void *context);

#endif
