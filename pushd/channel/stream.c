/*
 * stream: order, gaps and the cache of recent events.
 *
 * Three numbers: last_seq was delivered last, head_seq is the highest one announced, and `recent`
 * ends with last_seq. Events between last_seq and head_seq are missing, except those that came too
 * early and wait in `pending`. One fetch at a time (`fetching`) reads what is missing.
 */
#include "channel/stream.h"

#include <string.h>

void stream_init(struct stream *stream, enum event_stream kind, uint64_t id,
                 const struct stream_hooks *hooks, void *owner) {
    memset(stream, 0, sizeof(*stream));
    stream->kind = kind;
    stream->id = id;
    stream->hooks = hooks;
    stream->owner = owner;
}

void stream_clear(struct stream *stream) {
    event_list_clear(&stream->recent);
    event_list_clear(&stream->pending);
}

/* ---- the cache ---- */

/* True for an event whose JSON has the reactions to a message: of the message itself, or of a room,
 * which shows its last message. */
static bool shows_reactions(const struct stream_event *event, uint64_t message_id) {
    return event->type == EVENT_ROOM_UPDATED ||
           ((event->type == EVENT_NEW_MESSAGE || event->type == EVENT_MESSAGE_EDITED ||
             event->type == EVENT_REACTIONS_CHANGED || event->type == EVENT_MESSAGE_PINNED) &&
            event->subject_id == message_id);
}

/* Drops what the next event makes outdated. The cache has no gaps, so everything before that goes,
 * too. */
static void drop_outdated(struct event_list *recent, const struct stream_event *event) {
    uint32_t count = recent->count;
    if (event->type == EVENT_REACTIONS_CHANGED)
        while (count > 0 && !shows_reactions(&recent->events[count - 1], event->subject_id))
            count--;
    /* Any event may quote the text of the message. */
    else if (event->type != EVENT_MESSAGE_EDITED && event->type != EVENT_MESSAGE_DELETED)
        count = 0;
    if (count > 0)
        event_list_drop(recent, count);
}

/* Adds to the cache, from which clients that reconnect are served without the database. */
static void add_recent(struct stream *stream, const struct stream_event *event) {
    struct event_list *recent = &stream->recent;
    drop_outdated(recent, event);
    /* Half at a time: dropping one for each event would move the array each time. */
    if (recent->count == STREAM_RECENT)
        event_list_drop(recent, STREAM_RECENT / 2);
    event_list_add(recent, event);
}

void stream_cache(struct stream *stream, const struct stream_event *events, uint32_t count) {
    const uint32_t kept = count < STREAM_RECENT ? count : STREAM_RECENT;
    /* They must end with last_seq and be consecutive; the second condition compares the first
     * number kept with what it is then. */
    if (!stream->known || stream->recent.count > 0 || count == 0 ||
        events[count - 1].seq != stream->last_seq ||
        events[count - kept].seq != stream->last_seq - (kept - 1))
        return;
    for (uint32_t i = 0; i < kept; i++)
        event_list_add(&stream->recent, &events[count - kept + i]);
}

bool stream_reaches(const struct stream *stream, uint64_t after) {
    /* The cache is consecutive, so its length says how far back it goes. */
    return stream->known &&
           (stream->last_seq <= after || stream->last_seq - after <= stream->recent.count);
}

bool stream_recent(const struct stream *stream, uint64_t after,
                   void (*visit)(void *context, const struct stream_event *event), void *context) {
    const struct event_list *recent = &stream->recent;
    if (!stream->known || after > stream->last_seq || stream->last_seq - after > recent->count)
        return false;
    const uint32_t wanted = (uint32_t)(stream->last_seq - after);
    for (uint32_t i = recent->count - wanted; i < recent->count; i++)
        visit(context, &recent->events[i]);
    return true;
}

/* ---- order ---- */

static void raise_head(struct stream *stream, uint64_t seq) {
    if (stream->head_seq < seq)
        stream->head_seq = seq;
}

/* The next event, in order. */
static void deliver(struct stream *stream, const struct stream_event *event) {
    stream->last_seq = event->seq;
    raise_head(stream, event->seq);
    add_recent(stream, event);
    stream->hooks->deliver(stream, event);
}

