/* The map of slots, asked from any server that answers, and the connections by the order of its
 * primaries. A command that a server redirects (MOVED) is sent once more, by a new map. */
#include "redis/redis_cluster.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"

/* How often the map is read at most, and how long each server may take to answer. */
#define ASK_MS 500
#define ANSWER_MS 100

struct redis_cluster {
    const struct config *config;
    struct redis_slots slots; /* count 0: not known yet */
    struct redis_client *clients[REDIS_SLOTS_NODES];
    bool is_outdated;
    int64_t asked_ms; /* 0: never */
};

struct redis_cluster *redis_cluster_new(const struct config *config) {
    struct redis_cluster *cluster = xcalloc(1, sizeof(*cluster));
    cluster->config = config;
    return cluster;
}

void redis_cluster_free(struct redis_cluster *cluster) {
    if (!cluster)
        return;
    for (unsigned i = 0; i < cluster->slots.count; i++)
        redis_client_free(cluster->clients[i]);
    free(cluster);
}

/* ---- the map ---- */

/* Replaces the map; keeps the connections to servers that are in both. */
static void set_slots(struct redis_cluster *cluster, const struct redis_slots *slots) {
    struct redis_client *clients[REDIS_SLOTS_NODES] = {NULL};
    for (unsigned i = 0; i < slots->count; i++) {
        for (unsigned old = 0; old < cluster->slots.count && !clients[i]; old++) {
            if (!cluster->clients[old] ||
                !host_address_equals(&cluster->slots.nodes[old], &slots->nodes[i]))
                continue;
            clients[i] = cluster->clients[old];
            cluster->clients[old] = NULL;
        }
        if (!clients[i])
            clients[i] = redis_client_new_node(cluster->config, &slots->nodes[i]);
    }
    /* The connections that are left are to servers that are not in the map any more. */
    for (unsigned old = 0; old < cluster->slots.count; old++)
        redis_client_free(cluster->clients[old]);
    memcpy(cluster->clients, clients, sizeof(clients));
    cluster->slots = *slots;
    cluster->is_outdated = false;
}

/* Asks one server for the map of slots; false without a usable answer. */
static bool ask(const struct redis_cluster *cluster, const struct host_address *address,
                struct redis_slots *slots) {
    const char *argv[] = {"CLUSTER", "NODES"};
    /* On a connection of its own, where no reply of another command is pending. */
    struct redis_client *client = redis_client_new_node(cluster->config, address);
    redisReply *reply = redis_client_run(client, ANSWER_MS, 2, argv);
    const bool found =
        reply && reply->type == REDIS_REPLY_STRING &&
        redis_slots_parse(slots, (struct text){reply->str, (size_t)reply->len}, address);
    freeReplyObject(reply);
    redis_client_free(client);
    return found;
}

/* Reads the map from the first that answers: the primaries as known, then those of the
 * configuration. */
static bool read_map(struct redis_cluster *cluster) {
    const char *list = cluster->config->redis_host;
    const unsigned listed = host_list_count(list), known = cluster->slots.count;
    struct redis_slots *slots = xcalloc(1, sizeof(*slots));
    bool found = false;
    for (unsigned i = 0; i < known + listed && !found; i++) {
        struct host_address address;
        /* The configuration may list only a few servers, and these may be down. */
        if (i < known)
            address = cluster->slots.nodes[i];
        else
            host_list_get(list, i - known, (unsigned)cluster->config->redis_port, &address);
        found = ask(cluster, &address, slots);
    }
    if (found)
        set_slots(cluster, slots);
    free(slots);
    return found;
}

/* Reads the map if it is unknown or outdated, but not more often than ASK_MS. False: it is
 * unknown. */
static bool refresh(struct redis_cluster *cluster) {
    const int64_t now = clock_monotonic_ms();
    bool moved = false;
    /* Every client is asked, since asking resets its mark. */
    for (unsigned i = 0; i < cluster->slots.count; i++)
        moved = redis_client_was_moved(cluster->clients[i]) || moved;
    cluster->is_outdated = cluster->is_outdated || moved;
    /* The map is known and current, or was requested less than ASK_MS ago. */
    if ((cluster->slots.count > 0 && !cluster->is_outdated) ||
        (cluster->asked_ms && now - cluster->asked_ms < ASK_MS))
        return cluster->slots.count > 0;
    cluster->asked_ms = now;
    read_map(cluster);
    return cluster->slots.count > 0;
}

struct redis_client *redis_cluster_client(struct redis_cluster *cluster, struct text key) {
    const int node = refresh(cluster) ? redis_slots_node(&cluster->slots, redis_slots_of(key)) : -1;
    if (node < 0)
        cluster->is_outdated = true;
    return node < 0 ? NULL : cluster->clients[node];
}

unsigned redis_cluster_tag(struct redis_cluster *cluster, struct text key) {
    const int node = refresh(cluster) ? redis_slots_node(&cluster->slots, redis_slots_of(key)) : -1;
    return node < 0 ? 0 : redis_slots_tag(&cluster->slots, (unsigned)node);
}

/* ---- commands ---- */

/* EVAL script numkeys key ...; other commands begin with their key. */
static struct text key_of(int argc, const char *const *argv) {
    if (strcmp(argv[0], "EVAL") == 0 && argc > 3)
        return text_of(argv[3]);
    return text_of(argc > 1 ? argv[1] : "");
}

redisReply *redis_cluster_run(struct redis_cluster *cluster, uint64_t timeout_ms, int argc,
                              const char *const *argv, struct redis_client **last) {
    const struct text key = key_of(argc, argv);
    redisReply *reply = NULL;
    bool again = true;
    *last = NULL;
    while (!reply && again) {
        *last = redis_cluster_client(cluster, key);
        reply = *last ? redis_client_run(*last, timeout_ms, argc, argv) : NULL;
        if (reply)
            break;
        /* Sent once more if another primary has the key by now. */
        again = *last && redis_client_was_moved(*last);
        cluster->is_outdated = true;
        if (again)
            again = redis_cluster_client(cluster, key) != *last;
    }
    return reply;
}

void redis_cluster_flush(struct redis_cluster *cluster) {
    for (unsigned i = 0; i < cluster->slots.count; i++) {
        redis_client_flush(cluster->clients[i]);
        /* A server that cannot be reached may have a successor. */
        cluster->is_outdated = cluster->is_outdated || redis_client_has_failed(cluster->clients[i]);
    }
}

bool redis_cluster_ping(struct redis_cluster *cluster, uint64_t timeout_ms) {
    bool answered = refresh(cluster);
    /* All must answer: each has keys that the others have not. */
    for (unsigned i = 0; i < cluster->slots.count; i++)
        answered = redis_client_ping(cluster->clients[i], timeout_ms) && answered;
    cluster->is_outdated = cluster->is_outdated || !answered;
    return answered;
}
