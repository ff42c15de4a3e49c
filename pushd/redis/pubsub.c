#include "redis/pubsub.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "metrics/slow_callback.h"
#include "redis/event_validate.h"
#include "redis/pubsub_private.h"

/* Channels in one SUBSCRIBE. */
#define BATCH 500
/* Notices are lost rather than kept while so many bytes wait for Redis. */
#define MAX_WAITING ((size_t)1024 * 1024)
/* Malformed events are logged no more often than this. */
#define COMPLAIN_MS 1000
/* The lease of 15 seconds is renewed so often. */
#define RENEW_TICKS (5000 / REDIS_LINK_TICK_MS)

/*
 * What is known of a channel, kept as the value in bus->channels: whether it is wanted,
 * whether SUBSCRIBE was the last word to Redis (else UNSUBSCRIBE, or nothing), whether it is
 * in the list of changes, and in steps of FLIGHT, how many answers are still to come. It is
 * joined when it is wanted, SUBSCRIBE was last and no answer is missing: a confirmation that
 * was on its way while the channel was left and joined again says nothing. A state of 0 is
 * not kept.
 */
#define WANTED ((uintptr_t)1)
#define ASKED ((uintptr_t)2)
#define LISTED ((uintptr_t)4)
#define FLIGHT ((uintptr_t)8)

static uintptr_t get_state(const struct bus *bus, enum event_stream stream, uint64_t id) {
    return (uintptr_t)idmap_get(&bus->channels[stream], id);
}

static void set_state(struct bus *bus, enum event_stream stream, uint64_t id, uintptr_t state) {
    if (state)
        idmap_put(&bus->channels[stream], id, (void *)state);
    else
        idmap_remove(&bus->channels[stream], id);
}

/* ---- telling ---- */

static void tell_subscribed(struct bus *bus, enum event_stream stream, uint64_t id) {
    bus->told = true;
    bus->listener->subscribed(bus->listener->context, stream, id);
}

static void set_well(struct bus *bus, bool well) {
    if (bus->well == well)
        return;
    bus->well = well;
    bus->figures->redis_up = well;
    bus->told = true;
    bus->listener->state(bus->listener->context, well);
}

static void end_turn(struct bus *bus) {
    if (!bus->told)
        return;
    bus->told = false;
    bus->listener->turn_end(bus->listener->context);
}

void bus_interrupted(struct bus *bus) {
    if (!bus->well)
        return;
    set_well(bus, false);
    set_well(bus, true);
}

static void on_state(void *context, bool link_is_well) {
    struct bus *bus = context;
    (void)link_is_well;
    set_well(bus, redis_link_is_well(bus->subscriber) && redis_link_is_well(bus->commands));
}

/* ---- channels ---- */

static void note_changed(struct bus *bus, enum event_stream stream, uint64_t id) {
    if (bus->changed_count == bus->changed_space) {
        bus->changed_space = bus->changed_space ? bus->changed_space * 2 : 16;
        bus->changed = memory_resize(bus->changed, bus->changed_space, sizeof(*bus->changed));
    }
    bus->changed[bus->changed_count++] = (struct bus_channel){stream, id};
}

/* While there is no connection a channel is only wanted, or not: all that are wanted are
 * asked for when there is one. */
static void set_wanted(struct bus *bus, enum event_stream stream, uint64_t id, uintptr_t wanted) {
    const uintptr_t state = get_state(bus, stream, id);
    if (!redis_link_is_open(bus->subscriber)) {
        set_state(bus, stream, id, wanted);
        return;
    }
    set_state(bus, stream, id, (state & ~WANTED) | wanted | LISTED);
    if (!(state & LISTED))
        note_changed(bus, stream, id);
}

void bus_subscribe(struct bus *bus, enum event_stream stream, uint64_t id) {
    if (!bus->subscriber)
        return;
    bus->figures->redis_subscriptions += !(get_state(bus, stream, id) & WANTED);
    set_wanted(bus, stream, id, WANTED);
}

void bus_unsubscribe(struct bus *bus, enum event_stream stream, uint64_t id) {
    if (!(get_state(bus, stream, id) & WANTED))
        return;
    bus->figures->redis_subscriptions--;
    set_wanted(bus, stream, id, 0);
}

/* Names of channels that go out in one command. */
struct batch {
    const char *command;
    struct buffer names; /* one after the other */
    size_t ends[BATCH];
    size_t count;
};

static void send_batch(struct bus *bus, struct batch *batch) {
    struct text words[BATCH + 1] = {text_of(batch->command)};
    size_t begin = 0;
    for (size_t i = 0; i < batch->count; i++) {
        words[i + 1] = (struct text){batch->names.data + begin, batch->ends[i] - begin};
        begin = batch->ends[i];
    }
    if (batch->count > 0)
        redis_link_say(bus->subscriber, words, batch->count + 1);
    batch->count = 0;
    buffer_clear(&batch->names);
}

