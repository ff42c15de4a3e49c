/*
 * backoff: how long to wait before the next try, as a value.
 *
 * One rule for every reconnect: the delay starts at min, grows by factor to max,
 * and each wait is drawn between half of it and the whole, so that many processes
 * that lost the same server do not all come back at one moment.
 */
#ifndef CONFAB_BACKOFF_H
#define CONFAB_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

struct backoff {
    uint32_t min_ms;
    uint32_t max_ms;
    uint32_t factor;   /* 2 doubles */
    uint32_t delay_ms; /* the present delay; 0 before the first failure */
    int64_t next_ms;   /* monotonic time before which no try is made */
};

#define BACKOFF(min, max) \
    { (min), (max), 2, 0, 0 }

/* True when a try may be made at monotonic time now_ms. */
bool backoff_ready(const struct backoff *backoff, int64_t now_ms);

/* Notes a failed try; returns the milliseconds until the next one is due. */
uint32_t backoff_failed(struct backoff *backoff, int64_t now_ms);

/* Notes a success: the next failure starts at min again. */
void backoff_reset(struct backoff *backoff);

#endif
