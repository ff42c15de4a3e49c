/* A minimal HTTP/1.1 server: a request is read up to the empty line, answered and closed. The
 * numbers of followers are read on a thread, by a database connection for the one request. */
#include "metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "db/db.h"
#include "os/tcp_listener.h"
#include "store/follower.h"
#include "store/worker.h"

#define REQUEST_SIZE 4096
#define BACKLOG 64
#define CONNECTIONS_MOST 64
#define TIMEOUT_MS 10000

/* A worker whose last step is older is reported as unavailable. */
#define STEP_MS 15000

struct metrics {
    uv_loop_t *loop;
    const struct config *config;
    uv_tcp_t server;
    unsigned connections;
    bool is_closing;
    uint64_t delivered, failed, aborted;
    size_t under_way;
    bool is_connected;
    int64_t stepped_ms; /* when a step has succeeded last */
};

/* One request and its answer. */
struct conn {
    struct metrics *metrics;
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_write_t write;
    uv_work_t work;
    unsigned open_handles;
    char request[REQUEST_SIZE];
    size_t len;
    bool is_working, has_ended;
    struct buffer body, answer;
};

/* ---- numbers ---- */

/* The lines of each metric of followers, which must stand together. */
struct lags {
    struct buffer events, seconds, failing, tries;
};

static void append_line(struct buffer *out, const char *name, const struct follower_lag *lag,
                        const char *more, uint64_t value) {
    buffer_printf(out, "%s{follower=\"%" PRIu64 "\",kind=\"%s\",name=\"", name, lag->follower_id,
                  lag->is_hook ? "hook" : "pull");
    for (size_t i = 0; i < lag->name.len; i++) {
        const char c = lag->name.at[i];
        if (c == '"' || c == '\\')
            buffer_append_char(out, '\\');
        /* A line feed would end the line. */
        buffer_append_char(out, (unsigned char)c < ' ' ? ' ' : c);
    }
    buffer_printf(out, "\"%s} %" PRIu64 "\n", more, value);
}

static void add_lag(void *context, const struct follower_lag *lag) {
    struct lags *lags = context;
    append_line(&lags->events, "confab_follower_lag_events", lag, "", lag->events);
    append_line(&lags->seconds, "confab_follower_lag_seconds", lag, "", lag->seconds);
    if (!lag->is_hook)
        return;
    append_line(&lags->failing, "confab_hook_failing_rooms", lag, "", lag->failing);
    append_line(&lags->tries, "confab_hook_deliveries_total", lag, ",result=\"delivered\"",
                lag->delivered);
    append_line(&lags->tries, "confab_hook_deliveries_total", lag, ",result=\"failed\"",
                lag->failed);
}

static void append_metric(struct buffer *out, const char *name, const char *type, const char *help,
                          struct buffer *lines) {
    buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
    buffer_append(out, lines->data, lines->len);
    buffer_free(lines);
}

/* On a thread. */
static void read_lags(uv_work_t *work) {
    struct conn *conn = work->data;
    struct buffer *out = &conn->body;
    struct lags lags = {.events = BUFFER_EMPTY};
    uint64_t workers = 0;
    struct db *db = db_new(conn->metrics->config);
    enum error error = follower_lags(db, add_lag, &lags);
    if (!error)
        error = worker_count(db, &workers);
    db_free(db);
    buffer_printf(out,
                  "# HELP confab_worker_database_up Whether the numbers below could be read.\n"
                  "# TYPE confab_worker_database_up gauge\nconfab_worker_database_up %d\n"
                  "# HELP confab_worker_processes Living workers of this database.\n"
                  "# TYPE confab_worker_processes gauge\nconfab_worker_processes %" PRIu64 "\n",
                  !error, workers);
    append_metric(out, "confab_follower_lag_events", "gauge", "Events that were not read yet.",
                  &lags.events);
    append_metric(out, "confab_follower_lag_seconds", "gauge",
                  "Time since the oldest of them was found.", &lags.seconds);
    append_metric(out, "confab_hook_failing_rooms", "gauge",
                  "Rooms whose last delivery has failed.", &lags.failing);
    append_metric(out, "confab_hook_deliveries_total", "counter",
                  "Tries to deliver, of all workers, by result.", &lags.tries);
}

/* ---- connections ---- */

static void on_conn_closed(uv_handle_t *handle) {
    struct conn *conn = handle->data;
    struct metrics *metrics = conn->metrics;
    if (--conn->open_handles > 0)
        return;
    metrics->connections--;
    buffer_free(&conn->body);
    buffer_free(&conn->answer);
    free(conn);
    if (metrics->is_closing && metrics->connections == 0)
        free(metrics);
}

/* Ends a connection; after its thread, if that is running. */
static void end(struct conn *conn) {
    conn->has_ended = true;
    if (conn->is_working || uv_is_closing((uv_handle_t *)&conn->tcp))
        return;
    uv_close((uv_handle_t *)&conn->tcp, on_conn_closed);
    uv_close((uv_handle_t *)&conn->timer, on_conn_closed);
}

static void on_written(uv_write_t *write, int failed) {
    (void)failed;
    end(write->data);
}

static void answer(struct conn *conn, int code, const char *type) {
    buffer_printf(&conn->answer,
                  "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                  "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                  code, error_reason(code), type, conn->body.len);
    buffer_append(&conn->answer, conn->body.data, conn->body.len);
    uv_buf_t out = uv_buf_init(conn->answer.data, (unsigned)conn->answer.len);
    conn->write.data = conn;
    if (uv_write(&conn->write, (uv_stream_t *)&conn->tcp, &out, 1, on_written) != 0)
        end(conn);
}

