/*
 * pubsub: subscriptions and events. Presence, on the same connections, is in presence_store.c.
 *
 * Redis allows no other commands on a connection that is subscribed, so there are two: `subscriber`
 * and `commands`. Changes of subscriptions are collected in an iteration of the loop and sent at
 * its end (on_prepare). Redis counts as up while both connections are and commands are accepted.
 */
#include "redis/pubsub.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "metrics/slow_callback.h"
#include "redis/event_validate.h"
#include "redis/primary.h"
#include "redis/pubsub_private.h"
#include "redis/redis_sentinel.h"

/* Channels in one SUBSCRIBE. */
#define BATCH 500
/* Notices are dropped while this many bytes wait to be sent to Redis. */
#define MAX_UNSENT ((size_t)1024 * 1024)
/* Malformed events are logged at most this often. */
#define MALFORMED_LOG_MS 1000
/* The lease of 15 seconds is renewed this often. */
#define LEASE_RENEW_TICKS (5000 / REDIS_CONN_TICK_MS)

/*
 * The state of a channel, the value in pubsub->redis_channels:
 *
 *   WANTED     there is a subscriber here
 *   REQUESTED  SUBSCRIBE was the last command sent for it (else UNSUBSCRIBE, or none)
 *   QUEUED     it is in pubsub->changed
 *   IN_FLIGHT  in multiples of this: commands that Redis has not confirmed yet
 *
 * It is subscribed when it is WANTED and REQUESTED with nothing in flight: a confirmation that
 * was on its way while the channel was left and joined again says nothing. A state of 0 takes no
 * place in the map.
 */
#define WANTED ((uintptr_t)1)
#define REQUESTED ((uintptr_t)2)
#define QUEUED ((uintptr_t)4)
#define IN_FLIGHT ((uintptr_t)8)

/* The map stores the state itself in place of a pointer. */
static uintptr_t get_state(const struct pubsub *pubsub, enum event_stream stream, uint64_t id) {
    return (uintptr_t)idmap_get(&pubsub->redis_channels[stream], id);
}

static void set_state(struct pubsub *pubsub, enum event_stream stream, uint64_t id,
                      uintptr_t state) {
    if (state)
        idmap_put(&pubsub->redis_channels[stream], id, (void *)state);
    else
        idmap_remove(&pubsub->redis_channels[stream], id);
}

/* ---- callbacks ---- */

static void call_subscribed(struct pubsub *pubsub, enum event_stream stream, uint64_t id) {
    pubsub->called_back = true;
    pubsub->callbacks->subscribed(pubsub->callbacks->context, stream, id);
}

/* Reports a change of the state. */
static void set_up(struct pubsub *pubsub, bool up) {
    if (pubsub->up == up)
        return;
    pubsub->up = up;
    pubsub->metrics->redis_up = up;
    pubsub->called_back = true;
    pubsub->callbacks->state(pubsub->callbacks->context, up);
}

/* Tells the owner that it can hand out what it was given, if anything. */
static void end_iteration(struct pubsub *pubsub) {
    if (!pubsub->called_back)
        return;
    pubsub->called_back = false;
    pubsub->callbacks->iteration_end(pubsub->callbacks->context);
}

void pubsub_interrupted(struct pubsub *pubsub) {
    if (!pubsub->up)
        return;
    /* The owner handles both as for a lost connection. */
    set_up(pubsub, false);
    set_up(pubsub, true);
}

/* One of the connections is up or down. */
static void on_state(void *context, bool conn_is_up) {
    struct pubsub *pubsub = context;
    (void)conn_is_up;
    set_up(pubsub, redis_conn_is_up(pubsub->subscriber) && redis_conn_is_up(pubsub->commands) &&
                       !pubsub->refused);
}

void pubsub_set_refused(struct pubsub *pubsub, bool refused) {
    if (pubsub->refused == refused)
        return;
    pubsub->refused = refused;
    if (!refused)
        log_info("redis: commands are accepted again");
    on_state(pubsub, true);
}

