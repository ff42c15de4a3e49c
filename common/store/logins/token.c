/* Adding, finding, ending and listing API tokens. A token is random; only its BLAKE2b hash is
 * stored and looked up. A token ends when it is deleted, with its user, or at its expires_at,
 * which those have that users got for a token of the site. */
#include "store/logins/token.h"

#include <string.h>

#include "base/buffer.h"
#include "store/transaction.h"

enum error token_add(struct db *db, uint64_t user_id, const unsigned char hash[SECRET_HASH_SIZE],
                     uint64_t *token_id) {
    /* For tokens of the administrator, who may give them to users that are disabled: no check of
     * the user. */
    static const char SQL[] = TRANSACTION(
        "", "INSERT INTO token (user_id, token_hash, created_at) VALUES (?, ?, SYSDATE(6)); ",
        /* Column 0 is the outcome. */
        ", LAST_INSERT_ID()");
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, 0, &rows, db_u64(user_id), db_bytes(hash, SECRET_HASH_SIZE));
    if (error)
        return error;
    /* 0 without a row, which only a broken server returns. */
    *token_id = db_next(rows) ? db_get_u64(rows, 1) : 0;
    db_done(rows);
    return ERROR_NONE;
}

enum error token_add_expiring(struct db *db, uint64_t user_id,
                              const unsigned char hash[SECRET_HASH_SIZE], uint64_t days,
                              int64_t *expires_at) {
    static const char SQL[] = TRANSACTION(
        "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; DECLARE v_active BOOLEAN; "
        "DECLARE v_expires DATETIME(6); ",
        /* The lock excludes transactions that disable the user. */
        "SELECT is_active INTO v_active FROM user WHERE user_id = p_user FOR UPDATE; "
        "SET v_now = SYSDATE(6); SET v_expires = v_now + INTERVAL ? DAY; "
        "IF v_active IS NULL OR NOT v_active THEN SET v_outcome = 13; LEAVE body; END IF; "
        "INSERT INTO token (user_id, token_hash, created_at, last_used_at, expires_at) "
        "VALUES (p_user, ?, v_now, v_now, v_expires); ",
        ", v_expires");
    struct db_rows *rows;
    enum error error = DB_RUN(db, SQL, 0, &rows, db_u64(user_id), db_u64(days),
                              db_bytes(hash, SECRET_HASH_SIZE));
    if (error)
        return error;
    /* If the user is disabled the outcome is 13 (ERROR_CONFLICT), and *expires_at has no
     * meaning. */
    if (transaction_row(rows, &error)) {
        *expires_at = db_get_time(rows, 1);
    }
    db_done(rows);
    return error;
}

enum error token_add_proved(struct db *db, const struct user_proof *proof,
                            const unsigned char hash[SECRET_HASH_SIZE]) {
    /* One transaction: the proof (the password hash as it was checked) must still be stored. */
    static const char SQL[] = TRANSACTION(USER_PROOF_DECLARATIONS,
                    USER_PROOF_CHECK
                    "INSERT INTO token (user_id, token_hash, created_at, last_used_at) "
                    "VALUES (p_user, ?, v_now, v_now); ",
                    "");
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, 0, &rows, USER_PROOF_VALUES(proof), db_bytes(hash, SECRET_HASH_SIZE));
    return error ? error : transaction_outcome(rows);
}

/* The columns of the credential: see IDENTITY_CREDENTIAL_COUNT. A token is never renewed; 1 is
 * IDENTITY_DUE_USE. */
#define CREDENTIAL_COLUMNS "t.token_id, (" IDENTITY_IS_NOTED("t") ") IS NOT TRUE, t.expires_at"

enum error token_find(struct db *db, const unsigned char hash[SECRET_HASH_SIZE], uint64_t room_id,
                      struct identity *identity) {
#define TOKEN_SQL(room_columns, room_joins)                         \
    "SELECT " IDENTITY_COLUMNS ", " CREDENTIAL_COLUMNS room_columns \
    " FROM token t "                                                \
    "JOIN user u ON u.user_id = t.user_id " room_joins              \
    "WHERE t.token_hash = ? AND " TOKEN_IS_VALID("t")
    /* Two texts, since a request outside of rooms needs no join. */
    static const char ALONE[] = TOKEN_SQL("", "");
    static const char IN_ROOM[] = TOKEN_SQL(", " IDENTITY_ROOM_COLUMNS, IDENTITY_ROOM_JOINS);
#undef TOKEN_SQL
    struct db_rows *rows;
    enum identity_due due;
    const struct db_value key = db_bytes(hash, SECRET_HASH_SIZE);
    /* The value of the room, in the joins, comes before that of the WHERE. */
    enum error error = room_id ? DB_RUN(db, IN_ROOM, DB_REPEATABLE, &rows, db_u64(room_id), key)
                               : DB_RUN(db, ALONE, DB_REPEATABLE, &rows, key);
    if (error)
        return error;
    /* A token that is due for a note is reported in identity->use_is_due by identity_from_row. */
    error = identity_read(rows, room_id != 0, identity, &identity->token_id, &due);
    return error;
}

