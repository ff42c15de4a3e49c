/*
 * doctor: checks a site from the outside, and its servers. Contains the table of checks, the token
 * with which they are made, and the order of a run; the checks themselves are in doctor/.
 *
 * A run: read the server's limits, create the token (in a child process that revokes it even if
 * this one is killed), run the table from top to bottom, print, revoke.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "command.h"
#include "doctor/doctor.h"
#include "doctor/doctor_metrics.h"
#include "doctor/doctor_token.h"

/* The sites that a check applies to: all, those with pushd (not with --no-sockets), those with
 * pictures from other hosts (avatar_origins), or those with bells (bell_dir). */
enum check_sites { ALL_SITES, WITH_PUSHD, WITH_PICTURES, WITH_BELLS };

/* In the order of a run: a check runs only if earlier ones have found everything to work that it
 * needs. */
static const struct check {
    const char *name;
    unsigned needs;
    enum check_sites sites;
    doctor_check *run;
} CHECKS[] = {
    {"address", 0, ALL_SITES, doctor_address},
    {"authorization", DOCTOR_SITE, ALL_SITES, doctor_authorization},
    {"methods", DOCTOR_SITE, ALL_SITES, doctor_methods},
    {"links", DOCTOR_TOKEN, ALL_SITES, doctor_links},
    {"bodies", DOCTOR_TOKEN, ALL_SITES, doctor_bodies},
    {"pictures", DOCTOR_SITE, WITH_PICTURES, doctor_pictures},
    {"bells", DOCTOR_SITE, WITH_BELLS, doctor_bells},
    {"upgrade", DOCTOR_TOKEN, WITH_PUSHD, doctor_upgrade},
    {"delay", DOCTOR_SOCKET, WITH_PUSHD, doctor_delay},
    {"clock", 0, ALL_SITES, doctor_clock},
    {"connections", 0, ALL_SITES, doctor_connections},
    {"redis", 0, ALL_SITES, doctor_redis},
    {"keys", 0, ALL_SITES, doctor_keys},
    {"worker", 0, ALL_SITES, doctor_worker},
    {"pushd", 0, WITH_PUSHD, doctor_pushd},
    {"version", DOCTOR_METRICS, WITH_PUSHD, doctor_version},
    {"files", DOCTOR_METRICS, WITH_PUSHD, doctor_files},
    {"sockets", DOCTOR_SITE, WITH_PUSHD, doctor_sockets},
};

/* The sockets of the systemd units. */
#define UNIT_SOCKETS "/run/confab/push"

/* The options of the command. */
struct doctor_options {
    const char *user;
    const char *ca_file;
    bool no_sockets;
    struct arguments_list metrics;
};

void doctor_set_result(struct doctor_result *result, enum report_state state, const char *fix,
                       const char *format, ...) {
    va_list values;
    /* Cut to the size of the detail. */
    va_start(values, format);
    vsnprintf(result->detail, sizeof(result->detail), format, values);
    va_end(values);
    result->state = state;
    result->fix = fix;
}

/* ---- the token ---- */

/* Finds the user of the token: this one, or any active user if name is NULL. A guest may not do
 * what the checks try. */
static enum cli_status find_user(const struct cli *cli, const char *name, struct user *user) {
    /* A user that is named must exist; its state is checked by add_token. */
    if (name)
        return cli_find_user(cli, name, user);
    const enum error error = user_first(cli->db, user);
    if (error == ERROR_NOT_FOUND)
        return cli_error("there is no user; add one with `confabctl user add`");
    return error ? cli_store_error(cli, error) : CLI_OK;
}

/* A token of the user for the checks, which ends with the run. */
static enum cli_status add_token(struct doctor *doctor, const char *name,
                                 struct doctor_token *token) {
    const struct cli *cli = doctor->cli;
    unsigned char hash[SECRET_HASH_SIZE];
    struct user user = {.id = 0};
    const enum cli_status status = find_user(cli, name, &user);
    if (status)
        return status;
    /* A disabled user's token would be refused by all checks. */
    if (!user.is_active)
        return cli_error("user '%s' is disabled", user.name);
    /* The key is only known here; the database and the child have its hash. */
    secret_make_key(doctor->key);
    secret_hash_key(text_of(doctor->key), hash);
    return doctor_token_add(cli, user.id, hash, token);
}

/* ---- the checks ---- */

