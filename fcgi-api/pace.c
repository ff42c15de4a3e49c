/* The time of the next free slot, advanced by each request. */
#include "pace.h"

#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)

/* The slots are a little further apart than the budget demands: clients that begin together come
 * back together for some time, and an hour in which they do must not have too many requests. */
#define PAID_DAY_US (DAY_US / 100 * 115)

uint64_t pace_take(_Atomic int64_t *next_us, uint64_t budget, int64_t now_us) {
    int64_t next = atomic_load(next_us), taken;
    if (budget == 0)
        return 1;
    const int64_t interval = PAID_DAY_US / (int64_t)budget;
    /* Slots in the past are lost. A time that is too far ahead was stored before the clock was set
     * back. */
    do
        taken = next < now_us || next - now_us > DAY_US ? now_us : next;
    while (!atomic_compare_exchange_weak(next_us, &next, taken + interval));
    const int64_t wait = 2 * (taken + interval - now_us);
    const int64_t seconds = (wait + SECOND_US - 1) / SECOND_US;
    return seconds > 86400 ? 86400 : (uint64_t)seconds;
}
