/*
 * wake: wakes the loop at once when an event of a room is published on Redis. A thread of its own
 * waits for events; without Redis the worker looks for events twice a second.
 */
#ifndef CONFAB_WORKER_WAKE_H
#define CONFAB_WORKER_WAKE_H

#include <uv.h>

#include "config/config.h"

struct wake;

/* Sends `async` after events were published. config and async must outlive it. NULL without
 * Redis. */
struct wake *wake_new(const struct config *config, uv_async_t *async);

/* Ends the thread, which takes up to half a second. wake may be NULL. */
void wake_free(struct wake *wake);

#endif
