/*
 * db_statement: a prepared statement, its bound values and its rows in memory. Private to db.
 *
 * db_statement.c converts values and columns to and from the binary protocol, and so implements
 * db_next and db_get_... of db.h as well. After a failure the client library has the error, under
 * `stmt`.
 */
#ifndef CONFAB_COMMON_DB_DB_STATEMENT_H
#define CONFAB_COMMON_DB_DB_STATEMENT_H

#include <mysql.h>
#include <stdbool.h>
#include <stddef.h>

#include "db/db.h"

/* Most values of one statement. */
#define DB_STATEMENT_VALUES 280

struct db_column;
struct db_connection;

struct db_rows {
    const char *sql; /* borrowed; its address is the key of the statement */
    MYSQL_STMT *stmt;
    struct db_connection *connection; /* for db.c */
    struct db_column *columns;
    MYSQL_BIND *binds;
    unsigned column_count; /* of the current result */
    unsigned bound_count;  /* columns that are bound; 0: none */
    unsigned column_space;
    bool has_rows;
    uint64_t fetched; /* index of the row that db_next reads next */
};

/* Creates a statement, to be prepared next; sql is a static string. NULL if memory runs out. */
struct db_rows *db_statement_new(MYSQL *mysql, const char *sql);

/* Prepares it on the server; false if that fails. */
bool db_statement_prepare(struct db_rows *rows);

/* Runs it with `count` values, as many as it has (at most DB_STATEMENT_VALUES), and reads the
 * first result set into memory, so that reading its rows cannot fail. False on failure. */
bool db_statement_run(struct db_rows *rows, const struct db_value *values, size_t count);

/* Discards the rows and further results, so that it can run again. */
void db_statement_end(struct db_rows *rows);

/* Closes it and frees its memory. */
void db_statement_free(struct db_rows *rows);

#endif
