/* Adding guests, turning them into users, and deleting what has expired: their addresses; and
 * guests who have not been seen for long, who are erased like other users, except that their
 * messages stay. Guests have a token and no password; what they may do in rooms is decided by
 * room.guests. */
#include "store/privacy/guest.h"

#include <stdio.h>
#include <string.h>

#include "event/event.h"
#include "store/privacy/erasure.h"
#include "store/site/external_user.h"
#include "store/site/identity_ban.h"
#include "store/transaction.h"
#include "store/users/profile.h"

/* Attempts to find a name that is free. */
#define ATTEMPTS 4

enum error guest_check(struct db *db, uint64_t room_id, const char *address) {
    /* The result is the error itself: 21 banned, 22 takes no guests, 18 archived; no row: no
     * such room. Room 0 in address_ban stands for the site. */
    static const char SQL[] =
        "SELECT CASE WHEN r.guests = 0 OR r.direct_low IS NOT NULL THEN 22 "
        "WHEN EXISTS (SELECT 1 FROM address_ban b WHERE b.address = ? "
        "AND b.room_id IN (0, r.room_id) AND b.until > SYSDATE(6)) THEN 21 "
        "WHEN r.is_archived THEN 18 ELSE 0 END FROM room r WHERE r.room_id = ?";
    struct db_rows *rows;
    enum error error = DB_FIND(db, SQL, &rows, db_str(address), db_u64(room_id));
    if (error)
        return error;
    error = (enum error)db_get_u64(rows, 0);
    db_done(rows);
    return error;
}

/* Adds a guest with its token. ERROR_CONFLICT: the name is taken. */
static enum error add(struct db *db, const char *name, struct text display_name,
                      const char *address, const unsigned char *token_hash, uint64_t *user_id) {
    /* The three rows in one transaction: no guest without a token. The address is an HMAC
     * already. */
    static const char SQL[] = TRANSACTION(
        "DECLARE p_name VARCHAR(32) CHARACTER SET utf8mb4 DEFAULT ?; "
        "DECLARE p_shown VARCHAR(64) CHARACTER SET utf8mb4 DEFAULT ?; "
        "DECLARE p_address CHAR(40) CHARACTER SET ascii DEFAULT ?; "
        "DECLARE p_token BINARY(32) DEFAULT ?; DECLARE v_user BIGINT UNSIGNED; ",
        "SET v_now = SYSDATE(6); "
        "INSERT INTO user (username, display_name, password_hash, created_at, is_guest) "
        "VALUES (p_name, p_shown, '', v_now, TRUE); "
        "SET v_user = LAST_INSERT_ID(); "
        "INSERT INTO token (token_hash, user_id, created_at, last_used_at) "
        "VALUES (p_token, v_user, v_now, v_now); "
        "INSERT INTO guest (user_id, address, seen_at) VALUES (v_user, p_address, v_now); ",
        ", v_user");
    struct db_rows *rows;
    enum error error = DB_RUN(db, SQL, 0, &rows, db_str(name), db_text(display_name),
                              db_str(address), db_bytes(token_hash, SECRET_HASH_SIZE));
    if (error)
        return error;
    if (transaction_row(rows, &error))
        *user_id = db_get_u64(rows, 1);
    db_done(rows);
    return error;
}

enum error guest_add(struct db *db, struct text display_name, const char *address,
                     const unsigned char token_hash[SECRET_HASH_SIZE], struct user *user) {
    char name[USER_NAME_SIZE], digits[11];
    uint64_t user_id = 0;
    enum error error = ERROR_CONFLICT;
    /* Ten random digits: a name that is taken is a duplicate key (ERROR_CONFLICT), and another one
     * is tried. */
    for (int i = 0; error == ERROR_CONFLICT && i < ATTEMPTS; i++) {
        secret_random_hex(digits, 5);
        snprintf(name, sizeof(name), "guest-%s", digits);
        error = add(db, name, display_name, address, token_hash, &user_id);
    }
    return error ? error : user_by_id(db, user_id, user, NULL);
}

enum error guest_remove(struct db *db, uint64_t user_id) {
    /* Takes back guest_add when the guest could not join the room. Only while the guest is in no
     * room: members are erased instead. */
    static const char SQL[] = TRANSACTION(
        "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; ",
        "SET v_now = SYSDATE(6); "
        "DELETE FROM token WHERE user_id = p_user; DELETE FROM guest WHERE user_id = p_user; "
        "DELETE FROM user WHERE user_id = p_user AND is_guest AND rooms_count = 0; ",
        "");
    return DB_RUN(db, SQL, 0, NULL, db_u64(user_id));
}

enum error guest_record_visit(struct db *db, uint64_t user_id, const char *address) {
    /* The latest address is what a ban of the guest applies to. */
    static const char SQL[] =
        "UPDATE guest SET address = ?, seen_at = SYSDATE(6) WHERE user_id = ?";
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_str(address), db_u64(user_id));
}

/* Locks the row of a guest who becomes a user; 4 (not found) if it is not an active guest. */
#define GUEST_FIND                                                                           \
    "SELECT is_guest AND is_active INTO v_guest FROM user WHERE user_id = p_user FOR UPDATE; " \
    "SET v_now = SYSDATE(6); "                                                               \
    "IF v_guest IS NULL OR NOT v_guest THEN SET v_outcome = 4; LEAVE body; END IF; "

