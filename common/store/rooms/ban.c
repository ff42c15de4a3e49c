/* Bans: a row for each banned user of a room, written in the transaction that removes the member;
 * room 0 stands for the site, whose bans disable the user. A ban from a room needs no action to
 * end, since all checks compare `until`; a ban from the site does, since it has disabled the
 * user. */
#include "store/rooms/ban.h"

#include <string.h>

#include "store/messages/clearing.h"
#include "store/messages/file.h"
#include "store/moderation/audit_log.h"
#include "store/rooms/member_private.h"
#include "store/site/external_user.h"

enum ban_clearing ban_clearing_of(struct text name) {
    if (text_equals(name, text_of("day")))
        return BAN_CLEARS_DAY;
    return text_equals(name, text_of("all")) ? BAN_CLEARS_ALL : BAN_CLEARS_NONE;
}

/* Writes the row. Whether the messages are to be deleted is p_days: NULL none, 0 all. */
#define DECLARATIONS                                                                           \
    "DECLARE p_until DATETIME(6); DECLARE p_reason VARCHAR(500) CHARACTER SET utf8mb4; "       \
    "DECLARE p_days, p_address_days INT; DECLARE v_created BOOLEAN DEFAULT FALSE; "
#define VALUES "SET p_until = ?; SET p_reason = ?; SET p_days = ?; " \
    "SET p_address_days = ?; "
#define STORE(room, was_active)                                                                \
    "SET v_created = NOT EXISTS (SELECT 1 FROM ban WHERE room_id = " room                      \
    " AND user_id = p_target); "                                                               \
    "INSERT INTO ban (room_id, user_id, banned_by_id, reason, created_at, until, was_active) " \
    "VALUES (" room ", p_target, p_user, p_reason, v_now, p_until, " was_active ") "           \
    "ON DUPLICATE KEY UPDATE banned_by_id = p_user, reason = p_reason, until = p_until; "      \
    GUEST_BAN_SQL(room)                                                                       \
    /* Held messages are not let through any more. */                                         \
    FILE_EXPIRE_HELD("h.sender_id = p_target AND " room " IN (0, h.room_id)")                 \
    "DELETE FROM held WHERE sender_id = p_target AND " room " IN (0, room_id); "              \
    "IF p_days IS NOT NULL THEN " CLEARING_SQL(                                                \
        room, "p_target", "p_user",                                                            \
        "IF(p_days = 0, '1970-01-02', v_now - INTERVAL p_days DAY)") "END IF; "

/* A moderator bans lower roles, an admin all but other admins. Users cannot ban themselves. */
#define MAY_NOT_BAN                                                                            \
    "p_target = p_user OR COALESCE(v_target_role, 0) >= v_role OR (v_role < " ROLE_SQL_ADMIN   \
    " AND EXISTS (SELECT 1 FROM user WHERE user_id = p_target AND is_moderator))"

/* NULL: no messages are deleted; 0: all; 1: those of the last day. */
static struct db_value days_of(enum ban_clearing clearing) {
    return clearing == BAN_CLEARS_NONE ? db_str(NULL) : db_u64(clearing == BAN_CLEARS_DAY ? 1 : 0);
}

