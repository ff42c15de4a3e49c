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

/* A further check of a configuration that is valid by itself, such as of files that it names:
 * appends a line for each error to problems and returns false. NULL: none. */
typedef bool startup_accept(const struct config *config, struct buffer *problems);

/* For --check-config and --dump-config: read the configuration as startup_load does, write its
 * errors to standard error; if there are none, write a message or the configuration to standard
 * output. Return the exit status. */
int startup_check(const char *path, startup_accept *accept);
int startup_dump(const char *path);

/* Opens the log that the configuration names. If a log file cannot be opened, the log goes to
 * standard error, beginning with an error message. */
void startup_open_log(const struct config *config, const char *program);

/* Reloads: reopens the log file, reads the configuration, opens the log that it names, and
 * notifies the service manager before and after. True: *config is the new configuration
 * and *former the old one, for the caller to free. False: the configuration is invalid, the
 * errors are logged and *config is kept. A log file that cannot be opened is a warning. */
bool startup_reload(struct config *config, const char *path, const char *program,
                    startup_accept *accept, struct config *former);

/* The same without a further check, for a process with threads: these may be reading the strings of
 * the former configuration, so it is never freed. */
bool startup_reload_threaded(struct config *config, const char *path, const char *program);

/* Runs a further check at the start, with each error logged on its own line. */
bool startup_accepts(const struct config *config, startup_accept *accept);

#endif
