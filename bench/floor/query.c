/*
 * S, the floor of reading: one SELECT, prepared once, its rows fetched and dropped.
 *
 *     query SOCKET DATABASE CONNECTIONS SECONDS <file.sql
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crew.h"
#include "session.h"

#define MOST_COLUMNS 64
#define TEXT_SIZE 32768 /* the longest text of the schema, in bytes, fits */

struct options {
    const char *socket;
    const char *database;
    char sql[65536];
};

struct column {
    uint64_t number;
    MYSQL_TIME time;
    unsigned long len;
    my_bool is_null;
    char text[TEXT_SIZE];
};

struct query {
    MYSQL_STMT *stmt;
    MYSQL_BIND binds[MOST_COLUMNS];
    struct column columns[MOST_COLUMNS];
};

static void bind(MYSQL_BIND *bind, struct column *column, enum enum_field_types type) {
    bind->length = &column->len;
    bind->is_null = &column->is_null;
    switch (type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
    case MYSQL_TYPE_NEWDECIMAL:
        bind->buffer_type = MYSQL_TYPE_LONGLONG;
        bind->buffer = &column->number;
        bind->is_unsigned = 1;
        break;
    case MYSQL_TYPE_DATETIME:
        bind->buffer_type = MYSQL_TYPE_DATETIME;
        bind->buffer = &column->time;
        break;
    default:
        bind->buffer_type = MYSQL_TYPE_STRING;
        bind->buffer = column->text;
        bind->buffer_length = sizeof(column->text);
    }
}

static void *prepare(void *context, unsigned index) {
    const struct options *options = context;
    (void)index;
    MYSQL *mysql = session_open(options->socket, options->database);
    struct query *query = calloc(1, sizeof(*query));
    if (!mysql || !query || !(query->stmt = session_prepare(mysql, options->sql)))
        return NULL;
    MYSQL_RES *meta = mysql_stmt_result_metadata(query->stmt);
    const unsigned count = meta ? mysql_num_fields(meta) : 0;
    if (count == 0 || count > MOST_COLUMNS) {
        fputs("no SELECT, or too many columns\n", stderr);
        return NULL;
    }
    for (unsigned i = 0; i < count; i++)
        bind(&query->binds[i], &query->columns[i], mysql_fetch_field_direct(meta, i)->type);
    mysql_free_result(meta);
    return query;
}

static bool work(void *state) {
    struct query *query = state;
    int fetched;
    if (mysql_stmt_execute(query->stmt) != 0 ||
        mysql_stmt_bind_result(query->stmt, query->binds) != 0 ||
        mysql_stmt_store_result(query->stmt) != 0) {
        fprintf(stderr, "query: %s\n", mysql_stmt_error(query->stmt));
        return false;
    }
    while ((fetched = mysql_stmt_fetch(query->stmt)) == 0) {
    }
    mysql_stmt_free_result(query->stmt);
    return fetched == MYSQL_NO_DATA;
}

int main(int argc, char **argv) {
    static struct options options;
    if (argc != 5) {
        fputs("usage: query SOCKET DATABASE CONNECTIONS SECONDS <file.sql\n", stderr);
        return 2;
    }
    options.socket = argv[1];
    options.database = argv[2];
    if (fread(options.sql, 1, sizeof(options.sql) - 1, stdin) == 0) {
        fputs("no statement on standard input\n", stderr);
        return 2;
    }
    return crew_run((unsigned)strtoul(argv[3], NULL, 10), strtod(argv[4], NULL), prepare, work,
                    &options);
}
