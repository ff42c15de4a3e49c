/*
 * user: accounts.
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

/* Columns of a user aliased u, how many they are, and their reader. */
#define USER_COLUMNS "u.user_id, u.username, u.is_active, u.is_staff, u.created_at"
#define USER_COLUMN_COUNT 5
void user_from_row(const struct db_rows *rows, unsigned first, struct user *user);

/* Adds a user and, when token_hash is not NULL, a first token, at once. *id is the new
 * user's. ERROR_CONFLICT: the name is taken. */
enum error user_add(struct db *db, struct text name, const char *password_hash,
                    const unsigned char *token_hash, uint64_t *id);

/* Finds a user by name, without regard to case, and copies the password's hash into
 * hash unless that is NULL. ERROR_NOT_FOUND if there is none. */
enum error user_by_name(struct db *db, struct text name, struct user *user,
                        char hash[SECRET_PASSWORD_SIZE]);

/* Finds a user by id, likewise. */
enum error user_by_id(struct db *db, uint64_t id, struct user *user,
                      char hash[SECRET_PASSWORD_SIZE]);

/* A change that reaches a user's open sockets through the user's stream. */
struct user_change {
    bool changed;
    uint64_t user_id;
    uint64_t seq; /* of the event on the user's stream; 0: none */
};

/* Stores a new password hash and ends every token and session of the user but the kept
 * ones (0: none is kept). ERROR_NOT_FOUND if there is no such user. */
enum error user_set_password(struct db *db, uint64_t id, const char *password_hash,
                             uint64_t kept_token, uint64_t kept_session,
                             struct user_change *change);

/* Stores a hash of the same password made at another cost; ends nothing. */
enum error user_refresh_password(struct db *db, uint64_t id, const char *password_hash);

/* Enables or disables the account; its credentials stay, and work while it is active. */
enum error user_set_active(struct db *db, uint64_t id, bool is_active, struct user_change *change);

/* Sets or clears the staff mark. */
enum error user_set_staff(struct db *db, uint64_t id, bool is_staff);

/* Visits users whose name starts with prefix (all for an empty one), by name. Only the
 * active ones unless all is set. */
enum error user_list(struct db *db, struct text prefix, bool all, uint64_t limit, uint64_t offset,
                     user_visit *visit, void *context);

/* How many user_list has in all. */
enum error user_count(struct db *db, struct text prefix, bool all, uint64_t *count);

/* Visits the active users of the given ids, by name. */
enum error user_list_ids(struct db *db, const uint64_t *ids, size_t count, user_visit *visit,
                         void *context);

#endif
