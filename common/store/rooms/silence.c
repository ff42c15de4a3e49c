/* Silences: a row in `silence`, and its end with the membership, where changes of the room look for
 * it; and the times of posts in rooms with slow_seconds. */
#include "store/rooms/silence.h"

#include "store/moderation/audit_log.h"
#include "store/rooms/member_private.h"
#include "store/rooms/role.h"

enum error silence_add(struct db *db, uint64_t room_id, uint64_t actor_id, uint64_t user_id,
                       uint64_t minutes, struct silence_change *change) {
    static const char SQL[] = TRANSACTION(
        MEMBER_TARGET_DECLARATIONS
        /* The members' role is compared under the lock of the room. */
        "DECLARE p_minutes BIGINT UNSIGNED DEFAULT ?; DECLARE v_until DATETIME(6); ",
        TRANSACTION_ENTER_AS_MODERATOR TRANSACTION_NOT_ARCHIVED
        MEMBER_FIND_TARGET
        "IF v_membership IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "
        /* Only users of a lower role can be silenced. */
        "IF v_target_role >= v_role THEN SET v_outcome = 3; SET v_refusal = 3; LEAVE body; END IF; "
        "SET v_until = v_now + INTERVAL p_minutes MINUTE; "
        /* The row outlives a membership; the column is what posts read. */
        "INSERT INTO silence (room_id, user_id, until, silenced_by_id, created_at) "
        "VALUES (p_room, p_target, v_until, p_user, v_now) "
        "ON DUPLICATE KEY UPDATE until = v_until, silenced_by_id = p_user, created_at = v_now; "
        "UPDATE member SET silenced_until = v_until WHERE room_id = p_room AND user_id = p_target; "
        TRANSACTION_USER_EVENT("p_target", EVENT_SQL(EVENT_SILENCE_CHANGED), "p_user", "p_room",
                               "+ 0")
        AUDIT_SQL("'silence'", "p_target", "p_room", "0", "NULL"),
        ", v_until, v_user_seq, v_refusal");
    struct db_rows *rows;
    /* Repeatable: a second run sets the same silence, some moments later. */
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(actor_id),
                              db_u64(user_id), db_bool(false), db_u64(minutes));
    *change = (struct silence_change){0};
    if (error)
        return error;
    if (transaction_row(rows, &error)) {
        change->until = db_get_time(rows, 1);
        change->user_seq = error ? 0 : db_get_u64(rows, 2);
        change->refusal = (enum member_refusal)db_get_u64(rows, 3);
    }
    db_done(rows);
    return error;
}

enum error silence_remove(struct db *db, uint64_t room_id, uint64_t actor_id, uint64_t user_id,
                          uint64_t *user_seq) {
    static const char SQL[] = TRANSACTION(
        TRANSACTION_ROOM_DECLARATIONS "DECLARE p_target BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE v_user_seq BIGINT UNSIGNED DEFAULT 0; ",
        TRANSACTION_ENTER_AS_MODERATOR TRANSACTION_NOT_ARCHIVED
        "DELETE FROM silence WHERE room_id = p_room AND user_id = p_target; "
        /* The user was not silenced: a success that changes nothing. */
        "IF ROW_COUNT() = 0 THEN LEAVE body; END IF; "
        "UPDATE member SET silenced_until = NULL WHERE room_id = p_room AND user_id = p_target; "
        TRANSACTION_USER_EVENT("p_target", EVENT_SQL(EVENT_SILENCE_CHANGED), "p_user", "p_room",
                               "+ 0")
        AUDIT_SQL("'unsilence'", "p_target", "p_room", "0", "NULL"),
        ", v_user_seq");
    struct db_rows *rows;
    *user_seq = 0;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(actor_id),
                              db_u64(user_id));
    if (error)
        return error;
    if (transaction_row(rows, &error) && !error)
        *user_seq = db_get_u64(rows, 1);
    db_done(rows);
    return error;
}

enum error silence_until(struct db *db, uint64_t room_id, uint64_t user_id, int64_t *until) {
    /* Also a silence that has ended and is not deleted yet; the caller compares the time. */
    static const char SQL[] = "SELECT until FROM silence WHERE room_id = ? AND user_id = ?";
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(user_id));
    if (error)
        return error;
    *until = db_next(rows) ? db_get_time(rows, 0) : 0;
    db_done(rows);
    return ERROR_NONE;
}

/* ---- lists ---- */

/* Lists are in the order of the ends, without silences that have ended. There are few rows, since
 * they are deleted after their end. */
#define COLUMNS                                                                    \
    "s.room_id, s.user_id, u.username, s.silenced_by_id, s.created_at, s.until "
