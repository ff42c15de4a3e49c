#include "db/db_pool.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "metrics/slow_callback.h"

/*
 * Connections are handed out rather than tied to threads: the one that came back last goes
 * out first, so that no more are open than jobs have ever run at once.
 */
struct jobs {
    uv_loop_t *loop;
    const struct config *config;
    size_t pending;   /* the loop's own */
    uv_mutex_t mutex; /* for the two below */
    struct db **idle; /* connections that no job uses; room for one a thread */
    size_t idle_count;
};

struct job {
    uv_work_t request;
    struct jobs *jobs;
    jobs_work *work;
    jobs_done *done;
    void *context;
};

struct jobs *jobs_new(uv_loop_t *loop, const struct config *config) {
    struct jobs *jobs = memory_zeroed(1, sizeof(*jobs));
    char threads[24];
    snprintf(threads, sizeof(threads), "%" PRIu64, config->push_db_threads);
    setenv("UV_THREADPOOL_SIZE", threads, 1);
    jobs->loop = loop;
    jobs->config = config;
    jobs->idle = memory_zeroed(config->push_db_threads, sizeof(jobs->idle[0]));
    uv_mutex_init(&jobs->mutex);
    return jobs;
}

void jobs_free(struct jobs *jobs) {
    while (jobs->idle_count > 0)
        db_free(jobs->idle[--jobs->idle_count]);
    uv_mutex_destroy(&jobs->mutex);
    free(jobs->idle);
    free(jobs);
}

static struct db *take(struct jobs *jobs) {
    struct db *db = NULL;
    uv_mutex_lock(&jobs->mutex);
    if (jobs->idle_count > 0)
        db = jobs->idle[--jobs->idle_count];
    uv_mutex_unlock(&jobs->mutex);
    return db ? db : db_new(jobs->config);
}

static void give_back(struct jobs *jobs, struct db *db) {
    uv_mutex_lock(&jobs->mutex);
    jobs->idle[jobs->idle_count++] = db;
    uv_mutex_unlock(&jobs->mutex);
}

static void on_work(uv_work_t *request) {
    struct job *job = request->data;
    struct db *db = take(job->jobs);
    job->work(job->context, db);
    give_back(job->jobs, db);
}

/* Jobs are never cancelled, so the status is always 0. */
static void on_done(uv_work_t *request, int status) {
    struct job *job = request->data;
    (void)status;
    job->jobs->pending--;
    stopwatch_start("what the database said");
    job->done(job->context);
    stopwatch_stop();
    free(job);
}

void jobs_run(struct jobs *jobs, jobs_work *work, jobs_done *done, void *context) {
    struct job *job = memory_zeroed(1, sizeof(*job));
    *job = (struct job){.jobs = jobs, .work = work, .done = done, .context = context};
    job->request.data = job;
    jobs->pending++;
    uv_queue_work(jobs->loop, &job->request, on_work, on_done);
}

size_t jobs_pending(const struct jobs *jobs) {
    return jobs->pending;
}
