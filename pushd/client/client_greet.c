/* client_greet: the first frames of a client or watch: `connected`, and `resync` if needed. Also
 * `resync` later, when a gap cannot be filled. What follows `connected` are the events after its
 * `seq`. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "client/client_private.h"
#include "event/serialize.h"

struct client_opening *client_opening_new(bool has_since, bool bad_since, uint64_t since) {
    struct client_opening *opening = xcalloc(1, sizeof(*opening));
    opening->has_since = has_since;
    opening->bad_since = bad_since;
    opening->since = since;
    return opening;
}

void client_opening_free(struct client_opening *opening) {
    if (!opening)
        return;
    free(opening->rooms);
    free(opening->blocked);
    free(opening);
}

struct online {
    struct json_writer *w;
    const struct online_profiles *profiles;
};

/* One element of `online`. */
static void write_online(void *context, uint64_t user_id, struct text name) {
    const struct online *online = context;
    const struct text json = online_profiles_find(online->profiles, user_id);
    if (json.at) {
        json_write_raw(online->w, json.at, json.len);
        return;
    }
    /* The user came to another pushd a moment ago, or the database is unavailable. */
    const struct profile profile = {.user_id = user_id, .username = name};
    serialize_online(online->w, &profile);
}

/* The frame `connected`. position: the number after which the client is sent events. */
static struct frame *make_connected(struct client *client, const struct watch *watch,
                                    uint64_t position) {
    struct buffer json = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&json);
    json_write_object(&w);
    json_write_member_str(&w, "type", "connected");
    /* The own stream of a notifications client belongs to no room. */
    if (watch)
        json_write_member_u64(&w, "room_id", watch->room_id);
    json_write_member_id(&w, "user_id", client->user_id);
    json_write_member_u64(&w, "seq", position);
    if (watch) {
        json_write_key(&w, "online");
        json_write_array(&w);
        struct online online = {&w, client->clients->online_profiles};
        const bool may_see = watch->moderates || !(watch->hides_members || watch->is_visitor);
        if (may_see && !watch->is_counted)
            presence_online(client->clients->presence, watch->room_id, write_online, &online);
        json_write_array_end(&w);
        if (may_see && watch->is_counted)
            json_write_member_u64(&w, "online_count",
                                  online_count_of(client->clients->online_counts, watch->room_id));
    }
    json_write_object_end(&w);
    /* Not shared: each client has another position. */
    struct frame *frame = frame_text((struct text){json.data, json.len});
    buffer_free(&json);
    return frame;
}

/* On a notifications socket a frame about a watched room names the room. */
static void send_resync(struct client *client, const struct watch *watch, uint64_t last_seq) {
    struct buffer json = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&json);
    json_write_object(&w);
    json_write_member_str(&w, "type", "resync");
    json_write_member_u64(&w, "seq", last_seq);
    if (watch && client->notifications)
        json_write_member_u64(&w, "room_id", watch->room_id);
    json_write_object_end(&w);
    socket_send_text(client->socket, (struct text){json.data, json.len});
    buffer_free(&json);
    client->clients->metrics->resyncs++;
}

void client_resync(struct subscription *subscription, uint64_t last_seq) {
    struct client *client = subscription->client;
    struct watch *watch = subscription->watch;
    /* Only for streams that the client is sent: a watch, or the own stream of a notifications
     * client. */
    if (client->state != CLIENT_CONNECTED || (!watch && !client->notifications) ||
        (!watch && subscription != client->own))
        return;
    /* The numbers may have gone back. */
    if (watch)
        watch->admitted_seq = last_seq;
    else
        client->effective_seq = last_seq;
    send_resync(client, watch, last_seq);
}

void client_greet(struct client *client, struct watch *watch, uint64_t head) {
    const struct client_opening *opening = watch ? watch->opening : client->opening;
    struct subscription *subscription = watch ? watch->subscription : client->own;
    /* Without `since` the client starts now, and loads what was before over the API. */
    const uint64_t position = opening->has_since ? opening->since : head;
    /* `since` may be ahead of the stream if a backup was restored. One that is far behind is not
     * replayed, nor are events from before the user joined, though others may see them. */
    const uint64_t oldest = watch ? opening->identity.room.oldest_seq : 0;
    const bool replays = position <= head &&
                         head - position <= client->clients->config->replay_limit &&
                         position + 1 >= oldest;
    struct frame *connected = make_connected(client, watch, position);
    /* Deferred: it is written together with the events that follow. */
    socket_send_deferred(client->socket, connected);
    frame_release(connected);
    if (!replays)
        send_resync(client, watch, head);
    /* After a resync live events follow from the head on. */
    subscription->delivered_seq = replays ? position : head;
    client_replay_begin(subscription);
}
