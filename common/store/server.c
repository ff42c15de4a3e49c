/* Variables of the database server; a test whether it accepts changes; which Redis servers the
 * processes of this database use. The table housekeeping serves as a small store of times. */
#include "store/server.h"

#include <stdio.h>

enum error server_read(struct db *db, struct server *server) {
    /* max_user_connections is the limit of the database user; 0: none. */
    static const char SQL[] =
        "SELECT LEAST(@@max_connections, "
        "IF(@@max_user_connections > 0, @@max_user_connections, @@max_connections)), "
        /* The time of the server, in UTC as everywhere. */
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

enum error server_origin(struct db *db, char origin[SERVER_ORIGIN_SIZE]) {
    static const char SQL[] = "SELECT value FROM site_value WHERE name = 'database_id'";
    struct db_rows *rows;
    const enum error error = db_run(db, SQL, DB_REPEATABLE, NULL, 0, &rows);
    if (error)
        return error;
    /* Without the row the text is empty. */
    const struct text value = db_next(rows) ? db_get_text(rows, 0) : (struct text){"", 0};
    snprintf(origin, SERVER_ORIGIN_SIZE, "%.*s", (int)value.len, value.at);
    db_done(rows);
    return ERROR_NONE;
}

/* The server refuses the statement if changes are not allowed, even if it leaves the row
 * unchanged. */
enum error server_check_writable(struct db *db) {
    static const char SQL[] =
        "INSERT INTO housekeeping (task, ran_at) VALUES ('health', SYSDATE(6)) "
        /* Written at most every five seconds; the row stays small and needs no cleaning. */
        "ON DUPLICATE KEY UPDATE ran_at = IF(ran_at BETWEEN SYSDATE(6) - INTERVAL 5 SECOND "
        "AND SYSDATE(6), ran_at, SYSDATE(6))";
    return db_run(db, SQL, DB_REPEATABLE, NULL, 0, NULL);
}

enum error server_binlog_by_statement(struct db *db, bool *by_statement) {
    /* Statements that use SYSDATE and user variables are not safe for a binary log of
     * statements. */
    static const char SQL[] = "SELECT @@log_bin AND @@binlog_format = 'STATEMENT'";
    uint64_t found = 0;
    const enum error error = db_number(db, SQL, &found);
    *by_statement = found != 0;
    return error;
}

/* Two rows of housekeeping for each Redis: when a host last used it, which each records every ten
 * seconds (an idle one every twenty), and since when it is used. A Redis that was last used before
 * this one was first used is its predecessor, such as the same server before it lost its data. */
enum error server_find_other_redis(struct db *db, const char *identity, bool *others) {
    /* `since` is this Redis, `other` one with a different identity that was used after it and
     * within the last 45 s, so that the Redis of a host that has stopped or switched soon no longer
     * counts. */
    static const char SQL[] =
        "SELECT COUNT(*) FROM housekeeping since JOIN housekeeping other "
        "ON other.task LIKE 'redis:%' AND other.task <> CONCAT('redis:', ?) "
        "AND other.ran_at > since.ran_at "
        "AND other.ran_at > SYSDATE(6) - INTERVAL 45 SECOND "
        "WHERE since.task = CONCAT('redis since:', ?)";
    struct db_rows *rows;
    *others = false;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_str(identity), db_str(identity));
    if (error)
        return error;
    *others = db_next(rows) && db_get_u64(rows, 0) > 0;
    db_done(rows);
    return ERROR_NONE;
}

enum error server_record_redis(struct db *db, const char *identity, bool *others) {
    /* 'redis since' keeps its first time, 'redis' gets the present one. One statement for both
     * rows; the 2 s spare a write for processes that start together. */
    static const char SQL[] =
        "INSERT INTO housekeeping (task, ran_at) VALUES (CONCAT('redis:', ?), SYSDATE(6)), "
        "(CONCAT('redis since:', ?), SYSDATE(6)) "
        "ON DUPLICATE KEY UPDATE ran_at = IF(task LIKE 'redis since:%' OR "
        "ran_at BETWEEN SYSDATE(6) - INTERVAL 2 SECOND AND SYSDATE(6), ran_at, SYSDATE(6))";
    *others = false;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_str(identity), db_str(identity));
    /* After recording, so that two processes that start together see each other. */
    return error ? error : server_find_other_redis(db, identity, others);
}
