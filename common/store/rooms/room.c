/* Rooms: reading one row; the transactions that create, change and delete rooms. A direct room is
 * one of two users, with direct_low < direct_high as their ids; a unique key over both allows one
 * such room for each pair. Lists of rooms are in room_list.c. */
#include "store/rooms/room.h"

#include <string.h>

#include "event/event.h"
#include "store/messages/mention.h"
#include "store/moderation/audit_log.h"
#include "store/moderation/block.h"
#include "store/rooms/shared_room.h"
#include "store/search/search_index.h"
#include "store/transaction.h"

/* ---- reading ---- */

void room_from_row(const struct db_rows *rows, unsigned first, struct room *room) {
    memset(room, 0, sizeof(*room));
    room_state_from_row(rows, first, &room->state);
    /* The columns of the state come first, then the name and ROOM_OWN_COLUMNS. */
    const unsigned name = first + ROOM_STATE_COLUMN_COUNT, own = name + 1;
    room->name = db_get_text(rows, name);
    room->created_by_id = db_get_u64(rows, own);
    /* NULL, for rooms that the site did not make, is an empty text. */
    room->key = db_get_text(rows, own + 1);
    room->may_pin = (enum room_may_pin)db_get_u64(rows, own + 2);
    room->topic = db_get_text(rows, own + 3);
    room->post_policy = (enum post_policy)db_get_u64(rows, own + 4);
    room->slow_seconds = db_get_u64(rows, own + 5);
    room->history = (enum room_history)db_get_u64(rows, own + 6);
    room->guests = (enum room_guests)db_get_u64(rows, own + 7);
    room->retention_days = db_get_u64(rows, own + 8);
    /* A room without messages has NULL in these columns. */
    room->has_last_message = message_from_row(rows, first + ROOM_MESSAGE_COLUMN,
                                              room->state.room_id, &room->last_message);
    /* A member who joined later does not see the last message if it is older. */
    room->has_last_message =
        room->has_last_message && message_show_to(&room->last_message, room->state.first_position);
}

/* The last column: site moderators see rooms that they are not in. */
#define GET_BY(column)                                                                 \
    "SELECT " ROOM_COLUMNS ", (SELECT is_moderator FROM user WHERE user_id = ?) FROM " \
    ROOM_STATE_FROM ROOM_JOINS "WHERE r." column " = ?"

/* Visits the room with this value in the column that the statement has. */
static enum error get_by(struct db *db, const char *sql, struct db_value value, uint64_t user_id,
                         room_visit *visit, void *context) {
    struct db_rows *rows;
    struct room room = {0};
    enum error error =
        DB_RUN(db, sql, DB_REPEATABLE, &rows, db_u64(user_id), db_u64(user_id), value);
    if (error)
        return error;
    if (db_next(rows)) {
        room_from_row(rows, 0, &room);
        if (db_get_bool(rows, ROOM_COLUMN_COUNT))
            room_state_add_moderator(&room.state);
    }
    /* user_id 0: for an event, which shows the room to its members. */
    const bool for_event = user_id == 0 && room.state.exists;
    /* Open rooms can be read without a membership. */
    error = for_event || room.state.is_open ? ERROR_NONE : room_state_may_see(&room.state);
    if (!error)
        error = mention_count_unread(db, &room.state, user_id, &room.unread_mentions);
    if (!error)
        visit(context, &room);
    db_done(rows);
    return error;
}

enum error room_get(struct db *db, uint64_t room_id, uint64_t user_id, room_visit *visit,
                    void *context) {
    return get_by(db, GET_BY("room_id"), db_u64(room_id), user_id, visit, context);
}

enum error room_get_by_key(struct db *db, struct text key, uint64_t user_id, room_visit *visit,
                           void *context) {
    return get_by(db, GET_BY("room_key"), db_text(key), user_id, visit, context);
}

