/*
 * stopwatch: finds what holds up the loop. Everything that the loop calls is timed; what took
 * too much of the thread's CPU time is counted in the metrics and named in the log.
 *
 * For the one thread of the loop. CPU time, since the time of a machine that is busy with other
 * things is nobody's fault. Asking for it is a system call, so the clock that costs next to
 * nothing decides when to ask.
 */
#ifndef CONFAB_PUSHD_STOPWATCH_H
#define CONFAB_PUSHD_STOPWATCH_H

#include "metrics/metrics_data.h"

/* Microseconds of CPU time that one callback may take. Up to SLOW_CALLBACK_BLUR_US more may go
 * unseen; nothing that took less is ever counted. */
#define SLOW_CALLBACK_LIMIT_US 5000
#define SLOW_CALLBACK_BLUR_US 500

/* From now on long callbacks are counted in metrics, which must outlive the loop. NULL: nothing
 * is timed any more, as it is from the start. */
void slow_callback_init(struct metrics_data *metrics);

/* To be called first and last in what the loop calls, in pairs. `what` is for the log: "what
 * Redis said"; it must stay valid until the stop. A pair within another is a part of it. */
void slow_callback_start(const char *what);
void slow_callback_stop(void);

#endif
