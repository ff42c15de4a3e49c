/*
 * client_events: events of the streams that a client is subscribed to, and what follows from them.
 *
 * A subscription is one of three kinds: that of a watch (all events of the room are sent), the
 * client's own stream (sent to a notifications client; to a room socket only its effects apply),
 * or, with neither, a room of which a notifications client is notified (client_notify.c). The frame
 * that comes with the events is shared by all subscribers and has all of them in order.
 */
#include <string.h>

#include "base/clock.h"
#include "client/client_private.h"
#include "event/serialize.h"

/* Several events of more bytes than this are replayed. */
#define BURST_BYTES 131072

/* ---- a watched room ---- */

/* Whether an object of an event has this key and value; its JSON has no blanks. */
static bool room_has(const struct stream_event *event, const char *member) {
    const struct text json = frame_json(event->frame);
    return memmem(json.at, json.len, member, strlen(member)) != NULL;
}

/* Whether those who are not members may read the room. */
static bool is_read(const struct watch *watch, const struct stream_event *event) {
    if (room_has(event, ",\"is_open\":true"))
        return true;
    /* A live one by all users; by guests only if it takes guests. */
    return !watch->client->is_anonymous && room_has(event, ",\"is_live\":true") &&
           room_has(event, ",\"is_private\":false") &&
           !(watch->is_guest && room_has(event, ",\"guests\":\"none\""));
}

/* The user has another role: what it allows holds at once, without another `watch`. */
static void follow_role(struct watch *watch, const struct stream_event *event) {
    watch->moderates = watch->of_site || room_has(event, ",\"role\":\"moderator\"") ||
                       room_has(event, ",\"role\":\"admin\"");
    watch->may_write = watch->moderates || !room_has(event, ",\"role\":\"reader\"");
}

/* Follows what an event changes for the user's access. True if the user may read no further. */
static bool ends_watch(struct watch *watch, const struct stream_event *event) {
    const bool is_self = event->subject_id == watch->client->user_id;
    switch (event->type) {
    case EVENT_USER_REMOVED:
    case EVENT_USER_BANNED:
        return is_self;
    case EVENT_USER_INVITED:
        if (is_self)
            watch_join(watch);
        return false;
    case EVENT_MEMBER_UPDATED:
        if (is_self && event->frame)
            follow_role(watch, event);
        return false;
    case EVENT_ROOM_UPDATED:
        /* Without a frame nothing is known of the room. */
        if (!event->frame)
            return false;
        watch->hides_members = room_has(event, ",\"members_visible\":false");
        watch->is_archived = room_has(event, ",\"is_archived\":true");
        if (room_has(event, ",\"history\":\"all\"") || room_has(event, ",\"is_open\":true"))
            watch->first_position = 0;
        return watch->is_viewer && !is_read(watch, event);
    default:
        return false;
    }
}

/* A removed user gets the event of the removal and nothing after it. A removal from before the
 * user was admitted predates it, and is ignored. Returns its index, or count. */
static uint32_t find_removal(struct watch *watch, const struct stream_event *events,
                             uint32_t count) {
    uint32_t i = 0;
    while (i < count && (events[i].seq <= watch->admitted_seq || !ends_watch(watch, &events[i])))
        i++;
    return i;
}

/* Whether the event shows a message from before the user joined, in a room where it is hidden. */
static bool shows_hidden(const struct watch *watch, const struct stream_event *event) {
    const uint64_t hidden = watch->first_position;
    return (event->position > 0 && event->position <= hidden) ||
           (event->quoted > 0 && event->quoted <= hidden);
}

/* Whether the event shows another member to a user who may not see the members of the room. */
static bool shows_member(const struct watch *watch, const struct stream_event *event) {
    return watch->hides_members && !watch->moderates && event_is_of_member(event->type) &&
           event->subject_id != watch->client->user_id;
}

/* Sends the event without what the user may not see, since the numbers have no gaps: a hidden
 * message is a deleted one for this user, and a change of another member has no content. */
