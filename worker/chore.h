/*
 * chore: what takes the worker long: mails to users, and the archives that they ask for. A thread
 * of its own does it, so that deliveries do not wait; one thing at a time.
 */
#ifndef CONFAB_WORKER_CHORE_H
#define CONFAB_WORKER_CHORE_H

#include <stdbool.h>

#include <uv.h>

#include "config/config.h"

struct chore;

/* config must outlive it. `ended` is called on the loop after each one, and when there is none.
 * Never NULL. */
struct chore *chore_new(uv_loop_t *loop, const struct config *config, void (*ended)(void *context),
                        void *context);

/* Does the next one, unless one is being done. */
void chore_next(struct chore *chore);

/* Whether one is being done, or there may be another one. */
bool chore_is_busy(const struct chore *chore);

/* Whether one is being done. */
bool chore_is_running(const struct chore *chore);

/* To be called when nothing is being done. */
void chore_free(struct chore *chore);

#endif
