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
#define MAX_UNSENT ((size_t)1024 * 1024)
/* Malformed events are logged no more often than this. */
#define MALFORMED_LOG_MS 1000
/* The lease of 15 seconds is renewed so often. */
#define LEASE_RENEW_TICKS (5000 / REDIS_CONN_TICK_MS)

/*
 * What is known of a name, kept as the value in pubsub->redis_channels: whether it is wanted,
 * whether SUBSCRIBE was the last word to Redis (else UNSUBSCRIBE, or nothing), whether it is
 * in the list of changes, and in steps of FLIGHT, how many answers are still to come. It is
 * joined when it is wanted, SUBSCRIBE was last and no answer is missing: a confirmation that
 * was on its way while the name was left and joined again says nothing. A state of 0 is
 * not kept.
 */
#define WANTED ((uintptr_t)1)
#define REQUESTED ((uintptr_t)2)
#define QUEUED ((uintptr_t)4)
#define IN_FLIGHT ((uintptr_t)8)

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

/* ---- telling ---- */

static void notify_subscribed(struct pubsub *pubsub, enum event_stream stream, uint64_t id) {
    pubsub->iteration_pending = true;
    pubsub->callbacks->subscribed(pubsub->callbacks->context, stream, id);
}

static void set_up(struct pubsub *pubsub, bool up) {
    if (pubsub->up == up)
        return;
    pubsub->up = up;
    pubsub->metrics->redis_up = up;
    pubsub->iteration_pending = true;
    pubsub->callbacks->state(pubsub->callbacks->context, up);
}

static void end_iteration(struct pubsub *pubsub) {
    if (!pubsub->iteration_pending)
        return;
    pubsub->iteration_pending = false;
    pubsub->callbacks->iteration_end(pubsub->callbacks->context);
}

void pubsub_interrupted(struct pubsub *pubsub) {
    if (!pubsub->up)
        return;
    set_up(pubsub, false);
    set_up(pubsub, true);
}

static void on_state(void *context, bool conn_is_up) {
    struct pubsub *pubsub = context;
    (void)conn_is_up;
    set_up(pubsub, redis_conn_is_up(pubsub->subscriber) && redis_conn_is_up(pubsub->commands));
}

/* ---- redis_channels ---- */

static void add_changed(struct pubsub *pubsub, enum event_stream stream, uint64_t id) {
    if (pubsub->changed_count == pubsub->changed_space) {
        pubsub->changed_space = pubsub->changed_space ? pubsub->changed_space * 2 : 16;
        pubsub->changed =
            xreallocarray(pubsub->changed, pubsub->changed_space, sizeof(*pubsub->changed));
    }
    pubsub->changed[pubsub->changed_count++] = (struct pubsub_name){stream, id};
}

/* While there is no connection a name is only wanted, or not: all that are wanted are
 * asked for when there is one. */
static void set_wanted(struct pubsub *pubsub, enum event_stream stream, uint64_t id,
                       uintptr_t wanted) {
    const uintptr_t state = get_state(pubsub, stream, id);
    if (!redis_conn_is_open(pubsub->subscriber)) {
        set_state(pubsub, stream, id, wanted);
        return;
    }
    set_state(pubsub, stream, id, (state & ~WANTED) | wanted | QUEUED);
    if (!(state & QUEUED))
        add_changed(pubsub, stream, id);
}