enum error ban_add(struct db *db, const struct ban_request *request, struct ban_change *change) {
    static const char SQL[] = TRANSACTION(
        MEMBER_TARGET_DECLARATIONS DECLARATIONS,
        VALUES
        /* The room is locked first, then the target, as in every transaction. */
        TRANSACTION_ENTER_AS_MODERATOR TRANSACTION_NOT_ARCHIVED
        "SELECT user_id INTO v_target FROM user WHERE user_id = p_target FOR UPDATE; "
        /* 1: bad input, no such user. The user need not be a member: a ban also keeps users out. */
        "IF v_target IS NULL THEN SET v_outcome = 1; LEAVE body; END IF; "
        MEMBER_FIND_TARGET
        "IF " MAY_NOT_BAN " THEN SET v_outcome = 3; SET v_refusal = 3; LEAVE body; END IF; "
        /* Site bans store whether the user was active; bans of rooms do not need it. */
        STORE("p_room", "FALSE")
        "IF v_membership IS NOT NULL THEN " MEMBER_REMOVAL_AS(EVENT_USER_BANNED)
        /* A viewer is not a member: an event of the own stream ends the view. */
        "ELSEIF EXISTS (SELECT 1 FROM room WHERE room_id = p_room AND (is_live OR is_open)) THEN "
        TRANSACTION_USER_EVENT("p_target", EVENT_SQL(EVENT_CREDENTIALS_CHANGED), "p_user",
                               "p_room", "+ 0") "END IF; "
        /* After the ban the user may come back, also by an old link. */
        "DELETE FROM removal WHERE room_id = p_room AND user_id = p_target; "
        AUDIT_SQL("'ban'", "p_target", "p_room", "0", "p_reason"),
        MEMBER_REMOVAL_COLUMNS ", v_created");
    struct db_rows *rows;
    memset(change, 0, sizeof(*change));
    /* Not repeatable: a second run would report a ban that exists, and no removal. */
    enum error error = DB_RUN(db, SQL, 0, &rows, db_u64(request->room_id),
                              db_u64(request->actor_id), db_u64(request->user_id), db_bool(false),
                              db_time_or_null(request->until),
                              db_text_or_null(request->reason),
                              days_of(request->clearing), db_u64(request->address_days));
    if (error)
        return error;
    error = member_removal_from_rows(rows, &change->member);
    /* The event is a removal of another kind: sockets close as banned. */
    change->member.by_ban = change->member.changed;
    change->member.banned_until = request->until;
    if (!error)
        change->created = db_get_bool(rows, 7);
    db_done(rows);
    return error;
}

/* Runs a statement that returns an outcome, and perhaps the number of an event. */
static enum error run(struct db *db, const char *sql, const struct db_value *values, size_t count,
                      uint64_t *seq) {
    struct db_rows *rows;
    enum error error = db_run(db, sql, 0, values, count, &rows);
    if (error)
        return error;
    if (transaction_row(rows, &error)) {
        if (seq)
            *seq = db_get_u64(rows, 1);
    }
    db_done(rows);
    return error;
}

enum error ban_remove(struct db *db, uint64_t room_id, uint64_t actor_id, uint64_t user_id) {
    static const char SQL[] = TRANSACTION(
        TRANSACTION_ROOM_DECLARATIONS "DECLARE p_target BIGINT UNSIGNED DEFAULT ?; ",
        TRANSACTION_ENTER_AS_MODERATOR TRANSACTION_NOT_ARCHIVED
        "DELETE FROM ban WHERE room_id = p_room AND user_id = p_target; "
        "IF ROW_COUNT() = 0 THEN SET v_outcome = 4; LEAVE body; END IF; "
        /* Also bans of the guest's address. */
        GUEST_UNBAN_SQL("p_room")
        AUDIT_SQL("'unban'", "p_target", "p_room", "0", "NULL"),
        "");
    const struct db_value values[] = {db_u64(room_id), db_u64(actor_id), db_u64(user_id)};
    return run(db, SQL, values, 3, NULL);
}

/* ---- the whole site ---- */

/* An API key is p_kind 2, with its own number. */
#define SITE_DECLARATIONS                                                                    \
    "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; DECLARE p_target BIGINT UNSIGNED DEFAULT ?; " \
    "DECLARE v_user_seq BIGINT UNSIGNED; DECLARE v_active, v_moderator BOOLEAN; "
#define SITE_FIND                                                                            \
    "SELECT u.is_active, u.is_moderator INTO v_active, v_moderator FROM user u "             \
    "WHERE u.user_id = p_target AND " EXTERNAL_USER_NOT_SITE " FOR UPDATE; "                 \
    "SET v_now = SYSDATE(6); "
#define CREDENTIALS_CHANGED                                                                  \
    TRANSACTION_USER_EVENT("p_target", EVENT_SQL(EVENT_CREDENTIALS_CHANGED), "p_user", "0",  \
                           "+ 0")

