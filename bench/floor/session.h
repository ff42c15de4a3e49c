/*
 * session: a connection to MariaDB as the floors use it.
 */
#ifndef BENCH_FLOOR_SESSION_H
#define BENCH_FLOOR_SESSION_H

#include <mysql.h>

/* Connects over a Unix socket as the user of this process; NULL with the reason on standard
 * error. */
MYSQL *session_open(const char *socket, const char *database);

/* Prepares a statement; NULL with the reason on standard error. */
MYSQL_STMT *session_prepare(MYSQL *mysql, const char *sql);

#endif
