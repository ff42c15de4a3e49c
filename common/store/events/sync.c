/* The counters of a user's rooms in one statement, along KEY (user_id, room_id) of member; the id
 * of the database, which comes with them. */
#include "store/events/sync.h"

#include <stdio.h>

#include "secrets/secret.h"
#include "store/transaction.h"

enum error sync_rooms(struct db *db, uint64_t user_id, char database_id[SYNC_DATABASE_ID_SIZE],
                      sync_visit *visit, void *context) {
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN s.value, me.mark_seq, "
        ROOM_STATE_COLUMNS
        /* At least one row, which has the id, also for a user without rooms. */
        " FROM site_value s LEFT JOIN member me ON me.user_id = ? "
        "LEFT JOIN room r ON r.room_id = me.room_id "
        "WHERE s.name = 'database_id' ORDER BY me.room_id";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id));
    /* Empty on failure or without a row; a client then assumes another database. */
    database_id[0] = '\0';
    if (error)
        return error;
    while (db_next(rows)) {
        const struct text id = db_get_text(rows, 0);
        struct sync_room room = {.mark_seq = db_get_u64(rows, 1)};
        /* The id is on each row, since the statement is one; the copies are equal. */
        snprintf(database_id, SYNC_DATABASE_ID_SIZE, "%.*s", (int)id.len, id.at);
        room_state_from_row(rows, 2, &room.state);
        /* The LEFT JOIN has one row of NULLs for a user without rooms. */
        if (room.state.exists)
            visit(context, &room);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error sync_new_database(struct db *db) {
    /* The bells get new names, so that clients that only read a bell notice the change. */
    static const char SQL[] = TRANSACTION(
        "",
        "UPDATE room SET bell = NULL WHERE bell IS NOT NULL; "
        "UPDATE user SET bell = NULL WHERE bell IS NOT NULL; "
        "INSERT INTO site_value (name, value) VALUES ('database_id', ?) "
        "ON DUPLICATE KEY UPDATE value = VALUES(value); ",
        "");
    /* 16 random bytes as 32 hexadecimal digits. */
    char id[SYNC_DATABASE_ID_SIZE];
    secret_random_hex(id, (sizeof(id) - 1) / 2);
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_str(id));
}
