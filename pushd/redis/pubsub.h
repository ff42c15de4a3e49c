/*
 * pubsub: Redis, as far as pushd needs one; nothing here waits for it.
 *
 * Two connections (redis_conn.h): one that is subscribed, one for commands. Either one lost
 * is opened again by backoff; all subscriptions are then made anew. A PING on each every
 * 500 ms shows a Redis that hangs: without an answer within 500 ms the pubsub is "unwell", and
 * down when the connection breaks. It is well again only after all subscriptions are.
 */
#ifndef CONFAB_PUSHD_BUS_H
#define CONFAB_PUSHD_BUS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/text.h"
#include "config/config.h"
#include "event/event.h"
#include "metrics/metrics_data.h"

struct pubsub;

/* What the pubsub tells; all on the loop. */
struct pubsub_callbacks {
    void *context;
    /* Redis has confirmed a subscription, the first time or again after a loss. */
    void (*subscribed)(void *context, enum event_stream stream, uint64_t id);
    /* An event came; its texts are valid during the call. */
    void (*event)(void *context, enum event_stream stream, uint64_t id,
                  const struct event_envelope *envelope);
    /* The pubsub became well, or stopped being so (not connected, or no answer to a PING). */
    void (*state)(void *context, bool up);
    /* Everything that was read from Redis in one turn has been told. */
    void (*iteration_end)(void *context);
};

/* Opens the pubsub; without a Redis in the configuration it is never well and every call
 * does nothing. config, metrics and listener must outlive it; nothing is told before it returns.
 * Never NULL. */
struct pubsub *pubsub_new(uv_loop_t *loop, const struct config *config,
                          struct metrics_data *metrics, const struct pubsub_callbacks *callbacks);

/* Closes connections and handles; frees itself once the loop has let go of them. The lease
 * is cut down to the grace of presence, so that users who do not come back elsewhere are
 * soon seen to be gone. Not from within what the pubsub tells. */
void pubsub_close(struct pubsub *pubsub);

bool pubsub_is_up(const struct pubsub *pubsub);

/* Joins or leaves the channel of a stream. Joining one that is joined already is told as
 * subscribed again if it is confirmed; never before the call returns. What is asked for in
 * one turn of the loop goes out together. */
void pubsub_subscribe(struct pubsub *pubsub, enum event_stream stream, uint64_t id);
void pubsub_unsubscribe(struct pubsub *pubsub, enum event_stream stream, uint64_t id);

/* Publishes a notice without a number on a room's channel (typing, user_joined, ...). Lost
 * when the pubsub is down; false then, so that the caller can tell its own sockets. */
bool pubsub_publish(struct pubsub *pubsub, uint64_t room_id, const struct event_envelope *envelope);

/* ---- presence: who is in a room, by all pushd processes (presence_store.c) ----
 *
 * A pushd counts as alive as long as it renews its lease on a key of its own: 15 seconds,
 * renewed every 5. What changes who is in a room is published by Redis on the room's
 * channel in the same step, as user_joined or user_left, to all pushd processes.
 *
 * `moment` says which of two words is the later one: what came on different connections may
 * come in any order. It rises with each command, by Redis; for a notice it is the subject.
 *
 * Answers come on the loop, or before the call returns if there is no connection; ok is
 * false when Redis did not say. pubsub_close gives the answers that are still owed.
 */
typedef void presence_store_done(void *context, bool ok, bool only_here, uint64_t logical_time);
typedef void presence_store_user(void *context, uint64_t logical_time, uint64_t user_id,
                                 struct text name);
typedef void presence_store_end(void *context, bool ok, uint64_t logical_time);

/* Puts a user of this pushd into a room's hash. `alone` tells that no other living pushd
 * has the user there: then user_joined is published, if the user is new. done may be NULL. */
void presence_store_enter(struct pubsub *pubsub, uint64_t room_id, uint64_t user_id,
                          struct text name, presence_store_done *done, void *context);

/* Takes the user out. `alone` tells that nobody else has the user there now: then
 * user_left is published, if the user was there. done may be NULL. */
void presence_store_leave(struct pubsub *pubsub, uint64_t room_id, uint64_t user_id,
                          struct text name, presence_store_done *done, void *context);

/* Reads who is in a room by other living pushd processes: each user once, then the end. */
void presence_store_read(struct pubsub *pubsub, uint64_t room_id, presence_store_user *user,
                         presence_store_end *end, void *context);

/* Takes out of a room's hash what dead pushd processes left there; user_left is published
 * for those whom nobody living has there. Asks nothing while no pushd is known to have
 * died lately, so it costs nothing to call it often. */
void presence_store_sweep(struct pubsub *pubsub, uint64_t room_id);

/* Changes when what this pushd had put into Redis does not count any more, because Redis lost
 * its data or the lease ran out: all users must then be entered again. The state is told as
 * unwell and well again when that is found out. */
uint64_t presence_store_epoch(const struct pubsub *pubsub);

#endif
