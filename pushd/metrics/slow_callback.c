#include "metrics/slow_callback.h"

#include <inttypes.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/log.h"

/* A room of thousands may take longer than that with each message: a line says it for all. */
#define LINE_EVERY_US 1000000

static struct {
    struct metrics_data *metrics;
    const char *what;
    unsigned depth;
    int64_t started_us;
    /* Both clocks at one moment, which is at most SLOW_CALLBACK_BLUR_US before the start. */
    int64_t mark_us, mark_cpu_us;
    int64_t line_us;   /* of the last line; 0: never */
    uint64_t unlogged; /* long ones since */
} watch;

void slow_callback_init(struct metrics_data *metrics) {
    watch.metrics = metrics;
    watch.depth = 0;
}

void slow_callback_start(const char *what) {
    if (!watch.metrics || watch.depth++ > 0)
        return;
    watch.what = what;
    watch.started_us = clock_monotonic_us();
    if (watch.started_us - watch.mark_us <= SLOW_CALLBACK_BLUR_US)
        return;
    watch.mark_us = watch.started_us;
    watch.mark_cpu_us = clock_thread_us();
}

static void report(int64_t now_us, int64_t spent_us) {
    watch.metrics->slow_callbacks++;
    watch.unlogged++;
    if (watch.line_us && now_us - watch.line_us < LINE_EVERY_US)
        return;
    log_warn("%s took %" PRId64 " ms of CPU time while all else waited (%" PRIu64
             " such since the last line)",
             watch.what, spent_us / 1000, watch.unlogged);
    watch.line_us = now_us;
    watch.unlogged = 0;
}

/* Of the CPU time since the mark, what came before the start is at most the time between. */
void slow_callback_stop(void) {
    if (!watch.metrics || --watch.depth > 0)
        return;
    const int64_t now_us = clock_monotonic_us();
    if (now_us - watch.started_us <= SLOW_CALLBACK_LIMIT_US)
        return;
    const int64_t spent_us =
        clock_thread_us() - watch.mark_cpu_us - (watch.started_us - watch.mark_us);
    if (spent_us > SLOW_CALLBACK_LIMIT_US)
        report(now_us, spent_us);
}
