#include "status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"
#include "log.h"
#include "memory.h"

/* Requests are read up to here; a longer one is answered 431. */
#define REQUEST_SIZE 4096

/* The loop is asked this often to be on time; how late it is, is its lag. Milliseconds. */
#define LAG_EVERY_MS 500

struct status {
    const struct config *config;
    const struct figures *figures;
    const struct bus *bus;
    uv_tcp_t server;
    uv_timer_t lag_timer;
    int64_t due_us;
    int64_t lag_us; /* of the last turn looked at */
    int64_t worst_lag_us;
    bool database;
    unsigned handles; /* to be closed before it is freed */
};

/* One request and its answer. */
struct client {
    struct status *status;
    uv_tcp_t tcp;
    uv_write_t write;
    char request[REQUEST_SIZE];
    size_t len;
    struct buffer answer;
};

/* ---- figures ---- */

static void metric(struct buffer *out, const char *name, const char *type, const char *help) {
    buffer_printf(out, "# HELP confab_%s %s\n# TYPE confab_%s %s\n", name, help, name, type);
}

static void number(struct buffer *out, const char *name, const char *type, const char *help,
                   uint64_t value) {
    metric(out, name, type, help);
    buffer_printf(out, "confab_%s %" PRIu64 "\n", name, value);
}

static void seconds(struct buffer *out, const char *name, const char *help, int64_t micros) {
    metric(out, name, "gauge", help);
    buffer_printf(out, "confab_%s %.6f\n", name, (double)micros / 1e6);
}

static const char *const DROPS[FIGURES_DROP_COUNT] = {
    [FIGURES_DROP_AUTH] = "auth",
    [FIGURES_DROP_FORBIDDEN] = "forbidden",
    [FIGURES_DROP_NOT_FOUND] = "not_found",
    [FIGURES_DROP_BAD_SINCE] = "bad_since",
    [FIGURES_DROP_SLOW] = "slow",
    [FIGURES_DROP_FLOOD] = "flood",
    [FIGURES_DROP_TOO_BIG] = "too_big",
    [FIGURES_DROP_DRAIN] = "drain",
    [FIGURES_DROP_DEAD] = "dead",
    [FIGURES_DROP_LIMIT] = "limit",
    [FIGURES_DROP_UNAVAILABLE] = "unavailable",
};

static const char *const REFUSALS[FIGURES_REFUSAL_COUNT] = {
    [FIGURES_REFUSAL_PLAIN_HTTP] = "plain_http",
    [FIGURES_REFUSAL_PATH] = "path",
    [FIGURES_REFUSAL_MALFORMED] = "malformed",
    [FIGURES_REFUSAL_ORIGIN] = "origin",
    [FIGURES_REFUSAL_FULL] = "full",
    [FIGURES_REFUSAL_CROWDED] = "crowded",
    [FIGURES_REFUSAL_KNOCKING] = "knocking",
    [FIGURES_REFUSAL_UNFINISHED] = "unfinished",
};

/* One counter for each reason. */
static void reasons(struct buffer *out, const char *name, const char *help,
                    const char *const *names, const uint64_t *values, unsigned count) {
    metric(out, name, "counter", help);
    for (unsigned i = 0; i < count; i++)
        buffer_printf(out, "confab_%s{reason=\"%s\"} %" PRIu64 "\n", name, names[i], values[i]);
}

static void sockets_metrics(const struct figures *f, struct buffer *out) {
    metric(out, "sockets", "gauge", "Open sockets by kind.");
    buffer_printf(out,
                  "confab_sockets{kind=\"room\"} %" PRIu64
                  "\nconfab_sockets{kind=\"notifications\"} %" PRIu64 "\n",
                  f->sockets_room, f->sockets_notifications);
    number(out, "connections_total", "counter", "Connections made.", f->connections);
    number(out, "handshakes_total", "counter", "Handshakes completed.", f->handshakes);
    number(out, "deliveries_total", "counter", "Frames given to sockets.", f->deliveries);
    number(out, "delivered_bytes_total", "counter", "Bytes written to sockets.",
           f->delivered_bytes);
    number(out, "queue_bytes", "gauge", "Bytes that wait for slow sockets.", f->queue_bytes);
    number(out, "frames_in_total", "counter", "Messages that clients sent.", f->frames_in);
    number(out, "bad_frames_total", "counter", "Messages not understood.", f->bad_frames);
    number(out, "rate_limited_total", "counter", "Messages over the rate.", f->rate_limited);
    reasons(out, "drops_total", "Sockets closed by pushd, by reason.", DROPS, f->drops,
            FIGURES_DROP_COUNT);
    reasons(out, "refusals_total", "Connections that never became a socket, by reason.", REFUSALS,
            f->refusals, FIGURES_REFUSAL_COUNT);
    number(out, "lost_total", "counter", "Sockets that ended though nobody had said so.", f->lost);
}

static void streams_metrics(const struct figures *f, struct buffer *out) {
    number(out, "streams", "gauge", "Rooms and users that somebody listens to.", f->streams);
    number(out, "subscribers", "gauge", "Listeners of all streams.", f->subscribers);
    number(out, "replays_total", "counter", "Sockets that were sent what they missed.", f->replays);
    number(out, "replayed_events_total", "counter", "Events sent so.", f->replayed_events);
    number(out, "resyncs_total", "counter", "Sockets told to load anew.", f->resyncs);
    number(out, "holes_filled_total", "counter", "Holes read from the database.", f->holes);
    number(out, "tail_checks_total", "counter", "Questions how far the streams go.",
           f->tail_checks);
    number(out, "tail_finds_total", "counter", "Events that only such a question found.",
           f->tail_finds);
}

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

