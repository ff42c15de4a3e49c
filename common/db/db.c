/* The connection, its prepared statements by address of their text, and the retry rule.
 * db_run is the way of every statement: connect if there is no connection, prepare the text if this
 * connection has not seen it yet, execute, and after an error let should_retry decide by the kind
 * of the error. A prepared statement lives as long as its connection and is found again by the
 * address of its SQL text, so texts must be constants of the program. */
#include "db/db.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "db/db_cluster.h"
#include "db/db_error.h"
#include "db/db_options.h"
#include "db/db_statement.h"
#include "os/host_list.h"

/* Attempts per statement, the longest pause between two of them, and the time after which no
 * further one is made. */
#define ATTEMPTS 40
#define PAUSE_MS 64
#define GIVE_UP_MS 10000

/* Size of the hash table of statements, well above their number. */
#define SLOTS 256

/* Error numbers that are set or compared here; db_error.c has the others. */
enum {
    SERVER_SHUTDOWN = 1053,
    CLIENT_GONE = 2006,
    CLIENT_LOST = 2013,
    CLIENT_TLS = 2026,
    CLIENT_WRONG_VALUES = 2034,
};

/* After this long without a statement it is checked whether the server has closed the connection,
 * in milliseconds. */
#define IDLE_MS 1000

/* An open connection. After db_disconnect it is closed as soon as none of its results is in use:
 * a caller that reads rows may run other statements, which may lose the connection. */
struct db_connection {
    MYSQL *mysql;
    struct db_rows *slots[SLOTS]; /* by the address of their text */
    unsigned handed_out;          /* results in use, until db_done */
    bool disconnected;
};

struct db {
    const struct config *config;
    struct db_connection *connection; /* NULL while not connected */
    unsigned answer_seconds; /* by db_set_timeout; 0: by the configuration */
    db_first_host *first;    /* perhaps shared with others; */
    db_first_host own_first; /* if not, this one */
    unsigned host;           /* of a list of hosts, the one that was connected to last */
    int64_t used_ms;      /* when the last statement ran, on the monotonic clock */
    uint64_t connections; /* opened so far */
    char *session_sql;    /* by db_set_session; NULL: none */
    uint64_t session_of;  /* the connection on which it was run */
    uint64_t changed;
    struct db_cluster cluster;
    unsigned last_errno;
    char last_error[512];
};

/* ---- the connection ---- */

struct db *db_new(const struct config *config) {
    struct db *db = xcalloc(1, sizeof(*db));
    db->config = config;
    db->first = &db->own_first;
    return db;
}

void db_share_first_host(struct db *db, db_first_host *first) {
    db->first = first;
}

void db_set_timeout(struct db *db, unsigned seconds) {
    db->answer_seconds = seconds;
}

void db_set_session(struct db *db, const char *sql) {
    free(db->session_sql);
    db->session_sql = xstrdup(sql);
    db->session_of = 0;
}

/* Statements of a lost connection may still be held by a caller; the last one closes it. */
static void close_if_unused(struct db_connection *connection) {
    if (!connection->disconnected || connection->handed_out > 0)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        if (connection->slots[i])
            db_statement_free(connection->slots[i]);
    mysql_close(connection->mysql);
    free(connection);
}

void db_disconnect(struct db *db) {
    struct db_connection *connection = db->connection;
    /* Only marked here if rows of it are still being read; db_done closes it then. */
    if (!connection)
        return;
    db->connection = NULL;
    connection->disconnected = true;
    close_if_unused(connection);
}

void db_free(struct db *db) {
    if (!db)
        return;
    db_disconnect(db);
    free(db->session_sql);
    free(db);
}

const char *db_last_cause(const struct db *db) {
    /* A fixed text for known errors, without data of users; else what the library or the server
     * said. */
    const char *cause = db_error_cause(db->last_errno, db->last_error);
    return cause ? cause : db->last_error;
}

bool db_disk_is_full(const struct db *db) {
    return db_error_kind(db->last_errno, db->last_error) == DB_ERROR_DISK;
}

const char *db_last_error(const struct db *db) {
    return db->last_error;
}

unsigned db_last_errno(const struct db *db) {
    return db->last_errno;
}

