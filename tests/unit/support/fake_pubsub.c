/* fake_pubsub: lists of channels, messages and replies that wait for a test. */
#include "fake_pubsub.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/xalloc.h"
#include "redis/event_validate.h"

struct fake_channel {
    enum event_stream stream;
    uint64_t id;
    bool joined;
    bool confirm; /* to be confirmed, perhaps again */
};

struct message {
    enum event_stream stream;
    uint64_t id;
    struct text bytes;
};

struct fake_reply {
    presence_store_done *done;
    presence_store_end *end;
    void *context;
};

struct pubsub {
    const struct pubsub_callbacks *callbacks;
    bool up;
    struct fake_channel *channels;
    size_t channel_count, channel_space;
    struct message *messages;
    size_t message_count, message_space;
    struct fake_reply *replies;
    size_t reply_count, reply_space;
};

struct pubsub *pubsub_new(uv_loop_t *loop, const struct config *config,
                          struct metrics_data *metrics, const struct pubsub_callbacks *callbacks) {
    struct pubsub *pubsub = xcalloc(1, sizeof(*pubsub));
    (void)loop;
    (void)config;
    (void)metrics;
    pubsub->callbacks = callbacks;
    return pubsub;
}

bool pubsub_is_up(const struct pubsub *pubsub) {
    return pubsub->up;
}

/* ---- channels ---- */

static struct fake_channel *find(const struct pubsub *pubsub, enum event_stream stream,
                                 uint64_t id) {
    for (size_t i = 0; i < pubsub->channel_count; i++)
        if (pubsub->channels[i].stream == stream && pubsub->channels[i].id == id)
            return &pubsub->channels[i];
    return NULL;
}

bool fake_pubsub_is_subscribed(const struct pubsub *pubsub, enum event_stream stream, uint64_t id) {
    return find(pubsub, stream, id) != NULL;
}

void pubsub_subscribe(struct pubsub *pubsub, enum event_stream stream, uint64_t id) {
    struct fake_channel *channel = find(pubsub, stream, id);
    if (!channel) {
        pubsub->channels = array_reserve(pubsub->channels, &pubsub->channel_space,
                                         pubsub->channel_count + 1, sizeof(*pubsub->channels));
        channel = &pubsub->channels[pubsub->channel_count++];
        *channel = (struct fake_channel){stream, id, false, false};
    }
    channel->confirm = true;
}

void pubsub_unsubscribe(struct pubsub *pubsub, enum event_stream stream, uint64_t id) {
    struct fake_channel *channel = find(pubsub, stream, id);
    if (channel)
        *channel = pubsub->channels[--pubsub->channel_count];
}

size_t fake_pubsub_unconfirmed(const struct pubsub *pubsub) {
    size_t count = 0;
    for (size_t i = 0; pubsub->up && i < pubsub->channel_count; i++)
        count += pubsub->channels[i].confirm;
    return count;
}

void fake_pubsub_confirm(struct pubsub *pubsub, size_t at) {
    for (size_t i = 0; i < pubsub->channel_count; i++) {
        struct fake_channel *channel = &pubsub->channels[i];
        if (!channel->confirm || at-- > 0)
            continue;
        channel->confirm = false;
        channel->joined = true;
        pubsub->callbacks->subscribed(pubsub->callbacks->context, channel->stream, channel->id);
        return;
    }
}

/* ---- messages ---- */

void fake_pubsub_send_bytes(struct pubsub *pubsub, enum event_stream stream, uint64_t id,
                            struct text bytes) {
    const struct fake_channel *channel = find(pubsub, stream, id);
    if (!pubsub->up || !channel || !channel->joined)
        return;
    pubsub->messages = array_reserve(pubsub->messages, &pubsub->message_space,
                                     pubsub->message_count + 1, sizeof(*pubsub->messages));
    pubsub->messages[pubsub->message_count++] =
        (struct message){stream, id, {xstrndup(bytes.at, bytes.len), bytes.len}};
}

void fake_pubsub_send(struct pubsub *pubsub, enum event_stream stream, uint64_t id,
                      const struct event_envelope *envelope) {
    struct buffer out = BUFFER_EMPTY;
    event_write(&out, envelope);
    fake_pubsub_send_bytes(pubsub, stream, id, (struct text){out.data, out.len});
    buffer_free(&out);
}

bool pubsub_publish(struct pubsub *pubsub, uint64_t room_id,
                    const struct event_envelope *envelope) {
    if (pubsub->up)
        fake_pubsub_send(pubsub, EVENT_STREAM_ROOM, room_id, envelope);
    return pubsub->up;
}

