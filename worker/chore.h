/*
 * chore: slow work of confab-worker: sending mails, and making the archives that users request.
 * Each kind has its own thread and its own connection to the database, so that no mail waits for an
 * archive.
 */
#ifndef CONFAB_WORKER_CHORE_H
#define CONFAB_WORKER_CHORE_H

#include <stdbool.h>

#include "config/config.h"

struct chore;

/* The state of one kind of work. config must outlive it. Never NULL; free with chore_free. */
struct chore *chore_new(const struct config *config);

/* Sends one mail; see task.h. The context is a struct chore. */
bool chore_send_mail(void *context);

/* Makes one archive; see task.h. The context is another struct chore. */
bool chore_make_archive(void *context);

/* Interrupts the archive that is being made; a worker starts it again later. May be called from
 * another thread. */
void chore_stop(struct chore *chore);

/* Closes the connection to the database and frees everything; no function above may be running. */
void chore_free(struct chore *chore);

#endif
