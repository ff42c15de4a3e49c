#include "session.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As in fcgi-api: the plan of a statement depends on join_cache_level, the cost of a transaction on
 * its isolation. */
static const char SETTINGS[] =
    "SET SESSION tx_isolation = 'READ-COMMITTED', join_cache_level = 0, time_zone = '+00:00'";

MYSQL *session_open(const char *socket, const char *database) {
    const struct passwd *user = getpwuid(getuid());
    MYSQL *mysql = mysql_init(NULL);
    if (!mysql)
        return NULL;
    mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(mysql, MYSQL_INIT_COMMAND, SETTINGS);
    if (mysql_real_connect(mysql, NULL, user ? user->pw_name : "root", NULL, database, 0, socket,
                           CLIENT_MULTI_RESULTS))
        return mysql;
    fprintf(stderr, "connect: %s\n", mysql_error(mysql));
    mysql_close(mysql);
    return NULL;
}

MYSQL_STMT *session_prepare(MYSQL *mysql, const char *sql) {
    MYSQL_STMT *stmt = mysql_stmt_init(mysql);
    if (!stmt)
        return NULL;
    if (mysql_stmt_prepare(stmt, sql, strlen(sql)) == 0)
        return stmt;
    fprintf(stderr, "prepare: %s\n%s\n", mysql_stmt_error(stmt), sql);
    mysql_stmt_close(stmt);
    return NULL;
}
