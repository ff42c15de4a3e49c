#include "db.h"

#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "log.h"
#include "memory.h"

/* Tries of one statement, the longest pause between two, and the time after which no
 * further one is made, in milliseconds. */
#define TRIES 8
#define PAUSE_MS 20
#define GIVE_UP_MS 10000

/* Longest waits for a connection and, unless db_set_timeout says otherwise, for an
 * answer, in seconds. */
#define CONNECT_SECONDS 3
#define ANSWER_SECONDS 15

/* Statements of one connection; a power of two well over the number of texts. */
#define SLOTS 256

/* Server and client error numbers that decide whether a statement is run again. */
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
    CLIENT_CONNECTION_DIED = 5014, /* Connector/C's own */
};

/* A column of a result: where the client library writes its value. */
struct column {
    uint64_t number;
    MYSQL_TIME time;
    char *bytes;
    unsigned long size; /* allocated at bytes */
    unsigned long len;
    my_bool is_null;
    my_bool cut;
    enum enum_field_types type;
};

/* A prepared statement with the memory its results are read into. */
struct db_rows {
    const char *sql;
    MYSQL_STMT *stmt;
    struct db *db;
    struct column *columns;
    MYSQL_BIND *binds;
    unsigned column_count;
    unsigned column_space;
    bool has_rows;
};

struct db {
    const struct config *config;
    MYSQL *mysql;                 /* NULL while not connected */
    struct db_rows *slots[SLOTS]; /* by address of the text */
    unsigned answer_seconds;
    uint64_t session;
    uint64_t changed;
    unsigned last_errno;
    char last_error[512];
};

/* ---- values ---- */

struct db_value db_u64(uint64_t number) {
    return (struct db_value){.kind = DB_KIND_U64, .number = number};
}

struct db_value db_i64(int64_t number) {
    return (struct db_value){.kind = DB_KIND_I64, .number = (uint64_t)number};
}

struct db_value db_bool(bool value) {
    return db_u64(value ? 1 : 0);
}

struct db_value db_text(struct text text) {
    return (struct db_value){.kind = DB_KIND_TEXT, .text = text};
}

struct db_value db_str(const char *str) {
    if (!str)
        return (struct db_value){.kind = DB_KIND_NULL};
    return db_text(text_of(str));
}

struct db_value db_bytes(const void *bytes, size_t len) {
    return (struct db_value){.kind = DB_KIND_BYTES, .text = {bytes, len}};
}

struct db_value db_time(int64_t micros) {
    return (struct db_value){.kind = DB_KIND_TIME, .number = (uint64_t)micros};
}

struct db_value db_id_or_null(uint64_t id) {
    return id ? db_u64(id) : (struct db_value){.kind = DB_KIND_NULL};
}

/* ---- the connection ---- */

struct db *db_new(const struct config *config) {
    struct db *db = memory_zeroed(1, sizeof(*db));
    db->config = config;
    db->answer_seconds = ANSWER_SECONDS;
    return db;
}

void db_set_timeout(struct db *db, unsigned seconds) {
    db->answer_seconds = seconds;
}

static void statement_free(struct db_rows *rows) {
    mysql_stmt_close(rows->stmt);
    for (unsigned i = 0; i < rows->column_space; i++)
        free(rows->columns[i].bytes);
    free(rows->columns);
    free(rows->binds);
    free(rows);
}

void db_disconnect(struct db *db) {
    for (size_t i = 0; i < SLOTS; i++) {
        if (db->slots[i])
            statement_free(db->slots[i]);
        db->slots[i] = NULL;
    }
    if (db->mysql)
        mysql_close(db->mysql);
    db->mysql = NULL;
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

uint64_t db_session(const struct db *db) {
    return db->session;
}

uint64_t db_changed(const struct db *db) {
    return db->changed;
}

static void remember(struct db *db, unsigned number, const char *message) {
    db->last_errno = number;
    snprintf(db->last_error, sizeof(db->last_error), "%u %s", number, message);
}

/* What the programs rely on in a session, whatever the server's defaults are: times in
 * UTC; no silent cutting of values; READ COMMITTED, since all order comes from the room's
 * lock and gap locks would only add deadlocks; no join buffers, which would stir the order
 * of rows and serve joins without a key, of which there are none; a member list that fits
 * in one value. */
static const char SESSION[] =
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
    mysql_options(mysql, MYSQL_INIT_COMMAND, SESSION);
}

