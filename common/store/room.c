#include "store/room.h"

#include <string.h>

#include "event.h"
#include "store/token_member.h"
#include "store/transaction.h"

/* ---- reading ---- */

/* Columns of a room aliased r as the user aliased me sees it, with its last message. A
 * direct room is named after the other one of its two users. */
#define ROOM_COLUMNS                                       \
    ROOM_STATE_COLUMNS                                     \
    ", IF(r.direct_low IS NULL, r.name, other.username), " \
    "r.created_by_id, " MESSAGE_COLUMNS
#define ROOM_JOINS                                                                   \
    "LEFT JOIN message m ON m.room_id = r.room_id AND m.position = r.message_count " \
    "LEFT JOIN user s ON s.user_id = m.sender_id "                                   \
    "LEFT JOIN user other ON other.user_id = "                                       \
    "IF(r.direct_low = me.user_id, r.direct_high, r.direct_low) "

static void room_from_row(const struct db_rows *rows, struct room *room) {
    room_state_from_row(rows, 0, &room->state);
    room->name = db_get_text(rows, ROOM_STATE_COLUMN_COUNT);
    room->created_by_id = db_get_u64(rows, ROOM_STATE_COLUMN_COUNT + 1);
    room->has_last_message =
        message_from_row(rows, ROOM_STATE_COLUMN_COUNT + 2, &room->last_message);
}

static enum error visit_rooms(struct db_rows *rows, room_visit *visit, void *context) {
    struct room room;
    memset(&room, 0, sizeof(room));
    while (db_next(rows)) {
        room_from_row(rows, &room);
        visit(context, &room);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error room_get(struct db *db, uint64_t room_id, uint64_t user_id, room_visit *visit,
                    void *context) {
    static const char SQL[] =
        "SELECT " ROOM_COLUMNS " FROM " ROOM_STATE_FROM ROOM_JOINS "WHERE r.room_id = ?";
    struct db_rows *rows;
    struct room room;
    memset(&room, 0, sizeof(room));
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id), db_u64(room_id));
    if (error)
        return error;
    if (db_next(rows))
        room_from_row(rows, &room);
    const bool anyone = user_id == 0 && room.state.exists;
    error = anyone ? ERROR_NONE : room_state_may_see(&room.state);
    if (!error)
        visit(context, &room);
    db_done(rows);
    return error;
}

/* ---- with the names that are known ---- */

/* Who is visited, on the way there. */
struct naming {
    struct user_names *names;
    uint64_t other_id; /* of a direct room, the one it is named after */
    room_visit *visit;
    void *context;
};

/* Gives a room the names it lacks, or notes those it has; false if one is not known. */
static bool name_room(struct naming *naming, struct room *room, bool named) {
    const bool is_direct = room->state.is_direct;
    if (room->has_last_message && !message_name(naming->names, &room->last_message))
        return false;
    if (is_direct && named)
        user_names_note(naming->names, naming->other_id, room->name);
    else if (is_direct)
        room->name = user_names_find(naming->names, naming->other_id);
    return room->name.at != NULL;
}

static void visit_named(void *context, const struct room *room) {
    struct naming *naming = context;
    struct room copy = *room;
    name_room(naming, &copy, true);
    naming->visit(naming->context, room);
}

/* The other one of a direct room's two users. */
#define OTHER "IF(r.direct_low = me.user_id, r.direct_high, r.direct_low)"

/* What a room has besides its state, without names of users; `other` is that of a direct room. */
#define KNOWN_COLUMNS(other) "r.name, r.created_by_id, " other ", " MESSAGE_COLUMNS_NAMELESS

/* Reads KNOWN_COLUMNS from column `first` on and visits the room, whose state is read; false,
 * and no visit, if a name is not known. */
static bool visit_known(const struct db_rows *rows, unsigned first, struct room *room,
                        struct naming *naming) {
    room->name = db_get_text(rows, first);
    room->created_by_id = db_get_u64(rows, first + 1);
    naming->other_id = db_get_u64(rows, first + 2);
    room->has_last_message = message_from_row(rows, first + 3, &room->last_message);
    if (!name_room(naming, room, false))
        return false;
    naming->visit(naming->context, room);
    return true;
}

