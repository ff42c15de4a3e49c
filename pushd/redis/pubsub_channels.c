/*
 * The channels of pubsub: which ones are wanted here, which were requested from Redis, and what it
 * has confirmed. Changes are collected in an iteration of the loop and sent at its end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "redis/pubsub_private.h"
#include "redis/redis_sentinel.h"

/* Channels in one SUBSCRIBE. */
#define BATCH 500

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

static void call_subscribed(struct pubsub *pubsub, enum event_stream stream, uint64_t id) {
    pubsub->called_back = true;
    pubsub->callbacks->subscribed(pubsub->callbacks->context, stream, id);
}

/* Notes that a channel is wanted or not any more; sent at the end of the iteration. */
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
    if (state & QUEUED)
        return;
    pubsub->changed = array_reserve(pubsub->changed, &pubsub->changed_space,
                                    pubsub->changed_count + 1, sizeof(*pubsub->changed));
    pubsub->changed[pubsub->changed_count++] = (struct pubsub_channel){stream, id};
}

void pubsub_subscribe(struct pubsub *pubsub, enum event_stream stream, uint64_t id) {
    if (!redis_is_configured(pubsub->config))
        return;
    /* Counted by what is wanted here, whether or not Redis has confirmed it. */
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

/* Sends the command with the names collected so far, and empties the batch. */
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

void pubsub_channels_append(const struct pubsub *pubsub, struct buffer *out,
                            enum event_stream stream, uint64_t id) {
    char prefix[REDIS_SLOTS_PREFIX_SIZE];
    event_channel(out,
                  redis_slots_prefix(pubsub->config->redis_prefix, pubsub->is_cluster, id, prefix),
                  stream, id);
}

/* Adds a channel to the command, and sends the command when it is full. */
static void add_to_batch(struct batch *batch, struct pubsub_channel channel) {
    const struct pubsub *pubsub = batch->node->pubsub;
    pubsub_channels_append(pubsub, &batch->names, channel.stream, channel.id);
    batch->ends[batch->count++] = batch->names.len;
    /* The channels of one command must be of one slot. */
    if (batch->count == BATCH || pubsub->is_cluster)
        send_batch(batch);
}

/* Sends the changes of one server in as few commands as possible. */
static void send_changes_of(struct pubsub_node *node, const struct pubsub_channel *changed,
                            size_t count) {
    struct pubsub *pubsub = node->pubsub;
    struct batch subscribe = {.node = node,
                              .command = pubsub->is_cluster ? "SSUBSCRIBE" : "SUBSCRIBE"};
    struct batch unsubscribe = {.node = node,
                                .command = pubsub->is_cluster ? "SUNSUBSCRIBE" : "UNSUBSCRIBE"};
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

void pubsub_channels_send(struct pubsub *pubsub) {
    /* Taken off first: callbacks of send_changes_of may add changes, which are sent by the next
     * call. */
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
    return redis_slots_skip_prefix(&name, pubsub->config->redis_prefix, pubsub->is_cluster) &&
           event_channel_parse(name, "", stream, id);
}

bool pubsub_channels_find(const struct pubsub *pubsub, struct text name, enum event_stream *stream,
                          uint64_t *id) {
    return parse_channel(pubsub, name, stream, id) && (get_state(pubsub, *stream, *id) & WANTED);
}

void pubsub_channels_confirmed(struct pubsub_node *node, struct text name) {
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

/* Collects the channels that the node serves. */
static void collect_channel(void *context, uint64_t id, void *state) {
    struct channel_list *list = context;
    (void)state;
    if (pubsub_node_of(list->pubsub, id) != list->node)
        return;
    list->items = array_reserve(list->items, &list->space, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = (struct pubsub_channel){list->stream, id};
}

/* All channels of the node, to be subscribed to again after a loss. The caller frees the list. */
static struct channel_list channels_of(const struct pubsub *pubsub,
                                       const struct pubsub_node *node) {
    struct channel_list list = {.pubsub = pubsub, .node = node};
    for (list.stream = EVENT_STREAM_ROOM; list.stream <= EVENT_STREAM_USER; list.stream++)
        idmap_each(&pubsub->redis_channels[list.stream], collect_channel, &list);
    return list;
}

void pubsub_channels_request(struct pubsub_node *node) {
    struct pubsub *pubsub = node->pubsub;
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

void pubsub_channels_move(struct pubsub *pubsub, const struct redis_slots *former,
                          struct pubsub_node *const *former_nodes) {
    for (unsigned i = 0; i < pubsub->node_count; i++) {
        const struct channel_list list = channels_of(pubsub, pubsub->nodes[i]);
        for (size_t at = 0; at < list.count; at++) {
            const struct pubsub_channel channel = list.items[at];
            char tag[24];
            snprintf(tag, sizeof(tag), "%" PRIu64, channel.id);
            const int was = redis_slots_node(former, redis_slots_of(text_of(tag)));
            /* Its server is the same: what was requested there stays. */
            if (was >= 0 && former_nodes[was] == pubsub->nodes[i])
                continue;
            const uintptr_t wanted = get_state(pubsub, channel.stream, channel.id) & WANTED;
            /* What was requested from the former server counts for nothing at the new one. */
            set_state(pubsub, channel.stream, channel.id, 0);
            if (wanted)
                set_wanted(pubsub, channel.stream, channel.id, WANTED);
        }
        free(list.items);
    }
}