static bool connect_if_needed(struct db *db) {
    if (db->mysql)
        return true;
    const struct config *config = db->config;
    MYSQL *mysql = mysql_init(NULL);
    if (!mysql) {
        remember(db, CLIENT_GONE, "out of memory");
        return false;
    }
    set_options(mysql, db->answer_seconds);
    const bool local = config->database_socket[0] != '\0';
    if (!mysql_real_connect(mysql, local ? NULL : config->database_host, config->database_user,
                            config->database_password, config->database_name,
                            local ? 0 : (unsigned)config->database_port,
                            local ? config->database_socket : NULL, CLIENT_MULTI_RESULTS)) {
        remember(db, mysql_errno(mysql), mysql_error(mysql));
        mysql_close(mysql);
        return false;
    }
    db->mysql = mysql;
    db->session++;
    return true;
}

enum error db_ping(struct db *db) {
    if (db->mysql && mysql_ping(db->mysql) != 0)
        db_disconnect(db);
    return connect_if_needed(db) ? ERROR_NONE : ERROR_UNAVAILABLE;
}

/* ---- statements ---- */

static size_t slot_of(const struct db *db, const char *sql) {
    size_t slot = ((uintptr_t)sql >> 4) * 2654435761u % SLOTS;
    while (db->slots[slot] && db->slots[slot]->sql != sql)
        slot = (slot + 1) % SLOTS;
    return slot;
}

/* The statement for sql, prepared now if it was not; NULL with the error remembered. */
static struct db_rows *prepare(struct db *db, const char *sql) {
    const size_t slot = slot_of(db, sql);
    if (db->slots[slot])
        return db->slots[slot];
    MYSQL_STMT *stmt = mysql_stmt_init(db->mysql);
    if (!stmt) {
        remember(db, mysql_errno(db->mysql), mysql_error(db->mysql));
        return NULL;
    }
    if (mysql_stmt_prepare(stmt, sql, strlen(sql)) != 0) {
        remember(db, mysql_stmt_errno(stmt), mysql_stmt_error(stmt));
        mysql_stmt_close(stmt);
        return NULL;
    }
    struct db_rows *rows = memory_zeroed(1, sizeof(*rows));
    rows->sql = sql;
    rows->stmt = stmt;
    rows->db = db;
    db->slots[slot] = rows;
    return rows;
}

static void bind_time(MYSQL_TIME *time, int64_t micros) {
    int64_t seconds = micros / 1000000;
    int64_t rest = micros % 1000000;
    if (rest < 0) {
        rest += 1000000;
        seconds--;
    }
    const time_t when = (time_t)seconds;
    struct tm tm;
    gmtime_r(&when, &tm);
    *time = (MYSQL_TIME){.year = (unsigned)tm.tm_year + 1900u,
                         .month = (unsigned)tm.tm_mon + 1u,
                         .day = (unsigned)tm.tm_mday,
                         .hour = (unsigned)tm.tm_hour,
                         .minute = (unsigned)tm.tm_min,
                         .second = (unsigned)tm.tm_sec,
                         .second_part = (unsigned long)rest,
                         .time_type = MYSQL_TIMESTAMP_DATETIME};
}

/* Fills one parameter; number, time and length must live until the execution. */
static void bind_value(MYSQL_BIND *bind, const struct db_value *value, uint64_t *number,
                       MYSQL_TIME *time, unsigned long *length) {
    switch (value->kind) {
    case DB_KIND_NULL:
        bind->buffer_type = MYSQL_TYPE_NULL;
        break;
    case DB_KIND_U64:
    case DB_KIND_I64:
        *number = value->number;
        bind->buffer_type = MYSQL_TYPE_LONGLONG;
        bind->buffer = number;
        bind->is_unsigned = value->kind == DB_KIND_U64;
        break;
    case DB_KIND_TIME:
        bind_time(time, (int64_t)value->number);
        bind->buffer_type = MYSQL_TYPE_DATETIME;
        bind->buffer = time;
        break;
    case DB_KIND_TEXT:
    case DB_KIND_BYTES:
        *length = value->text.len;
        bind->buffer_type = value->kind == DB_KIND_TEXT ? MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB;
        bind->buffer = (void *)(uintptr_t)value->text.at;
        bind->buffer_length = *length;
        bind->length = length;
        break;
    }
}

#define MAX_VALUES 24

