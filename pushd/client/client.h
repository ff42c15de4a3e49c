/*
 * client: the WebSocket clients of this process: who they are, which streams they are
 * subscribed to, and what they are sent.
 *
 * This is where the parts of pushd meet: clients subscribe to channels, publish what they
 * do by Redis, and count in presence. A socket becomes a client when its handshake is
 * through; client_open.c shows the way from there to `connected`.
 */
#ifndef CONFAB_PUSHD_CLIENT_CLIENT_H
#define CONFAB_PUSHD_CLIENT_CLIENT_H

#include <stdbool.h>
#include <uv.h>

#include "config/config.h"
#include "db/db_pool.h"
#include "metrics/metrics_data.h"
#include "net/socket.h"

/* All clients of a process, with their channels, presence and connection to Redis. */
struct clients;

/* Connects to Redis in the background. Everything given must outlive it. Never NULL. */
struct clients *clients_new(uv_loop_t *loop, const struct config *config, struct db_pool *db_pool,
                            struct metrics_data *metrics);

/* What sockets_new needs to know. */
struct sockets_callbacks clients_sockets_callbacks(struct clients *clients);

/* Whether Redis answers; always false without one in the configuration. */
bool clients_redis_is_up(const struct clients *clients);

/* Ends typing that is not renewed, presence grace periods that are over, and subscriptions
 * of clients that are gone. To be called twice a second. */
void clients_tick(struct clients *clients);

/* Writes the state of each stream to the log. */
void clients_log_state(const struct clients *clients);

/* Closes the connection to Redis and shortens the presence lease, so that users who do not
 * come back elsewhere soon count as offline. All sockets must be gone. */
void clients_disconnect(struct clients *clients);

/* Frees everything, after clients_disconnect and some iterations of the loop, when no job of
 * the database pool is pending. The loop has to run some more iterations afterwards. */
void clients_free(struct clients *clients);

#endif
