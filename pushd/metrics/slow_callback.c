/* slow_callback: the timing of the callback that is running. The cheap monotonic clock is read in
 * each callback; the CPU clock of the thread only to decide whether a long one really used the CPU,
 * or was waiting for its turn on a busy machine. */
#include "metrics/slow_callback.h"

#include <inttypes.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/log.h"

/* In a room of thousands each message may be slow: at most one line in this time. */
#define LOG_INTERVAL_US 1000000

/*
 * The one callback that runs in the process, which start and stop cannot pass to each other.
 *
 * Reading the CPU clock is a system call; with two for each callback, a handshake uses 10 % more
 * CPU. So it is read only when the monotonic clock says that the last reading is too old, or that
 * a callback took long.
 */
static struct {
    struct metrics_data *metrics;
    const char *what;
    unsigned depth; /* of nested starts */
    int64_t started_us;
    int64_t mark_us, mark_cpu_us; /* both clocks, at most SLOW_CALLBACK_TOLERANCE_US earlier */
    int64_t logged_us;            /* 0: never */
    uint64_t unlogged;            /* slow callbacks since then */
} current;

void slow_callback_init(struct metrics_data *metrics) {
    current.metrics = metrics;
    current.depth = 0;
}

void slow_callback_start(const char *what) {
    /* Only the outermost pair is timed. */
    if (!current.metrics || current.depth++ > 0)
        return;
    current.what = what;
    current.started_us = clock_monotonic_us();
    /* The last reading of the CPU clock is recent enough to count from. */
    if (current.started_us - current.mark_us <= SLOW_CALLBACK_TOLERANCE_US)
        return;
    current.mark_us = current.started_us;
    current.mark_cpu_us = clock_thread_us();
}

void slow_callback_stop(void) {
    if (!current.metrics || --current.depth > 0)
        return;
    const int64_t now_us = clock_monotonic_us();
    /* Most callbacks end here: they cannot have used more CPU time than has passed. */
    if (now_us - current.started_us <= SLOW_CALLBACK_LIMIT_US)
        return;
    /* CPU time since the mark, less what was used before the start at most. */
    const int64_t used_us =
        clock_thread_us() - current.mark_cpu_us - (current.started_us - current.mark_us);
    if (used_us <= SLOW_CALLBACK_LIMIT_US)
        return;
    /* Each one counts, but the log has one line a second at most. */
    current.metrics->slow_callbacks++;
    current.unlogged++;
    if (current.logged_us && now_us - current.logged_us < LOG_INTERVAL_US)
        return;
    log_warn("slow callback: %s used %" PRId64 " ms of CPU time (%" PRIu64
             " slow callbacks since the last report)",
             current.what, used_us / 1000, current.unlogged);
    current.logged_us = now_us;
    current.unlogged = 0;
}