enum error room_get_by_token(struct db *db, const unsigned char token_hash[SECRET_HASH_SIZE],
                             uint64_t room_id, struct identity *identity, bool *found,
                             room_visit *visit, void *context) {
    /* Token, membership and room by one statement. ROOM_COLUMNS begin with the state of the room,
     * as the rest of TOKEN_MEMBER_COLUMNS does. */
    static const char SQL[] = "SELECT " TOKEN_MEMBER_USER_COLUMNS ", " ROOM_COLUMNS
        TOKEN_MEMBER_FROM ROOM_JOINS TOKEN_MEMBER_WHERE;
    struct db_rows *rows;
    struct room room;
    *found = false;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id),
                              db_bytes(token_hash, SECRET_HASH_SIZE));
    if (error)
        return error;
    /* One row only if the token is valid and its user is a member; otherwise the ordinary way finds
     * out why. */
    *found = db_next(rows);
    if (*found) {
        token_member_from_row(rows, 0, identity);
        room_from_row(rows, TOKEN_MEMBER_USER_COLUMN_COUNT, &room);
        error = mention_count_unread(db, &room.state, identity->user.id, &room.unread_mentions);
        if (!error)
            visit(context, &room);
    }
    db_done(rows);
    return error;
}

enum error room_by_name(struct db *db, uint64_t user_id, struct text name, uint64_t *room_id) {
    /* Names are not unique: rooms of which the user is an admin first, then the oldest. */
    static const char SQL[] =
        "SELECT r.room_id FROM member me JOIN room r ON r.room_id = me.room_id "
        "WHERE me.user_id = ? AND r.direct_low IS NULL AND r.name = ? "
        "ORDER BY me.is_admin DESC, r.room_id LIMIT 1";
    const enum error error = DB_NUMBER(db, SQL, room_id, db_u64(user_id), db_text(name));
    if (error)
        return error;
    return *room_id ? ERROR_NONE : ERROR_NOT_FOUND;
}

/* ---- changing ---- */

/* Reads the row that changes of rooms return, and frees the rows: outcome, changed, room, seq,
 * other_seq, actor_seq, time. */
static enum error read_change(struct db_rows *rows, struct room_change *change) {
    enum error error;
    memset(change, 0, sizeof(*change));
    if (transaction_row(rows, &error)) {
        /* A refused change has changed nothing, whatever the other columns say. */
        change->changed = error == ERROR_NONE && db_get_bool(rows, 1);
        change->room_id = db_get_u64(rows, 2);
        change->seq = db_get_u64(rows, 3);
        change->other_seq = db_get_u64(rows, 4);
        change->actor_seq = db_get_u64(rows, 5);
        change->at = db_get_time(rows, 6);
    }
    db_done(rows);
    return error;
}

enum error room_create(struct db *db, uint64_t user_id, struct text name, bool is_private,
                       uint64_t most_rooms, struct room_change *change) {
    /* Not repeatable: rooms have no key by which a second run would find the first one's. */
    static const char SQL[] = TRANSACTION(
        "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_name VARCHAR(128) CHARACTER SET utf8mb4 DEFAULT ?; "
        "DECLARE p_private BOOLEAN DEFAULT ?; DECLARE p_most BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE v_room, v_user_seq, v_rooms BIGINT UNSIGNED; ",
        /* The row of the user is locked, so that parallel requests cannot exceed the limit. */
        "SELECT rooms_count INTO v_rooms FROM user WHERE user_id = p_user FOR UPDATE; "
        /* 3: too many rooms. */
        "IF p_most > 0 AND v_rooms >= p_most THEN SET v_outcome = 3; LEAVE body; END IF; "
        "SET v_now = SYSDATE(6); "
        "INSERT INTO room (name, is_private, created_by_id, created_at, last_active_at, "
        "members_count) VALUES (p_name, p_private, p_user, v_now, v_now, 1); "
        "SET v_room = LAST_INSERT_ID(); "
        /* Raises rooms_count, and adds an event for the user's other sockets. */
        TRANSACTION_USER_EVENT("p_user", EVENT_SQL(EVENT_ROOM_CREATED), "p_user", "v_room", "+ 1")
        /* The creator is the only member, and its admin. */
        "INSERT INTO member (room_id, user_id, is_admin, joined_at) "
        "VALUES (v_room, p_user, TRUE, v_now); "
        /* The row of totals last: all rooms share it. */
        "IF NOT p_private THEN " TRANSACTION_PUBLIC_ROOMS("+ 1") "END IF; "
        AUDIT_ROOM_SQL("v_room"),
        ", TRUE, v_room, 0, 0, v_user_seq, v_now");
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, 0, &rows, db_u64(user_id), db_text(name),
                                    db_bool(is_private), db_u64(most_rooms));
    return error ? error : read_change(rows, change);
}

