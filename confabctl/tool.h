/*
 * tool: one run of confabctl: its configuration, its connections, what it says.
 *
 * Lines of the log are dropped (their causes are in what is said), so that people read
 * sentences and scripts read results: results go to standard output, complaints to
 * standard error after the program's name.
 */
#ifndef CONFABCTL_TOOL_H
#define CONFABCTL_TOOL_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "config/config.h"
#include "db/db.h"
#include "redis/redis_client.h"
#include "store/user.h"

/* How a run ends, as exit codes. */
enum tool_end { TOOL_DONE = 0, TOOL_FAILED = 1, TOOL_USAGE = 2 };

struct tool {
    const char *given_config; /* what -c names, or NULL */
    bool json;                /* print JSON */
    char *config_path;        /* the file found, or NULL: defaults and environment */
    struct config config;
    struct db *db; /* NULL until the configuration was read */
    struct redis_client *redis;
};

/* Finds and reads the configuration and readies both connections (opened on first use).
 * False, with a line for each mistake appended to problems, when it is not valid. */
bool tool_open(struct tool *tool, struct buffer *problems);

/* Frees what tool_open made; fits a tool that was never opened, too. */
void tool_close(struct tool *tool);

/* Says on standard error what went wrong; returns TOOL_FAILED. */
enum tool_end tool_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says what a function of the store failed with, with the server's own words. */
enum tool_end tool_store_failed(const struct tool *tool, enum error error);

/* Says a sentence on standard output; characters that steer a terminal are replaced. */
void tool_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes finished text to standard output as it is, and frees it. */
void tool_print(struct buffer *out);

/* Finds a user by the name given on the command line; says so if there is none. */
enum tool_end tool_find_user(const struct tool *tool, const char *name, struct user *user);

/* Waits until Redis has taken what was published, and says so if it did not: open sockets
 * then learn of the change a few seconds later, from the database. */
void tool_published(const struct tool *tool);

#endif
