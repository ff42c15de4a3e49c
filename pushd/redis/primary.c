/* primary: one connection to a Sentinel. One that does not answer, or does not know the primary, is
 * left for the next of the list. */
#include "redis/primary.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "redis/redis_conn.h"
#include "redis/redis_sentinel.h"

/* Between questions, and until a Sentinel without a connection is left. */
#define ASK_TICKS (500 / REDIS_CONN_TICK_MS)
#define LEAVE_TICKS (1000 / REDIS_CONN_TICK_MS)

struct primary {
    const struct config *config;
    primary_changed *changed;
    void *context;
    struct redis_conn *conn;
    struct redis_conn_callbacks callbacks;
    struct host_address address; /* of the primary; without a name: not known yet */
    unsigned sentinel;           /* in the list */
    unsigned ticks;              /* since the last question */
    unsigned down_ticks;         /* without a usable Sentinel */
};

static void on_answer(void *context, const struct redis_reply *reply) {
    struct primary *primary = context;
    struct host_address found;
    uint64_t port;
    /* The connection was lost. */
    if (!reply)
        return;
    /* nil: it does not know the name; or an error. */
    if (reply->kind != REDIS_LIST || reply->count != 2 || reply->items[0]->kind != REDIS_TEXT ||
        reply->items[1]->kind != REDIS_TEXT || !text_to_u64(reply->items[1]->text, &port) ||
        port > 65535) {
        primary->down_ticks = LEAVE_TICKS;
        return;
    }
    const struct text name = reply->items[0]->text;
    snprintf(found.name, sizeof(found.name), "%.*s", (int)name.len, name.at);
    found.port = (unsigned)port;
    primary->down_ticks = 0;
    if (host_address_equals(&primary->address, &found))
        return;
    primary->address = found;
    log_info("redis: the primary is %s:%u", found.name, found.port);
    primary->changed(primary->context, &found);
}

static void ask(void *context) {
    struct primary *primary = context;
    const struct text args[] = {
        {"SENTINEL", 8}, {"get-master-addr-by-name", 23}, text_of(primary->config->redis_master)};
    primary->ticks = 0;
    redis_conn_command(primary->conn, args, 3, on_answer, primary);
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

static void use_sentinel(struct primary *primary) {
    const char *list = primary->config->redis_sentinels;
    const unsigned count = host_list_count(list);
    struct host_address address;
    primary->down_ticks = 0;
    /* A reload may have emptied the list; it is used at the next start. */
    if (count == 0)
        return;
    host_list_get(list, primary->sentinel % count, REDIS_SENTINEL_PORT, &address);
    redis_conn_set_address(primary->conn, &address);
}

struct primary *primary_new(uv_loop_t *loop, const struct config *config, primary_changed *changed,
                            void *context) {
    struct primary *primary = xcalloc(1, sizeof(*primary));
    primary->config = config;
    primary->changed = changed;
    primary->context = context;
    primary->callbacks = (struct redis_conn_callbacks){primary, ask, on_state, on_pushed};
    primary->conn = redis_conn_new_at(loop, config, &primary->callbacks, false, true);
    use_sentinel(primary);
    return primary;
}

void primary_tick(struct primary *primary) {
    redis_conn_tick(primary->conn);
    primary->ticks++;
    if (redis_conn_is_up(primary->conn) && primary->ticks >= ASK_TICKS)
        ask(primary);
    if (!redis_conn_is_up(primary->conn))
        primary->down_ticks++;
    if (primary->down_ticks < LEAVE_TICKS)
        return;
    primary->sentinel++;
    use_sentinel(primary);
}

void primary_flush(struct primary *primary) {
    redis_conn_flush(primary->conn);
}

void primary_close(struct primary *primary) {
    if (!primary)
        return;
    redis_conn_close(primary->conn);
    free(primary);
}
