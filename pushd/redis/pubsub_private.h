/*
 * pubsub_private: what pubsub.c, pubsub_channels.c and presence_store.c share, for these alone.
 */
#ifndef CONFAB_PUSHD_REDIS_PUBSUB_PRIVATE_H
#define CONFAB_PUSHD_REDIS_PUBSUB_PRIVATE_H

#include "base/buffer.h"
#include "base/idmap.h"
#include "redis/pubsub.h"
#include "redis/redis_conn.h"
#include "redis/redis_slots.h"

/* Hexadecimal digits of a pushd's id, and of the SHA-1 of a script. */
#define PUBSUB_ID_LENGTH 16
#define PUBSUB_SCRIPT_LENGTH 40

/* The Lua scripts about rooms (presence_store.c). */
enum pubsub_script {
    PUBSUB_ENTER,
    PUBSUB_LEAVE,
    PUBSUB_REMOVE_DEAD,
    PUBSUB_READ,
    PUBSUB_SWEEP,
    PUBSUB_COUNT,
    PUBSUB_SCRIPTS
};

/* A channel whose subscription has to be updated at the next flush. */
struct pubsub_channel {
    enum event_stream stream;
    uint64_t id;
};

/* A server of Redis: that of the configuration or of the Sentinels, or a primary of a cluster. */
struct pubsub_node {
    struct pubsub *pubsub;
    struct host_address address; /* in a cluster */
    unsigned tag;                /* a hash tag of which the keys are there */
    struct redis_conn *subscriber;
    struct redis_conn *commands;
    struct redis_conn_callbacks subscriber_callbacks, commands_callbacks;
    bool refused; /* it refuses commands: a user without the rights, a replica, no memory */
    unsigned ticks;

    /* presence_store.c */
    char
        prefix[REDIS_SLOTS_PREFIX_SIZE]; /* of the keys below; in a cluster they are at this node */
    struct buffer lease_key;             /* of this pushd */
    struct buffer lease_prefix;          /* the same without the id */
    struct buffer known_key;             /* the pushd processes that were alive lately */
    struct buffer try_channel; /* subscribed and published to, to find out whether that works */
    char scripts[PUBSUB_SCRIPTS][PUBSUB_SCRIPT_LENGTH]; /* SHA-1; zeroed: not loaded yet */
    bool has_lease;
    bool others_died; /* lately: there may be something to sweep */
};

struct pubsub {
    const struct config *config;
    const struct pubsub_callbacks *callbacks;
    struct metrics_data *metrics;
    uv_loop_t *loop;
    uv_timer_t timer;
    uv_prepare_t prepare;
    uv_check_t check;
    unsigned open_handles;      /* of these three */
    struct pubsub_node **nodes; /* in a cluster in the order of the slots */
    unsigned node_count;        /* 0: no Redis in the configuration, or no map of the cluster yet */
    struct topology *topology;  /* NULL: neither Sentinels nor a cluster */
    bool is_cluster;
    struct redis_slots slots;   /* of a cluster */
    bool up;
    bool called_back;               /* since the last iteration_end */
    struct idmap redis_channels[2]; /* by stream: id -> state, see pubsub_channels.c */
    struct pubsub_channel *changed;
    size_t changed_count, changed_space;
    uint64_t connections;        /* made so far */
    int64_t malformed_logged_ms; /* when a malformed event was last logged; 0: never */

    /* presence_store.c */
    char id[PUBSUB_ID_LENGTH + 1]; /* of this pushd */
    uint64_t epoch;
};

/* The server of a room or user; NULL: none is known. */
struct pubsub_node *pubsub_node_of(const struct pubsub *pubsub, uint64_t id);

/* Reports Redis down and up again at once: it lost data, but no connection. */
void pubsub_interrupted(struct pubsub *pubsub);

/* Records whether a server refuses commands; then Redis counts as down. */
void pubsub_set_refused(struct pubsub_node *node, bool refused);

/* ---- pubsub_channels.c ---- */

/* Sends all changes of subscriptions. Callbacks may add further ones. Those of a server without a
 * connection are made when it is opened. */
void pubsub_channels_send(struct pubsub *pubsub);

/* Requests all channels that are wanted of a server, on a new connection, which has none. */
void pubsub_channels_request(struct pubsub_node *node);

/* Redis confirmed a SUBSCRIBE or UNSUBSCRIBE; only the last one in flight matters. */
void pubsub_channels_confirmed(struct pubsub_node *node, struct text name);

/* Requests the channels that are at another server of a cluster than by the former map. */
void pubsub_channels_move(struct pubsub *pubsub, const struct redis_slots *former,
                          struct pubsub_node *const *former_nodes);

/* The stream of a channel by its name; false if it is not confab's, or not wanted here. */
bool pubsub_channels_find(const struct pubsub *pubsub, struct text name, enum event_stream *stream,
                          uint64_t *id);

/* Appends the name of the channel of a stream. */
void pubsub_channels_append(const struct pubsub *pubsub, struct buffer *out,
                            enum event_stream stream, uint64_t id);

/* ---- presence_store.c ---- */

/* Makes the id of this pushd. */
void presence_store_init(struct pubsub *pubsub);

/* Makes the keys of a server, and frees them. `tag` is a hash tag of it, in a cluster. */
void presence_store_add_node(struct pubsub_node *node, unsigned tag);
void presence_store_free_node(struct pubsub_node *node);

/* Loads the scripts into Redis, once the connection for commands is open. Until Redis has
 * answered, and if it forgets them, they are sent in full. */
void presence_store_load(struct pubsub_node *node);

/* Renews the lease: once the connection for commands is open, and then every 5 seconds. */
void presence_store_renew(struct pubsub_node *node);

/* Shortens the lease to presence_grace. */
void presence_store_retire(struct pubsub_node *node);

#endif
