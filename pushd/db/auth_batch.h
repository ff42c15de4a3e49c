/*
 * auth_batch: asks the database who is behind a credential, for many in one question.
 *
 * One who comes alone is asked about at once. Those who come while a question is under way
 * wait for it to end, and are then asked about together: so the more come, the less each of
 * them costs, and nobody waits where there is no rush.
 */
#ifndef CONFAB_PUSHD_CALLERS_H
#define CONFAB_PUSHD_CALLERS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "db/db_pool.h"
#include "store/login_session.h"
#include "store/token.h"

struct auth_batch;

/* Everything given must outlive it. Never NULL. */
struct auth_batch *auth_batch_new(struct db_pool *db_pool, const struct config *config);

/* No question may be under way. */
void auth_batch_free(struct auth_batch *auth_batch);

/* What came of it, on the loop: error and caller as of token_find or login_session_find. */
typedef void auth_batch_found(void *context, enum error error, const struct identity *identity);

/* Finds the caller by the hash of a token, or of a client, and the state of a room (0: of
 * none). Calls found once, later. What is read was true after this was called. */
void auth_batch_find(struct auth_batch *auth_batch, bool by_token,
                     const unsigned char hash[SECRET_HASH_SIZE], uint64_t room_id,
                     auth_batch_found *found, void *context);

#endif
