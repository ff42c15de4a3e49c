/*
 * config: the configuration of one site, read from one file.
 *
 * The file has lines `key = value`; blank lines and lines that start with # are
 * skipped; a value runs to the end of its line, without the blanks around it. The
 * environment (CONFAB_<KEY>, upper case) goes before the file, the file before the
 * defaults. What can be said is in options.def, and nowhere else.
 */
#ifndef CONFAB_CONFIG_H
#define CONFAB_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

#define OPTION_SECTION(title)
#define OPTION_TEXT(key, initial, flags, help) char *key;
#define OPTION_NUMBER(key, initial, min, max, unit, help) uint64_t key;
#define OPTION_CHOICE(key, initial, choices, help) unsigned key;
struct config {
#include "config/options.def"
};
#undef OPTION_SECTION
#undef OPTION_TEXT
#undef OPTION_NUMBER
#undef OPTION_CHOICE

/* Indexes of the choices that programs ask for. */
enum { CONFIG_REGISTRATION_OPEN = 0, CONFIG_REGISTRATION_CLOSED = 1 };
enum { CONFIG_OFF = 0, CONFIG_ON = 1 };
enum { CONFIG_LOG_STDERR = 0, CONFIG_LOG_SYSLOG = 1 };

/* Finds the configuration file: `given` when it is not NULL, else $CONFAB_CONFIG,
 * else confab.conf in the folder above the one that holds this program (read from
 * /proc/self/exe), else .confab/confab.conf in the user's home folder, else the path
 * compiled in (CONFIG_PATH, /etc/confab/confab.conf). The last three count only if a
 * file is there. Returns the path, which the caller frees, or NULL: then defaults and
 * environment alone apply. */
char *config_find(const char *given);

/* Reads defaults, then the file at path (none when NULL), then the environment.
 * Returns true and fills *config, to be freed with config_free; or false, with one
 * line for each mistake appended to problems ("FILE:LINE: what is wrong, what is
 * allowed"; "CONFAB_KEY: ..." for the environment), and *config left empty. All
 * mistakes are found in one pass. Values of secret options are never repeated. */
bool config_load(struct config *config, const char *path, struct buffer *problems);

/* Appends every key with its present value, secrets as ***, in a form config_load
 * reads (but for the secrets). */
void config_dump(const struct config *config, struct buffer *out);

/* Appends the commented example file: each key at its default, commented out, with
 * its help, bounds and unit. */
void config_example(struct buffer *out);

/* Gives back what config_load allocated; *config is empty afterwards. */
void config_free(struct config *config);

#endif