static void add_to_batch(struct bus *bus, struct batch *batch, struct bus_channel channel) {
    event_channel(&batch->names, bus->config->redis_prefix, channel.stream, channel.id);
    batch->ends[batch->count++] = batch->names.len;
    if (batch->count == BATCH)
        send_batch(bus, batch);
}

/* Brings one channel to what is wanted of it. */
static void settle(struct bus *bus, struct bus_channel channel, struct batch *join,
                   struct batch *leave) {
    const uintptr_t state = get_state(bus, channel.stream, channel.id) & ~LISTED;
    const uintptr_t both = state & (WANTED | ASKED);
    if (both == WANTED)
        add_to_batch(bus, join, channel);
    else if (both == ASKED)
        add_to_batch(bus, leave, channel);
    const bool asks = both == WANTED || both == ASKED;
    set_state(bus, channel.stream, channel.id, asks ? (state ^ ASKED) + FLIGHT : state);
    if (state == (WANTED | ASKED))
        tell_subscribed(bus, channel.stream, channel.id);
}

/* Sends all changes in as few commands as can be. Listeners that are told may add some. */
static void send_changes(struct bus *bus) {
    struct batch join = {.command = "SUBSCRIBE"}, leave = {.command = "UNSUBSCRIBE"};
    if (bus->changed_count == 0 || !redis_link_is_open(bus->subscriber))
        return;
    for (size_t i = 0; i < bus->changed_count; i++)
        settle(bus, bus->changed[i], &join, &leave);
    bus->changed_count = 0;
    send_batch(bus, &leave);
    send_batch(bus, &join);
    buffer_free(&leave.names);
    buffer_free(&join.names);
}

/* Redis has answered a (UN)SUBSCRIBE; which of them does not matter until all are. */
static void on_answered(struct bus *bus, struct text name) {
    enum event_stream stream;
    uint64_t id;
    if (!event_channel_parse(name, bus->config->redis_prefix, &stream, &id))
        return;
    uintptr_t state = get_state(bus, stream, id);
    if (state < FLIGHT)
        return;
    state -= FLIGHT;
    set_state(bus, stream, id, state);
    if (state == (WANTED | ASKED))
        tell_subscribed(bus, stream, id);
}

struct wanted {
    struct bus *bus;
    enum event_stream stream;
};

static void note_wanted(void *context, uint64_t id, void *state) {
    const struct wanted *wanted = context;
    if ((uintptr_t)state & WANTED)
        note_changed(wanted->bus, wanted->stream, id);
}

/* Of the two connections the first opening is none that was made anew. */
static void count_opening(struct bus *bus) {
    if (++bus->openings > 2)
        bus->figures->redis_reconnects++;
}

/* A new connection knows of no channel: all that are wanted are asked for. */
static void on_subscriber_opened(void *context) {
    struct bus *bus = context;
    struct wanted rooms = {bus, EVENT_STREAM_ROOM}, users = {bus, EVENT_STREAM_USER};
    count_opening(bus);
    bus->changed_count = 0;
    idmap_each(&bus->channels[EVENT_STREAM_ROOM], note_wanted, &rooms);
    idmap_each(&bus->channels[EVENT_STREAM_USER], note_wanted, &users);
    idmap_free(&bus->channels[EVENT_STREAM_ROOM]);
    idmap_free(&bus->channels[EVENT_STREAM_USER]);
    for (size_t i = 0; i < bus->changed_count; i++)
        set_state(bus, bus->changed[i].stream, bus->changed[i].id, WANTED | LISTED);
    send_changes(bus);
}

/* ---- events ---- */

static void complain(struct bus *bus, struct text channel, struct text payload) {
    const int64_t now = clock_monotonic_ms();
    bus->figures->redis_malformed++;
    if (bus->complained_ms != 0 && now - bus->complained_ms < COMPLAIN_MS)
        return;
    bus->complained_ms = now;
    log_warn("redis: what came on channel %.*s (%zu bytes) is no event, and is ignored",
             (int)(channel.len < 100 ? channel.len : 100), channel.at, payload.len);
}

static void on_message(struct bus *bus, struct text channel, struct text payload) {
    enum event_stream stream;
    uint64_t id;
    struct event_envelope envelope;
    if (!event_channel_parse(channel, bus->config->redis_prefix, &stream, &id) ||
        !(get_state(bus, stream, id) & WANTED))
        return;
    bus->figures->redis_events++;
    if (!payload_read(stream, payload, &envelope)) {
        complain(bus, channel, payload);
        return;
    }
    bus->told = true;
    bus->listener->event(bus->listener->context, stream, id, &envelope);
}

static void on_pushed(void *context, const struct redis_reply *reply) {
    const struct text kind = reply->items[0]->text;
    if (reply->count < 3 || reply->items[1]->kind != REDIS_TEXT)
        return;
    if (text_equals(kind, text_of("message")) && reply->items[2]->kind == REDIS_TEXT)
        on_message(context, reply->items[1]->text, reply->items[2]->text);
    else if (text_equals(kind, text_of("subscribe")) || text_equals(kind, text_of("unsubscribe")))
        on_answered(context, reply->items[1]->text);
}

