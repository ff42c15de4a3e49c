/* fake_db_pool: a list of jobs that a test runs. */
#include "fake_db_pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/xalloc.h"

struct fake_job {
    db_pool_work *work;
    db_pool_done *done;
    void *context;
    bool worked;
};

struct db_pool {
    struct db *db;
    struct fake_job *list;
    size_t count, space;
};

struct db_pool *fake_db_pool_new(struct db *db) {
    struct db_pool *db_pool = xcalloc(1, sizeof(*db_pool));
    db_pool->db = db;
    return db_pool;
}

void db_pool_free(struct db_pool *db_pool) {
    free(db_pool->list);
    free(db_pool);
}

void db_pool_run(struct db_pool *db_pool, db_pool_work *work, db_pool_done *done, void *context) {
    db_pool->list =
        array_reserve(db_pool->list, &db_pool->space, db_pool->count + 1, sizeof(*db_pool->list));
    db_pool->list[db_pool->count++] = (struct fake_job){work, done, context, false};
}

size_t db_pool_pending(const struct db_pool *db_pool) {
    return db_pool->count;
}

void fake_db_pool_work(struct db_pool *db_pool, size_t at) {
    struct fake_job *job = &db_pool->list[at];
    if (!job->worked)
        job->work(job->context, db_pool->db);
    job->worked = true;
}

void fake_db_pool_finish(struct db_pool *db_pool, size_t at) {
    fake_db_pool_work(db_pool, at);
    const struct fake_job job = db_pool->list[at];
    db_pool->count--;
    memmove(db_pool->list + at, db_pool->list + at + 1,
            (db_pool->count - at) * sizeof(*db_pool->list));
    job.done(job.context);
}