uint64_t db_connection_number(const struct db *db) {
    return db->connections;
}

struct db_cluster *db_cluster(struct db *db) {
    return &db->cluster;
}

const struct config *db_config(const struct db *db) {
    return db->config;
}

bool db_is_connected(const struct db *db) {
    return db->connection != NULL;
}

unsigned db_host_index(const struct db *db) {
    return db->host;
}

uint64_t db_changed(const struct db *db) {
    return db->changed;
}

/* Kept for db_last_error, after the connection itself may be gone. */
static void set_error(struct db *db, unsigned number, const char *message) {
    /* The number comes first, so that the log shows it whatever the language of the server's
     * messages. */
    db->last_errno = number;
    snprintf(db->last_error, sizeof(db->last_error), "%u %s", number, message);
}

/* The number of hosts of the list; 0 if the server is not found by its host. */
static unsigned host_count(const struct db *db) {
    const struct config *config = db->config;
    return config->database_socket[0] ? 0 : host_list_count(config->database_host);
}

/* Connects to a host; with host NULL to the Unix socket. */
static bool connect_to(struct db *db, const char *host, unsigned port) {
    const struct config *config = db->config;
    MYSQL *mysql = mysql_init(NULL);
    if (!mysql) {
        set_error(db, CLIENT_GONE, "out of memory");
        return false;
    }
    /* Options must be set before the connection is opened. */
    db_options_set(mysql, config, db->answer_seconds, host_count(db) > 1);
    if (host)
        db_options_set_tls(mysql, config);
    /* CLIENT_MULTI_RESULTS: a compound statement may return more than one result. */
    if (!mysql_real_connect(mysql, host, config->database_user, config->database_password,
                            config->database_name, port, host ? NULL : config->database_socket,
                            CLIENT_MULTI_RESULTS)) {
        set_error(db, mysql_errno(mysql), mysql_error(mysql));
        mysql_close(mysql);
        return false;
    }
    /* The client library continues without TLS if the server offers none, so the cipher shows
     * whether the connection is encrypted. */
    if (host && config->database_tls != CONFIG_TLS_OFF && !mysql_get_ssl_cipher(mysql)) {
        set_error(db, CLIENT_TLS, "the server has no TLS, and database_tls is not off");
        mysql_close(mysql);
        return false;
    }
    if (host_count(db) > 1)
        db_options_set_silence(mysql);
    /* A new connection has no prepared statements; its number tells caches that it is another
     * one. */
    db->connection = xcalloc(1, sizeof(*db->connection));
    db->connection->mysql = mysql;
    db->connections++;
    db->used_ms = clock_monotonic_ms();
    return true;
}

/* Tries each host of the list once, first the one that was used last by any that share it. The
 * client library would try the next host only if connecting fails, not if the server does not
 * answer. */
static bool connect_to_any(struct db *db) {
    const char *list = db->config->database_host;
    const unsigned count = host_count(db), start = atomic_load(db->first);
    if (count == 0)
        return connect_to(db, "localhost", (unsigned)db->config->database_port);
    for (unsigned tried = 0; tried < count; tried++) {
        struct host_address address;
        db->host = (start + tried) % count;
        host_list_get(list, db->host, (unsigned)db->config->database_port, &address);
        if (!connect_to(db, address.name, address.port))
            continue;
        /* The hosts that have failed are tried last from now on. */
        if (db->host != start)
            atomic_store(db->first, db->host);
        return true;
    }
    return false;
}

/* Marks the host of the present connection as failed: the next connection goes to the host after
 * it, unless another process has switched already. False if there is no other host. */
static bool mark_host_failed(struct db *db) {
    const unsigned count = host_count(db);
    unsigned failed = db->host;
    if (count < 2)
        return false;
    atomic_compare_exchange_strong(db->first, &failed, (db->host + 1) % count);
    return true;
}

/* True if the server has closed the connection: something can be read from it although no answer
 * is due. */
static bool was_closed(const struct db *db) {
    /* Not for each statement: poll costs a system call. A statement on a connection that was closed
     * within the last second fails with "gone" and is repeated. */
    struct pollfd fd = {mysql_get_socket(db->connection->mysql), POLLIN, 0};
    return clock_monotonic_ms() - db->used_ms > IDLE_MS && poll(&fd, 1, 0) > 0;
}

