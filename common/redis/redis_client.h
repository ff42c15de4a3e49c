/*
 * redis_client: a synchronous connection to Redis with a short timeout. Publishing is here; other
 * commands have files of their own in this folder.
 *
 * Redis is an optimization, never the source of truth: a command that cannot be sent within a few
 * milliseconds is dropped. Publishing does not wait for replies; they are read when the
 * connection is next used. After a timeout no command is sent for a second, unless it waits longer
 * than the one that had no reply; a failed connection is retried with backoff. While Redis is
 * unavailable every call returns at once.
 */
#ifndef CONFAB_REDIS_CLIENT_H
#define CONFAB_REDIS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"
#include "config/config.h"

struct redis_client;

/* How long requests that are rare wait for Redis, in milliseconds: logins, invitations.
 * redis_timeout, which all others wait, may be much shorter. */
#define REDIS_CLIENT_RARE_MS 100

/* Prepares a connection; the configuration must outlive it. Never NULL. Without redis_socket,
 * redis_host and redis_sentinels every call fails at once. */
struct redis_client *redis_client_new(const struct config *config);

/* Flushes, waits up to redis_timeout for the replies, closes the connection and frees everything;
 * client may be NULL. */
void redis_client_free(struct redis_client *client);

/* True when the configuration has a Redis server. */
bool redis_client_is_configured(const struct redis_client *client);

/* Queues a message for a channel until the next flush, so that the response can be sent first.
 * Both texts are copied. */
void redis_client_publish(struct redis_client *client, struct text channel, struct text message);

/* Sends the queued messages without waiting for replies. They are lost if Redis is unavailable. */
void redis_client_flush(struct redis_client *client);

/* True for the error MISCONF, with which a Redis that cannot save its data, as on a full disk,
 * refuses PING and all commands that write. It still publishes messages. */
bool redis_error_is_misconf(const char *error);

/* Pings Redis, waiting at most timeout_ms. */
bool redis_client_ping(struct redis_client *client, uint64_t timeout_ms);

/* The last error, for the log; "" if there was none. */
const char *redis_client_last_error(const struct redis_client *client);

#endif
