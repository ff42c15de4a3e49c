/* metrics_http: the paths /metrics and /healthz; the timer that measures the lag of the loop and
 * the memory. */
#include "metrics/metrics_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "http/http_server.h"
#include "metrics/metrics.h"
#include "metrics/slow_callback.h"

/* The interval of a timer; the lag of the loop is how late it fires. Milliseconds. */
#define LAG_EVERY_MS 500

struct metrics_http {
    const struct metrics_data_all *all;
    struct metrics_data *own;
    struct http_server *server;
    uv_timer_t lag_timer;
};

/* Answers the two paths of monitoring; false for others. */
static bool on_request(void *context, struct http_request *request, struct text path) {
    const struct metrics_http *http = context;
    const bool is_metrics = text_equals(path, text_of("/metrics"));
    struct buffer body = BUFFER_EMPTY;
    if (!is_metrics && !text_equals(path, text_of("/healthz")))
        return false;
    slow_callback_start("writing metrics");
    if (is_metrics) {
        metrics_write(http->all, &body);
        http_server_answer(request, 200, HTTP_SERVER_METRICS, &body);
    } else {
        const int status = metrics_health(http->all, &body);
        http_server_answer(request, status, HTTP_SERVER_JSON, &body);
    }
    slow_callback_stop();
    buffer_free(&body);
    return true;
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
    /* Not a repeating timer: the next one is due an interval after now, whatever was late. */
    uv_timer_start(timer, on_lag_timer, LAG_EVERY_MS, 0);
}

/* ---- opening and closing ---- */

struct metrics_http *metrics_http_new(uv_loop_t *loop, const struct metrics_data_all *all,
                                      size_t own, int listen_fd) {
    struct metrics_http *http = xcalloc(1, sizeof(*http));
    http->all = all;
    http->own = &all->each[own];
    /* listen_fd is bound, and shared by the workers: each connection goes to one of them. */
    http->server = http_server_new(loop, listen_fd, on_request, http);
    if (!http->server) {
        free(http);
        return NULL;
    }
    uv_timer_init(loop, &http->lag_timer);
    http->lag_timer.data = http;
    http->own->file_limit = file_limit();
    http->own->loop_due_us = (uint64_t)clock_monotonic_us();
    /* The first call starts the timer. */
    on_lag_timer(&http->lag_timer);
    return http;
}

static void on_timer_closed(uv_handle_t *handle) {
    free(handle->data);
}

void metrics_http_close(struct metrics_http *http) {
    http_server_close(http->server);
    uv_close((uv_handle_t *)&http->lag_timer, on_timer_closed);
}