void status_metrics(const struct status *status, struct buffer *out) {
    struct bus_figures bus;
    bus_figures(status->bus, &bus);
    sockets_metrics(status->figures, out);
    streams_metrics(status->figures, out);
    number(out, "redis_up", "gauge", "1 if Redis answers.", bus_is_well(status->bus));
    number(out, "redis_events_total", "counter", "Events received from Redis.", bus.events);
    number(out, "redis_malformed_total", "counter", "Of these, not understood.", bus.malformed);
    number(out, "redis_reconnects_total", "counter", "Connections made anew.", bus.reconnects);
    number(out, "redis_subscriptions", "gauge", "Channels joined.", bus.subscriptions);
    seconds(out, "redis_latency_seconds", "Round trip of the last PING.", bus.latency_us);
    number(out, "database_up", "gauge", "1 if the database answered last.", status->database);
    number(out, "database_errors_total", "counter", "Questions it did not answer.",
           status->figures->db_errors);
    seconds(out, "database_latency_seconds", "Of the last question.",
            status->figures->db_latency_us);
    seconds(out, "loop_lag_seconds", "How late the loop was last.", status->lag_us);
    seconds(out, "loop_lag_worst_seconds", "How late it ever was.", status->worst_lag_us);
    number(out, "resident_memory_bytes", "gauge", "Memory of the process.", resident_bytes());
}

/* ---- answering ---- */

static void health(const struct status *status, struct buffer *body, int *code) {
    struct bus_figures bus;
    bus_figures(status->bus, &bus);
    const bool redis = bus_is_well(status->bus);
    *code = status->database ? 200 : 503;
    buffer_printf(body, "{\"status\":\"%s\"",
                  !status->database ? "unavailable"
                  : redis           ? "ok"
                                    : "degraded");
    if (!status->database || !redis)
        buffer_printf(body, ",\"database\":\"%s\",\"redis\":\"%s\"",
                      status->database ? "ok" : "unreachable", redis ? "ok" : "unreachable");
    buffer_append_char(body, '}');
}

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
        status_metrics(client->status, &body);
    } else if (is_for(client, "/healthz")) {
        health(client->status, &body, &code);
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
    if (!uv_is_closing((uv_handle_t *)&client->tcp))
        uv_close((uv_handle_t *)&client->tcp, on_client_closed);
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
    make_answer(client);
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
    uv_tcp_init(server->loop, &client->tcp);
    client->tcp.data = client;
    if (uv_accept(server, (uv_stream_t *)&client->tcp) != 0 ||
        uv_read_start((uv_stream_t *)&client->tcp, on_alloc, on_read) != 0)
        close_client(client);
}

/* ---- the lag of the loop ---- */

static void on_lag_timer(uv_timer_t *timer) {
    struct status *status = timer->data;
    const int64_t now = clock_monotonic_us();
    status->lag_us = now > status->due_us ? now - status->due_us : 0;
    if (status->lag_us > status->worst_lag_us)
        status->worst_lag_us = status->lag_us;
    status->due_us = now + LAG_EVERY_MS * 1000;
    uv_timer_start(timer, on_lag_timer, LAG_EVERY_MS, 0);
}

/* ---- opening and closing ---- */

static bool listen_at(struct status *status, const char *address) {
    struct sockaddr_storage storage;
    char host[256];
    uint64_t port;
    const char *colon = strrchr(address, ':');
    if (!colon || !text_to_u64(text_of(colon + 1), &port) || port > 65535 ||
        (size_t)(colon - address) >= sizeof(host)) {
        log_error("metrics_listen must be host:port, not %s", address);
        return false;
    }
    snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
    if (uv_ip4_addr(host, (int)port, (struct sockaddr_in *)&storage) != 0 &&
        uv_ip6_addr(host, (int)port, (struct sockaddr_in6 *)&storage) != 0) {
        log_error("metrics_listen must name an address, not %s", host);
        return false;
    }
    int failed = uv_tcp_bind(&status->server, (struct sockaddr *)&storage, 0);
    if (!failed)
        failed = uv_listen((uv_stream_t *)&status->server, 16, on_connection);
    if (failed)
        log_error("cannot listen on %s: %s", address, uv_strerror(failed));
    return !failed;
}

struct status *status_new(uv_loop_t *loop, const struct config *config,
                          const struct figures *figures, const struct bus *bus) {
    struct status *status = memory_zeroed(1, sizeof(*status));
    status->config = config;
    status->figures = figures;
    status->bus = bus;
    uv_tcp_init(loop, &status->server);
    uv_timer_init(loop, &status->lag_timer);
    status->server.data = status->lag_timer.data = status;
    status->handles = 2;
    if (!listen_at(status, config->metrics_listen)) {
        status_close(status);
        return NULL;
    }
    status->due_us = clock_monotonic_us();
    on_lag_timer(&status->lag_timer);
    return status;
}

unsigned status_port(const struct status *status) {
    struct sockaddr_storage storage;
    int len = sizeof(storage);
    if (uv_tcp_getsockname(&status->server, (struct sockaddr *)&storage, &len) != 0)
        return 0;
    return ntohs(storage.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&storage)->sin6_port
                                               : ((struct sockaddr_in *)&storage)->sin_port);
}

void status_set_database(struct status *status, bool reachable) {
    status->database = reachable;
}

static void on_handle_closed(uv_handle_t *handle) {
    struct status *status = handle->data;
    if (--status->handles == 0)
        free(status);
}

void status_close(struct status *status) {
    uv_close((uv_handle_t *)&status->server, on_handle_closed);
    uv_close((uv_handle_t *)&status->lag_timer, on_handle_closed);
}