static void send_without(const struct watch *watch, const struct stream_event *event) {
    struct buffer json = BUFFER_EMPTY;
    const struct room_event hidden = {
        .room_id = watch->room_id, .seq = event->seq, .type = EVENT_MEMBER_UPDATED};
    const struct room_event gone = {.room_id = watch->room_id,
                                    .seq = event->seq,
                                    .type = EVENT_MESSAGE_DELETED,
                                    .actor_id = event->actor_id,
                                    .actor = text_of(event->actor),
                                    .subject_id = event->subject_id};
    if (shows_member(watch, event))
        serialize_room_event(&json, &hidden, NULL);
    else if (event->position <= watch->first_position)
        serialize_room_event(&json, &gone, NULL);
    else
        serialize_without_quote(&json, frame_json(event->frame));
    socket_send_text(watch->client->socket, (struct text){json.data, json.len});
    buffer_free(&json);
}

/* One after the other, since the shared frame has events that this client must not be sent. */
static void send_each(const struct watch *watch, const struct stream_event *events,
                      uint32_t count) {
    for (uint32_t i = 0; i < count && watch->client->socket; i++)
        if (events[i].frame &&
            (shows_hidden(watch, &events[i]) || shows_member(watch, &events[i])))
            send_without(watch, &events[i]);
        else if (events[i].frame)
            socket_send(watch->client->socket, events[i].frame);
}

/* Whether some of the events are not for this socket, which then needs frames of its own. */
static bool any_shows_hidden(const struct watch *watch, const struct stream_event *events,
                             uint32_t count) {
    uint32_t i = 0;
    if (watch->first_position == 0 && !watch->hides_members)
        return false;
    while (i < count && !shows_hidden(watch, &events[i]) && !shows_member(watch, &events[i]))
        i++;
    return i < count;
}

/* The user was removed, or may not view the room any more, which the event does not say. */
static void end_by_removal(struct watch *watch, const struct stream_event *removal) {
    if (removal->type == EVENT_USER_BANNED)
        watch_refuse(watch, ERROR_BANNED, NULL);
    else if (removal->type == EVENT_ROOM_UPDATED && watch->client->notifications)
        watch_refuse(watch, ERROR_FORBIDDEN, NULL);
    else
        watch_close(watch, SOCKET_CLOSE_FORBIDDEN, METRICS_DROP_FORBIDDEN);
}

/* Sends events to a watch, in one frame if it may see all of them. Its own removal ends it. */
static void watch_events(struct watch *watch, const struct stream_event *events, uint32_t count,
                         struct frame *frame) {
    struct socket *socket = watch->client->socket;
    const uint32_t removal = find_removal(watch, events, count);
    /* Usual: the user is not removed, and the shared frame is sent as it is. */
    if (removal == count && any_shows_hidden(watch, events, count)) {
        send_each(watch, events, count);
        return;
    }
    if (removal == count) {
        if (frame)
            socket_send(socket, frame);
        return;
    }
    send_each(watch, events, removal + 1);
    end_by_removal(watch, &events[removal]);
}

/* The room is deleted: tells a room socket who did it (NULL: unknown), and ends the watch. */
static void send_room_deleted(struct watch *watch, const char *deleted_by) {
    struct buffer json = BUFFER_EMPTY;
    serialize_room_deleted(&json, 0, watch->room_id, deleted_by);
    socket_send_text(watch->client->socket, (struct text){json.data, json.len});
    buffer_free(&json);
    watch_close(watch, SOCKET_CLOSE_NOT_FOUND, METRICS_DROP_NOT_FOUND);
}

/* ---- the user's own stream ---- */

/* Until when the user is silenced, as a silence_changed says; 0: not silenced. */
static int64_t silence_end(const struct stream_event *event) {
    static const char NAME[] = ",\"until\":\"";
    const struct text json = frame_json(event->frame);
    const char *at = memmem(json.at, json.len, NAME, sizeof(NAME) - 1);
    int64_t until = 0;
    /* null has no quotation mark: the silence has ended. */
    if (!at)
        return 0;
    at += sizeof(NAME) - 1;
    /* A time as clock_format writes it, without the terminator. */
    if (json.at + json.len - at >= CLOCK_TEXT_SIZE)
        clock_parse((struct text){at, CLOCK_TEXT_SIZE - 1}, &until);
    return until;
}

