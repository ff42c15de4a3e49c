/*
 * mention: users that a message names, or all members of its room.
 *
 * message.mentions has them as clients see them. The table `mention` has a row for each user named,
 * and one with user 0 for all members, however many there are. The sender has no row: one's own
 * messages do not count. A row whose mention was taken back by an edit stays, not current, so that
 * a user gets one event for each message.
 *
 * Nothing counts mentions: those after the read mark are found by the primary key. A member's
 * mention_position and a room's all_position are those of the latest, so that without a mention
 * after the mark nothing is looked up.
 */
#ifndef CONFAB_COMMON_STORE_MESSAGES_MENTION_H
#define CONFAB_COMMON_STORE_MESSAGES_MENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "db/db.h"
#include "event/event.h"
#include "store/messages/message.h"
#include "store/transaction.h"

/* Most users that a message can name. */
#define MENTION_MOST 50

struct mention_list {
    uint64_t ids[MENTION_MOST]; /* each once */
    size_t count;
    bool all;
};

/* True if it mentions no user. */
bool mention_list_is_empty(const struct mention_list *list);

/* Appends a list as in Message objects: {"user_ids":[2,3],"all":false}. */
void mention_list_write(struct buffer *out, const struct mention_list *list);

/* Sets *refusal to whether a post with this list would be refused, and why: the sender may not
 * mention all, in a room of more than `most` members; or a user is not a member, unless the members
 * are hidden from the sender. */
enum error mention_check(struct db *db, uint64_t room_id, uint64_t sender_id,
                         const struct mention_list *list, uint64_t most,
                         enum mention_refusal *refusal);

/* Sets *count to the number of messages that mention the user, at positions after `after` up to
 * `last`; no more are counted than MENTION_COUNT_MOST. */
#define MENTION_COUNT_MOST "1000"
enum error mention_count(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t after,
                         uint64_t last, uint64_t *count);

/* The same for the messages that the user has not read; without a query if there can be none. */
enum error mention_count_unread(struct db *db, const struct room_state *state, uint64_t user_id,
                                uint64_t *count);

/* Visits at most `limit` messages that mention the user, in rooms that the user is in: those before
 * the message `cursor` (0: the newest), newest first; or those after it, oldest first. */
enum error mention_page(struct db *db, uint64_t user_id, bool after, uint64_t cursor,
                        uint64_t limit, message_visit *visit, void *context);

/* ---- parts of the transactions of message.c and message_post.c ---- */

/* Declarations, whose values are those of mention_bind. */
#define MENTION_DECLARATIONS                                                                    \
    "DECLARE p_mentions VARCHAR(1200) CHARACTER SET ascii DEFAULT ?; "                          \
    "DECLARE p_named VARCHAR(1200) CHARACTER SET ascii DEFAULT ?; "                             \
    "DECLARE p_all BOOLEAN DEFAULT ?; DECLARE p_all_members BIGINT UNSIGNED DEFAULT ?; "        \
    "DECLARE v_mentions INT DEFAULT 0; DECLARE v_streams LONGTEXT CHARACTER SET utf8mb4; "
#define MENTION_VALUES 4

/* The values and what they point to. */
struct mention_values {
    struct db_value values[MENTION_VALUES];
    struct buffer shown, named;
};

/* most: members of a room up to which all of them may mention all. Free with mention_free. */
void mention_bind(struct mention_values *bound, const struct mention_list *list,
                  uint64_t sender_id, uint64_t most);
void mention_free(struct mention_values *bound);

#define MENTION_NAMED "JSON_TABLE(p_named, '$[*]' COLUMNS (id BIGINT UNSIGNED PATH '$')) j "

/* Users who have not been notified of the message at this position. */
#define MENTION_NEW(position)                                           \
    MENTION_NAMED                                                       \
    "STRAIGHT_JOIN user u ON u.user_id = j.id "                         \
    "LEFT JOIN mention n ON n.user_id = j.id AND n.room_id = p_room "   \
    "AND n.position = " position " "

/* An SQL condition: the user j.id has not been notified, and has not blocked the sender. */
#define MENTION_IS_NEW \
    "n.user_id IS NULL AND NOT EXISTS (SELECT 1 FROM block " \
    "WHERE user_id = j.id AND blocked_id = p_user)"

/* Where only moderators see the members, others may name anyone, and do not learn who is in the
 * room: the message shows the ids that they have named, and of these users p_named keeps the
 * members, who alone are notified. */