/* What the guest loses: all its credentials. pushd is informed by the event. */
#define GUEST_ENDS                                                                          \
    "DELETE FROM guest WHERE user_id = p_user; "                                            \
    "DELETE FROM token WHERE user_id = p_user; DELETE FROM session WHERE user_id = p_user; " \
    TRANSACTION_USER_EVENT("p_user", EVENT_SQL(EVENT_CREDENTIALS_CHANGED), "p_user", "0", "+ 0")

enum error guest_register(struct db *db, uint64_t user_id, struct text name,
                          const char *password_hash,
                          const unsigned char token_hash[SECRET_HASH_SIZE],
                          struct user_change *change) {
    static const char SQL[] = TRANSACTION(
        "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_name VARCHAR(32) CHARACTER SET utf8mb4 DEFAULT ?; "
        "DECLARE p_password VARCHAR(128) CHARACTER SET utf8mb4 DEFAULT ?; "
        "DECLARE p_token BINARY(32) DEFAULT ?; DECLARE v_user_seq BIGINT UNSIGNED; "
        "DECLARE v_guest BOOLEAN; ",
        GUEST_FIND
        /* A name that is taken fails as a duplicate: ERROR_CONFLICT. */
        "UPDATE user SET username = p_name, password_hash = p_password, is_guest = FALSE "
        "WHERE user_id = p_user; "
        /* The new name has other words, by which searches find the user. */
        PROFILE_WORDS("p_user")
        GUEST_ENDS
        "INSERT INTO token (token_hash, user_id, created_at, last_used_at) "
        "VALUES (p_token, p_user, v_now, v_now); ",
        ", TRUE, v_user_seq");
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, 0, &rows, db_u64(user_id), db_text(name), db_str(password_hash),
               db_bytes(token_hash, SECRET_HASH_SIZE));
    return user_change_read(error, rows, user_id, change);
}

enum error guest_become_external(struct db *db, uint64_t user_id, struct text issuer,
                                 struct text subject, struct text wished,
                                 struct user_change *change) {
    static const char SQL[] = TRANSACTION(
        "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_name VARCHAR(32) CHARACTER SET utf8mb4 DEFAULT ?; " IDENTITY_BAN_DECLARE_KEY
        "DECLARE v_user_seq BIGINT UNSIGNED; DECLARE v_guest BOOLEAN; ",
        GUEST_FIND
        /* 4: a banned user who came as a guest gets the bans with a new account, and leaves the
         * guest where it is. */
        "IF " IDENTITY_BAN_HOLDS "THEN SET v_outcome = 4; LEAVE body; END IF; "
        /* Known already: ERROR_CONFLICT. The unique key of external_user: of two guests with the
         * same id of the site one is refused. */
        "INSERT INTO external_user (issuer, subject, user_id) VALUES (?, ?, p_user); "
        "UPDATE user SET is_guest = FALSE WHERE user_id = p_user; "
        /* IGNORE: a name that is taken changes no row. */
        "IF p_name <> '' THEN "
        "UPDATE IGNORE user SET username = p_name WHERE user_id = p_user; "
        "IF ROW_COUNT() = 0 THEN UPDATE IGNORE user SET username = "
        "CONCAT(LEFT(p_name, 31 - LENGTH(p_user)), '-', p_user) WHERE user_id = p_user; END IF; "
        PROFILE_WORDS("p_user") "END IF; "
        GUEST_ENDS,
        ", TRUE, v_user_seq");
    char name[USER_NAME_SIZE], key[SECRET_SIGNATURE_SIZE];
    struct db_rows *rows;
    enum error error = identity_ban_key(db, issuer, subject, key);
    if (error)
        return error;
    external_user_fit_name(wished, name);
    /* The name that `wished` gives; if it is empty, the guest's name stays. */
    error = DB_RUN(db, SQL, 0, &rows, db_u64(user_id), db_str(name), db_str(key), db_text(issuer),
                   db_text(subject));
    return user_change_read(error, rows, user_id, change);
}

enum error guest_purge(struct db *db, uint64_t guest_days, uint64_t address_days, uint64_t limit,
                       uint64_t *done) {
    /* Addresses are kept for as long as a ban may need them, guests for longer. */
    static const char ADDRESSES[] =
        "UPDATE guest SET address = NULL WHERE address IS NOT NULL "
        "AND seen_at < NOW(6) - INTERVAL ? DAY LIMIT ?";
    static const char BANS[] = "DELETE FROM address_ban WHERE until < NOW(6) LIMIT ?";
    static const char NEXT[] =
        "SELECT user_id FROM guest WHERE seen_at < NOW(6) - INTERVAL ? DAY LIMIT 1";
    static const char GONE[] = "DELETE FROM guest WHERE user_id = ?";
    struct user_change change;
    uint64_t user_id = 0;
    enum error error =
        DB_RUN(db, ADDRESSES, DB_REPEATABLE, NULL, db_u64(address_days), db_u64(limit));
    /* A number above 0 makes housekeeping run another step. */
    *done = error ? 0 : db_changed(db);
    if (!error)
        error = DB_RUN(db, BANS, DB_REPEATABLE, NULL, db_u64(limit));
    *done += error ? 0 : db_changed(db);
    if (!error)
        error = DB_NUMBER(db, NEXT, &user_id, db_u64(guest_days));
    /* 0: no guest is due. */
    if (error || user_id == 0)
        return error;
    /* The next step erases the next. */
    error = erasure_begin(db, user_id, false, &change);
    /* The account may be gone already; then only the row is left to be deleted. */
    if (!error || error == ERROR_NOT_FOUND)
        error = DB_RUN(db, GONE, DB_REPEATABLE, NULL, db_u64(user_id));
    *done += 1;
    return error;
}
