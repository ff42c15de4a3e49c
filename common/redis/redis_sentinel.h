/*
 * redis_sentinel: asks the Sentinels of redis_sentinels for the address of the primary; for
 * redis_client. pushd asks them on its loop (pushd/redis/primary.h).
 */
#ifndef CONFAB_REDIS_SENTINEL_H
#define CONFAB_REDIS_SENTINEL_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "os/host_list.h"

/* The port of a Sentinel that is named without one. */
#define REDIS_SENTINEL_PORT 26379

/* redis_has_sentinels: whether Sentinels name the server. redis_is_configured: whether the
 * configuration has a Redis at all. */
bool redis_has_sentinels(const struct config *config);
bool redis_is_configured(const struct config *config);

struct redis_sentinel;

/* The configuration must outlive it. Never NULL; free with redis_sentinel_free. */
struct redis_sentinel *redis_sentinel_new(const struct config *config);

/* sentinel may be NULL. */
void redis_sentinel_free(struct redis_sentinel *sentinel);

/* Asks each Sentinel in turn, first the one that answered last, waiting up to timeout_ms for each.
 * *primary is then the caller's. False if none names a primary. */
bool redis_sentinel_find(struct redis_sentinel *sentinel, uint64_t timeout_ms,
                         struct host_address *primary);

#endif