static void ignore_answer(void *context, const struct redis_reply *reply) {
    (void)context;
    if (reply && reply->kind == REDIS_ERROR)
        log_warn("redis: %s", reply->text.at);
}

bool bus_publish(struct bus *bus, uint64_t room_id, const struct event_envelope *envelope) {
    struct buffer channel = BUFFER_EMPTY, message = BUFFER_EMPTY;
    if (!bus->well || redis_link_waiting(bus->commands) > MAX_WAITING)
        return false;
    event_channel(&channel, bus->config->redis_prefix, EVENT_STREAM_ROOM, room_id);
    event_write(&message, envelope);
    const struct text words[] = {
        {"PUBLISH", 7}, {channel.data, channel.len}, {message.data, message.len}};
    redis_link_ask(bus->commands, words, 3, ignore_answer, NULL);
    buffer_free(&channel);
    buffer_free(&message);
    return true;
}

/* ---- the loop ---- */

static void on_commands_opened(void *context) {
    struct bus *bus = context;
    count_opening(bus);
    bus->ticks = 0;
    bus_presence_load(bus);
    bus_presence_renew(bus);
}

static void on_timer(uv_timer_t *timer) {
    struct bus *bus = timer->data;
    stopwatch_start("keeping up with Redis");
    redis_link_tick(bus->subscriber);
    redis_link_tick(bus->commands);
    bus->figures->redis_latency_us = (uint64_t)redis_link_latency_us(bus->commands);
    if (redis_link_is_open(bus->commands) && ++bus->ticks % RENEW_TICKS == 0)
        bus_presence_renew(bus);
    end_turn(bus);
    stopwatch_stop();
}

/* Before the loop waits, what was said in this turn is sent. Telling of channels that were
 * joined already may bring new changes. */
static void on_prepare(uv_prepare_t *prepare) {
    struct bus *bus = prepare->data;
    stopwatch_start("the end of a turn");
    send_changes(bus);
    end_turn(bus);
    send_changes(bus);
    redis_link_flush(bus->subscriber);
    redis_link_flush(bus->commands);
    stopwatch_stop();
}

/* After all sockets that were ready have been read. */
static void on_check(uv_check_t *check) {
    stopwatch_start("delivering events");
    end_turn(check->data);
    stopwatch_stop();
}

static void open_handles(struct bus *bus, uv_loop_t *loop) {
    uv_timer_init(loop, &bus->timer);
    uv_prepare_init(loop, &bus->prepare);
    uv_check_init(loop, &bus->check);
    bus->timer.data = bus->prepare.data = bus->check.data = bus;
    bus->handles = 3;
    uv_timer_start(&bus->timer, on_timer, 0, REDIS_LINK_TICK_MS);
    uv_prepare_start(&bus->prepare, on_prepare);
    uv_check_start(&bus->check, on_check);
}

struct bus *bus_new(uv_loop_t *loop, const struct config *config, struct figures *figures,
                    const struct bus_listener *listener) {
    struct bus *bus = memory_zeroed(1, sizeof(*bus));
    bus->config = config;
    bus->figures = figures;
    bus->listener = listener;
    if (config->redis_socket[0] == '\0' && config->redis_host[0] == '\0')
        return bus;
    bus_presence_init(bus);
    bus->subscriber_listener =
        (struct redis_link_listener){bus, on_subscriber_opened, on_state, on_pushed};
    bus->commands_listener =
        (struct redis_link_listener){bus, on_commands_opened, on_state, on_pushed};
    bus->subscriber = redis_link_new(loop, config, &bus->subscriber_listener, true);
    bus->commands = redis_link_new(loop, config, &bus->commands_listener, false);
    open_handles(bus, loop);
    return bus;
}

static void free_bus(struct bus *bus) {
    idmap_free(&bus->channels[EVENT_STREAM_ROOM]);
    idmap_free(&bus->channels[EVENT_STREAM_USER]);
    free(bus->changed);
    bus_presence_free(bus);
    free(bus);
}

static void on_closed(uv_handle_t *handle) {
    struct bus *bus = handle->data;
    if (--bus->handles == 0)
        free_bus(bus);
}

void bus_close(struct bus *bus) {
    if (!bus->subscriber) {
        free_bus(bus);
        return;
    }
    bus->well = false;
    bus->figures->redis_up = 0;
    bus_presence_retire(bus);
    redis_link_flush(bus->commands);
    redis_link_close(bus->subscriber);
    redis_link_close(bus->commands);
    uv_close((uv_handle_t *)&bus->timer, on_closed);
    uv_close((uv_handle_t *)&bus->prepare, on_closed);
    uv_close((uv_handle_t *)&bus->check, on_closed);
}

bool bus_is_well(const struct bus *bus) {
    return bus->well;
}
