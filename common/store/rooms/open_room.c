/* The SQL of the list of open rooms: ranges of KEY is_open of `room`, whose entries end with the
 * primary key. So they are in the order of creation, and a post, which changes neither column,
 * leaves the index alone. */
#include "store/rooms/open_room.h"

#define LIST(compare, order)                                                                   \
    "SELECT room_id, room_key, name, topic, message_count - trimmed, members_count, guests, "  \
    "is_private, is_archived, created_at, last_active_at FROM room FORCE INDEX (is_open) "     \
    "WHERE is_open = TRUE AND room_id " compare " ? ORDER BY room_id " order " LIMIT ?"

/* The texts are those of the row. */
static struct open_room from_row(const struct db_rows *rows) {
    return (struct open_room){.room_id = db_get_u64(rows, 0),
                              .key = db_get_text(rows, 1),
                              .name = db_get_text(rows, 2),
                              .topic = db_get_text(rows, 3),
                              .message_count = db_get_u64(rows, 4),
                              .members_count = db_get_u64(rows, 5),
                              .guests = (enum room_guests)db_get_u64(rows, 6),
                              .is_private = db_get_bool(rows, 7),
                              .is_archived = db_get_bool(rows, 8),
                              .created_at = db_get_time(rows, 9),
                              .last_active_at = db_get_time(rows, 10)};
}

enum error open_room_page(struct db *db, bool after, uint64_t cursor, uint64_t limit,
                          open_room_visit *visit, void *context, bool *more) {
    static const char BEFORE[] = LIST("<", "DESC"), AFTER[] = LIST(">", "ASC");
    struct db_rows *rows;
    const uint64_t from = after || cursor > 0 ? cursor : UINT64_MAX;
    /* One row more than the page has shows whether there are others. */
    const enum error error = DB_RUN(db, after ? AFTER : BEFORE, DB_REPEATABLE, &rows, db_u64(from),
                                    db_u64(limit + 1));
    if (error)
        return error;
    const uint64_t count = db_count(rows), shown = count > limit ? limit : count;
    *more = count > limit;
    /* Those after the cursor were read in rising order, and are visited from the last one on. */
    for (uint64_t i = 0; i < shown; i++) {
        db_seek(rows, after ? shown - 1 - i : i);
        if (!db_next(rows))
            break;
        const struct open_room room = from_row(rows);
        visit(context, &room);
    }
    db_done(rows);
    return ERROR_NONE;
}
