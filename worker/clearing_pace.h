/*
 * clearing_pace: how fast the messages of users who were erased or banned are deleted. Computes
 * only: no database, no clock.
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
    uint64_t best_ns; /* shortest recent time per message; 0: not known */
};

/* The number of messages to delete in the next slice. */
uint64_t clearing_pace_size(struct clearing_pace *pace);

/* Records that a slice of `count` messages took took_us microseconds; returns the time to pause
 * now, in microseconds, at most a tenth of a second. */
uint64_t clearing_pace_pause(struct clearing_pace *pace, uint64_t count, uint64_t took_us);

#endif
