/*
 * event_list: an event of a stream on its way, and events in a row.
 */
#ifndef CONFAB_PUSHD_STREAM_LIST_H
#define CONFAB_PUSHD_STREAM_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "event/event.h"
#include "net/frame.h"
#include "store/user.h"

/* The header, and the frame for sockets (NULL: not shown). */
struct stream_event {
    uint64_t seq;
    unsigned type;
    uint64_t actor_id;
    uint64_t subject_id;
    struct frame *frame;
    uint32_t message_at, message_len; /* the Message object in the frame's JSON; len 0: none */
    char actor[USER_NAME_SIZE];       /* user name; empty: none */
};

/* Holds the frames of its events; memory only for what there is. Zeroed it is empty. */
struct event_list {
    struct stream_event *events;
    uint32_t count;
    uint32_t space;
};

/* An event as it came; the caller releases its frame. */
struct stream_event stream_event_of(const struct event_envelope *envelope);

/* Puts an event at a place, 0 to count. */
void event_list_insert(struct event_list *list, uint32_t at, const struct stream_event *event);

/* Puts an event at the end. */
void event_list_add(struct event_list *list, const struct stream_event *event);

/* The same with one as it came. */
void event_list_add_envelope(struct event_list *list, const struct event_envelope *envelope);

/* Takes the first `count` events out. */
void event_list_drop(struct event_list *list, uint32_t count);

/* Takes all of them out and gives the memory back. */
void event_list_clear(struct event_list *list);

#endif
