/* The size of slices is adapted to the time that they take. The pause depends on how much longer a
 * message took than the best time, which shows how busy the database is. */
#include "clearing_pace.h"

/* The time that a slice should take. */
#define TARGET_US 6000

/* Each slice has a fixed cost: with fewer messages that would be most of its time. */
#define SIZE_FIRST 50
#define SIZE_LEAST 50
#define SIZE_MOST 400

/* With each slice the best time rises by this fraction, so that it adapts to a database that has
 * become slower. */
#define FORGOTTEN 200

/* The longest pause: a database that hangs for a moment must not stop the clearing for long. */
#define PAUSE_MOST_US 100000

uint64_t clearing_pace_size(struct clearing_pace *pace) {
    if (pace->size == 0)
        pace->size = SIZE_FIRST;
    return pace->size;
}

/* Changes the size in steps, since a single slice may be slow by accident. */
static void adapt_size(struct clearing_pace *pace, uint64_t took_us) {
    if (took_us > 2 * TARGET_US)
        pace->size /= 2;
    else if (took_us > TARGET_US)
        pace->size -= pace->size / 8;
    else if (took_us < TARGET_US / 2)
        pace->size += pace->size / 4;
    if (pace->size < SIZE_LEAST)
        pace->size = SIZE_LEAST;
    if (pace->size > SIZE_MOST)
        pace->size = SIZE_MOST;
}

static uint64_t cap_pause(uint64_t pause_us) {
    return pause_us < PAUSE_MOST_US ? pause_us : PAUSE_MOST_US;
}

uint64_t clearing_pace_pause(struct clearing_pace *pace, uint64_t count, uint64_t took_us) {
    uint64_t pause_us;
    /* Ignores slices of another size: the last one of a room, of which the fixed cost is a large
     * part, and slices of an erasure, which are not messages. */
    if (count != clearing_pace_size(pace))
        return cap_pause(took_us);
    const uint64_t message_ns = took_us * 1000 / count + 1;
    pace->best_ns += pace->best_ns / FORGOTTEN;
    if (pace->best_ns == 0 || message_ns < pace->best_ns)
        pace->best_ns = message_ns;
    adapt_size(pace, took_us);
    /* The worker uses two thirds of the time while messages take about the best time, else a third
     * or a quarter. */
    if (message_ns < pace->best_ns * 3 / 2)
        pause_us = took_us / 2;
    else if (message_ns < pace->best_ns * 3)
        pause_us = took_us * 2;
    else
        pause_us = took_us * 3;
    return cap_pause(pause_us);
}
