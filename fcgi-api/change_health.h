/*
 * change_health: whether the disk of the database has room, and whether this host is about to stop,
 * as seen by all processes.
 *
 * A database whose disk is full still takes a change of a row that exists; only those that add rows
 * fail. So GET /healthz cannot try it out, and relies on what happened to the changes of others.
 */
#ifndef CONFAB_FCGI_API_CHANGE_HEALTH_H
#define CONFAB_FCGI_API_CHANGE_HEALTH_H

#include <stdbool.h>

struct change_health;

/* In memory that processes share which are forked from now on. NULL if there is none: then nothing
 * is recorded. */
struct change_health *change_health_new(void);

/* Records that a change succeeded, or failed since the disk of the database is full. */
void change_health_record(struct change_health *health, bool disk_is_full);

/* True if the last change failed for that reason, less than a minute ago. */
bool change_health_disk_is_full(const struct change_health *health);

/* Records that the host is about to stop, and whether that was done. */
void change_health_drain(struct change_health *health);
bool change_health_is_draining(const struct change_health *health);

#endif
