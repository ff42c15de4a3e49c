/* User accounts: reading one, the transactions that change credentials, and lists. A change of
 * credentials ends tokens and sessions and leaves an event in the user's own stream, by which pushd
 * closes the sockets that used them. Names are compared without regard to case, by the collation of
 * the column. */
#include "store/users/user.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/xalloc.h"
#include "event/event.h"
#include "store/transaction.h"
#include "store/users/profile.h"

void user_from_row(const struct db_rows *rows, unsigned first, struct user *user) {
    const struct text name = db_get_text(rows, first + 1);
    user->id = db_get_u64(rows, first);
    /* The name is bounded by the schema. */
    snprintf(user->name, sizeof(user->name), "%.*s", (int)name.len, name.at);
    user->is_active = db_get_bool(rows, first + 2);
    user->is_staff = db_get_bool(rows, first + 3);
    user->created_at = db_get_time(rows, first + 4);
    user->is_moderator = db_get_bool(rows, first + 5);
    user->is_guest = db_get_bool(rows, first + 6);
}

enum error user_add(struct db *db, struct text name, const char *password_hash,
                    const unsigned char *token_hash, const unsigned char *address, uint64_t *id) {
    static const char SQL[] = TRANSACTION(
        "DECLARE p_name VARCHAR(32) CHARACTER SET utf8mb4 DEFAULT ?; "
        "DECLARE p_password VARCHAR(128) CHARACTER SET utf8mb4 DEFAULT ?; "
        "DECLARE p_token BINARY(32) DEFAULT ?; DECLARE p_address BINARY(16) DEFAULT ?; "
        "DECLARE v_user BIGINT UNSIGNED; ",
        "SET v_now = SYSDATE(6); "
        /* A name that is taken fails as a duplicate: ERROR_CONFLICT. */
        "INSERT INTO user (username, password_hash, created_at) "
        "VALUES (p_name, p_password, v_now); "
        "SET v_user = LAST_INSERT_ID(); "
        /* The account may begin with a token, and with the address it was made from as a known
         * one. */
        "IF p_token IS NOT NULL THEN "
        "INSERT INTO token (token_hash, user_id, created_at, last_used_at) "
        "VALUES (p_token, v_user, v_now, v_now); END IF; "
        "IF p_address IS NOT NULL THEN INSERT INTO known_address (user_id, address, seen_at) "
        "VALUES (v_user, p_address, v_now); END IF; "
        /* A name of one word is found by its beginning. */
        "IF p_name REGEXP '[-._]' THEN " PROFILE_WORDS("v_user") "END IF; "
        AUDIT_USER_SQL("v_user"),
        ", v_user");
    struct db_rows *rows;
    const struct db_value token =
        token_hash ? db_bytes(token_hash, SECRET_HASH_SIZE) : db_str(NULL);
    const struct db_value known = address ? db_bytes(address, USER_ADDRESS_SIZE) : db_str(NULL);
    /* Not repeatable: a second run would report the user's own name as taken. */
    const enum error error =
        DB_RUN(db, SQL, 0, &rows, db_text(name), db_str(password_hash), token, known);
    if (error)
        return error;
    *id = db_next(rows) ? db_get_u64(rows, 1) : 0;
    db_done(rows);
    /* 0 without a row, which is a fault of the server. */
    return *id ? ERROR_NONE : ERROR_INTERNAL;
}

/* How long an address from which a user has logged in is known. */
#define KNOWN_DAYS "30"

/* Reads the only row, a user followed by the hash of the password and, unless is_known is NULL,
 * whether the address is known; frees the rows. */
static enum error read_user(struct db_rows *rows, struct user *user,
                            char hash[SECRET_PASSWORD_SIZE], bool *is_known) {
    enum error error = ERROR_NOT_FOUND;
    if (db_next(rows)) {
        user_from_row(rows, 0, user);
        /* The hash follows the columns of the user. */
        const struct text stored = db_get_text(rows, USER_COLUMN_COUNT);
        /* `hash` is NULL for callers that check no password. */
        if (hash)
            snprintf(hash, SECRET_PASSWORD_SIZE, "%.*s", (int)stored.len, stored.at);
        if (is_known)
            *is_known = db_get_bool(rows, USER_COLUMN_COUNT + 1);
        error = ERROR_NONE;
    }
    db_done(rows);
    return error;
}

