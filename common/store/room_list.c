#include "store/room_list.h"

#include <string.h>

#include "store/room_row.h"

/* ---- forms ---- */

/* Every list can be read in three forms: states only; without names of users; with them. */
enum form { BRIEF, NAMELESS, NAMED, FORM_COUNT };

#define STATE ROOM_STATE_COLUMNS ", r.last_active_at"
#define STATE_COUNT (ROOM_STATE_COLUMN_COUNT + 1)

/* `list` is a macro that takes columns and joins. */
#define FORMS(list)                                                                        \
    {                                                                                      \
        [BRIEF] = list(STATE, ""),                                                         \
        [NAMELESS] = list(STATE ", " ROOM_ROW_NAMELESS(ROOM_ROW_OTHER), ROOM_ROW_MESSAGE), \
        [NAMED] = list(STATE ", " ROOM_ROW_NAMED, ROOM_ROW_NAMES),                         \
    }

/* What a statement is run with, and who is visited. */
struct reading {
    struct db *db;
    struct user_names *names;
    room_visit *visit;
    void *context;
    const struct db_value *values;
    size_t count;
};

/* Reads a room of the present row in this form and visits it; NULL instead, and false, if a name
 * is not known. */
static bool read_room(const struct reading *reading, const struct db_rows *rows, enum form form) {
    struct room room;
    bool complete = true;
    memset(&room, 0, sizeof(room));
    room_state_from_row(rows, 0, &room.state);
    room.last_active_at = db_get_time(rows, ROOM_STATE_COLUMN_COUNT);
    if (form != BRIEF)
        complete = room_row_read(rows, STATE_COUNT, reading->names, &room) || form == NAMED;
    reading->visit(reading->context, complete ? &room : NULL);
    return complete;
}

/* Visits the rows of one form; *complete false: a name is not known, and the visits are void. */
static enum error read_form(const struct reading *reading, const char *sql, enum form form,
                            bool *complete) {
    struct db_rows *rows;
    const enum error error =
        db_run(reading->db, sql, DB_REPEATABLE, reading->values, reading->count, &rows);
    *complete = true;
    while (!error && *complete && db_next(rows))
        *complete = read_room(reading, rows, form);
    db_done(rows);
    return error;
}

/* Reads a list in the form that is asked for, with names by way of those that are known. */
static enum error read_list(const struct reading *reading, const char *const *forms, bool brief) {
    bool complete = false;
    enum error error = ERROR_NONE;
    if (brief)
        return read_form(reading, forms[BRIEF], BRIEF, &complete);
    user_names_begin(reading->names, reading->db);
    if (!user_names_are_none(reading->names))
        error = read_form(reading, forms[NAMELESS], NAMELESS, &complete);
    if (!error && !complete)
        error = read_form(reading, forms[NAMED], NAMED, &complete);
    return error;
}

/* ---- lists ---- */

/* STRAIGHT_JOIN and the session's join_cache_level (db.c) make the server keep the order of the
 * first table. */

enum error room_list_whole(struct db *db, struct user_names *names, const struct room_list *list,
                           room_visit *visit, void *context) {
#define WHOLE(columns, joins)       \
    "SELECT STRAIGHT_JOIN " columns \
    " FROM member me "              \
    "JOIN room r ON r.room_id = me.room_id " joins "WHERE me.user_id = ?"
    static const char *const SQL[FORM_COUNT] = FORMS(WHOLE);
    const struct db_value user = db_u64(list->user_id);
    const struct reading reading = {db, names, visit, context, &user, 1};
    return read_list(&reading, SQL, list->brief);
}

/* Outer joins to the rooms: who has none, or too many, is found all the same. Too many are kept
 * out by the key that is looked up, since a condition beside it would be tried on each of them. */
enum error room_list_by_token(struct db *db, struct user_names *names,
                              const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t most,
                              struct caller *caller, bool *found, room_visit *visit,
                              void *context) {
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN " STATE ", " ROOM_ROW_NAMELESS(ROOM_ROW_OTHER)
        ", t.user_id, u.rooms_count, u.last_seq FROM token t JOIN user u ON u.user_id = t.user_id "
        "LEFT JOIN member me ON me.user_id = IF(u.rooms_count <= ?, t.user_id, 0) "
        "LEFT JOIN room r ON r.room_id = me.room_id " ROOM_ROW_MESSAGE
        "WHERE t.token_hash = ? AND u.is_active";
    const unsigned last = STATE_COUNT + ROOM_ROW_COLUMN_COUNT;
    const struct db_value values[] = {db_u64(most), db_bytes(token_hash, SECRET_HASH_SIZE)};
    const struct reading reading = {db, names, visit, context, values, 2};
    struct db_rows *rows;
    *found = false;
    user_names_begin(names, db);
    if (user_names_are_none(names))
        return ERROR_NONE;
    const enum error error = db_run(db, SQL, DB_REPEATABLE, values, 2, &rows);
    memset(caller, 0, sizeof(*caller));
    bool complete = true;
    while (!error && complete && db_next(rows)) {
        caller->user.id = db_get_u64(rows, last);
        caller->user.is_active = true;
        caller->rooms_count = db_get_u64(rows, last + 1);
        caller->last_seq = db_get_u64(rows, last + 2);
        if (!db_is_null(rows, 0))
            complete = read_room(&reading, rows, NAMELESS);
        *found = complete;
    }
    db_done(rows);
    return error;
}

