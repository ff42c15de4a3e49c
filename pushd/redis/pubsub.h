/*
 * pubsub: events from Redis, and presence in Redis. Nothing here blocks.
 *
 * There are two connections (redis_conn.h), one for subscriptions and one for commands. A lost
 * connection is reopened after a backoff, and all channels are subscribed to again. Each
 * connection sends a PING every 500 ms: if it is not answered within 500 ms, or the connection is
 * lost, Redis is down. It is up again only after all subscriptions are confirmed.
 */
#ifndef CONFAB_PUSHD_REDIS_PUBSUB_H
#define CONFAB_PUSHD_REDIS_PUBSUB_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/text.h"
#include "config/config.h"
#include "event/event.h"
#include "metrics/metrics_data.h"

struct pubsub;

/* What the pubsub calls, on the loop. */
struct pubsub_callbacks {
    void *context;
    /* Redis confirmed a subscription, for the first time or after a reconnect. */
    void (*subscribed)(void *context, enum event_stream stream, uint64_t id);
    /* An event arrived; its texts are valid during the call. */
    void (*event)(void *context, enum event_stream stream, uint64_t id,
                  const struct event_envelope *envelope);
    /* Redis is up, or down. */
    void (*state)(void *context, bool up);
    /* All that was read from Redis in this loop iteration has been handed on. */
    void (*iteration_end)(void *context);
};

/* Without a Redis in the configuration the pubsub is never up and every call does nothing.
 * config, metrics and callbacks must outlive it; nothing is called before it returns. Never
 * NULL. */
struct pubsub *pubsub_new(uv_loop_t *loop, const struct config *config,
                          struct metrics_data *metrics, const struct pubsub_callbacks *callbacks);

/* Closes the connections; frees itself once the loop has closed its handles. The presence lease
 * is shortened to presence_grace, so that users who do not reconnect elsewhere soon count as
 * offline. Not from within a callback. */
void pubsub_close(struct pubsub *pubsub);

/* Whether Redis is up, as last reported. */
bool pubsub_is_up(const struct pubsub *pubsub);

/* Subscribes to the channel of a stream, or unsubscribes. Subscribing again calls
 * callbacks->subscribed again if the channel is confirmed, but never before the call returns.
 * What is requested in one loop iteration is sent together. */
void pubsub_subscribe(struct pubsub *pubsub, enum event_stream stream, uint64_t id);
void pubsub_unsubscribe(struct pubsub *pubsub, enum event_stream stream, uint64_t id);

/* Publishes a notice, an event without a number (typing ...), on a room's channel. False if Redis
 * is down: the caller then notifies the sockets of this process itself. */
bool pubsub_publish(struct pubsub *pubsub, uint64_t room_id, const struct event_envelope *envelope);

/* ---- presence: the users online in a room, over all pushd processes (presence_store.c) ----
 *
 * A pushd counts as alive while it holds its presence lease, a key of its own that expires after
 * 15 seconds and is renewed every 5. Each change of a room's presence is published in the same
 * step, as user_joined or user_left, on the room's channel.
 *
 * Replies and notices carry a logical time, since they can arrive out of order over different
 * connections. Redis raises it with each command; a notice has it in its envelope.
 *
 * Callbacks come on the loop, or before the call returns if there is no connection; ok is false
 * if Redis did not answer. pubsub_close calls back all that are pending.
 */
typedef void presence_store_done(void *context, bool ok, bool only_here, uint64_t logical_time);
typedef void presence_store_user(void *context, uint64_t logical_time, uint64_t user_id,
                                 struct text name);
typedef void presence_store_end(void *context, bool ok, uint64_t logical_time);

/* Enters a user of this pushd into a room's hash. only_here: no other living pushd has the user
 * in the room; user_joined is then published, if the user is new. done may be NULL. */
void presence_store_enter(struct pubsub *pubsub, uint64_t room_id, uint64_t user_id,
                          struct text name, presence_store_done *done, void *context);

/* Removes the user. only_here: no other living pushd has the user in the room; user_left is then
 * published, if the user was there. done may be NULL. */
void presence_store_leave(struct pubsub *pubsub, uint64_t room_id, uint64_t user_id,
                          struct text name, presence_store_done *done, void *context);

/* Reads the users that other living pushd processes have in a room: calls `user` once for each,
 * then `end`. */
void presence_store_read(struct pubsub *pubsub, uint64_t room_id, presence_store_user *user,
                         presence_store_end *end, void *context);

/* Gives Redis the number of users that this pushd has in a large or live room, and gets that of all
 * other living pushd processes; `others` is 0 without an answer. */
typedef void presence_store_counted(void *context, bool ok, uint64_t others);
void presence_store_count(struct pubsub *pubsub, uint64_t room_id, uint64_t own,
                          presence_store_counted *done, void *context);

/* Removes the users that dead pushd processes left in a room's hash; user_left is published for
 * those that no living one has. Sends nothing unless a pushd died lately, so it can be called
 * often. */
void presence_store_sweep(struct pubsub *pubsub, uint64_t room_id);

/* Changes when Redis has lost what this pushd entered, because it lost its data or the lease
 * expired: all users must be entered again. callbacks->state reports down, then up, when that is
 * found out. */
uint64_t presence_store_epoch(const struct pubsub *pubsub);

#endif
