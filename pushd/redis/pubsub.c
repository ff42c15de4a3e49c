/*
 * pubsub: connections and events. Which channels are subscribed to is in pubsub_channels.c;
 * presence, on the same connections, in presence_store.c.
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

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "metrics/slow_callback.h"
#include "redis/event_validate.h"
#include "redis/pubsub_private.h"
#include "redis/redis_sentinel.h"
#include "redis/topology.h"

/* Notices are dropped while this many bytes wait to be sent to Redis. */
#define MAX_UNSENT ((size_t)1024 * 1024)
/* Malformed events are logged at most this often. */
#define MALFORMED_LOG_MS 1000
/* The lease of 15 seconds is renewed this often. */
#define LEASE_RENEW_TICKS (5000 / REDIS_CONN_TICK_MS)

/* ---- callbacks ---- */

/* Reports a change of the state. */
static void set_up(struct pubsub *pubsub, bool up) {
    if (pubsub->up == up)
        return;
    /* Set before the owner is notified, which may read it at once. */
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
    if (!pubsub->is_cluster)
        return pubsub->nodes[0];
    snprintf(tag, sizeof(tag), "%" PRIu64, id);
    const int node = redis_slots_node(&pubsub->slots, redis_slots_of(text_of(tag)));
    return node < 0 ? NULL : pubsub->nodes[node];
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
    const struct text try[] = {text_of(pubsub->is_cluster ? "SSUBSCRIBE" : "SUBSCRIBE"),
                               {node->try_channel.data, node->try_channel.len}};
    redis_conn_send(node->subscriber, try, 2);
    count_connection(pubsub);
    pubsub_channels_request(node);
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

/* Checks a published message and hands it on, if its channel is subscribed here. */
static void on_message(struct pubsub *pubsub, struct text name, struct text payload) {
    enum event_stream stream;
    uint64_t id;
    struct event_envelope envelope;
    /* Also ignored if the channel was left and Redis has not confirmed that yet. */
    if (!pubsub_channels_find(pubsub, name, &stream, &id))
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
    if (node->pubsub->is_cluster)
        text_skip(&kind, "s");
    if (text_equals(kind, text_of("message")) && reply->items[2]->kind == REDIS_TEXT)
        on_message(node->pubsub, reply->items[1]->text, reply->items[2]->text);
    else if (text_equals(kind, text_of("subscribe")) || text_equals(kind, text_of("unsubscribe")))
        pubsub_channels_confirmed(context, reply->items[1]->text);
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
    pubsub_channels_append(pubsub, &name, EVENT_STREAM_ROOM, room_id);
    event_write(&message, envelope);
    const struct text args[] = {text_of(pubsub->is_cluster ? "SPUBLISH" : "PUBLISH"),
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

/* Renews leases, checks the connections, and measures how fast Redis answers. */
static void on_timer(uv_timer_t *timer) {
    struct pubsub *pubsub = timer->data;
    int64_t latency_us = 0;
    slow_callback_start("the Redis timer");
    if (pubsub->topology)
        topology_tick(pubsub->topology);
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
    pubsub_channels_send(pubsub);
    end_iteration(pubsub);
    pubsub_channels_send(pubsub); /* added by callbacks of the first */
    if (pubsub->topology)
        topology_flush(pubsub->topology);
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

/* is_given: not the server of the configuration, but the one at `address`, which may be NULL and
 * set later, once a Sentinel has named it. tag: see presence_store_add_node. */
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

/* The map of slots is known, or has changed: disconnects from servers that are gone, and subscribes
 * and enters users at the new server of each slot that has moved. */
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
    /* Subscriptions are compared by server, so the former ones must still be there. */
    pubsub_channels_move(pubsub, former, former_nodes);
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

/* Makes the connections that are known, and begins to look for the others. */
static void connect_to_redis(struct pubsub *pubsub) {
    const struct config *config = pubsub->config;
    const struct topology_callbacks callbacks = {pubsub, on_primary, on_slots};
    const bool has_sentinels = redis_has_sentinels(config);
    pubsub->is_cluster = redis_slots_are_used(config);
    /* The nodes of a cluster are not known yet. */
    if (!pubsub->is_cluster) {
        pubsub->nodes = xcalloc(1, sizeof(*pubsub->nodes));
        pubsub->nodes[0] = new_node(pubsub, has_sentinels, NULL, 0);
        pubsub->node_count = 1;
    }
    if (pubsub->is_cluster || has_sentinels)
        pubsub->topology = topology_new(pubsub->loop, config, pubsub->is_cluster, &callbacks);
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

/* After all handles have closed. */
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
    topology_close(pubsub->topology);
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
