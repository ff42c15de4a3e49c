/* user add, passwd, disable, enable, staff, totp, list. A password is read by prompt.c and hashed
 * here, so that the database gets nothing else. A change that ends credentials is published, and
 * pushd closes the sockets that have no valid ones. Limits of the API, such as those on wrong
 * passwords, do not apply here. */
#include <inttypes.h>

#include "command.h"
#include "event/publish.h"
#include "list_output.h"
#include "prompt.h"
#include "secrets/password_rule.h"
#include "secrets/secret.h"
#include "store/logins/user_totp.h"
#include "store/rooms/ban.h"
#include "store/users/user.h"

/* The same limits as in the API. */
#define PASSWORD_MIN 8
#define PASSWORD_MAX 256

/* ---- passwords ---- */

/* Whether a new password is long enough, in characters. Existing ones are never checked. */
static bool is_password(struct text password) {
    if (!text_is_valid(password.at, password.len))
        return false;
    const size_t points = text_code_points(password);
    return points >= PASSWORD_MIN && points <= PASSWORD_MAX;
}

/* Reads a new password for this user and hashes it. */
static enum cli_status ask_password(const struct cli *cli, const char *name,
                                    char hash[SECRET_PASSWORD_SIZE]) {
    /* Usage errors of a password are failures, since the arguments were right. */
    enum cli_status status = CLI_FAILED;
    struct prompt_secret secret;
    const char *problem = prompt_password(name, &secret);
    if (problem)
        cli_error("cannot read the password: %s", problem);
    else if (!is_password(prompt_text(&secret)))
        cli_error("invalid password: must be %d to %d characters of UTF-8", PASSWORD_MIN,
                  PASSWORD_MAX);
    /* The same list of common passwords as in the API. */
    else if (password_rule_is_too_common(prompt_text(&secret), text_of(name)))
        cli_error("invalid password: it is one of the most common ones, or the user's name");
    /* Argon2id with the configured cost; it fails only for lack of memory. */
    else if (!secret_hash_password(prompt_text(&secret), cli->config.password_passes,
                                   cli->config.password_memory, hash))
        cli_error("not enough memory to hash a password (password_memory is %" PRIu64 " KiB)",
                  cli->config.password_memory);
    else
        status = CLI_OK;
    /* In any case: the password must not stay in memory. */
    prompt_wipe(&secret);
    return status;
}

/* ---- adding ---- */

/* With --if-missing a user who exists is a success, so that scripts can be repeated. */
static enum cli_status report_existing(const char *name, bool if_missing) {
    if (!if_missing)
        return cli_error("user '%s' already exists", name);
    cli_message("User %s already exists.", name);
    return CLI_OK;
}

/* Adds a user with a password that is asked for. */
static enum cli_status add(struct cli *cli, const char *name, bool staff, bool if_missing) {
    char hash[SECRET_PASSWORD_SIZE];
    uint64_t id;
    /* Asked before the user exists, so that no account is without a password. */
    enum cli_status status = ask_password(cli, name, hash);
    if (status)
        return status;
    /* NULL: without a token, and without an address that is known for the user. */
    enum error error = user_add(cli->db, text_of(name), hash, NULL, NULL, &id);
    /* Another process added the user while the password was typed. */
    if (error == ERROR_CONFLICT)
        return report_existing(name, if_missing);
    /* In a second step: if it fails, the user exists without the flag, and `user staff` can set
     * it. */
    if (!error && staff)
        error = user_set_staff(cli->db, id, true);
    if (error)
        return cli_store_error(cli, error);
    cli_message("User %s added with id %" PRIu64 ".", name, id);
    return CLI_OK;
}

