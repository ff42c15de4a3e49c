/*
 * redis_subscribe: receives messages on a connection that is used for nothing else.
 *
 * A connection that is subscribed can only be used with redis_subscribe_wait and freed. When it is
 * closed, subscribe again; redis_client reconnects with its backoff.
 */
#ifndef CONFAB_REDIS_SUBSCRIBE_H
#define CONFAB_REDIS_SUBSCRIBE_H

#include "redis/redis_client.h"

/* Subscribe to one channel, or to those that match a pattern, and wait at most timeout_ms for the
 * confirmation. False when Redis is unavailable or refuses it. */
bool redis_subscribe_channel(struct redis_client *client, const char *channel, uint64_t timeout_ms);
bool redis_subscribe_pattern(struct redis_client *client, const char *pattern, uint64_t timeout_ms);

/* Waits at most timeout_ms for a message, and drops it and those that came with it; *received says
 * whether there was one. False when the connection is closed. */
bool redis_subscribe_wait(struct redis_client *client, uint64_t timeout_ms, bool *received);

#endif
