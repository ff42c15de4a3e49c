/* One work request of libuv, which is queued again for each call. `is_running` and `found_one` are
 * read and written on the loop only. */
#include "task.h"

#include <stdlib.h>

#include "base/xalloc.h"

struct task {
    uv_loop_t *loop;
    task_do_one *do_one;
    void *own;
    task_ended *ended;
    void *context;
    uv_work_t work;
    bool is_running;
    bool found_one; /* by the last look: there may be more */
    bool result;    /* of the thread */
};

struct task *task_new(uv_loop_t *loop, task_do_one *do_one, void *own, task_ended *ended,
                      void *context) {
    struct task *task = xcalloc(1, sizeof(*task));
    /* With --once the worker must look at least once. */
    *task = (struct task){.loop = loop,
                          .do_one = do_one,
                          .own = own,
                          .ended = ended,
                          .context = context,
                          .found_one = true};
    task->work.data = task;
    return task;
}

void task_free(struct task *task) {
    free(task);
}

bool task_is_busy(const struct task *task) {
    return task->is_running || task->found_one;
}

bool task_is_running(const struct task *task) {
    return task->is_running;
}

static void on_work(uv_work_t *work) {
    struct task *task = work->data;
    task->result = task->do_one(task->own);
}

static void on_done(uv_work_t *work, int status) {
    struct task *task = work->data;
    (void)status;
    task->found_one = task->result;
    /* Before the callback, which may begin the next one. */
    task->is_running = false;
    task->ended(task->context, task);
}

void task_next(struct task *task) {
    /* There is one work request. */
    if (task->is_running)
        return;
    task->is_running = true;
    uv_queue_work(task->loop, &task->work, on_work, on_done);
}