size_t fake_pubsub_in_flight(const struct pubsub *pubsub) {
    return pubsub->message_count;
}

void fake_pubsub_lose(struct pubsub *pubsub, size_t at) {
    free((char *)pubsub->messages[at].bytes.at);
    pubsub->message_count--;
    memmove(pubsub->messages + at, pubsub->messages + at + 1,
            (pubsub->message_count - at) * sizeof(*pubsub->messages));
}

/* The copy is in flight again before the first is delivered: the callback may send, too. */
void fake_pubsub_deliver(struct pubsub *pubsub, size_t at, bool again) {
    const struct message message = pubsub->messages[at];
    struct event_envelope envelope;
    char *bytes = xstrndup(message.bytes.at, message.bytes.len);
    if (!again)
        fake_pubsub_lose(pubsub, at);
    if (find(pubsub, message.stream, message.id) &&
        event_validate(message.stream, (struct text){bytes, message.bytes.len}, &envelope))
        pubsub->callbacks->event(pubsub->callbacks->context, message.stream, message.id, &envelope);
    free(bytes);
}

void fake_pubsub_set_up(struct pubsub *pubsub, bool up) {
    if (pubsub->up == up)
        return;
    while (!up && pubsub->message_count > 0)
        fake_pubsub_lose(pubsub, 0);
    for (size_t i = 0; i < pubsub->channel_count; i++) {
        pubsub->channels[i].joined = false;
        pubsub->channels[i].confirm = true;
    }
    pubsub->up = up;
    while (up && fake_pubsub_unconfirmed(pubsub) > 0)
        fake_pubsub_confirm(pubsub, 0);
    while (!up && pubsub->reply_count > 0)
        fake_pubsub_reply(pubsub);
    pubsub->callbacks->state(pubsub->callbacks->context, up);
}

/* ---- presence ---- */

/* There are no other users; while Redis is down each request fails at once. */
static void add_reply(struct pubsub *pubsub, struct fake_reply reply) {
    pubsub->replies = array_reserve(pubsub->replies, &pubsub->reply_space, pubsub->reply_count + 1,
                                    sizeof(*pubsub->replies));
    pubsub->replies[pubsub->reply_count++] = reply;
    if (!pubsub->up)
        fake_pubsub_reply(pubsub);
}

size_t fake_pubsub_unreplied(const struct pubsub *pubsub) {
    return pubsub->reply_count;
}

void fake_pubsub_reply(struct pubsub *pubsub) {
    const struct fake_reply reply = pubsub->replies[0];
    pubsub->reply_count--;
    memmove(pubsub->replies, pubsub->replies + 1, pubsub->reply_count * sizeof(*pubsub->replies));
    if (reply.done)
        reply.done(reply.context, pubsub->up, pubsub->up, 0);
    if (reply.end)
        reply.end(reply.context, pubsub->up, 0);
}

void presence_store_enter(struct pubsub *pubsub, uint64_t room_id, uint64_t user_id,
                          struct text name, presence_store_done *done, void *context) {
    (void)room_id;
    (void)user_id;
    (void)name;
    add_reply(pubsub, (struct fake_reply){done, NULL, context});
}

void presence_store_leave(struct pubsub *pubsub, uint64_t room_id, uint64_t user_id,
                          struct text name, presence_store_done *done, void *context) {
    presence_store_enter(pubsub, room_id, user_id, name, done, context);
}

void presence_store_read(struct pubsub *pubsub, uint64_t room_id, presence_store_user *user,
                         presence_store_end *end, void *context) {
    (void)room_id;
    (void)user;
    add_reply(pubsub, (struct fake_reply){NULL, end, context});
}

void presence_store_count(struct pubsub *pubsub, uint64_t room_id, uint64_t own,
                          presence_store_counted *done, void *context) {
    (void)pubsub;
    (void)room_id;
    (void)own;
    done(context, true, 0);
}

void presence_store_sweep(struct pubsub *pubsub, uint64_t room_id) {
    (void)pubsub;
    (void)room_id;
}

uint64_t presence_store_epoch(const struct pubsub *pubsub) {
    (void)pubsub;
    return 1;
}

void pubsub_close(struct pubsub *pubsub) {
    pubsub->up = false;
    while (pubsub->reply_count > 0)
        fake_pubsub_reply(pubsub);
    while (pubsub->message_count > 0)
        fake_pubsub_lose(pubsub, 0);
    free(pubsub->channels);
    free(pubsub->messages);
    free(pubsub->replies);
    free(pubsub);
}
