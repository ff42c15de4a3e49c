/*
 * backoff: the delay before the next attempt, as a value.
 *
 * One rule for every reconnect: the delay starts at min and grows by factor up to max. Each wait
 * is a random part of it, between half and the whole, so that processes that lost the same
 * server do not all reconnect at the same time.
 */
#ifndef CONFAB_BACKOFF_H
#define CONFAB_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

struct backoff {
    uint32_t min_ms;
    uint32_t max_ms;
    uint32_t factor;   /* 2 doubles */
    uint32_t delay_ms; /* the current delay; 0 before the first failure */
    int64_t next_ms;   /* monotonic time of the next attempt */
};

#define BACKOFF(min, max) \
    { (min), (max), 2, 0, 0 }

/* True when an attempt may be made at monotonic time now_ms. */
bool backoff_ready(const struct backoff *backoff, int64_t now_ms);

/* Records a failed attempt; returns the milliseconds until the next one. */
uint32_t backoff_failed(struct backoff *backoff, int64_t now_ms);

/* Records a success: the next failure starts at min again. */
void backoff_reset(struct backoff *backoff);

#endif
