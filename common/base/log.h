/*
 * log: one line for each thing worth saying, to standard error or syslog.
 *
 * A line on standard error is "<RFC 3339 time> <level> <program>[<pid>]: <text>";
 * control characters in the text are written as \xNN, so that nothing a client
 * sends can forge a line. Nothing private is ever passed to it: no token, cookie,
 * password, or message text.
 */
#ifndef CONFAB_LOG_H
#define CONFAB_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR = 0, LOG_LEVEL_WARN = 1, LOG_LEVEL_INFO = 2, LOG_LEVEL_DEBUG = 3 };

/* Names the program and sets where lines go. Before the first call lines of every
 * level up to INFO go to standard error under the name "confab". `program` must
 * stay valid; file is a path to append to, or NULL for standard error. Returns
 * false (and stays with standard error) when the file cannot be opened. */
bool log_open(const char *program, enum log_level level, bool to_syslog, const char *file);

/* Opens the file again under its name, after it was rotated away. */
void log_reopen(void);

/* Every line from now on ends with " id=<id>", so that all that was said of one request
 * can be found; NULL ends that. `id` is written as it is, and borrowed until then. */
void log_about(const char *id);

/* True when a line of this level would be written; for lines dear to build. */
bool log_wants(enum log_level level);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
