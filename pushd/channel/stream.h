/*
 * stream: the events of one room or one user, put in order.
 *
 * Events come from Redis in whatever order and number it likes; out of here they go by
 * rising seq, each once, without a hole. What is missing is asked for by a hook and read
 * from the database. Plain code: no socket, no Redis, no database, no clock.
 *
 * A short tail of the last events is kept, so that most who come back with `since` are
 * served from memory. What an edit or a deletion makes untrue is dropped from it.
 */
#ifndef CONFAB_PUSHD_STREAM_H
#define CONFAB_PUSHD_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel/event_list.h"
#include "event/event.h"

/* Events kept in memory behind the last one. */
#define STREAM_RECENT 64

/* Events that may wait for a hole to be filled; more are dropped, and read like the hole. */
#define STREAM_PENDING 64

struct stream;

struct stream_hooks {
    /* The next event in order. */
    void (*deliver)(struct stream *stream, const struct stream_event *event);
    /* Events after `after` are missing: stream_fetched is to be called with them, or
     * stream_fetch_failed. Not called again before that. */
    void (*fetch)(struct stream *stream, uint64_t after);
};

struct stream {
    enum event_stream kind;
    bool known; /* last_seq means something */
    bool fetching;
    bool
        received_during_fetch; /* something came to wait since the fetch began, which may not know of it */
    uint64_t id;
    const struct stream_hooks *hooks;
    void *owner;               /* for the hooks */
    uint64_t last_seq;         /* of the last event delivered */
    uint64_t head_seq;         /* the highest one heard of */
    struct event_list recent;  /* ends with last_seq */
    struct event_list pending; /* by rising seq */
};

/* A stream whose position is not known yet: events wait. */
void stream_init(struct stream *stream, enum event_stream kind, uint64_t id,
                 const struct stream_hooks *hooks, void *owner);

/* Releases what is kept and its memory. */
void stream_clear(struct stream *stream);

/* Says where the stream stands, read after its channel was joined. Only the first call
 * counts; what waited is then delivered or dropped. */
void stream_start(struct stream *stream, uint64_t last_seq);

/* An event with a number came. Delivered if it is the next; dropped if it is an old one;
 * else it waits while the hole is fetched. The frame is held as long as it is needed. */
void stream_receive(struct stream *stream, const struct stream_event *event);

/* The database says how far the stream goes: what is missing is fetched. True if something
 * was. */
bool stream_update_head(struct stream *stream, uint64_t last_seq);

/* Says up to where events are on record, as read along with what was fetched. What waited
 * beyond that when it was asked is not to be believed; should it be on record after all, it
 * is found like any other that did not come. If something came meanwhile, nothing follows
 * from it yet: it will be asked again. */
void stream_recorded(struct stream *stream, uint64_t last_seq);

/* Events that were fetched, in order; they may overlap what came meanwhile. Fetches again
 * if there is more; none at all means that nothing is missing. Dropped unless a fetch is
 * under way: what was asked for before a room was left and opened again is not for it. */
void stream_fetched(struct stream *stream, const struct stream_event *events, size_t count);

/* The fetch brought nothing: it is to be tried again when the next event or tail check
 * comes. */
void stream_fetch_failed(struct stream *stream);

/* The hole cannot be filled any more (or is too wide): goes on from last_seq, with an
 * empty tail, and fetches what is missing behind it. The owner tells subscribers to load
 * anew. last_seq may lie below the present one: another history, of a restored backup. */
void stream_skip(struct stream *stream, uint64_t last_seq);

/* Events in a row that were read for somebody. If they lead to where the stream stands, they
 * become the tail of one that has none: who comes next need not read them. */
void stream_cache(struct stream *stream, const struct stream_event *events, uint32_t count);

/* Visits the events after `after` up to last_seq if the tail has them all; false, and
 * nothing visited, if it does not. */
bool stream_recent(const struct stream *stream, uint64_t after,
                   void (*visit)(void *context, const struct stream_event *event), void *context);

#endif
