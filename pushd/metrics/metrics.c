#include "metrics/metrics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"

/* How the numbers of several processes become one. What is the least or the largest is that
 * of the processes that worker. */
enum gather { SUM, LARGEST, LEAST };

/* A row with the name of the row before is the same figure with another label. */
struct metric {
    const char *name;
    const char *labels;
    enum gather gather;
    bool seconds; /* kept in microseconds */
    size_t field; /* in struct metrics_data */
    const char *help;
};

#define FIELD(name) offsetof(struct metrics_data, name)
/* The sum over all processes. */
#define TOTAL(name, field, help) \
    { name, "", SUM, false, FIELD(field), help }
/* As it is where it is worst. */
#define WORST(name, field, help) \
    { name, "", LEAST, false, FIELD(field), help }
#define SECONDS(name, field, help) \
    { name, "", LARGEST, true, FIELD(field), help }
/* One counter for each reason. */
#define REASON(name, field, reason, index, help) \
    { name, "{reason=\"" reason "\"}", SUM, false, FIELD(field) + (index) * sizeof(uint64_t), help }
#define DROP(reason, index) \
    REASON("drops_total", drops, reason, index, "Sockets closed by pushd, by reason.")
#define REFUSAL(reason, index)                        \
    REASON("refusals_total", refusals, reason, index, \
           "Connections that never became a socket, by reason.")

/* A name that ends with _total is a counter's, any other that of a gauge. */
static const struct metric METRICS[] = {
    TOTAL("workers", up, "Processes that serve."),
    {"pushd_info", "{version=\"" CONFAB_VERSION "\"}", LARGEST, false, FIELD(up),
     "1, with the version of the program."},
    {"sockets", "{kind=\"room\"}", SUM, false, FIELD(sockets_room), "Open sockets by kind."},
    {"sockets", "{kind=\"notifications\"}", SUM, false, FIELD(sockets_notifications), ""},
    TOTAL("connections_total", connections, "Connections made."),
    TOTAL("handshakes_total", handshakes, "Handshakes completed."),
    TOTAL("deliveries_total", deliveries, "Frames given to sockets."),
    TOTAL("delivered_bytes_total", delivered_bytes, "Bytes written to sockets."),
    TOTAL("queue_bytes", queue_bytes, "Bytes that wait for slow sockets."),
    TOTAL("frames_in_total", frames_in, "Messages that clients sent."),
    TOTAL("pongs_total", pongs,
          "Answers to pings of the protocol; those that come together get one."),
    TOTAL("bad_frames_total", bad_frames, "Messages not understood."),
    TOTAL("rate_limited_total", rate_limited, "Messages over the rate."),
    DROP("auth", METRICS_DROP_AUTH),
    DROP("forbidden", METRICS_DROP_FORBIDDEN),
    DROP("not_found", METRICS_DROP_NOT_FOUND),
    DROP("bad_since", METRICS_DROP_BAD_SINCE),
    DROP("slow", METRICS_DROP_SLOW),
    DROP("flood", METRICS_DROP_FLOOD),
    DROP("too_big", METRICS_DROP_TOO_BIG),
    DROP("drain", METRICS_DROP_DRAIN),
    DROP("dead", METRICS_DROP_DEAD),
    DROP("limit", METRICS_DROP_LIMIT),
    DROP("unavailable", METRICS_DROP_UNAVAILABLE),
    REFUSAL("plain_http", METRICS_REFUSAL_PLAIN_HTTP),
    REFUSAL("path", METRICS_REFUSAL_PATH),
    REFUSAL("malformed", METRICS_REFUSAL_MALFORMED),
    REFUSAL("origin", METRICS_REFUSAL_ORIGIN),
    REFUSAL("full", METRICS_REFUSAL_FULL),
    REFUSAL("crowded", METRICS_REFUSAL_ADDRESS),
    REFUSAL("knocking", METRICS_REFUSAL_HANDSHAKES),
    REFUSAL("unfinished", METRICS_REFUSAL_UNFINISHED),
    TOTAL("lost_total", abnormal_closes, "Sockets that ended though nobody had said so."),
    TOTAL("streams", streams, "Rooms and users that somebody listens to, those of each process."),
    TOTAL("subscribers", subscribers, "Listeners of all streams."),
    TOTAL("replays_total", replays, "Sockets that were sent what they missed."),
    TOTAL("replayed_events_total", replayed_events, "Events sent so."),
    TOTAL("resyncs_total", resyncs, "Sockets told to load anew."),
    TOTAL("holes_filled_total", gaps_filled, "Holes read from the database."),
    TOTAL("tail_checks_total", gap_checks, "Questions how far the streams go."),
    TOTAL("tail_finds_total", gap_check_events, "Events that only such a question found."),
    WORST("redis_up", redis_up, "1 if Redis answers."),
    TOTAL("redis_events_total", redis_events, "Events received from Redis."),
    TOTAL("redis_malformed_total", redis_malformed, "Of these, not understood."),
    TOTAL("redis_reconnects_total", redis_reconnects, "Connections made anew."),
    TOTAL("redis_subscriptions", redis_subscriptions, "Channels joined."),
    SECONDS("redis_latency_seconds", redis_latency_us, "Round trip of the last PING."),
    WORST("database_up", database_up, "1 if the database answered last."),
    TOTAL("database_errors_total", db_errors, "Questions it did not answer."),
    SECONDS("database_latency_seconds", db_latency_us, "Of the last question."),
    SECONDS("loop_lag_seconds", loop_lag_us, "How late the loop is."),
    SECONDS("loop_lag_worst_seconds", loop_lag_max_us, "How late it ever was."),
    TOTAL("loop_long_callbacks_total", slow_callbacks,
          "Callbacks that took more than 5 ms of CPU time."),
    TOTAL("resident_memory_bytes", memory_bytes, "Memory of all processes."),
    WORST("file_limit", file_limit, "Files a process may have open."),
};

