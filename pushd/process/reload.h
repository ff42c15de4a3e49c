/*
 * settings: the configuration as pushd reads it, at the start and again, and its log.
 */
#ifndef CONFAB_PUSHD_SETTINGS_H
#define CONFAB_PUSHD_SETTINGS_H

#include <stdbool.h>

#include "config/config.h"

/* Reads the file (NULL: none) into *config; false with the mistakes logged. */
bool reload_load_config(struct config *config, const char *path);

/* Sends the log where the configuration says. */
void reload_open_log(const struct config *config);

/* Opens the log again and reads the file again, and tells the service manager; false, and
 * *config as it was, if that is not sound. The former texts stay: threads may be reading
 * them. */
bool reload_config(struct config *config, const char *path);

/* Writes the ports that it listens on to a file, which gets its name when it is whole: it
 * may be read at any moment. False with the cause logged. */
bool reload_write_ports(const char *path, unsigned push, unsigned metrics);

#endif
