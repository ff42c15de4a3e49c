/* doctor: looks at a site from the outside, and at the servers behind it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "command.h"
#include "doctor/doctor.h"
#include "doctor/doctor_token.h"

/* A check runs when all that it needs is there; what it needs a pushd for is left out where
 * there is none on purpose. */
static const struct check {
    const char *name;
    unsigned needs;
    bool of_push;
    doctor_check *run;
} CHECKS[] = {
    {"address", 0, false, doctor_address},
    {"authorization", DOCTOR_SITE, false, doctor_authorization},
    {"links", DOCTOR_TOKEN, false, doctor_links},
    {"bodies", DOCTOR_TOKEN, false, doctor_bodies},
    {"upgrade", DOCTOR_TOKEN, true, doctor_upgrade},
    {"delay", DOCTOR_SOCKET, true, doctor_delay},
    {"clock", 0, false, doctor_clock},
    {"connections", 0, false, doctor_connections},
    {"redis", 0, false, doctor_redis},
    {"pushd", 0, true, doctor_pushd},
    {"version", DOCTOR_METRICS, true, doctor_version},
    {"files", DOCTOR_METRICS, true, doctor_files},
};

/* What the command line asks for. */
struct wanted {
    const char *user;
    const char *ca_file;
    bool no_sockets;
    struct arguments_list metrics;
};

void doctor_found(struct finding *finding, enum findings_state state, const char *mend,
                  const char *format, ...) {
    va_list values;
    va_start(values, format);
    vsnprintf(finding->detail, sizeof(finding->detail), format, values);
    va_end(values);
    finding->state = state;
    finding->mend = mend;
}

/* ---- a token for the time of the run ---- */

static void note_user(void *context, const struct user *user) {
    *(struct user *)context = *user;
}

/* Finds the user to come as: the one named, or else any. */
static enum tool_end find_user(const struct tool *tool, const char *name, struct user *user) {
    if (name)
        return tool_find_user(tool, name, user);
    const enum error error = user_list(tool->db, text_of(""), false, 1, 0, note_user, user);
    if (error)
        return tool_store_failed(tool, error);
    return user->id ? TOOL_DONE
                    : tool_fail("there is no user yet to come as; `confabctl user add` adds one");
}

static enum tool_end make_token(struct doctor *doctor, const char *name,
                                struct doctor_token *token) {
    const struct tool *tool = doctor->tool;
    unsigned char hash[SECRET_HASH_SIZE];
    struct user user = {.id = 0};
    const enum tool_end end = find_user(tool, name, &user);
    if (end)
        return end;
    if (!user.is_active)
        return tool_fail("%s is disabled", user.name);
    secret_make_key(doctor->key);
    secret_hash_key(text_of(doctor->key), hash);
    return doctor_token_make(tool, user.id, hash, token);
}

/* ---- the checks ---- */

static enum tool_end ask_database(struct doctor *doctor) {
    const struct tool *tool = doctor->tool;
    const enum error error = server_read(tool->db, &doctor->server);
    doctor->server_ahead = doctor->server.now - clock_now();
    return error ? tool_store_failed(tool, error) : TOOL_DONE;
}

static void run_checks(struct doctor *doctor, bool no_sockets, struct findings *findings) {
    for (size_t i = 0; i < sizeof(CHECKS) / sizeof(CHECKS[0]); i++) {
        const struct check *check = &CHECKS[i];
        struct finding finding = {.mend = NULL};
        if (no_sockets && check->of_push)
            continue;
        if ((doctor->have & check->needs) == check->needs)
            check->run(doctor, &finding);
        else
            doctor_found(&finding, FINDINGS_WARNING, NULL,
                         "not looked at: something above has to be mended first");
        findings_add(findings, check->name, finding.state, finding.detail, finding.mend);
    }
}

static void print(struct findings *findings) {
    findings_end(findings);
    if (findings->json) {
        struct buffer out = BUFFER_EMPTY;
        struct json_writer w = json_writer_start(&out);
        json_write_object(&w);
        json_write_member_bool(&w, "ok", !findings->failed);
        json_write_key(&w, "checks");
        json_write_raw(&w, findings->out.data, findings->out.len);
        json_write_object_end(&w);
        buffer_append_char(&out, '\n');
        tool_print(&out);
        buffer_free(&findings->out);
    } else {
        tool_print(&findings->out);
    }
}

static enum tool_end examine(struct doctor *doctor, const struct wanted *wanted) {
    struct findings findings;
    struct doctor_token token;
    enum tool_end end = ask_database(doctor);
    if (!end)
        end = make_token(doctor, wanted->user, &token);
    if (end)
        return end;
    findings_begin(&findings, doctor->tool->json);
    run_checks(doctor, wanted->no_sockets, &findings);
    print(&findings);
    end = doctor_token_end(&token);
    return findings.failed ? TOOL_FAILED : end;
}

enum tool_end command_doctor(struct tool *tool, struct arguments *arguments) {
    struct wanted wanted = {.user = NULL};
    const struct arguments_option options[] = {
        {"--user", ARGUMENTS_TEXT, &wanted.user},
        {"--ca", ARGUMENTS_TEXT, &wanted.ca_file},
        {"--metrics", ARGUMENTS_LIST, &wanted.metrics},
        {"--no-sockets", ARGUMENTS_FLAG, &wanted.no_sockets},
    };
    struct doctor doctor = {.tool = tool};
    const char *configured[] = {tool->config.metrics_listen};
    enum tool_end end = TOOL_USAGE;
    if (arguments_read(arguments, options, 4, 1, 1)) {
        doctor.metrics = wanted.metrics.count ? wanted.metrics.values : configured;
        doctor.metrics_count = wanted.metrics.count ? wanted.metrics.count : 1;
        doctor.site = site_new(arguments->words[0], wanted.ca_file);
        if (doctor.site)
            end = examine(&doctor, &wanted);
        else
            tool_fail("'%s' is no address like https://chat.example.org", arguments->words[0]);
    }
    site_answer_free(&doctor.first);
    site_free(doctor.site);
    buffer_free(&doctor.figures);
    buffer_free(&doctor.early);
    free(wanted.metrics.values);
    return end;
}
