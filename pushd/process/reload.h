/*
 * reload: the configuration of pushd at SIGHUP, and the file that names its ports.
 */
#ifndef CONFAB_PUSHD_RELOAD_H
#define CONFAB_PUSHD_RELOAD_H

#include <stdbool.h>

#include "config/config.h"

/* startup_reload for a process with threads: the former configuration is not freed, since
 * threads may be reading its strings. False: *config is unchanged. */
bool reload_config(struct config *config, const char *path);

/* Writes the ports that it listens on to a file, which gets its name when it is whole: it
 * may be read at any moment. False with the cause logged. */
bool reload_write_ports(const char *path, unsigned push, unsigned metrics);

#endif
