/* The table of error numbers, ordered by kind: what db.c does after an error, and how the log
 * explains it. Numbers below 2000 and from 3000 on are the server's (mysqld_error.h), 2000 to 2999
 * and 5000 to 5999 the client library's (errmsg.h). */
#include "db/db_error.h"

#include <stddef.h>
#include <string.h>

#define FILE_FAILED "the database server cannot write a file: " DISK
#define FILE_UNREADABLE "the database server cannot open or read a file"
#define DISK "its disk or the quota of the database is full"
#define MEMORY "the database server is out of memory or threads"
#define CONNECTIONS "too many connections to the database; see max_connections"
#define READ_ONLY "the database is read-only"
#define BINLOG "the binary log does not take this change; see binlog_format"
#define BINLOG_CACHE "the change is too large for the binary log; see max_binlog_cache_size"
#define PERMISSION \
    "the database user lacks a permission, which some hosts revoke when a quota is exceeded"
#define LOGIN "the database refuses database_user with this password from this host"
#define SCHEMA                                                                               \
    "a table or column is missing: a backup is being restored, or `confabctl migrate` must " \
    "run, or this program must be restarted"
#define NETWORK "the connection to the database failed"
#define DAMAGED "a table or index is damaged; see CHECK TABLE"
#define STACK "a thread of the database server ran out of stack; see thread_stack"

static const struct row {
    unsigned number;
    enum db_error_kind kind;
    const char *cause;
} TABLE[] = {
    /* The value of a unique key exists. */
    {1062, DB_ERROR_DUPLICATE, NULL},
    {1586, DB_ERROR_DUPLICATE, NULL},

    /* Another transaction holds or has changed the rows. The causes are for the log, after the
     * last attempt. */
    {1020, DB_ERROR_DEADLOCK, "the row was changed meanwhile, again and again"},
    {1205, DB_ERROR_DEADLOCK, "a lock was not released in time"},
    {1213, DB_ERROR_DEADLOCK, "deadlocks, again and again"},
    {1412, DB_ERROR_DEADLOCK, "the table is being altered"},

    /* The statement has to be prepared again, as after FLUSH TABLES or a change of the schema. */
    {1243, DB_ERROR_UNPREPARED, "the server forgot the prepared statement"},
    {1615, DB_ERROR_UNPREPARED, "the statement must be prepared again, again and again"},

    /* The connection is gone. Those of the client library have their own text. */
    {1053, DB_ERROR_LOST, "the database server is shutting down"},
    {1152, DB_ERROR_LOST, NETWORK},
    {1156, DB_ERROR_LOST, NETWORK},
    {1157, DB_ERROR_LOST, NETWORK},
    {1158, DB_ERROR_LOST, NETWORK},
    {1159, DB_ERROR_LOST, NETWORK},
    {1160, DB_ERROR_LOST, NETWORK},
    {1161, DB_ERROR_LOST, NETWORK},
    {1184, DB_ERROR_LOST, NETWORK},
    {1927, DB_ERROR_LOST, "the connection was killed"},
    {2006, DB_ERROR_LOST, NULL}, /* gone: nothing was sent */
    {2013, DB_ERROR_LOST, NULL},
    {2014, DB_ERROR_LOST, NULL}, /* out of sync */
    {2026, DB_ERROR_LOST, NULL}, /* TLS */
    {2027, DB_ERROR_LOST, NULL}, /* malformed packet */
    {2055, DB_ERROR_LOST, NULL},
    {5014, DB_ERROR_LOST, NULL}, /* of Connector/C */

    /* The server has no room for another prepared statement. */
    {1461, DB_ERROR_FULL, "too many prepared statements; see max_prepared_stmt_count"},

    /* A replica, a failover, or a backup with locks. */
    {1036, DB_ERROR_READ_ONLY, READ_ONLY},
    {1223, DB_ERROR_READ_ONLY, "the tables are locked, perhaps for a backup"},
    {1290, DB_ERROR_READ_ONLY, READ_ONLY},
    {1792, DB_ERROR_READ_ONLY, READ_ONLY},
    {1836, DB_ERROR_READ_ONLY, READ_ONLY},
    {1874, DB_ERROR_READ_ONLY, READ_ONLY},
    {1881, DB_ERROR_READ_ONLY, "the database is read-only; see innodb_force_recovery"},

    /* Conditions that an administrator has to fix: disk, memory, limits, permissions, schema. */
    {3, DB_ERROR_DISK, FILE_FAILED},
    {5, DB_ERROR_REFUSED, MEMORY},
    {20, DB_ERROR_DISK, FILE_FAILED},
    {23, DB_ERROR_REFUSED, "the database server has too many open files"},
    {1021, DB_ERROR_DISK, FILE_FAILED},
    {1026, DB_ERROR_DISK, FILE_FAILED},
    {1114, DB_ERROR_DISK, "the database cannot grow: " DISK},
    {1878, DB_ERROR_DISK, "a temporary file cannot be written: " DISK "; see tmpdir"},
    {1034, DB_ERROR_DISK, "a table is damaged, or " DISK "; see tmpdir"},
    {1016, DB_ERROR_REFUSED, FILE_UNREADABLE},
    {1017, DB_ERROR_REFUSED, FILE_UNREADABLE},
    {1024, DB_ERROR_REFUSED, FILE_UNREADABLE},
    {1035, DB_ERROR_REFUSED, DAMAGED},
    {1194, DB_ERROR_REFUSED, DAMAGED},
    {1195, DB_ERROR_REFUSED, DAMAGED},
    {1712, DB_ERROR_REFUSED, DAMAGED},
    {1296, DB_ERROR_REFUSED, "the storage engine failed"},
    {1297, DB_ERROR_REFUSED, "the storage engine failed"},
    {1028, DB_ERROR_REFUSED, "the query was interrupted"},
    {1317, DB_ERROR_REFUSED, "the query was interrupted"},
    {1969, DB_ERROR_REFUSED, "the query took too long; see max_statement_time"},
    {3024, DB_ERROR_REFUSED, "the query took too long; see max_execution_time"},
    {1030, DB_ERROR_DISK, "the storage engine failed; perhaps " DISK},
    {1037, DB_ERROR_REFUSED, MEMORY},
    {1038, DB_ERROR_REFUSED, MEMORY},
    {1903, DB_ERROR_REFUSED, MEMORY},
    {1119, DB_ERROR_REFUSED, STACK},
    {1436, DB_ERROR_REFUSED, STACK},
    {1041, DB_ERROR_REFUSED, MEMORY},
    {1135, DB_ERROR_REFUSED, MEMORY},
    {1206, DB_ERROR_REFUSED, "the table of locks is full; see innodb_buffer_pool_size"},
    {1637, DB_ERROR_REFUSED, "too many transactions at the same time"},
    {1040, DB_ERROR_REFUSED, CONNECTIONS},
    {1203, DB_ERROR_REFUSED, CONNECTIONS},
    {1226, DB_ERROR_REFUSED, "the database user has used up a limit (MAX_QUERIES_PER_HOUR ...)"},
    {1129, DB_ERROR_REFUSED, "the database blocks this host; run FLUSH HOSTS"},
    {1130, DB_ERROR_REFUSED, LOGIN},
    {1045, DB_ERROR_REFUSED, LOGIN},
    {1698, DB_ERROR_REFUSED, LOGIN},
    {1862, DB_ERROR_REFUSED, "the password of database_user has expired"},
    {4151, DB_ERROR_REFUSED, "the account of database_user is locked"},
    {1820, DB_ERROR_REFUSED, "the password of database_user has expired"},
    {1044, DB_ERROR_REFUSED, PERMISSION},
    {1142, DB_ERROR_REFUSED, PERMISSION},
    {1143, DB_ERROR_REFUSED, PERMISSION},
    {1227, DB_ERROR_REFUSED, PERMISSION},
    {1047, DB_ERROR_NO_CLUSTER, "the Galera node has no cluster"},
    {1049, DB_ERROR_REFUSED, "there is no database of the name database_name"},
    {1051, DB_ERROR_REFUSED, SCHEMA},
    {1054, DB_ERROR_REFUSED, SCHEMA},
    {1146, DB_ERROR_REFUSED, SCHEMA},
    {1932, DB_ERROR_REFUSED, SCHEMA},
    {1104, DB_ERROR_REFUSED, "the query reads too many rows; see max_join_size"},
    {1153, DB_ERROR_REFUSED, "the statement is too large; raise max_allowed_packet"},
    {1180, DB_ERROR_DISK, "the server could not commit; perhaps " DISK},
    {1197, DB_ERROR_REFUSED, BINLOG_CACHE},
    {1705, DB_ERROR_REFUSED, BINLOG_CACHE},
    {1598, DB_ERROR_REFUSED, BINLOG},
    {1665, DB_ERROR_REFUSED, BINLOG},
};

