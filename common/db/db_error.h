/*
 * db_error: what the error numbers of MariaDB and its client library mean. Private to db.
 *
 * A number that is not in the table is a wrong statement. One that is there says how db_run
 * proceeds, and its cause names what an administrator can do. Causes go into the log; the texts of
 * the server, which can contain parts of messages, do not.
 */
#ifndef CONFAB_COMMON_DB_DB_ERROR_H
#define CONFAB_COMMON_DB_DB_ERROR_H

#include <stdbool.h>

enum db_error_kind {
    DB_ERROR_OTHER,      /* not in the table */
    DB_ERROR_DUPLICATE,  /* a unique key has this value already */
    DB_ERROR_DEADLOCK,   /* run the transaction again, after a ROLLBACK */
    DB_ERROR_UNPREPARED, /* the server no longer knows the prepared statement */
    DB_ERROR_LOST,       /* the connection is lost */
    DB_ERROR_REFUSED,    /* the server cannot run the statement for now */
    DB_ERROR_DISK,       /* the same, since its disk is full, or seems to be */
    DB_ERROR_READ_ONLY,  /* the same; another host of a list may run it */
    DB_ERROR_NO_CLUSTER, /* a Galera node without its cluster: it runs nothing, another host may */
    DB_ERROR_FULL,       /* it cannot keep another prepared statement; the others still work */
};

/* The kind of an error number of the server or of the client library. `text` is that of the server:
 * one number stands for any option that forbids a statement. */
enum db_error_kind db_error_kind(unsigned number, const char *text);

/* The cause, in words; NULL if there is none in the table. */
const char *db_error_cause(unsigned number, const char *text);

/* True for errors of the client library, whose texts are about the connection only. */
bool db_error_is_client(unsigned number);

#endif
