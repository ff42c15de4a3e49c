/*
 * db: one connection to MariaDB and its prepared statements.
 *
 * The connection is opened on first use, kept, and opened again when it dies. Every
 * statement is prepared once for each connection and found again by the address of
 * its text, so the texts are static strings. A whole transaction is ONE statement
 * (a compound one, see store/transaction.h), so that the retry rule stands here and
 * nowhere else:
 *
 *   deadlock (1213) and lock wait (1205)  always again, after a ROLLBACK
 *   gone before it was sent (2006)        always again, on a new connection
 *   lost while it ran (2013 and others)   again if DB_REPEATABLE, else unclear:
 *                                         ERROR_UNAVAILABLE
 *   refused (read only, killed by hand)   never again: ERROR_UNAVAILABLE
 *   any other                             never again: ERROR_INTERNAL
 *
 * A connection is for one thread at a time.
 */
#ifndef CONFAB_DB_H
#define CONFAB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "config/config.h"

struct db;
struct db_rows;

/* Statement may be run twice without harm: a read, a change that is its own repeat,
 * or one under a unique key. */
#define DB_REPEATABLE 1u

enum db_kind { DB_KIND_NULL, DB_KIND_U64, DB_KIND_I64, DB_KIND_TEXT, DB_KIND_BYTES, DB_KIND_TIME };

/* A value bound to one ? of a statement; texts are borrowed until db_run returns. */
struct db_value {
    enum db_kind kind;
    uint64_t number;
    struct text text;
};

struct db_value db_u64(uint64_t number);
struct db_value db_i64(int64_t number);
struct db_value db_bool(bool value);
struct db_value db_text(struct text text);
struct db_value db_str(const char *str); /* NULL binds NULL */
struct db_value db_bytes(const void *bytes, size_t len);
struct db_value db_time(int64_t micros);
struct db_value db_id_or_null(uint64_t id); /* 0 binds NULL */

/* A connection to be, by the configuration, which must outlive it. Never NULL. */
struct db *db_new(const struct config *config);

/* How long an answer of the server is waited for, from the next connection on, instead of
 * the 15 seconds that suit a request: for tools that change or count whole tables. */
void db_set_timeout(struct db *db, unsigned seconds);

/* Closes the connection and frees everything; db may be NULL. */
void db_free(struct db *db);

/* Connects if need be and asks for a sign of life; ERROR_UNAVAILABLE if there is none. */
enum error db_ping(struct db *db);

/* Which connection this is: 0 before the first one, one more for each that was opened. */
uint64_t db_session(const struct db *db);

/* Closes the connection and drops its statements; the next use opens a new one. Rows that are
 * handed out can be read on all the same. */
void db_disconnect(struct db *db);

/* What went wrong last, for the log (never for a client); static until the next call. */
const char *db_last_error(const struct db *db);

/* The server's error number that made the last run fail; 0 if none did. */
unsigned db_last_errno(const struct db *db);

/* Runs one statement with `count` values. On ERROR_NONE *rows (when rows is not NULL)
 * holds the first result set, empty if there is none, and must be given back with
 * db_done before the same statement runs again, and before any other if it was a
 * transaction (rows of a plain SELECT are in this process's memory, so others may run
 * meanwhile, even one that loses the connection). Without rows the results are dropped.
 * Fails with ERROR_UNAVAILABLE (cannot connect, lost, retries used up), ERROR_INTERNAL (the
 * statement is wrong), the cause being logged, or, not logged, with ERROR_CONFLICT (a unique
 * key is taken). */
enum error db_run(struct db *db, const char *sql, unsigned flags, const struct db_value *values,
                  size_t count, struct db_rows **rows);

/* db_run with the values written in place: DB_RUN(db, SQL, flags, &rows, db_u64(1), ...). */
#define DB_RUN(db, sql, flags, rows, ...)                                \
    db_run((db), (sql), (flags), (const struct db_value[]){__VA_ARGS__}, \
           sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value), (rows))

/* Steps to the next row; false at the end. */
bool db_next(struct db_rows *rows);

/* How many rows there are. */
uint64_t db_count(const struct db_rows *rows);

/* The number of the present row, from 0. */
uint64_t db_row(const struct db_rows *rows);

/* Goes to just before a row: db_next then steps to it. */
void db_seek(struct db_rows *rows, uint64_t row);

/* Columns of the present row, counted from 0, valid until db_next or db_done. NULL
 * reads as 0, false, or an empty text. */
bool db_is_null(const struct db_rows *rows, unsigned column);
uint64_t db_get_u64(const struct db_rows *rows, unsigned column);
bool db_get_bool(const struct db_rows *rows, unsigned column);
struct text db_get_text(const struct db_rows *rows, unsigned column);
int64_t db_get_time(const struct db_rows *rows, unsigned column); /* micros since 1970 */

/* Rows changed by the last run (of a simple statement). */
uint64_t db_changed(const struct db *db);

/* Gives the rows back and makes the connection ready again; rows may be NULL. */
void db_done(struct db_rows *rows);

/* Asks for one number by a statement without values, which may be repeated; 0 if it has no row.
 * Fails as db_run does, and leaves *number alone then. */
enum error db_number(struct db *db, const char *sql, uint64_t *number);

/* Runs a script of several statements separated by semicolons, for migrations only:
 * not prepared, never repeated. */
enum error db_run_script(struct db *db, const char *script);

#endif