/* True if another process or thread has switched to another host. This connection follows without
 * waiting for a timeout of its own, so that all write through the same host. */
static bool others_switched(const struct db *db) {
    return atomic_load(db->first) != db->host && host_count(db) > 1;
}

/* Connects if there is no connection, if others have switched to another host, or if the server has
 * closed the connection. */
static bool connect_if_needed(struct db *db) {
    /* Results in use may still be read from the connection. */
    if (db->connection && db->connection->handed_out == 0 &&
        (others_switched(db) || was_closed(db)))
        db_disconnect(db);
    if (db->connection)
        return true;
    return db->config->database_socket[0] ? connect_to(db, NULL, 0) : connect_to_any(db);
}

enum error db_ping(struct db *db) {
    /* Results in use survive the disconnect; see struct db_connection. */
    if (db->connection && mysql_ping(db->connection->mysql) != 0) {
        mark_host_failed(db);
        db_disconnect(db);
    }
    return connect_if_needed(db) ? ERROR_NONE : ERROR_UNAVAILABLE;
}

/* ---- statements ---- */

/* Statements are known by the address of their text, which is a constant. */
static size_t slot_of(const struct db_connection *connection, const char *sql) {
    /* Hash of the address (Knuth's multiplier), then linear probing. The lowest bits of
     * addresses differ little. */
    size_t slot = ((uintptr_t)sql >> 4) * 2654435761u % SLOTS;
    while (connection->slots[slot] && connection->slots[slot]->sql != sql)
        slot = (slot + 1) % SLOTS;
    return slot;
}

/* Records the error of a statement, for the log and for the decision whether to retry. */
static bool set_statement_error(struct db *db, const struct db_rows *rows) {
    set_error(db, mysql_stmt_errno(rows->stmt), mysql_stmt_error(rows->stmt));
    return false;
}

/* Returns the prepared statement for sql; NULL with the error recorded. */
static struct db_rows *prepare(struct db *db, const char *sql) {
    struct db_connection *connection = db->connection;
    const size_t slot = slot_of(connection, sql);
    /* Prepared before on this connection: one round trip is saved. */
    if (connection->slots[slot])
        return connection->slots[slot];
    struct db_rows *rows = db_statement_new(connection->mysql, sql);
    if (!rows) {
        set_error(db, mysql_errno(connection->mysql), mysql_error(connection->mysql));
        return NULL;
    }
    if (!db_statement_prepare(rows)) {
        /* The error belongs to the statement and is read before that is freed. */
        set_statement_error(db, rows);
        db_statement_free(rows);
        return NULL;
    }
    rows->connection = connection;
    connection->slots[slot] = rows;
    return rows;
}

/* ---- running ---- */

/* Longer with each attempt, and random, so that transactions that collided do not collide again. */
static void pause_before_retry(struct backoff *backoff) {
    const uint32_t ms = backoff_failed(backoff, 0);
    const struct timespec pause = {0, (long)ms * 1000000L};
    nanosleep(&pause, NULL);
}

/* The connection was lost. Returns whether to retry. If the answer is lost after the statement was
 * sent, it may have been committed: only a statement that may run twice is repeated. CLIENT_GONE
 * means that nothing could be sent. */
static bool retry_lost(struct db *db, unsigned flags, bool sent) {
    /* No answer in time, or the server shuts down; not a connection that was closed while it was
     * idle. */
    if (db->last_errno == CLIENT_LOST || db->last_errno == SERVER_SHUTDOWN)
        mark_host_failed(db);
    const bool may_repeat = !sent || db->last_errno == CLIENT_GONE || (flags & DB_REPEATABLE);
    db_disconnect(db);
    return may_repeat;
}

/* Decides after a failed attempt. True: retry. False: *result is the outcome. `hosts_left` counts
 * the hosts that may still be tried. */
