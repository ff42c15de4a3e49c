/*
 * chore: what takes the worker long: mails to users, and the archives that they ask for.
 */
#ifndef CONFAB_WORKER_CHORE_H
#define CONFAB_WORKER_CHORE_H

#include <stdbool.h>

#include "config/config.h"

struct chore;

/* config must outlive it. Never NULL. */
struct chore *chore_new(const struct config *config);

/* Sends one mail, or makes one archive; see task.h. The context is a struct chore. */
bool chore_do_one(void *context);

/* To be called when nothing is being done. */
void chore_free(struct chore *chore);

#endif
