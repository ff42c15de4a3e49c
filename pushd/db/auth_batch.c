#include "db/auth_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* Callers in one question. */
#define BATCH_MAX 64

/* Questions about credentials of one kind that may be under way: the second one only when
 * there are enough who wait to fill it. */
#define MAX_IN_FLIGHT 2

struct waiter {
    auth_batch_found *found;
    void *context;
};

/* One question, from the first caller in it until all have heard. */
struct batch {
    struct queue *queue;
    struct batch *next;
    enum error error;
    size_t count;
    struct waiter waiters[BATCH_MAX];
    struct identity_query queries[BATCH_MAX];
};

/* Credentials of one kind: those who wait, in the order in which they came. */
struct queue {
    struct auth_batch *owner;
    bool by_token;
    unsigned in_flight;
    struct batch *first, *last; /* all but the last one are full */
};

struct auth_batch {
    struct db_pool *db_pool;
    const struct config *config;
    struct queue tokens, clients;
};

struct auth_batch *auth_batch_new(struct db_pool *db_pool, const struct config *config) {
    struct auth_batch *auth_batch = xcalloc(1, sizeof(*auth_batch));
    auth_batch->db_pool = db_pool;
    auth_batch->config = config;
    auth_batch->tokens = (struct queue){.owner = auth_batch, .by_token = true};
    auth_batch->clients = (struct queue){.owner = auth_batch};
    return auth_batch;
}

void auth_batch_free(struct auth_batch *auth_batch) {
    free(auth_batch);
}

/* ---- on a thread ---- */

/* The statement for one is cheaper where there is but one. */
static enum error query_one(struct batch *batch, struct db *db) {
    const struct queue *queue = batch->queue;
    struct identity_query *identity = &batch->queries[0];
    identity->error =
        queue->by_token ? token_find(db, identity->hash, identity->room_id, &identity->identity)
                        : login_session_find(db, identity->hash, queue->owner->config->session_days,
                                             identity->room_id, &identity->identity);
    return ERROR_NONE;
}

static void batch_work(void *job, struct db *db) {
    struct batch *batch = job;
    const struct queue *queue = batch->queue;
    if (batch->count == 1)
        batch->error = query_one(batch, db);
    else if (queue->by_token)
        batch->error = token_find_many(db, batch->queries, batch->count);
    else
        batch->error = login_session_find_many(db, queue->owner->config->session_days,
                                               batch->queries, batch->count);
}

/* ---- on the loop ---- */

static void batch_done(void *job);

static void start_next(struct queue *queue) {
    struct batch *batch = queue->first;
    if (!batch || queue->in_flight == MAX_IN_FLIGHT ||
        (queue->in_flight > 0 && batch->count < BATCH_MAX))
        return;
    queue->first = batch->next;
    if (!queue->first)
        queue->last = NULL;
    queue->in_flight++;
    db_pool_run(queue->owner->db_pool, batch_work, batch_done, batch);
}

static void batch_done(void *job) {
    struct batch *batch = job;
    struct queue *queue = batch->queue;
    queue->in_flight--;
    start_next(queue);
    for (size_t i = 0; i < batch->count; i++) {
        const struct waiter *waiter = &batch->waiters[i];
        const struct identity_query *identity = &batch->queries[i];
        waiter->found(waiter->context, batch->error ? batch->error : identity->error,
                      &identity->identity);
    }
    free(batch);
}

static struct batch *add_batch(struct queue *queue) {
    /* Not zeroed: it is large, and mostly for one. */
    struct batch *batch = xreallocarray(NULL, 1, sizeof(*batch));
    batch->queue = queue;
    batch->next = NULL;
    batch->error = ERROR_NONE;
    batch->count = 0;
    if (queue->last)
        queue->last->next = batch;
    else
        queue->first = batch;
    queue->last = batch;
    return batch;
}

void auth_batch_find(struct auth_batch *auth_batch, bool by_token,
                     const unsigned char hash[SECRET_HASH_SIZE], uint64_t room_id,
                     auth_batch_found *found, void *context) {
    struct queue *queue = by_token ? &auth_batch->tokens : &auth_batch->clients;
    struct batch *batch = queue->last;
    if (!batch || batch->count == BATCH_MAX)
        batch = add_batch(queue);
    struct identity_query *identity = &batch->queries[batch->count];
    memcpy(identity->hash, hash, SECRET_HASH_SIZE);
    identity->room_id = room_id;
    batch->waiters[batch->count++] = (struct waiter){found, context};
    start_next(queue);
}
