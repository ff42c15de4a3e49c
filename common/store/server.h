/*
 * server: limits and clock of the database server, and whether it accepts changes.
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

/* Reads a text that distinguishes this database from others and from restored backups of itself:
 * the beginning of the id that `confabctl restored` replaces. */
enum error server_origin(struct db *db, char origin[SERVER_ORIGIN_SIZE]);

/* Changes a row, at most once in five seconds, so that it fails, as db_run does, if the server
 * refuses changes. */
enum error server_check_writable(struct db *db);

/* Records that this host uses the Redis with this identity. *others: another host uses a different
 * Redis, so that its events arrive late here. */
enum error server_record_redis(struct db *db, const char *identity, bool *others);

/* The same without recording. */
enum error server_find_other_redis(struct db *db, const char *identity, bool *others);

/* Sets *by_statement to whether the server replicates this connection by statement, so that
 * replicas store other times: the database user has no right to set binlog_format. */
enum error server_binlog_by_statement(struct db *db, bool *by_statement);

#endif
