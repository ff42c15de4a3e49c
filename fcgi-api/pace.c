/* The time of the next free slot, advanced by each request that counts. */
#include "pace.h"

#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)

/* The slots are a little further apart than the budget demands: clients that begin together come
 * back together for some time, and an hour in which they do must not have too many requests. */
#define PAID_DAY_US (DAY_US / 100 * 115)

/* The next free slot is never further ahead, so that no client waits longer than PACE_MOST, and a
 * flood is forgotten after half of that. So is a time that was stored before the clock was set
 * back. */
#define AHEAD_US (PACE_MOST * SECOND_US / 2)

/* Twice the time up to the next free slot, in seconds. */
static uint64_t wait_of(int64_t next_us, int64_t now_us) {
    const int64_t seconds = (2 * (next_us - now_us) + SECOND_US - 1) / SECOND_US;
    return seconds < 1 ? 1 : seconds > PACE_MOST ? PACE_MOST : (uint64_t)seconds;
}

uint64_t pace_take(_Atomic int64_t *next_us, uint64_t budget, int64_t now_us) {
    int64_t next = atomic_load(next_us), taken;
    if (budget == 0)
        return 1;
    const int64_t interval = PAID_DAY_US / (int64_t)budget;
    do {
        /* Slots in the past are lost. */
        taken = (next < now_us ? now_us : next) + interval;
        if (taken - now_us > AHEAD_US)
            taken = now_us + AHEAD_US;
    } while (!atomic_compare_exchange_weak(next_us, &next, taken));
    return wait_of(taken, now_us);
}

uint64_t pace_read(const _Atomic int64_t *next_us, uint64_t budget, int64_t now_us) {
    return budget == 0 ? 1 : wait_of(atomic_load(next_us), now_us);
}