static bool should_retry(struct db *db, unsigned flags, bool sent, unsigned *hosts_left,
                         enum error *result) {
    bool retry = false;
    /* The result of most kinds; the client may try again later. */
    *result = ERROR_UNAVAILABLE;
    switch (db_error_kind(db->last_errno, db->last_error)) {
    /* Another transaction was in the way; InnoDB rolled back this statement, or all of it. */
    case DB_ERROR_DEADLOCK:
        mysql_rollback(db->connection->mysql);
        return true;
    /* A unique key has the value already: what the caller wants exists, or was done before. */
    case DB_ERROR_DUPLICATE:
        *result = ERROR_CONFLICT;
        return false;
    /* The server has forgotten the statement; a new connection prepares it again. Nothing was
     * run. */
    case DB_ERROR_UNPREPARED:
        db_disconnect(db);
        return true;
    case DB_ERROR_LOST:
        return retry_lost(db, flags, sent);
    case DB_ERROR_FULL:
        /* Statements that are already prepared still work. */
        return false;
    /* Probably a former primary after a failover: the next connection goes to the next host. */
    case DB_ERROR_READ_ONLY:
        mark_host_failed(db);
        break;
    /* The node has lost its cluster and runs nothing: the statement goes to the next one. */
    case DB_ERROR_NO_CLUSTER:
        retry = mark_host_failed(db) && --*hosts_left > 0;
        break;
    case DB_ERROR_REFUSED:
    case DB_ERROR_DISK:
        break;
    case DB_ERROR_OTHER:
        *result = ERROR_INTERNAL;
    }
    /* The exit handler of a compound statement does not run when the query is killed. Closing the
     * connection rolls back the transaction and releases its locks. */
    db_disconnect(db);
    return retry;
}

/* Logs the last error. Errors of the client library are about the network and are logged in full;
 * those of the server by their cause only, as its text can contain parts of messages, and in full
 * at debug. */
static void log_failure(const struct db *db) {
    const char *cause = db_error_cause(db->last_errno, db->last_error);
    if (db_error_is_client(db->last_errno))
        log_error("database: %s", db->last_error);
    else
        log_error("database: %u %s", db->last_errno, cause ? cause : "unexpected error");
    if (!db_error_is_client(db->last_errno))
        log_debug("database: %s", db->last_error);
}

/* Sets the variables of the session, unless this connection has them. */
static bool apply_session(struct db *db) {
    MYSQL *mysql = db->connection->mysql;
    if (!db->session_sql || db->session_of == db->connections)
        return true;
    if (mysql_real_query(mysql, db->session_sql, strlen(db->session_sql)) != 0) {
        set_error(db, mysql_errno(mysql), mysql_error(mysql));
        return false;
    }
    db->session_of = db->connections;
    return true;
}

/* One attempt; *sent: the server may have received the statement. */
static bool run_once(struct db *db, const char *sql, const struct db_value *values, size_t count,
                     struct db_rows **rows, bool *sent) {
    /* Until the execution below nothing has reached the tables, and any loss may be repeated. */
    *sent = false;
    if (!apply_session(db))
        return false;
    *rows = prepare(db, sql);
    if (!*rows)
        return false;
    /* A fault of the program: the text and the list of values do not belong together. */
    if (count > DB_STATEMENT_VALUES || count != mysql_stmt_param_count((*rows)->stmt)) {
        set_error(db, CLIENT_WRONG_VALUES, "wrong number of values for the statement");
        return false;
    }
    *sent = true;
    const bool ran = db_statement_run(*rows, values, count);
    db->used_ms = clock_monotonic_ms();
    if (!ran)
        return set_statement_error(db, *rows);
    db->changed = mysql_stmt_affected_rows((*rows)->stmt);
    return true;
}

