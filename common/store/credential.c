#include "store/credential.h"

#include <string.h>

#include "event.h"
#include "store/transaction.h"

enum error token_add(struct db *db, uint64_t user_id,
                     const unsigned char hash[SECRET_HASH_SIZE], uint64_t *token_id) {
    static const char SQL[] =
        TRANSACTION("",
                    "INSERT INTO token (user_id, token_hash, created_at) "
                    "VALUES (?, ?, SYSDATE(6)); ",
                    ", LAST_INSERT_ID()");
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, 0, &rows, db_u64(user_id), db_bytes(hash, SECRET_HASH_SIZE));
    if (error)
        return error;
    *token_id = db_next(rows) ? db_get_u64(rows, 1) : 0;
    db_done(rows);
    return ERROR_NONE;
}

/* Reads the user behind a credential and the credential's id in the column after. */
static enum error read_caller(struct db_rows *rows, struct caller *caller, uint64_t *id) {
    enum error error = ERROR_UNAUTHENTICATED;
    memset(caller, 0, sizeof(*caller));
    if (db_next(rows)) {
        user_from_row(rows, 0, &caller->user);
        *id = db_get_u64(rows, USER_COLUMN_COUNT);
        error = ERROR_NONE;
    }
    return error;
}

enum error token_find(struct db *db, const unsigned char hash[SECRET_HASH_SIZE],
                      struct caller *caller) {
    static const char SQL[] = "SELECT " USER_COLUMNS ", t.token_id FROM token t "
                              "JOIN user u ON u.user_id = t.user_id WHERE t.token_hash = ?";
    struct db_rows *rows;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_bytes(hash, SECRET_HASH_SIZE));
    if (error)
        return error;
    error = read_caller(rows, caller, &caller->token_id);
    db_done(rows);
    return error;
}

/* Ends one credential: the user's row is locked first, as everywhere, then it goes. */
#define END_CREDENTIAL(table, key)                                                        \
    TRANSACTION(                                                                          \
        "DECLARE p_id BIGINT UNSIGNED DEFAULT ?; DECLARE p_user, v_user_seq BIGINT UNSIGNED; ",\
        "SELECT user_id INTO p_user FROM " table " WHERE " key " = p_id; "                \
        "SET v_now = SYSDATE(6); "                                                        \
        "IF p_user IS NULL THEN LEAVE body; END IF; "                                     \
        TRANSACTION_USER_EVENT("p_user", EVENT_SQL(EVENT_CREDENTIALS_CHANGED), "p_user", "0",\
                               "+ 0")                                                     \
        "DELETE FROM " table " WHERE " key " = p_id; ",                                   \
        ", p_user, v_user_seq")

static enum error end_credential(struct db *db, const char *sql, uint64_t id,
                                 struct user_change *change) {
    struct db_rows *rows;
    memset(change, 0, sizeof(*change));
    enum error error = DB_RUN(db, sql, DB_REPEATABLE, &rows, db_u64(id));
    if (error)
        return error;
    if (db_next(rows)) {
        error = (enum error)db_get_u64(rows, 0);
        change->user_id = db_get_u64(rows, 1);
        change->seq = db_get_u64(rows, 2);
        change->changed = change->user_id != 0;
    }
    db_done(rows);
    return error;
}

enum error token_end(struct db *db, uint64_t token_id, struct user_change *change) {
    static const char SQL[] = END_CREDENTIAL("token", "token_id");
    return end_credential(db, SQL, token_id, change);
}

enum error token_list(struct db *db, uint64_t user_id, token_visit *visit, void *context) {
    static const char SQL[] =
        "SELECT t.token_id, t.user_id, u.username, t.created_at FROM token t "
        "JOIN user u ON u.user_id = t.user_id WHERE t.user_id = ? OR ? = 0 ORDER BY t.token_id";
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id), db_u64(user_id));
    if (error)
        return error;
    while (db_next(rows)) {
        const struct token token = {db_get_u64(rows, 0), db_get_u64(rows, 1),
                                    db_get_text(rows, 2), db_get_time(rows, 3)};
        visit(context, &token);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error session_add(struct db *db, uint64_t user_id,
                       const unsigned char hash[SECRET_HASH_SIZE], uint64_t days) {
    static const char SQL[] =
        "INSERT INTO session (user_id, session_hash, created_at, expires_at) "
        "VALUES (?, ?, SYSDATE(6), SYSDATE(6) + INTERVAL ? DAY)";
    return DB_RUN(db, SQL, 0, NULL, db_u64(user_id), db_bytes(hash, SECRET_HASH_SIZE),
                  db_u64(days));
}

enum error session_find(struct db *db, const unsigned char hash[SECRET_HASH_SIZE], uint64_t days,
                        struct caller *caller) {
    static const char SQL[] =
        "SELECT " USER_COLUMNS ", s.session_id, "
        "s.expires_at < SYSDATE(6) + INTERVAL ? MINUTE "
        "FROM session s JOIN user u ON u.user_id = s.user_id "
        "WHERE s.session_hash = ? AND s.expires_at > SYSDATE(6)";
    static const char RENEW[] =
        "UPDATE session SET expires_at = SYSDATE(6) + INTERVAL ? DAY WHERE session_id = ?";
    /* Renewing at every request would be a write at every request: a fourteenth of the
     * time may pass first (a day of fourteen). */
    const uint64_t minutes = days * 24 * 60;
    struct db_rows *rows;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(minutes - minutes / 14),
                              db_bytes(hash, SECRET_HASH_SIZE));
    if (error)
        return error;
    error = read_caller(rows, caller, &caller->session_id);
    caller->session_renewed = !error && db_get_bool(rows, USER_COLUMN_COUNT + 1);
    db_done(rows);
    if (!error && caller->session_renewed)
        error = DB_RUN(db, RENEW, DB_REPEATABLE, NULL, db_u64(days), db_u64(caller->session_id));
    return error;
}

enum error session_end(struct db *db, uint64_t session_id, struct user_change *change) {
    static const char SQL[] = END_CREDENTIAL("session", "session_id");
    return end_credential(db, SQL, session_id, change);
}

enum error session_purge(struct db *db, uint64_t limit, uint64_t *dropped) {
    static const char SQL[] = "DELETE FROM session WHERE expires_at < SYSDATE(6) LIMIT ?";
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_u64(limit));
    *dropped = error ? 0 : db_changed(db);
    return error;
}
