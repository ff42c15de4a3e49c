/* The paths /metrics and /healthz. The numbers of followers are read on a thread, by a database
 * connection for the one request. */
#include "metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "db/db.h"
#include "http/http_server.h"
#include "os/ports_file.h"
#include "os/tcp_listener.h"
#include "store/followers/follower.h"
#include "store/followers/worker.h"

/* A worker whose last step is older is reported as unavailable. */
#define STEP_MS 15000

/* Owned by the loop; a job on a thread uses `config` only. */
struct metrics {
    uv_loop_t *loop;
    const struct config *config;
    struct http_server *server;
    unsigned jobs;   /* that read numbers */
    bool is_closing; /* free it after the last job */
    uint64_t delivered, failed, aborted;
    size_t under_way;
    bool is_connected;
    int64_t stepped_ms; /* when a step has succeeded last */
};

/* Reads the numbers for one request to /metrics. */
struct job {
    struct metrics *metrics;
    struct http_request *request;
    uv_work_t work;
    struct buffer body;
};

/* ---- numbers ---- */

/* The lines of each metric of followers, collected separately, since the lines of one metric must
 * be together. */
struct lags {
    struct buffer events, seconds, failing, tries;
};

/* A line with the labels that all metrics of a follower have; `more` is another label. */
static void append_line(struct buffer *out, const char *name, const struct follower_lag *lag,
                        const char *more, uint64_t value) {
    buffer_printf(out, "%s{follower=\"%" PRIu64 "\",kind=\"%s\",name=\"", name, lag->follower_id,
                  lag->is_hook ? "hook" : "pull");
    for (size_t i = 0; i < lag->name.len; i++) {
        /* Escaped as Prometheus' text format wants it. */
        const char c = lag->name.at[i];
        if (c == '"' || c == '\\')
            buffer_append_char(out, '\\');
        /* A line feed would end the line. */
        buffer_append_char(out, (unsigned char)c < ' ' ? ' ' : c);
    }
    buffer_printf(out, "\"%s} %" PRIu64 "\n", more, value);
}

/* Each follower has a line in up to four metrics. */
static void add_lag(void *context, const struct follower_lag *lag) {
    struct lags *lags = context;
    append_line(&lags->events, "confab_follower_lag_events", lag, "", lag->events);
    append_line(&lags->seconds, "confab_follower_lag_seconds", lag, "", lag->seconds);
    /* The other metrics are about deliveries, which a puller does not have. */
    if (!lag->is_hook)
        return;
    append_line(&lags->failing, "confab_hook_failing_rooms", lag, "", lag->failing);
    append_line(&lags->tries, "confab_hook_deliveries_total", lag, ",result=\"delivered\"",
                lag->delivered);
    append_line(&lags->tries, "confab_hook_deliveries_total", lag, ",result=\"failed\"",
                lag->failed);
}

/* Writes the head of a metric and its lines, which it frees. */
static void append_metric(struct buffer *out, const char *name, const char *type, const char *help,
                          struct buffer *lines) {
    buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
    buffer_append(out, lines->data, lines->len);
    buffer_free(lines);
}

/* On a thread, since the database may take its time. Scrapes are rare, so that each has a
 * connection of its own. */
static void read_lags(uv_work_t *work) {
    struct job *job = work->data;
    struct buffer *out = &job->body;
    struct lags lags = {.events = BUFFER_EMPTY};
    uint64_t workers = 0;
    /* Connects for this request, and may fail without disturbing the steps. */
    struct db *db = db_new(job->metrics->config);
    enum error error = follower_lags(db, add_lag, &lags);
    if (!error)
        error = worker_count(db, &workers);
    db_free(db);
    /* If reading has failed there are no lines of followers, and this metric is 0. */
    buffer_printf(out,
                  "# HELP confab_worker_database_up 1 if the database can be read.\n"
                  "# TYPE confab_worker_database_up gauge\nconfab_worker_database_up %d\n"
                  "# HELP confab_worker_processes Running workers of this database.\n"
                  "# TYPE confab_worker_processes gauge\nconfab_worker_processes %" PRIu64 "\n",
                  !error, workers);
    append_metric(out, "confab_follower_lag_events", "gauge",
                  "Events not delivered or acknowledged yet.", &lags.events);
    append_metric(out, "confab_follower_lag_seconds", "gauge",
                  "Time since the oldest of these events was found.", &lags.seconds);
    append_metric(out, "confab_hook_failing_rooms", "gauge",
                  "Rooms whose last delivery failed.", &lags.failing);
    append_metric(out, "confab_hook_deliveries_total", "counter",
                  "Delivery attempts of all workers, by result.", &lags.tries);
}

/* ---- answering ---- */

