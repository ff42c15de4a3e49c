/* metrics: the table of all metrics, and the text for Prometheus (exposition format 0.0.4) and
 * /healthz made from it. Each worker writes its struct metrics_data in shared memory; any of them
 * answers for all, by adding up or comparing the same field of each. */
#include "metrics/metrics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/xalloc.h"

/* How the values of several processes are combined. MAX and MIN skip processes that do not
 * serve. */
enum aggregate { SUM, MAX, MIN };

/* Rows with the same name are one metric with different labels; they follow each other. */
struct metric {
    const char *name;
    const char *labels;
    enum aggregate aggregate;
    bool seconds; /* the field is in microseconds */
    size_t field; /* in struct metrics_data */
    const char *help;
};

#define FIELD(name) offsetof(struct metrics_data, name)
#define TOTAL(name, field, help) \
    { name, "", SUM, false, FIELD(field), help }
#define WORST(name, field, help) \
    { name, "", MIN, false, FIELD(field), help }
#define SECONDS(name, field, help) \
    { name, "", MAX, true, FIELD(field), help }
#define REASON(name, field, reason, index, help) \
    { name, "{reason=\"" reason "\"}", SUM, false, FIELD(field) + (index) * sizeof(uint64_t), help }
#define DROP(reason, index) \
    REASON("drops_total", drops, reason, index, "Sockets closed by pushd, by reason.")
#define REFUSAL(reason, index)                        \
    REASON("refusals_total", refusals, reason, index, \
           "Connections rejected before the handshake completed, by reason.")

/* A name that ends with _total is a counter, any other a gauge. */
static const struct metric METRICS[] = {
    TOTAL("workers", up, "Worker processes that serve sockets."),
    {"pushd_info", "{version=\"" CONFAB_VERSION "\"}", MAX, false, FIELD(up),
     "Always 1; the label has the version of the program."},
    {"sockets", "{kind=\"room\"}", SUM, false, FIELD(sockets_room), "Open sockets, by kind."},
    {"sockets", "{kind=\"notifications\"}", SUM, false, FIELD(sockets_notifications), ""},
    TOTAL("connections_total", connections, "Connections accepted."),
    TOTAL("handshakes_total", handshakes, "Handshakes completed."),
    TOTAL("deliveries_total", deliveries, "Frames sent to sockets."),
    TOTAL("delivered_bytes_total", delivered_bytes, "Bytes written to sockets."),
    TOTAL("send_queue_bytes", send_queue_bytes, "Bytes in the send queues of all sockets."),
    TOTAL("frames_in_total", frames_in, "Messages received from clients."),
    TOTAL("pongs_total", pongs, "Pongs sent; pings that arrive together are answered by one."),
    TOTAL("bad_frames_total", bad_frames, "Invalid messages received from clients."),
    TOTAL("rate_limited_total", rate_limited, "Messages dropped by the rate limit."),
    DROP("auth", METRICS_DROP_AUTH),
    DROP("forbidden", METRICS_DROP_FORBIDDEN),
    DROP("not_found", METRICS_DROP_NOT_FOUND),
    DROP("bad_since", METRICS_DROP_BAD_SINCE),
    DROP("slow", METRICS_DROP_SLOW),
    DROP("protocol", METRICS_DROP_PROTOCOL),
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
    REFUSAL("address_limit", METRICS_REFUSAL_ADDRESS),
    REFUSAL("failures", METRICS_REFUSAL_FAILURES),
    REFUSAL("handshake_limit", METRICS_REFUSAL_HANDSHAKES),
    REFUSAL("incomplete", METRICS_REFUSAL_INCOMPLETE),
    TOTAL("abnormal_closes_total", abnormal_closes,
          "Sockets that disconnected without a close frame."),
    TOTAL("streams", streams, "Streams of rooms and users with a subscriber, in each process."),
    TOTAL("subscribers", subscribers, "Subscribers of all streams."),
    TOTAL("replays_total", replays, "Sockets to which missed events were sent."),
    TOTAL("replayed_events_total", replayed_events, "Missed events sent."),
    TOTAL("resyncs_total", resyncs, "Resync frames sent."),
    TOTAL("gaps_filled_total", gaps_filled, "Reads of missing events from the database."),
    TOTAL("gap_checks_total", gap_checks, "Gap checks run."),
    TOTAL("gap_check_events_total", gap_check_events,
          "Events that a gap check found before Redis delivered them."),
    WORST("redis_up", redis_up, "1 if Redis is up."),
    TOTAL("redis_events_total", redis_events, "Events received from Redis."),
    TOTAL("redis_malformed_total", redis_malformed, "Malformed events received from Redis."),
    TOTAL("redis_reconnects_total", redis_reconnects, "Reconnections to Redis."),
    TOTAL("redis_subscriptions", redis_subscriptions, "Subscribed Redis channels."),
    SECONDS("redis_latency_seconds", redis_latency_us, "Round trip of the last PING."),
    WORST("database_up", database_up, "1 if the last ping of the database succeeded."),
    TOTAL("database_errors_total", db_errors, "Failed database jobs."),
    SECONDS("database_latency_seconds", db_latency_us, "Duration of the last database ping."),
    SECONDS("loop_lag_seconds", loop_lag_us, "Current lag of the event loop."),
    SECONDS("loop_lag_max_seconds", loop_lag_max_us, "Largest lag of the event loop so far."),
    TOTAL("slow_callbacks_total", slow_callbacks,
          "Event loop callbacks that used more than 5 ms of CPU time."),
    TOTAL("resident_memory_bytes", memory_bytes, "Resident memory of all processes."),
    WORST("file_limit", file_limit, "Limit of open files for each process."),
};

