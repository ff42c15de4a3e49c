/*
 * status: /healthz and Prometheus /metrics on a loopback port of its own, and the lag of
 * the loop. Plain HTTP/1.1 by hand on libuv: two paths, no body, one answer, closed.
 */
#ifndef CONFAB_PUSHD_STATUS_H
#define CONFAB_PUSHD_STATUS_H

#include <stdbool.h>
#include <uv.h>

#include "buffer.h"
#include "bus.h"
#include "config.h"
#include "figures.h"

struct status;

/* Listens at metrics_listen. figures and bus are read for each answer and must outlive it.
 * NULL, with the cause logged, if it cannot. */
struct status *status_new(uv_loop_t *loop, const struct config *config,
                          const struct figures *figures, const struct bus *bus);

/* The port it listens on (for metrics_listen with port 0). */
unsigned status_port(const struct status *status);

/* Tells whether the database answered last time; part of /healthz. */
void status_set_database(struct status *status, bool reachable);

/* Appends all figures in the Prometheus text format (version 0.0.4). */
void status_metrics(const struct status *status, struct buffer *out);

/* Closes everything; frees itself once the loop has let go. */
void status_close(struct status *status);

#endif
