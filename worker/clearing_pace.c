/* The size follows the time that slices take; the pause follows from how much longer than at best a
 * message took, which shows that others use the database, too. */
#include "clearing_pace.h"

/* What a slice is to take. */
#define TARGET_US 6000

/* A slice has costs of its own: with fewer messages these would be most of its time. */
#define SIZE_FIRST 50
#define SIZE_LEAST 50
#define SIZE_MOST 400

/* The best time is forgotten slowly: by this part of it with each slice. */
#define FORGOTTEN 200

/* The longest pause: a database that hangs for a moment must not stop the clearing for long. */
#define PAUSE_MOST_US 100000

uint64_t clearing_pace_size(struct clearing_pace *pace) {
    if (pace->size == 0)
        pace->size = SIZE_FIRST;
    return pace->size;
}

/* In steps, since one slice may be slow by accident. */
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

static uint64_t at_most(uint64_t pause_us) {
    return pause_us < PAUSE_MOST_US ? pause_us : PAUSE_MOST_US;
}

uint64_t clearing_pace_pause(struct clearing_pace *pace, uint64_t count, uint64_t took_us) {
    uint64_t pause_us;
    /* The last slice of a room says little: it has few messages, and much else to do. Nor does one
     * with more: an erasure has other slices than messages. */
    if (count != clearing_pace_size(pace))
        return at_most(took_us);
    const uint64_t message_ns = took_us * 1000 / count + 1;
    pace->best_ns += pace->best_ns / FORGOTTEN;
    if (pace->best_ns == 0 || message_ns < pace->best_ns)
        pace->best_ns = message_ns;
    adapt_size(pace, took_us);
    /* The worker takes two thirds of the time while it is as fast as at best, else a third or a
     * quarter. */
    if (message_ns < pace->best_ns * 3 / 2)
        pause_us = took_us / 2;
    else if (message_ns < pace->best_ns * 3)
        pause_us = took_us * 2;
    else
        pause_us = took_us * 3;
    return at_most(pause_us);
}