/* A moderator has silenced the user, who may be typing, or has ended the silence. */
static void follow_silence(struct watch *watch, const struct stream_event *event) {
    /* Without a frame nothing is known of the silence. */
    if (event->frame)
        watch->silenced_until = silence_end(event);
    if (watch->silenced_until > clock_now())
        client_stop_typing(watch);
}

/* A notifications client has been sent the event itself, so a watch just ends. */
static void own_event_of_watch(struct watch *watch, const struct stream_event *event) {
    /* The removal itself is sent from the room's stream, in its order; a gap check brings it soon
     * if Redis lost it. */
    if (event->type == EVENT_SILENCE_CHANGED)
        follow_silence(watch, event);
    else if (event->type == EVENT_ROOM_REMOVED)
        channels_check_gaps(watch->client->clients->channels); /* the room's stream has it too */
    else if (event->type != EVENT_ROOM_DELETED)
        return;
    else if (!watch->client->notifications)
        send_room_deleted(watch, event->actor[0] ? event->actor : NULL);
    else if (watch->state == WATCH_CONNECTED)
        watch_end(watch);
    else
        watch_refuse(watch, ERROR_NOT_FOUND, NULL);
}

/* Rooms that the user enters or leaves, by which the list of notified rooms follows; and what the
 * user sets for them. */
static void own_event_of_notifications(struct client *client, const struct stream_event *event) {
    switch (event->type) {
    case EVENT_ROOM_CREATED:
    case EVENT_ROOM_INVITATION:
        client_notify_enter(client, event->subject_id);
        break;
    case EVENT_ROOM_REMOVED:
    case EVENT_ROOM_DELETED:
        client_notify_leave(client, event->subject_id);
        break;
    case EVENT_PREFERENCES_CHANGED:
        client_notify_set(client, event);
        break;
    }
}

/* The user viewed the subject, a room, and is banned from it now. */
static void end_view(struct watch *watch) {
    if (watch && watch->is_viewer)
        watch_refuse(watch, ERROR_BANNED, NULL);
}

/* Whether the subject of an event in the user's own stream is a room. */
static bool names_room(unsigned type) {
    return type != EVENT_MENTIONED && type != EVENT_REPORT_CREATED && type != EVENT_MESSAGE_HELD;
}

void client_have_effects(struct client *client, const struct stream_event *events, uint32_t count) {
    for (uint32_t i = 0; i < count && client->state != CLIENT_CLOSED; i++) {
        if (events[i].seq <= client->effective_seq)
            continue; /* as at the beginning: its effect was read when the client was admitted */
        client->effective_seq = events[i].seq;
        /* Not necessarily the credential of this socket: the database is asked. */
        if (events[i].type == EVENT_CREDENTIALS_CHANGED) {
            client_check_credentials(client);
            end_view(watch_find(client, events[i].subject_id));
            continue;
        }
        if (client->notifications)
            own_event_of_notifications(client, &events[i]);
        struct watch *watch = watch_find(client, events[i].subject_id);
        if (watch && names_room(events[i].type))
            own_event_of_watch(watch, &events[i]);
    }
}

/* Events of the user's own stream have effects in the server, also if the client is not sent
 * them. */
static void own_events(struct client *client, const struct stream_event *events, uint32_t count,
                       struct frame *frame) {
    if (client->notifications && frame)
        socket_send(client->socket, frame);
    client_have_effects(client, events, count);
}

/* ---- the listener of channels ---- */

/* Step by step for all of them, so that the accesses to memory overlap. */
void client_prefetch(struct client *const *clients, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        __builtin_prefetch(clients[i]);
    for (uint32_t i = 0; i < count; i++)
        if (clients[i])
            __builtin_prefetch(clients[i]->socket);
    for (uint32_t i = 0; i < count; i++)
        if (clients[i] && clients[i]->socket)
            socket_prefetch(clients[i]->socket);
}

