/* The connection, its prepared statements by address of their text, and the retry rule. */
#include "db/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "db/db_statement.h"

/* Attempts per statement, the longest pause between two of them, and the time after which no
 * further one is made. */
#define ATTEMPTS 8
#define PAUSE_MS 20
#define GIVE_UP_MS 10000

/* Timeouts of connecting and, unless db_set_timeout changes it, of an answer, in seconds. */
#define CONNECT_SECONDS 3
#define ANSWER_SECONDS 15

/* Size of the hash table of statements, well above their number. */
#define SLOTS 256

/* Error numbers of the server and the client library that decide whether to retry. */
enum {
    SERVER_NOT_READY = 1047, /* a Galera node without its cluster */
    SERVER_SHUTDOWN = 1053,
    SERVER_DUPLICATE = 1062,
    SERVER_LOCK_WAIT = 1205,
    SERVER_DEADLOCK = 1213,
    SERVER_STATEMENT_UNKNOWN = 1243,
    SERVER_READ_ONLY = 1290,
    SERVER_INTERRUPTED = 1317,
    SERVER_REPREPARE = 1615,
    SERVER_KILLED = 1927,
    CLIENT_GONE = 2006,
    CLIENT_LOST = 2013,
    CLIENT_OUT_OF_SYNC = 2014,
    CLIENT_WRONG_VALUES = 2034,
    CLIENT_LOST_EXTENDED = 2055,
    CLIENT_CONNECTION_DIED = 5014, /* of Connector/C */
};

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
    unsigned answer_seconds;
    uint64_t connections; /* opened so far */
    uint64_t changed;
    unsigned last_errno;
    char last_error[512];
};

/* ---- the connection ---- */

struct db *db_new(const struct config *config) {
    struct db *db = xcalloc(1, sizeof(*db));
    db->config = config;
    db->answer_seconds = ANSWER_SECONDS;
    return db;
}

void db_set_timeout(struct db *db, unsigned seconds) {
    db->answer_seconds = seconds;
}

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
    free(db);
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

uint64_t db_changed(const struct db *db) {
    return db->changed;
}

static void set_error(struct db *db, unsigned number, const char *message) {
    db->last_errno = number;
    snprintf(db->last_error, sizeof(db->last_error), "%u %s", number, message);
}

/* The settings that the programs rely on, whatever the server's defaults are: times in UTC; no
 * silent truncation; READ COMMITTED, since the lock on the room's row orders everything and gap
 * locks would only add deadlocks; no join buffers, which change the order of rows and only help
 * joins without a key, of which there are none; room for a member list in one value. */
static const char SETTINGS[] =
    "SET SESSION time_zone = '+00:00', "
    "sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION', "
    "tx_isolation = 'READ-COMMITTED', "
    "autocommit = 1, "
    "innodb_lock_wait_timeout = 5, "
    "join_cache_level = 0, "
    "group_concat_max_len = 67108864";

static void set_options(MYSQL *mysql, unsigned answer_seconds) {
    const unsigned connect_seconds = CONNECT_SECONDS;
    mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_seconds);
    mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &answer_seconds);
    mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &answer_seconds);
    mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(mysql, MYSQL_INIT_COMMAND, SETTINGS);
}

static bool connect_if_needed(struct db *db) {
    if (db->connection)
        return true;
    const struct config *config = db->config;
    MYSQL *mysql = mysql_init(NULL);
    if (!mysql) {
        set_error(db, CLIENT_GONE, "out of memory");
        return false;
    }
    set_options(mysql, db->answer_seconds);
    const bool local = config->database_socket[0] != '\0';
    if (!mysql_real_connect(mysql, local ? NULL : config->database_host, config->database_user,
                            config->database_password, config->database_name,
                            local ? 0 : (unsigned)config->database_port,
                            local ? config->database_socket : NULL, CLIENT_MULTI_RESULTS)) {
        set_error(db, mysql_errno(mysql), mysql_error(mysql));
        mysql_close(mysql);
        return false;
    }
    db->connection = xcalloc(1, sizeof(*db->connection));
    db->connection->mysql = mysql;
    db->connections++;
    return true;
}

enum error db_ping(struct db *db) {
    if (db->connection && mysql_ping(db->connection->mysql) != 0)
        db_disconnect(db);
    return connect_if_needed(db) ? ERROR_NONE : ERROR_UNAVAILABLE;
}

/* ---- statements ---- */

static size_t slot_of(const struct db_connection *connection, const char *sql) {
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
    if (connection->slots[slot])
        return connection->slots[slot];
    struct db_rows *rows = db_statement_new(connection->mysql, sql);
    if (!rows) {
        set_error(db, mysql_errno(connection->mysql), mysql_error(connection->mysql));
        return NULL;
    }
    if (!db_statement_prepare(rows)) {
        set_statement_error(db, rows);
        db_statement_free(rows);
        return NULL;
    }
    rows->connection = connection;
    connection->slots[slot] = rows;
    return rows;
}

/* ---- running ---- */

static bool is_lost(unsigned number) {
    return number == CLIENT_GONE || number == CLIENT_LOST || number == SERVER_SHUTDOWN ||
           number == SERVER_KILLED || number == CLIENT_LOST_EXTENDED ||
           number == CLIENT_OUT_OF_SYNC || number == CLIENT_CONNECTION_DIED;
}

