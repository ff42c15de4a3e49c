/*
 * clearing_pace: how fast the messages of users who were erased or banned are deleted. Plain code.
 *
 * Each slice locks its room, so a slice is to take a few milliseconds, however fast the database
 * is. After it the worker pauses: for half the time that the slice took while the database seems to
 * be idle, for several times as long when messages take longer than they did at best.
 */
#ifndef CONFAB_WORKER_CLEARING_PACE_H
#define CONFAB_WORKER_CLEARING_PACE_H

#include <stdint.h>

struct clearing_pace {
    uint64_t size;    /* messages of the next slice; 0: at the start */
    uint64_t best_ns; /* for a message, at best, lately; 0: not known */
};

/* How many messages the next slice has. */
uint64_t clearing_pace_size(struct clearing_pace *pace);

/* Notes how long a slice of `count` messages took; the time to pause now, in microseconds: a tenth
 * of a second at most. */
uint64_t clearing_pace_pause(struct clearing_pace *pace, uint64_t count, uint64_t took_us);

#endif
