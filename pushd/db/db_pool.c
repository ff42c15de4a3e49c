/* db_pool: the jobs that run on libuv's thread pool, and the database connections that they use. A
 * thread takes an idle connection, or opens one, and puts it back after the job. The pool of
 * threads is the one that libuv also uses to resolve names. */
#include "db/db_pool.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "metrics/slow_callback.h"

/* Connections are not tied to threads: the one returned last is used first, so that no more are
 * open than jobs have ever run at the same time. */
struct db_pool {
    uv_loop_t *loop;
    const struct config *config;
    size_t pending;           /* used by the loop only */
    db_first_host first_host; /* of all connections */
    uv_mutex_t mutex;         /* protects the two below */
    struct db **idle;         /* a stack, with space for one connection a thread */
    size_t idle_count;
};

struct job {
    uv_work_t request;
    struct db_pool *db_pool;
    db_pool_work *work;
    db_pool_done *done;
    void *context;
};

struct db_pool *db_pool_new(uv_loop_t *loop, const struct config *config) {
    struct db_pool *db_pool = xcalloc(1, sizeof(*db_pool));
    char threads[24];
    snprintf(threads, sizeof(threads), "%" PRIu64, config->push_db_threads);
    /* libuv reads the variable when the first job is queued. */
    setenv("UV_THREADPOOL_SIZE", threads, 1);
    db_pool->loop = loop;
    db_pool->config = config;
    db_pool->idle = xcalloc((size_t)config->push_db_threads, sizeof(db_pool->idle[0]));
    uv_mutex_init(&db_pool->mutex);
    return db_pool;
}

void db_pool_free(struct db_pool *db_pool) {
    /* All connections are idle: no job is pending. */
    while (db_pool->idle_count > 0)
        db_free(db_pool->idle[--db_pool->idle_count]);
    uv_mutex_destroy(&db_pool->mutex);
    free(db_pool->idle);
    free(db_pool);
}

/* On a thread: the first half of a job. */
static void on_work(uv_work_t *request) {
    struct job *job = request->data;
    struct db_pool *db_pool = job->db_pool;
    struct db *db = NULL;
    uv_mutex_lock(&db_pool->mutex);
    if (db_pool->idle_count > 0)
        db = db_pool->idle[--db_pool->idle_count];
    uv_mutex_unlock(&db_pool->mutex);
    /* Connects at its first statement; a connection that was lost reconnects by itself (db.h). */
    if (!db) {
        db = db_new(db_pool->config);
        db_share_first_host(db, &db_pool->first_host);
    }
    job->work(job->context, db);
    uv_mutex_lock(&db_pool->mutex);
    db_pool->idle[db_pool->idle_count++] = db;
    uv_mutex_unlock(&db_pool->mutex);
}

/* On the loop: the second half of a job. */
static void on_done(uv_work_t *request, int status) {
    struct job *job = request->data;
    (void)status; /* always 0: jobs are never cancelled */
    job->db_pool->pending--;
    slow_callback_start("handling a database result");
    job->done(job->context);
    slow_callback_stop();
    free(job);
}

void db_pool_run(struct db_pool *db_pool, db_pool_work *work, db_pool_done *done, void *context) {
    struct job *job = xcalloc(1, sizeof(*job));
    *job = (struct job){.db_pool = db_pool, .work = work, .done = done, .context = context};
    job->request.data = job;
    /* Counted until `done` was called, so that a stopping process can wait. */
    db_pool->pending++;
    uv_queue_work(db_pool->loop, &job->request, on_work, on_done);
}

size_t db_pool_pending(const struct db_pool *db_pool) {
    return db_pool->pending;
}