static bool execute(struct db_rows *rows, const struct db_value *values, size_t count) {
    MYSQL_BIND binds[MAX_VALUES];
    uint64_t numbers[MAX_VALUES];
    MYSQL_TIME times[MAX_VALUES];
    unsigned long lengths[MAX_VALUES];
    if (count > MAX_VALUES || count != mysql_stmt_param_count(rows->stmt)) {
        remember(rows->db, CLIENT_WRONG_VALUES, "wrong number of values for the statement");
        return false;
    }
    memset(binds, 0, sizeof(binds[0]) * count);
    for (size_t i = 0; i < count; i++)
        bind_value(&binds[i], &values[i], &numbers[i], &times[i], &lengths[i]);
    if ((count == 0 || mysql_stmt_bind_param(rows->stmt, binds) == 0) &&
        mysql_stmt_execute(rows->stmt) == 0)
        return true;
    remember(rows->db, mysql_stmt_errno(rows->stmt), mysql_stmt_error(rows->stmt));
    return false;
}

/* ---- results ---- */

static void make_room_for_columns(struct db_rows *rows, unsigned count) {
    if (count > rows->column_space) {
        rows->columns = memory_resize(rows->columns, count, sizeof(*rows->columns));
        rows->binds = memory_resize(rows->binds, count, sizeof(*rows->binds));
        memset(rows->columns + rows->column_space, 0,
               (count - rows->column_space) * sizeof(*rows->columns));
        rows->column_space = count;
    }
    rows->column_count = count;
    memset(rows->binds, 0, count * sizeof(*rows->binds));
}

static void bind_column(struct column *column, MYSQL_BIND *bind, enum enum_field_types type) {
    switch (type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
    case MYSQL_TYPE_NULL:
        column->type = MYSQL_TYPE_LONGLONG;
        bind->buffer = &column->number;
        bind->is_unsigned = 1;
        break;
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_TIMESTAMP:
    case MYSQL_TYPE_DATE:
        column->type = MYSQL_TYPE_DATETIME;
        bind->buffer = &column->time;
        break;
    default:
        column->type = MYSQL_TYPE_STRING;
        if (!column->bytes) {
            column->size = 256;
            column->bytes = memory_resize(NULL, column->size, 1);
        }
        bind->buffer = column->bytes;
        bind->buffer_length = column->size;
    }
    bind->buffer_type = column->type;
    bind->length = &column->len;
    bind->is_null = &column->is_null;
    bind->error = &column->cut;
}

/* Reads the whole first result set into the client's memory, so that no error can come
 * once rows are being handed out. */
static bool store_rows(struct db_rows *rows) {
    rows->has_rows = false;
    rows->column_count = 0;
    const unsigned count = mysql_stmt_field_count(rows->stmt);
    if (count == 0)
        return true;
    MYSQL_RES *meta = mysql_stmt_result_metadata(rows->stmt);
    if (!meta)
        goto failed;
    make_room_for_columns(rows, count);
    const MYSQL_FIELD *fields = mysql_fetch_fields(meta);
    for (unsigned i = 0; i < count; i++)
        bind_column(&rows->columns[i], &rows->binds[i], fields[i].type);
    mysql_free_result(meta);
    if (mysql_stmt_bind_result(rows->stmt, rows->binds) != 0 ||
        mysql_stmt_store_result(rows->stmt) != 0)
        goto failed;
    rows->has_rows = true;
    return true;
failed:
    remember(rows->db, mysql_stmt_errno(rows->stmt), mysql_stmt_error(rows->stmt));
    return false;
}

/* Fetches the texts of a row that were longer than the memory kept for them, and keeps the
 * larger memory for the rows to come. Binding the columns anew makes the library forget
 * where the row's values lie, so it comes last. */
static void fetch_rest(struct db_rows *rows) {
    for (unsigned i = 0; i < rows->column_count; i++) {
        struct column *column = &rows->columns[i];
        if (column->type != MYSQL_TYPE_STRING || column->is_null || column->len <= column->size)
            continue;
        column->size = column->len + 1;
        column->bytes = memory_resize(column->bytes, column->size, 1);
        rows->binds[i].buffer = column->bytes;
        rows->binds[i].buffer_length = column->size;
        mysql_stmt_fetch_column(rows->stmt, &rows->binds[i], i, 0);
    }
    mysql_stmt_bind_result(rows->stmt, rows->binds);
}

bool db_next(struct db_rows *rows) {
    if (!rows->has_rows)
        return false;
    const int fetched = mysql_stmt_fetch(rows->stmt);
    if (fetched != 0 && fetched != MYSQL_DATA_TRUNCATED)
        return false;
    if (fetched == MYSQL_DATA_TRUNCATED)
        fetch_rest(rows);
    return true;
}

bool db_is_null(const struct db_rows *rows, unsigned column) {
    return column >= rows->column_count || rows->columns[column].is_null;
}

uint64_t db_get_u64(const struct db_rows *rows, unsigned column) {
    return db_is_null(rows, column) ? 0 : rows->columns[column].number;
}

