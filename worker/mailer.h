/*
 * mailer: sends mails to users, by SMTP with libcurl; one at a time, on the thread that calls.
 */
#ifndef CONFAB_WORKER_MAILER_H
#define CONFAB_WORKER_MAILER_H

#include <stdbool.h>

#include "config/config.h"
#include "db/db.h"

/* Sends one mail that is due, if mail_from is set. *done: there was one; a mail that could not be
 * sent is recorded and tried again later. Errors are those of the database. */
enum error mailer_step(struct db *db, const struct config *config, bool *done);

#endif
