/*
 * topology: which Redis servers to use, where the configuration does not say it: the primary that
 * the Sentinels of redis_sentinels have chosen, or the primaries of a Redis Cluster with their
 * slots. It is queried twice a second, so that a server that was frozen or cut off is left as soon
 * as another one has taken its place.
 */
#ifndef CONFAB_PUSHD_REDIS_TOPOLOGY_H
#define CONFAB_PUSHD_REDIS_TOPOLOGY_H

#include <uv.h>

#include "config/config.h"
#include "os/host_list.h"
#include "redis/redis_slots.h"

struct topology;

struct topology_callbacks {
    void *context;
    /* The primary is known, or is another one than before. */
    void (*primary)(void *context, const struct host_address *address);
    /* The map of a cluster is known, or is another one than before; valid during the call. */
    void (*slots)(void *context, const struct redis_slots *slots);
};

/* Asks the servers of a cluster, or Sentinels. config and the context must outlive it. Never NULL;
 * end it with topology_close. */
struct topology *topology_new(uv_loop_t *loop, const struct config *config, bool of_cluster,
                              const struct topology_callbacks *callbacks);

/* To be called every REDIS_CONN_TICK_MS, and before the loop waits for events. */
void topology_tick(struct topology *topology);
void topology_flush(struct topology *topology);

/* topology may be NULL. */
void topology_close(struct topology *topology);

#endif