#define METRIC_COUNT (sizeof(METRICS) / sizeof(METRICS[0]))

/* The metrics as they are now, to be freed. Other processes write while they are read: a
 * number may be one behind another. A loop that hangs cannot tell how late it is. */
static struct metrics_data_all take(const struct metrics_data_all *all) {
    const struct metrics_data_all now = {xcalloc(all->count, sizeof(*all->each)), all->count};
    const uint64_t time = (uint64_t)clock_monotonic_us();
    memcpy(now.each, all->each, all->count * sizeof(*all->each));
    for (size_t i = 0; i < now.count; i++) {
        struct metrics_data *metrics = &now.each[i];
        const uint64_t late = time > metrics->loop_due_us ? time - metrics->loop_due_us : 0;
        if (metrics->up && late > metrics->loop_lag_us)
            metrics->loop_lag_us = late;
        if (metrics->loop_lag_us > metrics->loop_lag_max_us)
            metrics->loop_lag_max_us = metrics->loop_lag_us;
    }
    return now;
}

static uint64_t field(const struct metrics_data *metrics, size_t offset) {
    uint64_t value;
    memcpy(&value, (const char *)metrics + offset, sizeof(value));
    return value;
}

static uint64_t gather(const struct metrics_data_all *all, size_t offset, enum gather how) {
    uint64_t result = 0;
    bool first = true;
    for (size_t i = 0; i < all->count; i++) {
        const uint64_t value = field(&all->each[i], offset);
        if (how == SUM)
            result += value;
        else if (all->each[i].up && (first || (how == LARGEST) == (value > result)))
            result = value;
        first = first && !all->each[i].up;
    }
    return result;
}

static void write_head(struct buffer *out, const struct metric *metric) {
    const size_t len = strlen(metric->name);
    const bool counter = len > 6 && strcmp(metric->name + len - 6, "_total") == 0;
    buffer_printf(out, "# HELP confab_%s %s\n# TYPE confab_%s %s\n", metric->name, metric->help,
                  metric->name, counter ? "counter" : "gauge");
}

void metrics_write(const struct metrics_data_all *all, struct buffer *out) {
    const struct metrics_data_all now = take(all);
    const char *before = "";
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        const struct metric *metric = &METRICS[i];
        const uint64_t value = gather(&now, metric->field, metric->gather);
        if (strcmp(before, metric->name) != 0)
            write_head(out, metric);
        before = metric->name;
        if (metric->seconds)
            buffer_printf(out, "confab_%s%s %.6f\n", metric->name, metric->labels,
                          (double)value / 1e6);
        else
            buffer_printf(out, "confab_%s%s %" PRIu64 "\n", metric->name, metric->labels, value);
    }
    free(now.each);
}

int metrics_health(const struct metrics_data_all *all, struct buffer *out) {
    const bool database = gather(all, FIELD(database_up), LEAST) != 0;
    const bool redis = gather(all, FIELD(redis_up), LEAST) != 0;
    buffer_printf(out, "{\"status\":\"%s\"", !database ? "unavailable" : redis ? "ok" : "degraded");
    if (!database || !redis)
        buffer_printf(out, ",\"database\":\"%s\",\"redis\":\"%s\"", database ? "ok" : "unreachable",
                      redis ? "ok" : "unreachable");
    buffer_append_char(out, '}');
    return database ? 200 : 503;
}
