/*
 * redis_server: what a Redis server permits, and which one it is.
 */
#ifndef CONFAB_REDIS_SERVER_H
#define CONFAB_REDIS_SERVER_H

#include "redis/redis_client.h"

/* Tries what confab needs: subscribes on a connection of its own, publishes, waits for the message,
 * and writes a key. False, with the cause in the last error of `client`, if any of these fails, as
 * for a user without the rights or on a replica. Waits at most about timeout_ms. *pushd_count is
 * the number of pushd processes that have used this Redis lately. */
bool redis_server_try(struct redis_client *client, uint64_t timeout_ms, uint64_t *pushd_count);

#define REDIS_SERVER_IDENTITY_SIZE 17

/* Reads the identity of this Redis: random hexadecimal digits that the first process to ask for it
 * stores there. Another Redis has another one, and so has one that lost its data. */
bool redis_server_identity(struct redis_client *client, uint64_t timeout_ms,
                           char identity[REDIS_SERVER_IDENTITY_SIZE]);

/* Appends the reply to INFO memory (lines `name:value`). False when there is none in
 * timeout_ms. */
bool redis_server_memory(struct redis_client *client, uint64_t timeout_ms, struct buffer *out);

#endif
