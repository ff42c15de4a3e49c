/* client_greet: the first frames of a client: `connected`, then missed events or `resync`. */
#include <stdlib.h>
#include <string.h>

#include "client/client_private.h"
#include "event/serialize.h"

/* What is sent together, of what was missed. */
#define GATHER_FRAMES 64
#define GATHER_BYTES 32768

struct subscription *client_main_subscription(const struct client *client) {
    return client->notifications ? client->own : client->room.subscription;
}

uint64_t client_head(const struct client *client) {
    const struct identity *identity = &client->opening->identity;
    return client->notifications ? identity->last_seq : identity->room.last_seq;
}

static void write_online(void *context, uint64_t user_id, struct text name) {
    struct json_writer *w = context;
    json_write_object(w);
    json_write_member_u64(w, "user_id", user_id);
    json_write_member_text(w, "username", name);
    json_write_object_end(w);
}

static struct frame *make_connected(struct client *client) {
    struct buffer json = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&json);
    json_write_object(&w);
    json_write_member_str(&w, "type", "connected");
    if (!client->notifications)
        json_write_member_u64(&w, "room_id", client->room.id);
    json_write_member_u64(&w, "user_id", client->user_id);
    json_write_member_u64(&w, "seq", client->opening->position);
    if (!client->notifications) {
        json_write_key(&w, "online");
        json_write_array(&w);
        presence_online(client->clients->presence, client->room.id, write_online, &w);
        json_write_array_end(&w);
    }
    json_write_object_end(&w);
    struct frame *frame = frame_text((struct text){json.data, json.len});
    buffer_free(&json);
    return frame;
}

static void send_resync(struct client *client, uint64_t last_seq) {
    struct buffer json = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&json);
    json_write_object(&w);
    json_write_member_str(&w, "type", "resync");
    json_write_member_u64(&w, "seq", last_seq);
    json_write_object_end(&w);
    socket_send_text(client->socket, (struct text){json.data, json.len});
    buffer_free(&json);
    client->clients->metrics->resyncs++;
}

void client_resync(struct subscription *subscription, uint64_t last_seq) {
    struct client *client = subscription->client;
    if (client->state == CLIENT_CONNECTED && subscription == client_main_subscription(client))
        send_resync(client, last_seq);
}

/* Frames that are sent in one write: after a restart of pushd or of the web server many clients
 * come back at once. */
struct gathering {
    struct socket *socket;
    struct frame *frames[GATHER_FRAMES];
    size_t count, bytes;
};

static void send_gathered(struct gathering *gathering) {
    struct frame *all = frame_join(gathering->frames, gathering->count);
    socket_send_deferred(gathering->socket, all);
    frame_release(all);
    gathering->count = gathering->bytes = 0;
}

static void gather(struct gathering *gathering, struct frame *frame) {
    gathering->frames[gathering->count++] = frame;
    gathering->bytes += frame->len;
    if (gathering->count == GATHER_FRAMES || gathering->bytes >= GATHER_BYTES)
        send_gathered(gathering);
}

static void send_connected_and_replayed(struct client *client, struct frame *connected) {
    struct client_opening *opening = client->opening;
    struct gathering gathering = {.socket = client->socket};
    uint32_t shown = 0;
    gather(&gathering, connected);
    for (uint32_t i = 0; i < opening->missed.count; i++)
        if (opening->missed.events[i].frame) {
            gather(&gathering, opening->missed.events[i].frame);
            shown++;
        }
    if (gathering.count > 0)
        send_gathered(&gathering);
    client->clients->metrics->replayed_events += shown;
    client->clients->metrics->replays += shown > 0;
    opening->position = opening->replayed;
}

/* Recent events of a stream, copied for one client: delivering them may change the stream. */
struct handover {
    struct stream_event events[STREAM_RECENT];
    uint32_t count;
};

static void copy_event(void *context, const struct stream_event *event) {
    struct handover *handover = context;
    handover->events[handover->count++] = *event;
}

/* Delivers the first of these events, joined up to GATHER_BYTES, and returns how many. An
 * earlier one may have made the client drop the subscription. */
static uint32_t hand_over(struct subscription *subscription, const struct stream_event *events,
                          uint32_t count) {
    struct frame *frames[STREAM_RECENT], *all = NULL;
    size_t shown = 0, bytes = 0;
    uint32_t taken = 0;
    for (; taken < count && bytes < GATHER_BYTES; taken++)
        if (events[taken].frame) {
            frames[shown++] = events[taken].frame;
            bytes += events[taken].frame->len;
        }
    if (shown > 0)
        all = frame_join(frames, shown);
    subscription->delivered_seq = events[taken - 1].seq;
    if (subscription->client)
        client_events(subscription, events, taken, all);
    frame_release(all);
    return taken;
}

bool client_catch_up(struct subscription *subscription, uint64_t position) {
    const struct stream *stream = &subscription->channel->stream;
    struct handover handover;
    handover.count = 0;
    subscription->delivered_seq = position;
    if (stream->last_seq > position && !stream_recent(stream, position, copy_event, &handover))
        return false;
    for (uint32_t done = 0; done < handover.count;)
        done += hand_over(subscription, handover.events + done, handover.count - done);
    subscription->live = subscription->client != NULL;
    return true;
}

void client_greet(struct client *client) {
    struct client_opening *opening = client->opening;
    struct frame *connected = make_connected(client);
    if (opening->resync) {
        opening->position = client_head(client);
        socket_send(client->socket, connected);
        send_resync(client, opening->position);
    } else {
        send_connected_and_replayed(client, connected);
    }
    frame_release(connected);
}
