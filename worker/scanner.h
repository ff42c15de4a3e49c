/*
 * scanner: asks a virus scanner about one file: a command (scan_command) or clamd (scan_socket).
 */
#ifndef CONFAB_WORKER_SCANNER_H
#define CONFAB_WORKER_SCANNER_H

#include <stdbool.h>

#include "base/text.h"
#include "config/config.h"

enum scanner_result { SCANNER_CLEAN, SCANNER_FOUND, SCANNER_FAILED };

/* Whether the configuration has a scanner. */
bool scanner_is_configured(const struct config *config);

/* Scans an open file of this path, from its beginning; takes up to minutes. *failure, a static
 * text, is the cause of SCANNER_FAILED. */
enum scanner_result scanner_run(const struct config *config, const char *path, int fd,
                                const char **failure);

/* What an answer of clamd to INSTREAM says: "stream: OK", "stream: NAME FOUND", or an error. */
enum scanner_result scanner_read_answer(struct text answer);

#endif
