/* event_list: an array of events that holds references to their frames. An event is what pushd
 * needs of an envelope: number, type, ids, the actor's name, and the encoded frame that sockets are
 * sent. */
#include "channel/event_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct stream_event stream_event_of(const struct event_envelope *envelope) {
    struct stream_event event = {
        .seq = envelope->seq,
        .type = envelope->type,
        .actor_id = envelope->actor_id,
        .subject_id = envelope->subject_id,
        .position = envelope->position,
        .quoted = envelope->quoted,
        .frame = envelope->text.len ? frame_text(envelope->text) : NULL,
    };
    /* The Message object as an offset into the JSON: the frame has a copy of that text. */
    if (envelope->message.len > 0) {
        event.message_at = (uint32_t)(envelope->message.at - envelope->text.at);
        event.message_len = (uint32_t)envelope->message.len;
    }
    /* Zeroed, so the name ends with a zero. One that is too long is not from confab, and left
     * out. */
    if (envelope->actor.len > 0 && envelope->actor.len < sizeof(event.actor))
        memcpy(event.actor, envelope->actor.at, envelope->actor.len);
    return event;
}

void event_list_insert(struct event_list *list, uint32_t at, const struct stream_event *event) {
    list->events =
        array_reserve(list->events, &list->space, (size_t)list->count + 1, sizeof(*list->events));
    /* The events from `at` on move up by one. */
    memmove(list->events + at + 1, list->events + at, (list->count - at) * sizeof(*list->events));
    list->events[at] = *event;
    if (event->frame)
        frame_hold(event->frame);
    list->count++;
}

void event_list_add(struct event_list *list, const struct stream_event *event) {
    event_list_insert(list, list->count, event);
}

void event_list_add_envelope(struct event_list *list, const struct event_envelope *envelope) {
    /* The list has a reference of its own. */
    const struct stream_event event = stream_event_of(envelope);
    event_list_add(list, &event);
    frame_release(event.frame);
}

void event_list_drop(struct event_list *list, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        frame_release(list->events[i].frame);
    list->count -= count;
    if (list->count > 0) {
        memmove(list->events, list->events + count, list->count * sizeof(*list->events));
        return;
    }
    /* Empty: most streams have no events most of the time, so the memory goes. */
    free(list->events);
    *list = (struct event_list){0};
}

void event_list_clear(struct event_list *list) {
    event_list_drop(list, list->count);
}
