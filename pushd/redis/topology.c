/* One connection to a server that knows the others. If it does not answer, or not with a usable
 * reply, the next one is queried: of the Sentinels of the configuration; or of a cluster, first the
 * servers of the map, then those of the configuration. */
#include "redis/topology.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "redis/redis_conn.h"
#include "redis/redis_sentinel.h"

/* Ticks between queries, and until a server without a usable answer is given up. */
#define QUERY_TICKS (500 / REDIS_CONN_TICK_MS)
#define LEAVE_TICKS (1000 / REDIS_CONN_TICK_MS)

struct topology {
    const struct config *config;
    struct topology_callbacks callbacks;
    bool of_cluster;
    struct redis_conn *conn;
    struct redis_conn_callbacks conn_callbacks;
    struct host_address queried;
    struct host_address primary; /* without a name: not known yet */
    struct redis_slots slots;    /* of a cluster; count 0: not known yet */
    unsigned server;             /* of those that may be queried, the one that is */
    unsigned ticks;              /* since the last query */
    unsigned down_ticks;         /* without a usable answer */
};

/* ---- answers ---- */

/* False if the Sentinel does not know the primary. */
static bool read_primary(struct topology *topology, const struct redis_reply *reply) {
    struct host_address found;
    uint64_t port;
    /* nil: it does not know the name; or an error. */
    if (reply->kind != REDIS_LIST || reply->count != 2 || reply->items[0]->kind != REDIS_TEXT ||
        reply->items[1]->kind != REDIS_TEXT || !text_to_u64(reply->items[1]->text, &port) ||
        port > 65535)
        return false;
    const struct text name = reply->items[0]->text;
    /* A name that is too long is cut, and will not be found: then another Sentinel is queried. */
    snprintf(found.name, sizeof(found.name), "%.*s", (int)name.len, name.at);
    found.port = (unsigned)port;
    if (!host_address_equals(&topology->primary, &found)) {
        topology->primary = found;
        log_info("redis: the primary is %s:%u", found.name, found.port);
        topology->callbacks.primary(topology->callbacks.context, &found);
    }
    return true;
}

/* Takes the map of a cluster; tells the owner if it has changed. False if it is not valid. */
static bool read_slots(struct topology *topology, const struct redis_reply *reply) {
    struct redis_slots *slots = xcalloc(1, sizeof(*slots));
    const bool is_valid =
        reply->kind == REDIS_TEXT && redis_slots_parse(slots, reply->text, &topology->queried);
    if (is_valid && memcmp(slots, &topology->slots, sizeof(*slots)) != 0) {
        log_info("redis: the cluster has %u primaries with slots", slots->count);
        topology->slots = *slots;
        topology->callbacks.slots(topology->callbacks.context, slots);
    }
    free(slots);
    return is_valid;
}

/* A server has answered, perhaps with something that cannot be used. */
static void on_answer(void *context, const struct redis_reply *reply) {
    struct topology *topology = context;
    /* The connection was lost; the tick counts the time. */
    if (!reply)
        return;
    bool is_usable;
    if (topology->of_cluster)
        is_usable = read_slots(topology, reply);
    else
        is_usable = read_primary(topology, reply);
    /* After an answer that cannot be used the next server is queried at once. */
    topology->down_ticks = is_usable ? 0 : LEAVE_TICKS;
}

/* ---- queries ---- */

/* Queries the map of the cluster, or the primary. */
static void query(void *context) {
    struct topology *topology = context;
    const struct text of_cluster[] = {{"CLUSTER", 7}, {"NODES", 5}};
    const struct text of_sentinel[] = {
        {"SENTINEL", 8}, {"get-master-addr-by-name", 23}, text_of(topology->config->redis_master)};
    topology->ticks = 0;
    if (topology->of_cluster)
        redis_conn_command(topology->conn, of_cluster, 2, on_answer, topology);
    else
        redis_conn_command(topology->conn, of_sentinel, 3, on_answer, topology);
}

/* topology_tick looks whether it is up; nothing is subscribed to. */
static void on_state(void *context, bool up) {
    (void)context;
    (void)up;
}

static void on_pushed(void *context, const struct redis_reply *reply) {
    (void)context;
    (void)reply;
}

/* Connects to the server whose turn it is. */
static void use_server(struct topology *topology) {
    const struct config *config = topology->config;
    const char *list = topology->of_cluster ? config->redis_host : config->redis_sentinels;
    const unsigned port = topology->of_cluster ? (unsigned)config->redis_port : REDIS_SENTINEL_PORT;
    const unsigned known = topology->slots.count, listed = host_list_count(list);
    topology->down_ticks = 0;
    /* A reload may have emptied the list; it is used at the next start. */
    if (known + listed == 0)
        return;
    const unsigned at = topology->server % (known + listed);
    if (at < known)
        topology->queried = topology->slots.nodes[at];
    else
        host_list_get(list, at - known, port, &topology->queried);
    redis_conn_set_address(topology->conn, &topology->queried);
}

/* ---- the loop ---- */

struct topology *topology_new(uv_loop_t *loop, const struct config *config, bool of_cluster,
                              const struct topology_callbacks *callbacks) {
    struct topology *topology = xcalloc(1, sizeof(*topology));
    topology->config = config;
    topology->callbacks = *callbacks;
    topology->of_cluster = of_cluster;
    topology->conn_callbacks = (struct redis_conn_callbacks){topology, query, on_state, on_pushed};
    topology->conn = redis_conn_new_at(loop, config, &topology->conn_callbacks, false, !of_cluster);
    use_server(topology);
    return topology;
}

void topology_tick(struct topology *topology) {
    redis_conn_tick(topology->conn);
    topology->ticks++;
    if (redis_conn_is_up(topology->conn) && topology->ticks >= QUERY_TICKS)
        query(topology);
    if (!redis_conn_is_up(topology->conn))
        topology->down_ticks++;
    if (topology->down_ticks < LEAVE_TICKS)
        return;
    /* The next of the list, and in the end the first one again. */
    topology->server++;
    use_server(topology);
}

void topology_flush(struct topology *topology) {
    redis_conn_flush(topology->conn);
}

void topology_close(struct topology *topology) {
    if (!topology)
        return;
    redis_conn_close(topology->conn);
    free(topology);
}
