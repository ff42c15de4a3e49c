/*
 * server: limits and clock of the database server; whether it takes changes.
 */
#ifndef CONFAB_COMMON_STORE_SERVER_H
#define CONFAB_COMMON_STORE_SERVER_H

#include <stdint.h>

#include "db/db.h"

struct server {
    uint64_t connections; /* most that this database user may have: the lowest limit */
    int64_t now;          /* clock of the server, microseconds since 1970 */
};

/* Reads both. */
enum error server_read(struct db *db, struct server *server);

/* Changes a row, once in five seconds: fails, as db_run does, if the server refuses changes. */
enum error server_check_changes(struct db *db);

/* True if the server replicates this connection by statement, which gives replicas other times:
 * the database user may not choose another binlog_format. */
enum error server_binlog_by_statement(struct db *db, bool *by_statement);

#endif
