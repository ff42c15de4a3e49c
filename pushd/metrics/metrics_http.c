/* metrics_http: a minimal HTTP/1.1 server for /metrics and /healthz, for monitoring and web
 * servers. Each connection carries one request: it is read up to the empty line, answered, and
 * closed. Also the timer that measures the lag of the loop and the memory. */
#include "metrics/metrics_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "metrics/metrics.h"
#include "metrics/slow_callback.h"

/* In bytes; a longer request is answered with 431. */
#define REQUEST_SIZE 4096

/* The interval of a timer; the lag of the loop is how late it fires. Milliseconds. */
#define LAG_EVERY_MS 500

/* The longest time for a request and its answer. */
#define TIMEOUT_MS 10000

/* Length of the kernel's queue of connections. */
#define BACKLOG 128

/* Connections at the same time; more are not needed to ask, and must not take the descriptors of
 * sockets. */
#define MAX_CONNS 64

struct metrics_http {
    const struct metrics_data_all *all;
    struct metrics_data *own;
    uv_tcp_t server;
    uv_timer_t lag_timer;
    unsigned open_handles;
    struct conn *newest; /* list of all, by age */
    struct conn *oldest;
    unsigned count;
};

/* One request and its answer. */
struct conn {
    struct metrics_http *http;
    struct conn *older, *newer;
    int64_t deadline_ms;
    uv_tcp_t tcp;
    uv_write_t write;
    char request[REQUEST_SIZE];
    size_t len;
    struct buffer answer;
};

/* ---- answering ---- */

/* Whether the request is a GET of this path, with or without a slash at the end or a query. */
static bool is_for(const struct conn *conn, const char *path) {
    const size_t len = strlen(path);
    const bool get = strncmp(conn->request, "GET ", 4) == 0;
    return get && strncmp(conn->request + 4, path, len) == 0 &&
           strchr(" ?/", conn->request[4 + len]);
}

static void write_error(struct buffer *body, enum error_code code, const char *detail) {
    buffer_printf(body, "{\"detail\":\"%s\",\"code\":\"%s\"}", detail, error_code_word(code));
}

static void make_answer(struct conn *conn) {
    struct buffer body = BUFFER_EMPTY;
    const char *type = "application/json; charset=utf-8";
    int code = 200;
    /* The buffer is full without an end of the request. */
    if (conn->len >= REQUEST_SIZE - 1) {
        code = 431;
        write_error(&body, CODE_HEADERS_TOO_LARGE, "The request is too large.");
    } else if (is_for(conn, "/metrics")) {
        type = "text/plain; version=0.0.4; charset=utf-8";
        metrics_write(conn->http->all, &body);
    } else if (is_for(conn, "/healthz")) {
        code = metrics_health(conn->http->all, &body);
    } else {
        code = 404;
        write_error(&body, CODE_NOT_FOUND, error_detail(ERROR_NOT_FOUND));
    }
    /* The connection is closed after the answer, which is said here. */
    buffer_printf(&conn->answer,
                  "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                  "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                  code, error_reason(code), type, body.len);
    buffer_append(&conn->answer, body.data, body.len);
    buffer_free(&body);
}

/* libuv has closed the connection: its memory can go. */
static void on_conn_closed(uv_handle_t *handle) {
    struct conn *conn = handle->data;
    buffer_free(&conn->answer);
    free(conn);
}

static void close_conn(struct conn *conn) {
    if (uv_is_closing((uv_handle_t *)&conn->tcp))
        return;
    /* Out of the list at once, so that the timer does not close it again. */
    *(conn->older ? &conn->older->newer : &conn->http->oldest) = conn->newer;
    *(conn->newer ? &conn->newer->older : &conn->http->newest) = conn->older;
    conn->http->count--;
    uv_close((uv_handle_t *)&conn->tcp, on_conn_closed);
}

/* Closes the connections whose deadline is over: the oldest ones. */
static void close_expired(struct metrics_http *http, int64_t now_ms) {
    while (http->oldest && http->oldest->deadline_ms <= now_ms)
        close_conn(http->oldest);
}

static void on_written(uv_write_t *write, int failed) {
    (void)failed;
    close_conn(write->data);
}

