/*
 * guest: users without a password, who join by an invite link or the key of a room that takes
 * guests. Their address is kept as an HMAC for ban_address_days, so that a ban holds for another
 * guest from there, too.
 */
#ifndef CONFAB_COMMON_STORE_PRIVACY_GUEST_H
#define CONFAB_COMMON_STORE_PRIVACY_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"
#include "secrets/secret.h"
#include "store/users/user.h"

/* An address (/32, or /64 for IPv6) as it is stored. */
#define GUEST_ADDRESS_SIZE SECRET_SIGNATURE_SIZE

/* Whether guests from this address may enter a room: ERROR_NOT_FOUND if there is no such room,
 * ERROR_NOT_ALLOWED if it takes no guests, ERROR_ARCHIVED, ERROR_BANNED. */
enum error guest_check(struct db *db, uint64_t room_id, const char *address);

/* Adds a guest with a token, under a name of its own, and sets *user. */
enum error guest_add(struct db *db, struct text display_name, const char *address,
                     const unsigned char token_hash[SECRET_HASH_SIZE], struct user *user);

/* Deletes a guest who was added but could not enter the room, and so has no messages. */
enum error guest_remove(struct db *db, uint64_t user_id);

/* Records that a guest is using the API, and from which address. */
enum error guest_record_visit(struct db *db, uint64_t user_id, const char *address);

/* Makes a user of a guest, with a name and a password; its messages stay its own. All its tokens
 * end except this new one. ERROR_CONFLICT: the name is taken. ERROR_NOT_FOUND: the user is not a
 * guest any more. */
enum error guest_register(struct db *db, uint64_t user_id, struct text name,
                          const char *password_hash,
                          const unsigned char token_hash[SECRET_HASH_SIZE],
                          struct user_change *change);

/* The same for a user of the site, with a user name as external_user_ensure makes it of `wished`,
 * or that of the guest; without a new token. ERROR_CONFLICT: the site's user exists already. */
enum error guest_become_external(struct db *db, uint64_t user_id, struct text issuer,
                                 struct text subject, struct text wished,
                                 struct user_change *change);

/* Forgets addresses older than address_days, and begins to erase one guest who was last seen
 * before guest_days; *done counts both. */
enum error guest_purge(struct db *db, uint64_t guest_days, uint64_t address_days, uint64_t limit,
                       uint64_t *done);

#endif
