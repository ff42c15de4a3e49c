/* Mails to users, as rows: due_at is when one is to be sent, NULL once it was. Kind 1 confirms an
 * address, kind 2 sets a new password (enum account_mail_kind). The mails themselves are written by
 * the worker. */
#include "store/logins/account_mail.h"

#include <stdio.h>

#include "store/transaction.h"

/* Mails of a kind to one user that may be pending or valid at a time. */
#define MOST "3"

/* Users of one address. */
#define USERS_MOST "5"

/* A mail is tried five times at most; each wait is two minutes longer than the one before. */
#define TRIES_MOST "5"

/* An SQL condition: the token of the mail is valid. Values: the hash of the token, and the kind. */
#define VALID "token_hash = ? AND kind = ? AND expires_at > SYSDATE(6)"

enum error account_mail_confirm(struct db *db, uint64_t user_id, struct text email) {
    /* The limit is part of the statement. Two requests at once may both pass it; it is against
     * floods, not exact. */
    static const char SQL[] =
        "INSERT INTO account_mail (user_id, kind, email, created_at, due_at) "
        "SELECT u.user_id, 1, ?, SYSDATE(6), SYSDATE(6) FROM user u WHERE u.user_id = ? "
        "AND u.is_active AND (SELECT COUNT(*) FROM account_mail a WHERE a.user_id = u.user_id "
        "AND a.kind = 1) < " MOST;
    return DB_RUN(db, SQL, 0, NULL, db_text(email), db_u64(user_id));
}

enum error account_mail_reset(struct db *db, struct text email) {
    /* By the index of email_key, the lower-case form of the address. Nothing is returned, so that
     * the answer does not reveal whether the address is known. */
    static const char SQL[] =
        "INSERT INTO account_mail (user_id, kind, email, created_at, due_at) "
        "SELECT u.user_id, 2, u.email, SYSDATE(6), SYSDATE(6) FROM user u "
        "WHERE u.email_key = LOWER(?) AND u.email_verified AND u.is_active "
        "AND u.password_hash <> '' AND (SELECT COUNT(*) FROM account_mail a "
        "WHERE a.user_id = u.user_id AND a.kind = 2) < " MOST " LIMIT " USERS_MOST;
    return DB_RUN(db, SQL, 0, NULL, db_text(email));
}

/* Reads the columns of MAIL_SELECT. */
static void read_mail(const struct db_rows *rows, struct account_mail *mail) {
    /* Names and addresses are bounded by the schema; snprintf cuts them if the database was
     * edited. */
    const struct text name = db_get_text(rows, 3), email = db_get_text(rows, 4);
    mail->id = db_get_u64(rows, 0);
    mail->user_id = db_get_u64(rows, 1);
    mail->kind = (enum account_mail_kind)db_get_u64(rows, 2);
    snprintf(mail->username, sizeof(mail->username), "%.*s", (int)name.len, name.at);
    snprintf(mail->email, sizeof(mail->email), "%.*s", (int)email.len, email.at);
}

#define MAIL_SELECT                                                     \
    "SELECT a.account_mail_id, a.user_id, a.kind, u.username, a.email " \
    "FROM account_mail a JOIN user u ON u.user_id = a.user_id AND u.is_active "

enum error account_mail_claim(struct db *db, const unsigned char token_hash[SECRET_HASH_SIZE],
                              struct account_mail *mail) {
    /* By KEY due_at. Sent mails have NULL there and are not read. */
    static const char NEXT[] = MAIL_SELECT "WHERE a.due_at <= SYSDATE(6) ORDER BY a.due_at LIMIT 1";
    /* The next try is set before this one, so that a worker that dies while sending delays the
     * mail only. The token is replaced with each try: an earlier one, which may have arrived,
     * is not valid any more. */
    static const char CLAIM[] =
        "UPDATE account_mail SET tries = tries + 1, token_hash = ?, "
        "expires_at = SYSDATE(6) + INTERVAL ? MINUTE, "
        "due_at = SYSDATE(6) + INTERVAL 2 * tries MINUTE "
        "WHERE account_mail_id = ? AND due_at <= SYSDATE(6)";
    struct db_rows *rows;
    *mail = (struct account_mail){0};
    enum error error = db_run(db, NEXT, DB_REPEATABLE, NULL, 0, &rows);
    if (error)
        return error;
    if (db_next(rows))
        read_mail(rows, mail);
    db_done(rows);
    /* Nothing is due. */
    if (!mail->id)
        return ERROR_NONE;
    error = DB_RUN(db, CLAIM, 0, NULL, db_bytes(token_hash, SECRET_HASH_SIZE),
                   db_u64(ACCOUNT_MAIL_MINUTES), db_u64(mail->id));
    /* Another worker was faster. */
    if (!error && db_changed(db) == 0)
        mail->id = 0;
    return error;
}

