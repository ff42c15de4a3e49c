/*
 * metrics: the metrics of all processes of one pushd as one text, in the format of
 * Prometheus (version 0.0.4), and as the answer of /healthz.
 */
#ifndef CONFAB_PUSHD_METRICS_H
#define CONFAB_PUSHD_METRICS_H

#include "base/buffer.h"
#include "metrics/metrics_data.h"

/* Appends all metrics: numbers are summed over the processes, of times the largest counts,
 * and what is up is so only if it is to every process. */
void metrics_write(const struct metrics_data_all *all, struct buffer *out);

/* Appends the JSON that says how it is; returns the status to answer it with, 200 or 503.
 * A server is away if any process that serves cannot reach it. */
int metrics_health(const struct metrics_data_all *all, struct buffer *out);

#endif
