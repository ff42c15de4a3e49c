/*
 * client_notify: the rooms of a notifications client. It is subscribed to the stream of each of its
 * rooms, and sends a new_message_notification for each message by somebody else.
 *
 * The rooms are read once, when the client opens (client_notify_join). Later the user's own stream
 * says which ones the user enters and leaves. Entering needs the database: messages may have been
 * posted between the entry and its event. That read is an `arrival`, one at a time for each room.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "client/client_private.h"
#include "event/replay.h"
#include "event/serialize.h"
#include "store/event_log.h"
#include "store/room_state.h"

/* How often a room is read when its stream or the membership changes during the read. */
#define MAX_READS 5

/* A room that the user has just entered: the messages since then are read and notified of. */
struct arrival {
    struct client *client;
    const struct config *config;
    uint64_t room_id;
    uint64_t user_id;
    unsigned reads;
    bool stale;     /* the membership changed since the read began */
    uint64_t after; /* seq of the entry, or of the last notification already sent */
    enum error error;
    struct room_state state;
    struct event_list missed; /* after `after`, up to state.last_seq */
};

bool client_notify_join(struct client *client, uint64_t room_id, uint64_t last_seq) {
    struct subscription *subscription = client_subscribe(client, EVENT_STREAM_ROOM, room_id, NULL);
    stream_start(&subscription->channel->stream, last_seq);
    idmap_put(&client->rooms.notified, room_id, subscription);
    return client_catch_up(subscription, last_seq);
}

void client_notify_leave(struct client *client, uint64_t room_id) {
    struct subscription *subscription = idmap_remove(&client->rooms.notified, room_id);
    struct arrival *arrival = idmap_get(&client->rooms.arriving, room_id);
    /* The read may still find the user a member: it is repeated. */
    if (arrival)
        arrival->stale = true;
    if (!subscription)
        return;
    /* If the user comes back, notifications go on after this number, so that none is sent twice. */
    if (subscription->delivered_seq > 0)
        idmap_put(&client->rooms.left, room_id, (void *)(uintptr_t)subscription->delivered_seq);
    client_unsubscribe(subscription);
}

static void leave(void *context, uint64_t room_id, void *subscription) {
    (void)context;
    (void)room_id;
    client_unsubscribe(subscription);
}

void client_notify_leave_all(struct client *client) {
    idmap_each(&client->rooms.notified, leave, NULL);
    idmap_free(&client->rooms.notified);
}

/* ---- entering a room ---- */

static void collect(void *context, const struct event_envelope *envelope) {
    struct arrival *arrival = context;
    event_list_add_envelope(&arrival->missed, envelope);
}

/* Finds the event by which the user entered. A room that the user created, and a direct room,
 * have none: notifications begin with the first event. If the entry is further back than
 * replay_limit, they begin now. */
static enum error find_entry(struct arrival *arrival, struct db *db) {
    const uint64_t limit = arrival->config->replay_limit;
    const uint64_t last = arrival->state.last_seq;
    uint64_t seq;
    const enum error error = event_log_arrival(db, &arrival->state, arrival->user_id, limit, &seq);
    if (seq == 0 && last > limit && arrival->after < last - limit)
        seq = last;
    if (arrival->after < seq)
        arrival->after = seq;
    return error;
}

static void arrival_work(void *context, struct db *db) {
    struct arrival *arrival = context;
    arrival->error = room_state_get(db, arrival->room_id, arrival->user_id, &arrival->state);
    /* Removed again meanwhile. */
    if (arrival->error || !arrival->state.is_member)
        return;
    arrival->error = find_entry(arrival, db);
    if (!arrival->error)
        arrival->error =
            replay_room(db, &arrival->state, arrival->after, arrival->config->replay_limit,
                        arrival->config->event_retention, collect, arrival);
    /* Events since the entry are purged already: there is nothing to be notified of. */
    if (arrival->error == ERROR_GONE)
        arrival->error = ERROR_NONE;
}

/* Subscribes to the room, after the events that were read. If its stream has advanced further
 * than the recent events in memory reach, the arrival becomes stale and is read again. */
static void arrive(struct arrival *arrival) {
    struct client *client = arrival->client;
    const uint64_t position = arrival->state.last_seq;
    if (!arrival->state.is_member || idmap_get(&client->rooms.notified, arrival->room_id))
        return;
    struct subscription *subscription =
        client_subscribe(client, EVENT_STREAM_ROOM, arrival->room_id, NULL);
    /* Events of this iteration must not reach the new subscription as live ones; then the stream
     * starts where the read ended. */
    channels_flush(client->clients->channels);
    stream_start(&subscription->channel->stream, position);
    subscription->delivered_seq = position;
    idmap_put(&client->rooms.notified, arrival->room_id, subscription);
    /* First the messages that were read, then those that the stream has had since. */
    client_notify(client, arrival->room_id, arrival->missed.events, arrival->missed.count);
    if (!client_catch_up(subscription, position))
        client_notify_leave(client, arrival->room_id);
}

