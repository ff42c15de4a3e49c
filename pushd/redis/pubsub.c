/*
 * pubsub: subscriptions and events. Presence, on the same connections, is in presence_store.c.
 *
 * Redis is one server, or the primaries of a cluster, each of which has the channels of some rooms
 * and users. Redis allows no other commands on a connection that is subscribed, so there are two
 * for each server: `subscriber` and `commands`. Changes of subscriptions are collected in an
 * iteration of the loop and sent at its end (on_prepare). Redis counts as up while all connections
 * are and commands are accepted.
 */
#include "redis/pubsub.h"

#include <inttypes.h>
#include <stdio.h>
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
#include "redis/shards.h"

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

/* Compares the state of all connections with what was reported. */
static void update_state(struct pubsub *pubsub) {
    bool up = pubsub->node_count > 0;
    for (unsigned i = 0; i < pubsub->node_count; i++) {
        const struct pubsub_node *node = pubsub->nodes[i];
        up = up && redis_conn_is_up(node->subscriber) && redis_conn_is_up(node->commands) &&
             !node->refused;
    }
    set_up(pubsub, up);
}

/* One of the connections is up or down. */
static void on_state(void *context, bool conn_is_up) {
    struct pubsub_node *node = context;
    (void)conn_is_up;
    update_state(node->pubsub);
}

void pubsub_set_refused(struct pubsub_node *node, bool refused) {
    if (node->refused == refused)
        return;
    node->refused = refused;
    if (!refused)
        log_info("redis: commands are accepted again");
    update_state(node->pubsub);
}

/* ---- servers ---- */

struct pubsub_node *pubsub_node_of(const struct pubsub *pubsub, uint64_t id) {
    char tag[24];
    if (pubsub->node_count == 0)
        return NULL;
    if (!pubsub->shards)
        return pubsub->nodes[0];
    snprintf(tag, sizeof(tag), "%" PRIu64, id);
    const int node = redis_slots_node(&pubsub->slots, redis_slots_of(text_of(tag)));
    return node < 0 ? NULL : pubsub->nodes[node];
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
    const struct pubsub_node *node = pubsub_node_of(pubsub, id);
    /* Without a connection this is all; on_subscriber_opened requests what is wanted. */
    if (!node || !redis_conn_is_open(node->subscriber)) {
        set_state(pubsub, stream, id, wanted);
        return;
    }
    set_state(pubsub, stream, id, (state & ~WANTED) | wanted | QUEUED);
    /* It is in the list at most once, however often it changes. */
    if (!(state & QUEUED))
        add_changed(pubsub, stream, id);
}

