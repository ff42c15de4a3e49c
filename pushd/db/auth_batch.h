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

/* Finds the identity by the hash of a token, or of a login session's key, and the state of a room
 * (0: none). Calls found once, never before it returns. What is found was true after the call. */
void auth_batch_find(struct auth_batch *auth_batch, bool by_token,
                     const unsigned char hash[SECRET_HASH_SIZE], uint64_t room_id,
                     auth_batch_found *found, void *context);

#endif
