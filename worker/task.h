/*
 * task: work in the background of the loop, one thing at a time on a thread of libuv, so that
 * deliveries do not wait for it. What is done is a function, which looks for one thing and does it.
 */
#ifndef CONFAB_WORKER_TASK_H
#define CONFAB_WORKER_TASK_H

#include <stdbool.h>

#include <uv.h>

struct task;

/* Does one thing, if there is one. True: there may be another. Called on a thread, and never twice
 * at once with the same context. */
typedef bool task_do_one(void *context);

/* Called on the loop after each call of task_do_one. */
typedef void task_ended(void *context, struct task *task);

/* `own` is for `do_one`, `context` for `ended`; both must outlive the task. Never NULL. */
struct task *task_new(uv_loop_t *loop, task_do_one *do_one, void *own, task_ended *ended,
                      void *context);

/* Does the next thing, unless one is being done. */
void task_next(struct task *task);

/* Whether one is being done, or there may be another one. */
bool task_is_busy(const struct task *task);

/* Whether one is being done. */
bool task_is_running(const struct task *task);

/* To be called when nothing is being done. */
void task_free(struct task *task);

#endif
