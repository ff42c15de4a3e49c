/*
 * redis_client: the synchronous connection to Redis, which nobody waits for long.
 *
 * Redis is a wake-up, never the truth: what cannot be said to it in a few milliseconds
 * is not said. Commands are written without waiting for their answers; answers that are
 * owed are read when the connection is next used. A Redis that does not answer is not
 * asked again for a second, one that cannot be reached is tried again by backoff; in the
 * meantime every call here returns at once.
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

/* A connection to be, by the configuration, which must outlive it. Never NULL; without
 * redis_socket and redis_host every call fails at once. */
struct redis_client *redis_client_new(const struct config *config);

/* Flushes, gives Redis a moment to take it, closes the connection and frees everything;
 * client may be NULL. */
void redis_client_free(struct redis_client *client);

/* True when the configuration names a Redis. */
bool redis_client_is_configured(const struct redis_client *client);

/* Takes note of a message for a channel; it goes out with the next flush, so that a
 * request can be answered first. Both texts are copied. */
void redis_client_publish(struct redis_client *client, struct text channel, struct text message);

/* Sends what was noted, without waiting for answers. Lost if Redis is not there. */
void redis_client_flush(struct redis_client *client);

/* Takes one from the bucket `key` (the prefix is added) by the generic cell rate
 * algorithm: one every interval_us on average, `burst` at once. False when Redis did not
 * say; else *wait_us is 0 when one was there, or the microseconds until it will be. */
bool redis_client_take(struct redis_client *client, const char *key, uint64_t interval_us,
                       uint64_t burst, uint64_t *wait_us);

/* Reads who is in a room by the sockets of living pushd processes: *ids, which the caller
 * frees, each once. False when Redis did not say. */
bool redis_client_presence(struct redis_client *client, uint64_t room_id, uint64_t **ids,
                           size_t *count);

/* Asks for a sign of life, waiting at most timeout_ms. */
bool redis_client_ping(struct redis_client *client, uint64_t timeout_ms);

/* Appends what Redis says of its memory (INFO memory: lines `name:value`). False when it did
 * not say in timeout_ms. */
bool redis_client_memory(struct redis_client *client, uint64_t timeout_ms, struct buffer *out);

/* What went wrong last, for the log; "" if nothing did. */
const char *redis_client_last_error(const struct redis_client *client);

#endif
