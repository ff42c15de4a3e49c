/*
 * task: runs a function on a thread of libuv, again and again, one call at a time, so that
 * deliveries do not wait for it. Each call finds one piece of work, such as a mail, and does it.
 */
#ifndef CONFAB_WORKER_TASK_H
#define CONFAB_WORKER_TASK_H

#include <stdbool.h>

#include <uv.h>

struct task;

/* Does one piece of work, if there is one; returns true if there may be another. Called on a
 * thread, and never twice at once with the same context. */
typedef bool task_do_one(void *context);

/* Called on the loop after each call of task_do_one. */
typedef void task_ended(void *context, struct task *task);

/* `own` is for `do_one`, `context` for `ended`; both must outlive the task. Never NULL. */
struct task *task_new(uv_loop_t *loop, task_do_one *do_one, void *own, task_ended *ended,
                      void *context);

/* Starts a call of do_one, unless one is running. */
void task_next(struct task *task);

/* Whether a call is running, or the last one said that there may be more work. */
bool task_is_busy(const struct task *task);

/* Whether a call is running. */
bool task_is_running(const struct task *task);

/* Frees the task; no call may be running. */
void task_free(struct task *task);

#endif