/* ---- subscriptions ---- */

static void add_changed(struct pubsub *pubsub, enum event_stream stream, uint64_t id) {
    pubsub->changed = array_reserve(pubsub->changed, &pubsub->changed_space,
                                    pubsub->changed_count + 1, sizeof(*pubsub->changed));
    pubsub->changed[pubsub->changed_count++] = (struct pubsub_channel){stream, id};
}

static void set_wanted(struct pubsub *pubsub, enum event_stream stream, uint64_t id,
                       uintptr_t wanted) {
    const uintptr_t state = get_state(pubsub, stream, id);
    /* Without a connection this is all; on_subscriber_opened requests what is wanted. */
    if (!redis_conn_is_open(pubsub->subscriber)) {
        set_state(pubsub, stream, id, wanted);
        return;
    }
    set_state(pubsub, stream, id, (state & ~WANTED) | wanted | QUEUED);
    /* It is in the list at most once, however often it changes. */
    if (!(state & QUEUED))
        add_changed(pubsub, stream, id);
}

void pubsub_subscribe(struct pubsub *pubsub, enum event_stream stream, uint64_t id) {
    /* No Redis is configured. */
    if (!pubsub->subscriber)
        return;
    pubsub->metrics->redis_subscriptions += !(get_state(pubsub, stream, id) & WANTED);
    set_wanted(pubsub, stream, id, WANTED);
}

void pubsub_unsubscribe(struct pubsub *pubsub, enum event_stream stream, uint64_t id) {
    if (!(get_state(pubsub, stream, id) & WANTED))
        return;
    pubsub->metrics->redis_subscriptions--;
    set_wanted(pubsub, stream, id, 0);
}

/* A command with the names of many channels. */
struct batch {
    const char *command;
    struct buffer names; /* concatenated */
    size_t ends[BATCH];  /* of each name */
    size_t count;
};

static void send_batch(struct pubsub *pubsub, struct batch *batch) {
    /* Pointers into the names are made only now, since the buffer moves while it grows. */
    struct text args[BATCH + 1] = {text_of(batch->command)};
    size_t begin = 0;
    for (size_t i = 0; i < batch->count; i++) {
        args[i + 1] = (struct text){batch->names.data + begin, batch->ends[i] - begin};
        begin = batch->ends[i];
    }
    if (batch->count > 0)
        redis_conn_send(pubsub->subscriber, args, batch->count + 1);
    batch->count = 0;
    buffer_clear(&batch->names);
}

static void add_to_batch(struct pubsub *pubsub, struct batch *batch,
                         struct pubsub_channel channel) {
    event_channel(&batch->names, pubsub->config->redis_prefix, channel.stream, channel.id);
    batch->ends[batch->count++] = batch->names.len;
    if (batch->count == BATCH)
        send_batch(pubsub, batch);
}

/* Sends all changes in as few commands as possible. Callbacks may add further changes. */
static void send_changes(struct pubsub *pubsub) {
    struct batch subscribe = {.command = "SUBSCRIBE"}, unsubscribe = {.command = "UNSUBSCRIBE"};
    if (pubsub->changed_count == 0 || !redis_conn_is_open(pubsub->subscriber))
        return;
    for (size_t i = 0; i < pubsub->changed_count; i++) {
        const struct pubsub_channel channel = pubsub->changed[i];
        const uintptr_t state = get_state(pubsub, channel.stream, channel.id) & ~QUEUED;
        /* Compare what is wanted with the last command that was sent. */
        const bool wanted = state & WANTED, requested = state & REQUESTED;
        if (wanted && !requested)
            add_to_batch(pubsub, &subscribe, channel);
        else if (!wanted && requested)
            add_to_batch(pubsub, &unsubscribe, channel);
        /* A command changes REQUESTED and is in flight until Redis confirms it. */
        set_state(pubsub, channel.stream, channel.id,
                  wanted == requested ? state : (state ^ REQUESTED) + IN_FLIGHT);
        /* Left and joined again within the iteration: still confirmed. */
        if (state == (WANTED | REQUESTED))
            call_subscribed(pubsub, channel.stream, channel.id);
    }
    pubsub->changed_count = 0;
    /* The rest of both. */
    send_batch(pubsub, &unsubscribe);
    send_batch(pubsub, &subscribe);
    buffer_free(&unsubscribe.names);
    buffer_free(&subscribe.names);
}

