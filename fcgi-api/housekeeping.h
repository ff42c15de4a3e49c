/*
 * housekeeping: runs the housekeeping of the database between requests.
 */
#ifndef CONFAB_FCGI_API_HOUSEKEEPING_H
#define CONFAB_FCGI_API_HOUSEKEEPING_H

#include <stdbool.h>
#include <stdint.h>

#include "server/exchange.h"

/* Deletes old events, expired login sessions and remains of deleted rooms, every ten minutes, in
 * one process at a time. A call does nothing if it is not due. Else it takes about 20 ms, 500 ms
 * if idle is set; the next call continues. Errors are left to the next run. */
void housekeeping_step(struct service *service, bool idle);

/* Finds out which Redis this host uses and records it; true if another host uses a different one.
 * Waits for Redis at most timeout_ms. Housekeeping does this every ten seconds, on each host. */
bool housekeeping_record_redis(struct service *service, uint64_t timeout_ms);

#endif
