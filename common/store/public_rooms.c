#include "store/public_rooms.h"

#include "store/room_reading.h"

/* STRAIGHT_JOIN and the session's join_cache_level (db.c) make the server keep the order of the
 * first table. */

enum error public_rooms_latest(struct db *db, struct user_names *names,
                               const struct room_list *list, uint64_t most, room_visit *visit,
                               void *context) {
#define LATEST(columns, joins)                                                \
    "SELECT STRAIGHT_JOIN " columns                                           \
    " FROM room r FORCE INDEX (public_active) "                               \
    "LEFT JOIN member me ON me.room_id = r.room_id AND me.user_id = ? " joins \
    "WHERE r.is_private = FALSE ORDER BY r.active_minute DESC LIMIT ?"
    static const char *const SQL[ROOM_READING_FORMS] = ROOM_READING_IN_FORMS(LATEST);
    const struct db_value values[] = {db_u64(list->user_id), db_u64(most)};
    const struct room_reading reading = {db, names, visit, context, values, 2, NULL};
    return room_reading_list(&reading, SQL, list->brief);
}

/* The page is chosen, and sorted, from the narrow columns; its rows are then looked up by
 * key. Sorting the finished rows would carry every last message through a temporary table. */
enum error public_rooms_page(struct db *db, struct user_names *names, const struct room_list *list,
                             uint64_t limit, uint64_t offset, int64_t from, room_visit *visit,
                             void *context) {
#define PAGE(columns, joins)                                                  \
    "SELECT STRAIGHT_JOIN " columns                                           \
    " FROM (SELECT p.room_id, p.last_active_at FROM room p "                  \
    "WHERE p.is_private = FALSE AND p.active_minute >= TO_SECONDS(?) DIV 60 " \
    "ORDER BY p.last_active_at DESC, p.room_id DESC LIMIT ? OFFSET ?) page "  \
    "JOIN room r ON r.room_id = page.room_id "                                \
    "LEFT JOIN member me ON me.room_id = r.room_id AND me.user_id = ? " joins
    static const char *const SQL[ROOM_READING_FORMS] = ROOM_READING_IN_FORMS(PAGE);
    const struct db_value values[] = {db_time(from), db_u64(limit), db_u64(offset),
                                      db_u64(list->user_id)};
    const struct room_reading reading = {db, names, visit, context, values, 4, NULL};
    return room_reading_list(&reading, SQL, list->brief);
}

enum error public_rooms_count(struct db *db, uint64_t *count) {
    static const char SQL[] = "SELECT number FROM total WHERE name = 'public_rooms'";
    return db_number(db, SQL, count);
}

/* ---- by token ---- */

/* Token and number are single rows by key, which the server reads before it plans the rest. */
#define BY_TOKEN(condition)                                                                      \
    "SELECT STRAIGHT_JOIN t.user_id, p.number, 0, " ROOM_READING_NAMELESS_COLUMNS                \
    " FROM token t JOIN total p JOIN room r FORCE INDEX (public_active) "                        \
    "LEFT JOIN member me ON me.room_id = r.room_id AND me.user_id = t.user_id " ROOM_ROW_MESSAGE \
    "WHERE t.token_hash = ? AND t.user_is_active AND p.name = 'public_rooms' "                   \
    "AND r.is_private = FALSE " condition

static enum error read_by_token(const struct room_reading *reading, const char *sql,
                                struct identity *identity, uint64_t *count, bool *found) {
    const enum error error = room_reading_by_token(reading, sql, identity, found);
    *count = identity->rooms_count;
    identity->rooms_count = 0;
    return error;
}

enum error public_rooms_latest_by_token(struct db *db, struct user_names *names,
                                        const unsigned char token_hash[SECRET_HASH_SIZE],
                                        uint64_t most, struct identity *identity, uint64_t *count,
                                        bool *found, room_visit *visit, void *context) {
    static const char SQL[] = BY_TOKEN("ORDER BY r.active_minute DESC LIMIT ?");
    const struct db_value values[] = {db_bytes(token_hash, SECRET_HASH_SIZE), db_u64(most)};
    const struct room_reading reading = {db, names, visit, context, values, 2, NULL};
    return read_by_token(&reading, SQL, identity, count, found);
}

/* Here the rooms themselves are sorted, before anything is joined to them. That is cheaper than
 * a table of those of the page, as long as few others are before it. */
enum error public_rooms_page_by_token(struct db *db, struct user_names *names,
                                      const unsigned char token_hash[SECRET_HASH_SIZE],
                                      uint64_t limit, uint64_t offset, int64_t from,
                                      struct identity *identity, uint64_t *count, bool *found,
                                      room_visit *visit, void *context) {
    static const char SQL[] = BY_TOKEN(
        "AND r.active_minute >= TO_SECONDS(?) DIV 60 "
        "ORDER BY r.last_active_at DESC, r.room_id DESC LIMIT ? OFFSET ?");
    const struct db_value values[] = {db_bytes(token_hash, SECRET_HASH_SIZE), db_time(from),
                                      db_u64(limit), db_u64(offset)};
    const struct room_reading reading = {db, names, visit, context, values, 4, NULL};
    return read_by_token(&reading, SQL, identity, count, found);
}