enum error user_by_name(struct db *db, struct text name, struct user *user,
                        char hash[SECRET_PASSWORD_SIZE]) {
    /* By the unique key of username, whose collation ignores case. */
    static const char SQL[] =
        "SELECT " USER_COLUMNS ", u.password_hash FROM user u WHERE u.username = ?";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_text(name));
    return error ? error : read_user(rows, user, hash, NULL);
}

enum error user_first(struct db *db, struct user *user) {
    static const char SQL[] =
        "SELECT " USER_COLUMNS ", u.password_hash FROM user u "
        "WHERE u.is_active AND NOT u.is_guest ORDER BY u.username LIMIT 1";
    struct db_rows *rows;
    const enum error error = db_run(db, SQL, DB_REPEATABLE, NULL, 0, &rows);
    return error ? error : read_user(rows, user, NULL, NULL);
}

enum error user_by_id(struct db *db, uint64_t id, struct user *user,
                      char hash[SECRET_PASSWORD_SIZE]) {
    static const char SQL[] =
        "SELECT " USER_COLUMNS ", u.password_hash FROM user u WHERE u.user_id = ?";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(id));
    return error ? error : read_user(rows, user, hash, NULL);
}

enum error user_by_login(struct db *db, struct text name,
                         const unsigned char address[USER_ADDRESS_SIZE], struct user *user,
                         char hash[SECRET_PASSWORD_SIZE], bool *is_known) {
    /* One row with the user; the address is joined only if it was seen within KNOWN_DAYS. */
    static const char SQL[] =
        "SELECT " USER_COLUMNS
        ", u.password_hash, k.user_id IS NOT NULL FROM user u "
        "LEFT JOIN known_address k ON k.user_id = u.user_id AND k.address = ? "
        "AND k.seen_at > SYSDATE(6) - INTERVAL " KNOWN_DAYS " DAY WHERE u.username = ?";
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_bytes(address, USER_ADDRESS_SIZE), db_text(name));
    /* Set also if the query fails. */
    *is_known = false;
    return error ? error : read_user(rows, user, hash, is_known);
}

enum error user_purge_addresses(struct db *db, uint64_t limit, uint64_t *deleted) {
    static const char SQL[] =
        "DELETE FROM known_address WHERE seen_at < NOW(6) - INTERVAL " KNOWN_DAYS
        " DAY LIMIT ?";
    return db_delete(db, SQL, limit, deleted);
}

enum error user_change_read(enum error error, struct db_rows *rows, uint64_t id,
                            struct user_change *change) {
    /* For the caller's log also on failure. */
    *change = (struct user_change){.user_id = id};
    if (error)
        return error;
    if (transaction_row(rows, &error)) {
        change->changed = error == ERROR_NONE && db_get_bool(rows, 1);
        change->seq = change->changed ? db_get_u64(rows, 2) : 0;
    }
    db_done(rows);
    return error;
}

/* Locks the row of the user; 4 (not found) if there is none. */
#define FIND_USER                                                                  \
    "SELECT is_active INTO v_active FROM user WHERE user_id = p_user FOR UPDATE; " \
    "SET v_now = SYSDATE(6); "                                                     \
    "IF v_active IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "

#define CREDENTIALS_CHANGED \
    TRANSACTION_USER_EVENT("p_user", EVENT_SQL(EVENT_CREDENTIALS_CHANGED), "p_user", "0", "+ 0")

