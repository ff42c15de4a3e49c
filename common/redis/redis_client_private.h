/*
 * redis_client_private: one command and its reply on the connection of a client, for the files of
 * this folder that have the commands.
 */
#ifndef CONFAB_REDIS_CLIENT_PRIVATE_H
#define CONFAB_REDIS_CLIENT_PRIVATE_H

#include <hiredis/hiredis.h>

#include "os/host_list.h"
#include "redis/redis_client.h"
#include "redis/redis_slots.h"

/* A client of the Sentinel at this address, which is copied. The caller frees it. */
struct redis_client *redis_client_new_sentinel(const struct config *config,
                                               const struct host_address *address);

/* A client of the primary of a cluster at this address, which is copied. The caller frees it. */
struct redis_client *redis_client_new_node(const struct config *config,
                                           const struct host_address *address);

/* A second client of the server that `client` is or was last connected to; in a cluster, of the
 * server that has the channel. The caller frees it. */
struct redis_client *redis_client_new_beside(const struct redis_client *client,
                                             const char *channel);

/* redis_client_was_moved: whether a server of a cluster has redirected a command since the last
 * call, because another one has the key now. redis_client_has_failed: whether the client has no
 * connection because its last one failed. */
bool redis_client_was_moved(struct redis_client *client);
bool redis_client_has_failed(const struct redis_client *client);

/* The prefix for keys that must be on the same server as `key`: redis_prefix; in a cluster followed
 * by a hash tag, and then written to `prefix`. */
const char *redis_client_prefix(struct redis_client *client, const char *key,
                                char prefix[REDIS_SLOTS_PREFIX_SIZE]);

/* The configuration given to redis_client_new. */
const struct config *redis_client_config(const struct redis_client *client);

/* Sends a command of `argc` texts and waits for its reply, timeout_ms in all; the caller frees the
 * reply with freeReplyObject. NULL, with the cause in the last error, if Redis is unavailable,
 * refuses the command, or does not reply in time; then the reply is dropped when it comes. */
redisReply *redis_client_run(struct redis_client *client, uint64_t timeout_ms, int argc,
                             const char *const *argv);

/* Waits until `deadline` (clock_monotonic_ms) for the next message of a subscribed connection:
 * *reply, which the caller frees; NULL if none comes. False if the connection is closed. */
bool redis_client_next_reply(struct redis_client *client, int64_t deadline, redisReply **reply);

/* Logs "what: why" and makes it the last error. */
void redis_client_note(struct redis_client *client, const char *what, const char *why);

#endif