enum error room_get_known(struct db *db, struct user_names *names, const struct room_state *state,
                          uint64_t user_id, room_visit *visit, void *context) {
    static const char SQL[] =
        "SELECT " KNOWN_COLUMNS("IF(r.direct_low = ?, r.direct_high, r.direct_low)")
        " FROM room r LEFT JOIN message m ON m.room_id = r.room_id AND m.position = ? "
        "WHERE r.room_id = ?";
    struct db_rows *rows;
    struct room room = {.state = *state};
    struct naming naming = {.names = names, .visit = visit, .context = context};
    user_names_begin(names, db);
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id),
                              db_u64(state->message_count), db_u64(state->room_id));
    if (error)
        return error;
    error = ERROR_NOT_FOUND;
    bool named = true;
    if (db_next(rows)) {
        named = visit_known(rows, 0, &room, &naming);
        error = ERROR_NONE;
    }
    db_done(rows);
    return named ? error : room_get(db, state->room_id, user_id, visit_named, &naming);
}

/* Inner joins but for the message: no row, unless the token is an active user's who is in. */
enum error room_get_by_token(struct db *db, struct user_names *names,
                             const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t room_id,
                             struct caller *caller, bool *found, room_visit *visit, void *context) {
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN " TOKEN_MEMBER_COLUMNS ", " KNOWN_COLUMNS(OTHER) TOKEN_MEMBER_JOINS
        "LEFT JOIN message m ON m.room_id = r.room_id "
        "AND m.position = r.message_count " TOKEN_MEMBER_WHERE;
    struct naming naming = {.names = names, .visit = visit, .context = context};
    struct room room;
    struct db_rows *rows;
    *found = false;
    user_names_begin(names, db);
    if (user_names_are_none(names))
        return ERROR_NONE;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id),
                                    db_bytes(token_hash, SECRET_HASH_SIZE));
    if (error)
        return error;
    if (db_next(rows)) {
        memset(&room, 0, sizeof(room));
        token_member_from_row(rows, 0, caller);
        room.state = caller->room;
        *found = visit_known(rows, TOKEN_MEMBER_COLUMN_COUNT, &room, &naming);
    }
    db_done(rows);
    return ERROR_NONE;
}

#define WHOLE_SQL(name, message_columns, more, from, joins, condition)                         \
    "SELECT STRAIGHT_JOIN " ROOM_STATE_COLUMNS ", " name ", r.created_by_id, " message_columns \
    ", r.last_active_at, " OTHER more " FROM " from                                            \
    " JOIN room r ON r.room_id = me.room_id "                                                  \
    "LEFT JOIN message m ON m.room_id = r.room_id AND m.position = r.message_count " joins     \
    "WHERE " condition
#define WHOLE_LAST (ROOM_STATE_COLUMN_COUNT + 2 + MESSAGE_COLUMN_COUNT)

static const char *const WHOLE[] = {
    WHOLE_SQL("r.name", MESSAGE_COLUMNS_NAMELESS, "", "member me", "", "me.user_id = ?"),
    WHOLE_SQL("IF(r.direct_low IS NULL, r.name, other.username)", MESSAGE_COLUMNS, "", "member me",
              "LEFT JOIN user s ON s.user_id = m.sender_id "
              "LEFT JOIN user other ON other.user_id = " OTHER " ",
              "me.user_id = ?")};

/* Reads a room of such a list and visits it; NULL instead, and false, if a name is not known. */
static bool visit_of_whole(const struct db_rows *rows, struct naming *naming, bool named) {
    struct room room;
    memset(&room, 0, sizeof(room));
    room_from_row(rows, &room);
    room.last_active_at = db_get_time(rows, WHOLE_LAST);
    naming->other_id = db_get_u64(rows, WHOLE_LAST + 1);
    const bool complete = name_room(naming, &room, named) || named;
    naming->visit(naming->context, complete ? &room : NULL);
    return complete;
}

static enum error visit_whole(struct db *db, struct naming *naming, uint64_t user_id, bool named,
                              bool *complete) {
    struct db_rows *rows;
    const enum error error = DB_RUN(db, WHOLE[named], DB_REPEATABLE, &rows, db_u64(user_id));
    *complete = true;
    while (!error && *complete && db_next(rows))
        *complete = visit_of_whole(rows, naming, named);
    db_done(rows);
    return error;
}

