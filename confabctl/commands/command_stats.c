#include <stddef.h>
#include <stdio.h>

#include "command.h"
#include "store/statistics.h"
#include "table.h"
#include "json/json_writer.h"

/* The figures that are numbers, in the order they are shown in. */
static const struct figure {
    const char *key;
    const char *label;
    size_t offset;
} FIGURES[] = {
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

#define FIGURE_COUNT (sizeof(FIGURES) / sizeof(FIGURES[0]))

static uint64_t value_of(const struct statistics *statistics, const struct figure *figure) {
    return *(const uint64_t *)(const void *)((const char *)statistics + figure->offset);
}

static void write_json(const struct statistics *statistics, struct buffer *out) {
    struct json_writer w = json_writer_start(out);
    json_write_object(&w);
    for (size_t i = 0; i < FIGURE_COUNT; i++)
        json_write_member_u64(&w, FIGURES[i].key, value_of(statistics, &FIGURES[i]));
    json_write_member_u64(&w, "database_bytes", statistics->database_bytes);
    if (statistics->oldest_event)
        json_write_member_time(&w, "oldest_event_at", statistics->oldest_event);
    else
        json_write_member_null(&w, "oldest_event_at");
    json_write_object_end(&w);
    buffer_append_char(out, '\n');
}

static void write_table(const struct statistics *statistics, struct buffer *out) {
    static const char *const HEADINGS[] = {"FIGURE", ">VALUE"};
    char size[32];
    struct table *table = table_new(HEADINGS, 2);
    for (size_t i = 0; i < FIGURE_COUNT; i++) {
        table_str(table, FIGURES[i].label);
        table_u64(table, value_of(statistics, &FIGURES[i]));
    }
    snprintf(size, sizeof(size), "%.1f MiB", (double)statistics->database_bytes / (1 << 20));
    table_str(table, "database size");
    table_str(table, size);
    table_str(table, "oldest event (UTC)");
    table_time(table, statistics->oldest_event);
    table_write(table, out);
    table_free(table);
}

enum tool_end command_stats(struct tool *tool, struct arguments *arguments) {
    struct statistics statistics;
    struct buffer out = BUFFER_EMPTY;
    if (!arguments_read(arguments, NULL, 0, 0, 0))
        return TOOL_USAGE;
    const enum error error = statistics_read(tool->db, &statistics);
    if (error)
        return tool_store_failed(tool, error);
    if (tool->json)
        write_json(&statistics, &out);
    else
        write_table(&statistics, &out);
    tool_print(&out);
    return TOOL_DONE;
}
