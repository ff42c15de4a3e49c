/*
 * moderators: SQL by which a transaction of a room (transaction.h) notifies the users who moderate
 * it, each by an event in the user's own stream. The transaction declares v_streams (LONGTEXT) and
 * has a row for the subject; the sender or reporter, p_user, is not notified.
 */
#ifndef CONFAB_COMMON_STORE_MODERATION_MODERATORS_H
#define CONFAB_COMMON_STORE_MODERATION_MODERATORS_H

#include "event/event.h"
#include "store/rooms/role.h"
#include "store/transaction.h"

/* The users who moderate the room: its admins and moderators, and site moderators; in a direct room
 * site moderators only. */
#define MODERATORS                                                                            \
    "(SELECT m.user_id FROM member m WHERE m.room_id = p_room AND v_direct_low IS NULL "      \
    "AND (m.is_admin OR m.role = " ROLE_SQL_MODERATOR ") AND m.user_id <> p_user UNION "      \
    "SELECT user_id FROM user WHERE is_moderator AND is_active AND user_id <> p_user) "

/* First, the numbers of the events, since rows of users are locked before all others. */
#define MODERATORS_NUMBER                                          \
    "UPDATE user u JOIN " MODERATORS "x ON x.user_id = u.user_id " \
    "SET u.last_seq = u.last_seq + 1; "

/* Then the rows of the events, and v_streams for publishing: "<user id>:<seq>,...". */
#define MODERATORS_TELL(type, subject)                                                       \
    "INSERT INTO user_event (user_id, seq, event_type, actor_id, subject_id, created_at) "   \
    "SELECT u.user_id, u.last_seq, " EVENT_SQL(type) ", p_user, " subject                    \
    ", v_now FROM " MODERATORS "x JOIN user u ON u.user_id = x.user_id; "                    \
    "SELECT GROUP_CONCAT(u.user_id, ':', u.last_seq) INTO v_streams "                        \
    "FROM " MODERATORS "x JOIN user u ON u.user_id = x.user_id; "

#endif
