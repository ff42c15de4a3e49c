/*
 * startup: the configuration and the log of a service, at its start and at a reload (SIGHUP).
 */
#ifndef CONFAB_COMMON_CONFIG_STARTUP_H
#define CONFAB_COMMON_CONFIG_STARTUP_H

#include <stdbool.h>

#include "config/config.h"

/* Reads the file at path (NULL: none) and the environment into *config, to be freed with
 * config_free. False, with each error logged on its own line, if they are invalid. */
bool startup_load(struct config *config, const char *path);

/* For --check-config and --dump-config: read the configuration as startup_load does, write its
 * errors to standard error; if there are none, write a message or the configuration to standard
 * output. Return the exit status. */
int startup_check(const char *path);
int startup_dump(const char *path);

/* Opens the log that the configuration names. If a log file cannot be opened, the log goes to
 * standard error, beginning with an error message. */
void startup_open_log(const struct config *config, const char *program);

/* Reloads: reopens the log file, reads the configuration, opens the log that it names, and
 * notifies the service manager before and after. True: *config is the new configuration
 * and *former the old one, for the caller to free. False: the configuration is invalid, the
 * errors are logged and *config is kept. A log file that cannot be opened is a warning. */
bool startup_reload(struct config *config, const char *path, const char *program,
                    struct config *former);

#endif
