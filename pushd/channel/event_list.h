/*
 * event_list: an event of a stream, and a growing list of them.
 */
#ifndef CONFAB_PUSHD_CHANNEL_EVENT_LIST_H
#define CONFAB_PUSHD_CHANNEL_EVENT_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "event/event.h"
#include "net/frame.h"
#include "store/users/user.h"

/* The header of an event, and its frame (NULL: not shown to clients). */
struct stream_event {
    uint64_t seq;
    unsigned type;
    uint64_t actor_id;
    uint64_t subject_id;
    struct frame *frame;
    uint64_t position, quoted; /* of the messages that it shows; see event/event.h */
    uint32_t message_at, message_len; /* the Message object in the frame's JSON; len 0: none */
    char actor[USER_NAME_SIZE];       /* user name; empty: none */
};

/* Holds a reference to each frame. Zeroed it is empty; an empty list owns no memory. */
struct event_list {
    struct stream_event *events;
    size_t space;
    uint32_t count;
};

/* Makes an event, with a new frame, from an envelope; the caller releases the frame. */
struct stream_event stream_event_of(const struct event_envelope *envelope);

/* Inserts an event at an index, 0 to count. */
void event_list_insert(struct event_list *list, uint32_t at, const struct stream_event *event);

/* Appends an event, or one made from an envelope. */
void event_list_add(struct event_list *list, const struct stream_event *event);
void event_list_add_envelope(struct event_list *list, const struct event_envelope *envelope);

/* Removes the first `count` events. */
void event_list_drop(struct event_list *list, uint32_t count);

/* Removes all events and frees the memory. */
void event_list_clear(struct event_list *list);

#endif
