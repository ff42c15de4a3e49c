/* One query of variables of the database server. */
#include "store/server.h"

enum error server_read(struct db *db, struct server *server) {
    /* max_user_connections is the limit of the database user; 0: none. */
    static const char SQL[] =
        "SELECT LEAST(@@max_connections, "
        "IF(@@max_user_connections > 0, @@max_user_connections, @@max_connections)), "
        "UTC_TIMESTAMP(6)";
    struct db_rows *rows;
    const enum error error = db_run(db, SQL, DB_REPEATABLE, NULL, 0, &rows);
    if (error)
        return error;
    if (db_next(rows)) {
        server->connections = db_get_u64(rows, 0);
        server->now = db_get_time(rows, 1);
    }
    db_done(rows);
    return ERROR_NONE;
}
