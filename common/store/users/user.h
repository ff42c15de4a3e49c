/*
 * user: user accounts and their passwords.
 */
#ifndef CONFAB_COMMON_STORE_USERS_USER_H
#define CONFAB_COMMON_STORE_USERS_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"
#include "secrets/secret.h"

#define USER_NAME_SIZE 33

struct user {
    uint64_t id;
    char name[USER_NAME_SIZE];
    bool is_active;
    bool is_staff;
    bool is_moderator; /* in all rooms that are not direct */
    bool is_guest; /* has no password (store/privacy/guest.h) */
    int64_t created_at;
};

typedef void user_visit(void *context, const struct user *user);

/* Columns of a user aliased u. user_from_row reads them, starting at column `first`. */
#define USER_COLUMNS                                                                \
    "u.user_id, u.username, u.is_active, u.is_staff, u.created_at, u.is_moderator, " \
    "u.is_guest"
#define USER_COLUMN_COUNT 7
void user_from_row(const struct db_rows *rows, unsigned first, struct user *user);

/* Adds a user and, unless token_hash is NULL, a token, in one transaction; `address`, a hash of
 * USER_ADDRESS_SIZE bytes, becomes known for the user unless it is NULL. Sets *id to the id of the
 * user. ERROR_CONFLICT: the name is taken. */
enum error user_add(struct db *db, struct text name, const char *password_hash,
                    const unsigned char *token_hash, const unsigned char *address, uint64_t *id);

/* Finds a user by name, ignoring case, and copies the hash of the password to `hash` unless that is
 * NULL. ERROR_NOT_FOUND if there is none. */
enum error user_by_name(struct db *db, struct text name, struct user *user,
                        char hash[SECRET_PASSWORD_SIZE]);

/* Size of the hash of a client's address. */
#define USER_ADDRESS_SIZE 16

/* The proof that a client knows the password of the user; valid as long as this hash is stored. */
struct user_proof {
    uint64_t user_id;
    char password_hash[SECRET_PASSWORD_SIZE];
    char fresh_hash[SECRET_PASSWORD_SIZE];    /* replaces it (other cost parameters); "": none */
    unsigned char address[USER_ADDRESS_SIZE]; /* the client's; it becomes known for this user */
    bool has_code;                            /* a code of the second factor was used up as well */
};

/* For transactions that a proof permits: declarations; the check, which locks the row of the user
 * and is 13 (conflict) if the hash has been replaced, the user disabled or two-factor login turned
 * on since; and the values. p_user is the user. */
#define USER_PROOF_DECLARATIONS                                             \
    "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; "                            \
    "DECLARE p_proved, p_fresh, v_hash VARCHAR(128) CHARACTER SET utf8mb4 " \
    "COLLATE utf8mb4_nopad_bin; "                                           \
    "DECLARE p_address BINARY(16); DECLARE p_code, v_active BOOLEAN; "
#define USER_PROOF_CHECK                                                       \
    "SET p_proved = ?; SET p_fresh = ?; SET p_address = ?; SET p_code = ?; "   \
    "SELECT is_active, password_hash INTO v_active, v_hash FROM user "         \
    "WHERE user_id = p_user FOR UPDATE; "                                      \
    "SET v_now = SYSDATE(6); "                                                 \
    "IF v_active IS NULL OR NOT v_active OR v_hash <> p_proved "               \
    "OR (NOT p_code AND EXISTS (SELECT 1 FROM user_totp "                      \
    "WHERE user_id = p_user AND confirmed_at IS NOT NULL)) THEN "              \
    "SET v_outcome = 13; LEAVE body; END IF; "                                 \
    "IF p_fresh <> '' THEN "                                                   \
    "UPDATE user SET password_hash = p_fresh WHERE user_id = p_user; END IF; " \
    "INSERT INTO known_address (user_id, address, seen_at) "                   \
    "VALUES (p_user, p_address, v_now) ON DUPLICATE KEY UPDATE seen_at = v_now; "
#define USER_PROOF_VALUES(proof)                                                           \
    db_u64((proof)->user_id), db_str((proof)->password_hash), db_str((proof)->fresh_hash), \
        db_bytes((proof)->address, USER_ADDRESS_SIZE), db_bool((proof)->has_code)

/* For a login: finds a user by name and copies the hash of the password. *is_known: the user has
 * logged in from this address within 30 days. ERROR_NOT_FOUND if there is none. */
enum error user_by_login(struct db *db, struct text name,
                         const unsigned char address[USER_ADDRESS_SIZE], struct user *user,
                         char hash[SECRET_PASSWORD_SIZE], bool *is_known);

/* Deletes up to `limit` addresses that are not known any more; *deleted counts them. */
enum error user_purge_addresses(struct db *db, uint64_t limit, uint64_t *deleted);

/* The same as user_by_name, but finds the user by id. */
enum error user_by_id(struct db *db, uint64_t id, struct user *user,
                      char hash[SECRET_PASSWORD_SIZE]);

/* The result of a change that ends or disables credentials. Its event in the user's own stream
 * makes pushd check the credentials of the user's sockets again. */
struct user_change {
    bool changed;
    uint64_t user_id;
    uint64_t seq; /* of the event in the user's own stream; 0: none */
};

/* Reads the row that such a change returns, and frees the rows: outcome, changed, number of the
 * event. There are none if the statement failed with `error`. */
enum error user_change_read(enum error error, struct db_rows *rows, uint64_t id,
                            struct user_change *change);

/* Stores a new password hash and deletes all tokens and login sessions of the user except
 * kept_token and kept_session (0: none is kept). ERROR_NOT_FOUND if there is no such user. With
 * old_hash (NULL: any), ERROR_CONFLICT if another one is stored, or the user is disabled. */
enum error user_set_password(struct db *db, uint64_t id, const char *old_hash,
                             const char *password_hash, uint64_t kept_token, uint64_t kept_session,
                             struct user_change *change);

/* Deletes all tokens and login sessions of the user except kept_token and kept_session (0: none is
 * kept). ERROR_NOT_FOUND if there is no such user. */
enum error user_end_credentials(struct db *db, uint64_t id, uint64_t kept_token,
                                uint64_t kept_session, struct user_change *change);

/* Enables or disables the account. Disabling ends all tokens and login sessions for good: they are
 * refused as those of a disabled user, and enabling deletes them. For a user who is banned from the
 * site, the new state applies when the ban ends; nothing changes now. ERROR_FORBIDDEN: an erased
 * account cannot be enabled. */
enum error user_set_active(struct db *db, uint64_t id, bool is_active, struct user_change *change);

/* Sets whether the user shares read receipts. pushd is informed by the same event. */
enum error user_set_share_read(struct db *db, uint64_t id, bool share_read,
                               struct user_change *change);

/* Sets or clears the staff flag. */
enum error user_set_staff(struct db *db, uint64_t id, bool is_staff);

/* Whether a user is a bot; false if there is no such user or the database does not answer. */
bool user_is_bot(struct db *db, uint64_t id);

/* Sets whether a user moderates all rooms that are not direct. */
enum error user_set_moderator(struct db *db, uint64_t id, bool is_moderator);

/* The first active user by name who is not a guest; ERROR_NOT_FOUND if there is none. */
enum error user_first(struct db *db, struct user *user);

/* Visits a page of the users whose names start with prefix, by name. Without `all` only active
 * users. */
enum error user_list(struct db *db, struct text prefix, bool all, uint64_t limit, uint64_t offset,
                     user_visit *visit, void *context);

/* The number of users in the whole list of user_list. */
enum error user_count(struct db *db, struct text prefix, bool all, uint64_t *count);

#endif
