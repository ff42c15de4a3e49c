/* The thread: it subscribes, waits for an event, wakes the loop, and pauses. The pause lets one
 * wake-up serve a burst of events. */
#include "wake.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/xalloc.h"
#include "redis/redis_slots.h"
#include "redis/redis_subscribe.h"

#define WAIT_MS 500
#define GATHER_MS 20

struct wake {
    const struct config *config;
    struct redis_client *redis;
    uv_async_t *async;
    uv_thread_t thread;
    atomic_bool stopping;
};

static void sleep_ms(long ms) {
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* The thread: subscribes to all rooms, and wakes the loop when something is published. */
static void run(void *context) {
    struct wake *wake = context;
    char pattern[256];
    bool is_subscribed = false, received = false;
    /* The channels of rooms (event/event.h). */
    snprintf(pattern, sizeof(pattern), "%sroom:*", wake->config->redis_prefix);
    /* `stopping` is set by wake_free on the main thread; this thread sees it after at most one
     * wait. */
    while (!wake->stopping) {
        if (!is_subscribed)
            is_subscribed = redis_subscribe_pattern(wake->redis, pattern, WAIT_MS);
        /* Unavailable: the client itself pauses between two attempts. */
        if (!is_subscribed) {
            sleep_ms(WAIT_MS);
            continue;
        }
        /* False after the connection was lost: then it subscribes again. */
        is_subscribed = redis_subscribe_wait(wake->redis, WAIT_MS, &received);
        if (!received)
            continue;
        /* Several calls before the loop wakes have the effect of one. */
        uv_async_send(wake->async);
        sleep_ms(GATHER_MS);
    }
}

struct wake *wake_new(const struct config *config, uv_async_t *async) {
    struct wake *wake = xcalloc(1, sizeof(*wake));
    wake->config = config;
    wake->async = async;
    wake->redis = redis_client_new(config);
    /* A cluster has no patterns of shard channels: there events are found by polling. */
    if (redis_client_is_configured(wake->redis) && !redis_slots_are_used(config) &&
        uv_thread_create(&wake->thread, run, wake) == 0)
        return wake;
    redis_client_free(wake->redis);
    free(wake);
    return NULL;
}

void wake_free(struct wake *wake) {
    if (!wake)
        return;
    wake->stopping = true;
    uv_thread_join(&wake->thread);
    redis_client_free(wake->redis);
    free(wake);
}
