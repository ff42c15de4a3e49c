/*
 * config: the configuration of one site, read from one file.
 *
 * The file has lines `key = value`; blank lines and lines that start with # are ignored; a value
 * ends with its line, without the white space around it. The environment (CONFAB_<KEY>, upper
 * case) overrides the file, the file overrides the defaults. All keys are in options.def.
 */
#ifndef CONFAB_COMMON_CONFIG_CONFIG_H
#define CONFAB_COMMON_CONFIG_CONFIG_H

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

/* Indexes of choices. */
enum { CONFIG_REGISTRATION_OPEN = 0, CONFIG_REGISTRATION_CLOSED = 1 };
enum { CONFIG_OFF = 0, CONFIG_ON = 1 };
enum { CONFIG_CAUSAL_READS_AUTO = 0, CONFIG_CAUSAL_READS_ON = 1, CONFIG_CAUSAL_READS_OFF = 2 };
/* Values of options that restrict the users from whom something is accepted. */
enum { CONFIG_ANYONE = 0, CONFIG_SHARED_ROOM = 1 };
enum { CONFIG_TLS_OFF = 0, CONFIG_TLS_ON = 1, CONFIG_TLS_VERIFY = 2 };
enum { CONFIG_LOG_STDERR = 0, CONFIG_LOG_SYSLOG = 1 };
enum { CONFIG_FILE_SEND_OFF = 0, CONFIG_FILE_SEND_X_SENDFILE = 1, CONFIG_FILE_SEND_X_ACCEL = 2 };

/* Finds the configuration file: `given` if it is not NULL, else $CONFAB_CONFIG, else confab.conf in
 * the parent of the program's directory (from /proc/self/exe), else .confab/confab.conf in the
 * user's home directory, else CONFIG_PATH (/etc/confab/confab.conf); the last three only if the
 * file exists. Returns the path, which the caller frees, or NULL: there is no file. */
char *config_find(const char *given);

/* Reads the defaults, the file at path (NULL: none) and the environment. Returns true and fills
 * *config, to be freed with config_free; or false, with a line for each error appended to problems
 * ("FILE:LINE: what is wrong, what is allowed"; "CONFAB_KEY: ..." for the environment), and *config
 * empty. All errors are found in one pass. An unknown variable is not an error; it is appended to
 * problems as a warning. Values of secret options are never shown. */
bool config_load(struct config *config, const char *path, struct buffer *problems);

/* Appends every key with its current value, secrets as ***, in the form of a configuration file. */
void config_dump(const struct config *config, struct buffer *out);

/* Appends the example file: each key with its default, commented out, with its help, bounds and
 * unit. */
void config_example(struct buffer *out);

/* Sets a text of *config to a copy of the value, and frees the former one. */
void config_set_text(char **text, const char *value);

/* Frees what config_load allocated; *config is empty afterwards. */
void config_free(struct config *config);

#endif
