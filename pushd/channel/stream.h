/*
 * stream: the events of one room or one user, put into order.
 *
 * Events arrive from Redis possibly reordered, duplicated or missing. They are delivered with
 * rising seq, each once and without gaps: a hook fetches what is missing from the database. Plain
 * code: no socket, no Redis, no database, no clock.
 *
 * The stream caches its last events, so that most clients that reconnect with `since` are
 * served from memory. Events that an edit or a deletion makes outdated leave the cache.
 */
#ifndef CONFAB_PUSHD_CHANNEL_STREAM_H
#define CONFAB_PUSHD_CHANNEL_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel/event_list.h"
#include "event/event.h"

/* Events in the cache at most. */
#define STREAM_RECENT 64

/* Early events that wait for a gap to be filled, at most; further ones are dropped and read from
 * the database like the gap. */
#define STREAM_PENDING 64

struct stream;

struct stream_hooks {
    /* The next event in order. */
    void (*deliver)(struct stream *stream, const struct stream_event *event);
    /* Events after `after` are missing. Must lead to stream_fetched or stream_fetch_failed; not
     * called again before that. */
    void (*fetch)(struct stream *stream, uint64_t after);
};

struct stream {
    enum event_stream kind;
    bool known;    /* last_seq is valid */
    bool fetching; /* hooks->fetch is not answered yet */
    bool received; /* an early event, since the fetch began; the fetch may not include it */
    uint64_t id;   /* of the room or user */
    const struct stream_hooks *hooks;
    void *owner;               /* for the hooks */
    uint64_t last_seq;         /* of the last event delivered */
    uint64_t head_seq;         /* the highest one announced */
    struct event_list recent;  /* the cache: consecutive, ends with last_seq */
    struct event_list pending; /* early events, by rising seq */
};

/* A stream whose position is not known yet: events are kept as pending. */
void stream_init(struct stream *stream, enum event_stream kind, uint64_t id,
                 const struct stream_hooks *hooks, void *owner);

/* Frees the memory. */
void stream_clear(struct stream *stream);

/* Sets the position, as read after the channel was subscribed to. Only the first call has an
 * effect; pending events are then delivered or dropped. */
void stream_start(struct stream *stream, uint64_t last_seq);

/* An event with a number arrived. It is delivered if it is the next one and dropped if it is an
 * old one; else it is kept while the gap is fetched. */
void stream_receive(struct stream *stream, const struct stream_event *event);

/* The database has events up to last_seq: fetches what is missing. True if something is. */
bool stream_update_head(struct stream *stream, uint64_t last_seq);

/* To be called before stream_fetched: the database had events up to last_seq when it was read.
 * Pending events beyond that were not recorded and are dropped; should the database have them
 * after all, the next gap check finds them. No effect if an event arrived during the fetch. */
void stream_recorded(struct stream *stream, uint64_t last_seq);

/* The fetched events, in order; they may overlap with events that arrived meanwhile. Fetches
 * again if more are missing; no events at all means that none are. Ignored unless a fetch is
 * under way: the stream may have been closed and opened again since. */
void stream_fetched(struct stream *stream, const struct stream_event *events, size_t count);

/* The fetch failed. The next event or gap check tries again. */
void stream_fetch_failed(struct stream *stream);

/* The gap cannot be filled, or is too wide: continues from last_seq, with an empty cache, and
 * fetches what is missing after it. The owner sends resync to the subscribers. last_seq may be
 * lower than the present one, when a backup was restored. */
void stream_skip(struct stream *stream, uint64_t last_seq);

/* Offers consecutive events that were read for a client. If they end with last_seq, they become
 * the cache of a stream that has none, so that the next client need not read them. */
void stream_cache(struct stream *stream, const struct stream_event *events, uint32_t count);

/* Whether the cache has all events after `after`. */
bool stream_reaches(const struct stream *stream, uint64_t after);

/* Visits the events after `after` up to last_seq if the cache has all of them; else visits none
 * and returns false. */
bool stream_recent(const struct stream *stream, uint64_t after,
                   void (*visit)(void *context, const struct stream_event *event), void *context);

#endif
