/* Read marks: the transactions that move the mark of a member forwards or back, and those of all
 * rooms of a user to their ends. Marks never lock the row of a room, so they do not hold up
 * posts. */
#include "store/messages/message_mark.h"

#include <string.h>

#include "event/event.h"
#include "store/transaction.h"

/* A read mark is not an event of the room, so the room is not locked. Its number in the user's own
 * stream is kept with the membership; see user_log.h. `check` comes after the checks of access.
 * `move` is an SQL condition under which the mark moves, to v_target; `more` follows then. */
#define MARK_SQL(check, target, move, more)                                                      \
    TRANSACTION_UNAUDITED(                                                                       \
        "DECLARE p_room BIGINT UNSIGNED DEFAULT ?; DECLARE p_user BIGINT UNSIGNED DEFAULT ?; "   \
        "DECLARE p_message BIGINT UNSIGNED DEFAULT ?; "                                          \
        "DECLARE v_room, v_member, v_read, v_position, v_count, v_mark_seq BIGINT UNSIGNED; "    \
        "DECLARE v_target, v_user_seq BIGINT UNSIGNED; "                                         \
        "DECLARE v_private, v_moved, v_read_before, v_archived BOOLEAN; "                        \
        "DECLARE v_noted BOOLEAN DEFAULT FALSE; ",                                               \
        /* FOR UPDATE: two marks of one user come one after the other. First, so that under      \
         * REPEATABLE READ the snapshot of what follows is not older than the mark. */           \
        "SELECT last_seq + 1 INTO v_mark_seq FROM user WHERE user_id = p_user FOR UPDATE; "      \
        "SELECT user_id, last_read_position, read_at IS NOT NULL "                               \
        "INTO v_member, v_read, v_read_before FROM member "                                      \
        "WHERE room_id = p_room AND user_id = p_user FOR UPDATE; "                               \
        "SELECT r.room_id, r.is_private, r.is_archived INTO v_room, v_private, v_archived "      \
        "FROM room r "                                                                           \
        "WHERE r.room_id = p_room; "                                                             \
        "IF v_room IS NULL OR (v_private AND v_member IS NULL) THEN "                            \
        "SET v_outcome = 4; LEAVE body; END IF; "                                                \
        "IF v_member IS NULL THEN SET v_outcome = 3; LEAVE body; END IF; " check                 \
        /* 1: the message is not in this room. */                                                \
        "SELECT position INTO v_position FROM message "                                          \
        "WHERE message_id = p_message AND room_id = p_room; "                                    \
        "IF v_position IS NULL THEN SET v_outcome = 1; LEAVE body; END IF; "                     \
        "SET v_target = " target "; SET v_moved = " move "; "                                    \
        "IF v_moved THEN UPDATE user SET last_seq = v_mark_seq WHERE user_id = p_user; "         \
        "UPDATE member SET last_read_position = v_target, mark_seq = v_mark_seq "                \
        "WHERE room_id = p_room AND user_id = p_user; SET v_read = v_target; "                  \
        more "END IF; "                                                                          \
        /* Read last: with the row of the member locked, the count includes every message of     \
         * its own. */                                                                           \
        "SELECT message_count, GREATEST(v_read, trimmed) INTO v_count, v_read FROM room "         \
        "WHERE room_id = p_room; ",                  \
        ", v_moved, v_count - v_read, "                                                          \
        "(SELECT message_id FROM message WHERE room_id = p_room AND position = v_read), "        \
        "v_mark_seq, v_user_seq, v_noted")

/* Only when the user moves the mark forwards; joining and marking as unread do not count as
 * reading. */
#define READ_NOW \
    "UPDATE member SET read_at = SYSDATE(6) WHERE room_id = p_room AND user_id = p_user; "

/* Moves a read mark, and reads the result. */
static enum error move_mark(struct db *db, const char *sql, uint64_t room_id, uint64_t user_id,
                            uint64_t message_id, struct message_mark *mark) {
    struct db_rows *rows;
    memset(mark, 0, sizeof(*mark));
    enum error error =
        DB_RUN(db, sql, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(user_id), db_u64(message_id));
    if (error)
        return error;
    if (transaction_row(rows, &error)) {
        mark->moved = db_get_bool(rows, 1);
        /* The count of a refused change has no meaning. */
        mark->unread_count = error ? 0 : db_get_u64(rows, 2);
        mark->message_id = db_get_u64(rows, 3);
        /* The event on the user's own stream has a number only if the mark moved. */
        mark->user_seq = mark->moved ? db_get_u64(rows, 4) : 0;
        mark->view_seq = mark->moved ? db_get_u64(rows, 5) : 0;
        mark->noted = !error && db_get_bool(rows, 6);
        /* 1 is the only outcome of this kind here: the message is not in the room. */
        mark->bad_message = error == ERROR_BAD_INPUT;
    }
    db_done(rows);
    return error;
}

