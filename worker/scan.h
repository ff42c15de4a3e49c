/*
 * scan: has files scanned that were just sent (scan_command, scan_socket). Several workers share
 * the files: each file is claimed in the database for the time that a scan may take.
 */
#ifndef CONFAB_WORKER_SCAN_H
#define CONFAB_WORKER_SCAN_H

#include <stdbool.h>

#include "config/config.h"

struct scan;

/* config must outlive it. Never NULL. */
struct scan *scan_new(const struct config *config);

/* Scans one file, if there is one and a scanner; see task.h. The context is a struct
 * scan. */
bool scan_do_one(void *context);

/* To be called when nothing is being scanned. */
void scan_free(struct scan *scan);

#endif
