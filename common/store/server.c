/* Variables of the database server; a change that shows whether it takes any. */
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

/* Also when the row stays as it is, the server checks whether changes are allowed. */
enum error server_check_changes(struct db *db) {
    static const char SQL[] =
        "INSERT INTO housekeeping (task, ran_at) VALUES ('health', SYSDATE(6)) "
        "ON DUPLICATE KEY UPDATE ran_at = IF(ran_at BETWEEN SYSDATE(6) - INTERVAL 5 SECOND "
        "AND SYSDATE(6), ran_at, SYSDATE(6))";
    return db_run(db, SQL, DB_REPEATABLE, NULL, 0, NULL);
}

enum error server_binlog_by_statement(struct db *db, bool *by_statement) {
    static const char SQL[] = "SELECT @@log_bin AND @@binlog_format = 'STATEMENT'";
    uint64_t found = 0;
    const enum error error = db_number(db, SQL, &found);
    *by_statement = found != 0;
    return error;
}
