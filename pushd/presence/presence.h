/*
 * presence: the users that are online in the rooms open in this process. Plain code: no socket,
 * no clock and no Redis except through the table of functions below.
 *
 * A user is online in a room from the first socket to it, on any pushd, until grace_ms after the
 * last one is gone. Each room has a view of that here, made of the sockets of this process, of
 * the users that Redis has when the room is opened, and of later user_joined and user_left
 * notices. Each change of the view is sent to the sockets here, once. While Redis is down the view
 * continues with the sockets here; when Redis is up again, the two are merged.
 *
 * Each change in Redis is published in the same step, and each reply and notice carries the
 * logical time at which it holds (pubsub.h): the latest one counts, in whatever order they
 * arrive.
 */
#ifndef CONFAB_PUSHD_PRESENCE_PRESENCE_H
#define CONFAB_PUSHD_PRESENCE_PRESENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "event/event.h"
#include "redis/pubsub.h"

struct presence;

/* What presence calls. The first five are functions of pubsub.h; tests have their own. */
struct presence_hooks {
    struct pubsub *pubsub;
    void (*enter)(struct pubsub *pubsub, uint64_t room_id, uint64_t user_id, struct text name,
                  presence_store_done *done, void *context);
    void (*leave)(struct pubsub *pubsub, uint64_t room_id, uint64_t user_id, struct text name,
                  presence_store_done *done, void *context);
    void (*read)(struct pubsub *pubsub, uint64_t room_id, presence_store_user *user,
                 presence_store_end *end, void *context);
    void (*sweep)(struct pubsub *pubsub, uint64_t room_id);
    uint64_t (*epoch)(const struct pubsub *pubsub);
    int64_t (*now_ms)(void); /* clock_monotonic_ms */
    int64_t grace_ms;

    void *context; /* for these two */
    /* A user came online in a room or went offline: notify the sockets here to the room, except
     * the user's own. type is EVENT_USER_JOINED or EVENT_USER_LEFT; not to be published. The name
     * is valid during the call. */
    void (*notify)(void *context, uint64_t room_id, unsigned type, uint64_t user_id,
                   struct text name);
    /* The room's view is complete: clients that wait since presence_room_opened can continue. */
    void (*ready)(void *context, uint64_t room_id);
};

/* hooks must outlive it. Redis counts as down until presence_redis_state. Never NULL. */
struct presence *presence_new(const struct presence_hooks *hooks);

/* Frees everything; no reply of the pubsub may be pending (it is closed). */
void presence_free(struct presence *presence);

/* The room's channel is ready and its first socket here is about to open: reads its users from
 * Redis. True if the view is complete at once, as for a room that is open already; else
 * hooks->ready follows, never from within this call, at the latest when Redis goes down. */
bool presence_room_opened(struct presence *presence, uint64_t room_id);

/* The last socket here to the room is gone. Its users stay online for the grace. Ignored if the
 * room is not open. */
void presence_room_closed(struct presence *presence, uint64_t room_id);

/* A user has a new socket to an open room. To be called before its `connected` frame is made,
 * which thus includes the user. */
void presence_socket_opened(struct presence *presence, uint64_t room_id, uint64_t user_id,
                            struct text name);

/* To be called once for each call of presence_socket_opened. */
void presence_socket_closed(struct presence *presence, uint64_t room_id, uint64_t user_id);

/* A user_joined or user_left arrived on the room's channel. The caller must not send it to
 * sockets: they are sent what hooks->notify says. */
void presence_notice(struct presence *presence, uint64_t room_id,
                     const struct event_envelope *envelope);

/* Visits each user that is online in an open room once, in no order. */
void presence_online(const struct presence *presence, uint64_t room_id,
                     void (*visit)(void *context, uint64_t user_id, struct text name),
                     void *context);

/* Redis is up or down, as the pubsub reports it. */
void presence_redis_state(struct presence *presence, bool up);

/* Ends grace periods, and removes what dead pushd processes left in Redis: to be called several
 * times a second. */
void presence_tick(struct presence *presence);

#endif