enum error room_list_whole_by_token(struct db *db, struct user_names *names,
                                    const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t most,
                                    struct caller *caller, bool *found, room_visit *visit,
                                    void *context) {
    static const char SQL[] =
        WHOLE_SQL("r.name", MESSAGE_COLUMNS_NAMELESS, ", t.user_id, u.rooms_count, u.last_seq",
                  "token t JOIN user u ON u.user_id = t.user_id "
                  "JOIN member me ON me.user_id = t.user_id",
                  "", "t.token_hash = ? AND u.is_active AND u.rooms_count <= ?");
    struct naming naming = {.names = names, .visit = visit, .context = context};
    struct db_rows *rows;
    *found = false;
    user_names_begin(names, db);
    if (user_names_are_none(names))
        return ERROR_NONE;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_bytes(token_hash, SECRET_HASH_SIZE), db_u64(most));
    bool complete = true;
    while (!error && complete && db_next(rows)) {
        if (!*found) {
            memset(caller, 0, sizeof(*caller));
            caller->user.id = db_get_u64(rows, WHOLE_LAST + 2);
            caller->user.is_active = true;
            caller->rooms_count = db_get_u64(rows, WHOLE_LAST + 3);
            caller->last_seq = db_get_u64(rows, WHOLE_LAST + 4);
        }
        *found = complete = visit_of_whole(rows, &naming, false);
    }
    db_done(rows);
    return error;
}

enum error room_list_whole(struct db *db, struct user_names *names, uint64_t user_id,
                           room_visit *visit, void *context) {
    struct naming naming = {.names = names, .visit = visit, .context = context};
    bool complete = false;
    enum error error = ERROR_NONE;
    user_names_begin(names, db);
    if (!user_names_are_none(names))
        error = visit_whole(db, &naming, user_id, false, &complete);
    if (!error && !complete)
        error = visit_whole(db, &naming, user_id, true, &complete);
    return error;
}

/* ---- lists ---- */

/* The sums grow with every change in a room of the list; a change of the list itself shows
 * in the user's own counters. */
enum error room_list_state_get(struct db *db, uint64_t user_id, struct room_list_state *state) {
    static const char SQL[] =
        "SELECT u.rooms_count, u.last_seq, SUM(r.last_seq), SUM(me.last_read_position) "
        "FROM user u LEFT JOIN member me ON me.user_id = u.user_id "
        "LEFT JOIN room r ON r.room_id = me.room_id WHERE u.user_id = ? GROUP BY u.user_id";
    struct db_rows *rows;
    memset(state, 0, sizeof(*state));
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id));
    if (error)
        return error;
    if (db_next(rows)) {
        state->count = db_get_u64(rows, 0);
        for (unsigned i = 0; i < ROOM_LIST_COUNTERS; i++)
            state->counters[i] = db_get_u64(rows, i + 1);
    }
    db_done(rows);
    return ERROR_NONE;
}

/* The page is chosen, and sorted, from the narrow columns; its rows are then looked up by
 * key in that order. Sorting the finished rows would carry every last message through a
 * temporary table. STRAIGHT_JOIN and the session's join_cache_level (db.c) make the server
 * keep the order of the page; the tests watch it. */
enum error room_list(struct db *db, enum room_list_kind kind, uint64_t user_id, uint64_t limit,
                     uint64_t offset, room_visit *visit, void *context) {
#define LIST_SQL(choice)                                                      \
    "SELECT STRAIGHT_JOIN " ROOM_COLUMNS " FROM (" choice                     \
    " ORDER BY p.last_active_at DESC, p.room_id DESC LIMIT ? OFFSET ?) page " \
    "JOIN room r ON r.room_id = page.room_id "                                \
    "LEFT JOIN member me ON me.room_id = r.room_id AND me.user_id = ? " ROOM_JOINS
    static const char OWN[] = LIST_SQL("SELECT p.room_id, p.last_active_at FROM member mine "
                 "JOIN room p ON p.room_id = mine.room_id WHERE mine.user_id = ?");
    static const char PUBLIC[] =
        LIST_SQL("SELECT p.room_id, p.last_active_at FROM room p WHERE p.is_private = FALSE");
#undef LIST_SQL
    struct db_rows *rows;
    const struct db_value user = db_u64(user_id), most = db_u64(limit), skip = db_u64(offset);
    const enum error error = kind == ROOM_LIST_OWN
                                 ? DB_RUN(db, OWN, DB_REPEATABLE, &rows, user, most, skip, user)
                                 : DB_RUN(db, PUBLIC, DB_REPEATABLE, &rows, most, skip, user);
    return error ? error : visit_rooms(rows, visit, context);
}

