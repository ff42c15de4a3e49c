/*
 * user_totp: the second factor of logins: a secret shared with the user's authenticator app, and
 * the hashes of recovery codes. A user without a second factor has no row.
 */
#ifndef CONFAB_COMMON_STORE_LOGINS_USER_TOTP_H
#define CONFAB_COMMON_STORE_LOGINS_USER_TOTP_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "secrets/totp.h"

/* Recovery codes are stored as their hashes, one after the other. */
#define USER_TOTP_HASH_SIZE 32
#define USER_TOTP_RECOVERY_COUNT 10
#define USER_TOTP_RECOVERY_SIZE (USER_TOTP_RECOVERY_COUNT * USER_TOTP_HASH_SIZE)

struct user_totp {
    unsigned char secret[TOTP_SECRET_SIZE];
    bool is_on;         /* confirmed by a first code */
    uint64_t last_step; /* of the last code that was used */
    size_t recovery_count;
    unsigned char recovery[USER_TOTP_RECOVERY_SIZE]; /* of the codes that are left */
};

/* Reads the second factor of a user. ERROR_NOT_FOUND if the user has none. */
enum error user_totp_get(struct db *db, uint64_t user_id, struct user_totp *totp);

/* Stores a secret that is not confirmed yet, in place of such a one. ERROR_CONFLICT if the second
 * factor is on. */
enum error user_totp_begin(struct db *db, uint64_t user_id,
                           const unsigned char secret[TOTP_SECRET_SIZE]);

/* Turns the second factor on, with the secret and the recovery codes of `totp` and the step of the
 * code that confirmed it. ERROR_CONFLICT if another request has changed it meanwhile. */
enum error user_totp_confirm(struct db *db, uint64_t user_id, const struct user_totp *totp);

/* Uses up the code of a step, or the recovery code at an index of totp->recovery. ERROR_CONFLICT if
 * another request has used one meanwhile. */
enum error user_totp_use_step(struct db *db, uint64_t user_id, uint64_t step);
enum error user_totp_use_recovery(struct db *db, uint64_t user_id, const struct user_totp *totp,
                                  size_t index);

/* Turns the second factor off; *ended is false if there was none. */
enum error user_totp_end(struct db *db, uint64_t user_id, bool *ended);

#endif
