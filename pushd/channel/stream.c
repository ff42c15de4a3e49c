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
    event_list_clear(&stream->tail);
    event_list_clear(&stream->waiting);
}

/* ---- the tail ---- */

/* True for an event that shows words which an edit or deletion of the message changes: the
 * message itself, or a room with its last message. */
static bool shows_message(const struct stream_event *event, uint64_t message_id) {
    return event->type == EVENT_ROOM_UPDATED ||
           ((event->type == EVENT_NEW_MESSAGE || event->type == EVENT_MESSAGE_EDITED) &&
            event->subject_id == message_id);
}

/* The tail has no holes, so all up to the last untrue event goes. */
static void forget_untrue(struct stream *stream, const struct stream_event *event) {
    if (event->type != EVENT_MESSAGE_EDITED && event->type != EVENT_MESSAGE_DELETED)
        return;
    uint32_t count = stream->tail.count;
    while (count > 0 && !shows_message(&stream->tail.events[count - 1], event->subject_id))
        count--;
    if (count > 0)
        event_list_drop(&stream->tail, count);
}

static void keep(struct stream *stream, const struct stream_event *event) {
    forget_untrue(stream, event);
    if (stream->tail.count == STREAM_TAIL)
        event_list_drop(&stream->tail, STREAM_TAIL / 2);
    event_list_add(&stream->tail, event);
}

void stream_recall(struct stream *stream, const struct stream_event *events, uint32_t count) {
    const uint32_t kept = count < STREAM_TAIL ? count : STREAM_TAIL;
    if (!stream->known || stream->tail.count > 0 || count == 0 ||
        events[count - 1].seq != stream->last_seq ||
        events[count - kept].seq != stream->last_seq - (kept - 1))
        return;
    for (uint32_t i = 0; i < kept; i++)
        event_list_add(&stream->tail, &events[count - kept + i]);
}

bool stream_tail(const struct stream *stream, uint64_t after,
                 void (*visit)(void *context, const struct stream_event *event), void *context) {
    if (!stream->known || after > stream->last_seq || stream->last_seq - after > stream->tail.count)
        return false;
    const uint32_t wanted = (uint32_t)(stream->last_seq - after);
    for (uint32_t i = stream->tail.count - wanted; i < stream->tail.count; i++)
        visit(context, &stream->tail.events[i]);
    return true;
}

/* ---- order ---- */

static void deliver(struct stream *stream, const struct stream_event *event) {
    stream->last_seq = event->seq;
    if (stream->wanted_seq < event->seq)
        stream->wanted_seq = event->seq;
    keep(stream, event);
    stream->hooks->deliver(stream, event);
}

/* Delivers what waited, as far as it goes on from last_seq, and drops what is old. */
static void release_waiting(struct stream *stream) {
    const struct event_list *waiting = &stream->waiting;
    uint32_t done = 0;
    while (done < waiting->count && waiting->events[done].seq <= stream->last_seq + 1) {
        if (waiting->events[done].seq == stream->last_seq + 1)
            deliver(stream, &waiting->events[done]);
        done++;
    }
    if (done > 0)
        event_list_drop(&stream->waiting, done);
}

static void fetch_missing(struct stream *stream) {
    if (!stream->known || stream->fetching || stream->wanted_seq <= stream->last_seq)
        return;
    stream->fetching = true;
    stream->news = false;
    stream->hooks->fetch(stream, stream->last_seq);
}

/* Puts an event that is too early in its place; one that waits already, or for which there
 * is no room, is read from the database later. */
static void make_wait(struct stream *stream, const struct stream_event *event) {
    const struct event_list *waiting = &stream->waiting;
    uint32_t at = waiting->count;
    if (stream->wanted_seq < event->seq)
        stream->wanted_seq = event->seq;
    while (at > 0 && waiting->events[at - 1].seq > event->seq)
        at--;
    stream->news = true;
    if (waiting->count < STREAM_WAITING && (at == 0 || waiting->events[at - 1].seq != event->seq))
        event_list_insert(&stream->waiting, at, event);
}

void stream_start(struct stream *stream, uint64_t last_seq) {
    if (stream->known)
        return;
    stream->known = true;
    stream->last_seq = last_seq;
    release_waiting(stream);
    fetch_missing(stream);
}

void stream_offer(struct stream *stream, const struct stream_event *event) {
    if (stream->known && event->seq <= stream->last_seq)
        return;
    if (!stream->known || event->seq > stream->last_seq + 1) {
        make_wait(stream, event);
    } else {
        deliver(stream, event);
        release_waiting(stream);
    }
    fetch_missing(stream);
}

bool stream_behind(struct stream *stream, uint64_t last_seq) {
    if (!stream->known || last_seq <= stream->last_seq)
        return false;
    if (stream->wanted_seq < last_seq)
        stream->wanted_seq = last_seq;
    fetch_missing(stream);
    return true;
}

void stream_on_record(struct stream *stream, uint64_t last_seq) {
    struct event_list *waiting = &stream->waiting;
    if (stream->news)
        return;
    while (waiting->count > 0 && waiting->events[waiting->count - 1].seq > last_seq)
        frame_release(waiting->events[--waiting->count].frame);
    if (waiting->count == 0)
        event_list_clear(waiting);
    stream->wanted_seq = last_seq > stream->last_seq ? last_seq : stream->last_seq;
}

void stream_fetched(struct stream *stream, const struct stream_event *events, size_t count) {
    if (!stream->fetching)
        return;
    stream->fetching = false;
    for (size_t i = 0; i < count; i++)
        if (events[i].seq == stream->last_seq + 1) {
            deliver(stream, &events[i]);
            release_waiting(stream);
        }
    /* What is on no record was heard of by mistake: asked for again with every event, it
     * would cost a query each. The tail check corrects this if it is wrong. */
    if (count == 0 && !stream->news)
        stream->wanted_seq = stream->last_seq;
    fetch_missing(stream);
}

void stream_fetch_failed(struct stream *stream) {
    stream->fetching = false;
}

void stream_skip(struct stream *stream, uint64_t last_seq) {
    stream->fetching = false;
    event_list_clear(&stream->tail);
    /* Numbers that went back are of another history, and so is what waits. */
    const bool back = last_seq < stream->last_seq;
    if (back)
        event_list_clear(&stream->waiting);
    if (back || stream->wanted_seq < last_seq)
        stream->wanted_seq = last_seq;
    stream->last_seq = last_seq;
    stream->known = true;
    release_waiting(stream);
    fetch_missing(stream);
}