/* Delivers the pending events that follow last_seq, and drops those that are old. */
static void deliver_pending(struct stream *stream) {
    const struct event_list *pending = &stream->pending;
    uint32_t done = 0;
    while (done < pending->count && pending->events[done].seq <= stream->last_seq + 1) {
        /* Others are at or below last_seq: fetched meanwhile. */
        if (pending->events[done].seq == stream->last_seq + 1)
            deliver(stream, &pending->events[done]);
        done++;
    }
    if (done > 0)
        event_list_drop(&stream->pending, done);
}

/* Fetches what is missing, unless a fetch is under way or nothing is. */
static void fetch_gap(struct stream *stream) {
    if (!stream->known || stream->fetching || stream->head_seq <= stream->last_seq)
        return;
    stream->fetching = true;
    stream->received = false;
    stream->hooks->fetch(stream, stream->last_seq);
}

/* Keeps an early event in order. A duplicate is dropped, and so is one for which there is no
 * room: it is read from the database later. */
static void add_pending(struct stream *stream, const struct stream_event *event) {
    const struct event_list *pending = &stream->pending;
    uint32_t at = pending->count;
    raise_head(stream, event->seq);
    stream->received = true;
    /* Usually it belongs at the end. */
    while (at > 0 && pending->events[at - 1].seq > event->seq)
        at--;
    if (pending->count < STREAM_PENDING && (at == 0 || pending->events[at - 1].seq != event->seq))
        event_list_insert(&stream->pending, at, event);
}

void stream_start(struct stream *stream, uint64_t last_seq) {
    if (stream->known)
        return;
    stream->known = true;
    stream->last_seq = last_seq;
    /* Those that came while the position was read. */
    deliver_pending(stream);
    fetch_gap(stream);
}

void stream_receive(struct stream *stream, const struct stream_event *event) {
    if (stream->known && event->seq <= stream->last_seq)
        return;
    /* Too early: something before it is missing. */
    if (!stream->known || event->seq > stream->last_seq + 1) {
        add_pending(stream, event);
    } else {
        deliver(stream, event);
        deliver_pending(stream);
    }
    fetch_gap(stream);
}

bool stream_update_head(struct stream *stream, uint64_t last_seq) {
    if (!stream->known || last_seq <= stream->last_seq)
        return false;
    raise_head(stream, last_seq);
    fetch_gap(stream);
    return true;
}

void stream_recorded(struct stream *stream, uint64_t last_seq) {
    struct event_list *pending = &stream->pending;
    /* One came after the database was read, so what it lacks may be committed by now. */
    if (stream->received)
        return;
    /* Published, but not committed: the transaction was lost with a crashed database. */
    while (pending->count > 0 && pending->events[pending->count - 1].seq > last_seq)
        frame_release(pending->events[--pending->count].frame);
    if (pending->count == 0)
        event_list_clear(pending);
    stream->head_seq = last_seq > stream->last_seq ? last_seq : stream->last_seq;
}

void stream_fetched(struct stream *stream, const struct stream_event *events, size_t count) {
    if (!stream->fetching)
        return;
    stream->fetching = false;
    /* Redis may have delivered some of these meanwhile. */
    for (size_t i = 0; i < count; i++)
        if (events[i].seq == stream->last_seq + 1) {
            deliver(stream, &events[i]);
            deliver_pending(stream);
        }
    /* The database has none of the missing numbers, so they were invented or rolled back. Forget
     * them: else each further event would cost a query. A gap check corrects this if it is
     * wrong. */
    if (count == 0 && !stream->received)
        stream->head_seq = stream->last_seq;
    fetch_gap(stream);
}

void stream_fetch_failed(struct stream *stream) {
    stream->fetching = false;
}

void stream_skip(struct stream *stream, uint64_t last_seq) {
    stream->fetching = false;
    /* The cache must end with last_seq and have no gap. */
    event_list_clear(&stream->recent);
    /* If the numbers went back, the pending events are of a history that was discarded. */
    const bool back = last_seq < stream->last_seq;
    if (back)
        event_list_clear(&stream->pending);
    if (back || stream->head_seq < last_seq)
        stream->head_seq = last_seq;
    stream->last_seq = last_seq;
    stream->known = true;
    deliver_pending(stream);
    fetch_gap(stream);
}
