/* db_pool: each job has its own connection and completes once, on the thread of the loop. */
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "db/db_pool.h"
#include "support/unit.h"

#define JOBS 200
#define THREADS 3

static atomic_int running, most_running, mistakes;
static _Atomic(struct db *) in_use[THREADS];

struct task {
    struct db_pool *db_pool;
    uv_thread_t loop_thread;
    unsigned worked, done, again;
};

/* Marks a connection as used; false if it is already, or if there are too many. */
static bool begin_use(struct db *db) {
    for (int i = 0; i < THREADS; i++)
        if (in_use[i] == db)
            return false;
    for (int i = 0; i < THREADS; i++) {
        struct db *unused = NULL;
        if (atomic_compare_exchange_strong(&in_use[i], &unused, db))
            return true;
    }
    return false;
}

static void end_use(struct db *db) {
    for (int i = 0; i < THREADS; i++)
        if (in_use[i] == db)
            in_use[i] = NULL;
}

static void work(void *context, struct db *db) {
    struct task *task = context;
    const uv_thread_t self = uv_thread_self();
    const int now = atomic_fetch_add(&running, 1) + 1;
    int most = most_running;
    while (now > most && !atomic_compare_exchange_weak(&most_running, &most, now)) {
    }
    if (!begin_use(db) || uv_thread_equal(&self, &task->loop_thread))
        atomic_fetch_add(&mistakes, 1);
    usleep(200);
    end_use(db);
    task->worked++;
    atomic_fetch_sub(&running, 1);
}

static void done(void *context) {
    struct task *task = context;
    const uv_thread_t self = uv_thread_self();
    assert_true(uv_thread_equal(&self, &task->loop_thread));
    task->done++;
    assert_int_equal(task->worked, task->done);
    if (task->again > 0) {
        task->again--;
        db_pool_run(task->db_pool, work, done, task);
    }
}

static void each_job_is_done_once(void **state) {
    uv_loop_t loop;
    struct config config;
    static struct task tasks[JOBS];
    (void)state;
    memset(&config, 0, sizeof(config));
    config.push_db_threads = THREADS;
    assert_int_equal(uv_loop_init(&loop), 0);
    struct db_pool *db_pool = db_pool_new(&loop, &config);
    for (unsigned i = 0; i < JOBS; i++) {
        tasks[i] = (struct task){db_pool, uv_thread_self(), 0, 0, i % 3};
        db_pool_run(db_pool, work, done, &tasks[i]);
    }
    assert_int_equal(db_pool_pending(db_pool), JOBS);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(db_pool_pending(db_pool), 0);
    for (unsigned i = 0; i < JOBS; i++)
        assert_int_equal(tasks[i].done, 1 + i % 3);
    assert_int_equal(mistakes, 0);
    assert_int_equal(most_running, THREADS);
    db_pool_free(db_pool);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_job_is_done_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