/* ER_OPTION_PREVENTS_STATEMENT: --read-only, or any other option, which the text names. */
#define OPTION 1290

/* Below this number are errors of the server with its files; from the other on, to the next
 * thousand, those of ProxySQL, which speaks for servers that it cannot reach. */
#define FILES_END 1000
#define PROXY 9000

/* The row of an error of the server: its own, or one for a range of numbers; NULL: unknown. */
static const struct row *find(unsigned number, const char *text) {
    static const struct row OTHER_OPTION = {OPTION, DB_ERROR_REFUSED,
                                            "an option of the database server forbids the change"};
    static const struct row FILE_ERROR = {0, DB_ERROR_REFUSED, FILE_UNREADABLE};
    static const struct row PROXY_ERROR = {PROXY, DB_ERROR_REFUSED,
                                           "the proxy in front of the database reaches no server"};
    if (number == OPTION && !strstr(text, "read-only") && !strstr(text, "read_only"))
        return &OTHER_OPTION;
    /* Some ninety rows, searched only after an error. */
    for (size_t i = 0; i < sizeof(TABLE) / sizeof(TABLE[0]); i++)
        if (TABLE[i].number == number)
            return &TABLE[i];
    /* Whole ranges, after the numbers with a row of their own. */
    if (number > 0 && number < FILES_END)
        return &FILE_ERROR;
    return number >= PROXY && number < PROXY + 1000 ? &PROXY_ERROR : NULL;
}

enum db_error_kind db_error_kind(unsigned number, const char *text) {
    const struct row *row = find(number, text);
    return row ? row->kind : DB_ERROR_OTHER;
}

const char *db_error_cause(unsigned number, const char *text) {
    const struct row *row = find(number, text);
    return row ? row->cause : NULL;
}

bool db_error_is_client(unsigned number) {
    return (number >= 2000 && number < 3000) || (number >= 5000 && number < 6000);
}