enum cli_status command_user_add(struct cli *cli, struct arguments *arguments) {
    bool staff = false, if_missing = false;
    const struct arguments_option options[] = {{"--staff", ARGUMENTS_FLAG, &staff},
                                               {"--if-missing", ARGUMENTS_FLAG, &if_missing}};
    struct user user;
    if (!arguments_read(arguments, options, 2, 1, 1))
        return CLI_USAGE;
    /* The same rule as in the API. */
    const char *name = arguments->argv[0];
    if (!text_is_username(text_of(name)))
        return cli_error(
            "invalid user name '%s': must be 3 to 32 letters (a to z), digits, '_', '.' or '-'",
            name);
    /* Check for an existing user before asking for a password. */
    const enum error error = user_by_name(cli->db, text_of(name), &user, NULL);
    if (error == ERROR_NONE)
        return report_existing(user.name, if_missing);
    if (error != ERROR_NOT_FOUND)
        return cli_store_error(cli, error);
    return add(cli, name, staff, if_missing);
}

/* ---- changing ---- */

/* Parses the only argument, the name of a user, and finds the user. */
static enum cli_status read_user(struct cli *cli, struct arguments *arguments, struct user *user) {
    if (!arguments_read(arguments, NULL, 0, 1, 1))
        return CLI_USAGE;
    return cli_change_user(cli, arguments->argv[0], user);
}

/* Notifies pushd, which checks the user's sockets; waits for Redis if something has changed. */
static void publish_change(const struct cli *cli, const struct user_change *change) {
    /* Does nothing without a change. */
    publish_credentials_changed(cli->redis, &cli->publisher, change);
    if (change->changed)
        cli_flush_events(cli);
}

enum cli_status command_user_passwd(struct cli *cli, struct arguments *arguments) {
    char hash[SECRET_PASSWORD_SIZE];
    struct user user;
    struct user_change change;
    enum cli_status status = read_user(cli, arguments, &user);
    if (!status)
        status = ask_password(cli, user.name, hash);
    if (status)
        return status;
    /* NULL: without the old password. No session or token is spared. */
    const enum error error = user_set_password(cli->db, user.id, NULL, hash, 0, 0, &change);
    if (error)
        return cli_store_error(cli, error);
    publish_change(cli, &change);
    cli_message("Password of user %s changed; all sessions and tokens revoked.", user.name);
    return CLI_OK;
}

/* `user enable` and `user disable`; publishes the change, so that open sockets are closed. */
static enum cli_status set_active(struct cli *cli, struct arguments *arguments, bool active) {
    const char *state = active ? "enabled" : "disabled";
    struct user user;
    struct user_change change;
    const enum cli_status status = read_user(cli, arguments, &user);
    if (status)
        return status;
    /* The administrator also ends a ban from the site. */
    enum error error = active ? ban_site_remove(cli->db, 0, user.id) : ERROR_NOT_FOUND;
    const bool was_banned = !error;
    /* NOT_FOUND: no ban, which is the usual case. */
    if (!error || error == ERROR_NOT_FOUND)
        error = user_set_active(cli->db, user.id, active, &change);
    if (error == ERROR_FORBIDDEN)
        return cli_error("the account %s is erased", user.name);
    if (error)
        return cli_store_error(cli, error);
    /* Enabling closes nothing, but pushd is notified of both alike. */
    publish_change(cli, &change);
    cli_message(change.changed || was_banned ? "User %s is %s." : "User %s is already %s.",
                user.name, state);
    return CLI_OK;
}

enum cli_status command_user_disable(struct cli *cli, struct arguments *arguments) {
    return set_active(cli, arguments, false);
}

enum cli_status command_user_enable(struct cli *cli, struct arguments *arguments) {
    return set_active(cli, arguments, true);
}

/* Arguments NAME on|off: sets a flag of a user by `set`; `title` names a user who has the flag. */
static enum cli_status set_flag(struct cli *cli, struct arguments *arguments,
                                enum error (*set)(struct db *db, uint64_t id, bool on),
                                const char *title) {
    /* `set` is one of the two functions of store/users/user.h. */
    struct user user;
    bool on;
    if (!arguments_read(arguments, NULL, 0, 2, 2) || !cli_read_switch(arguments->argv[1], &on))
        return CLI_USAGE;
    const enum cli_status status = cli_change_user(cli, arguments->argv[0], &user);
    if (status)
        return status;
    const enum error error = set(cli->db, user.id, on);
    if (error)
        return cli_store_error(cli, error);
    cli_message("User %s is %s%s.", user.name, on ? "" : "not ", title);
    return CLI_OK;
}