/* Reads the limits and the clock of the database server. */
static enum cli_status read_server(struct doctor *doctor) {
    const struct cli *cli = doctor->cli;
    const enum error error = server_read(cli->db, &doctor->server);
    /* Above 0: the server's clock is ahead of this one, in microseconds; half a round trip is not
     * counted. */
    doctor->server_ahead = doctor->server.now - clock_now();
    return error ? cli_store_error(cli, error) : CLI_OK;
}

/* Runs the table in order; a check notes in doctor->have what works, for those after it. */
static void run_checks(struct doctor *doctor, bool no_sockets, struct report *report) {
    for (size_t i = 0; i < sizeof(CHECKS) / sizeof(CHECKS[0]); i++) {
        const struct check *check = &CHECKS[i];
        struct doctor_result result = {.fix = NULL};
        /* Features that the site does not use are not part of the report. */
        if ((check->sites == WITH_PUSHD && no_sockets) ||
            (check->sites == WITH_PICTURES && !*doctor->cli->config.avatar_origins) ||
            (check->sites == WITH_BELLS && !*doctor->cli->config.bell_dir))
            continue;
        /* A check that cannot run is only a warning: the report has the failure already. */
        if ((doctor->have & check->needs) == check->needs)
            check->run(doctor, &result);
        else
            doctor_set_result(&result, REPORT_WARNING, NULL,
                              "not checked: fix the failures above first");
        report_add(report, check->name, result.state, result.detail, result.fix);
    }
}

/* The report as JSON or as lines; its buffer is used up. */
static void print(struct report *report) {
    report_end(report);
    /* The checks are the array in report->out. */
    if (report->json) {
        struct buffer out = BUFFER_EMPTY;
        struct json_writer w = json_writer_start(&out);
        json_write_object(&w);
        json_write_member_bool(&w, "ok", !report->failed);
        json_write_key(&w, "checks");
        json_write_raw(&w, report->out.data, report->out.len);
        json_write_object_end(&w);
        buffer_append_char(&out, '\n');
        cli_output(&out);
        buffer_free(&report->out);
    } else {
        cli_output(&report->out);
    }
}

/* All checks, with a token that exists only for their time. */
static enum cli_status run_doctor(struct doctor *doctor, const struct doctor_options *options) {
    struct report report;
    struct doctor_token token;
    /* Without these nothing can be checked: an error, and no report. */
    enum cli_status status = read_server(doctor);
    if (!status)
        status = add_token(doctor, options->user, &token);
    if (status)
        return status;
    report_begin(&report, doctor->cli->json);
    run_checks(doctor, options->no_sockets, &report);
    /* Printed before the token is revoked, so that a report is there even if that fails. */
    print(&report);
    /* Revoke the token in all cases; a failure to do so is a failure of the run. */
    status = doctor_token_revoke(&token);
    return report.failed ? CLI_FAILED : status;
}

enum cli_status command_doctor(struct cli *cli, struct arguments *arguments) {
    struct doctor_options given = {.user = NULL};
    const struct arguments_option options[] = {
        {"--user", ARGUMENTS_TEXT, &given.user},
        {"--ca", ARGUMENTS_TEXT, &given.ca_file},
        {"--metrics", ARGUMENTS_LIST, &given.metrics},
        {"--no-sockets", ARGUMENTS_FLAG, &given.no_sockets},
    };
    struct doctor doctor = {.cli = cli};
    struct doctor_metrics found = {.count = 0};
    enum cli_status status = CLI_USAGE;
    if (arguments_read(arguments, options, 4, 1, 1)) {
        /* Without --metrics the addresses are looked for on this host. On another host than
         * pushd's, --metrics names the address. */
        if (!given.metrics.count && !given.no_sockets)
            doctor_metrics_find(&found, cli->config_path, cli->config.metrics_listen, UNIT_SOCKETS);
        doctor.metrics = given.metrics.count ? given.metrics.values : found.values;
        doctor.metrics_count = given.metrics.count ? given.metrics.count : found.count;
        /* The site is only contacted by the checks. */
        doctor.http = http_client_new(arguments->argv[0], given.ca_file);
        if (doctor.http)
            status = run_doctor(&doctor, &given);
        else
            cli_error("invalid address '%s': expected a URL such as https://chat.example.org",
                      arguments->argv[0]);
    }
    /* Runs in any case; what was not opened is empty. */
    http_client_response_free(&doctor.first);
    http_client_free(doctor.http);
    buffer_free(&doctor.metrics_text);
    buffer_free(&doctor.received);
    free(given.metrics.values);
    return status;
}
