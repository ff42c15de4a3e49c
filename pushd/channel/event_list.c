#include "channel/event_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define FIRST_SPACE 4

struct stream_event stream_event_of(const struct event_envelope *envelope) {
    return (struct stream_event){envelope->seq, envelope->type, envelope->actor_id,
                                 envelope->subject_id,
                                 envelope->text.len ? frame_text(envelope->text) : NULL};
}

void stream_list_insert(struct stream_list *list, uint32_t at, const struct stream_event *event) {
    if (list->count == list->space) {
        list->space = list->space ? list->space * 2 : FIRST_SPACE;
        list->events = memory_resize(list->events, list->space, sizeof(*list->events));
    }
    memmove(list->events + at + 1, list->events + at, (list->count - at) * sizeof(*list->events));
    list->events[at] = *event;
    if (event->frame)
        frame_hold(event->frame);
    list->count++;
}

void stream_list_add(struct stream_list *list, const struct stream_event *event) {
    stream_list_insert(list, list->count, event);
}

void stream_list_add_envelope(struct stream_list *list, const struct event_envelope *envelope) {
    const struct stream_event event = stream_event_of(envelope);
    stream_list_add(list, &event);
    frame_release(event.frame);
}

void stream_list_drop(struct stream_list *list, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        frame_release(list->events[i].frame);
    list->count -= count;
    if (list->count > 0) {
        memmove(list->events, list->events + count, list->count * sizeof(*list->events));
        return;
    }
    free(list->events);
    *list = (struct stream_list){NULL, 0, 0};
}

void stream_list_clear(struct stream_list *list) {
    stream_list_drop(list, list->count);
}
