/*
 * scan: has files scanned that were just sent (scan_command, scan_socket). A thread of its own does
 * it, so that deliveries do not wait. Several workers share the files: each file is claimed in the
 * database for the time that a scan may take.
 */
#ifndef CONFAB_WORKER_SCAN_H
#define CONFAB_WORKER_SCAN_H

#include <stdbool.h>

#include <uv.h>

#include "config/config.h"

struct scan;

/* config must outlive it. `ended` is called on the loop after each file, and when there is none.
 * Never NULL. */
struct scan *scan_new(uv_loop_t *loop, const struct config *config, void (*ended)(void *context),
                      void *context);

/* Takes the next file, unless one is being scanned. Without a scanner it does nothing. */
void scan_next(struct scan *scan);

/* Whether a file is being scanned, or there may be another one. */
bool scan_is_busy(const struct scan *scan);

/* Whether a file is being scanned. */
bool scan_is_running(const struct scan *scan);

/* To be called when nothing is being scanned. */
void scan_free(struct scan *scan);

#endif
