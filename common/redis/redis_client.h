/*
 * redis_client: a synchronous connection to Redis with a short timeout.
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
#include "base/token_bucket.h"
#include "config/config.h"

struct redis_client;

/* How long requests that are rare wait for Redis, in milliseconds: logins, invitations, checks of
 * health. redis_timeout, which all others wait, may be much shorter. */
#define REDIS_CLIENT_RARE_MS 100

/* Prepares a connection; the configuration must outlive it. Never NULL. Without redis_socket and
 * redis_host every call fails at once. */
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

/* Takes a token from each of `count` buckets (at most TOKEN_BUCKET_MAX), or from none: *wait_us is
 * 0, or the microseconds until each has a token. Waits for Redis at most timeout_ms. False when
 * Redis is unavailable, late, or refuses the command; a late one may still be counted. */
bool redis_client_take(struct redis_client *client, const struct token_bucket *buckets,
                       size_t count, uint64_t timeout_ms, uint64_t *wait_us);

/* Puts a token back that was taken by mistake. False as above. */
bool redis_client_give_back(struct redis_client *client, const struct token_bucket *bucket,
                            uint64_t timeout_ms);

/* Reads the ids of the users that have a socket in a room at a pushd whose lease is valid: *ids,
 * without duplicates, which the caller frees. False when Redis is unavailable. */
bool redis_client_presence(struct redis_client *client, uint64_t room_id, uint64_t **ids,
                           size_t *count);

/* Pings Redis, waiting at most timeout_ms. */
bool redis_client_ping(struct redis_client *client, uint64_t timeout_ms);

/* Subscribes on a connection of its own, publishes, waits for that, and writes a key: false, with
 * the cause in the last error, if any of these fails, as for a user without the rights or on a
 * replica. Waits at most about timeout_ms. *pushd_count is the number of pushd processes that have
 * used this Redis lately. */
bool redis_client_try(struct redis_client *client, uint64_t timeout_ms, uint64_t *pushd_count);

/* Subscribes this connection to the channels that match a pattern; it can then only be used with
 * redis_client_heard. False when Redis is unavailable or refuses it. */
bool redis_client_listen(struct redis_client *client, const char *pattern, uint64_t timeout_ms);

/* Waits at most timeout_ms for a message, and drops it and those that have come with it; *heard
 * says whether there was one. False when the connection is closed: listen again. */
bool redis_client_heard(struct redis_client *client, uint64_t timeout_ms, bool *heard);

#define REDIS_IDENTITY_SIZE 17

/* Reads the identity of this Redis, random hexadecimal digits that the first one to ask leaves
 * there; another Redis has another one, and so has one that lost its data. */
bool redis_client_identity(struct redis_client *client, uint64_t timeout_ms,
                           char identity[REDIS_IDENTITY_SIZE]);

/* Appends the reply to INFO memory (lines `name:value`). False when there is none in
 * timeout_ms. */
bool redis_client_memory(struct redis_client *client, uint64_t timeout_ms, struct buffer *out);

/* The last error, for the log; "" if there was none. */
const char *redis_client_last_error(const struct redis_client *client);

#endif
