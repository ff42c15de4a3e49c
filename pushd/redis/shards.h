/*
 * shards: asks the servers of a Redis Cluster, twice a second, which of them has which slots.
 */
#ifndef CONFAB_PUSHD_REDIS_SHARDS_H
#define CONFAB_PUSHD_REDIS_SHARDS_H

#include <uv.h>

#include "config/config.h"
#include "redis/redis_slots.h"

struct shards;

/* The map is known, or is another one than before; it is valid until the next call. */
typedef void shards_changed(void *context, const struct redis_slots *slots);

/* config and context must outlive it. Never NULL. */
struct shards *shards_new(uv_loop_t *loop, const struct config *config, shards_changed *changed,
                          void *context);

/* To be called every REDIS_CONN_TICK_MS, and before the loop waits for events. */
void shards_tick(struct shards *shards);
void shards_flush(struct shards *shards);

/* shards may be NULL. */
void shards_close(struct shards *shards);

#endif