void pubsub_subscribe(struct pubsub *pubsub, enum event_stream stream, uint64_t id) {
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

/* Names of redis_channels that go out in one command. */
struct batch {
    const char *command;
    struct buffer names; /* one after the other */
    size_t ends[BATCH];
    size_t count;
};

static void send_batch(struct pubsub *pubsub, struct batch *batch) {
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

static void add_to_batch(struct pubsub *pubsub, struct batch *batch, struct pubsub_name name) {
    event_channel(&batch->names, pubsub->config->redis_prefix, name.stream, name.id);
    batch->ends[batch->count++] = batch->names.len;
    if (batch->count == BATCH)
        send_batch(pubsub, batch);
}

/* Brings one name to what is wanted of it. */
static void update_subscription(struct pubsub *pubsub, struct pubsub_name name, struct batch *join,
                                struct batch *leave) {
    const uintptr_t state = get_state(pubsub, name.stream, name.id) & ~QUEUED;
    const uintptr_t both = state & (WANTED | REQUESTED);
    if (both == WANTED)
        add_to_batch(pubsub, join, name);
    else if (both == REQUESTED)
        add_to_batch(pubsub, leave, name);
    const bool asks = both == WANTED || both == REQUESTED;
    set_state(pubsub, name.stream, name.id, asks ? (state ^ REQUESTED) + IN_FLIGHT : state);
    if (state == (WANTED | REQUESTED))
        notify_subscribed(pubsub, name.stream, name.id);
}

/* Sends all changes in as few commands as can be. Listeners that are told may add some. */
static void send_changes(struct pubsub *pubsub) {
    struct batch join = {.command = "SUBSCRIBE"}, leave = {.command = "UNSUBSCRIBE"};
    if (pubsub->changed_count == 0 || !redis_conn_is_open(pubsub->subscriber))
        return;
    for (size_t i = 0; i < pubsub->changed_count; i++)
        update_subscription(pubsub, pubsub->changed[i], &join, &leave);
    pubsub->changed_count = 0;
    send_batch(pubsub, &leave);
    send_batch(pubsub, &join);
    buffer_free(&leave.names);
    buffer_free(&join.names);
}

/* Redis has answered a (UN)SUBSCRIBE; which of them does not matter until all are. */
static void on_subscription_reply(struct pubsub *pubsub, struct text name) {
    enum event_stream stream;
    uint64_t id;
    if (!event_channel_parse(name, pubsub->config->redis_prefix, &stream, &id))
        return;
    uintptr_t state = get_state(pubsub, stream, id);
    if (state < IN_FLIGHT)
        return;
    state -= IN_FLIGHT;
    set_state(pubsub, stream, id, state);
    if (state == (WANTED | REQUESTED))
        notify_subscribed(pubsub, stream, id);
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

/* Of the two connections the first opening is none that was made anew. */
static void count_connection(struct pubsub *pubsub) {
    if (++pubsub->connections_made > 2)
        pubsub->metrics->redis_reconnects++;
}

/* A new connection knows of no name: all that are wanted are asked for. */
static void on_subscriber_opened(void *context) {
    struct pubsub *pubsub = context;
    struct wanted rooms = {pubsub, EVENT_STREAM_ROOM}, users = {pubsub, EVENT_STREAM_USER};
    count_connection(pubsub);
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

static void report_malformed(struct pubsub *pubsub, struct text name, struct text payload) {
    const int64_t now = clock_monotonic_ms();
    pubsub->metrics->redis_malformed++;
    if (pubsub->malformed_logged_ms != 0 && now - pubsub->malformed_logged_ms < MALFORMED_LOG_MS)
        return;
    pubsub->malformed_logged_ms = now;
    log_warn("redis: what came on channel %.*s (%zu bytes) is no event, and is ignored",
             (int)(name.len < 100 ? name.len : 100), name.at, payload.len);
}

static void on_message(struct pubsub *pubsub, struct text name, struct text payload) {
    enum event_stream stream;
    uint64_t id;
    struct event_envelope envelope;
    if (!event_channel_parse(name, pubsub->config->redis_prefix, &stream, &id) ||
        !(get_state(pubsub, stream, id) & WANTED))
        return;
    pubsub->metrics->redis_events++;
    if (!event_validate(stream, payload, &envelope)) {
        report_malformed(pubsub, name, payload);
        return;
    }
    pubsub->iteration_pending = true;
    pubsub->callbacks->event(pubsub->callbacks->context, stream, id, &envelope);
}

static void on_pushed(void *context, const struct redis_reply *reply) {
    const struct text kind = reply->items[0]->text;
    if (reply->count < 3 || reply->items[1]->kind != REDIS_TEXT)
        return;
    if (text_equals(kind, text_of("message")) && reply->items[2]->kind == REDIS_TEXT)
        on_message(context, reply->items[1]->text, reply->items[2]->text);
    else if (text_equals(kind, text_of("subscribe")) || text_equals(kind, text_of("unsubscribe")))
        on_subscription_reply(context, reply->items[1]->text);
}

static void on_publish_reply(void *context, const struct redis_reply *reply) {
    (void)context;
    if (reply && reply->kind == REDIS_ERROR)
        log_warn("redis: %s", reply->text.at);
}

bool pubsub_publish(struct pubsub *pubsub, uint64_t room_id,
                    const struct event_envelope *envelope) {
    struct buffer name = BUFFER_EMPTY, message = BUFFER_EMPTY;
    if (!pubsub->up || redis_conn_unsent(pubsub->commands) > MAX_UNSENT)
        return false;
    event_channel(&name, pubsub->config->redis_prefix, EVENT_STREAM_ROOM, room_id);
    event_write(&message, envelope);
    const struct text args[] = {{"PUBLISH", 7}, {name.data, name.len}, {message.data, message.len}};
    redis_conn_command(pubsub->commands, args, 3, on_publish_reply, NULL);
    buffer_free(&name);
    buffer_free(&message);
    return true;
}

/* ---- the loop ---- */

static void on_commands_opened(void *context) {
    struct pubsub *pubsub = context;
    count_connection(pubsub);
    pubsub->ticks = 0;
    presence_store_load(pubsub);
    presence_store_renew(pubsub);
}

static void on_timer(uv_timer_t *timer) {
    struct pubsub *pubsub = timer->data;
    slow_callback_start("keeping up with Redis");
    redis_conn_tick(pubsub->subscriber);
    redis_conn_tick(pubsub->commands);
    pubsub->metrics->redis_latency_us = (uint64_t)redis_conn_latency_us(pubsub->commands);
    if (redis_conn_is_open(pubsub->commands) && ++pubsub->ticks % LEASE_RENEW_TICKS == 0)
        presence_store_renew(pubsub);
    end_iteration(pubsub);
    slow_callback_stop();
}

/* Before the loop waits, what was said in this turn is sent. Telling of redis_channels that were
 * joined already may bring new changes. */
static void on_prepare(uv_prepare_t *prepare) {
    struct pubsub *pubsub = prepare->data;
    slow_callback_start("the end of a turn");
    send_changes(pubsub);
    end_iteration(pubsub);
    send_changes(pubsub);
    redis_conn_flush(pubsub->subscriber);
    redis_conn_flush(pubsub->commands);
    slow_callback_stop();
}

/* After all sockets that were ready have been read. */
static void on_check(uv_check_t *check) {
    slow_callback_start("delivering events");
    end_iteration(check->data);
    slow_callback_stop();
}

static void open_handles(struct pubsub *pubsub, uv_loop_t *loop) {
    uv_timer_init(loop, &pubsub->timer);
    uv_prepare_init(loop, &pubsub->prepare);
    uv_check_init(loop, &pubsub->check);
    pubsub->timer.data = pubsub->prepare.data = pubsub->check.data = pubsub;
    pubsub->handles = 3;
    uv_timer_start(&pubsub->timer, on_timer, 0, REDIS_CONN_TICK_MS);
    uv_prepare_start(&pubsub->prepare, on_prepare);
    uv_check_start(&pubsub->check, on_check);
}

struct pubsub *pubsub_new(uv_loop_t *loop, const struct config *config,
                          struct metrics_data *metrics, const struct pubsub_callbacks *callbacks) {
    struct pubsub *pubsub = xcalloc(1, sizeof(*pubsub));
    pubsub->config = config;
    pubsub->metrics = metrics;
    pubsub->callbacks = callbacks;
    if (config->redis_socket[0] == '\0' && config->redis_host[0] == '\0')
        return pubsub;
    presence_store_init(pubsub);
    pubsub->subscriber_callbacks =
        (struct redis_conn_callbacks){pubsub, on_subscriber_opened, on_state, on_pushed};
    pubsub->commands_callbacks =
        (struct redis_conn_callbacks){pubsub, on_commands_opened, on_state, on_pushed};
    pubsub->subscriber = redis_conn_new(loop, config, &pubsub->subscriber_callbacks, true);
    pubsub->commands = redis_conn_new(loop, config, &pubsub->commands_callbacks, false);
    open_handles(pubsub, loop);
    return pubsub;
}

static void free_pubsub(struct pubsub *pubsub) {
    idmap_free(&pubsub->redis_channels[EVENT_STREAM_ROOM]);
    idmap_free(&pubsub->redis_channels[EVENT_STREAM_USER]);
    free(pubsub->changed);
    presence_store_free(pubsub);
    free(pubsub);
}

static void on_closed(uv_handle_t *handle) {
    struct pubsub *pubsub = handle->data;
    if (--pubsub->handles == 0)
        free_pubsub(pubsub);
}

void pubsub_close(struct pubsub *pubsub) {
    if (!pubsub->subscriber) {
        free_pubsub(pubsub);
        return;
    }
    pubsub->up = false;
    pubsub->metrics->redis_up = 0;
    presence_store_retire(pubsub);
    redis_conn_flush(pubsub->commands);
    redis_conn_close(pubsub->subscriber);
    redis_conn_close(pubsub->commands);
    uv_close((uv_handle_t *)&pubsub->timer, on_closed);
    uv_close((uv_handle_t *)&pubsub->prepare, on_closed);
    uv_close((uv_handle_t *)&pubsub->check, on_closed);
}

bool pubsub_is_up(const struct pubsub *pubsub) {
    return pubsub->up;
}
