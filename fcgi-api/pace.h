/*
 * pace: how often clients may ask, so that all of them together stay below poll_budget.
 *
 * Each request takes a slot; slots are as far apart as the budget demands. The time up to the next
 * free slot shows how many requests came in the last minutes. A client waits twice that time: half
 * of the slots are left for requests that clients send besides polling, such as messages, and for
 * new clients, and in the long run all clients share all slots.
 *
 * The time of the next free slot is shared by all processes of this host.
 */
#ifndef CONFAB_FCGI_API_PACE_H
#define CONFAB_FCGI_API_PACE_H

#include <stdatomic.h>
#include <stdint.h>

/* Takes a slot at the time now_us (microseconds of the real-time clock) of `budget` slots a day (0:
 * no bound), and returns the seconds after which the client may ask again, from 1 to a day.
 * *next_us is the time of the next free slot. */
uint64_t pace_take(_Atomic int64_t *next_us, uint64_t budget, int64_t now_us);

#endif
