/* auth_batch: a queue of batches for tokens, and one for login sessions, since the two are queried
 * by different statements. A request joins the last batch of its queue. A batch is queried at once
 * if no query of its queue is running; else when one ends, or when the batch is full. */
#include "db/auth_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "store/rooms/ban.h"

/* Requests in one query. */
#define BATCH_MAX 64

/* Queries of one queue that run at the same time; the second one only with a full batch. */
#define MAX_IN_FLIGHT 2

/* The callback of one request; its query has the same index. */
struct waiter {
    auth_batch_found *found;
    void *context;
};

/* The requests of one query, until all are called back. */
struct batch {
    struct queue *queue;
    struct batch *next;
    enum error error; /* of the whole query */
    size_t count;
    struct waiter waiters[BATCH_MAX];
    struct identity_query queries[BATCH_MAX];
};

/* The batches that wait for credentials of one kind. */
struct queue {
    struct auth_batch *owner;
    bool by_token;
    unsigned in_flight;
    struct batch *first, *last; /* all but the last one are full */
};

struct auth_batch {
    struct db_pool *db_pool;
    const struct config *config;
    struct queue tokens, sessions;
};

struct auth_batch *auth_batch_new(struct db_pool *db_pool, const struct config *config) {
    struct auth_batch *auth_batch = xcalloc(1, sizeof(*auth_batch));
    auth_batch->db_pool = db_pool;
    auth_batch->config = config;
    auth_batch->tokens = (struct queue){.owner = auth_batch, .by_token = true};
    auth_batch->sessions = (struct queue){.owner = auth_batch};
    return auth_batch;
}

/* The queues are empty: their batches are freed when they are done. */
void auth_batch_free(struct auth_batch *auth_batch) {
    free(auth_batch);
}

/* On a thread: one query for all. */
static void query(struct batch *batch, struct db *db) {
    const bool by_token = batch->queue->by_token;
    const uint64_t days = batch->queue->owner->config->session_days;
    struct identity_query *first = &batch->queries[0];
    /* The statement for a single credential is the cheaper one if there is only one. */
    if (batch->count > 1 && by_token)
        batch->error = token_find_many(db, batch->queries, batch->count);
    else if (batch->count > 1)
        batch->error = login_session_find_many(db, days, batch->queries, batch->count);
    else if (by_token)
        first->error = token_find(db, first->hash, first->room_id, &first->identity);
    else
        first->error = login_session_find(db, first->hash, days, first->room_id, &first->identity);
}

/* Whether the answer is one of a database that may not know yet what others have committed. */
static bool may_be_outdated(const struct identity_query *query) {
    const struct identity *identity = &query->identity;
    if (query->error || !identity->user.is_active)
        return query->error == ERROR_UNAUTHENTICATED || !query->error;
    if (query->room_id == 0)
        return identity->last_seq < query->least_seq;
    return room_state_may_read(&identity->room) || identity->room.last_seq < query->least_seq;
}

/* On a thread. In a cluster what would be refused, and what must be the latest, is queried again
 * when the node has caught up. */
static void batch_work(void *job, struct db *db) {
    struct batch *batch = job;
    bool must_be_latest = false, is_outdated = false, again = false;
    for (size_t i = 0; i < batch->count; i++)
        must_be_latest = must_be_latest || batch->queries[i].must_be_latest;
    query(batch, db);
    for (size_t i = 0; !batch->error && i < batch->count; i++)
        is_outdated = is_outdated || may_be_outdated(&batch->queries[i]);
    if (!batch->error && (must_be_latest || is_outdated))
        batch->error = db_catch_up(db, &again);
    if (again)
        query(batch, db);
    /* At most once an hour for each credential; after an error the socket is accepted all the
     * same. */
    for (size_t i = 0; !batch->error && i < batch->count; i++)
        if (!batch->queries[i].error && batch->queries[i].identity.use_is_due)
            identity_note_use(db, &batch->queries[i].identity);
    /* For a ban, or because the room does not exist for a guest. */
    for (size_t i = 0; !batch->error && i < batch->count; i++)
        if (!batch->queries[i].error)
            ban_explain_refusal(db, &batch->queries[i].identity.user,
                                &batch->queries[i].identity.room);
}

static void batch_done(void *job);

/* Starts the query of the first batch, if it need not wait. */
static void start_next(struct queue *queue) {
    struct batch *batch = queue->first;
    if (!batch || queue->in_flight == MAX_IN_FLIGHT ||
        (queue->in_flight > 0 && batch->count < BATCH_MAX))
        return;
    /* From now on no request joins it: it leaves the queue before its query starts. */
    queue->first = batch->next;
    if (!queue->first)
        queue->last = NULL;
    queue->in_flight++;
    db_pool_run(queue->owner->db_pool, batch_work, batch_done, batch);
}

/* A batch is answered: begins the next one, and calls back each waiter. */
static void batch_done(void *job) {
    struct batch *batch = job;
    batch->queue->in_flight--;
    /* First: the database works on the next batch while these are called back. */
    start_next(batch->queue);
    for (size_t i = 0; i < batch->count; i++) {
        const struct waiter *waiter = &batch->waiters[i];
        const struct identity_query *query = &batch->queries[i];
        /* If the query failed, it failed for all; else each has its own result. */
        waiter->found(waiter->context, batch->error ? batch->error : query->error,
                      &query->identity);
    }
    free(batch);
}

void auth_batch_find(struct auth_batch *auth_batch, const struct auth_request *request,
                     auth_batch_found *found, void *context) {
    struct queue *queue = request->by_token ? &auth_batch->tokens : &auth_batch->sessions;
    struct batch *batch = queue->last;
    if (!batch || batch->count == BATCH_MAX) {
        /* Not zeroed: it is large, and mostly for one request. */
        batch = xreallocarray(NULL, 1, sizeof(*batch));
        batch->queue = queue;
        batch->next = NULL;
        batch->error = ERROR_NONE;
        batch->count = 0;
        if (queue->last)
            queue->last->next = batch;
        else
            queue->first = batch;
        queue->last = batch;
    }
    /* Both arrays have the request at the same index. */
    struct identity_query *added = &batch->queries[batch->count];
    memcpy(added->hash, request->hash, SECRET_HASH_SIZE);
    added->room_id = request->room_id;
    added->least_seq = request->least_seq;
    added->must_be_latest = request->must_be_latest;
    batch->waiters[batch->count++] = (struct waiter){found, context};
    start_next(queue);
}