/* ---- keys ---- */

bool room_key_is_valid(struct text key) {
    /* Keys are written into URLs, JSON and SQL without escapes. */
    return key.len >= 1 && key.len <= 128 && text_is_all_alnum_or(key, "._:/-");
}

enum error room_by_key(struct db *db, struct text key, uint64_t *room_id) {
    static const char SQL[] = "SELECT room_id FROM room WHERE room_key = ?";
    /* By the unique key of room_key. */
    const enum error error = DB_NUMBER(db, SQL, room_id, db_text(key));
    if (error)
        return error;
    return *room_id ? ERROR_NONE : ERROR_NOT_FOUND;
}

/* Makes the room; ERROR_CONFLICT if another request has just made it. */
static enum error create_with_key(struct db *db, uint64_t site_id, struct text key,
                                  struct text name, bool is_private, struct room_change *change) {
    static const char SQL[] = TRANSACTION(
        "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_key VARCHAR(128) CHARACTER SET utf8mb4 DEFAULT ?; "
        "DECLARE p_name VARCHAR(128) CHARACTER SET utf8mb4 DEFAULT ?; "
        "DECLARE p_private BOOLEAN DEFAULT ?; DECLARE v_room BIGINT UNSIGNED; ",
        "SET v_now = SYSDATE(6); "
        /* Without members: the site adds them by claims or calls. */
        "INSERT INTO room (name, room_key, is_private, created_by_id, created_at, last_active_at) "
        "VALUES (p_name, p_key, p_private, p_user, v_now, v_now); "
        "SET v_room = LAST_INSERT_ID(); "
        "IF NOT p_private THEN " TRANSACTION_PUBLIC_ROOMS("+ 1") "END IF; "
        AUDIT_ROOM_SQL("v_room"),
        ", TRUE, v_room, 0, 0, 0, v_now");
    struct db_rows *rows;
    /* A second run after a lost connection is stopped by the unique key. */
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(site_id), db_text(key),
                                    db_text(name), db_bool(is_private));
    return error ? error : read_change(rows, change);
}

enum error room_ensure_key(struct db *db, uint64_t site_id, struct text key, struct text name,
                           bool is_private, struct room_change *change) {
    enum error error = ERROR_CONFLICT;
    memset(change, 0, sizeof(*change));
    if (!room_key_is_valid(key))
        return ERROR_BAD_INPUT;
    /* If several requests make a room at once, one makes it; the others find it in their next
     * attempt. The usual case, a room that exists, writes nothing. */
    for (int tries = 0; error == ERROR_CONFLICT && tries < 3; tries++) {
        error = room_by_key(db, key, &change->room_id);
        /* Read without a lock: a room with a key is never renamed to another key. */
        if (error == ERROR_NOT_FOUND)
            error = create_with_key(db, site_id, key, name, is_private, change);
    }
    return error;
}

/* ---- direct rooms ---- */

/* One statement locks the rows of both users, by rising id. If two concurrent requests find no
 * room, one fails at the unique key of room; room_direct then runs it again. */
