/* cli: opening and closing the connections; messages and errors. What is printed may contain names
 * that users chose, so every message is cleaned of control characters before it reaches a
 * terminal. */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "redis/redis_slots.h"
#include "secrets/secret.h"
#include "service_user.h"
#include "store/privacy/erasure_report.h"
#include "table.h"

/* Timeout of a statement. Altering or counting large tables takes long, and no web client is
 * waiting for the result. */
#define DATABASE_SECONDS 3600
/* Milliseconds for one command of Redis. */
#define REDIS_MS 1000

/* Root becomes the user of the services, so that it reads and writes files as they do. */
static bool become_service_user(const struct cli *cli, struct buffer *problems) {
    /* A failure leaves errno, for the message. */
    const bool became = service_user_become(cli->config_path);
    if (!became)
        buffer_printf(problems, "cannot become the user of %s: %s\n", cli->config_path,
                      strerror(errno));
    return became;
}

/* From now on connections are made as database_admin_user. */
static void use_admin(struct config *config) {
    /* Copies: the configuration owns both texts. */
    config_set_text(&config->database_user, config->database_admin_user);
    config_set_text(&config->database_password, config->database_admin_password);
}

bool cli_open(struct cli *cli, struct buffer *problems) {
    /* The modules log their errors; here they are printed as messages instead. */
    log_open("confabctl", LOG_LEVEL_ERROR, false, "/dev/null");
    cli->config_path = config_find(cli->given_config);
    /* Before anything is opened or created, so that no file belongs to root. With as_admin the
     * configuration decides whether root is kept. */
    if (!cli->as_admin && !become_service_user(cli, problems))
        return false;
    if (!config_load(&cli->config, cli->config_path, problems))
        return false;
    /* As root, database_admin_user can log in by unix_socket. */
    if (cli->as_admin && cli->config.database_admin_user[0])
        use_admin(&cli->config);
    else if (cli->as_admin && !become_service_user(cli, problems))
        return false;
    if (!secret_init()) {
        buffer_append_str(problems, "no source of random numbers available\n");
        return false;
    }
    /* redis_timeout is short, since web requests wait for it; a command may wait longer. */
    if (cli->config.redis_timeout < REDIS_MS)
        cli->config.redis_timeout = REDIS_MS;
    /* Connections are opened at first use, so a command that needs no Redis works without it. */
    cli->db = db_new(&cli->config);
    db_set_timeout(cli->db, DATABASE_SECONDS);
    cli->redis = redis_client_new(&cli->config);
    cli->publisher = (struct publisher){.prefix = cli->config.redis_prefix,
                                        .bell = bell_new(cli->config.bell_dir, NULL),
                                        .db = cli->db,
                                        .is_cluster = redis_slots_are_used(&cli->config)};
    return true;
}

enum cli_status cli_drop_root(const struct cli *cli) {
    struct buffer problem = BUFFER_EMPTY;
    enum cli_status status = CLI_OK;
    if (!become_service_user(cli, &problem))
        status = cli_error("%.*s", (int)problem.len - 1, buffer_str(&problem)); /* without LF */
    buffer_free(&problem);
    return status;
}

/* Members that were not opened are NULL, which each of these functions accepts. */
void cli_close(struct cli *cli) {
    bell_free(cli->publisher.bell);
    redis_client_free(cli->redis);
    db_free(cli->db);
    config_free(&cli->config);
    free(cli->config_path);
}

/* ---- messages ---- */

/* All messages of confabctl pass here, so that names from the database cannot control the
 * terminal. */
__attribute__((format(printf, 3, 0))) static void print_line(FILE *stream, const char *prefix,
                                                             const char *format, va_list values) {
    struct buffer clean = BUFFER_EMPTY;
    char *text = NULL;
    /* The length is known, so a NUL cannot end the text early. */
    const int len = vasprintf(&text, format, values);
    /* Out of memory. */
    if (len < 0)
        abort();
    table_clean(&clean, (struct text){text, (size_t)len});
    /* On a stream of its own, so that errors do not mix with output that is piped. */
    fprintf(stream, "%s%s\n", prefix, buffer_str(&clean));
    buffer_free(&clean);
    free(text);
}

enum cli_status cli_error(const char *format, ...) {
    va_list values;
    va_start(values, format);
    print_line(stderr, "confabctl: ", format, values);
    /* The return value lets callers write return cli_error(...). */
    va_end(values);
    return CLI_FAILED;
}

void cli_message(const char *format, ...) {
    va_list values;
    va_start(values, format);
    print_line(stdout, "", format, values);
    va_end(values);
}

enum cli_status cli_store_error(const struct cli *cli, enum error error) {
    /* The server's own words if it was the server that failed. */
    const char *cause = db_last_errno(cli->db) ? db_last_error(cli->db) : error_detail(error);
    if (error == ERROR_UNAVAILABLE)
        return cli_error("database unavailable: %s", cause);
    if (error == ERROR_INTERNAL)
        return cli_error("database error: %s", cause);
    return cli_error("%s", error_detail(error));
}

void cli_output(struct buffer *out) {
    /* One write for the whole output; it is freed here. */
    fwrite(buffer_str(out), 1, out->len, stdout);
    buffer_free(out);
}

/* ---- helpers of several commands ---- */

/* Options such as "on" are words, not numbers, in all commands. */
bool cli_read_switch(const char *word, bool *is_on) {
    *is_on = text_equals(text_of(word), text_of("on"));
    if (*is_on || text_equals(text_of(word), text_of("off")))
        return true;
    cli_error("invalid value '%s': must be on or off", word);
    return false;
}

enum cli_status cli_find_user(const struct cli *cli, const char *name, struct user *user) {
    enum error error = ERROR_NOT_FOUND;
    /* An invalid name cannot exist: no query. */
    if (text_is_username(text_of(name)))
        error = user_by_name(cli->db, text_of(name), user, NULL);
    if (error == ERROR_NOT_FOUND)
        return cli_error("user '%s' does not exist", name);
    return error ? cli_store_error(cli, error) : CLI_OK;
}

void cli_audit_user(struct cli *cli, const struct user *user) {
    cli->audited.user_id = user->id;
    audit_log_begin(cli->db, &cli->audited, false);
}

enum cli_status cli_change_user(struct cli *cli, const char *name, struct user *user) {
    int64_t erased_at = 0;
    bool is_done;
    const enum cli_status status = cli_find_user(cli, name, user);
    if (status)
        return status;
    const enum error error = erasure_state(cli->db, user->id, &erased_at, &is_done);
    if (error)
        return cli_store_error(cli, error);
    if (erased_at)
        return cli_error("the account %s is erased", user->name);
    cli_audit_user(cli, user);
    return CLI_OK;
}

void cli_flush_events(const struct cli *cli) {
    /* Without Redis pushd finds the events in the database. */
    if (!redis_client_is_configured(cli->redis))
        return;
    /* PING is answered after all that was sent before it, so its answer means that Redis has
     * published. */
    redis_client_flush(cli->redis);
    if (!redis_client_ping(cli->redis, REDIS_MS))
        fprintf(stderr,
                "confabctl: warning: Redis unavailable (%s); open sockets are updated from the "
                "database within seconds\n",
                redis_client_last_error(cli->redis));
}
