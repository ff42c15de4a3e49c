/*
 * transaction: the frame around every change, as one compound statement.
 *
 * A transaction travels to the server in one prepared BEGIN NOT ATOMIC ... END: one
 * round trip, and a process that dies in the middle leaves nothing half done. The
 * text is put together from literals when the program is compiled.
 *
 *     static const char SQL[] = TRANSACTION(
 *         "DECLARE p_room BIGINT UNSIGNED DEFAULT ?;",      declarations
 *         "... IF ... THEN SET v_outcome = 4; LEAVE body; END IF; ...",
 *         ", v_seq");                                       further result columns
 *
 * The body may LEAVE body at any point. With v_outcome 0 (ERROR_NONE) the frame
 * commits, else it rolls back. The one result row starts with v_outcome, an enum
 * error. SYSDATE(6), not NOW(6), is the time of a change: it is read after the room's
 * lock was taken, so that times in a room follow its sequence numbers.
 *
 * Locks are taken in one order everywhere: room, then users by rising id, then the
 * rest, and a total last of all. What still deadlocks is run again by db_run.
 */
#ifndef CONFAB_COMMON_STORE_TRANSACTION_H
#define CONFAB_COMMON_STORE_TRANSACTION_H

#define TRANSACTION(declarations, body, columns)                             \
    "BEGIN NOT ATOMIC "                                                      \
    "DECLARE v_outcome INT DEFAULT 0; "                                      \
    "DECLARE v_now DATETIME(6); " declarations                               \
    " DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END; " \
    "START TRANSACTION; "                                                    \
    "body: BEGIN " body                                                      \
    " END body; "                                                            \
    "IF v_outcome = 0 THEN COMMIT; ELSE ROLLBACK; END IF; "                  \
    "SELECT v_outcome" columns                                               \
    "; "                                                                     \
    "END"

/* Declarations of TRANSACTION_ENTER_ROOM; the first two values bound are the room
 * and the caller. */
#define TRANSACTION_ROOM_DECLARATIONS                                         \
    "DECLARE p_room BIGINT UNSIGNED DEFAULT ?; "                              \
    "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; "                              \
    "DECLARE v_room, v_member, v_direct_low, v_direct_high BIGINT UNSIGNED; " \
    "DECLARE v_seq, v_message_count, v_members_count BIGINT UNSIGNED; "       \
    "DECLARE v_private, v_admin BOOLEAN; "

/* Locks the room's row, reads its counters and the caller's membership, and refuses:
 * 4 (not found) when there is no such room or it is private and the caller is not in,
 * then 3 (forbidden) when the SQL condition `refused` holds. v_seq is the number the
 * next event takes. */
#define TRANSACTION_ENTER_ROOM(refused)                                               \
    "SELECT r.room_id, r.is_private, r.direct_low, r.direct_high, r.last_seq + 1, "   \
    "r.message_count, r.members_count, m.user_id, m.is_admin "                        \
    "INTO v_room, v_private, v_direct_low, v_direct_high, v_seq, "                    \
    "v_message_count, v_members_count, v_member, v_admin "                            \
    "FROM room r LEFT JOIN member m ON m.room_id = r.room_id AND m.user_id = p_user " \
    "WHERE r.room_id = p_room FOR UPDATE; "                                           \
    "SET v_now = SYSDATE(6); "                                                        \
    "IF v_room IS NULL OR (v_private AND v_member IS NULL) THEN "                     \
    "SET v_outcome = 4; LEAVE body; END IF; "                                         \
    "IF " refused " THEN SET v_outcome = 3; LEAVE body; END IF; "

#define TRANSACTION_NOT_MEMBER "v_member IS NULL"
#define TRANSACTION_NOT_ADMIN "v_member IS NULL OR NOT v_admin"
#define TRANSACTION_IS_DIRECT "v_direct_low IS NOT NULL"

/* Puts event number v_seq of the room on record. `type` is a number of event.h, by EVENT_SQL. */
#define TRANSACTION_ROOM_EVENT(type, subject)                                         \
    "INSERT INTO event (room_id, seq, event_type, actor_id, subject_id, created_at) " \
    "VALUES (p_room, v_seq, " type ", p_user, " subject ", v_now); "

/* Puts an event on record in the stream of one user and leaves its number in v_user_seq
 * (to be declared). `rooms` is what is added to the user's number of rooms: "+ 1",
 * "- 1" or "+ 0". */
#define TRANSACTION_USER_EVENT(user, type, actor, subject, rooms)                          \
    "UPDATE user SET last_seq = last_seq + 1, rooms_count = rooms_count " rooms            \
    " WHERE user_id = " user                                                               \
    "; "                                                                                   \
    "SELECT last_seq INTO v_user_seq FROM user WHERE user_id = " user                      \
    "; "                                                                                   \
    "INSERT INTO user_event (user_id, seq, event_type, actor_id, subject_id, created_at) " \
    "VALUES (" user ", v_user_seq, " type ", " actor ", " subject ", v_now); "

/* One public room more ("+ 1") or less ("- 1"). One row that all rooms share: last of all, so
 * that nobody waits for it longer than a commit takes. */
#define TRANSACTION_PUBLIC_ROOMS(change) \
    "UPDATE total SET number = number " change " WHERE name = 'public_rooms'; "

#endif
