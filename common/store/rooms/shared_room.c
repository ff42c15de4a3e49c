/* One statement for all ids, each with a few probes of the keys of `member`. */
#include "store/rooms/shared_room.h"

#include "base/buffer.h"
#include "store/rooms/room_state.h"

enum error shared_room_filter(struct db *db, uint64_t user_id, uint64_t *ids, size_t *count) {
    static const char SQL[] =
        "SELECT j.id FROM JSON_TABLE(?, '$[*]' COLUMNS "
        "(place FOR ORDINALITY, id BIGINT UNSIGNED PATH '$')) j "
        "WHERE j.id = ? OR " SHARED_ROOM_SQL("j.id", "?") " ORDER BY j.place";
    struct buffer list = BUFFER_EMPTY;
    struct db_rows *rows;
    buffer_append_ids(&list, ids, *count);
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_text((struct text){list.data, list.len}),
               db_u64(user_id), db_u64(user_id));
    buffer_free(&list);
    if (error)
        return error;
    /* No more rows than ids were given. */
    size_t kept = 0;
    while (kept < *count && db_next(rows))
        ids[kept++] = db_get_u64(rows, 0);
    db_done(rows);
    *count = kept;
    return ERROR_NONE;
}

enum error shared_room_knows(struct db *db, uint64_t user_id, uint64_t other_id, bool *knows) {
    /* FORCE INDEX: one probe for each room of the user, whatever the other has written. */
    static const char SQL[] =
        "SELECT " SHARED_ROOM_SQL("?", "?") " OR EXISTS (SELECT STRAIGHT_JOIN 1 FROM member me "
        "JOIN room r ON r.room_id = me.room_id AND NOT (" ROOM_IS_BOUNDED("r") ") "
        "JOIN message m FORCE INDEX (client_id) ON m.room_id = r.room_id AND m.sender_id = ? "
        "WHERE me.user_id = ?)";
    uint64_t found = 0;
    const enum error error = DB_NUMBER(db, SQL, &found, db_u64(other_id), db_u64(user_id),
                                       db_u64(other_id), db_u64(user_id));
    *knows = !error && found > 0;
    return error;
}
