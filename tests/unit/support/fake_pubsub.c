#include "fake_pubsub.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/xalloc.h"
#include "redis/event_validate.h"

struct channel {
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
    bus_presence_done *done;
    bus_presence_end *end;
    void *context;
};

struct bus {
    const struct bus_listener *listener;
    bool well;
    struct channel *channels;
    size_t channel_count, channel_space;
    struct message *messages;
    size_t message_count, message_space;
    struct answer *answers;
    size_t answer_count, answer_space;
};

/* Makes room for one more in a list. */
static void *more(void *list, size_t count, size_t *space, size_t size) {
    if (count < *space)
        return list;
    *space = *space ? *space * 2 : 16;
    return memory_resize(list, *space, size);
}

struct bus *bus_new(uv_loop_t *loop, const struct config *config, struct figures *figures,
                    const struct bus_listener *listener) {
    struct bus *bus = memory_zeroed(1, sizeof(*bus));
    (void)loop;
    (void)config;
    (void)figures;
    bus->listener = listener;
    return bus;
}

bool bus_is_well(const struct bus *bus) {
    return bus->well;
}

/* ---- channels ---- */

static struct channel *find(const struct bus *bus, enum event_stream stream, uint64_t id) {
    for (size_t i = 0; i < bus->channel_count; i++)
        if (bus->channels[i].stream == stream && bus->channels[i].id == id)
            return &bus->channels[i];
    return NULL;
}

bool fake_bus_is_wanted(const struct bus *bus, enum event_stream stream, uint64_t id) {
    return find(bus, stream, id) != NULL;
}

void bus_subscribe(struct bus *bus, enum event_stream stream, uint64_t id) {
    struct channel *channel = find(bus, stream, id);
    if (!channel) {
        bus->channels =
            more(bus->channels, bus->channel_count, &bus->channel_space, sizeof(*bus->channels));
        channel = &bus->channels[bus->channel_count++];
        *channel = (struct channel){stream, id, false, false};
    }
    channel->confirm = true;
}

void bus_unsubscribe(struct bus *bus, enum event_stream stream, uint64_t id) {
    struct channel *channel = find(bus, stream, id);
    if (channel)
        *channel = bus->channels[--bus->channel_count];
}

size_t fake_bus_unconfirmed(const struct bus *bus) {
    size_t count = 0;
    for (size_t i = 0; bus->well && i < bus->channel_count; i++)
        count += bus->channels[i].confirm;
    return count;
}

void fake_bus_confirm(struct bus *bus, size_t at) {
    for (size_t i = 0; i < bus->channel_count; i++) {
        struct channel *channel = &bus->channels[i];
        if (!channel->confirm || at-- > 0)
            continue;
        channel->confirm = false;
        channel->joined = true;
        bus->listener->subscribed(bus->listener->context, channel->stream, channel->id);
        return;
    }
}

/* ---- messages ---- */

void fake_bus_send_bytes(struct bus *bus, enum event_stream stream, uint64_t id,
                         struct text bytes) {
    const struct channel *channel = find(bus, stream, id);
    if (!bus->well || !channel || !channel->joined)
        return;
    bus->messages =
        more(bus->messages, bus->message_count, &bus->message_space, sizeof(*bus->messages));
    bus->messages[bus->message_count++] =
        (struct message){stream, id, {memory_copy(bytes.at, bytes.len), bytes.len}};
}

void fake_bus_send(struct bus *bus, enum event_stream stream, uint64_t id,
                   const struct event_envelope *envelope) {
    struct buffer out = BUFFER_EMPTY;
    event_write(&out, envelope);
    fake_bus_send_bytes(bus, stream, id, (struct text){out.data, out.len});
    buffer_free(&out);
}

bool bus_publish(struct bus *bus, uint64_t room_id, const struct event_envelope *envelope) {
    if (bus->well)
        fake_bus_send(bus, EVENT_STREAM_ROOM, room_id, envelope);
    return bus->well;
}

size_t fake_bus_flying(const struct bus *bus) {
    return bus->message_count;
}

void fake_bus_lose(struct bus *bus, size_t at) {
    free((char *)bus->messages[at].bytes.at);
    bus->message_count--;
    memmove(bus->messages + at, bus->messages + at + 1,
            (bus->message_count - at) * sizeof(*bus->messages));
}

/* The copy is on its way again before the listener hears of the first: that may send, too. */
void fake_bus_deliver(struct bus *bus, size_t at, bool again) {
    const struct message message = bus->messages[at];
    struct event_envelope envelope;
    char *bytes = memory_copy(message.bytes.at, message.bytes.len);
    if (!again)
        fake_bus_lose(bus, at);
    if (find(bus, message.stream, message.id) &&
        payload_read(message.stream, (struct text){bytes, message.bytes.len}, &envelope))
        bus->listener->event(bus->listener->context, message.stream, message.id, &envelope);
    free(bytes);
}

void fake_bus_set_well(struct bus *bus, bool well) {
    if (bus->well == well)
        return;
    while (!well && bus->message_count > 0)
        fake_bus_lose(bus, 0);
    for (size_t i = 0; i < bus->channel_count; i++) {
        bus->channels[i].joined = false;
        bus->channels[i].confirm = true;
    }
    bus->well = well;
    while (well && fake_bus_unconfirmed(bus) > 0)
        fake_bus_confirm(bus, 0);
    while (!well && bus->answer_count > 0)
        fake_bus_answer(bus);
    bus->listener->state(bus->listener->context, well);
}

/* ---- presence ---- */

/* Nobody else is there, ever; no answer while Redis is away. */
static void owe(struct bus *bus, struct answer answer) {
    bus->answers = more(bus->answers, bus->answer_count, &bus->answer_space, sizeof(*bus->answers));
    bus->answers[bus->answer_count++] = answer;
    if (!bus->well)
        fake_bus_answer(bus);
}

size_t fake_bus_unanswered(const struct bus *bus) {
    return bus->answer_count;
}

void fake_bus_answer(struct bus *bus) {
    const struct answer answer = bus->answers[0];
    bus->answer_count--;
    memmove(bus->answers, bus->answers + 1, bus->answer_count * sizeof(*bus->answers));
    if (answer.done)
        answer.done(answer.context, bus->well, bus->well, 0);
    if (answer.end)
        answer.end(answer.context, bus->well, 0);
}

void bus_presence_enter(struct bus *bus, uint64_t room_id, uint64_t user_id, struct text name,
                        bus_presence_done *done, void *context) {
    (void)room_id;
    (void)user_id;
    (void)name;
    owe(bus, (struct answer){done, NULL, context});
}

void bus_presence_leave(struct bus *bus, uint64_t room_id, uint64_t user_id, struct text name,
                        bus_presence_done *done, void *context) {
    bus_presence_enter(bus, room_id, user_id, name, done, context);
}

void bus_presence_read(struct bus *bus, uint64_t room_id, bus_presence_user *user,
                       bus_presence_end *end, void *context) {
    (void)room_id;
    (void)user;
    owe(bus, (struct answer){NULL, end, context});
}

void bus_presence_sweep(struct bus *bus, uint64_t room_id) {
    (void)bus;
    (void)room_id;
}

uint64_t bus_presence_epoch(const struct bus *bus) {
    (void)bus;
    return 1;
}

void bus_close(struct bus *bus) {
    bus->well = false;
    while (bus->answer_count > 0)
        fake_bus_answer(bus);
    while (bus->message_count > 0)
        fake_bus_lose(bus, 0);
    free(bus->channels);
    free(bus->messages);
    free(bus->answers);
    free(bus);
}
