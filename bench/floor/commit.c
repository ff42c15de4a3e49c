/*
 * C, the floor of writing: the bare transaction of a message. It updates the counters of
 * the room, inserts the message and its event, and commits, without any checks.
 *
 *     commit SOCKET DATABASE CONNECTIONS SECONDS compound|statements <places
 *
 * Each line of standard input is a room and a sender; they are taken in turns. `compound`
 * sends the whole transaction as one prepared statement, `statements` sends its four
 * parts one by one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crew.h"
#include "session.h"

/* One UPDATE both takes the room's lock and tells its counters, by way of variables. */
#define UPDATE                                            \
    "UPDATE room SET last_seq = (@seq := last_seq + 1), " \
    "message_count = (@position := message_count + 1), last_active_at = ? WHERE room_id = ?"
#define INSERT_MESSAGE                                                                         \
    "INSERT INTO message (room_id, position, sender_id, message_type, created_at, client_id, " \
    "content) VALUES (?, @position, ?, 1, ?, ?, ?)"
#define INSERT_EVENT                                                                  \
    "INSERT INTO event (room_id, seq, event_type, actor_id, subject_id, created_at) " \
    "VALUES (?, @seq, 1, ?, LAST_INSERT_ID(), ?)"

static const char *const COMPOUND[] = {"BEGIN NOT ATOMIC START TRANSACTION; " UPDATE
                                       "; " INSERT_MESSAGE "; " INSERT_EVENT "; COMMIT; END",
                                       NULL};
static const char *const STATEMENTS[] = {UPDATE, INSERT_MESSAGE, INSERT_EVENT, "COMMIT", NULL};

static const char CONTENT[] =
    "The quick brown fox jumps over the lazy dog, and the bench counts how often it does.";

#define MOST_PLACES 1024
#define MOST_STATEMENTS 4
#define MOST_VALUES 10 /* of all statements together */

struct place {
    uint64_t room_id, user_id;
};

struct options {
    const char *socket, *database;
    const char *const *texts;
    struct place places[MOST_PLACES];
    size_t place_count;
};

/* The values are bound once; a message only changes what they point to. */
struct commit {
    const struct options *options;
    MYSQL *mysql;
    MYSQL_STMT *statements[MOST_STATEMENTS];
    MYSQL_BIND binds[MOST_VALUES];
    struct place place;
    MYSQL_TIME at;
    char client_id[64];
    unsigned long client_id_len, content_len;
    unsigned worker;
    uint64_t count;
};

/* ---- what is bound ---- */

static void bind_id(MYSQL_BIND *bind, uint64_t *id) {
    bind->buffer_type = MYSQL_TYPE_LONGLONG;
    bind->buffer = id;
    bind->is_unsigned = 1;
}

static void bind_time(MYSQL_BIND *bind, MYSQL_TIME *time) {
    bind->buffer_type = MYSQL_TYPE_DATETIME;
    bind->buffer = time;
}

static void bind_text(MYSQL_BIND *bind, const char *text, unsigned long *len) {
    bind->buffer_type = MYSQL_TYPE_STRING;
    bind->buffer = (void *)(uintptr_t)text;
    bind->buffer_length = *len;
    bind->length = len;
}

/* In the order of the markers in UPDATE, INSERT_MESSAGE and INSERT_EVENT. */
static void bind_all(struct commit *commit) {
    MYSQL_BIND *bind = commit->binds;
    bind_time(bind++, &commit->at);
    bind_id(bind++, &commit->place.room_id);
    bind_id(bind++, &commit->place.room_id);
    bind_id(bind++, &commit->place.user_id);
    bind_time(bind++, &commit->at);
    bind_text(bind++, commit->client_id, &commit->client_id_len);
    bind_text(bind++, CONTENT, &commit->content_len);
    bind_id(bind++, &commit->place.room_id);
    bind_id(bind++, &commit->place.user_id);
    bind_time(bind++, &commit->at);
}

static void *prepare(void *context, unsigned index) {
    const struct options *options = context;
    struct commit *commit = calloc(1, sizeof(*commit));
    if (!commit || !(commit->mysql = session_open(options->socket, options->database)))
        return NULL;
    commit->options = options;
    commit->worker = index;
    commit->content_len = sizeof(CONTENT) - 1;
    commit->client_id_len = sizeof(commit->client_id);
    bind_all(commit);
    if (options->texts == STATEMENTS)
        mysql_autocommit(commit->mysql, 0);
    MYSQL_BIND *bind = commit->binds;
    for (size_t i = 0; options->texts[i]; i++) {
        MYSQL_STMT *stmt = session_prepare(commit->mysql, options->texts[i]);
        if (!stmt || mysql_stmt_bind_param(stmt, bind) != 0)
            return NULL;
        bind += mysql_stmt_param_count(stmt);
        commit->statements[i] = stmt;
    }
    return commit;
}

/* ---- the work ---- */

static void next_message(struct commit *commit) {
    const struct options *options = commit->options;
    struct timespec now;
    struct tm day;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &day);
    commit->at = (MYSQL_TIME){.year = (unsigned)day.tm_year + 1900,
                              .month = (unsigned)day.tm_mon + 1,
                              .day = (unsigned)day.tm_mday,
                              .hour = (unsigned)day.tm_hour,
                              .minute = (unsigned)day.tm_min,
                              .second = (unsigned)day.tm_sec,
                              .second_part = (unsigned long)now.tv_nsec / 1000,
                              .time_type = MYSQL_TIMESTAMP_DATETIME};
    commit->place = options->places[(commit->count + commit->worker * 7) % options->place_count];
    commit->client_id_len = (unsigned long)snprintf(commit->client_id, sizeof(commit->client_id),
                                                    "c%ld-%" PRIu64 "-%ld", (long)getpid(),
                                                    commit->count++, (long)now.tv_sec);
}

static bool work(void *state) {
    struct commit *commit = state;
    next_message(commit);
    for (size_t i = 0; i < MOST_STATEMENTS && commit->statements[i]; i++) {
        MYSQL_STMT *stmt = commit->statements[i];
        if (mysql_stmt_execute(stmt) != 0) {
            fprintf(stderr, "commit: %s\n", mysql_stmt_error(stmt));
            return false;
        }
        while (mysql_stmt_more_results(stmt) && mysql_stmt_next_result(stmt) == 0) {
        }
    }
    return true;
}

static bool read_options(int argc, char **argv, struct options *options) {
    if (argc != 6)
        return false;
    options->socket = argv[1];
    options->database = argv[2];
    options->texts = strcmp(argv[5], "compound") == 0     ? COMPOUND
                     : strcmp(argv[5], "statements") == 0 ? STATEMENTS
                                                          : NULL;
    struct place place;
    while (options->place_count < MOST_PLACES &&
           scanf("%" SCNu64 " %" SCNu64, &place.room_id, &place.user_id) == 2)
        options->places[options->place_count++] = place;
    return options->texts && options->place_count > 0;
}

int main(int argc, char **argv) {
    static struct options options;
    if (!read_options(argc, argv, &options)) {
        fputs("usage: commit SOCKET DATABASE CONNECTIONS SECONDS compound|statements <places\n",
              stderr);
        return 2;
    }
    return crew_run((unsigned)strtoul(argv[3], NULL, 10), strtod(argv[4], NULL), prepare, work,
                    &options);
}
