/* Adding, finding, renewing and ending login sessions, the rows behind the cookies. Only the hash
 * of a cookie's key is stored. expires_at moves ahead while the session is used. The second factor
 * and passwords are not checked here. */
#include "store/logins/login_session.h"

#include "base/buffer.h"
#include "store/logins/token.h"
#include "store/transaction.h"

#define SESSION_IS_VALID "s.expires_at > SYSDATE(6) AND " LOGIN_IS_IN_USE("s")

/* The login is the first use. */
#define INSERT_SESSION                                                                   \
    "INSERT INTO session (user_id, session_hash, created_at, last_used_at, expires_at) " \
    "VALUES (p_user, ?, v_now, v_now, v_now + INTERVAL ? DAY); "

enum error login_session_add_proved(struct db *db, const struct user_proof *proof,
                                    const unsigned char hash[SECRET_HASH_SIZE], uint64_t days) {
    /* One transaction: the proof (the password hash as it was checked) must still be stored. */
    static const char SQL[] =
        TRANSACTION(USER_PROOF_DECLARATIONS, USER_PROOF_CHECK INSERT_SESSION, "");
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, 0, &rows, USER_PROOF_VALUES(proof),
                                    db_bytes(hash, SECRET_HASH_SIZE), db_u64(days));
    return error ? error : transaction_outcome(rows);
}

enum error login_session_add(struct db *db, uint64_t user_id,
                             const unsigned char hash[SECRET_HASH_SIZE], uint64_t days) {
    /* Users who were disabled since the caller's check are refused (13 is ERROR_CONFLICT). The lock
     * makes this login come either before the change, which then ends it, or after. */
    static const char SQL[] = TRANSACTION(
        "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; DECLARE v_active BOOLEAN; ",
        "SELECT is_active INTO v_active FROM user WHERE user_id = p_user FOR UPDATE; "
        "SET v_now = SYSDATE(6); "
        "IF v_active IS NULL OR NOT v_active THEN SET v_outcome = 13; LEAVE body; END IF; "
        INSERT_SESSION,
        "");
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, 0, &rows, db_u64(user_id),
                                    db_bytes(hash, SECRET_HASH_SIZE), db_u64(days));
    return error ? error : transaction_outcome(rows);
}

/* What ends tokens or disables users locks the row of the user first. */
enum error login_session_add_by_token(struct db *db, uint64_t user_id, uint64_t token_id,
                                      const unsigned char hash[SECRET_HASH_SIZE], uint64_t days) {
    static const char SQL[] = TRANSACTION(
        "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; DECLARE p_token BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE v_active BOOLEAN; DECLARE v_token BIGINT UNSIGNED; ",
        "SELECT is_active INTO v_active FROM user WHERE user_id = p_user FOR UPDATE; "
        "SELECT t.token_id INTO v_token FROM token t "
        "WHERE t.token_id = p_token AND t.user_id = p_user AND " TOKEN_IS_VALID("t") "; "
        /* Without FOR UPDATE on the token, for the reason above. */
        "SET v_now = SYSDATE(6); "
        "IF v_active IS NULL OR NOT v_active OR v_token IS NULL THEN "
        /* 13 is ERROR_CONFLICT: the token ended, or the user was disabled, since the caller checked
         * them. */
        "SET v_outcome = 13; LEAVE body; END IF; "
        INSERT_SESSION,
        "");
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, 0, &rows, db_u64(user_id), db_u64(token_id),
                                    db_bytes(hash, SECRET_HASH_SIZE), db_u64(days));
    return error ? error : transaction_outcome(rows);
}

/* A session is renewed when a fourteenth of its time has passed (a day of fourteen), not at each
 * request: that would be a write for every read. */
static uint64_t minutes_left(uint64_t days) {
    /* In minutes, so that session_days 1 has a share of more than 0. */
    const uint64_t minutes = days * 24 * 60;
    return minutes - minutes / 14;
}

/* Whether a session is to be renewed; the values are minutes_left and the days. Also one that would
 * expire later than a new one: the clock was set back since, or session_days was lowered. */
#define IS_DUE \
    "s.expires_at NOT BETWEEN SYSDATE(6) + INTERVAL ? MINUTE AND SYSDATE(6) + INTERVAL ? DAY"

/* The columns of the credential: see IDENTITY_CREDENTIAL_COUNT. An enum identity_due is 2 for a
 * renewal, which notes the use as well. A session does not expire while it is in use: NULL. */
#define CREDENTIAL_COLUMNS                                       \
    "s.session_id, IF(" IS_DUE ", 2, (" IDENTITY_IS_NOTED("s") \
    ") IS NOT TRUE), NULL"

/* A request that reads is served even if the database takes no changes: a later one will renew the
 * session. */
static void renew_session(struct db *db, uint64_t days, struct identity *identity) {
    /* Both columns in one write: a renewal is a use. */
    static const char SQL[] =
        "UPDATE session SET expires_at = SYSDATE(6) + INTERVAL ? DAY, last_used_at = SYSDATE(6) "
        "WHERE session_id = ?";
    identity->session_renewed = DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_u64(days),
                                       db_u64(identity->session_id)) == ERROR_NONE;
}

