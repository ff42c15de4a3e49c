/*
 * pace: how often clients may poll, so that all of them together stay below poll_budget.
 *
 * Each request of a user takes a slot; slots are as far apart as the budget demands. The time up to
 * the next free slot shows how many requests came in the last minutes. A client waits twice that
 * time, and at most PACE_MOST: half of the slots are left for requests that clients send besides
 * polling, such as messages, and for new clients, and in the long run all clients share all slots.
 *
 * Requests that are refused, and those that need no user, take none: a flood of them does not slow
 * down the clients of users. Readers of open rooms without credentials have slots of their own.
 *
 * The times of the next free slots are shared by all processes of this host.
 */
#ifndef CONFAB_FCGI_API_PACE_H
#define CONFAB_FCGI_API_PACE_H

#include <stdatomic.h>
#include <stdint.h>

/* The longest wait, in seconds: a quarter of an hour. After a flood of requests clients get new
 * messages again within this time. */
#define PACE_MOST 900

/* Takes a slot at the time now_us (microseconds of the real-time clock) of `budget` slots a day (0:
 * no bound), and returns the seconds after which the client may ask again, from 1 to
 * PACE_MOST. *next_us is the time of the next free slot. */
uint64_t pace_take(_Atomic int64_t *next_us, uint64_t budget, int64_t now_us);

/* The same seconds for a request that takes no slot. */
uint64_t pace_read(const _Atomic int64_t *next_us, uint64_t budget, int64_t now_us);

#endif
