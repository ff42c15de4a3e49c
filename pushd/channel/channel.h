/*
 * channel: a stream with those who listen to it here, and its channel on Redis.
 *
 * Rooms and users have a channel as long as somebody here listens. What a stream delivers in
 * one turn of the loop is gathered, and written to each listener at once when the turn
 * ends.
 */
#ifndef CONFAB_PUSHD_FEED_H
#define CONFAB_PUSHD_FEED_H

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
struct channel;

/* One listener of one channel. */
struct subscription {
    struct client *client;
    struct channel *channel;
    uint32_t index;         /* in the channel's array */
    bool live;              /* gets events; before that it only keeps the channel open */
    uint64_t delivered_seq; /* of the last event delivered to it */
};

/* All channels of this process. */
struct channels;

struct channel {
    struct stream stream;
    struct channels *channels;
    struct subscription **subscriptions; /* `only` as long as there is one */
    struct subscription *only;
    uint32_t count, space;
    uint64_t ready_iteration;     /* the number of the turn in which Redis confirmed the channel */
    struct event_list pending;    /* what this turn delivered */
    struct channel *next_dirty;   /* list of channels with something in turn */
    unsigned char missing_checks; /* tail checks in a row that did not find the room */
    bool ready;                   /* Redis has confirmed the channel, or is not there */
    bool dirty;
};

/* What the channels tell their clients. Any of these may end clients; subscriptions are
 * then dropped at the end of the turn, never while a channel is being walked. */
struct channels_callbacks {
    /* The channel can be read from now on. */
    void (*ready)(struct client *client, struct channel *channel);
    /* Events follow for these, of which some may be NULL: what they need can be fetched into the
     * processor's cache. */
    void (*prefetch)(struct client *const *clients, uint32_t count);
    /* Events of one turn, in order, all after subscription->delivered_seq. joined_frame holds the
     * frames of all of them that are shown (NULL: none is). */
    void (*events)(struct subscription *subscription, const struct stream_event *events,
                   uint32_t count, struct frame *joined_frame);
    /* A notice without a number on a room's channel. */
    void (*notice)(struct subscription *subscription, const struct event_envelope *envelope,
                   struct frame *frame);
    /* What was missed cannot be had: load anew from last_seq. */
    void (*resync)(struct subscription *subscription, uint64_t last_seq);
    /* The room is gone. */
    void (*room_gone)(struct subscription *subscription);
};

/* Never NULL; everything given must outlive it. */
struct channels *channels_new(uv_loop_t *loop, const struct config *config, struct db_pool *db_pool,
                              struct metrics_data *metrics,
                              const struct channels_callbacks *callbacks);

/* Gives the channels the pubsub; the listener of the pubsub is channels_pubsub_callbacks. */
void channels_set_pubsub(struct channels *channels, struct pubsub *pubsub);
const struct pubsub_callbacks *channels_pubsub_callbacks(struct channels *channels);

/* Stops the timer; frees itself once the loop has let go. No channel may be open, no job under
 * way. */
void channels_close(struct channels *channels);

/* Adds a listener, not live yet, and opens the channel if it is the first. The subscription
 * belongs to the caller, who gives it back with channel_unsubscribe. */
struct subscription *channel_subscribe(struct channels *channels, enum event_stream kind,
                                       uint64_t id, struct client *client);

/* Drops a listener; the last one closes the channel. Not while the channels call a listener:
 * flag the client and leave at the end of the turn. */
void channel_unsubscribe(struct subscription *subscription);

/* The number of the present turn of the loop. */
uint64_t channels_iteration(const struct channels *channels);

/* Writes out what this turn has gathered so far; called at each end of a turn, and before a
 * listener becomes live in the middle of one. */
void channels_flush(struct channels *channels);

/* Hands a notice of a room to its listeners here, as if it had come from Redis. */
void channels_notice(struct channels *channels, uint64_t room_id,
                     const struct event_envelope *envelope);

/* Calls wake for each listener of a room; wake may send, but not leave or join. */
void channels_each_client(struct channels *channels, uint64_t room_id,
                          void (*wake)(struct client *client));

/* Looks at once whether the database has events that did not come. */
void channels_check_gaps(struct channels *channels);

/* Calls visit for each channel (for the state in the log). */
void channels_each(struct channels *channels,
                   void (*visit)(void *context, const struct channel *channel), void *context);

#endif
