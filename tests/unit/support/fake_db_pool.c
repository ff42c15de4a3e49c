#include "fake_db_pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

struct waiting {
    jobs_work *work;
    jobs_done *done;
    void *context;
    bool worked;
};

struct jobs {
    struct db *db;
    struct waiting *list;
    size_t count, space;
};

struct jobs *fake_jobs_new(struct db *db) {
    struct jobs *jobs = memory_zeroed(1, sizeof(*jobs));
    jobs->db = db;
    return jobs;
}

void jobs_free(struct jobs *jobs) {
    free(jobs->list);
    free(jobs);
}

void jobs_run(struct jobs *jobs, jobs_work *work, jobs_done *done, void *context) {
    if (jobs->count == jobs->space) {
        jobs->space = jobs->space ? jobs->space * 2 : 16;
        jobs->list = memory_resize(jobs->list, jobs->space, sizeof(*jobs->list));
    }
    jobs->list[jobs->count++] = (struct waiting){work, done, context, false};
}

size_t jobs_pending(const struct jobs *jobs) {
    return jobs->count;
}

void fake_jobs_work(struct jobs *jobs, size_t at) {
    struct waiting *job = &jobs->list[at];
    if (!job->worked)
        job->work(job->context, jobs->db);
    job->worked = true;
}

void fake_jobs_finish(struct jobs *jobs, size_t at) {
    fake_jobs_work(jobs, at);
    const struct waiting job = jobs->list[at];
    jobs->count--;
    memmove(jobs->list + at, jobs->list + at + 1, (jobs->count - at) * sizeof(*jobs->list));
    job.done(job.context);
}