bool db_get_bool(const struct db_rows *rows, unsigned column) {
    return db_get_u64(rows, column) != 0;
}

struct text db_get_text(const struct db_rows *rows, unsigned column) {
    if (db_is_null(rows, column))
        return (struct text){"", 0};
    return (struct text){rows->columns[column].bytes, rows->columns[column].len};
}

int64_t db_get_time(const struct db_rows *rows, unsigned column) {
    if (db_is_null(rows, column))
        return 0;
    const MYSQL_TIME *t = &rows->columns[column].time;
    return clock_from_civil((int)t->year, t->month, t->day, t->hour, t->minute, t->second,
                            t->second_part);
}

void db_done(struct db_rows *rows) {
    if (!rows)
        return;
    mysql_stmt_free_result(rows->stmt);
    while (mysql_stmt_more_results(rows->stmt) && mysql_stmt_next_result(rows->stmt) == 0)
        mysql_stmt_free_result(rows->stmt);
    rows->has_rows = false;
}

/* ---- running ---- */

static bool is_lost(unsigned number) {
    return number == CLIENT_GONE || number == CLIENT_LOST || number == SERVER_SHUTDOWN ||
           number == SERVER_KILLED || number == CLIENT_LOST_EXTENDED ||
           number == CLIENT_OUT_OF_SYNC || number == CLIENT_CONNECTION_DIED;
}

/* The server would not do it now. */
static bool is_refused(unsigned number) {
    return number == SERVER_NOT_READY || number == SERVER_READ_ONLY || number == SERVER_INTERRUPTED;
}

static void pause_before_try(int attempt) {
    const long ms = 1 + (long)attempt * PAUSE_MS / TRIES;
    const struct timespec pause = {0, ms * 1000000L};
    nanosleep(&pause, NULL);
}

/* Decides after a failed try. True: run it again. False: *result is the outcome. */
static bool may_run_again(struct db *db, unsigned flags, bool sent, enum error *result) {
    const unsigned number = db->last_errno;
    if (number == SERVER_DEADLOCK || number == SERVER_LOCK_WAIT) {
        *result = ERROR_UNAVAILABLE;
        mysql_rollback(db->mysql);
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
    /* The handler of a transaction is not run when somebody kills the statement; what it
     * left open, locks and all, ends with the connection. */
    db_disconnect(db);
    *result = is_refused(number) ? ERROR_UNAVAILABLE : ERROR_INTERNAL;
    return false;
}

/* One try; *sent tells whether the server may have seen the statement. */
static bool run_once(struct db *db, const char *sql, const struct db_value *values, size_t count,
                     struct db_rows **rows, bool *sent) {
    *sent = false;
    *rows = prepare(db, sql);
    if (!*rows)
        return false;
    *sent = true;
    if (!execute(*rows, values, count) || !store_rows(*rows))
        return false;
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
    const int64_t give_up = clock_monotonic_ms() + GIVE_UP_MS;
    for (int attempt = 0; attempt < TRIES && clock_monotonic_ms() < give_up; attempt++) {
        bool sent;
        if (attempt > 0)
            pause_before_try(attempt);
        if (!connect_if_needed(db)) {
            result = ERROR_UNAVAILABLE;
            break;
        }
        if (run_once(db, sql, values, count, &mine, &sent)) {
            if (rows)
                *rows = mine;
            else
                db_done(mine);
            return ERROR_NONE;
        }
        if (!may_run_again(db, flags, sent, &result))
            break;
    }
    if (result != ERROR_CONFLICT)
        log_error("database: %s", db->last_error);
    return result;
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

enum error db_run_script(struct db *db, const char *script) {
    if (!connect_if_needed(db)) {
        log_error("database: %s", db->last_error);
        return ERROR_UNAVAILABLE;
    }
    mysql_set_server_option(db->mysql, MYSQL_OPTION_MULTI_STATEMENTS_ON);
    int failed = mysql_real_query(db->mysql, script, strlen(script));
    while (!failed) {
        MYSQL_RES *result = mysql_store_result(db->mysql);
        if (result)
            mysql_free_result(result);
        const int next = mysql_next_result(db->mysql);
        if (next < 0)
            break;
        failed = next;
    }
    if (failed) {
        remember(db, mysql_errno(db->mysql), mysql_error(db->mysql));
        log_error("database: %s", db->last_error);
        db_disconnect(db);
        return ERROR_INTERNAL;
    }
    mysql_set_server_option(db->mysql, MYSQL_OPTION_MULTI_STATEMENTS_OFF);
    return ERROR_NONE;
}
