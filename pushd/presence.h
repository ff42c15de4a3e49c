/*
 * presence: who is online in the rooms that somebody here has open. Plain code: no socket,
 * no clock and no Redis but by the table of functions below.
 *
 * A user is online in a room from the first socket to it, on whichever pushd, until
 * `grace_ms` after the last one is gone. Each room has a view of that here, made of the
 * sockets of this process, of what Redis says once the room is opened, and of the
 * user_joined and user_left that come later; whatever changes the view is told to the
 * sockets here, once. Away from Redis the view goes on with the sockets here; when Redis
 * is back, the two are brought together again.
 *
 * In Redis nothing changes without being published in the same step, and every word of it
 * bears the moment for which it holds (see pubsub.h): so the latest word counts, in whatever
 * order answers and notices come.
 */
#ifndef CONFAB_PUSHD_PRESENCE_H
#define CONFAB_PUSHD_PRESENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "event/event.h"
#include "redis/pubsub.h"

struct presence;

/* What presence needs. The functions of the pubsub are those of pubsub.h; tests have others. */
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
    /* The sockets here to the room, but for the user's own, are to be told that the user
     * came or went; type is EVENT_USER_JOINED or EVENT_USER_LEFT. Not to be published. The
     * name is valid during the call. */
    void (*notify)(void *context, uint64_t room_id, unsigned type, uint64_t user_id,
                   struct text name);
    /* The room's view is complete: who waited since presence_room_opened can go on. */
    void (*ready)(void *context, uint64_t room_id);
};

/* hooks must outlive it. Never NULL. Redis counts as away until presence_redis_state. */
struct presence *presence_new(const struct presence_hooks *hooks);

/* Frees everything; no answer may be owed by the pubsub any more (it is closed). */
void presence_free(struct presence *presence);

/* The room's channel is joined and its first socket here is about to open: reads who is in
 * it. True if the view is complete at once, also when the room is open already; else
 * hooks->ready follows (never from within this call), at the latest when Redis turns out
 * to be away. */
bool presence_room_opened(struct presence *presence, uint64_t room_id);

/* The last socket here to the room is gone, or given up while it opened. Those who were
 * online by it stay so for the grace. Does nothing to a room that is not open. */
void presence_room_closed(struct presence *presence, uint64_t room_id);

/* A socket of a user to an open room: to be called before its `connected` frame is made,
 * which thus shows the user, too. */
void presence_socket_opened(struct presence *presence, uint64_t room_id, uint64_t user_id,
                            struct text name);

/* Each socket that was opened is closed once. */
void presence_socket_closed(struct presence *presence, uint64_t room_id, uint64_t user_id);

/* A user_joined or user_left came on the room's channel. It is for presence alone: what
 * sockets are to know of it comes by hooks->tell. */
void presence_notice(struct presence *presence, uint64_t room_id,
                     const struct event_envelope *envelope);

/* Visits each user who is online in an open room once, in no order. */
void presence_online(const struct presence *presence, uint64_t room_id,
                     void (*visit)(void *context, uint64_t user_id, struct text name),
                     void *context);

/* What the pubsub tells of its state. */
void presence_redis_state(struct presence *presence, bool redis_up);

/* Ends the graces that are over, and looks after what dead pushd processes left behind: to
 * be called several times a second. */
void presence_tick(struct presence *presence);

#endif
