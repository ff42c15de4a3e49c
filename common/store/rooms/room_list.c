/* The SQL of lists of rooms, by last activity, and the choice between three ways to read the rooms
 * of a user: sort here (short lists), scan the index until the page is full (long lists), sort in
 * the server (all others). The caller has counted the rooms before; all ways return the same page.
 * In longer lists the favourites, found by an index, are read before the others.
 * With `names`, rows have all columns and names come from the cache; without, only the states of
 * the rooms are read, which is what an entity tag needs. */
#include "store/rooms/room_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "store/messages/mention.h"

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
    "WHERE me.is_favorite = FALSE AND NOT " ROOM_IS_HIDDEN("me", "r")    \
    " ORDER BY r.last_active_at DESC, r.room_id DESC LIMIT ? OFFSET ? ROWS EXAMINED ?"

/* The first page of the public rooms in the order of the index, without the temporary table and the
 * second sort of PAGE, which would add a third to its CPU time (all servers). */
#define FIRST(columns, joins)                                                 \
    "SELECT STRAIGHT_JOIN " columns                                           \
    " FROM room r FORCE INDEX (public_last_active) "                          \
    "LEFT JOIN member me ON me.room_id = r.room_id AND me.user_id = ? " joins \
    "WHERE r.is_private = FALSE ORDER BY r.last_active_at DESC, r.room_id DESC LIMIT ?"

/* All rooms of a user in any order; the last columns are those to sort by. */
#define WHOLE(columns, joins)                                              \
    "SELECT STRAIGHT_JOIN " columns                                        \
    ", r.last_active_at, me.is_favorite"                                   \
    " FROM member me JOIN room r ON r.room_id = me.room_id " joins         \
    "WHERE me.user_id = ? AND NOT " ROOM_IS_HIDDEN("me", "r")

/* Ranges of KEY (user_id, is_favorite, hidden_position) of member. */
#define PUBLIC_IDS "room i WHERE i.is_private = FALSE"
#define OWN_IDS(favorite)                                                                       \
    "member own FORCE INDEX (listed) JOIN room i ON i.room_id = own.room_id "                   \
    "WHERE own.user_id = ? AND own.is_favorite = " favorite " AND NOT " ROOM_IS_HIDDEN("own", "i")
#define HIDDEN_IDS                                                                              \
    "member own FORCE INDEX (listed) JOIN room i ON i.room_id = own.room_id "                   \
    "WHERE own.user_id = ? AND own.is_favorite IN (FALSE, TRUE) "                               \
    "AND own.hidden_position IS NOT NULL AND " ROOM_IS_HIDDEN("own", "i")

/* Each statement twice: with all columns, and with the states only. */
#define BOTH(form) {form(ROOM_COLUMNS_NAMELESS, ROOM_MESSAGE_JOIN), form(ROOM_STATE_COLUMNS, "")}
#define BOTH_PAGES(ids) \
    {PAGE(ROOM_COLUMNS_NAMELESS, ids, ROOM_MESSAGE_JOIN), PAGE(ROOM_STATE_COLUMNS, ids, "")}
static const char *const PUBLIC[2] = BOTH_PAGES(PUBLIC_IDS);
static const char *const PUBLIC_FIRST[2] = BOTH(FIRST);
static const char *const OWN[2] = BOTH_PAGES(OWN_IDS("FALSE"));
static const char *const FAVORITES[2] = BOTH_PAGES(OWN_IDS("TRUE"));
static const char *const HIDDEN[2] = BOTH_PAGES(HIDDEN_IDS);
static const char *const OWN_SCAN[2] = BOTH(SCAN);
static const char *const OWN_WHOLE[2] = BOTH(WHOLE);

/* A list of at most WHOLE_FACTOR pages is read completely and sorted here: the temporary table and
 * the two sorts of PAGE would add a third to the CPU time (all servers) of a list of 20 rooms. */
#define WHOLE_FACTOR 2

/* A user with many rooms is usually a member of many recently active ones, so that the scan finds a
 * page soon, while the time of sorting grows with the list. The scan is used for lists of at least
 * SCAN_FACTOR pages. */
#define SCAN_FACTOR 32

/* A reading of a list: the user, and the visitor of its rooms. */
struct reading {
    struct db *db;
    struct user_names *names; /* NULL: only the states are read */
    uint64_t user_id;
    room_visit *visit;
    void *context;
};