static void read_arrival(struct arrival *arrival);

/* On the loop: the room was read. */
static void arrival_done(void *context) {
    struct arrival *arrival = context;
    struct client *client = arrival->client;
    if (client->state != CLIENT_CLOSED && !arrival->error && !arrival->stale)
        arrive(arrival);
    event_list_clear(&arrival->missed);
    client->pending_jobs--;
    /* Stale before, or because the stream has advanced too far in `arrive`. */
    if (client->state != CLIENT_CLOSED && !arrival->error && arrival->stale &&
        arrival->reads < MAX_READS) {
        read_arrival(arrival);
        return;
    }
    idmap_remove(&client->rooms.arriving, arrival->room_id);
    if (client->state == CLIENT_CLOSED)
        client_release(client);
    /* The client cannot be told which messages it missed: it reconnects and loads its rooms. */
    else if (arrival->error || arrival->stale)
        client_refuse(client, ERROR_UNAVAILABLE, NULL);
    free(arrival);
}

/* Reads the room, from where the last notification was. */
static void read_arrival(struct arrival *arrival) {
    struct client *client = arrival->client;
    const uint64_t notified = (uintptr_t)idmap_get(&client->rooms.left, arrival->room_id);
    if (arrival->after < notified)
        arrival->after = notified;
    arrival->stale = false;
    arrival->reads++;
    client->pending_jobs++;
    db_pool_run(client->clients->db_pool, arrival_work, arrival_done, arrival);
}

void client_notify_enter(struct client *client, uint64_t room_id) {
    struct arrival *arrival = idmap_get(&client->rooms.arriving, room_id);
    /* It is being read already, perhaps as of before this entry. */
    if (arrival) {
        arrival->stale = true;
        return;
    }
    arrival = xcalloc(1, sizeof(*arrival));
    *arrival = (struct arrival){.client = client,
                                .config = client->clients->config,
                                .room_id = room_id,
                                .user_id = client->user_id};
    idmap_put(&client->rooms.arriving, room_id, arrival);
    read_arrival(arrival);
}

/* ---- messages ---- */

/* The frame for a message; NULL for other events. The Message object is cut out of the event's
 * JSON. */
static struct frame *make_notification(uint64_t room_id, const struct stream_event *event) {
    if (event->type != EVENT_NEW_MESSAGE || !event->frame || event->message_len == 0)
        return NULL;
    struct buffer json = BUFFER_EMPTY;
    const struct text message = {frame_json(event->frame).at + event->message_at,
                                 event->message_len};
    serialize_message_notification(&json, room_id, message, text_of(event->actor));
    struct frame *frame = frame_text((struct text){json.data, json.len});
    buffer_free(&json);
    return frame;
}

/* The last notification: the subscribers of a channel are served one after the other, so the
 * frame is made once for all of them. */
static struct {
    struct frame *event;
    struct frame *notification;
} last_made;

/* The notification of an event; belongs to last_made. */
static struct frame *notification_of(uint64_t room_id, const struct stream_event *event) {
    if (!event->frame)
        return NULL;
    if (last_made.event != event->frame) {
        frame_release(last_made.event);
        frame_release(last_made.notification);
        last_made.event = frame_hold(event->frame);
        last_made.notification = make_notification(room_id, event);
    }
    return last_made.notification;
}

/* The room's stream may show the removal of the user before the user's own stream does. Later
 * events are not for this client; if the user enters again, the own stream says so. */
static void remove_from_room(struct client *client, uint64_t room_id, uint64_t seq) {
    struct subscription *subscription = idmap_get(&client->rooms.notified, room_id);
    if (subscription)
        subscription->delivered_seq = seq;
    client_notify_leave(client, room_id);
}

void client_notify(struct client *client, uint64_t room_id, const struct stream_event *events,
                   uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        struct frame *frame = NULL;
        /* Later messages are not for this user. */
        if (events[i].type == EVENT_USER_REMOVED && events[i].subject_id == client->user_id) {
            remove_from_room(client, room_id, events[i].seq);
            return;
        }
        /* Messages from before `connected` are among those that the client loads then. */
        if (client->state == CLIENT_CONNECTED && events[i].actor_id != client->user_id)
            frame = notification_of(room_id, &events[i]);
        if (frame)
            socket_send(client->socket, frame);
    }
}
