/*
 * transaction: a transaction as one compound statement.
 *
 * The whole transaction is sent to the server as one prepared BEGIN NOT ATOMIC ... END: one round
 * trip, and a process that dies in the middle leaves no partial change. The text is composed of
 * literals at compile time.
 *
 *    static const char SQL[] = TRANSACTION(
 *        "DECLARE p_room BIGINT UNSIGNED DEFAULT ?;",      declarations
 *        "... IF ... THEN SET v_outcome = 4; LEAVE body; END IF; ...",
 *        ", v_seq");                                       further result columns
 *
 * The body may LEAVE body at any point. If v_outcome is 0 (ERROR_NONE) the frame commits, otherwise
 * it rolls back. After LEAVE there is no entry in the audit (audit_sql.h), so a body leaves with
 * v_outcome 0 only if it has changed nothing. The first column of the only result row is v_outcome,
 * an enum error. The time of a change is SYSDATE(6), not NOW(6): it is read after the room has been
 * locked, so that times in a room follow its sequence numbers.
 *
 * All transactions lock in the same order: room, then users by rising id, then the rest, and a row
 * of `total` last. db_run repeats a transaction after a deadlock.
 */
#ifndef CONFAB_COMMON_STORE_TRANSACTION_H
#define CONFAB_COMMON_STORE_TRANSACTION_H

#include <stdbool.h>

#include "base/error.h"
#include "db/db.h"
#include "store/audit_sql.h"

/* Moves to the row that a TRANSACTION returns, and sets *outcome to its v_outcome. Without a row,
 * false and ERROR_INTERNAL. */
bool transaction_row(struct db_rows *rows, enum error *outcome);

/* The outcome of a transaction that returns nothing else; releases the rows. */
enum error transaction_outcome(struct db_rows *rows);

/* The same for a transaction that returns a number as well; *number is only set if the outcome is
 * ERROR_NONE. */
enum error transaction_number(struct db_rows *rows, uint64_t *number);

/* TRANSACTION writes changes by API keys and the administrator to the audit. Changes that are never
 * in the audit, such as posts, use the shorter TRANSACTION_UNAUDITED. */
#define TRANSACTION(declarations, body, columns)                                     \
    TRANSACTION_UNAUDITED("DECLARE v_audited BOOLEAN DEFAULT FALSE; " declarations,  \
                          body AUDIT_END_SQL, columns)
#define TRANSACTION_UNAUDITED(declarations, body, columns)                   \
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

/* Declarations for TRANSACTION_ENTER_ROOM; the first two values are the room and the user who
 * acts. */
#define TRANSACTION_ROOM_DECLARATIONS                                         \
    "DECLARE p_room BIGINT UNSIGNED DEFAULT ?; "                              \
    "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; "                              \
    "DECLARE v_room, v_member, v_direct_low, v_direct_high BIGINT UNSIGNED; " \
    "DECLARE v_seq, v_message_count, v_members_count BIGINT UNSIGNED; "       \
    "DECLARE v_private, v_admin, v_archived, v_silenced BOOLEAN; DECLARE v_role INT; "

/* Locks the row of the room and reads its counters and the membership of the user: v_room is NULL
 * if there is no such room, v_member if the user is not in it. v_seq is the number of the next
 * event. */
#define TRANSACTION_LOCK_ROOM                                                         \
    "SELECT r.room_id, r.is_private, r.direct_low, r.direct_high, r.last_seq + 1, "   \
    "r.message_count, r.members_count, m.user_id, m.is_admin, r.is_archived, "        \
    "COALESCE(m.silenced_until > SYSDATE(6), FALSE), " TRANSACTION_ROLE("m")          \
    " INTO v_room, v_private, v_direct_low, v_direct_high, v_seq, v_message_count, "  \
    "v_members_count, v_member, v_admin, v_archived, v_silenced, v_role "             \
    "FROM room r LEFT JOIN member m ON m.room_id = r.room_id AND m.user_id = p_user " \
    "WHERE r.room_id = p_room FOR UPDATE; "                                           \
    "SET v_now = SYSDATE(6); "

/* The same, and checks access: 4 (not found) if there is no such room, or it is private and the
 * user is not a member; then 3 (forbidden) if the SQL condition `refused` holds; then 18 if the
 * room is archived. TRANSACTION_ENTER_ARCHIVED is for what can be done in an archived room, too. */
#define TRANSACTION_ENTER_ROOM(refused) \
    TRANSACTION_ENTER_ARCHIVED(refused) TRANSACTION_NOT_ARCHIVED
#define TRANSACTION_ENTER_ARCHIVED(refused)                       \
    TRANSACTION_LOCK_ROOM                                         \
    "IF v_room IS NULL OR (v_private AND v_member IS NULL) THEN " \
    "SET v_outcome = 4; LEAVE body; END IF; "                     \
    "IF " refused " THEN SET v_outcome = 3; LEAVE body; END IF; "
#define TRANSACTION_NOT_ARCHIVED "IF v_archived THEN SET v_outcome = 18; LEAVE body; END IF; "

/* For moderators: the same, but a site moderator (user.is_moderator) need not be a member, and
 * counts as a moderator in rooms that are not direct. */
