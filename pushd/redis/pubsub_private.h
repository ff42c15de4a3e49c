/*
 * pubsub_private: what pubsub.c and presence_store.c share, for these two alone.
 */
#ifndef CONFAB_PUSHD_REDIS_PUBSUB_PRIVATE_H
#define CONFAB_PUSHD_REDIS_PUBSUB_PRIVATE_H

#include "base/buffer.h"
#include "base/idmap.h"
#include "redis/pubsub.h"
#include "redis/redis_conn.h"

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

struct pubsub {
    const struct config *config;
    const struct pubsub_callbacks *callbacks;
    struct metrics_data *metrics;
    uv_timer_t timer;
    uv_prepare_t prepare;
    uv_check_t check;
    unsigned open_handles;         /* of these three */
    struct redis_conn *subscriber; /* NULL: no Redis in the configuration */
    struct redis_conn *commands;
    struct primary *primary; /* NULL: without Sentinels */
    struct redis_conn_callbacks subscriber_callbacks, commands_callbacks;
    bool up;
    bool refused;     /* Redis refuses commands: a user without the rights, a replica, no memory */
    bool called_back; /* since the last iteration_end */
    unsigned ticks;
    struct idmap redis_channels[2]; /* by stream: id -> state, see pubsub.c */
    struct pubsub_channel *changed;
    size_t changed_count, changed_space;
    uint64_t connections;        /* made so far */
    int64_t malformed_logged_ms; /* when a malformed event was last logged; 0: never */

    /* presence_store.c */
    char id[PUBSUB_ID_LENGTH + 1];  /* of this pushd */
    struct buffer lease_key;        /* of this pushd */
    struct buffer lease_prefix;     /* the same without the id */
    struct buffer known_key;        /* the pushd processes that were alive lately */
    struct buffer logical_time_key; /* the last logical time */
    struct buffer try_channel; /* subscribed and published to, to find out whether that works */
    char scripts[PUBSUB_SCRIPTS][PUBSUB_SCRIPT_LENGTH]; /* SHA-1; zeroed: not loaded yet */
    bool has_lease;
    uint64_t epoch;
    bool others_died; /* lately: there may be something to sweep */
};

/* Reports Redis down and up again at once: it lost data, but no connection. */
void pubsub_interrupted(struct pubsub *pubsub);

/* Records whether Redis refuses commands; then it counts as down. */
void pubsub_set_refused(struct pubsub *pubsub, bool refused);

/* ---- presence_store.c ---- */

/* Makes the id and the keys of this pushd, and frees them. */
void presence_store_init(struct pubsub *pubsub);
void presence_store_free(struct pubsub *pubsub);

/* Loads the scripts into Redis, once the connection for commands is open. Until Redis has
 * answered, and if it forgets them, they are sent in full. */
void presence_store_load(struct pubsub *pubsub);

/* Renews the lease: once the connection for commands is open, and then every 5 seconds. */
void presence_store_renew(struct pubsub *pubsub);

/* Shortens the lease to presence_grace. */
void presence_store_retire(struct pubsub *pubsub);

#endif
