/*
 * client_notify: the rooms of a notifications client. It is subscribed to the stream of each of its
 * rooms, and sends a new_message_notification for each message by another user.
 *
 * The rooms are read once, when the client opens (client_notify_join). Later the user's own stream
 * says which ones the user enters and leaves. Entering needs the database: messages may have been
 * posted between the entry and its event. That read is an `arrival`, one at a time for each room.
 *
 * What the user has set for a room is read with it, and follows from preferences_changed.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "client/client_private.h"
#include "event/replay.h"
#include "event/serialize.h"
#include "store/events/event_log.h"
#include "store/moderation/block.h"
#include "store/rooms/room_state.h"

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

/* ---- what the user has set ---- */

/* subscription->notify: an enum notify, and flags. */
#define NOTIFY_MASK 3u
#define IS_DIRECT 4u
#define IS_MUTED 8u /* until the time in rooms.muted */

/* Sets how the user is notified of a room. A mute that will end is kept with its time. */
static void set_view(struct client *client, struct subscription *subscription, bool is_direct,
                     const struct room_view *view) {
    const uint64_t room_id = subscription->channel->stream.id;
    unsigned notify = (unsigned)view->notify & NOTIFY_MASK;
    if (is_direct)
        notify |= IS_DIRECT;
    idmap_remove(&client->rooms.muted, room_id);
    if (view->muted_until > clock_now() + 1000) {
        notify |= IS_MUTED;
        const uint64_t until =
            (uint64_t)clock_monotonic_ms() + (uint64_t)(view->muted_until - clock_now()) / 1000 + 1;
        const uintptr_t value = (uintptr_t)until;
        /* For ever, if a pointer cannot hold it. */
        idmap_put(&client->rooms.muted, room_id, (void *)(value == until ? value : UINTPTR_MAX));
    }
    subscription->notify = (unsigned char)notify;
}

/* Reads the "me" of a preferences_changed; false if it has none. */
static bool read_view(struct text json, struct room_view *view) {
    struct json_tokener *tokener = json_tokener_new();
    struct json_object *event = json_tokener_parse_ex(tokener, json.at, (int)json.len);
    struct json_object *me = NULL, *value = NULL;
    const bool has_me = event && json_object_object_get_ex(event, "me", &me);
    *view = (struct room_view){.notify = NOTIFY_DEFAULT};
    if (has_me && json_object_object_get_ex(me, "notify", &value))
        view->notify = notify_of(text_of(json_object_get_string(value)));
    if (has_me && json_object_object_get_ex(me, "muted_until", &value) && value &&
        !clock_parse(text_of(json_object_get_string(value)), &view->muted_until))
        view->muted_until = 0;
    json_object_put(event);
    json_tokener_free(tokener);
    return has_me;
}

void client_notify_set(struct client *client, const struct stream_event *event) {
    struct subscription *subscription = idmap_get(&client->rooms.notified, event->subject_id);
    struct arrival *arrival = idmap_get(&client->rooms.arriving, event->subject_id);
    struct room_view view;
    /* Being read, perhaps as of before: read again. */
    if (arrival)
        arrival->stale = true;
    if (subscription && event->frame && read_view(frame_json(event->frame), &view))
        set_view(client, subscription, (subscription->notify & IS_DIRECT) != 0, &view);
}

/* Whether the user wants to be notified of a message. */
static bool wants(const struct client *client, const struct subscription *subscription,
                  bool is_mention) {
    unsigned notify = subscription->notify & NOTIFY_MASK;
    if (subscription->notify & IS_MUTED) {
        const uint64_t room_id = subscription->channel->stream.id;
        const uint64_t until = (uintptr_t)idmap_get(&client->rooms.muted, room_id);
        if ((uint64_t)clock_monotonic_ms() < until)
            return false;
    }
    if (notify == NOTIFY_DEFAULT)
        notify = subscription->notify & IS_DIRECT
                     ? NOTIFY_ALL
                     : NOTIFY_ALL + (unsigned)client->clients->config->notify_default;
    return notify == NOTIFY_ALL || (notify == NOTIFY_MENTIONS && is_mention);
}

/* ---- the rooms ---- */

bool client_notify_join(struct client *client, const struct client_notified *room) {
    struct subscription *subscription =
        client_subscribe(client, EVENT_STREAM_ROOM, room->room_id, NULL);
    stream_start(&subscription->channel->stream, room->last_seq);
    idmap_put(&client->rooms.notified, room->room_id, subscription);
    set_view(client, subscription, room->is_direct, &room->view);
    return client_catch_up(subscription, room->last_seq);
}

