/*
 * client_expiry: login sessions that expire while their sockets are open. Nothing happens then
 * that could be published, so the database is asked now and then, for all clients at a time. An
 * open socket does not renew its session.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "client/client_private.h"

/* How often it is asked, and for how many sessions in one statement. */
#define INTERVAL_MS 20000
#define SLICE 500

struct hash {
    unsigned char bytes[SECRET_HASH_SIZE];
};

/* A check of all sessions. */
struct check {
    struct clients *clients;
    struct hash *hashes; /* of the sessions; after the query, of those that have ended */
    size_t count, space;
};

/* Calls visit for each client that is connected by a session. */
struct visitor {
    void (*visit)(struct client *client, struct check *check);
    struct check *check;
};

/* Every client that is connected has a subscription to its user's stream: by these all are
 * found. */
static void visit_channel(void *context, const struct channel *channel) {
    const struct visitor *visitor = context;
    for (uint32_t i = 0; channel->stream.kind == EVENT_STREAM_USER && i < channel->count; i++) {
        struct client *client = channel->subscriptions[i]->client;
        if (client && client->state == CLIENT_CONNECTED && !client->by_token)
            visitor->visit(client, visitor->check);
    }
}

static void each_session(struct check *check,
                         void (*visit)(struct client *client, struct check *check)) {
    struct visitor visitor = {visit, check};
    channels_each(check->clients->channels, visit_channel, &visitor);
}

static void add_hash(struct client *client, struct check *check) {
    check->hashes =
        array_reserve(check->hashes, &check->space, check->count + 1, sizeof(*check->hashes));
    memcpy(check->hashes[check->count++].bytes, client->key_hash, SECRET_HASH_SIZE);
}

/* On a thread: keeps those that have ended. A slice that cannot be read is checked next time. */
static void check_work(void *context, struct db *db) {
    struct check *check = context;
    bool ended[SLICE];
    size_t kept = 0;
    for (size_t at = 0; at < check->count; at += SLICE) {
        const size_t count = check->count - at < SLICE ? check->count - at : SLICE;
        if (login_session_ended(db, check->hashes[at].bytes, count, ended))
            continue;
        /* Moved to the front of the same array: kept is never beyond what was read. */
        for (size_t i = 0; i < count; i++)
            if (ended[i])
                check->hashes[kept++] = check->hashes[at + i];
    }
    check->count = kept;
}

/* The session of this client is among those that have ended: it is checked like any credential that
 * may have changed, and closed with 4401. */
static void close_ended(struct client *client, struct check *check) {
    for (size_t i = 0; i < check->count; i++)
        if (memcmp(client->key_hash, check->hashes[i].bytes, SECRET_HASH_SIZE) == 0) {
            client_check_credentials(client);
            return;
        }
}

static void check_done(void *context) {
    struct check *check = context;
    /* Clients may have gone or come meanwhile, so they are found again by their hashes. */
    if (check->count > 0)
        each_session(check, close_ended);
    check->clients->checking_expiry = false;
    free(check->hashes);
    free(check);
}

void client_expiry_tick(struct clients *clients) {
    const int64_t now_ms = clock_monotonic_ms();
    if (clients->checking_expiry || now_ms < clients->next_expiry_ms)
        return;
    clients->next_expiry_ms = now_ms + INTERVAL_MS;
    struct check *check = xcalloc(1, sizeof(*check));
    check->clients = clients;
    each_session(check, add_hash);
    /* Nobody is connected by a session. */
    if (check->count == 0) {
        free(check);
        return;
    }
    clients->checking_expiry = true;
    db_pool_run(clients->db_pool, check_work, check_done, check);
}