static const char DIRECT[] = TRANSACTION(
    "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; DECLARE p_other BIGINT UNSIGNED DEFAULT ?; "
    "DECLARE p_create BOOLEAN DEFAULT ?; DECLARE p_most BIGINT UNSIGNED DEFAULT ?; "
    "DECLARE p_shared BOOLEAN DEFAULT ?; DECLARE v_room, v_found, v_user_seq, v_other_seq, "
    "v_rooms BIGINT UNSIGNED; ",
    /* 1: with oneself, or with a user who does not exist or is disabled. */
    "IF p_user = p_other OR NOT EXISTS "
    "(SELECT 1 FROM user WHERE user_id = p_other AND is_active) THEN "
    "SET v_outcome = 1; LEAVE body; END IF; "
    /* The lower id is always in direct_low, so one look-up finds the room of the pair. */
    "SELECT room_id INTO v_found FROM room WHERE direct_low = LEAST(p_user, p_other) "
    "AND direct_high = GREATEST(p_user, p_other); "
    /* It exists: show it again, if this user had hidden it. */
    "IF v_found IS NOT NULL THEN SET v_room = v_found; "
    "IF EXISTS (SELECT 1 FROM member WHERE room_id = v_room AND user_id = p_user "
    "AND hidden_position IS NOT NULL) THEN SET v_now = SYSDATE(6); "
    TRANSACTION_USER_EVENT("p_user", EVENT_SQL(EVENT_PREFERENCES_CHANGED), "p_user", "v_room",
                           "+ 0")
    "UPDATE member SET hidden_position = NULL WHERE room_id = v_room AND user_id = p_user; "
    "END IF; LEAVE body; END IF; "
    /* 4: only to be found, not created. */
    "IF NOT p_create THEN SET v_outcome = 4; LEAVE body; END IF; "
    /* Both users get an event: room_created for the one who acts, an invitation for the other.
     * Before the limit is read, so that parallel requests cannot exceed it. */
    "UPDATE user SET last_seq = last_seq + 1, rooms_count = rooms_count + 1 "
    "WHERE user_id IN (p_user, p_other) ORDER BY user_id; "
    "SELECT last_seq, rooms_count INTO v_user_seq, v_rooms FROM user WHERE user_id = p_user; "
    "SELECT last_seq INTO v_other_seq FROM user WHERE user_id = p_other; "
    /* 3: too many rooms; the frame rolls back. */
    "IF p_most > 0 AND v_rooms > p_most THEN SET v_outcome = 3; LEAVE body; END IF; "
    /* 22: the other user has blocked this one, or does not accept it without a shared room. */
    "IF " BLOCK_SQL("p_other", "p_user") " OR (p_shared AND NOT "
    SHARED_ROOM_SQL("p_other", "p_user") ") THEN SET v_outcome = 22; LEAVE body; END IF; "
    "SET v_now = SYSDATE(6); "
    "INSERT INTO room (name, is_private, direct_low, direct_high, created_by_id, created_at, "
    "last_active_at, members_count, has_block, has_rules) "
    "VALUES ('', TRUE, LEAST(p_user, p_other), GREATEST(p_user, p_other), p_user, v_now, "
    "v_now, 2, " BLOCK_SQL("p_user", "p_other")
    ", has_block); "
    "SET v_room = LAST_INSERT_ID(); "
    "INSERT INTO user_event (user_id, seq, event_type, actor_id, subject_id, created_at) VALUES "
    "(p_user, v_user_seq, " EVENT_SQL(EVENT_ROOM_CREATED) ", p_user, v_room, v_now), "
    "(p_other, v_other_seq, " EVENT_SQL(EVENT_ROOM_INVITATION) ", p_user, v_room, v_now); "
    "INSERT INTO member (room_id, user_id, is_admin, joined_at) VALUES "
    "(v_room, p_user, FALSE, v_now), (v_room, p_other, FALSE, v_now); ",
    ", v_found IS NULL, v_room, 0, v_other_seq, v_user_seq, v_now");

/* Finds the direct room of two users, or makes it. A second request may do so at the same time. */
static enum error run_direct(struct db *db, uint64_t user_id, uint64_t other_id, bool create,
                             uint64_t most_rooms, bool only_shared, struct room_change *change) {
    /* ERROR_CONFLICT: the other request won; the next run finds its room. */
    enum error error = ERROR_CONFLICT;
    for (int tries = 0; error == ERROR_CONFLICT && tries < 3; tries++) {
        struct db_rows *rows;
        /* Repeatable: a second run finds the room of the first. */
        error = DB_RUN(db, DIRECT, DB_REPEATABLE, &rows, db_u64(user_id), db_u64(other_id),
                       db_bool(create), db_u64(most_rooms), db_bool(only_shared));
        if (!error)
            error = read_change(rows, change);
    }
    return error;
}

enum error room_find_direct(struct db *db, uint64_t user_id, uint64_t other_id,
                            struct room_change *change) {
    return run_direct(db, user_id, other_id, false, 0, false, change);
}

enum error room_direct(struct db *db, uint64_t user_id, uint64_t other_id, uint64_t most_rooms,
                       bool only_shared, struct room_change *change) {
    return run_direct(db, user_id, other_id, true, most_rooms, only_shared, change);
}

