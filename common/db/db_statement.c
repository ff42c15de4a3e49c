/* Binding of values and columns, and reading of rows: MariaDB's prepared-statement API in the types
 * that the store uses. Integers of any width are read as 64 bits without sign, dates as
 * microseconds, everything else as bytes. All rows of a result are fetched into memory by the
 * execution (mysql_stmt_store_result), so other statements may run while they are read. */
#include "db/db_statement.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/xalloc.h"

/* A buffer for a column that is larger than this is not kept. */
#define BUFFER_KEEP ((unsigned long)64 * 1024)

/* A column of a result: where the client library writes its value. */
struct db_column {
    uint64_t number;
    MYSQL_TIME time;
    char *bytes;
    unsigned long size; /* allocated at bytes */
    unsigned long len;
    my_bool is_null;
    my_bool cut;
    enum enum_field_types type; /* as bound */
    enum enum_field_types sent; /* as the server sends it */
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
    /* NULL is SQL's NULL. */
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
    /* Ids start at 1; 0 means none. */
    return id ? db_u64(id) : (struct db_value){.kind = DB_KIND_NULL};
}

struct db_value db_text_or_null(struct text text) {
    return text.len > 0 ? db_text(text) : (struct db_value){.kind = DB_KIND_NULL};
}

struct db_value db_time_or_null(int64_t micros) {
    return micros ? db_time(micros) : (struct db_value){.kind = DB_KIND_NULL};
}

/* ---- preparing and running ---- */

struct db_rows *db_statement_new(MYSQL *mysql, const char *sql) {
    MYSQL_STMT *stmt = mysql_stmt_init(mysql);
    if (!stmt)
        return NULL;
    struct db_rows *rows = xcalloc(1, sizeof(*rows));
    rows->sql = sql;
    rows->stmt = stmt;
    return rows;
}

bool db_statement_prepare(struct db_rows *rows) {
    return mysql_stmt_prepare(rows->stmt, rows->sql, strlen(rows->sql)) == 0;
}

void db_statement_free(struct db_rows *rows) {
    mysql_stmt_close(rows->stmt);
    /* Buffers of columns from the largest result that this statement has had. */
    for (unsigned i = 0; i < rows->column_space; i++)
        free(rows->columns[i].bytes);
    free(rows->columns);
    free(rows->binds);
    free(rows);
}

/* Converts microseconds since 1970 to the calendar fields of the library, in UTC. */
static void bind_time(MYSQL_TIME *time, int64_t micros) {
    /* Towards minus infinity, so that the fraction is positive before 1970 too. */
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

/* Fills one parameter; number, time and length must stay valid until the execution. */
static void bind_value(MYSQL_BIND *bind, const struct db_value *value, uint64_t *number,
                       MYSQL_TIME *time, unsigned long *length) {
    switch (value->kind) {
    case DB_KIND_NULL:
        bind->buffer_type = MYSQL_TYPE_NULL;
        break;
    case DB_KIND_U64:
    case DB_KIND_I64:
        /* Kept in the caller's array: the library reads it at the execution. */
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
        /* The library takes a pointer to non-const and does not write there. */
        bind->buffer = (void *)(uintptr_t)value->text.at;
        bind->buffer_length = *length;
        bind->length = length;
        break;
    }
}

/* Binds the values and runs the statement; false with the error in the statement. */
static bool execute(struct db_rows *rows, const struct db_value *values, size_t count) {
    MYSQL_BIND binds[DB_STATEMENT_VALUES];
    uint64_t numbers[DB_STATEMENT_VALUES];
    MYSQL_TIME times[DB_STATEMENT_VALUES];
    unsigned long lengths[DB_STATEMENT_VALUES];
    /* The other arrays are written where they are used. */
    memset(binds, 0, sizeof(binds[0]) * count);
    for (size_t i = 0; i < count; i++)
        bind_value(&binds[i], &values[i], &numbers[i], &times[i], &lengths[i]);
    return (count == 0 || mysql_stmt_bind_param(rows->stmt, binds) == 0) &&
           mysql_stmt_execute(rows->stmt) == 0;
}

/* Makes room for the columns of a result. Rows that were bound before must be bound again. */
static void reserve_columns(struct db_rows *rows, unsigned count) {
    if (count <= rows->column_space)
        return;
    /* New columns start with zeroes: no buffer yet. */
    rows->columns = xreallocarray(rows->columns, count, sizeof(*rows->columns));
    rows->binds = xreallocarray(rows->binds, count, sizeof(*rows->binds));
    memset(rows->columns + rows->column_space, 0,
           (count - rows->column_space) * sizeof(*rows->columns));
    rows->column_space = count;
}

/* Chooses the buffer and type that a column of this type is fetched into. */
static void bind_column(struct db_column *column, MYSQL_BIND *bind, enum enum_field_types type) {
    /* Numbers of any size are fetched as 64 bits, times as calendar fields, all else as bytes. */
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
        /* Kept between executions; a longer value enlarges it in fetch_rest. */
        if (!column->bytes) {
            column->size = 256;
            column->bytes = xreallocarray(NULL, column->size, 1);
        }
        bind->buffer = column->bytes;
        bind->buffer_length = column->size;
    }
    bind->buffer_type = column->type;
    bind->length = &column->len;
    bind->is_null = &column->is_null;
    bind->error = &column->cut;
    /* Compared by is_bound at the next execution. */
    column->sent = type;
}