/* Reads straight behind what has come; one byte is left for the final zero. */
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    struct conn *conn = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(conn->request + conn->len, (unsigned)(REQUEST_SIZE - 1 - conn->len));
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer) {
    struct conn *conn = stream->data;
    (void)buffer;
    /* The client has closed, or the connection failed. */
    if (got < 0 && got != UV_ENOBUFS) {
        close_conn(conn);
        return;
    }
    conn->len += got > 0 ? (size_t)got : 0;
    conn->request[conn->len] = '\0';
    /* Headers are not used, but are read to their end: closing with unread data would reset the
     * connection and might lose the answer. */
    if (!strstr(conn->request, "\r\n\r\n") && conn->len < REQUEST_SIZE - 1)
        return;
    /* One request: whatever follows is not read. */
    uv_read_stop(stream);
    slow_callback_start("writing metrics");
    make_answer(conn);
    slow_callback_stop();
    uv_buf_t out = uv_buf_init(conn->answer.data, (unsigned)conn->answer.len);
    conn->write.data = conn;
    if (uv_write(&conn->write, stream, &out, 1, on_written) != 0)
        close_conn(conn);
}

/* A new connection, into the list as the newest one. If there are too many, the oldest one is
 * closed: it has had the most time. */
static void on_connection(uv_stream_t *server, int failed) {
    struct metrics_http *http = server->data;
    if (failed)
        return;
    struct conn *conn = xcalloc(1, sizeof(*conn));
    conn->http = http;
    conn->deadline_ms = clock_monotonic_ms() + TIMEOUT_MS;
    conn->older = http->newest;
    *(conn->older ? &conn->older->newer : &http->oldest) = conn;
    http->newest = conn;
    if (++http->count > MAX_CONNS)
        close_conn(http->oldest);
    uv_tcp_init(server->loop, &conn->tcp);
    conn->tcp.data = conn;
    if (uv_accept(server, (uv_stream_t *)&conn->tcp) != 0 ||
        uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read) != 0)
        close_conn(conn);
}

/* ---- lag and memory ---- */

/* The resident memory of this process in bytes; statm has it as the second number, in pages. */
static uint64_t resident_bytes(void) {
    char line[128] = "";
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file)
        return 0;
    const char *read = fgets(line, sizeof(line), file);
    fclose(file);
    const char *second = read ? strchr(line, ' ') : NULL;
    return second ? strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static uint64_t file_limit(void) {
    struct rlimit limit = {0};
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

/* Measures how late this timer is: that long the loop was busy. loop_due_us is for metrics.c, which
 * can so tell that a loop hangs. */
static void on_lag_timer(uv_timer_t *timer) {
    struct metrics_http *http = timer->data;
    struct metrics_data *own = http->own;
    const uint64_t now = (uint64_t)clock_monotonic_us();
    own->loop_lag_us = now > own->loop_due_us ? now - own->loop_due_us : 0;
    if (own->loop_lag_us > own->loop_lag_max_us)
        own->loop_lag_max_us = own->loop_lag_us;
    own->loop_due_us = now + LAG_EVERY_MS * 1000;
    own->memory_bytes = resident_bytes();
    close_expired(http, clock_monotonic_ms());
    /* Not a repeating timer: the next one is due an interval after now, whatever was late. */
    uv_timer_start(timer, on_lag_timer, LAG_EVERY_MS, 0);
}

/* ---- opening and closing ---- */

struct metrics_http *metrics_http_new(uv_loop_t *loop, const struct metrics_data_all *all,
                                      size_t own, int listen_fd) {
    struct metrics_http *http = xcalloc(1, sizeof(*http));
    http->all = all;
    http->own = &all->each[own];
    uv_tcp_init(loop, &http->server);
    uv_timer_init(loop, &http->lag_timer);
    http->server.data = http->lag_timer.data = http;
    http->open_handles = 2;
    /* listen_fd is bound, and shared by the workers: each connection goes to one of them. */
    int failed = uv_tcp_open(&http->server, listen_fd);
    if (!failed)
        failed = uv_listen((uv_stream_t *)&http->server, BACKLOG, on_connection);
    if (failed) {
        log_error("cannot serve metrics: %s", uv_strerror(failed));
        metrics_http_close(http);
        return NULL;
    }
    http->own->file_limit = file_limit();
    http->own->loop_due_us = (uint64_t)clock_monotonic_us();
    /* The first call starts the timer. */
    on_lag_timer(&http->lag_timer);
    return http;
}

/* The server and the timer are two handles; the second one frees the memory. */
static void on_handle_closed(uv_handle_t *handle) {
    struct metrics_http *http = handle->data;
    if (--http->open_handles == 0)
        free(http);
}

void metrics_http_close(struct metrics_http *http) {
    close_expired(http, INT64_MAX);
    uv_close((uv_handle_t *)&http->server, on_handle_closed);
    uv_close((uv_handle_t *)&http->lag_timer, on_handle_closed);
}
