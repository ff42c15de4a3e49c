/*
 * config_parse: the heart of config_load, without the disk and the process around
 * it, for config.c itself and for its fuzzer. Programs use config.h.
 */
#ifndef CONFAB_CONFIG_PARSE_H
#define CONFAB_CONFIG_PARSE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/text.h"
#include "config/config.h"

/* What the names of our variables in the environment start with. */
#define CONFIG_VARIABLE_PREFIX "CONFAB_"

/* Fills *config from the defaults, the text of a file, and an environment (a list
 * of "NAME=value" that ends with NULL). `name` is what the file is called in
 * problems. Success, failure and ownership are those of config_load. */
bool config_parse(struct config *config, const char *name, struct text file,
                  char *const *environment, struct buffer *problems);

#endif
