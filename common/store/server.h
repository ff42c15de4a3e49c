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

/* Room for the origin of a database, with its terminator. */
#define SERVER_ORIGIN_SIZE 17

/* Reads what tells this database from others, and from its own backups: the beginning of the id
 * that `confabctl restored` replaces. */
enum error server_origin(struct db *db, char origin[SERVER_ORIGIN_SIZE]);

/* Changes a row, once in five seconds: fails, as db_run does, if the server refuses changes. */
enum error server_check_changes(struct db *db);

/* Records that this host uses the Redis of this identity. *others: another host uses another Redis,
 * so that events do not reach it at once. */
enum error server_note_redis(struct db *db, const char *identity, bool *others);

/* The same without recording. */
enum error server_find_other_redis(struct db *db, const char *identity, bool *others);

/* True if the server replicates this connection by statement, which gives replicas other times:
 * the database user may not choose another binlog_format. */
enum error server_binlog_by_statement(struct db *db, bool *by_statement);

#endif
