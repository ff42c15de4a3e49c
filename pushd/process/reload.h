/*
 * reload: the configuration of pushd at SIGHUP, and the file with its ports.
 */
#ifndef CONFAB_PUSHD_PROCESS_RELOAD_H
#define CONFAB_PUSHD_PROCESS_RELOAD_H

#include <stdbool.h>

#include "config/config.h"

/* Does what startup_reload does, for a process with threads: the old configuration is not
 * freed, since threads may be reading its strings. False: *config is unchanged. */
bool reload_config(struct config *config, const char *path);

/* Writes the ports on which pushd listens to a file, by renaming a complete one, so that it can
 * be read at any moment. False with the cause logged. */
bool reload_write_ports(const char *path, unsigned push, unsigned metrics);

#endif
