/*
 * account_mail: mails that confirm the address of a user, or let the user set a new password.
 *
 * A request adds a row; confab-worker makes the token when it sends the mail, so that only the hash
 * of a token is ever stored. A token is valid for half an hour, and once.
 */
#ifndef CONFAB_COMMON_STORE_LOGINS_ACCOUNT_MAIL_H
#define CONFAB_COMMON_STORE_LOGINS_ACCOUNT_MAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"
#include "secrets/secret.h"
#include "store/users/profile_fields.h"
#include "store/users/user.h"

/* The numbers are stored. */
enum account_mail_kind { ACCOUNT_MAIL_CONFIRM = 1, ACCOUNT_MAIL_RESET = 2 };

#define ACCOUNT_MAIL_MINUTES 30

struct account_mail {
    uint64_t id, user_id;
    enum account_mail_kind kind;
    char username[USER_NAME_SIZE];
    char email[PROFILE_EMAIL_BYTES + 1];
};

/* Requests a mail that confirms this address for the user. Beyond three of one user in half an
 * hour, requests are dropped. */
enum error account_mail_confirm(struct db *db, uint64_t user_id, struct text email);

/* Requests mails to the active users with a password who have confirmed this address. The result
 * does not show whether there are any. */
enum error account_mail_reset(struct db *db, struct text email);

/* For the worker: takes the mail that is due next, and gives it this token; id 0: there is none. */
enum error account_mail_claim(struct db *db, const unsigned char token_hash[SECRET_HASH_SIZE],
                              struct account_mail *mail);

/* Records that a mail was sent; or that it failed, and then it is tried again a few times, some
 * minutes later. */
enum error account_mail_record(struct db *db, uint64_t id, bool was_sent);

/* Finds the mail with this token. ERROR_NOT_FOUND: the token is unknown, expired or used. */
enum error account_mail_find(struct db *db, enum account_mail_kind kind,
                             const unsigned char token_hash[SECRET_HASH_SIZE],
                             struct account_mail *mail);

/* Uses up the token of an address, which becomes that of the user. ERROR_NOT_FOUND as above. */
enum error account_mail_use_confirm(struct db *db,
                                    const unsigned char token_hash[SECRET_HASH_SIZE]);

/* Uses up the token of a new password, and all others of the user. ERROR_NOT_FOUND as above. */
enum error account_mail_use_reset(struct db *db, const unsigned char token_hash[SECRET_HASH_SIZE]);

/* Deletes up to `limit` rows whose mail was sent or given up long enough ago; *deleted counts
 * them. */
enum error account_mail_purge(struct db *db, uint64_t limit, uint64_t *deleted);

#endif
