/* Trying commands that Redis may refuse, to a user without rights or on a replica; the identity;
 * the memory. */
#include "redis/redis_server.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "redis/redis_client_private.h"
#include "redis/redis_subscribe.h"
#include "secrets/secret.h"

/* Writes a key, so that a replica refuses; the sorted set ARGV[1] shows how many pushd processes
 * there are. */
static const char TRY[] =
    "redis.call('SET', KEYS[1], '1', 'PX', 1000) "
    "return redis.call('ZCARD', ARGV[1])";

/* Publishes a message and waits until `subscriber`, which is subscribed to the channel, receives
 * it: so publishing and subscribing reach the same server. */
static bool publish_and_receive(struct redis_client *client, struct redis_client *subscriber,
                                const char *channel, int64_t deadline) {
    const bool is_cluster = redis_slots_are_used(redis_client_config(client));
    const char *publish[] = {is_cluster ? "SPUBLISH" : "PUBLISH", channel, "1"};
    const int64_t left_ms = deadline - clock_monotonic_ms();
    redisReply *reply = redis_client_run(client, left_ms > 0 ? (uint64_t)left_ms : 0, 3, publish);
    bool received = false;
    if (!reply) {
        redis_client_note(client, "cannot publish", redis_client_last_error(client));
        return false;
    }
    freeReplyObject(reply);
    const int64_t wait_ms = deadline - clock_monotonic_ms();
    redis_subscribe_wait(subscriber, wait_ms > 0 ? (uint64_t)wait_ms : 0, &received);
    if (!received)
        redis_client_note(client, "cannot receive", "a published message does not arrive");
    return received;
}

bool redis_server_try(struct redis_client *client, uint64_t timeout_ms, uint64_t *pushd_count) {
    const int64_t deadline = clock_monotonic_ms() + (int64_t)timeout_ms;
    const char *prefix = redis_client_config(client)->redis_prefix;
    char channel[256], key[256], pushds[256], node_prefix[REDIS_SLOTS_PREFIX_SIZE];
    const char *script[] = {"EVAL", TRY, "1", key, pushds};
    redisReply *reply = NULL;
    bool worked = false;
    /* The time makes the channel's name unique among parallel checks. */
    snprintf(channel, sizeof(channel), "%stry:%" PRIx64, prefix, (uint64_t)clock_now());
    snprintf(key, sizeof(key), "%stry", prefix);
    /* In a cluster, those that have used the server with this key. */
    snprintf(pushds, sizeof(pushds), "%spushds", redis_client_prefix(client, key, node_prefix));
    *pushd_count = 0;

    /* On a connection of its own: one that is subscribed takes no other commands. */
    struct redis_client *subscriber = redis_client_new_beside(client, channel);
    if (!redis_subscribe_channel(subscriber, channel, timeout_ms))
        redis_client_note(client, "cannot subscribe", redis_client_last_error(subscriber));
    else
        worked = publish_and_receive(client, subscriber, channel, deadline);
    redis_client_free(subscriber);

    if (worked) {
        reply = redis_client_run(client, timeout_ms, 5, script);
        worked = reply != NULL;
        if (!reply)
            redis_client_note(client, "cannot write", redis_client_last_error(client));
        else if (reply->type == REDIS_REPLY_INTEGER)
            *pushd_count = (uint64_t)reply->integer;
    }
    freeReplyObject(reply);
    return worked;
}

bool redis_server_identity(struct redis_client *client, uint64_t timeout_ms,
                           char identity[REDIS_SERVER_IDENTITY_SIZE]) {
    /* GET and SET in a script are one step: two processes that start together agree on one
     * value. */
    static const char SCRIPT[] =
        "local found = redis.call('GET', KEYS[1]) "
        "if not found then found = ARGV[1] redis.call('SET', KEYS[1], found) end "
        "return found";
    char key[256], fresh[REDIS_SERVER_IDENTITY_SIZE];
    /* Used only if there is none yet. */
    secret_random_hex(fresh, (REDIS_SERVER_IDENTITY_SIZE - 1) / 2);
    snprintf(key, sizeof(key), "%sidentity", redis_client_config(client)->redis_prefix);
    const char *argv[] = {"EVAL", SCRIPT, "1", key, fresh};
    redisReply *reply = redis_client_run(client, timeout_ms, 5, argv);
    const bool valid = reply && reply->type == REDIS_REPLY_STRING &&
                       (size_t)reply->len == REDIS_SERVER_IDENTITY_SIZE - 1;
    /* hiredis terminates strings, so the terminator is copied too. */
    if (valid)
        memcpy(identity, reply->str, REDIS_SERVER_IDENTITY_SIZE);
    freeReplyObject(reply);
    return valid;
}

bool redis_server_memory(struct redis_client *client, uint64_t timeout_ms, struct buffer *out) {
    const char *argv[] = {"INFO", "memory"};
    redisReply *reply = redis_client_run(client, timeout_ms, 2, argv);
    const bool valid = reply && reply->type == REDIS_REPLY_STRING;
    if (valid)
        buffer_append(out, reply->str, (size_t)reply->len);
    freeReplyObject(reply);
    return valid;
}