/* Redis confirmed a SUBSCRIBE or UNSUBSCRIBE; only the last one in flight matters. */
static void on_confirmed(struct pubsub *pubsub, struct text name) {
    enum event_stream stream;
    uint64_t id;
    if (!event_channel_parse(name, pubsub->config->redis_prefix, &stream, &id))
        return;
    uintptr_t state = get_state(pubsub, stream, id);
    /* Nothing is in flight: an unexpected confirmation. */
    if (state < IN_FLIGHT)
        return;
    state -= IN_FLIGHT;
    set_state(pubsub, stream, id, state);
    if (state == (WANTED | REQUESTED))
        call_subscribed(pubsub, stream, id);
}

struct wanted {
    struct pubsub *pubsub;
    enum event_stream stream;
};

static void add_wanted(void *context, uint64_t id, void *state) {
    const struct wanted *wanted = context;
    if ((uintptr_t)state & WANTED)
        add_changed(wanted->pubsub, wanted->stream, id);
}

/* The first connection of each of the two is not a reconnect. */
static void count_connection(struct pubsub *pubsub) {
    if (++pubsub->connections > 2)
        pubsub->metrics->redis_reconnects++;
}

/* A new connection has no subscriptions: all that are wanted are requested. */
static void on_subscriber_opened(void *context) {
    struct pubsub *pubsub = context;
    struct wanted rooms = {pubsub, EVENT_STREAM_ROOM}, users = {pubsub, EVENT_STREAM_USER};
    /* Refused, it ends the connection, also while there is no other channel. */
    const struct text try[] = {{"SUBSCRIBE", 9},
                               {pubsub->try_channel.data, pubsub->try_channel.len}};
    redis_conn_send(pubsub->subscriber, try, 2);
    count_connection(pubsub);
    /* The states of the old connection are void: start with the wanted channels alone. */
    pubsub->changed_count = 0;
    idmap_each(&pubsub->redis_channels[EVENT_STREAM_ROOM], add_wanted, &rooms);
    idmap_each(&pubsub->redis_channels[EVENT_STREAM_USER], add_wanted, &users);
    idmap_free(&pubsub->redis_channels[EVENT_STREAM_ROOM]);
    idmap_free(&pubsub->redis_channels[EVENT_STREAM_USER]);
    for (size_t i = 0; i < pubsub->changed_count; i++)
        set_state(pubsub, pubsub->changed[i].stream, pubsub->changed[i].id, WANTED | QUEUED);
    send_changes(pubsub);
}

/* ---- events ---- */

/* Counts each, logs at most one a second. */
static void report_malformed(struct pubsub *pubsub, struct text name, struct text payload) {
    const int64_t now = clock_monotonic_ms();
    pubsub->metrics->redis_malformed++;
    if (pubsub->malformed_logged_ms != 0 && now - pubsub->malformed_logged_ms < MALFORMED_LOG_MS)
        return;
    pubsub->malformed_logged_ms = now;
    log_warn("redis: malformed event ignored on channel %.*s (%zu bytes)",
             (int)(name.len < 100 ? name.len : 100), name.at, payload.len);
}

