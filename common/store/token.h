/*
 * credential: tokens and sessions, what a caller shows to say who it is.
 *
 * Only hashes of keys are stored. Ending one puts an event on the user's stream, so
 * that open sockets that were opened with it close.
 */
#ifndef CONFAB_STORE_CREDENTIAL_H
#define CONFAB_STORE_CREDENTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "db/db.h"
#include "store/room_state.h"
#include "store/user.h"

/* Who calls, by which credential (one of the two ids is 0), and the state of the room
 * that was asked for along with it: most requests are about one room, and one round trip
 * then tells whether they are allowed and whether anything is new. */
struct identity {
    struct user user;
    uint64_t token_id;
    uint64_t session_id;
    bool session_renewed;   /* the session's end was moved: send the cookie again */
    uint64_t rooms_count;   /* rooms the user is in */
    uint64_t last_seq;      /* of the user's own stream */
    struct room_state room; /* as the user has it; exists is false if there is none */
};

struct token {
    uint64_t id;
    uint64_t user_id;
    struct text username;
    int64_t created_at;
};

typedef void token_visit(void *context, const struct token *token);

/* Adds a token of the user. */
enum error token_add(struct db *db, uint64_t user_id, const unsigned char hash[SECRET_HASH_SIZE],
                     uint64_t *token_id);

/* Finds the caller by a token's hash, and the state of a room (room_id 0: of none).
 * ERROR_UNAUTHENTICATED if there is no such token; user.is_active is for the caller of this
 * to check. */
enum error token_find(struct db *db, const unsigned char hash[SECRET_HASH_SIZE], uint64_t room_id,
                      struct identity *identity);

/* For statements that authenticate a member of a room by token and read from the room in the same
 * round trip. They have no row if the token, the user, the room or the membership is not there, or
 * the user is disabled. Values: the room, those of further joins, the hash. */
#define TOKEN_MEMBER_COLUMNS ROOM_STATE_COLUMNS ", u.user_id"
#define TOKEN_MEMBER_COLUMN_COUNT (ROOM_STATE_COLUMN_COUNT + 1)
#define TOKEN_MEMBER_FROM                                 \
    " FROM token t JOIN user u ON u.user_id = t.user_id " \
    "JOIN room r ON r.room_id = ? "                       \
    "JOIN member me ON me.room_id = r.room_id AND me.user_id = u.user_id "
#define TOKEN_MEMBER_WHERE "WHERE t.token_hash = ? AND u.is_active"

/* Sets the id of the user, that the user is active, and the state of the room; zeroes the rest. */
void token_member_from_row(const struct db_rows *rows, unsigned first, struct identity *identity);

/* Ends a token; changed is false when there is none with this id. */
enum error token_end(struct db *db, uint64_t token_id, struct user_change *change);

/* Visits the tokens of one user, or of all (user_id 0), oldest first. */
enum error token_list(struct db *db, uint64_t user_id, token_visit *visit, void *context);

/* Adds a session that lasts for `days`. */
enum error login_session_add(struct db *db, uint64_t user_id,
                             const unsigned char hash[SECRET_HASH_SIZE], uint64_t days);

/* Finds the caller by a session's hash likewise, and moves its end to `days` from now when more
 * than a fourteenth of that is gone. ERROR_UNAUTHENTICATED if there is none or it has ended. */
enum error login_session_find(struct db *db, const unsigned char hash[SECRET_HASH_SIZE],
                              uint64_t days, uint64_t room_id, struct identity *identity);

/* Ends a session. */
enum error login_session_end(struct db *db, uint64_t session_id, struct user_change *change);

/* One of several auth_batch who are asked for together. */
struct identity_query {
    unsigned char hash[SECRET_HASH_SIZE];
    uint64_t room_id; /* 0: of none */
    enum error error; /* the answer, as of token_find or login_session_find */
    struct identity identity;
};

/* The same as token_find or login_session_find for several at once, by one statement: when many
 * come back, the way to the database and back is what costs most. Unless it returns an error
 * each question has its answer. */
enum error token_find_many(struct db *db, struct identity_query *questions, size_t count);
enum error login_session_find_many(struct db *db, uint64_t days, struct identity_query *questions,
                                   size_t count);

/* Drops up to `limit` sessions that have run out. */
enum error login_session_purge(struct db *db, uint64_t limit, uint64_t *dropped);

#endif
