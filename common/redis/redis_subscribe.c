/* Subscribing, and waiting for messages whose contents do not matter. */
#include "redis/redis_subscribe.h"

#include "base/clock.h"
#include "redis/redis_client_private.h"

/* Sends one of the commands of Pub/Sub, and waits for its confirmation. */
static bool subscribe(struct redis_client *client, const char *command, const char *channel,
                      uint64_t timeout_ms) {
    const char *argv[] = {command, channel};
    redisReply *reply = redis_client_run(client, timeout_ms, 2, argv);
    /* The confirmation is a list: the command, the channel, and the number of subscriptions. */
    const bool is_confirmed = reply && reply->type == REDIS_REPLY_ARRAY;
    freeReplyObject(reply);
    return is_confirmed;
}

bool redis_subscribe_channel(struct redis_client *client, const char *channel,
                             uint64_t timeout_ms) {
    const bool is_cluster = redis_slots_are_used(redis_client_config(client));
    return subscribe(client, is_cluster ? "SSUBSCRIBE" : "SUBSCRIBE", channel, timeout_ms);
}

bool redis_subscribe_pattern(struct redis_client *client, const char *pattern,
                             uint64_t timeout_ms) {
    return subscribe(client, "PSUBSCRIBE", pattern, timeout_ms);
}

bool redis_subscribe_wait(struct redis_client *client, uint64_t timeout_ms, bool *received) {
    int64_t deadline = clock_monotonic_ms() + (int64_t)timeout_ms;
    redisReply *reply = NULL;
    *received = false;
    /* Waits for the first message; the others are those that have arrived with it. */
    do {
        freeReplyObject(reply);
        if (!redis_client_next_reply(client, deadline, &reply))
            return false;
        *received = *received || reply;
        deadline = clock_monotonic_ms();
    } while (reply);
    return true;
}