static void on_lags_read(uv_work_t *work, int status) {
    struct conn *conn = work->data;
    const struct metrics *metrics = conn->metrics;
    (void)status;
    conn->is_working = false;
    if (conn->has_ended) {
        end(conn);
        return;
    }
    buffer_printf(&conn->body,
                  "# HELP confab_worker_deliveries_total Tries of this process, by result.\n"
                  "# TYPE confab_worker_deliveries_total counter\n"
                  "confab_worker_deliveries_total{result=\"delivered\"} %" PRIu64
                  "\n"
                  "confab_worker_deliveries_total{result=\"failed\"} %" PRIu64
                  "\n"
                  "confab_worker_deliveries_total{result=\"aborted\"} %" PRIu64
                  "\n"
                  "# HELP confab_worker_deliveries Deliveries under way in this process.\n"
                  "# TYPE confab_worker_deliveries gauge\nconfab_worker_deliveries %zu\n",
                  metrics->delivered, metrics->failed, metrics->aborted, metrics->under_way);
    answer(conn, 200, "text/plain; version=0.0.4; charset=utf-8");
}

static bool is_for(const struct conn *conn, const char *path) {
    const size_t len = strlen(path);
    return strncmp(conn->request, "GET ", 4) == 0 && strncmp(conn->request + 4, path, len) == 0 &&
           strchr(" ?/", conn->request[4 + len]);
}

static void respond(struct conn *conn) {
    static const char JSON[] = "application/json; charset=utf-8";
    const struct metrics *metrics = conn->metrics;
    const bool is_well =
        metrics->is_connected && clock_monotonic_ms() - metrics->stepped_ms < STEP_MS;
    if (is_for(conn, "/metrics")) {
        conn->work.data = conn;
        conn->is_working = true;
        uv_queue_work(metrics->loop, &conn->work, read_lags, on_lags_read);
    } else if (is_for(conn, "/healthz")) {
        buffer_printf(&conn->body, "{\"status\":\"%s\",\"database\":\"%s\"}",
                      is_well ? "ok" : "degraded", metrics->is_connected ? "ok" : "down");
        answer(conn, is_well ? 200 : 503, JSON);
    } else {
        buffer_append_str(&conn->body, "{\"detail\":\"Not found.\"}");
        answer(conn, 404, JSON);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    struct conn *conn = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(conn->request + conn->len, (unsigned)(REQUEST_SIZE - 1 - conn->len));
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer) {
    struct conn *conn = stream->data;
    (void)buffer;
    /* Closed, failed, or longer than any request of a scraper. */
    if (got < 0) {
        end(conn);
        return;
    }
    conn->len += (size_t)got;
    conn->request[conn->len] = '\0';
    if (!strstr(conn->request, "\r\n\r\n"))
        return;
    uv_read_stop(stream);
    respond(conn);
}

static void on_timeout(uv_timer_t *timer) {
    end(timer->data);
}

static void on_connection(uv_stream_t *server, int failed) {
    struct metrics *metrics = server->data;
    if (failed)
        return;
    struct conn *conn = xcalloc(1, sizeof(*conn));
    conn->metrics = metrics;
    conn->open_handles = 2;
    metrics->connections++;
    uv_tcp_init(server->loop, &conn->tcp);
    uv_timer_init(server->loop, &conn->timer);
    conn->tcp.data = conn->timer.data = conn;
    uv_timer_start(&conn->timer, on_timeout, TIMEOUT_MS, 0);
    if (uv_accept(server, (uv_stream_t *)&conn->tcp) != 0 ||
        metrics->connections > CONNECTIONS_MOST ||
        uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read) != 0)
        end(conn);
}

/* ---- the module ---- */

static void write_ports(const char *path, unsigned port) {
    FILE *file = path ? fopen(path, "w") : NULL;
    if (path && (!file || fprintf(file, "worker=%u\n", port) < 0))
        log_warn("cannot write %s: %s", path, strerror(errno));
    if (file)
        fclose(file);
}

static void free_metrics(uv_handle_t *handle) {
    struct metrics *metrics = handle->data;
    if (metrics->connections == 0)
        free(metrics);
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
    struct metrics *metrics = xcalloc(1, sizeof(*metrics));
    metrics->loop = loop;
    metrics->config = config;
    uv_tcp_init(loop, &metrics->server);
    metrics->server.data = metrics;
    if (uv_tcp_open(&metrics->server, fd) != 0 ||
        uv_listen((uv_stream_t *)&metrics->server, BACKLOG, on_connection) != 0) {
        log_warn("metrics are not served: cannot listen on %s", config->worker_listen);
        metrics_close(metrics);
        return NULL;
    }
    write_ports(ports_file, tcp_listener_port(fd));
    log_info("metrics on port %u", tcp_listener_port(fd));
    return metrics;
}

void metrics_count(struct metrics *metrics, const struct step_result *result) {
    if (!metrics)
        return;
    metrics->delivered += result->succeeded;
    metrics->failed += result->was_tried && !result->succeeded;
    metrics->aborted += !result->was_tried;
}

void metrics_note_step(struct metrics *metrics, bool is_connected, size_t under_way) {
    if (!metrics)
        return;
    metrics->is_connected = is_connected;
    metrics->under_way = under_way;
    if (is_connected)
        metrics->stepped_ms = clock_monotonic_ms();
}

void metrics_close(struct metrics *metrics) {
    if (!metrics)
        return;
    metrics->is_closing = true;
    uv_close((uv_handle_t *)&metrics->server, free_metrics);
}
