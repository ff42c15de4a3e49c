/*
 * token: API tokens. Only the hash of a key is stored. Ending a token puts an event on the user's
 * stream, which closes the sockets that were opened with it.
 */
#ifndef CONFAB_COMMON_STORE_LOGINS_TOKEN_H
#define CONFAB_COMMON_STORE_LOGINS_TOKEN_H

#include <stdint.h>

#include "db/db.h"
#include "secrets/secret.h"
#include "store/logins/identity.h"
#include "store/users/user.h"

struct token {
    uint64_t id;
    uint64_t user_id;
    struct text username;
    int64_t created_at;
    int64_t last_used_at; /* exact to an hour; 0: never */
    int64_t expires_at;   /* 0: never */
};

typedef void token_visit(void *context, const struct token *token);

/* An SQL condition: the token with this alias has not expired. */
#define TOKEN_IS_VALID(alias)                                                  \
    "(" alias ".expires_at IS NULL OR " alias ".expires_at > SYSDATE(6)) AND " \
    LOGIN_IS_IN_USE(alias)

/* Adds a token of the user, and sets its id. */
enum error token_add(struct db *db, uint64_t user_id, const unsigned char hash[SECRET_HASH_SIZE],
                     uint64_t *token_id);

/* Adds a token for a user who proved the password. ERROR_CONFLICT: the password has been changed or
 * the user disabled since. */
enum error token_add_proved(struct db *db, const struct user_proof *proof,
                            const unsigned char hash[SECRET_HASH_SIZE]);

/* Adds a token that expires after `days`, and sets *expires_at. ERROR_CONFLICT: the user is
 * disabled, or does not exist. */
enum error token_add_expiring(struct db *db, uint64_t user_id,
                              const unsigned char hash[SECRET_HASH_SIZE], uint64_t days,
                              int64_t *expires_at);

/* Finds the identity behind a token's hash, with the state of a room (room_id 0: of none).
 * ERROR_UNAUTHENTICATED if there is no such token. */
enum error token_find(struct db *db, const unsigned char hash[SECRET_HASH_SIZE], uint64_t room_id,
                      struct identity *identity);

/* token_find for several at once, by one statement: when many clients come back together, the
 * round trips cost most. Unless an error is returned, each query has its answer. */
enum error token_find_many(struct db *db, struct identity_query *queries, size_t count);

/* For statements that authenticate a member of a room by token and read from the room in the same
 * round trip. They have no row if the token, the user, the room or the membership is not there, the
 * token has expired or the user is disabled; nor, once an hour, if the use of the token is to be
 * noted, which the ordinary way does. Values: the room, those of further joins, the hash. */
#define TOKEN_MEMBER_COLUMNS TOKEN_MEMBER_USER_COLUMNS ", " ROOM_STATE_COLUMNS
#define TOKEN_MEMBER_COLUMN_COUNT (TOKEN_MEMBER_USER_COLUMN_COUNT + ROOM_STATE_COLUMN_COUNT)
#define TOKEN_MEMBER_USER_COLUMNS "u.user_id, u.block_changes"
#define TOKEN_MEMBER_USER_COLUMN_COUNT 2
#define TOKEN_MEMBER_FROM                                 \
    " FROM token t JOIN user u ON u.user_id = t.user_id " \
    "JOIN room r ON r.room_id = ? "                       \
    "JOIN member me ON me.room_id = r.room_id AND me.user_id = u.user_id "
#define TOKEN_MEMBER_WHERE                                                \
    "WHERE t.token_hash = ? AND u.is_active AND " TOKEN_IS_VALID("t") " AND " \
    IDENTITY_IS_NOTED("t")

/* Sets id and block_changes of the user, that the user is active, and the state of the room; zeroes
 * the rest. */
void token_member_from_row(const struct db_rows *rows, unsigned first, struct identity *identity);

/* Sets, for each of several tokens, whether it has expired or ended. The hashes follow each
 * other. */
enum error token_ended(struct db *db, const unsigned char *hashes, size_t count, bool *ended);

/* Deletes up to `limit` expired tokens; *deleted counts them. */
enum error token_purge(struct db *db, uint64_t limit, uint64_t *deleted);

/* The same for those that were not used within session_idle_days. Reads the whole table. */
enum error token_purge_idle(struct db *db, uint64_t limit, uint64_t *deleted);

/* Deletes a token; change->changed is false if there is none with this id. */
enum error token_end(struct db *db, uint64_t token_id, struct user_change *change);

/* Visits the tokens of one user, or of all (user_id 0), oldest first. */
enum error token_list(struct db *db, uint64_t user_id, token_visit *visit, void *context);

#endif
