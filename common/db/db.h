/*
 * db: one connection to MariaDB and its prepared statements.
 *
 * The connection is opened on first use and reopened when it is lost. Every statement is prepared
 * once per connection and found by the address of its text, so texts are static strings. A
 * transaction is one statement (a compound one, see store/transaction.h), so that the retry rule
 * is only here:
 *
 *   deadlock, lock wait timeout                 retry, after a ROLLBACK
 *   connection lost before sending              retry, on a new connection
 *   connection lost while running               retry if DB_REPEATABLE; else the outcome is
 *                                               unknown: ERROR_UNAVAILABLE
 *   refused: read-only, disk full, too many     no retry: ERROR_UNAVAILABLE
 *   connections, query killed ...
 *   any other error                             no retry: ERROR_INTERNAL
 *
 *   a Galera node that has no cluster           retry on the next host, if there is one
 *
 * The table of error numbers is in db/db_error.c. database_host can be a list of hosts: each is
 * tried in turn, for two seconds. One that refuses changes, has no cluster, does not answer in
 * time, or whose machine acknowledges nothing for two seconds, is left by all that share
 * db_first_host: the next one of the list goes first from then on.
 *
 * A connection is for one thread at a time.
 */
#ifndef CONFAB_COMMON_DB_DB_H
#define CONFAB_COMMON_DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "config/config.h"

struct db;
struct db_rows;

/* The statement may run twice without harm: a read, an idempotent change, or an insert under a
 * unique key. */
#define DB_REPEATABLE 1u

enum db_kind { DB_KIND_NULL, DB_KIND_U64, DB_KIND_I64, DB_KIND_TEXT, DB_KIND_BYTES, DB_KIND_TIME };

/* The value of one ? of a statement; texts are borrowed until db_run returns. */
struct db_value {
    enum db_kind kind;
    uint64_t number;
    struct text text;
};

/* A value of each type; db_time takes microseconds since 1970. */
struct db_value db_u64(uint64_t number);
struct db_value db_i64(int64_t number);
struct db_value db_bool(bool value);
struct db_value db_text(struct text text);
struct db_value db_str(const char *str); /* NULL binds NULL */
struct db_value db_bytes(const void *bytes, size_t len);
struct db_value db_time(int64_t micros);

/* The same, or NULL for 0 or an empty text. */
struct db_value db_id_or_null(uint64_t id);
struct db_value db_text_or_null(struct text text);
struct db_value db_time_or_null(int64_t micros);

/* Prepares a connection; the configuration must outlive it. Never NULL. */
struct db *db_new(const struct config *config);

/* The index of the host to use, in a list of hosts. Several connections may share it, also those of
 * several processes: one of them detects that a host has failed, and all switch to the next host
 * with their next statement. Any number is valid; 0 is the first of the list. */
typedef _Atomic uint32_t db_first_host;

/* Makes the connection use this index; *first must outlive the connection. */
void db_share_first_host(struct db *db, db_first_host *first);

/* Sets how long to wait for an answer of the server, from the next connection on, instead of
 * database_timeout: for tools that change or count whole tables. */
void db_set_timeout(struct db *db, unsigned seconds);

/* A statement without a result that sets variables of the session: it runs before the next other
 * statement, and again on each new connection. The text is copied; it replaces the former one. */
void db_set_session(struct db *db, const char *sql);

/* Closes the connection and frees everything; db may be NULL. */
void db_free(struct db *db);

/* Connects if necessary and pings the server; ERROR_UNAVAILABLE if it does not answer. */
enum error db_ping(struct db *db);

/* In a Galera cluster a node may not have applied yet what another one has committed, so that an
 * answer such as "not found" may be outdated. Waits until the node of this connection has applied
 * all that; *read_again is then true, and the caller reads again. Without a cluster, or unless
 * database_causal_reads is auto, it is false, and nothing waits. ERROR_UNAVAILABLE: the query of
 * the node failed. No rows of a transaction may be in use. */
enum error db_catch_up(struct db *db, bool *read_again);

/* Whether the server is a node of a Galera cluster; connects if necessary. */
bool db_is_cluster(struct db *db);

#define DB_NODE_SIZE 300

/* Writes which server this connection uses: the name of its Galera node; without a cluster, its
 * host and port if database_host lists several hosts; "" if there is only one server. */
void db_node(struct db *db, char name[DB_NODE_SIZE]);