/* A repeated run finds the new hash stored by the first one. */
enum error user_set_password(struct db *db, uint64_t id, const char *old_hash,
                             const char *password_hash, uint64_t kept_token, uint64_t kept_session,
                             struct user_change *change) {
    /* p_old: the hash that the old password was checked against; NULL: set by the administrator,
     * without a check. */
    static const char SQL[] = TRANSACTION(
        "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_old, p_hash, v_hash VARCHAR(128) CHARACTER SET utf8mb4 "
        "COLLATE utf8mb4_nopad_bin; "
        "DECLARE p_token, p_session, v_user_seq BIGINT UNSIGNED; DECLARE v_active BOOLEAN; ",
        "SET p_old = ?; SET p_hash = ?; SET p_token = ?; SET p_session = ?; "
        FIND_USER
        "SELECT password_hash INTO v_hash FROM user WHERE user_id = p_user; "
        /* 13 (ERROR_CONFLICT): the password was changed meanwhile, or the user disabled, and the
         * check does not count any more. */
        "IF p_old IS NOT NULL AND (NOT v_active OR (v_hash <> p_old AND v_hash <> p_hash)) THEN "
        "SET v_outcome = 13; LEAVE body; END IF; "
        "UPDATE user SET password_hash = p_hash WHERE user_id = p_user; "
        /* All other credentials end; 0 keeps none, as ids start at 1. */
        "DELETE FROM token WHERE user_id = p_user AND token_id <> p_token; "
        "DELETE FROM session WHERE user_id = p_user AND session_id <> p_session; "
        CREDENTIALS_CHANGED,
        ", TRUE, v_user_seq");
    struct db_rows *rows;
    /* The hash of the token or session that the request came with stays valid, so that the user is
     * not logged out by the change. */
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(id), db_str(old_hash), db_str(password_hash),
               db_u64(kept_token), db_u64(kept_session));
    return user_change_read(error, rows, id, change);
}

enum error user_end_credentials(struct db *db, uint64_t id, uint64_t kept_token,
                                uint64_t kept_session, struct user_change *change) {
    static const char SQL[] = TRANSACTION(
        "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_token, p_session, v_user_seq BIGINT UNSIGNED; DECLARE v_active BOOLEAN; ",
        "SET p_token = ?; SET p_session = ?; "
        FIND_USER
        "DELETE FROM token WHERE user_id = p_user AND token_id <> p_token; "
        "DELETE FROM session WHERE user_id = p_user AND session_id <> p_session; "
        CREDENTIALS_CHANGED,
        ", TRUE, v_user_seq");
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(id), db_u64(kept_token),
                                    db_u64(kept_session));
    return user_change_read(error, rows, id, change);
}

enum error user_set_active(struct db *db, uint64_t id, bool is_active, struct user_change *change) {
    static const char SQL[] = TRANSACTION(
        "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; DECLARE p_active BOOLEAN DEFAULT ?; "
        "DECLARE v_user_seq BIGINT UNSIGNED; DECLARE v_active BOOLEAN; "
        "DECLARE v_changed BOOLEAN DEFAULT FALSE; ",
        FIND_USER
        /* 3: an erased account stays erased. */
        "IF p_active AND EXISTS (SELECT 1 FROM user WHERE user_id = p_user "
        "AND erased_at IS NOT NULL) THEN SET v_outcome = 3; LEAVE body; END IF; "
        /* A ban from the site is kept; what changes is the state of the user after it. */
        "UPDATE ban SET was_active = p_active WHERE room_id = 0 AND user_id = p_user; "
        "IF EXISTS (SELECT 1 FROM ban WHERE room_id = 0 AND user_id = p_user) THEN "
        "LEAVE body; END IF; "
        /* The user is in this state already: no change and no event. */
        "IF v_active = p_active THEN LEAVE body; END IF; "
        "UPDATE user SET is_active = p_active WHERE user_id = p_user; "
        /* Disabling leaves the credentials, which are refused while the user is disabled; enabling
         * deletes them. */
        "IF p_active THEN DELETE FROM token WHERE user_id = p_user; "
        "DELETE FROM session WHERE user_id = p_user; END IF; "
        "SET v_changed = TRUE; " AUDIT_USER_SQL("p_user")
        CREDENTIALS_CHANGED,
        ", v_changed, v_user_seq");
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(id), db_bool(is_active));
    return user_change_read(error, rows, id, change);
}

enum error user_set_share_read(struct db *db, uint64_t id, bool share_read,
                               struct user_change *change) {
    static const char SQL[] = TRANSACTION(
        "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; DECLARE p_share BOOLEAN DEFAULT ?; "
        "DECLARE v_user_seq BIGINT UNSIGNED; DECLARE v_active, v_share BOOLEAN; "
        "DECLARE v_changed BOOLEAN DEFAULT FALSE; ",
        FIND_USER
        /* Compared, so that no event is sent for nothing. */
        "SELECT share_read INTO v_share FROM user WHERE user_id = p_user; "
        "IF v_share = p_share THEN LEAVE body; END IF; "
        "UPDATE user SET share_read = p_share WHERE user_id = p_user; "
        "SET v_changed = TRUE; "
        CREDENTIALS_CHANGED,
        ", v_changed, v_user_seq");
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(id), db_bool(share_read));
    return user_change_read(error, rows, id, change);
}

