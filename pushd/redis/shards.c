/* shards: one connection to a primary of the cluster. One that does not answer is left for the
 * next: first those of the map, then those of the configuration. */
#include "redis/shards.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "redis/redis_conn.h"

/* Between questions, and until a server without an answer is left. */
#define ASK_TICKS (500 / REDIS_CONN_TICK_MS)
#define LEAVE_TICKS (1000 / REDIS_CONN_TICK_MS)

struct shards {
    const struct config *config;
    shards_changed *changed;
    void *context;
    struct redis_conn *conn;
    struct redis_conn_callbacks callbacks;
    struct redis_slots slots; /* count 0: not known yet */
    struct host_address asked;
    unsigned server; /* of the lists, the one that is asked */
    unsigned ticks;  /* since the last question */
    unsigned down_ticks;
};

static void on_answer(void *context, const struct redis_reply *reply) {
    struct shards *shards = context;
    /* The connection was lost. */
    if (!reply)
        return;
    struct redis_slots *slots = xcalloc(1, sizeof(*slots));
    const bool valid =
        reply->kind == REDIS_TEXT && redis_slots_parse(slots, reply->text, &shards->asked);
    shards->down_ticks = valid ? 0 : LEAVE_TICKS;
    if (valid && memcmp(slots, &shards->slots, sizeof(*slots)) != 0) {
        log_info("redis: the cluster has %u primaries with slots", slots->count);
        shards->slots = *slots;
        shards->changed(shards->context, &shards->slots);
    }
    free(slots);
}

static void ask(void *context) {
    struct shards *shards = context;
    const struct text args[] = {{"CLUSTER", 7}, {"NODES", 5}};
    shards->ticks = 0;
    redis_conn_command(shards->conn, args, 2, on_answer, shards);
}

/* Whether it is up is looked at by the tick; nothing is subscribed to. */
static void on_state(void *context, bool up) {
    (void)context;
    (void)up;
}

static void on_pushed(void *context, const struct redis_reply *reply) {
    (void)context;
    (void)reply;
}

static void use_server(struct shards *shards) {
    const char *list = shards->config->redis_host;
    const unsigned known = shards->slots.count, listed = host_list_count(list);
    shards->down_ticks = 0;
    if (known + listed == 0)
        return;
    const unsigned at = shards->server % (known + listed);
    if (at < known)
        shards->asked = shards->slots.nodes[at];
    else
        host_list_get(list, at - known, (unsigned)shards->config->redis_port, &shards->asked);
    redis_conn_set_address(shards->conn, &shards->asked);
}

struct shards *shards_new(uv_loop_t *loop, const struct config *config, shards_changed *changed,
                          void *context) {
    struct shards *shards = xcalloc(1, sizeof(*shards));
    shards->config = config;
    shards->changed = changed;
    shards->context = context;
    shards->callbacks = (struct redis_conn_callbacks){shards, ask, on_state, on_pushed};
    shards->conn = redis_conn_new_at(loop, config, &shards->callbacks, false, false);
    use_server(shards);
    return shards;
}

void shards_tick(struct shards *shards) {
    redis_conn_tick(shards->conn);
    shards->ticks++;
    if (redis_conn_is_up(shards->conn) && shards->ticks >= ASK_TICKS)
        ask(shards);
    if (!redis_conn_is_up(shards->conn))
        shards->down_ticks++;
    if (shards->down_ticks < LEAVE_TICKS)
        return;
    shards->server++;
    use_server(shards);
}

void shards_flush(struct shards *shards) {
    redis_conn_flush(shards->conn);
}

void shards_close(struct shards *shards) {
    if (!shards)
        return;
    redis_conn_close(shards->conn);
    free(shards);
}
