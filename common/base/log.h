/*
 * log: lines to standard error, a file or syslog.
 *
 * A line of the first two is "<RFC 3339 time> <level> <program>[<pid>]: <text>". Control
 * characters in the text are written as \xNN, so that no input can forge a line. Callers pass
 * nothing private: no token, cookie, password or message text.
 *
 * If standard error is the journal (systemd.exec(5), $JOURNAL_STREAM), which has time, program and
 * pid of its own, a line there is "<N><text>", N being the priority (sd-daemon(3)); a line feed in
 * the text is a space.
 */
#ifndef CONFAB_LOG_H
#define CONFAB_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR = 0, LOG_LEVEL_WARN = 1, LOG_LEVEL_INFO = 2, LOG_LEVEL_DEBUG = 3 };

/* Sets the program's name, which must stay valid, and the destination of lines: syslog, else a
 * file to append to, else (NULL) standard error. Returns false, with the cause in errno, when
 * the file cannot be opened; lines then go to standard error. Before the first call they go
 * there under the name "confab", up to level INFO. */
bool log_open(const char *program, enum log_level level, bool to_syslog, const char *file);

/* Reopens the file by its name, after a rotation. If that fails, lines are still written to the old
 * one. */
void log_reopen(void);

/* Appends " id=<id>" to every line from now on, so that all lines of a request can be found;
 * NULL ends that. `id` is written as it is, and borrowed until then. */
void log_set_id(const char *id);

/* True when a line of this level would be written; for expensive messages. */
bool log_wants(enum log_level level);

/* Write one line, formatted as by printf, unless the level is below that of log_open. errno stays
 * as it was. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
