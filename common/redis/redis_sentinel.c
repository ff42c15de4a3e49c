/* Asking Sentinels, over one connection, which stays open: to the Sentinel that answered last. */
#include "redis/redis_sentinel.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "redis/redis_client_private.h"

struct redis_sentinel {
    const struct config *config;
    unsigned at;                 /* in the list */
    struct redis_client *client; /* NULL: none yet */
};

bool redis_has_sentinels(const struct config *config) {
    return config->redis_sentinels && config->redis_sentinels[0] != '\0';
}

bool redis_is_configured(const struct config *config) {
    return redis_has_sentinels(config) || config->redis_socket[0] != '\0' ||
           config->redis_host[0] != '\0';
}

struct redis_sentinel *redis_sentinel_new(const struct config *config) {
    struct redis_sentinel *sentinel = xcalloc(1, sizeof(*sentinel));
    sentinel->config = config;
    return sentinel;
}

void redis_sentinel_free(struct redis_sentinel *sentinel) {
    if (!sentinel)
        return;
    redis_client_free(sentinel->client);
    free(sentinel);
}

/* Reads [host, port]. A Sentinel that does not know the name replies with nil. */
static bool read_address(const redisReply *reply, struct host_address *address) {
    uint64_t port;
    if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
        reply->element[0]->type != REDIS_REPLY_STRING ||
        reply->element[1]->type != REDIS_REPLY_STRING ||
        !text_to_u64((struct text){reply->element[1]->str, (size_t)reply->element[1]->len},
                     &port) ||
        port > 65535)
        return false;
    snprintf(address->name, sizeof(address->name), "%s", reply->element[0]->str);
    address->port = (unsigned)port;
    return true;
}

/* Asks one Sentinel for the primary; false if it does not know it, or does not answer. */
static bool ask(struct redis_sentinel *sentinel, uint64_t timeout_ms,
                struct host_address *primary) {
    /* The name of the command is fixed by Redis; a "master" is the primary here. */
    const char *argv[] = {"SENTINEL", "get-master-addr-by-name", sentinel->config->redis_master};
    struct host_address address;
    /* The connection to the Sentinel that answered last, else a new one to the next of the list. */
    if (!sentinel->client) {
        host_list_get(sentinel->config->redis_sentinels, sentinel->at, REDIS_SENTINEL_PORT,
                      &address);
        sentinel->client = redis_client_new_sentinel(sentinel->config, &address);
    }
    redisReply *reply = redis_client_run(sentinel->client, timeout_ms, 3, argv);
    const bool found = read_address(reply, primary);
    freeReplyObject(reply);
    return found;
}

bool redis_sentinel_find(struct redis_sentinel *sentinel, uint64_t timeout_ms,
                         struct host_address *primary) {
    const unsigned count = host_list_count(sentinel->config->redis_sentinels);
    for (unsigned tried = 0; tried < count; tried++) {
        /* After a reload the list may be shorter. */
        sentinel->at %= count;
        if (ask(sentinel, timeout_ms, primary))
            return true;
        /* No answer, or it does not know the primary: the next one is asked. */
        redis_client_free(sentinel->client);
        sentinel->client = NULL;
        sentinel->at++;
    }
    return false;
}