/* One's own are found by walking down the key, of which nothing but room ids is read, and
 * asking for each room whether one is in it. ROWS EXAMINED, which ends the walk, counts the
 * three rows by key of each room found as well. */
enum error room_list_latest(struct db *db, struct user_names *names, const struct room_list *list,
                            uint64_t most, uint64_t reach, room_visit *visit, void *context) {
#define LATEST_OWN(columns, joins)                                      \
    "SELECT STRAIGHT_JOIN " columns                                     \
    " FROM room latest FORCE INDEX (active_minute) "                    \
    "JOIN member me ON me.room_id = latest.room_id AND me.user_id = ? " \
    "JOIN room r ON r.room_id = latest.room_id " joins                  \
    "ORDER BY latest.active_minute DESC LIMIT ? ROWS EXAMINED ?"
#define LATEST_PUBLIC(columns, joins)                                         \
    "SELECT STRAIGHT_JOIN " columns                                           \
    " FROM room r FORCE INDEX (public_active) "                               \
    "LEFT JOIN member me ON me.room_id = r.room_id AND me.user_id = ? " joins \
    "WHERE r.is_private = FALSE ORDER BY r.active_minute DESC LIMIT ?"
    static const char *const OWN[FORM_COUNT] = FORMS(LATEST_OWN);
    static const char *const PUBLIC[FORM_COUNT] = FORMS(LATEST_PUBLIC);
    const struct db_value values[] = {db_u64(list->user_id), db_u64(most),
                                      db_u64(reach + 3 * most)};
    const bool is_public = list->kind == ROOM_LIST_PUBLIC;
    const struct reading reading = {db, names, visit, context, values, is_public ? 2 : 3};
    return read_list(&reading, is_public ? PUBLIC : OWN, list->brief);
}

/* The page is chosen, and sorted, from the narrow columns; its rows are then looked up by
 * key. Sorting the finished rows would carry every last message through a temporary table. */
enum error room_list_page(struct db *db, struct user_names *names, const struct room_list *list,
                          uint64_t limit, uint64_t offset, int64_t from, room_visit *visit,
                          void *context) {
#define PAGE(columns, joins, choice)                                          \
    "SELECT STRAIGHT_JOIN " columns " FROM (" choice                          \
    " ORDER BY p.last_active_at DESC, p.room_id DESC LIMIT ? OFFSET ?) page " \
    "JOIN room r ON r.room_id = page.room_id "                                \
    "LEFT JOIN member me ON me.room_id = r.room_id AND me.user_id = ? " joins
#define PAGE_OWN(columns, joins)                                \
    PAGE(columns, joins,                                        \
         "SELECT p.room_id, p.last_active_at FROM member mine " \
         "JOIN room p ON p.room_id = mine.room_id WHERE mine.user_id = ?")
#define PAGE_PUBLIC(columns, joins)                        \
    PAGE(columns, joins,                                   \
         "SELECT p.room_id, p.last_active_at FROM room p " \
         "WHERE p.is_private = FALSE AND p.active_minute >= TO_SECONDS(?) DIV 60")
    static const char *const OWN[FORM_COUNT] = FORMS(PAGE_OWN);
    static const char *const PUBLIC[FORM_COUNT] = FORMS(PAGE_PUBLIC);
    const bool is_public = list->kind == ROOM_LIST_PUBLIC;
    const struct db_value values[] = {is_public ? db_time(from) : db_u64(list->user_id),
                                      db_u64(limit), db_u64(offset), db_u64(list->user_id)};
    const struct reading reading = {db, names, visit, context, values, 4};
    return read_list(&reading, is_public ? PUBLIC : OWN, list->brief);
}

#define MINUTE 60000000

int64_t room_list_next_minute(int64_t at) {
    return (at / MINUTE + 1) * MINUTE;
}

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

#define BOTH_NAMES "IF(r.direct_low IS NULL, r.name, CONCAT(low.username, ', ', other.username))"

enum error room_list_all(struct db *db, uint64_t limit, uint64_t offset, room_visit *visit,
                         void *context) {
    static const char SQL[] =
        "SELECT " STATE ", " ROOM_ROW_COLUMNS(BOTH_NAMES, "r.direct_high", MESSAGE_COLUMNS)
        " FROM room r "
        "LEFT JOIN member me ON me.room_id = r.room_id AND me.user_id = 0 " ROOM_ROW_MESSAGE
        "LEFT JOIN user s ON s.user_id = m.sender_id "
        "LEFT JOIN user low ON low.user_id = r.direct_low "
        "LEFT JOIN user other ON other.user_id = r.direct_high "
        "ORDER BY r.room_id LIMIT ? OFFSET ?";
    const struct db_value values[] = {db_u64(limit), db_u64(offset)};
    const struct reading reading = {db, NULL, visit, context, values, 2};
    bool complete;
    return read_form(&reading, SQL, NAMED, &complete);
}

/* ---- numbers ---- */

enum error room_list_count_all(struct db *db, uint64_t *count) {
    static const char SQL[] = "SELECT COUNT(*) FROM room";
    return db_number(db, SQL, count);
}

enum error room_list_count_public(struct db *db, uint64_t *count) {
    static const char SQL[] = "SELECT number FROM total WHERE name = 'public_rooms'";
    return db_number(db, SQL, count);
}