static void on_message(struct pubsub *pubsub, struct text name, struct text payload) {
    enum event_stream stream;
    uint64_t id;
    struct event_envelope envelope;
    /* Also ignored if the channel was left and Redis has not confirmed that yet. */
    if (!event_channel_parse(name, pubsub->config->redis_prefix, &stream, &id) ||
        !(get_state(pubsub, stream, id) & WANTED))
        return;
    pubsub->metrics->redis_events++;
    if (!event_validate(stream, payload, &envelope)) {
        report_malformed(pubsub, name, payload);
        return;
    }
    pubsub->called_back = true;
    pubsub->callbacks->event(pubsub->callbacks->context, stream, id, &envelope);
}

/* A message on the subscriber's connection: ["message", channel, payload], or a confirmation:
 * ["subscribe", channel, count]. */
static void on_pushed(void *context, const struct redis_reply *reply) {
    const struct text kind = reply->items[0]->text;
    if (reply->count < 3 || reply->items[1]->kind != REDIS_TEXT)
        return;
    if (text_equals(kind, text_of("message")) && reply->items[2]->kind == REDIS_TEXT)
        on_message(context, reply->items[1]->text, reply->items[2]->text);
    else if (text_equals(kind, text_of("subscribe")) || text_equals(kind, text_of("unsubscribe")))
        on_confirmed(context, reply->items[1]->text);
}

/* Redis answers with the number of subscribers, which does not matter. */
static void on_published(void *context, const struct redis_reply *reply) {
    (void)context;
    if (reply && reply->kind == REDIS_ERROR)
        log_warn("redis: %s", reply->text.at);
}

bool pubsub_publish(struct pubsub *pubsub, uint64_t room_id,
                    const struct event_envelope *envelope) {
    struct buffer name = BUFFER_EMPTY, message = BUFFER_EMPTY;
    /* A Redis that does not read must not cost memory without bounds. */
    if (!pubsub->up || redis_conn_unsent(pubsub->commands) > MAX_UNSENT)
        return false;
    event_channel(&name, pubsub->config->redis_prefix, EVENT_STREAM_ROOM, room_id);
    event_write(&message, envelope);
    const struct text args[] = {{"PUBLISH", 7}, {name.data, name.len}, {message.data, message.len}};
    redis_conn_command(pubsub->commands, args, 3, on_published, NULL);
    buffer_free(&name);
    buffer_free(&message);
    return true;
}

/* ---- the loop ---- */

/* The connection for commands is open: the scripts are loaded, and a lease is taken, before it
 * counts as up. */
static void on_commands_opened(void *context) {
    struct pubsub *pubsub = context;
    count_connection(pubsub);
    pubsub->ticks = 0;
    presence_store_load(pubsub);
    presence_store_renew(pubsub);
}

static void on_timer(uv_timer_t *timer) {
    struct pubsub *pubsub = timer->data;
    slow_callback_start("the Redis timer");
    if (pubsub->primary)
        primary_tick(pubsub->primary);
    redis_conn_tick(pubsub->subscriber);
    redis_conn_tick(pubsub->commands);
    pubsub->metrics->redis_latency_us = (uint64_t)redis_conn_latency_us(pubsub->commands);
    if (redis_conn_is_open(pubsub->commands) && ++pubsub->ticks % LEASE_RENEW_TICKS == 0)
        presence_store_renew(pubsub);
    /* A tick may have found Redis down. */
    end_iteration(pubsub);
    slow_callback_stop();
}

/* Before the loop waits for events: what was requested in this iteration is sent. */
static void on_prepare(uv_prepare_t *prepare) {
    struct pubsub *pubsub = prepare->data;
    slow_callback_start("writing to Redis");
    send_changes(pubsub);
    end_iteration(pubsub);
    send_changes(pubsub); /* added by callbacks of the first */
    if (pubsub->primary)
        primary_flush(pubsub->primary);
    redis_conn_flush(pubsub->subscriber);
    redis_conn_flush(pubsub->commands);
    slow_callback_stop();
}

/* After all readable sockets were read. */
static void on_check(uv_check_t *check) {
    slow_callback_start("delivering events");
    end_iteration(check->data);
    slow_callback_stop();
}

