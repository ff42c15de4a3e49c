/*
 * scan: scans uploaded files for viruses before they are shown (scan_command, scan_socket). Several
 * workers share the work: a file is claimed in the database for the time that a scan may take.
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

/* Frees it; scan_do_one must not be running. */
void scan_free(struct scan *scan);

#endif