/* Visits the room of the current row. Columns with ids of users whose names a row shows. */
static enum error visit_row(const struct reading *reading, struct db_rows *rows) {
    static const unsigned USERS[] = {ROOM_SENDER_COLUMN, ROOM_OTHER_COLUMN,
                                     ROOM_QUOTE_SENDER_COLUMN};
    struct user_names *names = reading->names;
    struct room room;
    memset(&room, 0, sizeof(room));
    /* For an entity tag only the states are needed, no names and messages. */
    if (!names) {
        room_state_from_row(rows, 0, &room.state);
        reading->visit(reading->context, &room);
        return ERROR_NONE;
    }
    const uint64_t other = db_get_u64(rows, ROOM_OTHER_COLUMN);
    enum error error = user_names_load(names, reading->db, rows, USERS, 3);
    if (error)
        return error;
    room_from_row(rows, 0, &room);
    /* Costs a query only for rooms whose last mention is unread. */
    error = mention_count_unread(reading->db, &room.state, reading->user_id, &room.unread_mentions);
    /* A direct room is shown under the name of the other user. */
    if (other != 0)
        room.name = user_names_find(names, other);
    room.last_message.sender_username = user_names_find(names, room.last_message.sender_id);
    room.last_message.quote.sender_username =
        user_names_find(names, room.last_message.quote.sender_id);
    if (!error)
        reading->visit(reading->context, &room);
    return error;
}

/* Visits all rows, if they could be read, and frees them. */
static enum error visit_rows(const struct reading *reading, enum error error,
                             struct db_rows *rows) {
    if (error)
        return error;
    /* May clear the cache of names; it only grows from here to the end of the list. */
    if (reading->names)
        user_names_begin(reading->names, reading->db);
    while (!error && db_next(rows))
        error = visit_row(reading, rows);
    db_done(rows);
    return error;
}

/* What a row is sorted by, and where it is among the rows read. */
struct key {
    bool is_favorite;
    int64_t last_active_at;
    uint64_t room_id;
    uint64_t row;
};

/* For qsort: the order in which the rooms of a page are shown. */
static int compare_keys(const void *one, const void *other) {
    const struct key *a = one, *b = other;
    /* Favourites, then the latest activity, then the higher id: the order of the SQL. */
    if (a->is_favorite != b->is_favorite)
        return a->is_favorite ? -1 : 1;
    if (a->last_active_at != b->last_active_at)
        return a->last_active_at < b->last_active_at ? 1 : -1;
    return (a->room_id < b->room_id) - (a->room_id > b->room_id);
}

/* Visits the page among the rows of WHOLE. */
static enum error visit_sorted(const struct reading *reading, struct db_rows *rows, uint64_t offset,
                               uint64_t limit) {
    /* The columns after all others. */
    const unsigned last = reading->names ? ROOM_OTHER_COLUMN + 1 : ROOM_STATE_COLUMN_COUNT;
    struct key *keys = xcalloc((size_t)db_count(rows) + 1, sizeof(keys[0]));
    uint64_t count = 0;
    enum error error = ERROR_NONE;
    if (reading->names)
        user_names_begin(reading->names, reading->db);
    /* First pass: only the keys. */
    while (db_next(rows)) {
        keys[count] = (struct key){db_get_bool(rows, last + 1), db_get_time(rows, last),
                                   db_get_u64(rows, 0), db_row(rows)};
        count++;
    }
    qsort(keys, (size_t)count, sizeof(keys[0]), compare_keys);
    /* Second pass: the rows of the page, in the sorted order. */
    for (uint64_t i = offset; i < count && i - offset < limit && !error; i++) {
        db_seek(rows, keys[i].row);
        db_next(rows);
        error = visit_row(reading, rows);
    }
    free(keys);
    db_done(rows);
    return error;
}

/* Sorts the rooms of a kind in the server. */
static enum error list_sorted(const struct reading *reading, const char *const sql[2],
                              uint64_t offset, uint64_t limit) {
    /* The user twice: of the list, unless it is the public one, and of the membership joined. */
    const struct db_value user = db_u64(reading->user_id);
    const struct db_value values[] = {user, db_u64(limit), db_u64(offset), user};
    const size_t first = sql == PUBLIC ? 1 : 0;
    struct db_rows *rows;
    const enum error error =
        db_run(reading->db, sql[!reading->names], DB_REPEATABLE, values + first, 4 - first, &rows);
    return visit_rows(reading, error, rows);
}

/* The rooms that are not favourites; there are `count` of them. */
static enum error list_others(const struct reading *reading, uint64_t count, uint64_t offset,
                              uint64_t limit) {
    /* Long, and the page is near the start. The scan is stopped when it has cost as much as sorting
     * would. */
    if (count / SCAN_FACTOR >= offset + limit) {
        struct db_rows *rows;
        const enum error error = DB_RUN(reading->db, OWN_SCAN[!reading->names], DB_REPEATABLE,
                                        &rows, db_u64(reading->user_id), db_u64(limit),
                                        db_u64(offset), db_u64(count / 2));
        /* A full page is correct; one that ROWS EXAMINED has cut short is not used. */
        if (error || db_count(rows) == limit)
            return visit_rows(reading, error, rows);
        db_done(rows);
    }
    return list_sorted(reading, OWN, offset, limit);
}