void client_events(struct subscription *subscription, const struct stream_event *events,
                   uint32_t count, struct frame *frame) {
    struct client *client = subscription->client;
    /* More than the send queue is to hold, as when a gap was filled: sent as the socket takes
     * it. */
    if (subscription->live && client->state == CLIENT_CONNECTED && count > 1 && frame &&
        frame->len > BURST_BYTES && (subscription->watch || client->notifications) &&
        (subscription->watch || subscription == client->own)) {
        /* Nothing of it counts as delivered; the replay begins with the first one. */
        subscription->delivered_seq = events[0].seq - 1;
        client_replay_begin(subscription);
        return;
    }
    /* Removals from a room count even before `connected`. */
    if (!subscription->watch && subscription != client->own)
        client_notify(client, subscription->channel->stream.id, events, count);
    else if (client->state != CLIENT_CONNECTED)
        return;
    else if (subscription->watch)
        watch_events(subscription->watch, events, count, frame);
    else
        own_events(client, events, count, frame);
}

/* What must not wait until the subscriber has been sent all before it. */
void client_behind(struct subscription *subscription, const struct stream_event *events,
                   uint32_t count) {
    struct client *client = subscription->client;
    struct watch *watch = subscription->watch;
    if (client->state != CLIENT_CONNECTED)
        return;
    if (!watch) {
        /* In order: earlier ones that it has not been sent may be missing here. */
        if (events[0].seq <= client->effective_seq + 1)
            client_have_effects(client, events, count);
        return;
    }
    /* The events before the removal are lost to this client: it must not read on in a room that it
     * has left. */
    const uint32_t removal = find_removal(watch, events, count);
    if (removal == count)
        return;
    send_each(watch, &events[removal], 1);
    end_by_removal(watch, &events[removal]);
}

/* True for notices that are not sent to the sockets of the user itself. */
static bool is_activity(unsigned type) {
    return type == EVENT_TYPING || type == EVENT_STOP_TYPING || type == EVENT_USER_JOINED ||
           type == EVENT_USER_LEFT;
}

static bool is_presence(unsigned type) {
    return type == EVENT_USER_JOINED || type == EVENT_USER_LEFT || type == EVENT_ONLINE_CHANGED;
}

/* Whether a notice of what users do goes to this watch. */
static bool is_shown(const struct watch *watch, const struct event_envelope *envelope) {
    const unsigned type = envelope->type;
    if (watch->is_visitor)
        return type == EVENT_ROOM_DELETED;
    /* Where presence is a number, that is all that is shown. */
    if (watch->is_counted && (is_activity(type) || type == EVENT_MESSAGE_READ))
        return false;
    if (!watch->is_counted && type == EVENT_ONLINE_CHANGED)
        return false;
    if (is_activity(type) && envelope->actor_id == watch->client->user_id)
        return false;
    if (type == EVENT_MESSAGE_READ && watch->client->hides_read)
        return false;
    /* A read mark says who is in the room, as presence does. */
    return !(is_presence(type) || type == EVENT_MESSAGE_READ) || !watch->hides_members ||
           watch->moderates;
}

void client_notice(struct subscription *subscription, const struct event_envelope *envelope,
                   struct frame *frame) {
    struct client *client = subscription->client;
    /* Notices go to those who see the room, not to those who are only notified of messages. */
    if (client->state != CLIENT_CONNECTED || !subscription->watch)
        return;
    if (!is_shown(subscription->watch, envelope))
        return;
    /* A notifications client is sent the event of the user's own stream, which ends the watch. */
    if (envelope->type == EVENT_ROOM_DELETED && client->notifications) {
        channels_check_gaps(client->clients->channels);
        return;
    }
    /* After a restart many come at once: deferred, they are written together. */
    if (is_presence(envelope->type))
        socket_send_deferred(client->socket, frame);
    else
        socket_send(client->socket, frame);
    if (envelope->type == EVENT_ROOM_DELETED)
        watch_close(subscription->watch, SOCKET_CLOSE_NOT_FOUND, METRICS_DROP_NOT_FOUND);
}

/* Gap checks do not find the room any more, and the event that says so has not come. */
void client_room_gone(struct subscription *subscription) {
    struct client *client = subscription->client;
    if (client->state == CLIENT_CLOSED)
        return;
    if (subscription->watch)
        send_room_deleted(subscription->watch, NULL);
    else
        client_notify_leave(client, subscription->channel->stream.id);
}