#define MENTION_MAY_NAME_ALL(room, user)                                                         \
    "EXISTS (SELECT 1 FROM room r WHERE r.room_id = " room " AND NOT r.members_visible) "         \
    "AND NOT EXISTS (SELECT 1 FROM member a JOIN user s ON s.user_id = a.user_id "               \
    "WHERE a.room_id = " room " AND a.user_id = " user " "                                       \
    "AND (a.is_admin OR a.role = " ROLE_SQL_MODERATOR " OR s.is_moderator))"
#define MENTION_KEEP_MEMBERS                                                                     \
    "IF " MENTION_MAY_NAME_ALL("p_room", "p_user")                                               \
    " THEN SET p_named = COALESCE((SELECT CONCAT('[', "                                          \
    "GROUP_CONCAT(j.id ORDER BY j.id), ']') FROM " MENTION_NAMED                                 \
    "JOIN member m ON m.room_id = p_room AND m.user_id = j.id), '[]'); END IF; "

/* Locks the rows of these users, by rising id, and gives each a number for the event. Before any
 * row of a member is locked. */
#define MENTION_LOCK(position) \
    MENTION_KEEP_MEMBERS           \
    "UPDATE " MENTION_NEW(position) "SET u.last_seq = u.last_seq + 1 WHERE " MENTION_IS_NEW "; "

/* An SQL condition: the room has more than `most` members, and the user is not an admin of it. */
#define MENTION_ALL_REFUSED_SQL(room, user, most)                                                \
    "EXISTS (SELECT 1 FROM room r WHERE r.room_id = " room " AND r.members_count > " most ") "   \
    "AND NOT EXISTS (SELECT 1 FROM member a WHERE a.room_id = " room " AND a.user_id = " user    \
    " AND a.is_admin)"

/* enum mention_refusal into v_mentions, and 1 into v_outcome, if the mentions are not allowed. */
#define MENTION_CHECK                                                                            \
    "IF p_all AND " MENTION_ALL_REFUSED_SQL("p_room", "p_user", "p_all_members")                 \
    " THEN SET v_mentions = 2; "                                                                 \
    "ELSEIF EXISTS (SELECT 1 FROM " MENTION_NAMED                                                \
    "LEFT JOIN member m ON m.room_id = p_room AND m.user_id = j.id "                             \
    "WHERE m.user_id IS NULL) THEN SET v_mentions = 1; END IF; "                                 \
    "IF v_mentions > 0 THEN SET v_outcome = 1; LEAVE body; END IF; "

/* Stores the rows and events of a message at this position; v_streams becomes
 * "<user id>:<seq>,..." of the events. */
#define MENTION_STORE(position, message, now)                                                     \
    "INSERT INTO user_event (user_id, seq, event_type, actor_id, subject_id, created_at) "        \
    "SELECT STRAIGHT_JOIN u.user_id, u.last_seq, " EVENT_SQL(EVENT_MENTIONED) ", p_user, "        \
    message ", " now " FROM " MENTION_NEW(position) "WHERE " MENTION_IS_NEW "; "                   \
    "SELECT STRAIGHT_JOIN GROUP_CONCAT(u.user_id, ':', u.last_seq) INTO v_streams "               \
    "FROM " MENTION_NEW(position) "WHERE " MENTION_IS_NEW "; "                                     \
    "UPDATE mention SET is_current = FALSE WHERE room_id = p_room AND position = " position "; "  \
    /* If the user has blocked the sender, the row is not current, and edits leave it so. */      \
    "INSERT INTO mention (user_id, room_id, position, message_id, sender_id, created_at, "        \
    "is_current, is_blocked) SELECT j.id, p_room, " position ", " message ", p_user, " now        \
    ", b.user_id IS NULL, b.user_id IS NOT NULL FROM " MENTION_NAMED                              \
    "LEFT JOIN block b ON b.user_id = j.id AND b.blocked_id = p_user "                            \
    "ON DUPLICATE KEY UPDATE is_current = NOT mention.is_blocked; "                               \
    "IF p_all THEN "                                                                              \
    "INSERT INTO mention (user_id, room_id, position, message_id, sender_id, created_at) "        \
    "VALUES (0, p_room, " position ", " message ", p_user, " now ") "                             \
    "ON DUPLICATE KEY UPDATE is_current = TRUE; "                                                 \
    "UPDATE room SET all_position = GREATEST(all_position, " position ") "                        \
    "WHERE room_id = p_room; END IF; "                                                            \
    "UPDATE " MENTION_NAMED                                                                       \
    "STRAIGHT_JOIN member m ON m.room_id = p_room AND m.user_id = j.id "                          \
    "SET m.mention_position = GREATEST(m.mention_position, " position "); "

/* Result columns. */
#define MENTION_COLUMNS ", v_mentions, v_streams"
#define MENTION_COLUMN_COUNT 2

#endif
