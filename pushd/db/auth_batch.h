/*
 * callers: asks the database who is behind a credential, for many in one question.
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
#include "store/token.h"

struct callers;

/* Everything given must outlive it. Never NULL. */
struct callers *callers_new(struct jobs *jobs, const struct config *config);

/* No question may be under way. */
void callers_free(struct callers *callers);

/* What came of it, on the loop: error and caller as of token_find or session_find. */
typedef void callers_found(void *context, enum error error, const struct caller *caller);

/* Finds the caller by the hash of a token, or of a session, and the state of a room (0: of
 * none). Calls found once, later. What is read was true after this was called. */
void callers_find(struct callers *callers, bool by_token,
                  const unsigned char hash[SECRET_HASH_SIZE], uint64_t room_id,
                  callers_found *found, void *context);

#endif