/* The number of the current connection: 0 before the first one, then 1 more for each that is
 * opened. */
uint64_t db_connection_number(const struct db *db);

/* Closes the connection and its statements; the next use opens a new one. Rows that are handed
 * out can still be read. */
void db_disconnect(struct db *db);

/* The last error, for the log (not for clients); valid until the next call. */
const char *db_last_error(const struct db *db);

/* The cause of the last error in words for an administrator; without the texts of the server if it
 * is a known one. */
const char *db_last_cause(const struct db *db);

/* True if the last run failed because the disk of the server is full, or seems to be. */
bool db_disk_is_full(const struct db *db);

/* The error number of the last run; 0 if it succeeded. */
unsigned db_last_errno(const struct db *db);

/* Runs one statement with `count` values. On ERROR_NONE *rows (if rows is not NULL) is the first
 * result set, empty if there is none. The caller releases it with db_done before the same
 * statement runs again, and, if it was a transaction, before any other one. (The rows of a plain
 * SELECT are in memory, so other statements may run meanwhile, even if the connection is lost.)
 * With rows NULL the results are discarded.
 *
 * ERROR_UNAVAILABLE (cannot connect, connection lost, no retry left) and ERROR_INTERNAL (the
 * statement is invalid) are logged with their cause; ERROR_CONFLICT (duplicate key) is not. */
enum error db_run(struct db *db, const char *sql, unsigned flags, const struct db_value *values,
                  size_t count, struct db_rows **rows);

/* db_run with the values as arguments: DB_RUN(db, SQL, flags, &rows, db_u64(1), ...). */
#define DB_RUN(db, sql, flags, rows, ...)                                \
    db_run((db), (sql), (flags), (const struct db_value[]){__VA_ARGS__}, \
           sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value), (rows))

/* Advances to the next row; false at the end. */
bool db_next(struct db_rows *rows);

/* The number of rows. */
uint64_t db_count(const struct db_rows *rows);

/* The index of the current row, from 0. */
uint64_t db_row(const struct db_rows *rows);

/* Moves so that db_next advances to this row. */
void db_seek(struct db_rows *rows, uint64_t row);

/* Columns of the current row, from 0; texts are valid until db_next or db_done. NULL is returned
 * as 0, false or an empty text. */
bool db_is_null(const struct db_rows *rows, unsigned column);
uint64_t db_get_u64(const struct db_rows *rows, unsigned column);
bool db_get_bool(const struct db_rows *rows, unsigned column);
struct text db_get_text(const struct db_rows *rows, unsigned column);
int64_t db_get_time(const struct db_rows *rows, unsigned column); /* microseconds since 1970 */

/* The number of rows changed by the last run (of a simple statement). */
uint64_t db_changed(const struct db *db);

/* Runs a DELETE whose only value is its LIMIT; *deleted is the number of rows that it deleted.
 * Fails like db_run. */
enum error db_delete(struct db *db, const char *sql, uint64_t limit, uint64_t *deleted);

/* Releases the rows; rows may be NULL. */
void db_done(struct db_rows *rows);

/* Reads one number by a statement that is repeatable; 0 if there is no row. Fails like db_run, and
 * then leaves *number unchanged. */
enum error db_number(struct db *db, const char *sql, uint64_t *number);

/* The same with values as arguments: DB_NUMBER(db, SQL, &number, db_u64(1), ...). */
#define DB_NUMBER(db, sql, number, ...)                                            \
    db_number_of((db), (sql), (const struct db_value[]){__VA_ARGS__},              \
                 sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value), (number))
enum error db_number_of(struct db *db, const char *sql, const struct db_value *values, size_t count,
                        uint64_t *number);

/* Runs a statement that is repeatable, and advances to its first row. ERROR_NOT_FOUND if there is
 * none. Other errors are those of db_run. After an error there is nothing to release. */
#define DB_FIND(db, sql, rows, ...)                              \
    db_find((db), (sql), (const struct db_value[]){__VA_ARGS__}, \
            sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value), (rows))
enum error db_find(struct db *db, const char *sql, const struct db_value *values, size_t count,
                   struct db_rows **rows);

/* Runs a script of statements separated by semicolons, without preparing or retrying: for
 * migrations. If a lock was not free in time, or after a deadlock, the connection stays open, with
 * the settings that the script has made; after any other error it is closed. */
enum error db_run_script(struct db *db, const char *script);

#endif
