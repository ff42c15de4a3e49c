#include "store/room_list.h"

#include <string.h>

#include "store/room_reading.h"

/* ---- one's own ---- */

/* STRAIGHT_JOIN and the session's join_cache_level (db.c) make the server keep the order of the
 * first table. */

#define TOKEN_HEAD "t.user_id, u.rooms_count, u.last_seq, "
#define TOKEN_USER "FROM token t JOIN user u ON u.user_id = t.user_id "

enum error room_list_whole(struct db *db, struct user_names *names, const struct room_list *list,
                           room_visit *visit, void *context) {
#define WHOLE(columns, joins)       \
    "SELECT STRAIGHT_JOIN " columns \
    " FROM member me "              \
    "JOIN room r ON r.room_id = me.room_id " joins "WHERE me.user_id = ?"
    static const char *const SQL[ROOM_READING_FORMS] = ROOM_READING_IN_FORMS(WHOLE);
    const struct db_value user = db_u64(list->user_id);
    const struct room_reading reading = {db, names, visit, context, &user, 1, NULL};
    return room_reading_list(&reading, SQL, list->brief);
}

/* Outer joins to the rooms: who has none, or too many, is found all the same. Too many are kept
 * out by the key that is looked up, since a condition beside it would be tried on each of them. */
enum error room_list_whole_by_token(struct db *db, struct user_names *names,
                                    const unsigned char token_hash[SECRET_HASH_SIZE], uint64_t most,
                                    struct identity *identity, bool *found, room_visit *visit,
                                    void *context) {
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN " TOKEN_HEAD ROOM_READING_NAMELESS_COLUMNS " " TOKEN_USER
        "LEFT JOIN member me ON me.user_id = IF(u.rooms_count <= ?, t.user_id, 0) "
        "LEFT JOIN room r ON r.room_id = me.room_id " ROOM_ROW_MESSAGE
        "WHERE t.token_hash = ? AND u.is_active";
    const struct db_value values[] = {db_u64(most), db_bytes(token_hash, SECRET_HASH_SIZE)};
    const struct room_reading reading = {db, names, visit, context, values, 2, NULL};
    return room_reading_by_token(&reading, SQL, identity, found);
}

/* One's own are found by walking down the key, of which nothing but room ids is read, and
 * asking for each room whether one is in it. ROWS EXAMINED, which ends the walk, counts the
 * three rows by key of each room found as well. */
#define LATEST_JOINS(user)                                                 \
    "JOIN member me ON me.room_id = latest.room_id AND me.user_id = " user \
    " JOIN room r ON r.room_id = latest.room_id "
#define LATEST_END "ORDER BY latest.active_minute DESC LIMIT ? ROWS EXAMINED ?"

static uint64_t examined(uint64_t most, uint64_t reach) {
    return reach + 3 * most;
}

enum error room_list_latest(struct db *db, struct user_names *names, const struct room_list *list,
                            uint64_t most, uint64_t reach, room_visit *visit, void *context) {
#define LATEST(columns, joins)      \
    "SELECT STRAIGHT_JOIN " columns \
    " FROM room latest FORCE INDEX (active_minute) " LATEST_JOINS("?") joins LATEST_END
    static const char *const SQL[ROOM_READING_FORMS] = ROOM_READING_IN_FORMS(LATEST);
    const struct db_value values[] = {db_u64(list->user_id), db_u64(most),
                                      db_u64(examined(most, reach))};
    const struct room_reading reading = {db, names, visit, context, values, 3, NULL};
    return room_reading_list(&reading, SQL, list->brief);
}

/* Token and user are single rows by key, which the server reads before it plans the walk; and
 * does not walk at all if there is no such token, or the user has too few rooms. */
enum error room_list_latest_by_token(struct db *db, struct user_names *names,
                                     const unsigned char token_hash[SECRET_HASH_SIZE],
                                     uint64_t least, uint64_t most, uint64_t reach,
                                     struct identity *identity, bool *found, room_visit *visit,
                                     void *context) {
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN " TOKEN_HEAD ROOM_READING_NAMELESS_COLUMNS " " TOKEN_USER
        "JOIN room latest FORCE INDEX (active_minute) " LATEST_JOINS("t.user_id") ROOM_ROW_MESSAGE
        "WHERE t.token_hash = ? AND u.is_active AND u.rooms_count >= ? " LATEST_END;
    const struct db_value values[] = {db_bytes(token_hash, SECRET_HASH_SIZE), db_u64(least),
                                      db_u64(most), db_u64(examined(most, reach))};
    const struct room_reading reading = {db, names, visit, context, values, 4, NULL};
    return room_reading_by_token(&reading, SQL, identity, found);
}

/* The page is chosen, and sorted, from the narrow columns; its rows are then looked up by
 * key. Sorting the finished rows would carry every last message through a temporary table. */
enum error room_list_page(struct db *db, struct user_names *names, const struct room_list *list,
                          uint64_t limit, uint64_t offset, room_visit *visit, void *context) {
#define PAGE(columns, joins)                                                 \
    "SELECT STRAIGHT_JOIN " columns                                          \
    " FROM (SELECT p.room_id, p.last_active_at FROM member mine "            \
    "JOIN room p ON p.room_id = mine.room_id WHERE mine.user_id = ? "        \
    "ORDER BY p.last_active_at DESC, p.room_id DESC LIMIT ? OFFSET ?) page " \
    "JOIN room r ON r.room_id = page.room_id "                               \
    "JOIN member me ON me.room_id = r.room_id AND me.user_id = ? " joins
    static const char *const SQL[ROOM_READING_FORMS] = ROOM_READING_IN_FORMS(PAGE);
    const struct db_value values[] = {db_u64(list->user_id), db_u64(limit), db_u64(offset),
                                      db_u64(list->user_id)};
    const struct room_reading reading = {db, names, visit, context, values, 4, NULL};
    return room_reading_list(&reading, SQL, list->brief);
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

/* ---- all ---- */

#define BOTH_NAMES "IF(r.direct_low IS NULL, r.name, CONCAT(low.username, ', ', other.username))"

enum error room_list_all(struct db *db, uint64_t limit, uint64_t offset, room_visit *visit,
                         void *context) {
    static const char SQL[] =
        "SELECT " ROOM_READING_STATE
        ", " ROOM_ROW_COLUMNS(BOTH_NAMES, "r.direct_high", MESSAGE_COLUMNS)
        " FROM room r "
        "LEFT JOIN member me ON me.room_id = r.room_id AND me.user_id = 0 " ROOM_ROW_MESSAGE
        "LEFT JOIN user s ON s.user_id = m.sender_id "
        "LEFT JOIN user low ON low.user_id = r.direct_low "
        "LEFT JOIN user other ON other.user_id = r.direct_high "
        "ORDER BY r.room_id LIMIT ? OFFSET ?";
    const struct db_value values[] = {db_u64(limit), db_u64(offset)};
    const struct room_reading reading = {db, NULL, visit, context, values, 2, NULL};
    return room_reading_as_named(&reading, SQL);
}

/* ---- numbers ---- */

enum error room_list_count_all(struct db *db, uint64_t *count) {
    static const char SQL[] = "SELECT COUNT(*) FROM room";
    return db_number(db, SQL, count);
}
