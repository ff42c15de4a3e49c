/* Exponential backoff with jitter: each failure multiplies the delay, up to a maximum, and the wait
 * is drawn at random from the upper half of it, so that processes that lost a server at the same
 * moment do not all reconnect at once. */
#include "base/backoff.h"

#include <sys/random.h>

bool backoff_ready(const struct backoff *backoff, int64_t now_ms) {
    /* A delay of 0 means that nothing has failed since the last reset. */
    return backoff->delay_ms == 0 || now_ms >= backoff->next_ms;
}

/* A random number from 0 to max; max if the kernel has no random numbers yet. */
static uint32_t random_up_to(uint32_t max) {
    uint64_t random;

    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
        return max;
    return (uint32_t)(random % ((uint64_t)max + 1));
}

uint32_t backoff_failed(struct backoff *backoff, int64_t now_ms) {
    /* In 64 bits, so that the product cannot wrap; the first failure has delay 0 and gets the
     * minimum. */
    uint64_t delay = (uint64_t)backoff->delay_ms * backoff->factor;

    if (delay < backoff->min_ms)
        delay = backoff->min_ms;
    if (delay > backoff->max_ms)
        delay = backoff->max_ms;
    backoff->delay_ms = (uint32_t)delay;

    /* From half of the delay to the whole of it. */
    uint32_t half = backoff->delay_ms / 2;
    uint32_t wait = half + random_up_to(backoff->delay_ms - half);

    backoff->next_ms = now_ms + wait;
    return wait;
}

void backoff_reset(struct backoff *backoff) {
    backoff->delay_ms = 0;
    backoff->next_ms = 0;
}
