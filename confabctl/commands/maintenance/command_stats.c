/* stats: counters of the database, as a table or as JSON. */
#include <stddef.h>
#include <stdio.h>

#include "command.h"
#include "store/statistics.h"
#include "table.h"
#include "json/json_writer.h"

/* The counters, in the order of the output. */
static const struct counter {
    const char *key;
    const char *label;
    size_t offset;
} COUNTERS[] = {
    {"users", "users", offsetof(struct statistics, users)},
    {"active_users", "  active", offsetof(struct statistics, active_users)},
    {"staff_users", "  staff", offsetof(struct statistics, staff_users)},
    {"rooms", "rooms", offsetof(struct statistics, rooms)},
    {"public_rooms", "  public", offsetof(struct statistics, public_rooms)},
    {"direct_rooms", "  direct", offsetof(struct statistics, direct_rooms)},
    {"deleted_rooms", "deleted rooms to be purged", offsetof(struct statistics, deleted_rooms)},
    {"memberships", "memberships", offsetof(struct statistics, memberships)},
    {"messages", "messages", offsetof(struct statistics, messages)},
    {"events", "events kept", offsetof(struct statistics, events)},
    {"sessions", "sessions", offsetof(struct statistics, sessions)},
    {"tokens", "tokens", offsetof(struct statistics, tokens)},
};

#define COUNTER_COUNT (sizeof(COUNTERS) / sizeof(COUNTERS[0]))

/* The counter at this offset; every row of COUNTERS is a uint64_t. */
static uint64_t value_of(const struct statistics *statistics, const struct counter *counter) {
    return *(const uint64_t *)(const void *)((const char *)statistics + counter->offset);
}

/* Numbers without units, for scripts and for monitoring. */
static void write_json(const struct statistics *statistics, struct buffer *out) {
    struct json_writer w = json_writer_start(out);
    json_write_object(&w);
    for (size_t i = 0; i < COUNTER_COUNT; i++)
        json_write_member_u64(&w, COUNTERS[i].key, value_of(statistics, &COUNTERS[i]));
    /* These two have other types than the counters. */
    json_write_member_u64(&w, "database_bytes", statistics->database_bytes);
    /* 0: no event is kept. */
    json_write_member_time_or_null(&w, "oldest_event_at", statistics->oldest_event);
    json_write_object_end(&w);
    buffer_append_char(out, '\n');
}

/* The same numbers, with sizes and times as people read them. */
static void write_table(const struct statistics *statistics, struct buffer *out) {
    static const char *const HEADINGS[] = {"COUNTER", ">VALUE"};
    char size[32];
    struct table *table = table_new(HEADINGS, 2);
    for (size_t i = 0; i < COUNTER_COUNT; i++) {
        table_str(table, COUNTERS[i].label);
        table_u64(table, value_of(statistics, &COUNTERS[i]));
    }
    snprintf(size, sizeof(size), "%.1f MiB", (double)statistics->database_bytes / (1 << 20));
    table_str(table, "database size");
    table_str(table, size);
    table_str(table, "oldest event (UTC)");
    table_time(table, statistics->oldest_event);
    table_write(table, out);
    table_free(table);
}

enum cli_status command_stats(struct cli *cli, struct arguments *arguments) {
    struct statistics statistics;
    struct buffer out = BUFFER_EMPTY;
    if (!arguments_read(arguments, NULL, 0, 0, 0))
        return CLI_USAGE;
    /* Reads whole tables: some seconds in a large database. */
    const enum error error = statistics_read(cli->db, &statistics);
    if (error)
        return cli_store_error(cli, error);
    if (cli->json)
        write_json(&statistics, &out);
    else
        write_table(&statistics, &out);
    cli_output(&out);
    return CLI_OK;
}