/* Runs on the loop, which owns the counters of this process, so they need no lock. */
static void on_lags_read(uv_work_t *work, int status) {
    struct job *job = work->data;
    struct metrics *metrics = job->metrics;
    (void)status;
    buffer_printf(&job->body,
                  "# HELP confab_worker_deliveries_total Delivery attempts of this process.\n"
                  "# TYPE confab_worker_deliveries_total counter\n"
                  "confab_worker_deliveries_total{result=\"delivered\"} %" PRIu64
                  "\n"
                  "confab_worker_deliveries_total{result=\"failed\"} %" PRIu64
                  "\n"
                  "confab_worker_deliveries_total{result=\"aborted\"} %" PRIu64
                  "\n"
                  "# HELP confab_worker_deliveries Deliveries in progress in this process.\n"
                  "# TYPE confab_worker_deliveries gauge\nconfab_worker_deliveries %zu\n",
                  metrics->delivered, metrics->failed, metrics->aborted, metrics->under_way);
    http_server_answer(job->request, 200, HTTP_SERVER_METRICS, &job->body);
    buffer_free(&job->body);
    free(job);
    metrics->jobs--;
    /* metrics_close was called meanwhile: the last job frees the memory. */
    if (metrics->is_closing && metrics->jobs == 0)
        free(metrics);
}

/* The answer is given by on_lags_read; until then the request stays open. */
static void start_job(struct metrics *metrics, struct http_request *request) {
    struct job *job = xcalloc(1, sizeof(*job));
    job->metrics = metrics;
    job->request = request;
    job->work.data = job;
    metrics->jobs++;
    uv_queue_work(metrics->loop, &job->work, read_lags, on_lags_read);
}

/* Answers 503 if the database is unavailable, or if no step has ended for STEP_MS. */
static void answer_health(const struct metrics *metrics, struct http_request *request) {
    struct buffer body = BUFFER_EMPTY;
    const bool is_well =
        metrics->is_connected && clock_monotonic_ms() - metrics->stepped_ms < STEP_MS;
    buffer_printf(&body, "{\"status\":\"%s\",\"database\":\"%s\"}", is_well ? "ok" : "degraded",
                  metrics->is_connected ? "ok" : "down");
    http_server_answer(request, is_well ? 200 : 503, HTTP_SERVER_JSON, &body);
    buffer_free(&body);
}

/* False: another path, which the server answers with 404. */
static bool on_request(void *context, struct http_request *request, struct text path) {
    if (text_equals(path, text_of("/metrics")))
        start_job(context, request);
    else if (text_equals(path, text_of("/healthz")))
        answer_health(context, request);
    else
        return false;
    return true;
}

/* ---- the module ---- */

/* Writes the port to the file: with port 0 the system has chosen it. */
static void write_port(const char *path, unsigned port) {
    char line[32];
    snprintf(line, sizeof(line), "worker=%u\n", port);
    if (path)
        ports_file_write(path, line);
}

struct metrics *metrics_new(uv_loop_t *loop, const struct config *config, const char *ports_file) {
    if (config->worker_listen[0] == '\0')
        return NULL;
    /* Several workers of one host may share a port: most numbers are the same. */
    const int fd = tcp_listener_open_shared("worker_listen", config->worker_listen, true);
    if (fd < 0) {
        log_warn("metrics are not served");
        return NULL;
    }
    const unsigned port = tcp_listener_port(fd);
    struct metrics *metrics = xcalloc(1, sizeof(*metrics));
    metrics->loop = loop;
    metrics->config = config;
    metrics->server = http_server_new(loop, fd, on_request, metrics);
    if (!metrics->server) {
        free(metrics);
        return NULL;
    }
    write_port(ports_file, port);
    log_info("metrics on port %u", port);
    return metrics;
}

void metrics_count(struct metrics *metrics, const struct step_result *result) {
    if (!metrics)
        return;
    metrics->delivered += result->succeeded;
    /* One of the three counters grows: a delivery that was not tried was aborted. */
    metrics->failed += result->was_tried && !result->succeeded;
    metrics->aborted += !result->was_tried;
}

void metrics_note_step(struct metrics *metrics, bool is_connected, size_t under_way) {
    if (!metrics)
        return;
    metrics->is_connected = is_connected;
    metrics->under_way = under_way;
    /* Only steps that had a database: after STEP_MS without one the worker is degraded. */
    if (is_connected)
        metrics->stepped_ms = clock_monotonic_ms();
}

void metrics_close(struct metrics *metrics) {
    if (!metrics)
        return;
    /* No new requests are accepted; those that are being answered end by themselves. */
    http_server_close(metrics->server);
    metrics->is_closing = true;
    if (metrics->jobs == 0)
        free(metrics);
}
