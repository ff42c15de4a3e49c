/*
 * metrics: /healthz and Prometheus /metrics of confab-worker on a loopback port of its own: how far
 * each follower is behind, read from the database for each request, and what this process has
 * delivered.
 *
 * All functions accept NULL: there are no metrics.
 */
#ifndef CONFAB_WORKER_METRICS_H
#define CONFAB_WORKER_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "config/config.h"
#include "step.h"

struct metrics;

/* Listens on worker_listen, and writes the port to ports_file (NULL: none). NULL, with a warning,
 * if it cannot listen: deliveries do not need it. NULL as well if worker_listen is empty. config
 * must outlive it. */
struct metrics *metrics_new(uv_loop_t *loop, const struct config *config, const char *ports_file);

/* Counts the end of a delivery. */
void metrics_count(struct metrics *metrics, const struct step_result *result);

/* Notes that a step has ended, and the number of deliveries under way. */
void metrics_note_step(struct metrics *metrics, bool is_connected, size_t under_way);

/* Closes everything; frees itself once the loop has closed its handles. */
void metrics_close(struct metrics *metrics);

#endif
