/*
 * metrics: the metrics of all processes of a pushd as text in the Prometheus format (version
 * 0.0.4), and as the answer of /healthz.
 */
#ifndef CONFAB_PUSHD_METRICS_METRICS_H
#define CONFAB_PUSHD_METRICS_METRICS_H

#include "base/buffer.h"
#include "metrics/metrics_data.h"

/* Appends all metrics. Counts are summed over the processes; of durations the largest counts, and
 * a server is up only if it is up for every process. */
void metrics_write(const struct metrics_data_all *all, struct buffer *out);

/* Appends the JSON of /healthz; returns its status, 200 or 503. A server counts as unreachable if
 * any process that serves sockets cannot reach it. */
int metrics_health(const struct metrics_data_all *all, struct buffer *out);

#endif
