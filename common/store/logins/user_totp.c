/* One row of user_totp. Each change names what it expects to find, so that of two requests with the
 * same code one changes nothing, and is refused. Codes are computed in secrets/totp.c; recovery
 * codes are stored as hashes only. */
#include <string.h>

#include "store/logins/user_totp.h"

#include "store/transaction.h"

enum error user_totp_get(struct db *db, uint64_t user_id, struct user_totp *totp) {
    static const char SQL[] =
        "SELECT secret, confirmed_at IS NOT NULL, last_step, recovery "
        "FROM user_totp WHERE user_id = ?";
    struct db_rows *rows;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id));
    if (error)
        return error;
    /* Cleared after the query, so that on failure *totp is as it was. */
    memset(totp, 0, sizeof(*totp));
    error = db_next(rows) ? ERROR_NONE : ERROR_NOT_FOUND;
    if (!error) {
        const struct text secret = db_get_text(rows, 0), recovery = db_get_text(rows, 3);
        /* Only a database that was edited has another size: the zeros match no code. */
        if (secret.len == sizeof(totp->secret))
            memcpy(totp->secret, secret.at, secret.len);
        totp->is_on = db_get_bool(rows, 1);
        totp->last_step = db_get_u64(rows, 2);
        /* One column has the hashes of all recovery codes, one after the other. */
        totp->recovery_count = recovery.len / USER_TOTP_HASH_SIZE;
        /* More than the array holds only if the database was edited: the rest is ignored. */
        if (totp->recovery_count > USER_TOTP_RECOVERY_COUNT)
            totp->recovery_count = USER_TOTP_RECOVERY_COUNT;
        memcpy(totp->recovery, recovery.at, totp->recovery_count * USER_TOTP_HASH_SIZE);
    }
    db_done(rows);
    return error;
}

/* Runs a change of one row; ERROR_CONFLICT if it found none. */
static enum error change(struct db *db, const char *sql, const struct db_value *values,
                         size_t count) {
    /* Not repeatable: after a lost connection the second run would find the change of the first and
     * report a conflict to the user who made it; ERROR_UNAVAILABLE is the truth then. */
    const enum error error = db_run(db, sql, 0, values, count, NULL);
    if (error)
        return error;
    return db_changed(db) > 0 ? ERROR_NONE : ERROR_CONFLICT;
}

#define CHANGE(db, sql, ...)                                    \
    change((db), (sql), (const struct db_value[]){__VA_ARGS__}, \
           sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value))

enum error user_totp_begin(struct db *db, uint64_t user_id,
                           const unsigned char secret[TOTP_SECRET_SIZE]) {
    /* A secret that is confirmed stays; one that is not is replaced. */
    static const char SQL[] =
        "INSERT INTO user_totp (user_id, secret) VALUES (?, ?) ON DUPLICATE KEY UPDATE "
        "secret = IF(confirmed_at IS NULL, VALUES(secret), secret)";
    return CHANGE(db, SQL, db_u64(user_id), db_bytes(secret, TOTP_SECRET_SIZE));
}

enum error user_totp_confirm(struct db *db, uint64_t user_id, const struct user_totp *totp) {
    /* The secret is compared, so that a code that proved an older, replaced secret does not turn on
     * the new one. */
    static const char SQL[] =
        "UPDATE user_totp SET confirmed_at = SYSDATE(6), last_step = ?, recovery = ? "
        "WHERE user_id = ? AND confirmed_at IS NULL AND secret = ?";
    return CHANGE(db, SQL, db_u64(totp->last_step),
                  db_bytes(totp->recovery, totp->recovery_count * USER_TOTP_HASH_SIZE),
                  db_u64(user_id), db_bytes(totp->secret, TOTP_SECRET_SIZE));
}

enum error user_totp_use_step(struct db *db, uint64_t user_id, uint64_t step) {
    /* A last step later than any that is valid now is of a clock that was ahead; see totp_find. */
    static const char SQL[] =
        "UPDATE user_totp SET last_step = ? WHERE user_id = ? "
        "AND confirmed_at IS NOT NULL AND (last_step < ? OR last_step > ? + 2)";
    return CHANGE(db, SQL, db_u64(step), db_u64(user_id), db_u64(step), db_u64(step));
}

enum error user_totp_use_recovery(struct db *db, uint64_t user_id, const struct user_totp *totp,
                                  size_t index) {
    static const char SQL[] =
        "UPDATE user_totp SET recovery = ? WHERE user_id = ? "
        "AND confirmed_at IS NOT NULL AND recovery = ?";
    unsigned char left[USER_TOTP_RECOVERY_SIZE];
    const size_t before = index * USER_TOTP_HASH_SIZE;
    const size_t size = totp->recovery_count * USER_TOTP_HASH_SIZE;
    const size_t after = before + USER_TOTP_HASH_SIZE;
    /* All but the used one. That the column was as read is a condition of the UPDATE. */
    memcpy(left, totp->recovery, before);
    memcpy(left + before, totp->recovery + after, size - after);
    return CHANGE(db, SQL, db_bytes(left, size - USER_TOTP_HASH_SIZE), db_u64(user_id),
                  db_bytes(totp->recovery, size));
}

enum error user_totp_end(struct db *db, uint64_t user_id, bool *ended) {
    /* LEAVE before the end: no entry in the audit for a factor that was not on. */
    static const char SQL[] =
        TRANSACTION("DECLARE v_ended BOOLEAN DEFAULT FALSE; ",
                    "DELETE FROM user_totp WHERE user_id = ?; SET v_ended = ROW_COUNT() > 0; "
                    "IF NOT v_ended THEN LEAVE body; END IF; ",
                    ", v_ended");
    struct db_rows *rows;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id));
    *ended = false;
    if (error)
        return error;
    *ended = transaction_row(rows, &error) && db_get_bool(rows, 1);
    db_done(rows);
    return error;
}
