/*
 * crew: processes that repeat one operation for a while, and count it.
 *
 * Processes, not threads, as in fcgi-api: no shared memory, no locks.
 */
#ifndef BENCH_FLOOR_CREW_H
#define BENCH_FLOOR_CREW_H

#include <stdbool.h>

/* Makes what worker number `index` (from 0) needs; it lives as long as the worker. NULL if
 * that failed, with the reason on standard error. */
typedef void *crew_prepare(void *context, unsigned index);

/* Runs the operation once; false ends the worker, with the reason on standard error. */
typedef bool crew_work(void *state);

/* Runs `workers` processes for `seconds`, counted from when all are prepared, and
 * prints one line of JSON: count, seconds, p50_us, p99_us. Returns the exit status. */
int crew_run(unsigned workers, double seconds, crew_prepare *prepare, crew_work *work,
             void *context);

#endif