enum error room_list_all(struct db *db, uint64_t limit, uint64_t offset, room_visit *visit,
                         void *context) {
    static const char SQL[] =
        "SELECT " ROOM_STATE_COLUMNS
        ", "
        "IF(r.direct_low IS NULL, r.name, CONCAT(low.username, ', ', other.username)), "
        "r.created_by_id, " MESSAGE_COLUMNS
        " FROM room r "
        "LEFT JOIN member me ON me.room_id = r.room_id AND me.user_id = 0 "
        "LEFT JOIN message m ON m.room_id = r.room_id AND m.position = r.message_count "
        "LEFT JOIN user s ON s.user_id = m.sender_id "
        "LEFT JOIN user low ON low.user_id = r.direct_low "
        "LEFT JOIN user other ON other.user_id = r.direct_high "
        "ORDER BY r.room_id LIMIT ? OFFSET ?";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(limit), db_u64(offset));
    return error ? error : visit_rooms(rows, visit, context);
}

enum error room_by_name(struct db *db, uint64_t user_id, struct text name, uint64_t *room_id) {
    static const char SQL[] =
        "SELECT r.room_id FROM member me JOIN room r ON r.room_id = me.room_id "
        "WHERE me.user_id = ? AND r.direct_low IS NULL AND r.name = ? "
        "ORDER BY me.is_admin DESC, r.room_id LIMIT 1";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id), db_text(name));
    if (error)
        return error;
    *room_id = db_next(rows) ? db_get_u64(rows, 0) : 0;
    db_done(rows);
    return *room_id ? ERROR_NONE : ERROR_NOT_FOUND;
}

static enum error count_rooms(struct db *db, const char *sql, uint64_t *count) {
    struct db_rows *rows;
    const enum error error = db_run(db, sql, DB_REPEATABLE, NULL, 0, &rows);
    if (error)
        return error;
    *count = db_next(rows) ? db_get_u64(rows, 0) : 0;
    db_done(rows);
    return ERROR_NONE;
}

enum error room_count_all(struct db *db, uint64_t *count) {
    static const char SQL[] = "SELECT COUNT(*) FROM room";
    return count_rooms(db, SQL, count);
}

enum error room_count_public(struct db *db, uint64_t *count) {
    static const char SQL[] = "SELECT COUNT(*) FROM room WHERE is_private = FALSE";
    return count_rooms(db, SQL, count);
}

/* ---- changing ---- */

/* Reads the row changes of rooms end with: outcome, changed, room, seq, user_seq,
 * caller_seq, time. */
static enum error read_change(struct db_rows *rows, struct room_change *change) {
    enum error error = ERROR_INTERNAL;
    memset(change, 0, sizeof(*change));
    if (db_next(rows)) {
        error = (enum error)db_get_u64(rows, 0);
        change->changed = error == ERROR_NONE && db_get_bool(rows, 1);
        change->room_id = db_get_u64(rows, 2);
        change->seq = db_get_u64(rows, 3);
        change->user_seq = db_get_u64(rows, 4);
        change->caller_seq = db_get_u64(rows, 5);
        change->at = db_get_time(rows, 6);
    }
    db_done(rows);
    return error;
}

enum error room_create(struct db *db, uint64_t user_id, struct text name, bool is_private,
                       struct room_change *change) {
    static const char SQL[] = TRANSACTION(
        "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_name VARCHAR(128) CHARACTER SET utf8mb4 DEFAULT ?; "
        "DECLARE p_private BOOLEAN DEFAULT ?; DECLARE v_room, v_user_seq BIGINT UNSIGNED; ",
        "SET v_now = SYSDATE(6); "
        "INSERT INTO room (name, is_private, created_by_id, created_at, last_active_at, "
        "members_count) VALUES (p_name, p_private, p_user, v_now, v_now, 1); "
        "SET v_room = LAST_INSERT_ID(); "
        TRANSACTION_USER_EVENT("p_user", EVENT_SQL(EVENT_ROOM_CREATED), "p_user", "v_room", "+ 1")
        "INSERT INTO member (room_id, user_id, is_admin, joined_at) "
        "VALUES (v_room, p_user, TRUE, v_now); ",
        ", TRUE, v_room, 0, 0, v_user_seq, v_now");
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, 0, &rows, db_u64(user_id), db_text(name), db_bool(is_private));
    return error ? error : read_change(rows, change);
}

