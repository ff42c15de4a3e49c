/*
 * pubsub_private: what pubsub.c and presence_store.c share, for them alone.
 */
#ifndef CONFAB_PUSHD_BUS_PRIVATE_H
#define CONFAB_PUSHD_BUS_PRIVATE_H

#include "base/buffer.h"
#include "base/idmap.h"
#include "redis/pubsub.h"
#include "redis/redis_conn.h"

/* Hexadecimal digits of a pushd's id. */
#define PUBSUB_ID_LENGTH 16

/* Hexadecimal digits of a script's name in Redis. */
#define PUBSUB_SCRIPT_LENGTH 40

/* What Redis runs about rooms (presence_store.c). */
enum pubsub_script {
    PUBSUB_ENTER,
    PUBSUB_LEAVE,
    PUBSUB_REMOVE_DEAD,
    PUBSUB_READ,
    PUBSUB_SWEEP,
    PUBSUB_SCRIPTS
};

/* A name that is to be joined or left with the next flush. */
struct pubsub_name {
    enum event_stream stream;
    uint64_t id;
};

struct pubsub {
    const struct config *config;
    const struct pubsub_callbacks *callbacks;
    uv_timer_t timer;
    uv_prepare_t prepare;
    uv_check_t check;
    unsigned handles;              /* of these three, not closed yet */
    struct redis_conn *subscriber; /* NULL without a Redis in the configuration */
    struct redis_conn *commands;
    struct redis_conn_callbacks subscriber_callbacks, commands_callbacks;
    bool up;
    bool iteration_pending; /* something since the last iteration_end */
    unsigned ticks;

    struct idmap redis_channels[2]; /* by stream: id -> state, see pubsub.c */
    struct pubsub_name *changed;
    size_t changed_count, changed_space;

    struct metrics_data *metrics;
    uint64_t connections_made;   /* connections made */
    int64_t malformed_logged_ms; /* when a malformed event was last logged */

    char id[PUBSUB_ID_LENGTH + 1];  /* of this pushd */
    struct buffer lease_key;        /* of this pushd */
    struct buffer lease_prefix;     /* the same without the id */
    struct buffer known_key;        /* all pushd processes that were alive lately */
    struct buffer logical_time_key; /* the last moment */
    char scripts[PUBSUB_SCRIPTS][PUBSUB_SCRIPT_LENGTH]; /* their names in Redis; 0: not known yet */
    bool has_lease;
    uint64_t epoch;
    bool others_died; /* lately: there may be something to sweep */
};

/* Tells the listener that the pubsub stopped being well and is well again at once: something
 * was lost, but no connection. */
void pubsub_interrupted(struct pubsub *pubsub);

/* ---- presence_store.c ---- */

/* Makes the id and the keys of this pushd. */
void presence_store_init(struct pubsub *pubsub);
void presence_store_free(struct pubsub *pubsub);

/* Makes the scripts known to Redis; to be called as soon as there is a connection for
 * commands. Until Redis has answered, and if it forgets them, they are sent whole. */
void presence_store_load(struct pubsub *pubsub);

/* Renews the lease; to be called as soon as there is a connection for commands, and then
 * every 5 seconds. */
void presence_store_renew(struct pubsub *pubsub);

/* Cuts the lease down to the grace of presence. */
void presence_store_retire(struct pubsub *pubsub);

#endif