enum error ban_site_add(struct db *db, const struct ban_request *request,
                        struct ban_change *change) {
    static const char SQL[] = TRANSACTION(
        SITE_DECLARATIONS DECLARATIONS,
        VALUES SITE_FIND
        "IF v_active IS NULL THEN SET v_outcome = 1; LEAVE body; END IF; "
        /* Moderators do not ban one another, nor themselves. */
        "IF p_user <> 0 AND (v_moderator OR p_target = p_user) THEN "
        "SET v_outcome = 3; LEAVE body; END IF; "
        STORE("0", "v_active")
        "UPDATE user SET is_active = FALSE WHERE user_id = p_target; "
        CREDENTIALS_CHANGED
        AUDIT_SQL("'site_ban'", "p_target", "0", "0", "p_reason"),
        ", v_user_seq, v_created");
    struct db_rows *rows;
    memset(change, 0, sizeof(*change));
    /* p_user 0 is the administrator or an API key, who may ban moderators. */
    enum error error =
        DB_RUN(db, SQL, 0, &rows, db_u64(request->actor_id), db_u64(request->user_id),
               db_time_or_null(request->until),
               db_text_or_null(request->reason),
               days_of(request->clearing), db_u64(request->address_days));
    if (error)
        return error;
    if (transaction_row(rows, &error)) {
        /* The event closes the user's sockets: pushd finds the credentials of a disabled user. */
        change->user = (struct user_change){!error, request->user_id, db_get_u64(rows, 1)};
        change->created = db_get_bool(rows, 2);
    }
    db_done(rows);
    return error;
}

/* The user is active again, unless an administrator had disabled it before, or the account is
 * erased. Tokens and sessions from before the ban are gone. */
#define SITE_END                                                                             \
    "SET v_active = (SELECT b.was_active AND u.erased_at IS NULL FROM ban b "                \
    "JOIN user u ON u.user_id = b.user_id WHERE b.room_id = 0 AND b.user_id = p_target); "   \
    "IF v_active IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "                       \
    GUEST_UNBAN_SQL("0")                                                                     \
    "DELETE FROM ban WHERE room_id = 0 AND user_id = p_target; "                             \
    "IF v_active THEN "                                                                      \
    "DELETE FROM token WHERE user_id = p_target; "                                           \
    "DELETE FROM session WHERE user_id = p_target; "                                         \
    "UPDATE user SET is_active = TRUE WHERE user_id = p_target; END IF; "

static const char SITE_REMOVE[] = TRANSACTION(
    SITE_DECLARATIONS,
    SITE_FIND SITE_END AUDIT_SQL("'site_unban'", "p_target", "0", "0", "NULL"),
    ", v_user_seq");

/* The same for a ban that has expired. */
static const char SITE_REMOVE_DUE[] = TRANSACTION(
    SITE_DECLARATIONS,
    SITE_FIND
    "IF NOT EXISTS (SELECT 1 FROM ban WHERE room_id = 0 AND user_id = p_target "
    "AND until <= v_now) THEN SET v_outcome = 4; LEAVE body; END IF; " SITE_END,
    ", v_user_seq, v_active");

bool ban_end_due(struct db *db, uint64_t user_id) {
    struct db_rows *rows;
    enum error error;
    /* A failure counts as not ended: the user is refused, and the next login tries again. */
    if (DB_RUN(db, SITE_REMOVE_DUE, DB_REPEATABLE, &rows, db_u64(0), db_u64(user_id)))
        return false;
    /* It stays false if an administrator had disabled the user before the ban. */
    const bool is_active = transaction_row(rows, &error) && !error && db_get_bool(rows, 2);
    db_done(rows);
    return is_active;
}

enum error ban_site_remove(struct db *db, uint64_t actor_id, uint64_t user_id) {
    const struct db_value values[] = {db_u64(actor_id), db_u64(user_id)};
    /* Not repeatable, as in run: a second run would find no ban. */
    return run(db, SITE_REMOVE, values, 2, NULL);
}

/* ---- reading ---- */

#define COLUMNS                                                                    \
    "b.user_id, u.username, b.banned_by_id, b.reason, b.created_at, b.until, "     \
    "b.room_id "
#define NAMES "JOIN user u ON u.user_id = b.user_id "
#define FROM_BAN "FROM ban b " NAMES
/* A ban that has expired does not count, even before it is deleted. */
#define IS_VALID "(b.until IS NULL OR b.until > SYSDATE(6))"

