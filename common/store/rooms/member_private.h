/*
 * member_private: parts of transactions on memberships, for member.c, ban.c and silence.c.
 */
#ifndef CONFAB_COMMON_STORE_ROOMS_MEMBER_PRIVATE_H
#define CONFAB_COMMON_STORE_ROOMS_MEMBER_PRIVATE_H

#include "event/event.h"
#include "store/rooms/member.h"
#include "store/transaction.h"

/* Values of every transaction: room, user who acts, target, p_flag. */
#define MEMBER_TARGET_DECLARATIONS                                                          \
    TRANSACTION_ROOM_DECLARATIONS                                                    \
    "DECLARE p_target BIGINT UNSIGNED DEFAULT ?; DECLARE p_flag BOOLEAN DEFAULT ?; " \
    "DECLARE v_target, v_membership, v_user_seq, v_promoted BIGINT UNSIGNED; "       \
    "DECLARE v_target_admin, v_last BOOLEAN; DECLARE v_joined DATETIME(6); "         \
    "DECLARE v_target_role INT; DECLARE v_refusal INT DEFAULT 0; "                   \
    "DECLARE v_keyed BOOLEAN; DECLARE v_changed BOOLEAN DEFAULT FALSE; "

#define MEMBER_FIND_TARGET                                                                   \
    "SELECT membership_id, is_admin, joined_at, " TRANSACTION_ROLE("member")                 \
    " INTO v_membership, v_target_admin, v_joined, v_target_role "                           \
    "FROM member WHERE room_id = p_room AND user_id = p_target; "

/* An SQL condition: no other member than p_target is an admin. */
#define MEMBER_ONLY_ADMIN                                                          \
    "NOT EXISTS (SELECT 1 FROM member WHERE room_id = p_room AND is_admin " \
    "AND user_id <> p_target)"

/* Removes the member p_target, who was found by MEMBER_FIND_TARGET.
 *
 * If the last member leaves, the room is deleted. Otherwise, if no admin is left, the first to have
 * joined becomes admin, by an event after that of the removal. A room with a key stays. An admin
 * whom the site itself removes from it has no successor, since the site decides who is admin
 * there. */
#define MEMBER_REMOVAL MEMBER_REMOVAL_AS(EVENT_USER_REMOVED)
#define MEMBER_REMOVAL_AS(event)                                                                  \
    /* A room with a key belongs to the site: it stays without members. */                        \
    "SELECT room_key IS NOT NULL INTO v_keyed FROM room WHERE room_id = p_room; "                 \
    "SET v_changed = TRUE; SET v_last = v_members_count = 1 AND NOT v_keyed; "                    \
    /* The last member: the room goes with it. Its messages and events are deleted later, by      \
     * room_purge. */                                                                             \
    "IF v_last THEN "                                                                             \
    TRANSACTION_USER_EVENT("p_target", EVENT_SQL(EVENT_ROOM_DELETED), "p_user", "p_room", "- 1")  \
    "DELETE FROM member WHERE room_id = p_room; "                                                 \
    "DELETE FROM room WHERE room_id = p_room; "                                                   \
    "INSERT INTO deleted_room (room_id, deleted_at) VALUES (p_room, v_now); "                     \
    "IF NOT v_private THEN " TRANSACTION_PUBLIC_ROOMS("- 1") "END IF; "                           \
    "ELSE "                                                                                       \
    /* Others stay: the target's own stream, then the room's. */                                  \
    TRANSACTION_USER_EVENT("p_target", EVENT_SQL(EVENT_ROOM_REMOVED), "p_user", "p_room", "- 1")  \
    /* Neither the one who invited the target nor the one who removes it may invite it soon. */   \
    "INSERT INTO departure (room_id, user_id, admin_id, left_at) "                                \
    "SELECT room_id, user_id, invited_by_id, v_now FROM member "                                  \
    "WHERE room_id = p_room AND user_id = p_target AND invited_by_id IS NOT NULL "                \
    "UNION SELECT p_room, p_target, p_user, v_now FROM DUAL WHERE p_user <> p_target "            \
    "ON DUPLICATE KEY UPDATE left_at = v_now; "                                                   \
    /* Links made before do not bring back whom others have removed. */                           \
    "IF p_user <> p_target THEN INSERT INTO removal (room_id, user_id, removed_at) "              \
    "VALUES (p_room, p_target, v_now) ON DUPLICATE KEY UPDATE removed_at = v_now; END IF; "       \
    "DELETE FROM member WHERE room_id = p_room AND user_id = p_target; "                          \
    TRANSACTION_ROOM_EVENT(EVENT_SQL(event), "p_target")                                          \
    "IF v_target_admin AND v_members_count > 1 AND (NOT v_keyed OR p_target = p_user) "           \
    "AND " MEMBER_ONLY_ADMIN " THEN "                                                             \
    /* The oldest membership; its event has the number after that of the removal. */              \
    "SELECT user_id INTO v_promoted FROM member WHERE room_id = p_room "                          \
    "ORDER BY membership_id LIMIT 1; "                                                            \
    "UPDATE member SET is_admin = TRUE, role = " ROLE_SQL_MEMBER                                  \
    " WHERE room_id = p_room AND user_id = v_promoted; "                                          \
    "SET v_seq = v_seq + 1; "                                                                     \
    TRANSACTION_ROOM_EVENT(EVENT_SQL(EVENT_MEMBER_UPDATED), "v_promoted")                         \
    "END IF; "                                                                                    \
    /* v_seq is the number of the last event, of one or two. */                                   \
    "UPDATE room SET last_seq = v_seq, members_count = members_count - 1, "                       \
    /* The bell gets another name, which the target does not know. */                             \
    "bell_generation = bell_generation + 1 WHERE room_id = p_room; END IF; "

/* Result columns, read by member_removal_from_rows, which returns the outcome. */
#define MEMBER_REMOVAL_COLUMNS ", v_changed, v_last, v_seq, v_user_seq, v_promoted, v_refusal"
enum error member_removal_from_rows(struct db_rows *rows, struct member_change *change);

/* The address of the guest p_target is banned with it, for p_address_days. */
#define GUEST_BAN_SQL(room)                                                                     \
    "INSERT INTO address_ban (room_id, address, user_id, until) "                               \
    "SELECT " room ", address, user_id, v_now + INTERVAL p_address_days DAY FROM guest "        \
    "WHERE user_id = p_target AND address IS NOT NULL "                                         \
    "ON DUPLICATE KEY UPDATE user_id = VALUES(user_id), until = VALUES(until); "
#define GUEST_UNBAN_SQL(room) \
    "DELETE FROM address_ban WHERE user_id = p_target AND room_id = " room "; "

/* A condition: the address of the guest p_target is banned from p_room. */
#define GUEST_IS_BANNED_SQL                                                                     \
    "EXISTS (SELECT 1 FROM guest g JOIN address_ban b ON b.address = g.address "                \
    "WHERE g.user_id = p_target AND b.room_id = p_room AND b.until > v_now)"

#endif
