/*
 * regulars: who has posted to which room by which token, as this process remembers it.
 *
 * It spares a post the round trip that asks who the caller is: the transaction of the
 * message is begun for whom the token belonged to last time, and makes sure itself, before
 * anything is on record, that the token still does and the user is still let in. So what is
 * remembered is never trusted. It is bounded, and is forgotten when the connection was made
 * anew: another database may be behind it.
 */
#ifndef CONFAB_REGULARS_H
#define CONFAB_REGULARS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "db/db.h"
#include "store/token.h"

struct regulars;

/* Nobody known yet; never NULL. Free with regulars_free, which takes NULL too. */
struct regulars *regulars_new(void);
void regulars_free(struct regulars *regulars);

/* Who posted to the room by this token: sets id and name of the user and token_id of the
 * caller, and that the user is active, nothing else. False: not known. */
bool regulars_find(struct regulars *regulars, const struct db *db,
                   const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t room_id,
                   struct identity *identity);

/* Remembers who posted, in the place of another if need be. */
void regulars_note(struct regulars *regulars, const struct db *db,
                   const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t room_id,
                   const struct identity *identity);

/* Forgets the token's user in this room. */
void regulars_forget(struct regulars *regulars, const unsigned char token_hash[SECRET_HASH_SIZE],
                     uint64_t room_id);

#endif
