/* The generic cell rate algorithm, with times in microseconds. A bucket is one number, the time at
 * which it is full again: no timer refills it, and a bucket that is full is the same as none. */
#include "base/token_bucket.h"

uint64_t token_bucket_take(int64_t *full_us, int64_t now_us, uint64_t interval_us, uint64_t burst) {
    const int64_t interval = (int64_t)interval_us;
    const int64_t span = (int64_t)(interval_us * burst);
    /* A bucket that is full later than one span from now: the clock was set back since. */
    const int64_t full = *full_us > now_us && *full_us <= now_us + span ? *full_us : now_us;
    /* Each token taken puts off the time at which the bucket is full by one interval; with
     * `burst` tokens taken it is that many intervals away. */
    const int64_t wait = full + interval - span - now_us;
    /* Not allowed; nothing is taken, and this is how long until a token is there. */
    if (wait > 0)
        return (uint64_t)wait;
    *full_us = full + interval;
    return 0;
}
