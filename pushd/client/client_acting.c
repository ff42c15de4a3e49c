/* client_acting: clients whose credential is an API key of the site, which acts as a user. Revoking
 * a key concerns no user's stream, so the database is asked whether the keys in use still hold: in
 * one small query, twice a second, while there are such clients. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/xalloc.h"
#include "client/client_private.h"
#include "store/rooms/ban.h"

void client_acting_begin(struct client *client, const struct handshake *handshake) {
    struct clients *clients = client->clients;
    struct client_acting *acting = xcalloc(1, sizeof(*acting));
    const struct text user = handshake->user;
    acting->client = client;
    snprintf(acting->address, sizeof(acting->address), "%s",
             handshake->address ? handshake->address : "");
    /* A text that is too long names no user; one that cannot be parsed is refused as such. */
    if (user.len < sizeof(acting->user))
        memcpy(acting->user, user.at, user.len);
    else
        acting->user[0] = '?';
    acting->next = clients->acting;
    acting->at = &clients->acting;
    if (acting->next)
        acting->next->at = &acting->next;
    clients->acting = acting;
    client->acting = acting;
}

void client_acting_free(struct client_acting *acting) {
    if (!acting)
        return;
    *acting->at = acting->next;
    if (acting->next)
        acting->next->at = acting->at;
    free(acting);
}

enum error client_acting_find(const struct client_acting *acting, struct db *db,
                              const unsigned char key_hash[SECRET_HASH_SIZE],
                              const struct config *config, uint64_t room_id,
                              struct identity *identity, enum api_key_refusal *refusal) {
    struct api_key key;
    memset(identity, 0, sizeof(*identity));
    *refusal = API_KEY_ACCEPTED;
    const enum error error = api_key_find(db, key_hash, &key);
    if (error)
        return error;
    const enum error found =
        api_key_act(db, &key, acting->address, text_of(acting->user),
                    text_of(config->jwt_issuer), room_id, identity, refusal);
    /* Perhaps disabled only until now. */
    if (!found && !identity->user.is_active)
        identity->user.is_active = ban_end_due(db, identity->user.id);
    return found;
}

/* ---- revoked and expired keys ---- */

struct hash {
    unsigned char bytes[SECRET_HASH_SIZE];
};

/* The keys in use, each once; after the query, those that have ended. */
struct check {
    struct clients *clients;
    struct hash *hashes;
    size_t count, space;
    bool *ended;
    enum error error;
};

static struct hash *find_hash(const struct check *check, const unsigned char *hash) {
    for (size_t i = 0; i < check->count; i++)
        if (memcmp(check->hashes[i].bytes, hash, SECRET_HASH_SIZE) == 0)
            return &check->hashes[i];
    return NULL;
}

/* On a thread. */
static void check_work(void *context, struct db *db) {
    struct check *check = context;
    check->error = api_key_ended(db, check->hashes[0].bytes, check->count, check->ended);
}

/* Clients may have gone or come meanwhile. One that is still opening finds out by itself. */
static void check_done(void *context) {
    struct check *check = context;
    struct clients *clients = check->clients;
    for (struct client_acting *acting = clients->acting; acting && !check->error;
         acting = acting->next) {
        const struct hash *hash = find_hash(check, acting->client->key_hash);
        if (hash && check->ended[hash - check->hashes] && acting->client->state == CLIENT_CONNECTED)
            client_check_credentials(acting->client);
    }
    clients->checking_keys = false;
    free(check->hashes);
    free(check->ended);
    free(check);
}

void client_acting_tick(struct clients *clients) {
    if (!clients->acting || clients->checking_keys)
        return;
    struct check *check = xcalloc(1, sizeof(*check));
    check->clients = clients;
    /* Each key once, however many sockets were opened with it. */
    for (const struct client_acting *acting = clients->acting; acting; acting = acting->next) {
        if (find_hash(check, acting->client->key_hash))
            continue;
        check->hashes =
            array_reserve(check->hashes, &check->space, check->count + 1, sizeof(*check->hashes));
        memcpy(check->hashes[check->count++].bytes, acting->client->key_hash, SECRET_HASH_SIZE);
    }
    check->ended = xcalloc(check->count, sizeof(*check->ended));
    clients->checking_keys = true;
    db_pool_run(clients->db_pool, check_work, check_done, check);
}
