/*
 * identity: the API user behind a request or a socket, and the credential that proved it.
 *
 * Found by a token (token.h) or by a login session (login_session.h), together with the state of a
 * room: most requests concern one room, and one round trip then tells whether they are allowed and
 * whether anything is new.
 */
#ifndef CONFAB_COMMON_STORE_LOGINS_IDENTITY_H
#define CONFAB_COMMON_STORE_LOGINS_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "db/db.h"
#include "event/event.h"
#include "secrets/secret.h"
#include "store/rooms/room_state.h"
#include "store/transaction.h"
#include "store/users/user.h"

/* An SQL condition: the token or login session with this alias was used within session_idle_days, a
 * variable that each connection has (db/db.c). Uses are noted once an hour. */
#define LOGIN_IS_IN_USE(alias)                                              \
    "(@confab_idle_days IS NULL OR COALESCE(" alias ".last_used_at, " alias \
    ".created_at) > SYSDATE(6) - INTERVAL @confab_idle_days DAY)"

struct identity {
    struct user user; /* is_active is for the caller to check */
    uint64_t token_id;
    uint64_t session_id;    /* one of the two ids is 0 */
    bool session_renewed;   /* the session expires later now: send the cookie again */
    bool use_is_due;        /* see identity_note_use */
    int64_t expires_at;     /* of the token, microseconds since 1970; 0: never, or a session */
    uint64_t rooms_count;   /* rooms the user is in */
    uint64_t last_seq;      /* of the user's own stream */
    bool hides_read;        /* the user does not share read receipts, nor see them */
    uint64_t block_changes; /* of the users whom the user has blocked; 0: never any */
    bool has_preferences;   /* the user has hidden or preferred a room at some time */
    struct room_state room; /* for this user; exists is false if there is none */
};

/* Notes that the credential is in use. To be called if use_is_due is set, which it is at most once
 * an hour: last_used_at is exact to an hour, so that most reads need no write. */
enum error identity_note_use(struct db *db, const struct identity *identity);

/* One of several identities that are looked up by one statement. */
struct identity_query {
    unsigned char hash[SECRET_HASH_SIZE]; /* of the credential's key */
    uint64_t room_id;                     /* 0: no room */
    uint64_t least_seq; /* the last number of the room, or without one of the user, is not below */
    bool must_be_latest; /* in a cluster: as of now, not as of a node that may be behind */
    enum error error;                     /* the answer, as of token_find */
    struct identity identity;
};

/* ---- for token.c, login_session.c and api_key.c ---- */

/* What is to be written about a credential that was found. */
enum identity_due { IDENTITY_DUE_NOTHING, IDENTITY_DUE_USE, IDENTITY_DUE_RENEWAL };

/* An SQL condition: the use of the credential with this alias has been noted within the hour. A
 * time in the future was stored before the clock was set back. */
#define IDENTITY_IS_NOTED(alias) \
    alias ".last_used_at BETWEEN SYSDATE(6) - INTERVAL 1 HOUR AND SYSDATE(6)"

/* Columns of a statement that joins `user u`; then IDENTITY_CREDENTIAL_COUNT columns: the id of the
 * credential, an enum identity_due, and when it expires (NULL: not by itself); then
 * IDENTITY_ROOM_COLUMNS, joined by IDENTITY_ROOM_JOINS (value: the room's id). */
#define IDENTITY_COLUMNS \
    USER_COLUMNS ", u.rooms_count, u.last_seq, u.has_preferences, NOT u.share_read, u.block_changes"
#define IDENTITY_COLUMN_COUNT (USER_COLUMN_COUNT + 5)
#define IDENTITY_CREDENTIAL_COUNT 3
#define IDENTITY_ROOM_COLUMNS ROOM_STATE_COLUMNS_OF("u.user_id", "u.is_guest")
#define IDENTITY_ROOM_JOINS              \
    "LEFT JOIN room r ON r.room_id = ? " \
    "LEFT JOIN member me ON me.room_id = r.room_id AND me.user_id = u.user_id "

/* Reads these columns of the present row; the id of the credential goes to *id. */
enum identity_due identity_from_row(const struct db_rows *rows, bool with_room,
                                    struct identity *identity, uint64_t *id);

/* Reads the only row, and frees the rows. ERROR_UNAUTHENTICATED, *identity zeroed, if there is
 * none. */
enum error identity_read(struct db_rows *rows, bool with_room, struct identity *identity,
                         uint64_t *id, enum identity_due *due);

/* A batch of queries as a table: the value is the JSON of identity_write_queries, [[hash, room],
 * ...]. The place of a query, from 1, comes back as the last column, j.place. */
#define IDENTITY_BATCH                                                                \
    "JSON_TABLE(?, '$[*]' COLUMNS (place FOR ORDINALITY, hash CHAR(64) PATH '$[0]', " \
    "room BIGINT UNSIGNED PATH '$[1]')) j "
#define IDENTITY_BATCH_JOINS                  \
    "LEFT JOIN room r ON r.room_id = j.room " \
    "LEFT JOIN member me ON me.room_id = r.room_id AND me.user_id = u.user_id "

/* Appends the queries as JSON, the value of IDENTITY_BATCH. */
void identity_write_queries(struct buffer *json, const struct identity_query *queries,
                            size_t count);

/* Reads the answers, and frees the rows. */
void identity_read_batch(struct db_rows *rows, bool of_sessions, struct identity_query *queries,
                         size_t count);

/* The statement that finds those of several credentials that exist, by their place in a list of
 * hashes; the caller appends the condition under which they are valid. */
#define IDENTITY_LIVING_SQL(table, hash)                                                         \
    "SELECT STRAIGHT_JOIN j.place FROM JSON_TABLE(?, '$[*]' COLUMNS (place FOR ORDINALITY, "     \
    "hash CHAR(64) PATH '$')) j JOIN " table " ON " hash " = UNHEX(j.hash)"

/* Runs it: sets, for each of several credentials whose hashes follow each other, whether it has
 * ended. */
enum error identity_find_ended(struct db *db, const char *sql, const unsigned char *hashes,
                               size_t count, bool *ended);

/* The statement that deletes one credential, with an event on the user's own stream; the user's
 * row is locked first, as in every transaction. */
#define IDENTITY_END_SQL(table, key) \
    TRANSACTION(                                                                          \
        "DECLARE p_id BIGINT UNSIGNED DEFAULT ?; DECLARE p_user, v_user_seq BIGINT UNSIGNED; ",\
        "SELECT user_id INTO p_user FROM " table " WHERE " key " = p_id; "                \
        "SET v_now = SYSDATE(6); "                                                        \
        "IF p_user IS NULL THEN LEAVE body; END IF; " AUDIT_USER_SQL("p_user")            \
        TRANSACTION_USER_EVENT("p_user", EVENT_SQL(EVENT_CREDENTIALS_CHANGED), "p_user", "0",\
                               "+ 0")                                                     \
        "DELETE FROM " table " WHERE " key " = p_id; ",                                   \
        ", p_user, v_user_seq")

/* Runs such a statement; change->changed is false if there is no credential with this id. */
enum error identity_end_credential(struct db *db, const char *sql, uint64_t id,
                                   struct user_change *change);

#endif