enum error db_run(struct db *db, const char *sql, unsigned flags, const struct db_value *values,
                  size_t count, struct db_rows **rows) {
    enum error result = ERROR_UNAVAILABLE;
    struct db_rows *mine = NULL;
    if (rows)
        *rows = NULL;
    db->last_errno = 0;
    struct backoff backoff = BACKOFF(2, PAUSE_MS);
    unsigned hosts_left = host_count(db);
    const int64_t give_up = clock_monotonic_ms() + GIVE_UP_MS;
    /* A bound in attempts and one in time: with slow failures the client would be gone before the
     * last attempt. */
    for (int attempt = 0; attempt < ATTEMPTS && clock_monotonic_ms() < give_up; attempt++) {
        bool sent;
        /* `sent` is set by run_once in any case. */
        if (attempt > 0)
            pause_before_retry(&backoff);
        /* Without a connection no pause helps: the caller answers 503. */
        if (!connect_if_needed(db)) {
            result = ERROR_UNAVAILABLE;
            break;
        }
        if (run_once(db, sql, values, count, &mine, &sent)) {
            /* The rows stay valid until db_done; without `rows`, the result is dropped at once. */
            if (rows) {
                mine->connection->handed_out++;
                *rows = mine;
            } else {
                db_statement_end(mine);
            }
            return ERROR_NONE;
        }
        if (!should_retry(db, flags, sent, &hosts_left, &result))
            break;
    }
    /* A duplicate is an answer, not a failure. */
    if (result != ERROR_CONFLICT)
        log_failure(db);
    return result;
}

/* Nothing is sent on a connection that is about to be closed: it may be dead. */
void db_done(struct db_rows *rows) {
    if (!rows)
        return;
    struct db_connection *connection = rows->connection;
    /* On a lost connection the library's memory is freed when it is closed. */
    if (!connection->disconnected)
        db_statement_end(rows);
    connection->handed_out--;
    close_if_unused(connection);
}

enum error db_find(struct db *db, const char *sql, const struct db_value *values, size_t count,
                   struct db_rows **rows) {
    const enum error error = db_run(db, sql, DB_REPEATABLE, values, count, rows);
    if (error || db_next(*rows))
        return error;
    db_done(*rows);
    return ERROR_NOT_FOUND;
}

enum error db_number_of(struct db *db, const char *sql, const struct db_value *values, size_t count,
                        uint64_t *number) {
    struct db_rows *rows;
    const enum error error = db_run(db, sql, DB_REPEATABLE, values, count, &rows);
    if (error)
        return error;
    /* No row counts as 0. */
    *number = db_next(rows) ? db_get_u64(rows, 0) : 0;
    db_done(rows);
    return ERROR_NONE;
}

enum error db_number(struct db *db, const char *sql, uint64_t *number) {
    return db_number_of(db, sql, NULL, 0, number);
}

enum error db_delete(struct db *db, const char *sql, uint64_t limit, uint64_t *deleted) {
    const struct db_value value = db_u64(limit);
    const enum error error = db_run(db, sql, DB_REPEATABLE, &value, 1, NULL);
    *deleted = error ? 0 : db_changed(db);
    return error;
}

/* True if all statements of the script succeeded. */
static bool run_script(MYSQL *mysql, const char *script) {
    /* The first statement is sent with the others; each has a result, which must be read before the
     * next. */
    int failed = mysql_real_query(mysql, script, strlen(script));
    bool more = true;
    while (!failed && more) {
        MYSQL_RES *result = mysql_store_result(mysql);
        if (result)
            mysql_free_result(result);
        /* mysql_next_result: 0 another result, -1 none, above 0 an error. */
        const int next = mysql_errno(mysql) ? 1 : mysql_next_result(mysql);
        more = next == 0;
        failed = next > 0;
    }
    return !failed;
}

enum error db_run_script(struct db *db, const char *script) {
    if (!connect_if_needed(db)) {
        log_failure(db);
        return ERROR_UNAVAILABLE;
    }
    MYSQL *mysql = db->connection->mysql;
    /* Only for scripts: with it on, an injected statement could follow another in one string. */
    mysql_set_server_option(mysql, MYSQL_OPTION_MULTI_STATEMENTS_ON);
    const bool ran = run_script(mysql, script);
    if (!ran) {
        set_error(db, mysql_errno(mysql), mysql_error(mysql));
        log_failure(db);
    }
    /* A script that stopped halfway may leave a transaction or changed settings. After a wait for a
     * lock the caller runs it again, and perhaps cannot connect again: it may have been root. */
    if (!ran && db_error_kind(db->last_errno, db->last_error) != DB_ERROR_DEADLOCK) {
        db_disconnect(db);
        return ERROR_INTERNAL;
    }
    if (!ran)
        mysql_rollback(mysql);
    mysql_set_server_option(mysql, MYSQL_OPTION_MULTI_STATEMENTS_OFF);
    return ran ? ERROR_NONE : ERROR_INTERNAL;
}
