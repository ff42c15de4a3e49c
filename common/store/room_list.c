/* The SQL of lists of rooms, by last activity, and the choice between three ways to read the rooms
 * of a user: sort here (short lists), scan the index until the page is full (long lists), sort in
 * the server (all others). The caller has counted the rooms before; all ways return the same page.
 * With `names`, rows have all columns and names come from the cache; without, only the states of
 * the rooms are read, which is what an entity tag needs. */
#include "store/room_list.h"

#include <stdlib.h>
#include <string.h>

/* The inner SELECT finds and sorts the ids of the page; the outer one reads the rooms. So the sort
 * handles narrow rows, and the last message is read only for rooms of the page. */
#define PAGE(columns, ids, joins)                                                         \
    "SELECT STRAIGHT_JOIN " columns " FROM (SELECT i.room_id, i.last_active_at FROM " ids \
    " ORDER BY i.last_active_at DESC, i.room_id DESC LIMIT ? OFFSET ?) page "             \
    "JOIN room r ON r.room_id = page.room_id "                                            \
    "LEFT JOIN member me ON me.room_id = r.room_id AND me.user_id = ? " joins             \
    "ORDER BY page.last_active_at DESC, page.room_id DESC"

/* Scans all rooms by last activity and skips those of which the user is not a member. STRAIGHT_JOIN
 * and FORCE INDEX are needed because the optimizer ignores that LIMIT ends the scan early. */
#define SCAN(columns, joins)                                             \
    "SELECT STRAIGHT_JOIN " columns                                      \
    " FROM room r FORCE INDEX (last_active_at) "                         \
    "JOIN member me ON me.room_id = r.room_id AND me.user_id = ? " joins \
    "ORDER BY r.last_active_at DESC, r.room_id DESC LIMIT ? OFFSET ? ROWS EXAMINED ?"

/* The first page of the public rooms in the order of the index, without the temporary table and the
 * second sort of PAGE, which would add a third to its CPU time (all servers). */
#define FIRST(columns, joins)                                                 \
    "SELECT STRAIGHT_JOIN " columns                                           \
    " FROM room r FORCE INDEX (public_last_active) "                          \
    "LEFT JOIN member me ON me.room_id = r.room_id AND me.user_id = ? " joins \
    "WHERE r.is_private = FALSE ORDER BY r.last_active_at DESC, r.room_id DESC LIMIT ?"

/* All rooms of a user in any order; the last column is the one to sort by. */
#define WHOLE(columns, joins)       \
    "SELECT STRAIGHT_JOIN " columns \
    ", r.last_active_at"            \
    " FROM member me JOIN room r ON r.room_id = me.room_id " joins "WHERE me.user_id = ?"

#define PUBLIC_IDS "room i WHERE i.is_private = FALSE"
#define OWN_IDS "member own JOIN room i ON i.room_id = own.room_id WHERE own.user_id = ?"

/* For users who have hidden a room: one at hidden_position is back as soon as it has a message
 * after it. */
#define IS_HIDDEN(me, r) "COALESCE(" me ".hidden_position >= " r ".message_count, FALSE)"
#define SHOWN_IDS OWN_IDS " AND NOT " IS_HIDDEN("own", "i")

/* Each with all columns, and with the states only. */
static const char *const PUBLIC[2] = {PAGE(ROOM_COLUMNS_NAMELESS, PUBLIC_IDS, ROOM_MESSAGE_JOIN),
                                      PAGE(ROOM_STATE_COLUMNS, PUBLIC_IDS, "")};
static const char *const PUBLIC_FIRST[2] = {FIRST(ROOM_COLUMNS_NAMELESS, ROOM_MESSAGE_JOIN),
                                            FIRST(ROOM_STATE_COLUMNS, "")};
static const char *const OWN[2] = {PAGE(ROOM_COLUMNS_NAMELESS, OWN_IDS, ROOM_MESSAGE_JOIN),
                                   PAGE(ROOM_STATE_COLUMNS, OWN_IDS, "")};
static const char *const SHOWN[2] = {PAGE(ROOM_COLUMNS_NAMELESS, SHOWN_IDS, ROOM_MESSAGE_JOIN),
                                     PAGE(ROOM_STATE_COLUMNS, SHOWN_IDS, "")};
static const char *const OWN_SCAN[2] = {SCAN(ROOM_COLUMNS_NAMELESS, ROOM_MESSAGE_JOIN),
                                        SCAN(ROOM_STATE_COLUMNS, "")};
