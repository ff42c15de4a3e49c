/*
 * client_greet: a client's cursor in a stream until it is connected, and the first frames:
 * `connected`, then missed events or `resync`.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "client/client_private.h"
#include "event/serialize.h"

/* What is sent together, of what was missed. */
#define GATHER_FRAMES 64
#define GATHER_BYTES 32768

/* ---- the cursor ---- */

struct client_opening *client_opening_new(bool has_since, bool bad_since, uint64_t since) {
    struct client_opening *opening = xcalloc(1, sizeof(*opening));
    opening->has_since = has_since;
    opening->bad_since = bad_since;
    opening->since = since;
    return opening;
}

void client_opening_start(struct client_opening *opening, uint64_t head) {
    opening->position = opening->has_since ? opening->since : head;
    opening->replayed = opening->position;
}

void client_opening_free(struct client_opening *opening) {
    if (!opening)
        return;
    event_list_clear(&opening->missed);
    free(opening->rooms);
    free(opening);
}

bool client_must_read_missed(const struct client_opening *opening, const struct stream *stream,
                             const struct config *config) {
    if (!opening->has_since)
        return false;
    if (!stream->known || opening->since > stream->last_seq)
        return true;
    const uint64_t missed = stream->last_seq - opening->since;
    return missed > stream->recent.count || missed > config->replay_limit;
}

bool client_start_stream(struct stream *stream, uint64_t head, uint64_t position) {
    stream_start(stream, head);
    return stream->last_seq <= position || stream->last_seq - position <= stream->recent.count;
}

/* ---- the first frames ---- */

static void write_online(void *context, uint64_t user_id, struct text name) {
    struct json_writer *w = context;
    json_write_object(w);
    json_write_member_u64(w, "user_id", user_id);
    json_write_member_text(w, "username", name);
    json_write_object_end(w);
}

static struct frame *make_connected(struct client *client, const struct watch *watch,
                                    uint64_t position) {
    struct buffer json = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&json);
    json_write_object(&w);
    json_write_member_str(&w, "type", "connected");
    if (watch)
        json_write_member_u64(&w, "room_id", watch->room_id);
    json_write_member_u64(&w, "user_id", client->user_id);
    json_write_member_u64(&w, "seq", position);
    if (watch) {
        json_write_key(&w, "online");
        json_write_array(&w);
        presence_online(client->clients->presence, watch->room_id, write_online, &w);
        json_write_array_end(&w);
    }
    json_write_object_end(&w);
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
    const bool is_cursor =
        subscription->watch || (client->notifications && subscription == client->own);
    if (client->state == CLIENT_CONNECTED && is_cursor)
        send_resync(client, subscription->watch, last_seq);
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

static void send_connected_and_replayed(struct client *client, struct client_opening *opening,
                                        struct frame *connected) {
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

void client_greet(struct client *client, struct watch *watch, uint64_t head) {
    struct subscription *subscription = watch ? watch->subscription : client->own;
    struct client_opening *opening = watch ? watch->opening : client->opening;
    struct frame *connected = make_connected(client, watch, opening->position);
    if (opening->resync) {
        opening->position = head;
        socket_send(client->socket, connected);
        send_resync(client, watch, head);
    } else {
        send_connected_and_replayed(client, opening, connected);
    }
    frame_release(connected);
    client_catch_up(subscription, opening->position);
    stream_cache(&subscription->channel->stream, opening->missed.events, opening->missed.count);
}
