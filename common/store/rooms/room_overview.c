/* All rooms by id, with an offset: for an administrator, not for requests. Direct rooms are named
 * by both users. */
#include "store/rooms/room_overview.h"

#define BOTH_NAMES "IF(r.direct_low IS NULL, r.name, CONCAT(low.username, ', ', other.username))"

enum error room_overview_page(struct db *db, uint64_t limit, uint64_t offset, room_visit *visit,
                         void *context) {
    /* OFFSET reads what it skips: fit for a command, not for requests. */
    static const char SQL[] =
        "SELECT " ROOM_COLUMNS_NAMED(BOTH_NAMES)
        " FROM room r "
        /* User 0 does not exist, so the columns of the membership are NULL. */
        "LEFT JOIN member me ON me.room_id = r.room_id AND me.user_id = 0 " ROOM_MESSAGE_JOINS
        "LEFT JOIN user low ON low.user_id = r.direct_low "
        "LEFT JOIN user other ON other.user_id = r.direct_high "
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

enum error room_overview_count(struct db *db, uint64_t *count) {
    static const char SQL[] = "SELECT COUNT(*) FROM room";
    return db_number(db, SQL, count);
}
