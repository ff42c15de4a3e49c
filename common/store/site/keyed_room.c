/* Reading the rooms with a key of one user, for claims that list rooms. */
#include "store/site/keyed_room.h"

#include <string.h>

#include "base/buffer.h"

/* The keys as a JSON array; they have no characters that JSON escapes. room_key_is_valid limits the
 * characters. */
static void write_keys(struct buffer *json, const struct text *keys, size_t count) {
    buffer_append_char(json, '[');
    for (size_t i = 0; i < count; i++) {
        buffer_append_str(json, i == 0 ? "\"" : ",\"");
        buffer_append(json, keys[i].at, keys[i].len);
        buffer_append_char(json, '"');
    }
    buffer_append_char(json, ']');
}

enum error keyed_room_find(struct db *db, uint64_t user_id, const struct text *keys, size_t count,
                           struct keyed_room *rooms) {
    /* The collation of the column, so that its index is used. */
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN j.place, r.room_id, me.user_id IS NOT NULL, me.is_admin "
        "FROM JSON_TABLE(?, '$[*]' COLUMNS (place FOR ORDINALITY, room_key VARCHAR(128) PATH '$')) "
        "j JOIN room r ON r.room_key = CONVERT(j.room_key USING utf8mb4) "
        "COLLATE utf8mb4_nopad_bin "
        "LEFT JOIN member me ON me.room_id = r.room_id AND me.user_id = ?";
    struct buffer json = BUFFER_EMPTY;
    struct db_rows *rows;
    /* A key without a room leaves its element zeroed: room_id 0. */
    memset(rooms, 0, count * sizeof(*rooms));
    write_keys(&json, keys, count);
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows,
                                    db_text((struct text){json.data, json.len}), db_u64(user_id));
    buffer_free(&json);
    if (error)
        return error;
    while (db_next(rows)) {
        /* From 1. The place in the list; rows come in any order. */
        const uint64_t place = db_get_u64(rows, 0);
        if (place >= 1 && place <= count)
            rooms[place - 1] = (struct keyed_room){.room_id = db_get_u64(rows, 1),
                                                   .is_member = db_get_bool(rows, 2),
                                                   .is_admin = db_get_bool(rows, 3)};
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error keyed_room_list(struct db *db, uint64_t user_id, keyed_room_visit *visit,
                           void *context) {
    /* By the user's memberships, in the order of ids; FORCE INDEX keeps the server from reading
     * all rooms with a key. */
    static const char SQL[] =
        "SELECT r.room_id, r.room_key FROM member me "
        "JOIN room r FORCE INDEX (PRIMARY) ON r.room_id = me.room_id "
        "WHERE me.user_id = ? AND r.room_key IS NOT NULL ORDER BY r.room_id";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id));
    if (error)
        return error;
    while (db_next(rows))
        visit(context, db_get_u64(rows, 0), db_get_text(rows, 1));
    db_done(rows);
    return ERROR_NONE;
}