static const char *const OWN_WHOLE[2] = {WHOLE(ROOM_COLUMNS_NAMELESS, ROOM_MESSAGE_JOIN),
                                         WHOLE(ROOM_STATE_COLUMNS, "")};

/* A list of at most WHOLE_FACTOR pages is read completely and sorted here: the temporary table and
 * the two sorts of PAGE would add a third to the CPU time (all servers) of a list of 20 rooms. */
#define WHOLE_FACTOR 2
#define WHOLE_MOST 512

/* A user with many rooms is usually a member of many recently active ones, so that the scan finds a
 * page soon, while the time of sorting grows with the list. The scan is used for lists of at least
 * SCAN_FACTOR pages. */
#define SCAN_FACTOR 32

/* Visits the room of the current row. */
static enum error visit_row(struct db *db, struct user_names *names, struct db_rows *rows,
                            room_visit *visit, void *context) {
    static const unsigned USERS[] = {ROOM_SENDER_COLUMN, ROOM_OTHER_COLUMN,
                                     ROOM_QUOTE_SENDER_COLUMN};
    struct room room;
    memset(&room, 0, sizeof(room));
    if (!names) {
        room_state_from_row(rows, 0, &room.state);
        visit(context, &room);
        return ERROR_NONE;
    }
    /* 0, for NULL, is not in the cache either. */
    const uint64_t sender = db_get_u64(rows, USERS[0]), other = db_get_u64(rows, USERS[1]),
                   quoted = db_get_u64(rows, USERS[2]);
    const bool known = (sender == 0 || user_names_find(names, sender).at) &&
                       (other == 0 || user_names_find(names, other).at) &&
                       (quoted == 0 || user_names_find(names, quoted).at);
    /* One query for the names of this row and all that follow. */
    const enum error error = known ? ERROR_NONE : user_names_load(names, db, rows, USERS, 3);
    if (error)
        return error;
    room_from_row(rows, 0, &room);
    /* A direct room is shown under the name of the other user. */
    if (other != 0)
        room.name = user_names_find(names, other);
    room.last_message.sender_username = user_names_find(names, sender);
    room.last_message.quote.sender_username = user_names_find(names, quoted);
    visit(context, &room);
    return ERROR_NONE;
}

static enum error visit_rows(struct db *db, struct user_names *names, struct db_rows *rows,
                             room_visit *visit, void *context) {
    enum error error = ERROR_NONE;
    if (names)
        user_names_begin(names, db);
    while (!error && db_next(rows))
        error = visit_row(db, names, rows, visit, context);
    db_done(rows);
    return error;
}

struct key {
    int64_t last_active_at;
    uint64_t room_id;
    uint64_t row;
};

static int compare_keys(const void *one, const void *other) {
    const struct key *a = one, *b = other;
    if (a->last_active_at != b->last_active_at)
        return a->last_active_at < b->last_active_at ? 1 : -1;
    return (a->room_id < b->room_id) - (a->room_id > b->room_id);
}

/* Visits the page among the rows of WHOLE. */
static enum error visit_sorted(struct db *db, struct user_names *names, struct db_rows *rows,
                               const struct room_list *list, room_visit *visit, void *context) {
    /* The column after all others. */
    const unsigned last = names ? ROOM_OTHER_COLUMN + 1 : ROOM_STATE_COLUMN_COUNT;
    struct key keys[WHOLE_MOST];
    uint64_t count = 0;
    enum error error = ERROR_NONE;
    if (names)
        user_names_begin(names, db);
    /* First pass: only the keys. */
    while (count < WHOLE_MOST && db_next(rows)) {
        keys[count] = (struct key){db_get_time(rows, last), db_get_u64(rows, 0), db_row(rows)};
        count++;
    }
    if (count > 1)
        qsort(keys, count, sizeof(keys[0]), compare_keys);
    /* Second pass: the rows of the page, in the sorted order. */
    for (uint64_t i = list->offset; i < count && i - list->offset < list->limit && !error; i++) {
        db_seek(rows, keys[i].row);
        db_next(rows);
        error = visit_row(db, names, rows, visit, context);
    }
    db_done(rows);
    return error;
}

