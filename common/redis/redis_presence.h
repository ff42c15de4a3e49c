/*
 * redis_presence: the users online in a room, as pushd keeps it in Redis (event/event.h).
 */
#ifndef CONFAB_REDIS_PRESENCE_H
#define CONFAB_REDIS_PRESENCE_H

#include "redis/redis_client.h"

/* Reads the ids of the users that have a socket in a room at a pushd whose lease is valid: *ids,
 * without duplicates, which the caller frees. Waits at most redis_timeout. False when Redis is
 * unavailable. */
bool redis_presence_read(struct redis_client *client, uint64_t room_id, uint64_t **ids,
                         size_t *count);

/* Adds up the users online in a large or live room, as each pushd has counted them: 0 after a
 * failure, which is false as above. */
bool redis_presence_count(struct redis_client *client, uint64_t room_id, uint64_t *count);

#endif