/* Both users' rows are locked by one statement, in the order of their ids. Two calls at
 * one moment both find no room; the unique key then stops one of them, which looks again. */
static const char DIRECT[] = TRANSACTION(
    "DECLARE p_user BIGINT UNSIGNED DEFAULT ?; DECLARE p_other BIGINT UNSIGNED DEFAULT ?; "
    "DECLARE v_room, v_found, v_user_seq, v_other_seq BIGINT UNSIGNED; ",
    "SET v_now = SYSDATE(6); "
    "IF p_user = p_other OR NOT EXISTS "
    "(SELECT 1 FROM user WHERE user_id = p_other AND is_active) THEN "
    "SET v_outcome = 1; LEAVE body; END IF; "
    "SELECT room_id INTO v_found FROM room WHERE direct_low = LEAST(p_user, p_other) "
    "AND direct_high = GREATEST(p_user, p_other); "
    "IF v_found IS NOT NULL THEN SET v_room = v_found; LEAVE body; END IF; "
    "INSERT INTO room (name, is_private, direct_low, direct_high, created_by_id, created_at, "
    "last_active_at, members_count) VALUES ('', TRUE, LEAST(p_user, p_other), "
    "GREATEST(p_user, p_other), p_user, v_now, v_now, 2); "
    "SET v_room = LAST_INSERT_ID(); "
    "UPDATE user SET last_seq = last_seq + 1, rooms_count = rooms_count + 1 "
    "WHERE user_id IN (p_user, p_other) ORDER BY user_id; "
    "SELECT last_seq INTO v_user_seq FROM user WHERE user_id = p_user; "
    "SELECT last_seq INTO v_other_seq FROM user WHERE user_id = p_other; "
    "INSERT INTO user_event (user_id, seq, event_type, actor_id, subject_id, created_at) VALUES "
    "(p_user, v_user_seq, " EVENT_SQL(EVENT_ROOM_CREATED) ", p_user, v_room, v_now), "
    "(p_other, v_other_seq, " EVENT_SQL(EVENT_ROOM_INVITATION) ", p_user, v_room, v_now); "
    "INSERT INTO member (room_id, user_id, is_admin, joined_at) VALUES "
    "(v_room, p_user, FALSE, v_now), (v_room, p_other, FALSE, v_now); ",
    ", v_found IS NULL, v_room, 0, v_other_seq, v_user_seq, v_now");

enum error room_direct(struct db *db, uint64_t user_id, uint64_t other_id,
                       struct room_change *change) {
    enum error error = ERROR_CONFLICT;
    for (int tries = 0; error == ERROR_CONFLICT && tries < 3; tries++) {
        struct db_rows *rows;
        error = DB_RUN(db, DIRECT, DB_REPEATABLE, &rows, db_u64(user_id), db_u64(other_id));
        if (!error)
            error = read_change(rows, change);
    }
    return error;
}

enum error room_update(struct db *db, uint64_t room_id, uint64_t user_id,
                       const struct room_patch *patch, struct room_change *change) {
    static const char SQL[] = TRANSACTION(
        TRANSACTION_ROOM_DECLARATIONS
        "DECLARE p_name VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin DEFAULT ?; "
        "DECLARE p_private BOOLEAN DEFAULT ?; DECLARE v_changed BOOLEAN DEFAULT FALSE; ",
        TRANSACTION_ENTER_ROOM(TRANSACTION_NOT_ADMIN " OR " TRANSACTION_IS_DIRECT)
        "UPDATE room SET name = COALESCE(p_name, name), "
        "is_private = COALESCE(p_private, is_private) WHERE room_id = p_room; "
        "SET v_changed = ROW_COUNT() > 0; "
        "IF NOT v_changed THEN LEAVE body; END IF; "
        "UPDATE room SET last_seq = v_seq WHERE room_id = p_room; "
        TRANSACTION_ROOM_EVENT(EVENT_SQL(EVENT_ROOM_UPDATED), "0"),
        ", v_changed, p_room, v_seq, 0, 0, v_now");
    struct db_rows *rows;
    const struct db_value name = patch->name.at ? db_text(patch->name) : db_str(NULL);
    const struct db_value private = patch->has_private ? db_bool(patch->is_private) : db_str(NULL);
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(user_id), name, private);
    return error ? error : read_change(rows, change);
}