/* Whether the columns are already bound with the types of this result. */
static bool is_bound(const struct db_rows *rows, const MYSQL_FIELD *fields, unsigned count) {
    if (rows->bound_count != count)
        return false;
    for (unsigned i = 0; i < count; i++)
        if (rows->columns[i].sent != fields[i].type)
            return false;
    return true;
}

/* Binding takes longer than fetching a row, so it is repeated only if the types differ. */
static bool bind_columns(struct db_rows *rows, const MYSQL_FIELD *fields, unsigned count) {
    if (is_bound(rows, fields, count))
        return true;
    reserve_columns(rows, count);
    memset(rows->binds, 0, count * sizeof(*rows->binds));
    for (unsigned i = 0; i < count; i++)
        bind_column(&rows->columns[i], &rows->binds[i], fields[i].type);
    /* The library copies the binds, so their array may move afterwards. */
    const bool bound = mysql_stmt_bind_result(rows->stmt, rows->binds) == 0;
    rows->bound_count = bound ? count : 0;
    return bound;
}

/* Fetches the result into memory. True without rows, too; false with the error in the statement. */
static bool store_rows(struct db_rows *rows) {
    /* Until the result is bound, the row functions find no columns and no rows. */
    rows->has_rows = false;
    rows->fetched = 0;
    rows->column_count = 0;
    const unsigned count = mysql_stmt_field_count(rows->stmt);
    /* An UPDATE or an empty compound statement has no result. */
    if (count == 0)
        return true;
    MYSQL_RES *meta = mysql_stmt_result_metadata(rows->stmt);
    if (!meta)
        return false;
    const bool bound = bind_columns(rows, mysql_fetch_fields(meta), count);
    mysql_free_result(meta);
    if (bound)
        rows->column_count = count;
    /* Only now are the rows transferred; from here on the connection is free for other
     * statements. */
    rows->has_rows = bound && mysql_stmt_store_result(rows->stmt) == 0;
    return rows->has_rows;
}

bool db_statement_run(struct db_rows *rows, const struct db_value *values, size_t count) {
    return execute(rows, values, count) && store_rows(rows);
}

/* ---- rows ---- */

/* Fetches the strings of a row that were longer than their buffers, and keeps the larger buffers
 * for the next rows. Binding the columns again invalidates the row's values, so it comes last. */
static void fetch_rest(struct db_rows *rows) {
    for (unsigned i = 0; i < rows->column_count; i++) {
        struct db_column *column = &rows->columns[i];
        /* Only strings whose real length exceeds the buffer: the library has cut them. */
        if (column->type != MYSQL_TYPE_STRING || column->is_null || column->len <= column->size)
            continue;
        column->size = column->len + 1;
        column->bytes = xreallocarray(column->bytes, column->size, 1);
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
    /* 1 is an error, MYSQL_NO_DATA the end. A truncated row is a row. */
    if (fetched != 0 && fetched != MYSQL_DATA_TRUNCATED)
        return false;
    if (fetched == MYSQL_DATA_TRUNCATED)
        fetch_rest(rows);
    rows->fetched++;
    return true;
}

uint64_t db_count(const struct db_rows *rows) {
    return rows->has_rows ? mysql_stmt_num_rows(rows->stmt) : 0;
}

uint64_t db_row(const struct db_rows *rows) {
    return rows->fetched - 1;
}

void db_seek(struct db_rows *rows, uint64_t row) {
    mysql_stmt_data_seek(rows->stmt, row);
    rows->fetched = row;
}

bool db_is_null(const struct db_rows *rows, unsigned column) {
    /* A column beyond the result reads as NULL: an older schema or a result without that column. */
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

/* Frees the buffers of columns that had a large value. */
static void free_large_columns(struct db_rows *rows) {
    for (unsigned i = 0; i < rows->column_space; i++) {
        struct db_column *column = &rows->columns[i];
        if (column->size <= BUFFER_KEEP)
            continue;
        free(column->bytes);
        column->bytes = NULL;
        column->size = 0;
        /* The next execution must bind the column again, to a new buffer. */
        rows->bound_count = 0;
    }
}

void db_statement_end(struct db_rows *rows) {
    /* After the last row the client library would keep the result until the next execution. Not
     * for an empty one, after which it would wait for rows. */
    if (db_count(rows) > 0)
        mysql_stmt_data_seek(rows->stmt, 0);
    mysql_stmt_free_result(rows->stmt);
    while (mysql_stmt_more_results(rows->stmt) && mysql_stmt_next_result(rows->stmt) == 0) {
        rows->bound_count = 0; /* the next result has other columns, or none */
        mysql_stmt_free_result(rows->stmt);
    }
    free_large_columns(rows);
    rows->has_rows = false;
}
