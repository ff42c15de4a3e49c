/*
 * redis_cluster: the servers of a Redis Cluster, for redis_client: a connection to each primary,
 * and the map of slots, which is read again when a primary has changed or cannot be reached. pushd
 * follows the map on its loop (pushd/redis/shards.h).
 */
#ifndef CONFAB_REDIS_CLUSTER_H
#define CONFAB_REDIS_CLUSTER_H

#include "redis/redis_client_private.h"
#include "redis/redis_slots.h"

struct redis_cluster;

/* A cluster without connections, which are opened on first use. The configuration must outlive it.
 * Never NULL; free with redis_cluster_free. */
struct redis_cluster *redis_cluster_new(const struct config *config);

/* cluster may be NULL. */
void redis_cluster_free(struct redis_cluster *cluster);

/* The connection to the primary of a key or channel; NULL if there is none now. It is valid until
 * the next call. */
struct redis_client *redis_cluster_client(struct redis_cluster *cluster, struct text key);

/* As redis_client_run; the command has its key where the commands of this folder have it. On NULL
 * *last, unless it is NULL too, is the connection that failed. */
redisReply *redis_cluster_run(struct redis_cluster *cluster, uint64_t timeout_ms, int argc,
                              const char *const *argv, struct redis_client **last);

/* Sends the queued messages of each connection, as redis_client_flush does. */
void redis_cluster_flush(struct redis_cluster *cluster);

/* Pings every primary, waiting at most timeout_ms for each; false if one does not answer. */
bool redis_cluster_ping(struct redis_cluster *cluster, uint64_t timeout_ms);

/* A hash tag of the primary that has `key`: keys with this tag are on the same server. */
unsigned redis_cluster_tag(struct redis_cluster *cluster, struct text key);

#endif
