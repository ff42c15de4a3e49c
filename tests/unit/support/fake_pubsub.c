#include "fake_pubsub.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/xalloc.h"
#include "redis/event_validate.h"

struct redis_channel {
    enum event_stream stream;
    uint64_t id;
    bool joined;
    bool confirm; /* is to be confirmed, perhaps once more */
};

struct message {
    enum event_stream stream;
    uint64_t id;
    struct text bytes;
};

struct answer {
    presence_store_done *done;
    presence_store_end *end;
    void *context;
};

struct pubsub {
    const struct pubsub_callbacks *callbacks;
    bool up;
    struct redis_channel *redis_channels;
    size_t redis_channel_count, redis_channel_space;
    struct message *messages;
    size_t message_count, message_space;
    struct answer *answers;
    size_t answer_count, answer_space;
};

/* Makes room for one more in a list. */
static void *extra(void *list, size_t count, size_t *space, size_t size) {
    if (count < *space)
        return list;
    *space = *space ? *space * 2 : 16;
    return xreallocarray(list, *space, size);
}

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

/* ---- redis_channels ---- */

static struct redis_channel *find(const struct pubsub *pubsub, enum event_stream stream,
                                  uint64_t id) {
    for (size_t i = 0; i < pubsub->redis_channel_count; i++)
        if (pubsub->redis_channels[i].stream == stream && pubsub->redis_channels[i].id == id)
            return &pubsub->redis_channels[i];
    return NULL;
}

bool fake_pubsub_is_subscribed(const struct pubsub *pubsub, enum event_stream stream, uint64_t id) {
    return find(pubsub, stream, id) != NULL;
}

void pubsub_subscribe(struct pubsub *pubsub, enum event_stream stream, uint64_t id) {
    struct redis_channel *redis_channel = find(pubsub, stream, id);
    if (!redis_channel) {
        pubsub->redis_channels =
            extra(pubsub->redis_channels, pubsub->redis_channel_count, &pubsub->redis_channel_space,
                  sizeof(*pubsub->redis_channels));
        redis_channel = &pubsub->redis_channels[pubsub->redis_channel_count++];
        *redis_channel = (struct redis_channel){stream, id, false, false};
    }
    redis_channel->confirm = true;
}

void pubsub_unsubscribe(struct pubsub *pubsub, enum event_stream stream, uint64_t id) {
    struct redis_channel *redis_channel = find(pubsub, stream, id);
    if (redis_channel)
        *redis_channel = pubsub->redis_channels[--pubsub->redis_channel_count];
}

size_t fake_pubsub_unconfirmed(const struct pubsub *pubsub) {
    size_t count = 0;
    for (size_t i = 0; pubsub->up && i < pubsub->redis_channel_count; i++)
        count += pubsub->redis_channels[i].confirm;
    return count;
}

void fake_pubsub_confirm(struct pubsub *pubsub, size_t at) {
    for (size_t i = 0; i < pubsub->redis_channel_count; i++) {
        struct redis_channel *redis_channel = &pubsub->redis_channels[i];
        if (!redis_channel->confirm || at-- > 0)
            continue;
        redis_channel->confirm = false;
        redis_channel->joined = true;
        pubsub->callbacks->subscribed(pubsub->callbacks->context, redis_channel->stream,
                                      redis_channel->id);
        return;
    }
}

/* ---- messages ---- */

void fake_pubsub_send_bytes(struct pubsub *pubsub, enum event_stream stream, uint64_t id,
                            struct text bytes) {
    const struct redis_channel *redis_channel = find(pubsub, stream, id);
    if (!pubsub->up || !redis_channel || !redis_channel->joined)
        return;
    pubsub->messages = extra(pubsub->messages, pubsub->message_count, &pubsub->message_space,
                             sizeof(*pubsub->messages));
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

/* The copy is on its way again before the listener hears of the first: that may send, too. */
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
    for (size_t i = 0; i < pubsub->redis_channel_count; i++) {
        pubsub->redis_channels[i].joined = false;
        pubsub->redis_channels[i].confirm = true;
    }
    pubsub->up = up;
    while (up && fake_pubsub_unconfirmed(pubsub) > 0)
        fake_pubsub_confirm(pubsub, 0);
    while (!up && pubsub->answer_count > 0)
        fake_pubsub_answer(pubsub);
    pubsub->callbacks->state(pubsub->callbacks->context, up);
}

/* ---- presence ---- */

/* Nobody else is there, ever; no answer while Redis is away. */
static void owe(struct pubsub *pubsub, struct answer answer) {
    pubsub->answers = extra(pubsub->answers, pubsub->answer_count, &pubsub->answer_space,
                            sizeof(*pubsub->answers));
    pubsub->answers[pubsub->answer_count++] = answer;
    if (!pubsub->up)
        fake_pubsub_answer(pubsub);
}

size_t fake_pubsub_unanswered(const struct pubsub *pubsub) {
    return pubsub->answer_count;
}

void fake_pubsub_answer(struct pubsub *pubsub) {
    const struct answer answer = pubsub->answers[0];
    pubsub->answer_count--;
    memmove(pubsub->answers, pubsub->answers + 1, pubsub->answer_count * sizeof(*pubsub->answers));
    if (answer.done)
        answer.done(answer.context, pubsub->up, pubsub->up, 0);
    if (answer.end)
        answer.end(answer.context, pubsub->up, 0);
}

void presence_store_enter(struct pubsub *pubsub, uint64_t room_id, uint64_t user_id,
                          struct text name, presence_store_done *done, void *context) {
    (void)room_id;
    (void)user_id;
    (void)name;
    owe(pubsub, (struct answer){done, NULL, context});
}

void presence_store_leave(struct pubsub *pubsub, uint64_t room_id, uint64_t user_id,
                          struct text name, presence_store_done *done, void *context) {
    presence_store_enter(pubsub, room_id, user_id, name, done, context);
}

void presence_store_read(struct pubsub *pubsub, uint64_t room_id, presence_store_user *user,
                         presence_store_end *end, void *context) {
    (void)room_id;
    (void)user;
    owe(pubsub, (struct answer){NULL, end, context});
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
    while (pubsub->answer_count > 0)
        fake_pubsub_answer(pubsub);
    while (pubsub->message_count > 0)
        fake_pubsub_lose(pubsub, 0);
    free(pubsub->redis_channels);
    free(pubsub->messages);
    free(pubsub->answers);
    free(pubsub);
}