void client_notify_leave(struct client *client, uint64_t room_id) {
    struct subscription *subscription = idmap_remove(&client->rooms.notified, room_id);
    struct arrival *arrival = idmap_get(&client->rooms.arriving, room_id);
    /* The read may still find the user a member: it is repeated. */
    if (arrival)
        arrival->stale = true;
    if (!subscription)
        return;
    /* If the user comes back, notifications continue after this number, so that none is sent
     * twice. */
    if (subscription->delivered_seq > 0)
        idmap_put(&client->rooms.left, room_id, (void *)(uintptr_t)subscription->delivered_seq);
    idmap_remove(&client->rooms.muted, room_id);
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
    idmap_free(&client->rooms.muted);
    idmap_free(&client->rooms.blocked);
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

/* On a thread: reads the room that the user has entered, and the events since. */
static void arrival_work(void *context, struct db *db) {
    struct arrival *arrival = context;
    bool again = false;
    arrival->error = room_state_get(db, arrival->room_id, arrival->user_id, &arrival->state);
    /* In a cluster, perhaps not there yet. */
    if (!arrival->error && !arrival->state.is_member)
        arrival->error = db_catch_up(db, &again);
    if (again)
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
    set_view(client, subscription, arrival->state.is_direct, &arrival->state.view);
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

/* ---- blocked senders ---- */

void client_notify_block(struct client *client, const uint64_t *ids, size_t count) {
    idmap_free(&client->rooms.blocked);
    for (size_t i = 0; i < count; i++)
        idmap_put(&client->rooms.blocked, ids[i], client);
}

struct block_read {
    struct client *client;
    uint64_t user_id;
    uint64_t *ids;
    size_t count;
    enum error error;
};

static void block_read_work(void *context, struct db *db) {
    struct block_read *read = context;
    read->error = block_ids(db, read->user_id, &read->ids, &read->count);
}

/* The list of blocked users is read, or the read has failed. */
static void block_read_done(void *context) {
    struct block_read *read = context;
    struct client *client = read->client;
    client->pending_jobs--;
    if (client->state == CLIENT_CLOSED)
        client_release(client);
    /* As after other failed reads: it is read when the client comes back. */
    else if (read->error)
        client_refuse(client, ERROR_UNAVAILABLE, NULL);
    else
        client_notify_block(client, read->ids, read->count);
    free(read->ids);
    free(read);
}

void client_notify_check_blocks(struct client *client, const struct identity *identity) {
    if (!client->notifications || client->rooms.block_changes == identity->block_changes)
        return;
    struct block_read *read = xcalloc(1, sizeof(*read));
    client->rooms.block_changes = identity->block_changes;
    *read = (struct block_read){.client = client, .user_id = client->user_id};
    client->pending_jobs++;
    db_pool_run(client->clients->db_pool, block_read_work, block_read_done, read);
}

/* ---- messages ---- */

static struct text message_of(const struct stream_event *event) {
    return (struct text){frame_json(event->frame).at + event->message_at, event->message_len};
}

static void release(struct notification_frames *made) {
    frame_release(made->event);
    frame_release(made->frames[0]);
    frame_release(made->frames[1]);
    *made = (struct notification_frames){0};
}

void client_notify_free(struct clients *clients) {
    release(&clients->last_notification);
}

/* Begins with another event. */
static void look_at(struct notification_frames *made, const struct stream_event *event) {
    if (made->event == event->frame)
        return;
    release(made);
    made->event = frame_hold(event->frame);
    made->mentions = serialize_find_mentions(message_of(event));
}

/* The frame for a message; belongs to `made`. The Message object is cut out of the event's JSON. */
static struct frame *notification_of(struct notification_frames *made, uint64_t room_id,
                                     const struct stream_event *event, bool is_mention) {
    struct buffer json = BUFFER_EMPTY;
    struct frame **frame = &made->frames[is_mention];
    if (!*frame) {
        struct buffer without = BUFFER_EMPTY;
        struct text message = message_of(event);
        /* Some may not see what it quotes, and the frame is for all. */
        if (event->quoted > 0) {
            serialize_without_quote(&without, message);
            message = (struct text){without.data, without.len};
        }
        serialize_message_notification(&json, room_id, message, text_of(event->actor), is_mention);
        *frame = frame_text((struct text){json.data, json.len});
        buffer_free(&json);
        buffer_free(&without);
    }
    return *frame;
}

/* Notifies a client of a new message, if its settings ask for that. */
static void notify_of_message(struct client *client, uint64_t room_id,
                              const struct stream_event *event) {
    const struct subscription *subscription = idmap_get(&client->rooms.notified, room_id);
    /* Also of a room that the client has just been dropped from. */
    if (event->type != EVENT_NEW_MESSAGE || !event->frame || event->message_len == 0 ||
        !subscription)
        return;
    if (idmap_get(&client->rooms.blocked, event->actor_id))
        return;
    struct notification_frames *made = &client->clients->last_notification;
    look_at(made, event);
    const bool is_mention = serialize_is_mentioned(&made->mentions, client->user_id);
    if (wants(client, subscription, is_mention))
        socket_send(client->socket, notification_of(made, room_id, event, is_mention));
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
        /* Later messages are not for this user. */
        if (event_shown_type(events[i].type) == EVENT_USER_REMOVED &&
            events[i].subject_id == client->user_id) {
            remove_from_room(client, room_id, events[i].seq);
            return;
        }
        /* Messages from before `connected` are among those that the client loads then. */
        if (client->state == CLIENT_CONNECTED && events[i].actor_id != client->user_id)
            notify_of_message(client, room_id, &events[i]);
    }
}