#define TRANSACTION_ENTER_AS_MODERATOR                                                  \
    TRANSACTION_LOCK_ROOM                                                               \
    TRANSACTION_SITE_MODERATOR                                                          \
    "IF v_room IS NULL OR (v_private AND v_member IS NULL AND v_role IS NULL) THEN "    \
    "SET v_outcome = 4; LEAVE body; END IF; "                                           \
    "IF v_role IS NULL OR v_role < " ROLE_SQL_MODERATOR " OR " TRANSACTION_IS_DIRECT    \
    " THEN SET v_outcome = 3; LEAVE body; END IF; "
#define TRANSACTION_SITE_MODERATOR                                                      \
    "IF v_direct_low IS NULL AND COALESCE(v_role, 0) < " ROLE_SQL_MODERATOR             \
    " AND EXISTS (SELECT 1 FROM user WHERE user_id = p_user AND is_moderator "          \
    "AND is_active) THEN SET v_role = " ROLE_SQL_MODERATOR "; END IF; "

/* For changes that require the right to write, after the checks of access: 17 for readers, 19 for
 * members who are silenced, 22 for a user whom the other user of a direct room has blocked. */
#define TRANSACTION_MAY_WRITE                                                               \
    "IF v_role = " ROLE_SQL_READER " THEN SET v_outcome = 17; LEAVE body; END IF; "         \
    "IF v_silenced THEN SET v_outcome = 19; LEAVE body; END IF; "                           \
    "IF v_direct_low IS NOT NULL AND EXISTS (SELECT 1 FROM block WHERE blocked_id = p_user " \
    "AND user_id = IF(v_direct_low = p_user, v_direct_high, v_direct_low)) THEN "           \
    "SET v_outcome = 22; LEAVE body; END IF; "

/* The role of a membership, a number of enum role; NULL without one. */
#define TRANSACTION_ROLE(m) "IF(" m ".is_admin, " ROLE_SQL_ADMIN ", " m ".role)"
#define ROLE_SQL_READER "0"
#define ROLE_SQL_MEMBER "1"
#define ROLE_SQL_MODERATOR "2"
#define ROLE_SQL_ADMIN "3"

/* As TRANSACTION_ENTER_ARCHIVED, for the site itself, which needs no membership. */
#define TRANSACTION_ENTER_BY_SITE(refused)                         \
    TRANSACTION_LOCK_ROOM                                          \
    "IF v_room IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; " \
    "IF " refused " THEN SET v_outcome = 3; LEAVE body; END IF; "

#define TRANSACTION_NOT_MEMBER "v_member IS NULL"
#define TRANSACTION_NOT_ADMIN "v_member IS NULL OR NOT v_admin"
#define TRANSACTION_IS_DIRECT "v_direct_low IS NOT NULL"

/* FROM and WHERE of a list: from the rooms that a user (the value) moderates to what `joins` finds
 * in each of them (me.room_id, r). Direct rooms have no moderators. */
#define ROOMS_MODERATED(joins) ROOMS_OF_MEMBER joins "WHERE " ROOM_IS_MODERATED
#define ROOMS_OF_MEMBER "FROM member me JOIN room r ON r.room_id = me.room_id "
#define ROOM_IS_MODERATED                                                    \
    "me.user_id = ? AND (me.is_admin OR me.role = " ROLE_SQL_MODERATOR       \
    ") AND r.direct_low IS NULL "

/* Stores event number v_seq of the room. The transaction itself sets room.last_seq = v_seq, with
 * what else it changes in the room. `type` is an EVENT_SQL of event.h. changed_at lets followers
 * find the room (store/followers/follower.h); a post sets last_active_at instead. */
#define TRANSACTION_ROOM_EVENT(type, subject)                                         \
    "INSERT INTO event (room_id, seq, event_type, actor_id, subject_id, created_at) " \
    "VALUES (p_room, v_seq, " type ", p_user, " subject ", v_now); "                  \
    "UPDATE room SET changed_at = v_now WHERE room_id = p_room; "

/* Stores an event in the own stream of a user and sets v_user_seq, which must be declared, to its
 * number. `rooms` is added to rooms_count of the user: "+ 1", "- 1" or "+ 0". */
#define TRANSACTION_USER_EVENT(user, type, actor, subject, rooms)                          \
    "UPDATE user SET last_seq = last_seq + 1, rooms_count = rooms_count " rooms            \
    " WHERE user_id = " user                                                               \
    "; "                                                                                   \
    "SELECT last_seq INTO v_user_seq FROM user WHERE user_id = " user                      \
    "; "                                                                                   \
    "INSERT INTO user_event (user_id, seq, event_type, actor_id, subject_id, created_at) " \
    "VALUES (" user ", v_user_seq, " type ", " actor ", " subject ", v_now); "

/* Counts one public room more ("+ 1") or less ("- 1"). All rooms share this row: lock it last, so
 * that it is locked only until the commit. */
#define TRANSACTION_PUBLIC_ROOMS(change) \
    "UPDATE total SET number = number " change " WHERE name = 'public_rooms'; "

#endif