/* The favourites, then the others. */
static enum error list_own(const struct reading *reading, const struct room_list *list) {
    const uint64_t favorites = list->favorites, offset = list->offset;
    uint64_t shown = 0;
    enum error error = ERROR_NONE;
    /* Short: read all, sort here. */
    if (list->count <= WHOLE_FACTOR * list->limit) {
        struct db_rows *rows;
        error = DB_RUN(reading->db, OWN_WHOLE[!reading->names], DB_REPEATABLE, &rows,
                       db_u64(list->user_id));
        return error ? error : visit_sorted(reading, rows, offset, list->limit);
    }
    if (offset < favorites) {
        /* The rest of the favourites, as far as the page reaches. */
        shown = favorites - offset < list->limit ? favorites - offset : list->limit;
        error = list_sorted(reading, FAVORITES, offset, shown);
    }
    if (error || shown == list->limit)
        return error;
    return list_others(reading, list->count - favorites,
                       /* The page may begin among the favourites; the others then begin at their
                        * first. */
                       offset > favorites ? offset - favorites : 0, list->limit - shown);
}

/* Lists public rooms, the latest first. */
static enum error list_public(const struct reading *reading, const struct room_list *list) {
    struct db_rows *rows;
    if (list->offset > 0)
        return list_sorted(reading, PUBLIC, list->offset, list->limit);
    /* The first page is read most often, and has a statement of its own. */
    const enum error error = DB_RUN(reading->db, PUBLIC_FIRST[!reading->names], DB_REPEATABLE,
                                    &rows, db_u64(list->user_id), db_u64(list->limit));
    return visit_rows(reading, error, rows);
}

enum error room_list_page(struct db *db, struct user_names *names, const struct room_list *list,
                          room_visit *visit, void *context) {
    const struct reading reading = {db, names, list->user_id, visit, context};
    enum error error = ERROR_NONE;
    /* Beyond the end: no query. The count was read for the entity tag, so that an empty page costs
     * nothing more. */
    if (list->kind != ROOM_LIST_ONE && list->offset >= list->count)
        return ERROR_NONE;
    switch (list->kind) {
    case ROOM_LIST_OWN:
        return list_own(&reading, list);
    case ROOM_LIST_HIDDEN:
        return list_sorted(&reading, HIDDEN, list->offset, list->limit);
    case ROOM_LIST_PUBLIC:
        return list_public(&reading, list);
    case ROOM_LIST_ONE:
        error = room_get_by_key(db, list->key, list->user_id, visit, context);
    }
    /* No such room, or one that the user may not see: an empty list. */
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error room_list_ids(struct db *db, struct user_names *names, uint64_t user_id, struct text ids,
                         room_visit *visit, void *context) {
    /* From the list of ids to the rooms; those that the user has left meanwhile are missing. */
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN " ROOM_COLUMNS_NAMELESS
        " FROM JSON_TABLE(?, '$[*]' COLUMNS (place FOR ORDINALITY, "
        "id BIGINT UNSIGNED PATH '$')) j "
        "JOIN room r ON r.room_id = j.id "
        "JOIN member me ON me.room_id = r.room_id AND me.user_id = ? " ROOM_MESSAGE_JOIN
        "ORDER BY j.place";
    const struct reading reading = {db, names, user_id, visit, context};
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_text(ids), db_u64(user_id));
    return visit_rows(&reading, error, rows);
}

enum error room_list_count(struct db *db, struct room_list *list, uint64_t rooms_count,
                           bool has_preferences) {
    /* Kept by the transactions that change rooms; counting them would read the whole index. */
    static const char PUBLIC_ROOMS[] = "SELECT number FROM total WHERE name = 'public_rooms'";
    /* Two ranges of the key: the favourites, and others that were hidden at some time. */
    static const char PREFERENCES[] =
        "SELECT SUM(" ROOM_IS_HIDDEN("me", "r") "), "
        "SUM(me.is_favorite AND NOT " ROOM_IS_HIDDEN("me", "r") ") "
        "FROM member me FORCE INDEX (listed) JOIN room r ON r.room_id = me.room_id "
        "WHERE me.user_id = ? AND (me.is_favorite = TRUE "
        "OR (me.is_favorite = FALSE AND me.hidden_position IS NOT NULL))";
    uint64_t hidden = 0;
    struct db_rows *rows;
    if (list->kind == ROOM_LIST_ONE)
        return ERROR_NONE;
    if (list->kind == ROOM_LIST_PUBLIC)
        return db_number(db, PUBLIC_ROOMS, &list->count);
    /* Most users have hidden nothing and have no favourites: no statement for them. */
    if (has_preferences) {
        const enum error error =
            DB_RUN(db, PREFERENCES, DB_REPEATABLE, &rows, db_u64(list->user_id));
        if (error)
            return error;
        /* NULL, for no rows, is 0. */
        const bool has_row = db_next(rows);
        hidden = has_row ? db_get_u64(rows, 0) : 0;
        list->favorites = has_row ? db_get_u64(rows, 1) : 0;
        db_done(rows);
    }
    if (list->kind == ROOM_LIST_HIDDEN)
        list->count = hidden;
    else
        list->count = hidden < rooms_count ? rooms_count - hidden : 0;
    if (list->favorites > list->count)
        list->favorites = list->count;
    return ERROR_NONE;
}
