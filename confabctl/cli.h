/*
 * cli: what all commands share: configuration, connections, messages and errors.
 *
 * Results go to standard output, errors to standard error after the program's name. Log lines
 * of the modules used are discarded; the error messages contain their causes.
 */
#ifndef CONFAB_CONFABCTL_CLI_H
#define CONFAB_CONFABCTL_CLI_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "config/config.h"
#include "db/db.h"
#include "event/publish.h"
#include "redis/redis_client.h"
#include "store/moderation/audit_log.h"
#include "store/users/user.h"

/* The exit status of the program. */
enum cli_status { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

struct cli {
    const char *given_config; /* the argument of -c, or NULL */
    bool json;                /* print JSON */
    bool as_admin;            /* the command connects as database_admin_user */
    char *config_path;        /* the file found; NULL: only defaults and environment */
    struct config config;
    struct db *db; /* NULL until cli_open */
    struct redis_client *redis;
    struct publisher publisher;
    struct audit_entry audited; /* what the command does, for the audit */
};

/* Finds the configuration, as root becomes the user of the services (service_user.h), loads it and
 * prepares both connections, which are opened on first use. If the configuration is invalid,
 * appends a line per error to problems and returns false.
 *
 * With as_admin and a database_admin_user, connections are made as that user, and root is kept: it
 * may be what the database authenticates by the socket. The command calls cli_drop_root once it
 * is connected. */
bool cli_open(struct cli *cli, struct buffer *problems);

/* Becomes the user of the services, if root was kept. */
enum cli_status cli_drop_root(const struct cli *cli);

/* Frees everything; also valid without a cli_open before. */
void cli_close(struct cli *cli);

/* Prints an error message on standard error; returns CLI_FAILED. */
enum cli_status cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints the error of a function of the store with the message of the database server;
 * returns CLI_FAILED. */
enum cli_status cli_store_error(const struct cli *cli, enum error error);

/* Prints a line on standard output; control characters are replaced (see table_clean). */
void cli_message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes text to standard output unchanged, and frees it. */
void cli_output(struct buffer *out);

/* Reads "on" or "off". For any other word prints an error and returns false. */
bool cli_read_switch(const char *word, bool *is_on);

/* Finds a user by name. If there is none, prints an error and returns CLI_FAILED. */
enum cli_status cli_find_user(const struct cli *cli, const char *name, struct user *user);

/* From now on the changes of this connection are in the audit as changes of this user, by the
 * administrator. */
void cli_audit_user(struct cli *cli, const struct user *user);

/* Finds a user for a command that changes it, and begins the audit. An account that was erased is
 * an error, too. */
enum cli_status cli_change_user(struct cli *cli, const char *name, struct user *user);

/* Waits until Redis has processed the published events. If it does not, prints a warning:
 * pushd then finds the change in the database a few seconds later. */
void cli_flush_events(const struct cli *cli);

#endif
