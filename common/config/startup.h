/*
 * startup: the configuration and the log of a service, at its start and at a reload (SIGHUP).
 */
#ifndef CONFAB_STARTUP_H
#define CONFAB_STARTUP_H

#include <stdbool.h>

#include "config/config.h"

/* Reads the file at path (NULL: none) and the environment into *config, to be freed with
 * config_free. False, with each mistake logged on a line of its own, if they are invalid. */
bool startup_load(struct config *config, const char *path);

/* For --check-config and --dump-config: read the configuration as startup_load does, write its
 * mistakes to standard error and, if there are none, a word about that or the configuration in
 * force to standard output. Return the exit status. */
int startup_check(const char *path);
int startup_dump(const char *path);

/* Sends the log where the configuration says. A log file that cannot be opened is an error in
 * the log, which then goes to standard error. */
void startup_open_log(const struct config *config, const char *program);

/* Reloads: reopens the log file, reads the configuration, opens the log that it names, and tells
 * the service manager at the beginning and at the end. True: *config is the new configuration
 * and *former the old one, for the caller to free. False: the configuration is invalid, the
 * mistakes are logged and *config is kept. A log file that cannot be opened is a warning. */
bool startup_reload(struct config *config, const char *path, const char *program,
                    struct config *former);

#endif