enum error account_mail_record(struct db *db, uint64_t id, bool was_sent) {
    /* A failed try changes nothing but the last one: due_at was set by the claim. */
    static const char SENT[] = "UPDATE account_mail SET due_at = NULL WHERE account_mail_id = ?";
    static const char GIVEN_UP[] =
        "DELETE FROM account_mail WHERE account_mail_id = ? AND tries >= " TRIES_MOST;
    return DB_RUN(db, was_sent ? SENT : GIVEN_UP, DB_REPEATABLE, NULL, db_u64(id));
}

enum error account_mail_find(struct db *db, enum account_mail_kind kind,
                             const unsigned char token_hash[SECRET_HASH_SIZE],
                             struct account_mail *mail) {
    static const char SQL[] = MAIL_SELECT "WHERE a." VALID;
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_bytes(token_hash, SECRET_HASH_SIZE), db_u64(kind));
    if (error)
        return error;
    const bool found = db_next(rows);
    if (found)
        read_mail(rows, mail);
    db_done(rows);
    /* Wrong, expired and used tokens are one answer. */
    return found ? ERROR_NONE : ERROR_NOT_FOUND;
}

/* Deletes all tokens of this kind that the owner of this token has, then runs `what`. */
#define USE(kind, what) \
    TRANSACTION(                                                                               \
        "DECLARE p_hash BINARY(32) DEFAULT ?; DECLARE v_user BIGINT UNSIGNED; "                \
        "DECLARE v_email VARCHAR(254) CHARACTER SET utf8mb4; ",                                \
        "SET v_now = SYSDATE(6); SELECT user_id, email INTO v_user, v_email "                  \
        "FROM account_mail WHERE token_hash = p_hash AND kind = " kind                         \
        " AND expires_at > v_now FOR UPDATE; "                                                 \
        "IF v_user IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "                       \
        "DELETE FROM account_mail WHERE user_id = v_user AND kind = " kind "; " what,          \
        "")

enum error account_mail_use_confirm(struct db *db,
                                    const unsigned char token_hash[SECRET_HASH_SIZE]) {
    static const char SQL[] = USE("1",
                                  /* The address is the one that the mail was sent to, not the
                                   * present one of the user. An UPDATE that changes nothing
                                   * (confirmed twice) is not an error: second condition. */
                                  "UPDATE user SET email = v_email, email_verified = TRUE "
                                  "WHERE user_id = v_user AND is_active; "
                                  "IF ROW_COUNT() = 0 AND NOT EXISTS (SELECT 1 FROM user "
                                  "WHERE user_id = v_user AND is_active) THEN "
                                  "SET v_outcome = 4; END IF; ");
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, 0, &rows, db_bytes(token_hash, SECRET_HASH_SIZE));
    return error ? error : transaction_outcome(rows);
}

enum error account_mail_use_reset(struct db *db, const unsigned char token_hash[SECRET_HASH_SIZE]) {
    /* The password is changed by the caller, after the token is used up: no token works twice, even
     * if the change fails. */
    static const char SQL[] = USE("2", "");
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, 0, &rows, db_bytes(token_hash, SECRET_HASH_SIZE));
    return error ? error : transaction_outcome(rows);
}

enum error account_mail_purge(struct db *db, uint64_t limit, uint64_t *deleted) {
    /* One that was sent expires; one that was not is of no use after an hour. */
    static const char SQL[] =
        "DELETE FROM account_mail WHERE created_at < NOW(6) - INTERVAL 1 HOUR "
        "AND (expires_at IS NULL OR expires_at < NOW(6)) LIMIT ?";
    return db_delete(db, SQL, limit, deleted);
}