/* ---- updating and deleting ---- */

#define UPDATE(enter) \
    TRANSACTION(                                                                                \
        TRANSACTION_ROOM_DECLARATIONS                                                           \
        "DECLARE p_name VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin DEFAULT ?; "\
        "DECLARE p_private BOOLEAN DEFAULT ?; DECLARE p_may_pin INT DEFAULT ?; "                \
        "DECLARE p_topic VARCHAR(500) CHARACTER SET utf8mb4 DEFAULT ?; "                        \
        "DECLARE p_policy, p_slow, p_history, p_guests INT; "                                   \
        "DECLARE p_archived, p_visible, p_live, p_open BOOLEAN; DECLARE p_retention INT; "      \
        "DECLARE v_changed BOOLEAN DEFAULT FALSE; ",                                            \
        "SET p_policy = ?; SET p_slow = ?; SET p_archived = ?; SET p_visible = ?; "             \
        "SET p_live = ?; SET p_history = ?; SET p_guests = ?; SET p_open = ?; "                 \
        "SET p_retention = ?; "                                                                 \
        enter                                                                                   \
        /* NULL leaves a value as it is. */                                                     \
        "UPDATE room SET name = COALESCE(p_name, name), "                                       \
        "is_private = COALESCE(p_private, is_private), "                                        \
        "may_pin = COALESCE(p_may_pin, may_pin), topic = COALESCE(p_topic, topic), "            \
        "post_policy = COALESCE(p_policy, post_policy), "                                       \
        "slow_seconds = COALESCE(p_slow, slow_seconds), "                                       \
        "is_archived = COALESCE(p_archived, is_archived), "                                     \
        "members_visible = COALESCE(p_visible, members_visible), "                              \
        "is_live = COALESCE(p_live, is_live), "                                                 \
        "history = COALESCE(p_history, history), guests = COALESCE(p_guests, guests), "         \
        "is_open = COALESCE(p_open, is_open), retention_days = "                                \
        "IF(p_retention IS NULL, retention_days, NULLIF(p_retention, 0)) "                      \
        "WHERE room_id = p_room; "                                                              \
        /* ROW_COUNT is 0 if the row has these values already: no event. */                     \
        "SET v_changed = ROW_COUNT() > 0; "                                                     \
        "IF NOT v_changed THEN LEAVE body; END IF; " AUDIT_ROOM_SQL("p_room")                   \
        "UPDATE room SET last_seq = v_seq, has_rules = " ROOM_HAS_RULES                         \
        " WHERE room_id = p_room; "                                                             \
        "IF p_archived IS NOT NULL AND p_archived <> v_archived THEN "                          \
        AUDIT_SQL("IF(p_archived, 'archive', 'unarchive')", "0", "p_room", "0", "NULL")         \
        "END IF; "                                                                              \
        /* Guests who are in the room become readers. */                                        \
        "IF p_guests < 2 THEN UPDATE member m JOIN user u ON u.user_id = m.user_id "            \
        "SET m.role = 0 WHERE m.room_id = p_room AND u.is_guest AND m.role = 1; END IF; "       \
        TRANSACTION_ROOM_EVENT(EVENT_SQL(EVENT_ROOM_UPDATED), "0")                              \
        /* The total follows a change of is_private. */                                         \
        "IF v_private AND NOT p_private THEN " TRANSACTION_PUBLIC_ROOMS("+ 1")                  \
        "ELSEIF NOT v_private AND p_private THEN " TRANSACTION_PUBLIC_ROOMS("- 1") "END IF; ",  \
        ", v_changed, p_room, v_seq, 0, 0, v_now")

