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

/* Requests are read up to here; a longer one is answered 431. */
#define REQUEST_SIZE 4096

/* The loop is asked this often to be on time; how late it is, is its lag. Milliseconds. */
#define LAG_EVERY_MS 500

/* Who has not asked and taken the answer by then is cut off. */
#define PATIENCE_MS 10000

/* Connections that may wait to be taken. */
#define BACKLOG 128

struct status {
    const struct figures_all *all;
    struct figures *own;
    uv_tcp_t server;
    uv_timer_t lag_timer;
    unsigned handles;      /* to be closed before it is freed */
    struct client *newest; /* list of those who are here */
};

/* One request and its answer. */
struct client {
    struct status *status;
    struct client *next, **at; /* those who came before */
    int64_t until_ms;
    uv_tcp_t tcp;
    uv_write_t write;
    char request[REQUEST_SIZE];
    size_t len;
    struct buffer answer;
};

/* ---- answering ---- */

static bool is_for(const struct client *client, const char *path) {
    const size_t len = strlen(path);
    const bool get = strncmp(client->request, "GET ", 4) == 0;
    return get && strncmp(client->request + 4, path, len) == 0 &&
           strchr(" ?/", client->request[4 + len]);
}

static void make_answer(struct client *client) {
    struct buffer body = BUFFER_EMPTY;
    const char *type = "application/json; charset=utf-8";
    int code = 200;
    if (client->len >= REQUEST_SIZE - 1) {
        code = 431;
        buffer_append_str(&body, "{\"detail\":\"The request is too large.\"}");
    } else if (is_for(client, "/metrics")) {
        type = "text/plain; version=0.0.4; charset=utf-8";
        metrics_write(client->status->all, &body);
    } else if (is_for(client, "/healthz")) {
        code = metrics_health(client->status->all, &body);
    } else {
        code = 404;
        buffer_append_str(&body, "{\"detail\":\"Not found.\"}");
    }
    buffer_printf(&client->answer,
                  "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                  "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                  code, error_reason(code), type, body.len);
    buffer_append(&client->answer, body.data, body.len);
    buffer_free(&body);
}

static void on_client_closed(uv_handle_t *handle) {
    struct client *client = handle->data;
    buffer_free(&client->answer);
    free(client);
}

static void close_client(struct client *client) {
    if (uv_is_closing((uv_handle_t *)&client->tcp))
        return;
    *client->at = client->next;
    if (client->next)
        client->next->at = client->at;
    uv_close((uv_handle_t *)&client->tcp, on_client_closed);
}

/* Closes those whose time is over: they came before all others. */
static void cut_off(struct status *status, int64_t now_ms) {
    struct client *client = status->newest, *next;
    while (client && client->until_ms > now_ms)
        client = client->next;
    for (; client; client = next) {
        next = client->next;
        close_client(client);
    }
}

static void on_written(uv_write_t *write, int failed) {
    (void)failed;
    close_client(write->data);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    struct client *client = handle->data;
    (void)suggested;
    *buffer =
        uv_buf_init(client->request + client->len, (unsigned)(REQUEST_SIZE - 1 - client->len));
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer) {
    struct client *client = stream->data;
    (void)buffer;
    if (got < 0 && got != UV_ENOBUFS) {
        close_client(client);
        return;
    }
    client->len += got > 0 ? (size_t)got : 0;
    client->request[client->len] = '\0';
    if (!strstr(client->request, "\r\n\r\n") && client->len < REQUEST_SIZE - 1)
        return;
    uv_read_stop(stream);
    stopwatch_start("the figures");
    make_answer(client);
    stopwatch_stop();
    uv_buf_t out = uv_buf_init(client->answer.data, (unsigned)client->answer.len);
    client->write.data = client;
    if (uv_write(&client->write, stream, &out, 1, on_written) != 0)
        close_client(client);
}

static void on_connection(uv_stream_t *server, int failed) {
    struct status *status = server->data;
    if (failed)
        return;
    struct client *client = memory_zeroed(1, sizeof(*client));
    client->status = status;
    client->until_ms = clock_monotonic_ms() + PATIENCE_MS;
    client->next = status->newest;
    client->at = &status->newest;
    if (client->next)
        client->next->at = &client->next;
    status->newest = client;
    uv_tcp_init(server->loop, &client->tcp);
    client->tcp.data = client;
    if (uv_accept(server, (uv_stream_t *)&client->tcp) != 0 ||
        uv_read_start((uv_stream_t *)&client->tcp, on_alloc, on_read) != 0)
        close_client(client);
}

/* ---- what is looked at twice a second ---- */

/* Resident memory of this process, in bytes: the second number of statm, in pages. */
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

static void on_lag_timer(uv_timer_t *timer) {
    struct status *status = timer->data;
    struct figures *own = status->own;
    const uint64_t now = (uint64_t)clock_monotonic_us();
    own->loop_lag_us = now > own->loop_due_us ? now - own->loop_due_us : 0;
    if (own->loop_lag_us > own->loop_worst_us)
        own->loop_worst_us = own->loop_lag_us;
    own->loop_due_us = now + LAG_EVERY_MS * 1000;
    own->memory_bytes = resident_bytes();
    cut_off(status, clock_monotonic_ms());
    uv_timer_start(timer, on_lag_timer, LAG_EVERY_MS, 0);
}

/* ---- opening and closing ---- */

struct status *status_new(uv_loop_t *loop, const struct figures_all *all, size_t own,
                          int listen_fd) {
    struct status *status = memory_zeroed(1, sizeof(*status));
    status->all = all;
    status->own = &all->each[own];
    uv_tcp_init(loop, &status->server);
    uv_timer_init(loop, &status->lag_timer);
    status->server.data = status->lag_timer.data = status;
    status->handles = 2;
    int failed = uv_tcp_open(&status->server, listen_fd);
    if (!failed)
        failed = uv_listen((uv_stream_t *)&status->server, BACKLOG, on_connection);
    if (failed) {
        log_error("cannot serve figures: %s", uv_strerror(failed));
        status_close(status);
        return NULL;
    }
    status->own->file_limit = file_limit();
    status->own->loop_due_us = (uint64_t)clock_monotonic_us();
    on_lag_timer(&status->lag_timer);
    return status;
}

static void on_handle_closed(uv_handle_t *handle) {
    struct status *status = handle->data;
    if (--status->handles == 0)
        free(status);
}

void status_close(struct status *status) {
    cut_off(status, INT64_MAX);
    uv_close((uv_handle_t *)&status->server, on_handle_closed);
    uv_close((uv_handle_t *)&status->lag_timer, on_handle_closed);
}