/* The members' rows are taken through the key of member, that is by rising user id. */
static const char DELETE[] = TRANSACTION(
    TRANSACTION_ROOM_DECLARATIONS
    "DECLARE p_force BOOLEAN DEFAULT ?; DECLARE v_streams LONGTEXT CHARACTER SET utf8mb4; ",
    "IF p_force THEN SELECT room_id INTO v_room FROM room WHERE room_id = p_room FOR UPDATE; "
    "SET v_now = SYSDATE(6); "
    "IF v_room IS NULL THEN SET v_outcome = 4; LEAVE body; END IF; "
    "ELSE "
    TRANSACTION_ENTER_ROOM(TRANSACTION_NOT_ADMIN " OR " TRANSACTION_IS_DIRECT)
    "END IF; "
    "UPDATE member m STRAIGHT_JOIN user u ON u.user_id = m.user_id "
    "SET u.last_seq = u.last_seq + 1, u.rooms_count = u.rooms_count - 1 "
    "WHERE m.room_id = p_room; "
    "INSERT INTO user_event (user_id, seq, event_type, actor_id, subject_id, created_at) "
    "SELECT u.user_id, u.last_seq, " EVENT_SQL(EVENT_ROOM_DELETED) ", p_user, p_room, v_now "
    "FROM member m STRAIGHT_JOIN user u ON u.user_id = m.user_id WHERE m.room_id = p_room; "
    "SELECT GROUP_CONCAT(u.user_id, ':', u.last_seq) INTO v_streams "
    "FROM member m JOIN user u ON u.user_id = m.user_id WHERE m.room_id = p_room; "
    "DELETE FROM member WHERE room_id = p_room; "
    "DELETE FROM room WHERE room_id = p_room; "
    "INSERT INTO deleted_room (room_id, deleted_at) VALUES (p_room, v_now); ",
    ", v_streams");

enum error room_delete(struct db *db, uint64_t room_id, uint64_t user_id, bool force,
                       struct buffer *streams) {
    struct db_rows *rows;
    enum error error =
        DB_RUN(db, DELETE, 0, &rows, db_u64(room_id), db_u64(user_id), db_bool(force));
    if (error)
        return error;
    error = ERROR_INTERNAL;
    if (db_next(rows)) {
        const struct text list = db_get_text(rows, 1);
        error = (enum error)db_get_u64(rows, 0);
        buffer_append(streams, list.at, list.len);
    }
    db_done(rows);
    return error;
}

/* Rows go in slices, outside the transaction that deleted the room: nobody waits for a
 * million rows, and nobody can reach them any more. */
enum error room_purge(struct db *db, uint64_t limit, uint64_t *dropped) {
    static const char NEXT[] = "SELECT room_id FROM deleted_room ORDER BY room_id LIMIT 1";
    static const char MESSAGES[] = "DELETE FROM message WHERE room_id = ? LIMIT ?";
    static const char EVENTS[] = "DELETE FROM event WHERE room_id = ? LIMIT ?";
    static const char DONE[] = "DELETE FROM deleted_room WHERE room_id = ?";
    struct db_rows *rows;
    *dropped = 0;
    enum error error = db_run(db, NEXT, DB_REPEATABLE, NULL, 0, &rows);
    if (error)
        return error;
    const uint64_t room_id = db_next(rows) ? db_get_u64(rows, 0) : 0;
    db_done(rows);
    if (room_id == 0)
        return ERROR_NONE;
    error = DB_RUN(db, MESSAGES, DB_REPEATABLE, NULL, db_u64(room_id), db_u64(limit));
    *dropped = error ? 0 : db_changed(db);
    if (!error && *dropped == 0) {
        error = DB_RUN(db, EVENTS, DB_REPEATABLE, NULL, db_u64(room_id), db_u64(limit));
        *dropped = error ? 0 : db_changed(db);
    }
    if (!error && *dropped == 0) {
        error = DB_RUN(db, DONE, DB_REPEATABLE, NULL, db_u64(room_id));
        *dropped = 1;
    }
    return error;
}
