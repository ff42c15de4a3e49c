/*
 * publish: publishes committed events on Redis, as envelopes (event.h), and rings bells (bell.h).
 *
 * The program that makes a change calls these after the commit, and before it answers. They neither
 * wait nor fail: pushd finds lost events in the database. Without Redis and bells in the
 * configuration they do nothing.
 */
#ifndef CONFAB_COMMON_EVENT_PUBLISH_H
#define CONFAB_COMMON_EVENT_PUBLISH_H

#include <stdint.h>

#include "base/text.h"
#include "event/bell.h"
#include "redis/redis_client.h"
#include "store/events/event_log.h"
#include "store/rooms/room.h"
#include "store/users/user.h"

struct publisher {
    const char *prefix; /* the option redis_prefix */
    struct bell *bell;  /* NULL: none */
    struct db *db;      /* to read the names of bells */
    bool is_cluster;    /* redis_slots_are_used */
};

/* Publishes an event of the stream of a room. `room` is only needed for room_updated and may be
 * NULL otherwise. */
void publish_room_event(struct redis_client *client, const struct publisher *publisher,
                        const struct room_event *event, const struct room *room);

/* Publishes an event of the own stream of a user. json is sent to clients; it is empty for an event
 * that is not shown. */
void publish_user_event(struct redis_client *client, const struct publisher *publisher,
                        uint64_t user_id, unsigned type, uint64_t seq, uint64_t actor_id,
                        const char *actor, uint64_t subject_id, struct text json);

/* Publishes mentioned in the own streams of users; `streams` is message_change.mentioned. */
void publish_mentioned(struct redis_client *client, const struct publisher *publisher,
                       uint64_t room_id, uint64_t message_id, uint64_t sender_id,
                       const char *sender, struct text streams);

/* The same for report_created; `streams` is abuse_report_change.streams. */
void publish_report_created(struct redis_client *client, const struct publisher *publisher,
                            uint64_t room_id, uint64_t report_id, uint64_t reporter_id,
                            struct text streams);

/* The same for message_held; `streams` is held_change.streams. */
void publish_message_held(struct redis_client *client, const struct publisher *publisher,
                          uint64_t room_id, uint64_t held_id, uint64_t sender_id,
                          struct text streams);

/* The same for moderation_changed. */
void publish_moderation_changed(struct redis_client *client, const struct publisher *publisher,
                                uint64_t room_id, uint64_t actor_id, struct text streams);

/* Publishes a notice on the channel of a room: it is not stored and has no number. */
void publish_room_notice(struct redis_client *client, const struct publisher *publisher,
                         uint64_t room_id, unsigned type, uint64_t actor_id, const char *actor,
                         uint64_t subject_id, struct text json);

/* Publishes credentials_changed, so that pushd checks the credentials of the user's sockets. Does
 * nothing if change->changed is false. */
void publish_credentials_changed(struct redis_client *client, const struct publisher *publisher,
                                 const struct user_change *change);

/* Publishes room_deleted, first in the own stream of each member, then as a notice on the channel
 * of the room. `streams` is the output of room_delete, "<user id>:<seq>,...". If confabctl deleted
 * the room, deleted_by is NULL and actor_id is 0. */
void publish_room_deleted(struct redis_client *client, const struct publisher *publisher,
                          uint64_t room_id, uint64_t actor_id, const char *deleted_by,
                          struct text streams);

#endif