/* Sets a column of the user, unless it has the value, or the account was erased. */
#define SET_FLAG(column)                                                                   \
    TRANSACTION("DECLARE p_flag BOOLEAN DEFAULT ?; DECLARE p_user BIGINT UNSIGNED DEFAULT ?; ", \
                "UPDATE user SET " column " = p_flag WHERE user_id = p_user "              \
                "AND erased_at IS NULL; "                                                  \
                "IF ROW_COUNT() = 0 THEN LEAVE body; END IF; " AUDIT_USER_SQL("p_user"), "")

enum error user_set_staff(struct db *db, uint64_t id, bool is_staff) {
    static const char SQL[] = SET_FLAG("is_staff");
    /* The audit has the change only if there was one (ROW_COUNT). */
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_bool(is_staff), db_u64(id));
}

enum error user_set_moderator(struct db *db, uint64_t id, bool is_moderator) {
    static const char SQL[] = SET_FLAG("is_moderator");
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_bool(is_moderator), db_u64(id));
}

/* ---- lists ---- */

/* Visits all rows of a list of users. */
static enum error visit_users(struct db_rows *rows, user_visit *visit, void *context) {
    struct user user;
    while (db_next(rows)) {
        user_from_row(rows, 0, &user);
        visit(context, &user);
    }
    db_done(rows);
    return ERROR_NONE;
}

/* Writes the LIKE pattern for "starts with prefix", with wildcards escaped. For the collation an
 * accented letter equals the plain one; names are ASCII, so other bytes are replaced by one that no
 * name contains. */
static void make_pattern(struct text prefix, struct buffer *pattern) {
    for (size_t i = 0; i < prefix.len; i++) {
        /* strchr finds the terminator too. */
        if (strchr("\\%_", prefix.at[i]) && prefix.at[i] != '\0')
            buffer_append_char(pattern, '\\');
        buffer_append_char(pattern, (unsigned char)prefix.at[i] < 0x80 ? prefix.at[i] : '\x01');
    }
    buffer_append_char(pattern, '%');
}

enum error user_list(struct db *db, struct text prefix, bool all, uint64_t limit, uint64_t offset,
                     user_visit *visit, void *context) {
    /* `all`: also disabled users. LIKE with a fixed beginning is a range of the index of names. */
    static const char SQL[] = "SELECT " USER_COLUMNS
                              " FROM user u "
                              "WHERE u.username LIKE ? AND (u.is_active OR ?) "
                              "ORDER BY u.username LIMIT ? OFFSET ?";
    struct buffer pattern = BUFFER_EMPTY;
    struct db_rows *rows;
    make_pattern(prefix, &pattern);
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_text((struct text){pattern.data, pattern.len}),
               db_bool(all), db_u64(limit), db_u64(offset));
    buffer_free(&pattern);
    return error ? error : visit_users(rows, visit, context);
}

enum error user_count(struct db *db, struct text prefix, bool all, uint64_t *count) {
    /* For confabctl: counted in full. */
    static const char SQL[] =
        "SELECT COUNT(*) FROM user u WHERE u.username LIKE ? AND (u.is_active OR ?)";
    struct buffer pattern = BUFFER_EMPTY;
    make_pattern(prefix, &pattern);
    const enum error error =
        DB_NUMBER(db, SQL, count, db_text((struct text){pattern.data, pattern.len}), db_bool(all));
    buffer_free(&pattern);
    return error;
}

bool user_is_bot(struct db *db, uint64_t id) {
    static const char SQL[] = "SELECT is_bot FROM user WHERE user_id = ?";
    struct db_rows *rows;
    /* A failure counts as not a bot: bots are exempt from limits. */
    if (DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(id)))
        return false;
    const bool is_bot = db_next(rows) && db_get_bool(rows, 0);
    db_done(rows);
    return is_bot;
}
