/* client_job: database work for one client or one of its watches, on threads. A job keeps both of
 * them from being freed: the client by pending_jobs, the watch by holds. It has a copy of whatever
 * the thread needs, since the loop continues with both meanwhile. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "client/client_private.h"
#include "store/rooms/ban.h"

/* The client has the events up to this number, so that there are as many. */
static uint64_t least_seq(const struct client_opening *opening) {
    return opening && opening->has_since && !opening->bad_since ? opening->since : 0;
}

struct client_job *client_job_new(struct client *client, struct watch *watch) {
    struct client_job *job = xcalloc(1, sizeof(*job));
    job->client = client;
    job->watch = watch;
    job->config = client->clients->config;
    job->opening = watch ? NULL : client->opening;
    job->room_id = watch ? watch->room_id : 0;
    job->least_seq = least_seq(watch ? watch->opening : client->opening);
    job->by_token = client->by_token;
    job->is_anonymous = client->is_anonymous;
    job->acting = client->acting;
    memcpy(job->key_hash, client->key_hash, sizeof(job->key_hash));
    client->pending_jobs++;
    if (watch)
        watch->holds++;
    return job;
}

bool client_job_end(struct client_job *job) {
    struct client *client = job->client;
    struct watch *watch = job->watch;
    const enum error error = job->error;
    /* Read before the two are released, which may free them. */
    bool is_over = client->state == CLIENT_CLOSED;
    client->is_disabled =
        job->acting && error == ERROR_UNAUTHENTICATED && job->identity.user.id != 0;
    client->pending_jobs--;
    /* Other errors are answers, such as that a credential is not known. */
    if (error == ERROR_UNAVAILABLE || error == ERROR_INTERNAL)
        client->clients->metrics->db_errors++;
    free(job);
    if (watch) {
        is_over = is_over || watch->state == WATCH_ENDED;
        watch_release(watch);
    }
    client_release(client);
    return !is_over;
}

/* ---- identities ---- */

enum error client_job_check_active(enum error error, const struct identity *identity) {
    return !error && !identity->user.is_active ? ERROR_UNAUTHENTICATED : error;
}

static void on_authenticated(void *context, enum error error, const struct identity *identity);

/* Asks for the credential together with those of other clients. */
static void find(struct client_job *job) {
    const struct auth_request request = {.by_token = job->by_token,
                                         .hash = job->key_hash,
                                         .room_id = job->room_id,
                                         .least_seq = job->least_seq,
                                         .must_be_latest = job->must_be_latest};
    auth_batch_find(job->client->clients->auth_batch, &request, on_authenticated, job);
}

/* The identity of a key was queried; perhaps another key is to be tried. */
static void on_authenticated(void *context, enum error error, const struct identity *identity) {
    struct client_job *job = context;
    struct client_keys *others = job->client->other_keys;
    job->identity = *identity;
    job->error = client_job_check_active(error, identity);
    /* There may be several cookies of the name: the first valid one counts. */
    if (job->error == ERROR_UNAUTHENTICATED && others && others->count > 0) {
        /* The key of the client changes with it: later checks use the one that is valid. */
        memcpy(job->key_hash, others->hashes[--others->count], sizeof(job->key_hash));
        memcpy(job->client->key_hash, job->key_hash, sizeof(job->key_hash));
        find(job);
        return;
    }
    /* This key is valid: later checks use it alone. */
    free(others);
    job->client->other_keys = NULL;
    job->done(job);
}

/* Without credentials: what is not open does not show whether it exists. */
static enum error find_open_room(struct db *db, uint64_t room_id, struct identity *identity) {
    *identity = (struct identity){.user = {.is_active = true}};
    const enum error error = room_state_get(db, room_id, 0, &identity->room);
    return error || identity->room.is_open ? error : ERROR_UNAUTHENTICATED;
}

/* One query, by the kind of credential. */
static void query(struct client_job *job, struct db *db, uint64_t room_id) {
    if (job->is_anonymous)
        job->error = find_open_room(db, room_id, &job->identity);
    else if (job->acting)
        job->error = client_acting_find(job->acting, db, job->key_hash, job->config, room_id,
                                        &job->identity, &job->refusal);
    else if (job->by_token)
        job->error = token_find(db, job->key_hash, room_id, &job->identity);
    else
        job->error = login_session_find(db, job->key_hash, job->config->session_days, room_id,
                                        &job->identity);
    job->error = client_job_check_active(job->error, &job->identity);
}

/* The same; in a cluster again, if the answer may be of a node that is behind. */
static void query_latest(struct client_job *job, struct db *db, uint64_t room_id) {
    const struct identity *identity = &job->identity;
    bool again = false;
    query(job, db, room_id);
    const uint64_t last_seq = room_id ? identity->room.last_seq : identity->last_seq;
    const bool is_refused = job->error == ERROR_UNAUTHENTICATED || job->error == ERROR_FORBIDDEN ||
                            job->refusal != API_KEY_ACCEPTED ||
                            (!job->error && ((room_id && room_state_may_read(&identity->room)) ||
                                             last_seq < job->least_seq));
    if (!is_refused && !job->must_be_latest)
        return;
    const enum error failure = db_catch_up(db, &again);
    if (again)
        query(job, db, room_id);
    else if (failure)
        job->error = failure;
    if (!job->error && room_id)
        ban_explain_refusal(db, &identity->user, &job->identity.room);
}

/* An API key was looked for, by itself: there are few, and their sockets seldom open at once. Also
 * the room of a socket without credentials. */
static void find_acting(void *context, struct db *db) {
    struct client_job *job = context;
    query_latest(job, db, job->room_id);
}

/* On the loop again: the result is kept with the client, whose later jobs need it, too. */
static void acting_found(void *context) {
    struct client_job *job = context;
    if (job->client->acting)
        job->client->acting->refusal = job->refusal;
    job->done(job);
}

void client_job_find(struct client_job *job, struct db *db) {
    query_latest(job, db, 0);
}

/* By a batch with others, but for keys of the site and readers without an account. */
static void authenticate(struct client_job *job, db_pool_done *done) {
    job->done = done;
    if (job->acting || job->is_anonymous)
        db_pool_run(job->client->clients->db_pool, find_acting, acting_found, job);
    else
        find(job);
}

void client_job_authenticate(struct client *client, struct watch *watch, db_pool_done *done) {
    authenticate(client_job_new(client, watch), done);
}

void client_job_authenticate_again(struct client *client, db_pool_done *done) {
    struct client_job *job = client_job_new(client, NULL);
    job->must_be_latest = true;
    authenticate(job, done);
}

const char *client_job_detail(const struct client *client, enum error error,
                              const struct identity *identity) {
    if (error != ERROR_UNAUTHENTICATED)
        return NULL;
    /* The credential is known, so the account is disabled. */
    if (identity->user.id != 0)
        return "User inactive or deleted.";
    return client->by_token ? "Invalid token." : NULL;
}
