/*
 * config_parse: config_load without reading files, for config.c and its fuzzer. Programs use
 * config.h.
 */
#ifndef CONFAB_COMMON_CONFIG_CONFIG_PARSE_H
#define CONFAB_COMMON_CONFIG_CONFIG_PARSE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/text.h"
#include "config/config.h"

/* The prefix of environment variables. */
#define CONFIG_VARIABLE_PREFIX "CONFAB_"

/* Fills *config from the defaults, the content of a file, and an environment (a list of
 * "NAME=value" that ends with NULL). `name` is the name of the file in error messages. Result
 * and ownership are as for config_load. */
bool config_parse(struct config *config, const char *name, struct text file,
                  char *const *environment, struct buffer *problems);

#endif