/* The server refuses the statement for now. */
static bool is_refused(unsigned number) {
    return number == SERVER_NOT_READY || number == SERVER_READ_ONLY || number == SERVER_INTERRUPTED;
}

static void pause_before_retry(int attempt) {
    const long ms = 1 + (long)attempt * PAUSE_MS / ATTEMPTS;
    const struct timespec pause = {0, ms * 1000000L};
    nanosleep(&pause, NULL);
}

/* Decides after a failed attempt. True: retry. False: *result is the outcome. */
static bool should_retry(struct db *db, unsigned flags, bool sent, enum error *result) {
    const unsigned number = db->last_errno;
    if (number == SERVER_DEADLOCK || number == SERVER_LOCK_WAIT) {
        *result = ERROR_UNAVAILABLE;
        mysql_rollback(db->connection->mysql);
        return true;
    }
    if (number == SERVER_DUPLICATE) {
        *result = ERROR_CONFLICT;
        return false;
    }
    if (number == SERVER_STATEMENT_UNKNOWN || number == SERVER_REPREPARE) {
        *result = ERROR_UNAVAILABLE;
        db_disconnect(db);
        return true;
    }
    if (is_lost(number)) {
        *result = ERROR_UNAVAILABLE;
        db_disconnect(db);
        return !sent || number == CLIENT_GONE || (flags & DB_REPEATABLE);
    }
    /* The exit handler of a compound statement does not run when the query is killed. Closing the
     * connection rolls back the transaction and releases its locks. */
    db_disconnect(db);
    *result = is_refused(number) ? ERROR_UNAVAILABLE : ERROR_INTERNAL;
    return false;
}

/* One attempt; *sent: the server may have received the statement. */
static bool run_once(struct db *db, const char *sql, const struct db_value *values, size_t count,
                     struct db_rows **rows, bool *sent) {
    *sent = false;
    *rows = prepare(db, sql);
    if (!*rows)
        return false;
    if (count > DB_STATEMENT_VALUES || count != mysql_stmt_param_count((*rows)->stmt)) {
        set_error(db, CLIENT_WRONG_VALUES, "wrong number of values for the statement");
        return false;
    }
    *sent = true;
    if (!db_statement_run(*rows, values, count))
        return set_statement_error(db, *rows);
    db->changed = mysql_stmt_affected_rows((*rows)->stmt);
    return true;
}

static struct db_rows *hand_out(struct db_rows *rows) {
    rows->connection->handed_out++;
    return rows;
}

enum error db_run(struct db *db, const char *sql, unsigned flags, const struct db_value *values,
                  size_t count, struct db_rows **rows) {
    enum error result = ERROR_UNAVAILABLE;
    struct db_rows *mine = NULL;
    if (rows)
        *rows = NULL;
    db->last_errno = 0;
    const int64_t give_up = clock_monotonic_ms() + GIVE_UP_MS;
    for (int attempt = 0; attempt < ATTEMPTS && clock_monotonic_ms() < give_up; attempt++) {
        bool sent;
        if (attempt > 0)
            pause_before_retry(attempt);
        if (!connect_if_needed(db)) {
            result = ERROR_UNAVAILABLE;
            break;
        }
        if (run_once(db, sql, values, count, &mine, &sent)) {
            if (rows)
                *rows = hand_out(mine);
            else
                db_statement_end(mine);
            return ERROR_NONE;
        }
        if (!should_retry(db, flags, sent, &result))
            break;
    }
    if (result != ERROR_CONFLICT)
        log_error("database: %s", db->last_error);
    return result;
}

/* Nothing is sent on a connection that is about to be closed: it may be dead. */
void db_done(struct db_rows *rows) {
    if (!rows)
        return;
    struct db_connection *connection = rows->connection;
    if (!connection->disconnected)
        db_statement_end(rows);
    connection->handed_out--;
    close_if_unused(connection);
}

enum error db_number(struct db *db, const char *sql, uint64_t *number) {
    struct db_rows *rows;
    const enum error error = db_run(db, sql, DB_REPEATABLE, NULL, 0, &rows);
    if (error)
        return error;
    *number = db_next(rows) ? db_get_u64(rows, 0) : 0;
    db_done(rows);
    return ERROR_NONE;
}

/* True if all statements of the script succeeded. */
static bool run_script(MYSQL *mysql, const char *script) {
    int failed = mysql_real_query(mysql, script, strlen(script));
    bool more = true;
    while (!failed && more) {
        MYSQL_RES *result = mysql_store_result(mysql);
        if (result)
            mysql_free_result(result);
        const int next = mysql_errno(mysql) ? 1 : mysql_next_result(mysql);
        more = next == 0;
        failed = next > 0;
    }
    return !failed;
}

enum error db_run_script(struct db *db, const char *script) {
    if (!connect_if_needed(db)) {
        log_error("database: %s", db->last_error);
        return ERROR_UNAVAILABLE;
    }
    MYSQL *mysql = db->connection->mysql;
    mysql_set_server_option(mysql, MYSQL_OPTION_MULTI_STATEMENTS_ON);
    if (!run_script(mysql, script)) {
        set_error(db, mysql_errno(mysql), mysql_error(mysql));
        log_error("database: %s", db->last_error);
        db_disconnect(db);
        return ERROR_INTERNAL;
    }
    mysql_set_server_option(mysql, MYSQL_OPTION_MULTI_STATEMENTS_OFF);
    return ERROR_NONE;
}