/* Changes what the patch gives, by a statement for users or for the site. */
static enum error update(struct db *db, const char *sql, uint64_t room_id, uint64_t user_id,
                         const struct room_patch *patch, struct room_change *change) {
    struct db_rows *rows;
    /* A name that is not given has no pointer. */
    const struct db_value name = patch->name.at ? db_text(patch->name) : db_str(NULL);
    const struct db_value private = patch->has_private ? db_bool(patch->is_private) : db_str(NULL);
    const struct db_value may_pin = patch->has_may_pin ? db_u64(patch->may_pin) : db_str(NULL);
    const struct db_value topic = patch->topic.at ? db_text(patch->topic) : db_str(NULL);
    const struct db_value none = db_str(NULL);
    const enum error error = DB_RUN(db, sql, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(user_id),
                                    name, private, may_pin, topic,
                                    patch->has_policy ? db_u64(patch->post_policy) : none,
                                    patch->has_slow ? db_u64(patch->slow_seconds) : none,
                                    patch->has_archived ? db_bool(patch->is_archived) : none,
                                    patch->has_visible ? db_bool(patch->members_visible) : none,
                                    patch->has_live ? db_bool(patch->is_live) : none,
                                    patch->has_history ? db_u64(patch->history) : none,
                                    patch->has_guests ? db_u64(patch->guests) : none,
                                    patch->has_open ? db_bool(patch->is_open) : none,
                                    patch->has_retention ? db_u64(patch->retention_days) : none);
    return error ? error : read_change(rows, change);
}

enum error room_update(struct db *db, uint64_t room_id, uint64_t user_id,
                       const struct room_patch *patch, struct room_change *change) {
    static const char SQL[] =
        UPDATE(TRANSACTION_ENTER_ARCHIVED(TRANSACTION_NOT_ADMIN " OR " TRANSACTION_IS_DIRECT)
               /* 18: an archived room can only be unarchived. */
               "IF v_archived AND (p_archived IS NULL OR COALESCE(p_name, p_private, p_may_pin, "
               "p_topic, p_policy, p_slow, p_visible, p_live, p_history, p_guests, p_open, "
               "p_retention) "
               "IS NOT NULL) THEN "
               "SET v_outcome = 18; LEAVE body; END IF; ");
    return update(db, SQL, room_id, user_id, patch, change);
}

enum error room_update_by_site(struct db *db, uint64_t room_id, uint64_t site_id,
                               const struct room_patch *patch, struct room_change *change) {
    static const char SQL[] = UPDATE(TRANSACTION_ENTER_BY_SITE(TRANSACTION_IS_DIRECT));
    /* The site changes archived rooms as well. */
    return update(db, SQL, room_id, site_id, patch, change);
}

/* STRAIGHT_JOIN locks the rows of the users in the order of the key of member, by rising id. */
static const char DELETE[] = TRANSACTION(
    TRANSACTION_ROOM_DECLARATIONS
    "DECLARE p_force BOOLEAN DEFAULT ?; DECLARE v_streams LONGTEXT CHARACTER SET utf8mb4; ",
    /* By the administrator, who is not a member. */
    "IF p_force THEN SELECT room_id, is_private INTO v_room, v_private FROM room "
    "WHERE room_id = p_room FOR UPDATE; "
    "SET v_now = SYSDATE(6); "
    "IF v_room IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "
    "ELSE "
    TRANSACTION_ENTER_ARCHIVED(TRANSACTION_NOT_ADMIN " OR " TRANSACTION_IS_DIRECT)
    "END IF; "
    /* A room of thousands of members is deleted by a fixed number of statements. Every member's
     * stream gets an event; v_streams lists their numbers for publishing. */
    "UPDATE member m STRAIGHT_JOIN user u ON u.user_id = m.user_id "
    "SET u.last_seq = u.last_seq + 1, u.rooms_count = u.rooms_count - 1 "
    "WHERE m.room_id = p_room; "
    /* With the numbers that the UPDATE has just given. */
    "INSERT INTO user_event (user_id, seq, event_type, actor_id, subject_id, created_at) "
    "SELECT u.user_id, u.last_seq, " EVENT_SQL(EVENT_ROOM_DELETED) ", p_user, p_room, v_now "
    "FROM member m STRAIGHT_JOIN user u ON u.user_id = m.user_id WHERE m.room_id = p_room; "
    "SELECT GROUP_CONCAT(u.user_id, ':', u.last_seq) INTO v_streams "
    "FROM member m JOIN user u ON u.user_id = m.user_id WHERE m.room_id = p_room; "
    /* Messages and events stay until room_purge. */
    "DELETE FROM member WHERE room_id = p_room; "
    "DELETE FROM room WHERE room_id = p_room; "
    "INSERT INTO deleted_room (room_id, deleted_at) VALUES (p_room, v_now); "
    "IF NOT v_private THEN " TRANSACTION_PUBLIC_ROOMS("- 1") "END IF; " AUDIT_ROOM_SQL("p_room"),
    ", v_streams");