enum error message_mark_read(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                             struct message_mark *mark) {
    /* Forwards only: a late request of another device does not move the mark back. */
    static const char SQL[] =
        MARK_SQL("", "v_position", "v_target > v_read",
                 READ_NOW
                 /* The mark was set by joining; now the user has read up to there. */
                 "ELSEIF v_target = v_read AND NOT v_read_before THEN SET v_noted = TRUE; "
                 READ_NOW);
    return move_mark(db, SQL, room_id, user_id, message_id, mark);
}

enum error message_mark_unread(struct db *db, uint64_t room_id, uint64_t user_id,
                               uint64_t message_id, struct message_mark *mark) {
    /* The mark goes to the message before, so that the given one is unread. Clients that show
     * the room's unread state are notified by a preferences_changed. */
    static const char SQL[] =
        MARK_SQL(TRANSACTION_NOT_ARCHIVED, "v_position - 1", "v_target < v_read",
                 "SET v_now = SYSDATE(6); " TRANSACTION_USER_EVENT(
                     "p_user", EVENT_SQL(EVENT_PREFERENCES_CHANGED), "p_user", "p_room", "+ 0"));
    return move_mark(db, SQL, room_id, user_id, message_id, mark);
}

/* The rooms and their ends, as rows. */
#define MARKS                                                                             \
    "JSON_TABLE(@confab_moved, '$[*]' COLUMNS (place FOR ORDINALITY, "                    \
    "room BIGINT UNSIGNED PATH '$[0]', position BIGINT UNSIGNED PATH '$[1]')) j "

enum error message_mark_all_read(struct db *db, uint64_t user_id, message_mark_visit *visit,
                                 void *context) {
    /* The rooms with unread messages, each with the numbers of its two events: a read_changed, kept
     * with the membership, and a preferences_changed. A message posted meanwhile stays unread. */
    static const char SQL[] = TRANSACTION(
        "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; DECLARE v_seq, v_count BIGINT UNSIGNED; ",
        /* The lock on the user's row gives out the 2 * v_count numbers, and excludes other marks of
         * the user. */
        "SELECT last_seq INTO v_seq FROM user WHERE user_id = p_user FOR UPDATE; "
        "SET v_now = SYSDATE(6); "
        "SET @confab_moved = (SELECT JSON_ARRAYAGG(JSON_ARRAY(r.room_id, r.message_count)) "
        "FROM member me JOIN room r ON r.room_id = me.room_id "
        "WHERE me.user_id = p_user AND me.last_read_position < r.message_count); "
        "SET v_count = COALESCE(JSON_LENGTH(@confab_moved), 0); "
        "IF v_count = 0 THEN LEAVE body; END IF; "
        "UPDATE user SET last_seq = v_seq + 2 * v_count WHERE user_id = p_user; "
        "UPDATE " MARKS "STRAIGHT_JOIN member me ON me.room_id = j.room AND me.user_id = p_user "
        "SET me.last_read_position = GREATEST(me.last_read_position, j.position), "
        "me.mark_seq = v_seq + j.place, me.read_at = v_now; "
        "INSERT INTO user_event (user_id, seq, event_type, actor_id, subject_id, created_at) "
        "SELECT p_user, v_seq + v_count + j.place, " EVENT_SQL(EVENT_PREFERENCES_CHANGED)
        ", p_user, j.room, v_now FROM " MARKS "; ",
        ", v_seq, v_count");
    /* @confab_moved belongs to the connection, so this must run on the same one: it is not
     * repeatable, since a new connection has no such variable. */
    static const char MOVED[] =
        "SELECT j.room, j.place, m.message_id, r.message_count - j.position, "
        ROOM_VIEW_COLUMNS("me", "r") " FROM " MARKS "JOIN room r ON r.room_id = j.room "
        "JOIN member me ON me.room_id = r.room_id AND me.user_id = ? "
        "LEFT JOIN message m ON m.room_id = j.room AND m.position = j.position ORDER BY j.place";
    struct db_rows *rows;
    uint64_t seq = 0, count = 0;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id));
    if (error)
        return error;
    if (transaction_row(rows, &error)) {
        seq = db_get_u64(rows, 1);
        count = db_get_u64(rows, 2);
    }
    db_done(rows);
    /* Nothing was unread: there is nothing to visit. */
    if (error || count == 0)
        return error;
    error = DB_RUN(db, MOVED, 0, &rows, db_u64(user_id));
    if (error)
        return error;
    while (db_next(rows)) {
        const uint64_t place = db_get_u64(rows, 1);
        const struct message_mark mark = {.moved = true,
                                          .message_id = db_get_u64(rows, 2),
                                          .unread_count = db_get_u64(rows, 3),
                                          .user_seq = seq + place,
                                          .view_seq = seq + count + place};
        const struct room_view view = room_view_from_row(rows, 4);
        visit(context, db_get_u64(rows, 0), &mark, &view);
    }
    db_done(rows);
    return ERROR_NONE;
}
