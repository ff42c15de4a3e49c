/*
 * metrics_http: /healthz and Prometheus /metrics on a loopback port of its own
 * (http/http_server.h), and the lag of the loop.
 *
 * All processes of a pushd accept from one listening socket; each can answer for all.
 */
#ifndef CONFAB_PUSHD_METRICS_METRICS_HTTP_H
#define CONFAB_PUSHD_METRICS_METRICS_HTTP_H

#include <stddef.h>
#include <uv.h>

#include "metrics/metrics_data.h"

struct metrics_http;

/* Serves the metrics of all processes on a bound socket, which it owns from then on. Updates lag
 * and memory in those of this process, at index `own`. all must outlive it. NULL, with the cause
 * logged, on failure. */
struct metrics_http *metrics_http_new(uv_loop_t *loop, const struct metrics_data_all *all,
                                      size_t own, int listen_fd);

/* Closes everything; frees itself once the loop has closed its handles. */
void metrics_http_close(struct metrics_http *http);

#endif
