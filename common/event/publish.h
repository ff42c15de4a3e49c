/*
 * publish: tells Redis what was put on record, in the form event.h describes.
 *
 * Called after the transaction has been committed, by whichever program made the change.
 * Nothing is waited for and nothing can fail: who does not hear of an event from Redis
 * reads it from the database. Without a Redis in the configuration all of this does
 * nothing. `prefix` is the configuration's redis_prefix.
 */
#ifndef CONFAB_COMMON_EVENT_PUBLISH_H
#define CONFAB_COMMON_EVENT_PUBLISH_H

#include <stdint.h>

#include "base/text.h"
#include "redis/redis_client.h"
#include "store/event_log.h"
#include "store/room.h"
#include "store/user.h"

/* An event of a room's stream, on the room's channel. `room` is needed for room_updated
 * only, and may be NULL otherwise. */
void publish_room_event(struct redis_client *client, const char *prefix,
                        const struct room_event *event, const struct room *room);

/* An event of a user's own stream, on the user's channel; json is what clients get, empty
 * for an event that is not shown. */
void publish_user_event(struct redis_client *client, const char *prefix, uint64_t user_id,
                        unsigned type, uint64_t seq, uint64_t actor_id, const char *actor,
                        uint64_t subject_id, struct text json);

/* What concerns a room and is never stored, on the room's channel, without a number. */
void publish_room_notice(struct redis_client *client, const char *prefix, uint64_t room_id,
                         unsigned type, uint64_t actor_id, const char *actor, uint64_t subject_id,
                         struct text json);

/* A credential of the user was ended, or the account itself changed: its open sockets are
 * to look again. Nothing when nothing changed. */
void publish_credentials_changed(struct redis_client *client, const char *prefix,
                                 const struct user_change *change);

/* A room was deleted: first on the stream of each member, with its number there, then on
 * the room's channel. streams is what room_delete wrote, "user:seq,user:seq"; deleted_by
 * is NULL and actor_id 0 when the sysadmin's tool did it. */
void publish_room_deleted(struct redis_client *client, const char *prefix, uint64_t room_id,
                          uint64_t actor_id, const char *deleted_by, struct text streams);

#endif