enum cli_status command_user_staff(struct cli *cli, struct arguments *arguments) {
    return set_flag(cli, arguments, user_set_staff, "staff");
}

enum cli_status command_user_moderator(struct cli *cli, struct arguments *arguments) {
    return set_flag(cli, arguments, user_set_moderator, "a moderator");
}

enum cli_status command_user_totp(struct cli *cli, struct arguments *arguments) {
    struct user user;
    bool ended;
    /* The only subcommand is reset: a second factor is set up by its user alone. */
    if (!arguments_read(arguments, NULL, 0, 2, 2) ||
        !text_equals(text_of(arguments->argv[0]), text_of("reset")))
        return CLI_USAGE;
    const enum cli_status status = cli_change_user(cli, arguments->argv[1], &user);
    if (status)
        return status;
    /* The sessions of the user stay. */
    const enum error error = user_totp_end(cli->db, user.id, &ended);
    if (error)
        return cli_store_error(cli, error);
    cli_message(ended ? "User %s logs in by password only." : "User %s had no two-factor login.",
                user.name);
    return CLI_OK;
}

/* ---- list ---- */

static void add_json(struct json_writer *w, const struct user *user) {
    json_write_object(w);
    json_write_member_u64(w, "user_id", user->id);
    json_write_member_str(w, "username", user->name);
    json_write_member_bool(w, "is_active", user->is_active);
    json_write_member_bool(w, "is_staff", user->is_staff);
    json_write_member_time(w, "created_at", user->created_at);
    json_write_object_end(w);
}

static void add_row(struct table *table, const struct user *user) {
    table_u64(table, user->id);
    table_str(table, user->name);
    table_bool(table, user->is_active);
    table_bool(table, user->is_staff);
    table_time(table, user->created_at);
}

/* A row of `user list`. */
static void list_user(void *context, const struct user *user) {
    struct list_output *output = context;
    output->shown++;
    if (output->json)
        add_json(&output->w, user);
    else
        add_row(output->table, user);
}

/* A page of users whose names begin with `prefix`; with `all` also those who are disabled. */
static enum cli_status list(const struct cli *cli, struct text prefix, bool all, uint64_t limit,
                            uint64_t offset) {
    static const char *const HEADINGS[] = {">ID", "NAME", "ACTIVE", "STAFF", "CREATED (UTC)"};
    struct list_output output;
    uint64_t count = 0;
    /* Counted first, for the line "Showing N of M". */
    enum error error = user_count(cli->db, prefix, all, &count);
    list_output_begin(&output, cli, HEADINGS, 5);
    /* Users whose ban has expired are active. */
    ban_end_all_due(cli->db);
    if (!error)
        error = user_list(cli->db, prefix, all, limit, offset, list_user, &output);
    return list_output_end(&output, cli, count, error);
}

enum cli_status command_user_list(struct cli *cli, struct arguments *arguments) {
    const char *prefix = "";
    bool all = false;
    uint64_t limit = LIST_OUTPUT_DEFAULT_LIMIT, offset = 0;
    const struct arguments_option options[] = {{"--search", ARGUMENTS_TEXT, &prefix},
                                               {"--all", ARGUMENTS_FLAG, &all},
                                               {"--limit", ARGUMENTS_NUMBER, &limit},
                                               {"--offset", ARGUMENTS_NUMBER, &offset}};
    if (!arguments_read(arguments, options, 4, 0, 0))
        return CLI_USAGE;
    const struct text text = text_of(prefix);
    /* The database would refuse other bytes with an error of its own. */
    if (!text_is_valid(text.at, text.len))
        return cli_error("the prefix given with --search is not valid UTF-8");
    return list(cli, text, all, limit, offset);
}