enum error token_find_many(struct db *db, struct identity_query *queries, size_t count) {
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN " IDENTITY_COLUMNS ", " CREDENTIAL_COLUMNS ", " IDENTITY_ROOM_COLUMNS
        ", j.place "
        "FROM " IDENTITY_BATCH
        /* The server would otherwise estimate a scan of a small table as cheaper. */
        "JOIN token t FORCE INDEX (token_hash) ON t.token_hash = UNHEX(j.hash) "
        "AND " TOKEN_IS_VALID("t") " "
        "JOIN user u ON u.user_id = t.user_id " IDENTITY_BATCH_JOINS;
    /* One query for the sockets that open at the same time. */
    struct buffer json = BUFFER_EMPTY;
    struct db_rows *rows;
    identity_write_queries(&json, queries, count);
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_text((struct text){json.data, json.len}));
    buffer_free(&json);
    if (!error)
        identity_read_batch(rows, false, queries, count);
    return error;
}

void token_member_from_row(const struct db_rows *rows, unsigned first, struct identity *identity) {
    memset(identity, 0, sizeof(*identity));
    /* The row exists only for an active user; nothing else of the user was read. */
    identity->user.id = db_get_u64(rows, first);
    identity->block_changes = db_get_u64(rows, first + 1);
    room_state_from_row(rows, first + TOKEN_MEMBER_USER_COLUMN_COUNT, &identity->room);
    identity->user.is_active = true;
}

enum error token_ended(struct db *db, const unsigned char *hashes, size_t count, bool *ended) {
    /* Tokens that are found and valid have not ended; a missing row means ended. */
    static const char SQL[] =
        IDENTITY_LIVING_SQL("token t FORCE INDEX (token_hash)", "t.token_hash")
        " AND " TOKEN_IS_VALID("t");
    return identity_find_ended(db, SQL, hashes, count, ended);
}

enum error token_purge(struct db *db, uint64_t limit, uint64_t *deleted) {
    /* NOW, which is constant for the statement: with SYSDATE no index would be used. */
    static const char SQL[] = "DELETE FROM token WHERE expires_at < NOW(6) LIMIT ?";
    return db_delete(db, SQL, limit, deleted);
}

enum error token_purge_idle(struct db *db, uint64_t limit, uint64_t *deleted) {
    /* Reads the whole table; no index has the time of the last use. */
    static const char SQL[] = "DELETE FROM token WHERE NOT " LOGIN_IS_IN_USE("token") " LIMIT ?";
    return db_delete(db, SQL, limit, deleted);
}

enum error token_end(struct db *db, uint64_t token_id, struct user_change *change) {
    static const char SQL[] = IDENTITY_END_SQL("token", "token_id");
    return identity_end_credential(db, SQL, token_id, change);
}

enum error token_list(struct db *db, uint64_t user_id, token_visit *visit, void *context) {
    static const char SQL[] =
        "SELECT t.token_id, t.user_id, u.username, t.created_at, t.last_used_at, t.expires_at "
        "FROM token t "
        /* 0: the tokens of all users. */
        "JOIN user u ON u.user_id = t.user_id WHERE t.user_id = ? OR ? = 0 ORDER BY t.token_id";
    struct db_rows *rows;
    /* Bound twice: once compared, once for whether it is 0. */
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id), db_u64(user_id));
    if (error)
        return error;
    while (db_next(rows)) {
        const struct token token = {db_get_u64(rows, 0),  db_get_u64(rows, 1),
                                    db_get_text(rows, 2), db_get_time(rows, 3),
                                    db_get_time(rows, 4), db_get_time(rows, 5)};
        visit(context, &token);
    }
    db_done(rows);
    return ERROR_NONE;
}
