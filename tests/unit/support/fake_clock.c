/* fake_clock: replaces clock_gettime of the C library for the monotonic clock. */
#include "fake_clock.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Not 0, which often means "never". */
static int64_t now_ms = 1000000;

void fake_clock_advance(int64_t milliseconds) {
    now_ms += milliseconds;
}

int clock_gettime(clockid_t id, struct timespec *now) {
    if (id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE)
        return (int)syscall(SYS_clock_gettime, id, now);
    *now = (struct timespec){.tv_sec = (time_t)(now_ms / 1000),
                             .tv_nsec = (long)(now_ms % 1000 * 1000000)};
    return 0;
}