enum error login_session_find(struct db *db, const unsigned char hash[SECRET_HASH_SIZE],
                              uint64_t days, uint64_t room_id, struct identity *identity) {
/* By the unique key of session_hash, with the user and, if asked for, the room and the
 * membership. */
#define SESSION_SQL(room_columns, room_joins)                          \
    "SELECT " IDENTITY_COLUMNS ", " CREDENTIAL_COLUMNS room_columns     \
    " FROM session s JOIN user u ON u.user_id = s.user_id " room_joins \
    "WHERE s.session_hash = ? AND " SESSION_IS_VALID
    /* Two texts, since a request outside of rooms needs no join. */
    static const char ALONE[] = SESSION_SQL("", "");
    static const char IN_ROOM[] = SESSION_SQL(", " IDENTITY_ROOM_COLUMNS, IDENTITY_ROOM_JOINS);
#undef SESSION_SQL
    const struct db_value left = db_u64(minutes_left(days)), most = db_u64(days);
    /* The order of the values is that of the question marks, SELECT list first. */
    const struct db_value key = db_bytes(hash, SECRET_HASH_SIZE);
    struct db_rows *rows;
    enum error error =
        room_id ? DB_RUN(db, IN_ROOM, DB_REPEATABLE, &rows, left, most, db_u64(room_id), key)
                : DB_RUN(db, ALONE, DB_REPEATABLE, &rows, left, most, key);
    if (error)
        return error;
    enum identity_due due = IDENTITY_DUE_NOTHING;
    /* The room's columns are read only if they were selected. */
    error = identity_read(rows, room_id != 0, identity, &identity->session_id, &due);
    if (!error && due == IDENTITY_DUE_RENEWAL)
        renew_session(db, days, identity);
    return error;
}

enum error login_session_find_many(struct db *db, uint64_t days, struct identity_query *queries,
                                   size_t count) {
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN " IDENTITY_COLUMNS ", " CREDENTIAL_COLUMNS ", " IDENTITY_ROOM_COLUMNS
        /* STRAIGHT_JOIN: from the list of hashes to the sessions, never a scan of all sessions. */
        ", j.place FROM " IDENTITY_BATCH
        "JOIN session s ON s.session_hash = UNHEX(j.hash) "
        "AND " SESSION_IS_VALID " JOIN user u ON u.user_id = s.user_id " IDENTITY_BATCH_JOINS;
    struct buffer json = BUFFER_EMPTY;
    struct db_rows *rows;
    identity_write_queries(&json, queries, count);
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(minutes_left(days)),
                                    db_u64(days), db_text((struct text){json.data, json.len}));
    buffer_free(&json);
    if (error)
        return error;
    identity_read_batch(rows, true, queries, count);
    /* After the rows were read; few sessions of a batch are due. session_renewed means due at this
     * point; renew_session sets it to whether it was done. */
    for (size_t i = 0; i < count; i++)
        if (queries[i].identity.session_renewed)
            renew_session(db, days, &queries[i].identity);
    return ERROR_NONE;
}

enum error login_session_ended(struct db *db, const unsigned char *hashes, size_t count,
                               bool *ended) {
    static const char SQL[] =
        IDENTITY_LIVING_SQL("session s", "s.session_hash") " AND " SESSION_IS_VALID;
    return identity_find_ended(db, SQL, hashes, count, ended);
}

enum error login_session_end(struct db *db, uint64_t session_id, struct user_change *change) {
    static const char SQL[] = IDENTITY_END_SQL("session", "session_id");
    return identity_end_credential(db, SQL, session_id, change);
}

enum error login_session_purge_idle(struct db *db, uint64_t limit, uint64_t *deleted) {
    /* No index has the time of the last use: housekeeping alone reads the table. */
    static const char SQL[] =
        "DELETE FROM session WHERE NOT " LOGIN_IS_IN_USE("session") " LIMIT ?";
    return db_delete(db, SQL, limit, deleted);
}

enum error login_session_purge(struct db *db, uint64_t days, uint64_t limit, uint64_t *dropped) {
    /* In slices, so that locks are short; housekeeping calls again while rows are found. */
    static const char EXPIRED[] = "DELETE FROM session WHERE expires_at < NOW(6) LIMIT ?";
    /* Sessions that would expire later than a new one: the clock was set back since. */
    static const char CAP[] =
        "UPDATE session SET expires_at = NOW(6) + INTERVAL ? DAY "
        "WHERE expires_at > NOW(6) + INTERVAL ? DAY LIMIT ?";
    *dropped = 0;
    enum error error = DB_RUN(db, EXPIRED, DB_REPEATABLE, NULL, db_u64(limit));
    if (error)
        return error;
    /* Read before the next statement overwrites it. */
    *dropped = db_changed(db);
    return DB_RUN(db, CAP, DB_REPEATABLE, NULL, db_u64(days), db_u64(days), db_u64(limit));
}
