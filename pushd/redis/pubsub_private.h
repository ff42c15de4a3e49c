/*
 * bus_private: what bus.c and bus_presence.c share, for them alone.
 */
#ifndef CONFAB_PUSHD_BUS_PRIVATE_H
#define CONFAB_PUSHD_BUS_PRIVATE_H

#include "base/buffer.h"
#include "base/idmap.h"
#include "redis/pubsub.h"
#include "redis/redis_conn.h"

/* Hexadecimal digits of a pushd's id. */
#define BUS_ID_LENGTH 16

/* Hexadecimal digits of a script's name in Redis. */
#define BUS_SCRIPT_LENGTH 40

/* What Redis runs about rooms (bus_presence.c). */
enum bus_script { BUS_ENTER, BUS_LEAVE, BUS_BURY, BUS_READ, BUS_SWEEP, BUS_SCRIPTS };

/* A channel that is to be joined or left with the next flush. */
struct bus_channel {
    enum event_stream stream;
    uint64_t id;
};

struct bus {
    const struct config *config;
    const struct bus_listener *listener;
    uv_timer_t timer;
    uv_prepare_t prepare;
    uv_check_t check;
    unsigned handles;              /* of these three, not closed yet */
    struct redis_link *subscriber; /* NULL without a Redis in the configuration */
    struct redis_link *commands;
    struct redis_link_listener subscriber_listener, commands_listener;
    bool well;
    bool told; /* something since the last turn_end */
    unsigned ticks;

    struct idmap channels[2]; /* by stream: id -> state, see bus.c */
    struct bus_channel *changed;
    size_t changed_count, changed_space;

    struct figures *figures;
    uint64_t openings;     /* connections made */
    int64_t complained_ms; /* when a malformed event was last logged */

    char id[BUS_ID_LENGTH + 1];                   /* of this pushd */
    struct buffer lease_key;                      /* of this pushd */
    struct buffer lease_prefix;                   /* the same without the id */
    struct buffer known_key;                      /* all pushd processes that were alive lately */
    struct buffer moment_key;                     /* the last moment */
    char scripts[BUS_SCRIPTS][BUS_SCRIPT_LENGTH]; /* their names in Redis; 0: not known yet */
    bool has_lease;
    uint64_t epoch;
    bool others_died; /* lately: there may be something to sweep */
};

/* Tells the listener that the bus stopped being well and is well again at once: something
 * was lost, but no connection. */
void bus_interrupted(struct bus *bus);

/* ---- bus_presence.c ---- */

/* Makes the id and the keys of this pushd. */
void bus_presence_init(struct bus *bus);
void bus_presence_free(struct bus *bus);

/* Makes the scripts known to Redis; to be called as soon as there is a connection for
 * commands. Until Redis has answered, and if it forgets them, they are sent whole. */
void bus_presence_load(struct bus *bus);

/* Renews the lease; to be called as soon as there is a connection for commands, and then
 * every 5 seconds. */
void bus_presence_renew(struct bus *bus);

/* Cuts the lease down to the grace of presence. */
void bus_presence_retire(struct bus *bus);

#endif
