/*
 * change_health: whether the disk of the database has room, and whether this host is about to stop,
 * as seen by all processes.
 *
 * A database with a full disk still updates existing rows, and fails only to add rows. A change by
 * GET /healthz itself would not show that, so it relies on the results of other requests.
 */
#ifndef CONFAB_FCGI_API_CHANGE_HEALTH_H
#define CONFAB_FCGI_API_CHANGE_HEALTH_H

#include <stdbool.h>

struct change_health;

/* Allocates it in memory that is shared with all processes forked from now on; it lives as long as
 * they do. NULL if there is no memory: the other functions take NULL, and record nothing. */
struct change_health *change_health_new(void);

/* Records that a change succeeded, or failed since the disk of the database is full. */
void change_health_record(struct change_health *health, bool disk_is_full);

/* True if the last change failed for that reason, less than a minute ago. */
bool change_health_disk_is_full(const struct change_health *health);

/* Records that the host is about to stop; whether that was recorded. */
void change_health_drain(struct change_health *health);
bool change_health_is_draining(const struct change_health *health);

#endif