void pubsub_subscribe(struct pubsub *pubsub, enum event_stream stream, uint64_t id) {
    if (!redis_is_configured(pubsub->config))
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

/* A command to a server with the names of many channels. */
struct batch {
    struct pubsub_node *node;
    const char *command;
    struct buffer names; /* concatenated */
    size_t ends[BATCH];  /* of each name */
    size_t count;
};

static void send_batch(struct batch *batch) {
    /* Pointers into the names are made only now, since the buffer moves while it grows. */
    struct text args[BATCH + 1] = {text_of(batch->command)};
    size_t begin = 0;
    for (size_t i = 0; i < batch->count; i++) {
        args[i + 1] = (struct text){batch->names.data + begin, batch->ends[i] - begin};
        begin = batch->ends[i];
    }
    if (batch->count > 0)
        redis_conn_send(batch->node->subscriber, args, batch->count + 1);
    batch->count = 0;
    buffer_clear(&batch->names);
}

static void append_channel(const struct pubsub *pubsub, struct buffer *out,
                           enum event_stream stream, uint64_t id) {
    char prefix[REDIS_SLOTS_PREFIX_SIZE];
    event_channel(
        out, redis_slots_prefix(pubsub->config->redis_prefix, pubsub->shards != NULL, id, prefix),
        stream, id);
}

static void add_to_batch(struct batch *batch, struct pubsub_channel channel) {
    const struct pubsub *pubsub = batch->node->pubsub;
    append_channel(pubsub, &batch->names, channel.stream, channel.id);
    batch->ends[batch->count++] = batch->names.len;
    /* The channels of one command must be of one slot. */
    if (batch->count == BATCH || pubsub->shards)
        send_batch(batch);
}

/* Sends the changes of one server in as few commands as possible. */
static void send_changes_of(struct pubsub_node *node, const struct pubsub_channel *changed,
                            size_t count) {
    struct pubsub *pubsub = node->pubsub;
    struct batch subscribe = {.node = node, .command = pubsub->shards ? "SSUBSCRIBE" : "SUBSCRIBE"};
    struct batch unsubscribe = {.node = node,
                                .command = pubsub->shards ? "SUNSUBSCRIBE" : "UNSUBSCRIBE"};
    for (size_t i = 0; i < count; i++) {
        const struct pubsub_channel channel = changed[i];
        if (pubsub_node_of(pubsub, channel.id) != node)
            continue;
        const uintptr_t state = get_state(pubsub, channel.stream, channel.id) & ~QUEUED;
        /* Compare what is wanted with the last command that was sent. */
        const bool wanted = state & WANTED, requested = state & REQUESTED;
        if (wanted && !requested)
            add_to_batch(&subscribe, channel);
        else if (!wanted && requested)
            add_to_batch(&unsubscribe, channel);
        /* A command changes REQUESTED and is in flight until Redis confirms it. */
        set_state(pubsub, channel.stream, channel.id,
                  wanted == requested ? state : (state ^ REQUESTED) + IN_FLIGHT);
        /* Left and joined again within the iteration: still confirmed. */
        if (state == (WANTED | REQUESTED))
            call_subscribed(pubsub, channel.stream, channel.id);
    }
    /* The rest of both. */
    send_batch(&unsubscribe);
    send_batch(&subscribe);
    buffer_free(&unsubscribe.names);
    buffer_free(&subscribe.names);
}

/* Sends all changes. Callbacks may add further ones. Those of a server without a connection are
 * made when it is opened. */
static void send_changes(struct pubsub *pubsub) {
    struct pubsub_channel *changed = pubsub->changed;
    const size_t count = pubsub->changed_count;
    if (count == 0)
        return;
    pubsub->changed = NULL;
    pubsub->changed_count = pubsub->changed_space = 0;
    for (unsigned i = 0; i < pubsub->node_count; i++)
        if (redis_conn_is_open(pubsub->nodes[i]->subscriber))
            send_changes_of(pubsub->nodes[i], changed, count);
    free(changed);
}

static bool parse_channel(const struct pubsub *pubsub, struct text name, enum event_stream *stream,
                          uint64_t *id) {
    return redis_slots_skip_prefix(&name, pubsub->config->redis_prefix, pubsub->shards != NULL) &&
           event_channel_parse(name, "", stream, id);
}

/* Redis confirmed a SUBSCRIBE or UNSUBSCRIBE; only the last one in flight matters. */
static void on_confirmed(struct pubsub_node *node, struct text name) {
    struct pubsub *pubsub = node->pubsub;
    enum event_stream stream;
    uint64_t id;
    /* In a cluster the channel may be at another server by now. */
    if (!parse_channel(pubsub, name, &stream, &id) || pubsub_node_of(pubsub, id) != node)
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

/* The channels of one server, as collected from the map, which must not change meanwhile. */
struct channel_list {
    const struct pubsub *pubsub;
    const struct pubsub_node *node;
    enum event_stream stream;
    struct pubsub_channel *items;
    size_t count, space;
};

static void collect_channel(void *context, uint64_t id, void *state) {
    struct channel_list *list = context;
    (void)state;
    if (pubsub_node_of(list->pubsub, id) != list->node)
        return;
    list->items = array_reserve(list->items, &list->space, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = (struct pubsub_channel){list->stream, id};
}

static struct channel_list channels_of(const struct pubsub *pubsub,
                                       const struct pubsub_node *node) {
    struct channel_list list = {.pubsub = pubsub, .node = node};
    for (list.stream = EVENT_STREAM_ROOM; list.stream <= EVENT_STREAM_USER; list.stream++)
        idmap_each(&pubsub->redis_channels[list.stream], collect_channel, &list);
    return list;
}

/* The first connection of each of the two is not a reconnect. */
static void count_connection(struct pubsub *pubsub) {
    if (++pubsub->connections > 2 * (uint64_t)pubsub->node_count)
        pubsub->metrics->redis_reconnects++;
}

/* A new connection has no subscriptions: all that are wanted there are requested. */
static void on_subscriber_opened(void *context) {
    struct pubsub_node *node = context;
    struct pubsub *pubsub = node->pubsub;
    /* Refused, it ends the connection, also while there is no other channel. */
    const struct text try[] = {text_of(pubsub->shards ? "SSUBSCRIBE" : "SUBSCRIBE"),
                               {node->try_channel.data, node->try_channel.len}};
    redis_conn_send(node->subscriber, try, 2);
    count_connection(pubsub);
    /* The states of the old connection are void: start with the wanted channels alone. */
    const struct channel_list list = channels_of(pubsub, node);
    size_t wanted = 0;
    for (size_t i = 0; i < list.count; i++) {
        const struct pubsub_channel channel = list.items[i];
        const bool is_wanted = get_state(pubsub, channel.stream, channel.id) & WANTED;
        set_state(pubsub, channel.stream, channel.id, is_wanted ? WANTED : 0);
        if (is_wanted)
            list.items[wanted++] = channel;
    }
    send_changes_of(node, list.items, wanted);
    free(list.items);
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
    if (!parse_channel(pubsub, name, &stream, &id) || !(get_state(pubsub, stream, id) & WANTED))
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
 * ["subscribe", channel, count]; of shard channels with an s before. */
static void on_pushed(void *context, const struct redis_reply *reply) {
    struct pubsub_node *node = context;
    struct text kind = reply->items[0]->text;
    if (reply->count < 3 || reply->items[1]->kind != REDIS_TEXT)
        return;
    if (node->pubsub->shards)
        text_skip(&kind, "s");
    if (text_equals(kind, text_of("message")) && reply->items[2]->kind == REDIS_TEXT)
        on_message(node->pubsub, reply->items[1]->text, reply->items[2]->text);
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
    struct pubsub_node *node = pubsub_node_of(pubsub, room_id);
    /* A Redis that does not read must not cost memory without bounds. */
    if (!pubsub->up || !node || redis_conn_unsent(node->commands) > MAX_UNSENT)
        return false;
    append_channel(pubsub, &name, EVENT_STREAM_ROOM, room_id);
    event_write(&message, envelope);
    const struct text args[] = {text_of(pubsub->shards ? "SPUBLISH" : "PUBLISH"),
                                {name.data, name.len},
                                {message.data, message.len}};
    redis_conn_command(node->commands, args, 3, on_published, NULL);
    buffer_free(&name);
    buffer_free(&message);
    return true;
}

/* ---- the loop ---- */

/* The connection for commands is open: the scripts are loaded, and a lease is taken, before it
 * counts as up. */
static void on_commands_opened(void *context) {
    struct pubsub_node *node = context;
    count_connection(node->pubsub);
    node->ticks = 0;
    presence_store_load(node);
    presence_store_renew(node);
}

/* Returns the latency in microseconds. */
static int64_t tick_node(struct pubsub_node *node) {
    redis_conn_tick(node->subscriber);
    redis_conn_tick(node->commands);
    if (redis_conn_is_open(node->commands) && ++node->ticks % LEASE_RENEW_TICKS == 0)
        presence_store_renew(node);
    return redis_conn_latency_us(node->commands);
}

static void on_timer(uv_timer_t *timer) {
    struct pubsub *pubsub = timer->data;
    int64_t latency_us = 0;
    slow_callback_start("the Redis timer");
    if (pubsub->primary)
        primary_tick(pubsub->primary);
    if (pubsub->shards)
        shards_tick(pubsub->shards);
    for (unsigned i = 0; i < pubsub->node_count; i++) {
        const int64_t of_node = tick_node(pubsub->nodes[i]);
        latency_us = of_node > latency_us ? of_node : latency_us;
    }
    pubsub->metrics->redis_latency_us = (uint64_t)latency_us;
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
    if (pubsub->shards)
        shards_flush(pubsub->shards);
    for (unsigned i = 0; i < pubsub->node_count; i++) {
        redis_conn_flush(pubsub->nodes[i]->subscriber);
        redis_conn_flush(pubsub->nodes[i]->commands);
    }
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
    const struct pubsub *pubsub = context;
    redis_conn_set_address(pubsub->nodes[0]->subscriber, address);
    redis_conn_set_address(pubsub->nodes[0]->commands, address);
}

/* address NULL: as the configuration says. tag: see presence_store_add_node. */
static struct pubsub_node *new_node(struct pubsub *pubsub, bool is_given,
                                    const struct host_address *address, unsigned tag) {
    struct pubsub_node *node = xcalloc(1, sizeof(*node));
    const struct config *config = pubsub->config;
    node->pubsub = pubsub;
    node->tag = tag;
    node->subscriber_callbacks =
        (struct redis_conn_callbacks){node, on_subscriber_opened, on_state, on_pushed};
    node->commands_callbacks =
        (struct redis_conn_callbacks){node, on_commands_opened, on_state, on_pushed};
    presence_store_add_node(node, tag);
    if (!is_given) {
        node->subscriber = redis_conn_new(pubsub->loop, config, &node->subscriber_callbacks, true);
        node->commands = redis_conn_new(pubsub->loop, config, &node->commands_callbacks, false);
        return node;
    }
    node->subscriber =
        redis_conn_new_at(pubsub->loop, config, &node->subscriber_callbacks, true, false);
    node->commands =
        redis_conn_new_at(pubsub->loop, config, &node->commands_callbacks, false, false);
    if (address) {
        node->address = *address;
        redis_conn_set_address(node->subscriber, address);
        redis_conn_set_address(node->commands, address);
    }
    return node;
}

static void free_node(struct pubsub_node *node) {
    redis_conn_close(node->subscriber);
    redis_conn_close(node->commands);
    presence_store_free_node(node);
    free(node);
}

/* ---- a cluster ---- */

/* The node of the former map with this address and tag, taken out of it; NULL: none. */
static struct pubsub_node *take_node(struct pubsub_node **nodes, unsigned count,
                                     const struct host_address *address, unsigned tag) {
    for (unsigned i = 0; i < count; i++) {
        struct pubsub_node *node = nodes[i];
        if (!node || node->tag != tag || !host_address_equals(&node->address, address))
            continue;
        nodes[i] = NULL;
        return node;
    }
    return NULL;
}

/* Requests the channels that are at another server than before. */
static void move_channels(struct pubsub *pubsub, const struct redis_slots *former,
                          struct pubsub_node *const *former_nodes) {
    for (unsigned i = 0; i < pubsub->node_count; i++) {
        const struct channel_list list = channels_of(pubsub, pubsub->nodes[i]);
        for (size_t at = 0; at < list.count; at++) {
            const struct pubsub_channel channel = list.items[at];
            char tag[24];
            snprintf(tag, sizeof(tag), "%" PRIu64, channel.id);
            const int was = redis_slots_node(former, redis_slots_of(text_of(tag)));
            if (was >= 0 && former_nodes[was] == pubsub->nodes[i])
                continue;
            const uintptr_t wanted = get_state(pubsub, channel.stream, channel.id) & WANTED;
            set_state(pubsub, channel.stream, channel.id, 0);
            if (wanted)
                set_wanted(pubsub, channel.stream, channel.id, WANTED);
        }
        free(list.items);
    }
}

/* The map of slots is known, or has changed: servers that are gone are left, and what has moved to
 * others is subscribed to and entered there. */
static void on_slots(void *context, const struct redis_slots *slots) {
    struct pubsub *pubsub = context;
    const unsigned former_count = pubsub->node_count;
    struct pubsub_node **former_nodes = xcalloc(former_count, sizeof(*former_nodes));
    struct pubsub_node **left = xcalloc(former_count, sizeof(*left));
    struct pubsub_node **nodes = xcalloc(slots->count, sizeof(*nodes));
    struct redis_slots *former = xcalloc(1, sizeof(*former));
    *former = pubsub->slots;
    for (unsigned i = 0; i < former_count; i++)
        former_nodes[i] = left[i] = pubsub->nodes[i];
    for (unsigned i = 0; i < slots->count; i++) {
        const unsigned tag = redis_slots_tag(slots, i);
        nodes[i] = take_node(left, former_count, &slots->nodes[i], tag);
        if (!nodes[i])
            nodes[i] = new_node(pubsub, true, &slots->nodes[i], tag);
    }
    free(pubsub->nodes);
    pubsub->nodes = nodes;
    pubsub->node_count = slots->count;
    pubsub->slots = *slots;
    move_channels(pubsub, former, former_nodes);
    for (unsigned i = 0; i < former_count; i++)
        if (left[i])
            free_node(left[i]);
    free(former_nodes);
    free(left);
    free(former);
    /* presence sees it when Redis is up again, and enters all users. */
    pubsub->epoch += former_count > 0;
    pubsub_interrupted(pubsub);
    update_state(pubsub);
}

static void connect_to_redis(struct pubsub *pubsub) {
    const struct config *config = pubsub->config;
    if (redis_slots_are_used(config)) {
        pubsub->shards = shards_new(pubsub->loop, config, on_slots, pubsub);
        return;
    }
    const bool has_sentinels = redis_has_sentinels(config);
    pubsub->nodes = xcalloc(1, sizeof(*pubsub->nodes));
    pubsub->nodes[0] = new_node(pubsub, has_sentinels, NULL, 0);
    pubsub->node_count = 1;
    if (has_sentinels)
        pubsub->primary = primary_new(pubsub->loop, config, on_primary, pubsub);
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
    pubsub->loop = loop;
    presence_store_init(pubsub);
    connect_to_redis(pubsub);
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
    free(pubsub->nodes);
    free(pubsub);
}

/* One of three handles is closed; the last one frees the memory. */
static void on_closed(uv_handle_t *handle) {
    struct pubsub *pubsub = handle->data;
    if (--pubsub->open_handles == 0)
        free_pubsub(pubsub);
}

void pubsub_close(struct pubsub *pubsub) {
    if (pubsub->open_handles == 0) {
        free_pubsub(pubsub);
        return;
    }
    pubsub->up = false;
    pubsub->metrics->redis_up = 0;
    /* The lease is shortened by a command, which must be written before the connection is
     * closed. */
    for (unsigned i = 0; i < pubsub->node_count; i++) {
        presence_store_retire(pubsub->nodes[i]);
        redis_conn_flush(pubsub->nodes[i]->commands);
    }
    primary_close(pubsub->primary);
    shards_close(pubsub->shards);
    /* Pending commands are called back, and may look for their server. */
    const unsigned count = pubsub->node_count;
    pubsub->node_count = 0;
    for (unsigned i = 0; i < count; i++)
        free_node(pubsub->nodes[i]);
    uv_close((uv_handle_t *)&pubsub->timer, on_closed);
    uv_close((uv_handle_t *)&pubsub->prepare, on_closed);
    uv_close((uv_handle_t *)&pubsub->check, on_closed);
}

bool pubsub_is_up(const struct pubsub *pubsub) {
    return pubsub->up;
}
