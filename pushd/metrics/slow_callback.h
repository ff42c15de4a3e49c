/*
 * slow_callback: detects callbacks that hold up the loop. Each callback of the loop is timed;
 * those that use too much CPU time are counted in the metrics and named in the log.
 *
 * CPU time counts, since waiting on a busy machine is not the callback's fault. For the thread of
 * the loop only.
 */
#ifndef CONFAB_PUSHD_METRICS_SLOW_CALLBACK_H
#define CONFAB_PUSHD_METRICS_SLOW_CALLBACK_H

#include "metrics/metrics_data.h"

/* The CPU time, in microseconds, from which a callback is slow. Up to SLOW_CALLBACK_TOLERANCE_US
 * more may go unnoticed; less is never counted. */
#define SLOW_CALLBACK_LIMIT_US 5000
#define SLOW_CALLBACK_TOLERANCE_US 500

/* Starts counting in metrics, which must outlive the loop; NULL stops it. */
void slow_callback_init(struct metrics_data *metrics);

/* To be called first and last in a callback of the loop. `what` names it in the log, as in
 * "handling replies of Redis"; it must stay valid until the stop. A pair within another one is
 * part of the outer one. */
void slow_callback_start(const char *what);
void slow_callback_stop(void);

#endif