/* The Sentinels have named the primary, or another one. */
static void on_primary(void *context, const struct host_address *address) {
    struct pubsub *pubsub = context;
    redis_conn_set_address(pubsub->subscriber, address);
    redis_conn_set_address(pubsub->commands, address);
}

static void connect_to_redis(struct pubsub *pubsub, uv_loop_t *loop) {
    const struct config *config = pubsub->config;
    if (!redis_has_sentinels(config)) {
        pubsub->subscriber = redis_conn_new(loop, config, &pubsub->subscriber_callbacks, true);
        pubsub->commands = redis_conn_new(loop, config, &pubsub->commands_callbacks, false);
        return;
    }
    pubsub->subscriber =
        redis_conn_new_at(loop, config, &pubsub->subscriber_callbacks, true, false);
    pubsub->commands = redis_conn_new_at(loop, config, &pubsub->commands_callbacks, false, false);
    pubsub->primary = primary_new(loop, config, on_primary, pubsub);
}

struct pubsub *pubsub_new(uv_loop_t *loop, const struct config *config,
                          struct metrics_data *metrics, const struct pubsub_callbacks *callbacks) {
    struct pubsub *pubsub = xcalloc(1, sizeof(*pubsub));
    pubsub->config = config;
    pubsub->metrics = metrics;
    pubsub->callbacks = callbacks;
    /* Without Redis it stays as it is: never up, without handles. */
    if (!redis_is_configured(config))
        return pubsub;
    presence_store_init(pubsub);
    pubsub->subscriber_callbacks =
        (struct redis_conn_callbacks){pubsub, on_subscriber_opened, on_state, on_pushed};
    pubsub->commands_callbacks =
        (struct redis_conn_callbacks){pubsub, on_commands_opened, on_state, on_pushed};
    connect_to_redis(pubsub, loop);
    /* The timer keeps the connections, prepare and check mark the end of an iteration. */
    uv_timer_init(loop, &pubsub->timer);
    uv_prepare_init(loop, &pubsub->prepare);
    uv_check_init(loop, &pubsub->check);
    pubsub->timer.data = pubsub->prepare.data = pubsub->check.data = pubsub;
    pubsub->open_handles = 3;
    /* The first tick connects. */
    uv_timer_start(&pubsub->timer, on_timer, 0, REDIS_CONN_TICK_MS);
    uv_prepare_start(&pubsub->prepare, on_prepare);
    uv_check_start(&pubsub->check, on_check);
    return pubsub;
}

static void free_pubsub(struct pubsub *pubsub) {
    idmap_free(&pubsub->redis_channels[EVENT_STREAM_ROOM]);
    idmap_free(&pubsub->redis_channels[EVENT_STREAM_USER]);
    free(pubsub->changed);
    presence_store_free(pubsub);
    free(pubsub);
}

/* One of three handles is closed; the last one frees the memory. */
static void on_closed(uv_handle_t *handle) {
    struct pubsub *pubsub = handle->data;
    if (--pubsub->open_handles == 0)
        free_pubsub(pubsub);
}

void pubsub_close(struct pubsub *pubsub) {
    if (!pubsub->subscriber) {
        free_pubsub(pubsub);
        return;
    }
    pubsub->up = false;
    pubsub->metrics->redis_up = 0;
    /* The lease is shortened by a command, which must be written before the connection is
     * closed. */
    presence_store_retire(pubsub);
    redis_conn_flush(pubsub->commands);
    primary_close(pubsub->primary);
    redis_conn_close(pubsub->subscriber);
    redis_conn_close(pubsub->commands);
    uv_close((uv_handle_t *)&pubsub->timer, on_closed);
    uv_close((uv_handle_t *)&pubsub->prepare, on_closed);
    uv_close((uv_handle_t *)&pubsub->check, on_closed);
}

bool pubsub_is_up(const struct pubsub *pubsub) {
    return pubsub->up;
}
