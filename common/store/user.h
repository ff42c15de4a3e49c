/*
 * user: user accounts and their passwords.
 */
#ifndef CONFAB_COMMON_STORE_USER_H
#define CONFAB_COMMON_STORE_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "base/text.h"
#include "db/db.h"

#define USER_NAME_SIZE 33

struct user {
    uint64_t id;
    char name[USER_NAME_SIZE];
    bool is_active;
    bool is_staff;
    int64_t created_at;
};

typedef void user_visit(void *context, const struct user *user);

/* Columns of a user aliased u. user_from_row reads them, starting at column `first`. */
#define USER_COLUMNS "u.user_id, u.username, u.is_active, u.is_staff, u.created_at"
#define USER_COLUMN_COUNT 5
void user_from_row(const struct db_rows *rows, unsigned first, struct user *user);

/* Adds a user and, unless token_hash is NULL, a token, in one transaction. Sets *id to the id of
 * the user. ERROR_CONFLICT: the name is taken. */
enum error user_add(struct db *db, struct text name, const char *password_hash,
                    const unsigned char *token_hash, uint64_t *id);

/* Finds a user by name, ignoring case, and copies the hash of the password to `hash` unless that is
 * NULL. ERROR_NOT_FOUND if there is none. */
enum error user_by_name(struct db *db, struct text name, struct user *user,
                        char hash[SECRET_PASSWORD_SIZE]);

/* The same by id. */
enum error user_by_id(struct db *db, uint64_t id, struct user *user,
                      char hash[SECRET_PASSWORD_SIZE]);

/* The result of a change that ends or disables credentials. Its event in the user's own stream
 * makes pushd check the credentials of the user's sockets again. */
struct user_change {
    bool changed;
    uint64_t user_id;
    uint64_t seq; /* of the event in the user's own stream; 0: none */
};

/* Stores a new password hash and deletes all tokens and login sessions of the user except
 * kept_token and kept_session (0: none is kept). ERROR_NOT_FOUND if there is no such user. */
enum error user_set_password(struct db *db, uint64_t id, const char *password_hash,
                             uint64_t kept_token, uint64_t kept_session,
                             struct user_change *change);

/* Stores a hash of the same password with other cost parameters; keeps all credentials. */
enum error user_refresh_password(struct db *db, uint64_t id, const char *password_hash);

/* Enables or disables the account. Its credentials are kept, but valid only while it is enabled. */
enum error user_set_active(struct db *db, uint64_t id, bool is_active, struct user_change *change);

/* Sets or clears the staff flag. */
enum error user_set_staff(struct db *db, uint64_t id, bool is_staff);

/* Visits a page of the users whose names start with prefix, by name. Without `all` only active
 * users. */
enum error user_list(struct db *db, struct text prefix, bool all, uint64_t limit, uint64_t offset,
                     user_visit *visit, void *context);

/* The number of users in the whole list of user_list. */
enum error user_count(struct db *db, struct text prefix, bool all, uint64_t *count);

/* Which page of the active users whose names start with a prefix, in the order of names. */
enum user_page_kind { USER_PAGE_OFFSET, USER_PAGE_AFTER, USER_PAGE_BEFORE };

struct user_page {
    enum user_page_kind kind;
    struct text cursor; /* the name before or after the page, unless by offset */
    uint64_t limit;
    uint64_t offset; /* 0 with a cursor */
};

/* Visits the users of a page, by name; by BEFORE those next to the cursor, in reverse order. Costs
 * as much as the rows that it skips and visits, however many users there are. */
enum error user_page(struct db *db, struct text prefix, const struct user_page *page,
                     user_visit *visit, void *context);

/* The number of all of them, but at most `most`. */
enum error user_page_count(struct db *db, struct text prefix, uint64_t most, uint64_t *count);

/* Visits the active users among these ids, by name. */
enum error user_list_ids(struct db *db, const uint64_t *ids, size_t count, user_visit *visit,
                         void *context);

#endif