/* The texts are those of the row. */
static struct ban from_row(const struct db_rows *rows) {
    return (struct ban){.user_id = db_get_u64(rows, 0),
                        .username = db_get_text(rows, 1),
                        .banned_by_id = db_get_u64(rows, 2),
                        .reason = db_get_text(rows, 3),
                        .created_at = db_get_time(rows, 4),
                        .until = db_get_time(rows, 5),
                        .room_id = db_get_u64(rows, 6)};
}

static void visit_rows(struct db_rows *rows, ban_visit *visit, void *context) {
    while (db_next(rows)) {
        const struct ban ban = from_row(rows);
        visit(context, &ban);
    }
    db_done(rows);
}

enum error ban_list(struct db *db, uint64_t room_id, uint64_t limit, uint64_t offset,
                    ban_visit *visit, void *context) {
    /* Along KEY of_room, whose order this is, so that nothing is sorted. */
    static const char SQL[] = "SELECT STRAIGHT_JOIN " COLUMNS
                              "FROM ban b FORCE INDEX (of_room) " NAMES
                              "WHERE b.room_id = ? AND " IS_VALID
                              " ORDER BY b.created_at DESC, b.user_id DESC LIMIT ? OFFSET ?";
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(limit), db_u64(offset));
    if (!error)
        visit_rows(rows, visit, context);
    return error;
}

enum error ban_count(struct db *db, uint64_t room_id, uint64_t *count) {
    /* Reads the bans of the room along its key; only lists for moderators show the number. */
    static const char SQL[] = "SELECT COUNT(*) FROM ban b WHERE b.room_id = ? AND " IS_VALID;
    return DB_NUMBER(db, SQL, count, db_u64(room_id));
}

/* The bans of the rooms that a user moderates; and those of all rooms, along KEY created_at, where
 * the condition on the value, the user, is always true. */
#define OF_OWN_ROOMS \
    ROOMS_MODERATED("JOIN ban b ON b.room_id = me.room_id ") "AND " IS_VALID
#define OF_ALL_ROOMS(names)                                                                   \
    "FROM ban b FORCE INDEX (created_at) JOIN room r ON r.room_id = b.room_id " names         \
    "WHERE ? > 0 AND " IS_VALID
#define PAGE " ORDER BY b.created_at DESC, b.room_id DESC, b.user_id DESC LIMIT ? OFFSET ?"

/* The bans of own rooms from a time on, such that the page is among them: if one room alone has
 * enough bans since then, no older one is on the page. So of each room about as many are read as
 * the page ends at, along KEY of_room, however many there are. */
#define SINCE                                                                                 \
    "(SELECT COALESCE(MAX((SELECT n.created_at FROM ban n FORCE INDEX (of_room) "             \
    "WHERE n.room_id = me.room_id AND (n.until IS NULL OR n.until > SYSDATE(6)) "             \
    "ORDER BY n.created_at DESC LIMIT 1 OFFSET ?)), '1000-01-01') at " ROOMS_OF_MEMBER        \
    "WHERE " ROOM_IS_MODERATED ") since "
#define OF_OWN_ROOMS_SINCE                                                                    \
    "FROM " SINCE "JOIN member me JOIN room r ON r.room_id = me.room_id "                     \
    "JOIN ban b FORCE INDEX (of_room) ON b.room_id = me.room_id "                             \
    "AND b.created_at >= since.at " NAMES "WHERE " ROOM_IS_MODERATED "AND " IS_VALID

static enum error list_own(struct db *db, uint64_t user_id, uint64_t limit, uint64_t offset,
                           struct db_rows **rows) {
    static const char SQL[] = "SELECT STRAIGHT_JOIN " COLUMNS OF_OWN_ROOMS_SINCE PAGE;
    const uint64_t end = offset + limit;
    return DB_RUN(db, SQL, DB_REPEATABLE, rows, db_u64(end > 0 ? end - 1 : 0), db_u64(user_id),
                  db_u64(user_id), db_u64(limit), db_u64(offset));
}

static enum error list_all(struct db *db, uint64_t user_id, uint64_t limit, uint64_t offset,
                           struct db_rows **rows) {
    static const char SQL[] = "SELECT STRAIGHT_JOIN " COLUMNS OF_ALL_ROOMS(NAMES) PAGE;
    return DB_RUN(db, SQL, DB_REPEATABLE, rows, db_u64(user_id), db_u64(limit), db_u64(offset));
}

