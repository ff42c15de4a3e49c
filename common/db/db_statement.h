/*
 * db_statement: a prepared statement, the values bound to it, its rows in memory.
 *
 * The part of db that knows how values and columns travel (MariaDB's binary protocol for
 * prepared statements); for db.c alone, everybody else goes by db.h, whose db_value, db_next
 * and db_get_... are here as well. A function that fails leaves the reason with the client
 * library, under `stmt`.
 */
#ifndef CONFAB_DB_STATEMENT_H
#define CONFAB_DB_STATEMENT_H

#include <mysql.h>
#include <stdbool.h>
#include <stddef.h>

#include "db/db.h"

/* Values that one statement can have at the most. */
#define DB_STATEMENT_VALUES 24

struct db_column;
struct db_connection;

struct db_rows {
    const char *sql; /* borrowed, and what the statement is found by */
    MYSQL_STMT *stmt;
    struct db_connection *connection; /* for db.c alone */
    struct db_column *columns;
    MYSQL_BIND *binds;
    unsigned column_count; /* of the present result */
    unsigned bound_count;  /* of the columns that the library has bound; 0: none */
    unsigned column_space;
    bool has_rows;
    uint64_t fetched; /* rows that db_next has stepped to */
};

/* A statement on this connection, which is to be prepared next; sql is a static string. NULL if
 * the library has no memory for it. */
struct db_rows *db_statement_new(MYSQL *mysql, const char *sql);

/* Has the server prepare it; false if it would not. */
bool db_statement_prepare(struct db_rows *rows);

/* Runs it with `count` values, as many as it has (DB_STATEMENT_VALUES at the most), which are
 * borrowed until it returns, and reads the whole first result set into memory, so that no error
 * can come once rows are being handed out. False if either fails. */
bool db_statement_run(struct db_rows *rows, const struct db_value *values, size_t count);

/* Drops the rows, and whatever results follow, so that it can be run again. */
void db_statement_end(struct db_rows *rows);

/* Closes it and frees its memory. */
void db_statement_free(struct db_rows *rows);

#endif