enum error room_list_page(struct db *db, struct user_names *names, const struct room_list *list,
                          room_visit *visit, void *context) {
    const bool only_state = !names;
    const struct db_value user = db_u64(list->user_id), limit = db_u64(list->limit),
                          offset = db_u64(list->offset);
    struct db_rows *rows;
    enum error error;
    /* Beyond the end: no query. */
    if (list->offset >= list->count)
        return ERROR_NONE;
    if (list->is_public) {
        if (list->offset == 0)
            error = DB_RUN(db, PUBLIC_FIRST[only_state], DB_REPEATABLE, &rows, user, limit);
        else
            error = DB_RUN(db, PUBLIC[only_state], DB_REPEATABLE, &rows, limit, offset, user);
        return error ? error : visit_rows(db, names, rows, visit, context);
    }
    /* The shortcuts below would show the hidden rooms. */
    if (list->has_hidden) {
        error = DB_RUN(db, SHOWN[only_state], DB_REPEATABLE, &rows, user, limit, offset, user);
        return error ? error : visit_rows(db, names, rows, visit, context);
    }
    /* Short: read all, sort here. */
    if (list->count <= WHOLE_FACTOR * list->limit) {
        error = DB_RUN(db, OWN_WHOLE[only_state], DB_REPEATABLE, &rows, user);
        if (error || db_count(rows) <= WHOLE_MOST)
            return error ? error : visit_sorted(db, names, rows, list, visit, context);
        db_done(rows); /* the user has joined many rooms since the count was read */
    } else if (list->count / SCAN_FACTOR >= list->offset + list->limit) {
        /* Long, and the page is near the start. The scan is stopped when it has cost as much as
         * sorting would. */
        error = DB_RUN(db, OWN_SCAN[only_state], DB_REPEATABLE, &rows, user, limit, offset,
                       db_u64(list->count / 2));
        /* A full page is right; one that ROWS EXAMINED has cut short is not used. */
        if (error || db_count(rows) == list->limit)
            return error ? error : visit_rows(db, names, rows, visit, context);
        db_done(rows);
    }
    /* The general way. */
    error = DB_RUN(db, OWN[only_state], DB_REPEATABLE, &rows, user, limit, offset, user);
    return error ? error : visit_rows(db, names, rows, visit, context);
}

enum error room_list_ids(struct db *db, struct user_names *names, uint64_t user_id, struct text ids,
                         room_visit *visit, void *context) {
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN " ROOM_COLUMNS_NAMELESS
        " FROM JSON_TABLE(?, '$[*]' COLUMNS (place FOR ORDINALITY, "
        "id BIGINT UNSIGNED PATH '$')) j "
        "JOIN room r ON r.room_id = j.id "
        "JOIN member me ON me.room_id = r.room_id AND me.user_id = ? " ROOM_MESSAGE_JOIN
        "ORDER BY j.place";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_text(ids), db_u64(user_id));
    return error ? error : visit_rows(db, names, rows, visit, context);
}

enum error room_list_count_hidden(struct db *db, uint64_t user_id, uint64_t *count) {
    static const char SQL[] =
        "SELECT COUNT(*) FROM member me JOIN room r ON r.room_id = me.room_id "
        "WHERE me.user_id = ? AND " IS_HIDDEN("me", "r");
    struct db_rows *rows;
    /* Only for users who have ever hidden a room. */
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id));
    if (error)
        return error;
    *count = db_next(rows) ? db_get_u64(rows, 0) : 0;
    db_done(rows);
    return ERROR_NONE;
}

enum error room_list_count_public(struct db *db, uint64_t *count) {
    /* Kept by the transactions that change rooms; counting them would read the whole index. */
    static const char SQL[] = "SELECT number FROM total WHERE name = 'public_rooms'";
    return db_number(db, SQL, count);
}

/* ---- all rooms, for confabctl ---- */

#define BOTH_NAMES "IF(r.direct_low IS NULL, r.name, CONCAT(low.username, ', ', other.username))"

enum error room_list_all(struct db *db, uint64_t limit, uint64_t offset, room_visit *visit,
                         void *context) {
    static const char SQL[] =
        "SELECT " ROOM_COLUMNS_NAMED(BOTH_NAMES)
        " FROM room r "
        /* User 0 does not exist, so the columns of the membership are NULL. */
        "LEFT JOIN member me ON me.room_id = r.room_id AND me.user_id = 0 " ROOM_MESSAGE_JOINS
        "LEFT JOIN user low ON low.user_id = r.direct_low "
        "LEFT JOIN user other ON other.user_id = r.direct_high "
        /* By id and with an offset: for an administrator, not for requests. */
        "ORDER BY r.room_id LIMIT ? OFFSET ?";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(limit), db_u64(offset));
    if (error)
        return error;
    while (db_next(rows)) {
        struct room room;
        room_from_row(rows, 0, &room);
        visit(context, &room);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error room_list_count_all(struct db *db, uint64_t *count) {
    static const char SQL[] = "SELECT COUNT(*) FROM room";
    return db_number(db, SQL, count);
}