enum error room_delete(struct db *db, uint64_t room_id, uint64_t user_id, bool force,
                       struct buffer *streams) {
    struct db_rows *rows;
    /* Not repeatable: a second run would find no room and report 404 for a deletion that
     * worked. */
    enum error error =
        DB_RUN(db, DELETE, 0, &rows, db_u64(room_id), db_u64(user_id), db_bool(force));
    if (error)
        return error;
    if (transaction_row(rows, &error)) {
        /* "user:seq,user:seq,..."; empty if the outcome is an error. */
        const struct text list = db_get_text(rows, 1);
        buffer_append(streams, list.at, list.len);
    }
    db_done(rows);
    return error;
}

/* The rows are deleted in slices after the transaction that deleted the room, which would otherwise
 * take long. They are not accessible any more. First the files are marked (file_purge removes them
 * with their bytes), then the messages and what belongs to them are deleted, then the events, then
 * what searches have of them, and finally the row in deleted_room, which counts as one, with the
 * few rows of followers. */
enum error room_purge(struct db *db, uint64_t limit, uint64_t *deleted) {
    /* The table has only rooms that are being deleted, by rising id. */
    static const char NEXT[] = "SELECT room_id FROM deleted_room ORDER BY room_id LIMIT 1";
    static const char FILES[] =
        "UPDATE file SET state = 4, expires_at = SYSDATE(6) "
        "WHERE room_id = ? AND state <> 4 LIMIT ?";
    /* In this order: `event` last of the tables, so that a stream stays whole while messages of it
     * are there. */
    static const char *const TABLES[] = {FILES,
                                         "DELETE FROM message WHERE room_id = ? LIMIT ?",
                                         "DELETE FROM pin WHERE room_id = ? LIMIT ?",
                                         "DELETE FROM ban WHERE room_id = ? LIMIT ?",
                                         "DELETE FROM invite_link WHERE room_id = ? LIMIT ?",
                                         "DELETE FROM removal WHERE room_id = ? LIMIT ?",
                                         "DELETE FROM silence WHERE room_id = ? LIMIT ?",
                                         "DELETE FROM held WHERE room_id = ? LIMIT ?",
                                         "DELETE FROM slow_post WHERE room_id = ? LIMIT ?",
                                         "DELETE FROM reply WHERE room_id = ? LIMIT ?",
                                         "DELETE FROM mention WHERE room_id = ? LIMIT ?",
                                         "DELETE FROM reaction WHERE room_id = ? LIMIT ?",
                                         "DELETE FROM reaction_total WHERE room_id = ? LIMIT ?",
                                         "DELETE FROM event WHERE room_id = ? LIMIT ?"};
    /* From the followers, since follower_room has no index by room. */
    static const char DONE[] =
        "DELETE d, p FROM deleted_room d LEFT JOIN follower f ON TRUE "
        "LEFT JOIN follower_room p ON p.follower_id = f.follower_id AND p.room_id = d.room_id "
        "WHERE d.room_id = ?";
    uint64_t room_id = 0;
    *deleted = 0;
    /* One room at a time, the oldest id first. */
    enum error error = db_number(db, NEXT, &room_id);
    if (error || room_id == 0)
        return error;
    /* Only a slice without any row of one table continues with the next. */
    for (size_t i = 0; !error && *deleted == 0 && i < sizeof(TABLES) / sizeof(TABLES[0]); i++) {
        error = DB_RUN(db, TABLES[i], DB_REPEATABLE, NULL, db_u64(room_id), db_u64(limit));
        *deleted = error ? 0 : db_changed(db);
    }
    /* The search terms of the room, by its beginning of the primary key. */
    if (!error && *deleted == 0)
        error = search_index_purge(db, room_id, limit, deleted);
    if (!error && *deleted == 0) {
        /* The room's row and the places of followers, together: the room is done. */
        error = DB_RUN(db, DONE, DB_REPEATABLE, NULL, db_u64(room_id));
        *deleted = 1;
    }
    return error;
}
