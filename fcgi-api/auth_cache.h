/*
 * auth_cache: which user posted to a room with a token, in the memory of this process.
 *
 * With it a post is one round trip to the database and not two, an eighth of its CPU time (all
 * servers). An entry is a hint, never trusted: the transaction of the message checks that the
 * token still belongs to that user and the user is active. The cache is bounded, and emptied when
 * the database connection is a new one, since that may lead to another database.
 */
#ifndef CONFAB_FCGI_API_AUTH_CACHE_H
#define CONFAB_FCGI_API_AUTH_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "db/db.h"
#include "store/token.h"

struct auth_cache;

/* An empty cache; never NULL. Free with auth_cache_free, which takes NULL too. */
struct auth_cache *auth_cache_new(void);
void auth_cache_free(struct auth_cache *cache);

/* Sets id and name of the user, token_id, and that the user is active; the rest of the caller is
 * zeroed. False: no entry for this token and room. */
bool auth_cache_find(struct auth_cache *cache, const struct db *db,
                     const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t room_id,
                     struct identity *identity);

/* Adds or replaces the entry of this token and room; another entry may be dropped for it. */
void auth_cache_add(struct auth_cache *cache, const struct db *db,
                    const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t room_id,
                    const struct identity *identity);

/* Removes the entry of this token and room, if there is one. */
void auth_cache_remove(struct auth_cache *cache, const unsigned char token_hash[SECRET_HASH_SIZE],
                       uint64_t room_id);

#endif