#define JOINS "JOIN user u ON u.user_id = s.user_id "
#define IS_VALID "s.until > SYSDATE(6) "
#define OF_ROOM "FROM silence s " JOINS "WHERE s.room_id = ? AND " IS_VALID
/* From the rooms that the user moderates to the silences there; and those of all rooms, along KEY
 * until. Value: the user, not looked at for all. */
#define OF_OWN_ROOMS \
    ROOMS_MODERATED("JOIN silence s ON s.room_id = me.room_id " JOINS) "AND " IS_VALID
#define OF_ALL_ROOMS                                                                          \
    "FROM silence s JOIN room r ON r.room_id = s.room_id " JOINS "WHERE ? > 0 AND " IS_VALID
#define LIST(from) \
    "SELECT STRAIGHT_JOIN " COLUMNS from "ORDER BY s.until, s.room_id, s.user_id LIMIT ? OFFSET ?"
#define COUNT(from) "SELECT STRAIGHT_JOIN COUNT(*) " from

/* A page of silences, by one of the statements below. */
static enum error list(struct db *db, const char *sql, uint64_t id, uint64_t limit,
                       uint64_t offset, silence_visit *visit, void *context) {
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, sql, DB_REPEATABLE, &rows, db_u64(id), db_u64(limit), db_u64(offset));
    if (error)
        return error;
    while (db_next(rows)) {
        const struct silence silence = {.room_id = db_get_u64(rows, 0),
                                        .user_id = db_get_u64(rows, 1),
                                        .username = db_get_text(rows, 2),
                                        .silenced_by_id = db_get_u64(rows, 3),
                                        .created_at = db_get_time(rows, 4),
                                        .until = db_get_time(rows, 5)};
        visit(context, &silence);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error silence_list(struct db *db, uint64_t room_id, uint64_t limit, uint64_t offset,
                        silence_visit *visit, void *context) {
    return list(db, LIST(OF_ROOM), room_id, limit, offset, visit, context);
}

enum error silence_count(struct db *db, uint64_t room_id, uint64_t *count) {
    static const char SQL[] = COUNT(OF_ROOM);
    return DB_NUMBER(db, SQL, count, db_u64(room_id));
}

enum error silence_list_moderated(struct db *db, uint64_t user_id, bool is_site_moderator,
                                  uint64_t limit, uint64_t offset, silence_visit *visit,
                                  void *context) {
    return list(db, is_site_moderator ? LIST(OF_ALL_ROOMS) : LIST(OF_OWN_ROOMS), user_id, limit,
                offset, visit, context);
}

enum error silence_count_moderated(struct db *db, uint64_t user_id, bool is_site_moderator,
                                   uint64_t *count) {
    static const char OWN[] = COUNT(OF_OWN_ROOMS), ALL[] = COUNT(OF_ALL_ROOMS);
    return DB_NUMBER(db, is_site_moderator ? ALL : OWN, count, db_u64(user_id));
}

/* ---- slow mode ---- */

enum error silence_slow_wait(struct db *db, uint64_t room_id, uint64_t user_id,
                             uint64_t *seconds) {
    /* Rounded up, so that a client that waits this long is not refused again. */
    static const char SQL[] =
        "SELECT CEIL(TIMESTAMPDIFF(MICROSECOND, SYSDATE(6), "
        "p.posted_at + INTERVAL r.slow_seconds SECOND) / 1000000) "
        "FROM slow_post p JOIN room r ON r.room_id = p.room_id "
        "WHERE p.room_id = ? AND p.user_id = ? "
        "AND p.posted_at + INTERVAL r.slow_seconds SECOND > SYSDATE(6)";
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(user_id));
    if (error)
        return error;
    /* The wait may have ended since the post was refused: 1 then, as Retry-After: 0 means
     * nothing. */
    *seconds = db_next(rows) ? db_get_u64(rows, 0) : 1;
    if (*seconds == 0)
        *seconds = 1;
    db_done(rows);
    return ERROR_NONE;
}

enum error silence_purge(struct db *db, uint64_t limit, uint64_t *deleted) {
    /* NOW, since with SYSDATE no index is used. */
    static const char SILENCES[] = "DELETE FROM silence WHERE until < NOW(6) LIMIT ?";
    /* The most that slow_seconds can be. */
    static const char POSTS[] =
        "DELETE FROM slow_post WHERE posted_at < NOW(6) - INTERVAL 6 HOUR LIMIT ?";
    uint64_t posts = 0;
    enum error error = db_delete(db, SILENCES, limit, deleted);
    if (!error)
        error = db_delete(db, POSTS, limit, &posts);
    *deleted += posts;
    return error;
}