enum error ban_list_moderated(struct db *db, uint64_t user_id, bool is_site_moderator,
                              uint64_t limit, uint64_t offset, ban_visit *visit, void *context) {
    struct db_rows *rows;
    const enum error error = is_site_moderator ? list_all(db, user_id, limit, offset, &rows)
                                               : list_own(db, user_id, limit, offset, &rows);
    if (!error)
        visit_rows(rows, visit, context);
    return error;
}

enum error ban_count_moderated(struct db *db, uint64_t user_id, bool is_site_moderator,
                               uint64_t *count) {
    static const char OWN[] = "SELECT STRAIGHT_JOIN COUNT(*) " OF_OWN_ROOMS,
                      ALL[] = "SELECT STRAIGHT_JOIN COUNT(*) " OF_ALL_ROOMS("");
    return DB_NUMBER(db, is_site_moderator ? ALL : OWN, count, db_u64(user_id));
}

enum error ban_get(struct db *db, uint64_t room_id, uint64_t user_id, ban_visit *visit,
                   void *context) {
    /* Also a ban that has expired and is not deleted yet: the caller shows `until`. */
    static const char SQL[] =
        "SELECT " COLUMNS FROM_BAN "WHERE b.room_id = ? AND b.user_id = ?";
    struct db_rows *rows;
    const enum error error = DB_FIND(db, SQL, &rows, db_u64(room_id), db_u64(user_id));
    if (error)
        return error;
    const struct ban ban = from_row(rows);
    visit(context, &ban);
    db_done(rows);
    return ERROR_NONE;
}

bool ban_is_active(struct db *db, uint64_t room_id, uint64_t user_id) {
    static const char SQL[] =
        "SELECT 1 FROM ban b WHERE b.room_id = ? AND b.user_id = ? AND " IS_VALID;
    struct db_rows *rows;
    /* A failure of the database counts as not banned: it only chooses between two refusals. */
    if (DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(user_id)))
        return false;
    const bool holds = db_next(rows);
    db_done(rows);
    return holds;
}

void ban_explain_refusal(struct db *db, const struct user *user, struct room_state *state) {
    bool hides = false;
    /* Only asked if the user is refused anyway, so that a request that is allowed costs no
     * query. */
    if (room_state_may_read(state) != ERROR_FORBIDDEN)
        return;
    if (user->is_guest && !room_state_hides_from_guests(db, state, &hides) && hides)
        *state = (struct room_state){.exists = false};
    else
        state->is_banned = ban_is_active(db, state->room_id, user->id);
}

/* Finds one expired ban from the site, since each is ended by a transaction of its own; *user_id 0:
 * there is none. */
static enum error next_due(struct db *db, uint64_t *user_id) {
    /* KEY until has the bans that end; with SYSDATE it is not used. */
    static const char SQL[] =
        "SELECT user_id FROM ban WHERE until <= NOW(6) AND room_id = 0 LIMIT 1";
    *user_id = 0;
    return db_number(db, SQL, user_id);
}

/* Further bans that have expired are left to the next call. */
#define ENDED_AT_ONCE 20

void ban_end_all_due(struct db *db) {
    uint64_t user_id;
    /* Another process may end a ban first; then ban_end_due finds nothing. */
    for (int i = 0; i < ENDED_AT_ONCE && !next_due(db, &user_id) && user_id > 0; i++)
        ban_end_due(db, user_id);
}

enum error ban_purge(struct db *db, uint64_t limit, uint64_t *ended) {
    /* Along KEY until, which is not used with SYSDATE. */
    static const char ROOMS[] = "DELETE FROM ban WHERE room_id > 0 AND until < NOW(6) LIMIT ?";
    static const char ERASED[] = "DELETE FROM identity_ban WHERE until < NOW(6) LIMIT ?";
    uint64_t user_id = 0, erased = 0;
    enum error error = db_delete(db, ROOMS, limit, ended);
    if (!error)
        error = db_delete(db, ERASED, limit, &erased);
    *ended += erased;
    if (!error)
        error = next_due(db, &user_id);
    /* The next step ends the next. */
    if (error || user_id == 0)
        return error;
    /* The deletion and the user's activation are one transaction, in ban_end_due. */
    ban_end_due(db, user_id);
    *ended += 1;
    return ERROR_NONE;
}