#define METRIC_COUNT (sizeof(METRICS) / sizeof(METRICS[0]))

/* Copies the metrics of all processes; the caller frees them. Other processes write
 * meanwhile, so values may be slightly out of step with each other. A loop that hangs cannot
 * update its lag, so the lag is computed here from the time at which its timer was due. */
static struct metrics_data_all snapshot(const struct metrics_data_all *all) {
    const struct metrics_data_all now = {xcalloc(all->count, sizeof(*all->each)), all->count};
    const uint64_t time = (uint64_t)clock_monotonic_us();
    memcpy(now.each, all->each, all->count * sizeof(*all->each));
    for (size_t i = 0; i < now.count; i++) {
        struct metrics_data *metrics = &now.each[i];
        const uint64_t lag = time > metrics->loop_due_us ? time - metrics->loop_due_us : 0;
        /* The timer is overdue by more than it last measured: the loop is busy right now. */
        if (metrics->up && lag > metrics->loop_lag_us)
            metrics->loop_lag_us = lag;
        if (metrics->loop_lag_us > metrics->loop_lag_max_us)
            metrics->loop_lag_max_us = metrics->loop_lag_us;
    }
    return now;
}

/* The counter at this offset; every field that has a row is a uint64_t. */
static uint64_t field(const struct metrics_data *metrics, size_t offset) {
    uint64_t value;
    memcpy(&value, (const char *)metrics + offset, sizeof(value));
    return value;
}

/* Combines a field of all processes. MAX and MIN are 0 if no process serves. */
static uint64_t aggregate(const struct metrics_data_all *all, size_t offset, enum aggregate how) {
    uint64_t result = 0;
    bool first = true;
    for (size_t i = 0; i < all->count; i++) {
        const uint64_t value = field(&all->each[i], offset);
        if (how == SUM)
            result += value;
        else if (all->each[i].up && (first || (how == MAX) == (value > result)))
            result = value;
        /* The first process that serves sets the result, whatever its value. */
        first = first && !all->each[i].up;
    }
    return result;
}

/* HELP and TYPE: once for each name, before its first sample. */
static void write_head(struct buffer *out, const struct metric *metric) {
    const size_t len = strlen(metric->name);
    const bool counter = len > 6 && strcmp(metric->name + len - 6, "_total") == 0;
    buffer_printf(out, "# HELP confab_%s %s\n# TYPE confab_%s %s\n", metric->name, metric->help,
                  metric->name, counter ? "counter" : "gauge");
}

void metrics_write(const struct metrics_data_all *all, struct buffer *out) {
    const struct metrics_data_all now = snapshot(all);
    const char *before = "";
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        const struct metric *metric = &METRICS[i];
        const uint64_t value = aggregate(&now, metric->field, metric->aggregate);
        /* Rows of the same name follow each other: samples of one metric. */
        if (strcmp(before, metric->name) != 0)
            write_head(out, metric);
        before = metric->name;
        /* Prometheus wants base units: seconds, bytes. */
        if (metric->seconds)
            buffer_printf(out, "confab_%s%s %.6f\n", metric->name, metric->labels,
                          (double)value / 1e6);
        else
            buffer_printf(out, "confab_%s%s %" PRIu64 "\n", metric->name, metric->labels, value);
    }
    free(now.each);
}

int metrics_health(const struct metrics_data_all *all, struct buffer *out) {
    /* A single worker without its database makes the whole unavailable. Without Redis events are
     * late, but arrive: degraded, still 200. */
    const bool database = aggregate(all, FIELD(database_up), MIN) != 0;
    const bool redis = aggregate(all, FIELD(redis_up), MIN) != 0;
    const bool draining = aggregate(all, FIELD(draining), MAX) != 0;
    const bool available = database && !draining;
    const char *status = !available ? "unavailable" : redis ? "ok" : "degraded";
    buffer_printf(out, "{\"status\":\"%s\"", status);
    if (!available)
        buffer_printf(out, ",\"detail\":\"%s\",\"code\":\"%s\"",
                      draining ? "This host is about to stop." : "The database cannot be reached.",
                      error_code_word(CODE_UNAVAILABLE));
    if (!available || !redis)
        buffer_printf(out, ",\"database\":\"%s\",\"redis\":\"%s\"", database ? "ok" : "unreachable",
                      redis ? "ok" : "unreachable");
    buffer_append_char(out, '}');
    return available ? 200 : 503;
}
