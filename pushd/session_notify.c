/* session_notify: the rooms behind a notifications socket. */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "session.h"
#include "shape.h"
#include "store/room_state.h"

void session_watch(struct session *session, uint64_t room_id, uint64_t last_seq) {
    if (idmap_get(&session->rooms, room_id))
        return;
    struct subscription *subscription = session_join(session, EVENT_STREAM_ROOM, room_id);
    stream_start(&subscription->feed->stream, last_seq);
    subscription->after = last_seq;
    subscription->live = true;
    idmap_put(&session->rooms, room_id, subscription);
}

void session_unwatch(struct session *session, uint64_t room_id) {
    struct subscription *subscription = idmap_remove(&session->rooms, room_id);
    if (subscription)
        session_leave(session, subscription);
}

/* ---- a room that is new to the user ---- */

struct arrival {
    struct session *session;
    uint64_t room_id;
    uint64_t user_id;
    enum error error;
    struct room_state state;
};

static void arrival_work(void *context, struct db *db) {
    struct arrival *arrival = context;
    arrival->error = room_state_get(db, arrival->room_id, arrival->user_id, &arrival->state);
}

/* Who has been removed again meanwhile does not watch. */
static void arrival_done(void *context) {
    struct arrival *arrival = context;
    struct session *session = arrival->session;
    session->jobs--;
    if (session->state == SESSION_ENDED)
        session_release(session);
    else if (!arrival->error && arrival->state.is_member)
        session_watch(session, arrival->room_id, arrival->state.last_seq);
    free(arrival);
}

void session_watch_new(struct session *session, uint64_t room_id) {
    struct arrival *arrival = memory_zeroed(1, sizeof(*arrival));
    arrival->session = session;
    arrival->room_id = room_id;
    arrival->user_id = session->user.id;
    session->jobs++;
    jobs_run(session->shared->jobs, arrival_work, arrival_done, arrival);
}

/* ---- messages ---- */

/* The pieces of a new_message that a notification is made of. They are found by the way
 * shape_room_event writes it: a quote inside a string is escaped, so a key of the event
 * itself can't stand in a text. */
static bool take_apart(const struct frame *frame, struct text *message, struct text *sender) {
    static const char BEGINNING[] = "{\"type\":\"new_message\",\"message\":";
    static const char MIDDLE[] = ",\"sender\":\"";
    const char *at = memmem(frame->bytes, frame->len, BEGINNING, sizeof(BEGINNING) - 1);
    const char *end = (const char *)frame->bytes + frame->len;
    if (!at)
        return false;
    at += sizeof(BEGINNING) - 1;
    const char *middle = memmem(at, (size_t)(end - at), MIDDLE, sizeof(MIDDLE) - 1);
    if (!middle)
        return false;
    const char *name = middle + sizeof(MIDDLE) - 1;
    const char *quote = memchr(name, '"', (size_t)(end - name));
    *message = (struct text){at, (size_t)(middle - at)};
    *sender = (struct text){name, quote ? (size_t)(quote - name) : 0};
    return quote != NULL;
}

static struct frame *make_notification(uint64_t room_id, const struct stream_event *event) {
    struct buffer json = BUFFER_EMPTY;
    struct frame *frame = NULL;
    struct text message, sender;
    if (event->type == EVENT_NEW_MESSAGE && event->frame &&
        take_apart(event->frame, &message, &sender)) {
        shape_message_notification(&json, room_id, message, sender);
        frame = frame_text((struct text){json.data, json.len});
    }
    buffer_free(&json);
    return frame;
}

/* The notification made last: listeners of one feed are served one after the other, so the
 * frame of an event is made once for all of them. */
static struct {
    uint64_t room_id;
    uint64_t seq;
    struct frame *frame;
} last_made;

static struct frame *notification_of(uint64_t room_id, const struct stream_event *event) {
    if (last_made.room_id != room_id || last_made.seq != event->seq) {
        frame_release(last_made.frame);
        last_made.room_id = room_id;
        last_made.seq = event->seq;
        last_made.frame = make_notification(room_id, event);
    }
    return last_made.frame;
}

void session_notify(struct session *session, uint64_t room_id, const struct stream_event *events,
                    uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        struct frame *frame = NULL;
        if (events[i].actor_id != session->user.id)
            frame = notification_of(room_id, &events[i]);
        if (frame)
            socket_send(session->socket, frame);
    }
}
