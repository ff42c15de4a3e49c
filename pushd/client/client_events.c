/* session_events: what the feeds tell, and what follows from it. */
#include <json-c/json.h>

#include "client/client.h"
#include "event/serialize.h"

/* ---- the room of a room socket ---- */

/* The one who is removed gets the event that says so, and nothing behind it. A removal from
 * before it was let in is an old story. */
static bool is_removal_of(const struct stream_event *event, const struct session *session) {
    return event->type == EVENT_USER_REMOVED && event->subject_id == session->user_id &&
           event->seq > session->admitted_seq;
}

static void room_events(struct session *session, const struct stream_event *events, uint32_t count,
                        struct frame *frame) {
    uint32_t last = 0;
    while (last < count && !is_removal_of(&events[last], session))
        last++;
    if (last == count) {
        if (frame)
            socket_send(session->socket, frame);
        return;
    }
    for (uint32_t i = 0; i <= last; i++)
        if (events[i].frame)
            socket_send(session->socket, events[i].frame);
    session_close(session, SOCKET_CLOSE_FORBIDDEN, FIGURES_DROP_FORBIDDEN);
}

/* ---- the user's own stream ---- */

static void send_room_deleted(struct session *session, const char *deleted_by) {
    struct buffer json = BUFFER_EMPTY;
    shape_room_deleted(&json, 0, session->room.id, deleted_by);
    socket_send_text(session->socket, (struct text){json.data, json.len});
    buffer_free(&json);
    session_close(session, SOCKET_CLOSE_NOT_FOUND, FIGURES_DROP_NOT_FOUND);
}

/* Who deleted the room stands in the event on the user's own stream. */
static void send_room_deleted_by(struct session *session, const struct frame *frame) {
    const struct text json = frame ? frame_json(frame) : text_of("");
    struct json_tokener *tokener = json_tokener_new();
    struct json_object *object = NULL, *name = NULL;
    if (json.len > 0 && tokener)
        object = json_tokener_parse_ex(tokener, json.at, (int)json.len);
    if (object)
        json_object_object_get_ex(object, "deleted_by", &name);
    send_room_deleted(session, name ? json_object_get_string(name) : NULL);
    json_object_put(object);
    json_tokener_free(tokener);
}

static void own_event_of_room(struct session *session, const struct stream_event *event) {
    if (event->subject_id != session->room.id)
        return;
    if (event->type == EVENT_ROOM_DELETED)
        send_room_deleted_by(session, event->frame);
    else if (event->type == EVENT_ROOM_REMOVED)
        feeds_check_now(session->shared->feeds);
}

static void own_event_of_notifications(struct session *session, const struct stream_event *event) {
    switch (event->type) {
    case EVENT_ROOM_CREATED:
    case EVENT_ROOM_INVITATION:
        session_watch_new(session, event->subject_id);
        break;
    case EVENT_ROOM_REMOVED:
    case EVENT_ROOM_DELETED:
        session_unwatch(session, event->subject_id);
        break;
    }
}

static void own_events(struct session *session, const struct stream_event *events, uint32_t count,
                       struct frame *frame) {
    if (session->notifications && frame)
        socket_send(session->socket, frame);
    for (uint32_t i = 0; i < count && session->state != SESSION_ENDED; i++) {
        if (session->notifications && events[i].seq <= session->admitted_seq)
            continue; /* what followed from it was read when the session was let in */
        if (events[i].type == EVENT_CREDENTIALS_CHANGED)
            session_check_credentials(session);
        else if (session->notifications)
            own_event_of_notifications(session, &events[i]);
        else
            own_event_of_room(session, &events[i]);
    }
}

/* ---- all of it ---- */

/* Step by step for all of them: while one thing is fetched for the first, it is for the next. */
void session_soon(struct session *const *sessions, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        __builtin_prefetch(sessions[i]);
    for (uint32_t i = 0; i < count; i++)
        if (sessions[i])
            __builtin_prefetch(sessions[i]->socket);
    for (uint32_t i = 0; i < count; i++)
        if (sessions[i] && sessions[i]->socket)
            socket_soon(sessions[i]->socket);
}

void session_events(struct subscription *subscription, const struct stream_event *events,
                    uint32_t count, struct frame *frame) {
    struct session *session = subscription->session;
    if (session->notifications && subscription != session->own)
        session_notify(session, subscription->feed->stream.id, events, count);
    else if (session->state != SESSION_LIVE)
        return;
    else if (subscription == session->own)
        own_events(session, events, count, frame);
    else
        room_events(session, events, count, frame);
}

/* True for what a user need not be told of itself. */
static bool is_about_doing(unsigned type) {
    return type == EVENT_TYPING || type == EVENT_STOP_TYPING || type == EVENT_USER_JOINED ||
           type == EVENT_USER_LEFT;
}

void session_notice(struct subscription *subscription, const struct event_envelope *envelope,
                    struct frame *frame) {
    struct session *session = subscription->session;
    if (session->state != SESSION_LIVE || session->notifications)
        return;
    if (is_about_doing(envelope->type) && envelope->actor_id == session->user_id)
        return;
    if (envelope->type == EVENT_USER_JOINED || envelope->type == EVENT_USER_LEFT)
        socket_send_soon(session->socket, frame);
    else
        socket_send(session->socket, frame);
    if (envelope->type == EVENT_ROOM_DELETED)
        session_close(session, SOCKET_CLOSE_NOT_FOUND, FIGURES_DROP_NOT_FOUND);
}

void session_room_gone(struct subscription *subscription) {
    struct session *session = subscription->session;
    if (session->state == SESSION_ENDED)
        return;
    if (session->notifications)
        session_unwatch(session, subscription->feed->stream.id);
    else
        send_room_deleted(session, NULL);
}
