/*
 * client_expiry: login sessions and tokens that expire while their sockets are open. Expiry
 * publishes no event, so the database is queried, for all clients at a time: every 20 seconds,
 * since the time of a session changes, and when the first token expires. An open socket does not
 * renew its session.
 */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "client/client_private.h"

/* The interval of these queries, and the credentials in one statement. */
#define INTERVAL_MS 20000
#define SLICE 500

struct hash {
    unsigned char bytes[SECRET_HASH_SIZE];
};

/* Credentials of one kind; after the query, those that have ended. */
struct hashes {
    struct hash *list;
    size_t count, space;
};

/* A check of all credentials that may expire, or of the tokens whose time has come. */
struct check {
    struct clients *clients;
    bool is_full;
    int64_t now_ms;
    struct hashes sessions, tokens;
};

/* Calls visit for each client that is connected by such a credential. */
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
        /* Most tokens never expire. */
        if (client && client->state == CLIENT_CONNECTED &&
            (!client->by_token || client->expires_ms != 0))
            visitor->visit(client, visitor->check);
    }
}

static void each_client(struct check *check,
                        void (*visit)(struct client *client, struct check *check)) {
    struct visitor visitor = {visit, check};
    channels_each(check->clients->channels, visit_channel, &visitor);
}

static struct hashes *hashes_of(struct check *check, const struct client *client) {
    return client->by_token ? &check->tokens : &check->sessions;
}

/* A time that is still to come is when a check is due, if it is the first. */
static void expect(struct clients *clients, int64_t expires_ms, int64_t now_ms) {
    if (expires_ms > now_ms &&
        (clients->next_due_ms == 0 || expires_ms < clients->next_due_ms))
        clients->next_due_ms = expires_ms;
}

/* Collects the credentials that have to be looked up, or only those that should have expired. */
static void add_hash(struct client *client, struct check *check) {
    struct hashes *hashes = hashes_of(check, client);
    expect(check->clients, client->expires_ms, check->now_ms);
    if (!check->is_full && (!client->by_token || client->expires_ms > check->now_ms))
        return;
    hashes->list =
        array_reserve(hashes->list, &hashes->space, hashes->count + 1, sizeof(*hashes->list));
    memcpy(hashes->list[hashes->count++].bytes, client->key_hash, SECRET_HASH_SIZE);
}

/* On a thread: keeps those that have ended. A slice that cannot be read is checked next time. */
static void keep_ended(struct hashes *hashes, struct db *db,
                       enum error (*find)(struct db *db, const unsigned char *hashes, size_t count,
                                          bool *ended)) {
    bool ended[SLICE];
    size_t kept = 0;
    for (size_t at = 0; at < hashes->count; at += SLICE) {
        const size_t count = hashes->count - at < SLICE ? hashes->count - at : SLICE;
        if (find(db, hashes->list[at].bytes, count, ended))
            continue;
        /* Moved to the front of the same array: kept is never beyond what was read. */
        for (size_t i = 0; i < count; i++)
            if (ended[i])
                hashes->list[kept++] = hashes->list[at + i];
    }
    hashes->count = kept;
}

static void check_work(void *context, struct db *db) {
    struct check *check = context;
    keep_ended(&check->sessions, db, login_session_ended);
    keep_ended(&check->tokens, db, token_ended);
}

/* The credential of this client is among those that have ended: it is checked like any credential
 * that may have changed, and closed with 4401. */
static void close_ended(struct client *client, struct check *check) {
    const struct hashes *hashes = hashes_of(check, client);
    for (size_t i = 0; i < hashes->count; i++)
        if (memcmp(client->key_hash, hashes->list[i].bytes, SECRET_HASH_SIZE) == 0) {
            client_check_credentials(client);
            return;
        }
}

static void free_check(struct check *check) {
    free(check->sessions.list);
    free(check->tokens.list);
    free(check);
}

/* Closes the clients of credentials that are not valid any more. */
static void check_done(void *context) {
    struct check *check = context;
    /* Clients may have gone or come meanwhile, so they are found again by their hashes. */
    if (check->sessions.count > 0 || check->tokens.count > 0)
        each_client(check, close_ended);
    check->clients->checking_expiry = false;
    free_check(check);
}

void client_expiry_expect(struct client *client, int64_t expires_at) {
    const int64_t now_ms = clock_monotonic_ms();
    if (expires_at == 0)
        return;
    /* On the monotonic clock. A moment later than the expiry, since the clock of the database
     * decides. */
    client->expires_ms = now_ms + (expires_at - clock_now()) / 1000 + 1;
    expect(client->clients, client->expires_ms, now_ms);
}

void client_expiry_tick(struct clients *clients) {
    const int64_t now_ms = clock_monotonic_ms();
    const bool is_full = now_ms >= clients->next_expiry_ms;
    const bool is_due = clients->next_due_ms != 0 && now_ms >= clients->next_due_ms;
    if (clients->checking_expiry || (!is_full && !is_due))
        return;
    if (is_full)
        clients->next_expiry_ms = now_ms + INTERVAL_MS;
    clients->next_due_ms = 0;
    struct check *check = xcalloc(1, sizeof(*check));
    *check = (struct check){.clients = clients, .is_full = is_full, .now_ms = now_ms};
    each_client(check, add_hash);
    /* No client has a credential that may expire. */
    if (check->sessions.count == 0 && check->tokens.count == 0) {
        free_check(check);
        return;
    }
    clients->checking_expiry = true;
    db_pool_run(clients->db_pool, check_work, check_done, check);
}
