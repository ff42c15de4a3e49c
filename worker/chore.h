/*
 * chore: what takes the worker long: mails to users, and the archives that they ask for. Each has a
 * thread and a connection to the database of its own, so that no mail waits for an archive.
 */
#ifndef CONFAB_WORKER_CHORE_H
#define CONFAB_WORKER_CHORE_H

#include <stdbool.h>

#include "config/config.h"

struct chore;

/* config must outlive it. Never NULL. */
struct chore *chore_new(const struct config *config);

/* Sends one mail; see task.h. The context is a struct chore. */
bool chore_send_mail(void *context);

/* Makes one archive; see task.h. The context is another struct chore. */
bool chore_make_archive(void *context);

/* Ends an archive that is being made soon: another worker, or the next one, begins it again. */
void chore_stop(struct chore *chore);

/* To be called when nothing is being done. */
void chore_free(struct chore *chore);

#endif
