/*
 * status: /healthz and Prometheus /metrics on a loopback port of its own, and the lag of
 * the loop. Plain HTTP/1.1 by hand on libuv: two paths, no body, one answer, closed; who takes
 * longer than 10 seconds for it is cut off.
 *
 * All processes of one pushd take connections from one listening socket, and any of them
 * answers for all.
 */
#ifndef CONFAB_PUSHD_STATUS_H
#define CONFAB_PUSHD_STATUS_H

#include <stddef.h>
#include <uv.h>

#include "metrics/metrics_data.h"

struct metrics_http;

/* Serves on a listening socket, which it closes in the end, the metrics of all; keeps those
 * of the loop and of memory in the process's own, which is at index `own`. all must outlive
 * it. NULL, with the cause logged, if it cannot. */
struct metrics_http *metrics_http_new(uv_loop_t *loop, const struct metrics_data_all *all,
                                      size_t own, int listen_fd);

/* Closes everything; frees itself once the loop has let go. */
void metrics_http_close(struct metrics_http *status);

#endif
