/*
 * feed: a stream with those who listen to it here, and its channel on Redis.
 *
 * Rooms and users have a feed as long as somebody here listens. What a stream delivers in
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

struct session;
struct feed;

/* One listener of one feed. */
struct subscription {
    struct session *session;
    struct feed *feed;
    uint32_t index; /* in the feed's array */
    bool live;      /* gets events; before that it only keeps the feed open */
    uint64_t after; /* has all events up to this one */
};

/* All feeds of this process. */
struct feeds;

struct feed {
    struct stream stream;
    struct feeds *feeds;
    struct subscription **subscriptions; /* `only` as long as there is one */
    struct subscription *only;
    uint32_t count, space;
    uint64_t joined_turn;    /* the number of the turn in which Redis confirmed the channel */
    struct stream_list turn; /* what this turn delivered */
    struct feed *next_dirty; /* list of feeds with something in turn */
    unsigned char missing;   /* tail checks in a row that did not find the room */
    bool joined;             /* Redis has confirmed the channel, or is not there */
    bool dirty;
};

/* What the feeds tell their sessions. Any of these may end sessions; subscriptions are
 * then dropped at the end of the turn, never while a feed is being walked. */
struct feeds_listener {
    /* The feed can be read from now on. */
    void (*joined)(struct session *session, struct feed *feed);
    /* Events follow for these, of which some may be NULL: what they need can be fetched into the
     * processor's cache. */
    void (*soon)(struct session *const *sessions, uint32_t count);
    /* Events of one turn, in order, all after subscription->after. joined_frame holds the
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
struct feeds *feeds_new(uv_loop_t *loop, const struct config *config, struct jobs *jobs,
                        struct figures *figures, const struct feeds_listener *listener);

/* Gives the feeds the bus; the listener of the bus is feeds_bus_listener. */
void feeds_set_bus(struct feeds *feeds, struct bus *bus);
const struct bus_listener *feeds_bus_listener(struct feeds *feeds);

/* Stops the timer; frees itself once the loop has let go. No feed may be open, no job under
 * way. */
void feeds_close(struct feeds *feeds);

/* Adds a listener, not live yet, and opens the feed if it is the first. The subscription
 * belongs to the caller, who gives it back with feed_leave. */
struct subscription *feed_join(struct feeds *feeds, enum event_stream kind, uint64_t id,
                               struct session *session);

/* Drops a listener; the last one closes the feed. Not while the feeds call a listener:
 * flag the session and leave at the end of the turn. */
void feed_leave(struct subscription *subscription);

/* The number of the present turn of the loop. */
uint64_t feeds_turn(const struct feeds *feeds);

/* Writes out what this turn has gathered so far; called at each end of a turn, and before a
 * listener becomes live in the middle of one. */
void feeds_flush(struct feeds *feeds);

/* Hands a notice of a room to its listeners here, as if it had come from Redis. */
void feeds_notice(struct feeds *feeds, uint64_t room_id, const struct event_envelope *envelope);

/* Calls wake for each listener of a room; wake may send, but not leave or join. */
void feeds_wake_room(struct feeds *feeds, uint64_t room_id, void (*wake)(struct session *session));

/* Looks at once whether the database has events that did not come. */
void feeds_check_now(struct feeds *feeds);

/* Calls visit for each feed (for the state in the log). */
void feeds_each(struct feeds *feeds, void (*visit)(void *context, const struct feed *feed),
                void *context);

#endif
