/*
 * channel: a stream, its subscribers in this process, and its channel on Redis.
 *
 * A room or user has a channel as long as it has a subscriber here. The events that a stream
 * delivers in one loop iteration are collected, and handed to each subscriber at once at the end
 * of the iteration.
 */
#ifndef CONFAB_PUSHD_CHANNEL_CHANNEL_H
#define CONFAB_PUSHD_CHANNEL_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/idmap.h"
#include "channel/stream.h"
#include "config/config.h"
#include "db/db_pool.h"
#include "metrics/metrics_data.h"
#include "redis/pubsub.h"

struct client;
struct watch;
struct channel;

/* One subscriber of one channel. */
struct subscription {
    struct client *client; /* NULL: dropped, and given back soon */
    struct channel *channel;
    struct watch *watch;    /* of the client, to which it belongs; NULL: to the client itself */
    uint32_t index;         /* in channel->subscriptions */
    bool live;              /* receives events and notices */
    bool behind;            /* is being sent earlier events first; receives notices */
    bool replayed;          /* was sent events from the database */
    unsigned char notify;   /* for client_notify.c, which sets it */
    uint64_t delivered_seq; /* of the last event handed to it */
};

/* All channels of this process. */
struct channels;

struct channel {
    struct stream stream;
    struct channels *channels;
    struct subscription **subscriptions;
    size_t space;
    uint32_t count;               /* of subscriptions */
    unsigned char missing;        /* consecutive gap checks that did not find the room */
    bool ready;                   /* Redis confirmed the channel, or is down */
    bool dirty;                   /* has events to hand out */
    uint64_t ready_iteration;     /* the loop iteration in which it became ready */
    struct event_list events;     /* delivered by the stream in this iteration */
    struct channel *next_dirty;   /* list of dirty channels */
    struct channel *next_waiting; /* list of those that become ready when Redis goes down */
};

/* What the channels call. A callback may close clients, but subscriptions must be given back
 * later, never while a channel is walked. */
struct channels_callbacks {
    /* The channel became ready: events published from now on will arrive. */
    void (*ready)(struct subscription *subscription);
    /* Events follow for these clients, some of which may be NULL: what they need can be loaded
     * into the processor's cache. */
    void (*prefetch)(struct client *const *clients, uint32_t count);
    /* Events of one iteration, in order, all after subscription->delivered_seq. `frame` has all
     * their frames (NULL: none is shown). */
    void (*events)(struct subscription *subscription, const struct stream_event *events,
                   uint32_t count, struct frame *frame);
    /* New events, for a subscriber that is behind: some have effects that must not wait until it
     * has been sent all events before them. */
    void (*behind)(struct subscription *subscription, const struct stream_event *events,
                   uint32_t count);
    /* A notice, an event without a number, on a room's channel. */
    void (*notice)(struct subscription *subscription, const struct event_envelope *envelope,
                   struct frame *frame);
    /* Events are missing that cannot be read any more; the client has to resync at last_seq. */
    void (*resync)(struct subscription *subscription, uint64_t last_seq);
    /* The room does not exist any more. */
    void (*room_gone)(struct subscription *subscription);
};

/* Everything given must outlive it. Never NULL. */
struct channels *channels_new(uv_loop_t *loop, const struct config *config, struct db_pool *db_pool,
                              struct metrics_data *metrics,
                              const struct channels_callbacks *callbacks);

/* Sets the pubsub to subscribe with; its callbacks are channels_pubsub_callbacks. */
void channels_set_pubsub(struct channels *channels, struct pubsub *pubsub);
const struct pubsub_callbacks *channels_pubsub_callbacks(struct channels *channels);

/* Stops the timer; frees itself once the loop has closed it. There must be no channel and no
 * pending job. */
void channels_close(struct channels *channels);

/* Adds a subscriber, not live yet; the first one opens the channel. watch may be NULL. The caller
 * gives the subscription back with channel_unsubscribe. */
struct subscription *channel_subscribe(struct channels *channels, enum event_stream kind,
                                       uint64_t id, struct client *client, struct watch *watch);

/* Removes and frees a subscription; the last one closes the channel. Never from a callback. */
void channel_unsubscribe(struct subscription *subscription);

/* The number of the present loop iteration. */
uint64_t channels_iteration(const struct channels *channels);

/* Hands out the events collected so far: at the end of each iteration, and before a subscription
 * becomes live within one. */
void channels_flush(struct channels *channels);

/* Hands a notice to the subscribers of a room in this process, as if it came from Redis. */
void channels_notice(struct channels *channels, uint64_t room_id,
                     const struct event_envelope *envelope);

/* Calls visit for each subscriber of a room; visit may send, but not subscribe or unsubscribe. */
void channels_each_subscriber(struct channels *channels, uint64_t room_id,
                              void (*visit)(struct subscription *subscription));

/* Starts a gap check now, or another one after the one that is running. */
void channels_check_gaps(struct channels *channels);

/* Calls visit for each channel. */
void channels_each(struct channels *channels,
                   void (*visit)(void *context, const struct channel *channel), void *context);

#endif
