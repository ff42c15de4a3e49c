/* doctor_worker: does a worker run, if one is needed, and how far are the hooks behind? */
#include <inttypes.h>
#include <stdio.h>

#include "doctor/doctor.h"
#include "store/followers/follower.h"
#include "store/followers/worker.h"

/* A worker from cron runs once a minute. */
#define IDLE_SECONDS 180

/* A delivery starts within a second; one that fails is tried again for days. */
#define LAG_SECONDS 120

/* Totals over all hooks. */
struct hooks {
    uint64_t active, failing, events, seconds;
    char failing_name[80];
};

/* Adds a hook to the totals, and remembers one that fails. */
static void add_hook(void *context, const struct follower_lag *lag) {
    struct hooks *hooks = context;
    /* Pullers have no deliveries, and inactive hooks are paused on purpose. */
    if (!lag->is_hook || !lag->is_active)
        return;
    hooks->active++;
    hooks->events += lag->events;
    if (lag->seconds > hooks->seconds)
        hooks->seconds = lag->seconds;
    if (lag->failing == 0)
        return;
    hooks->failing++;
    /* Shortened, since the line names one hook as an example. */
    snprintf(hooks->failing_name, sizeof(hooks->failing_name), "%.*s",
             (int)(lag->name.len < 70 ? lag->name.len : 70), lag->name.at);
}

/* Turns what was found of the worker and its hooks into one line of the report. */
static void report_worker(struct doctor_result *result, const struct hooks *hooks, uint64_t workers,
                          uint64_t idle_seconds, bool is_needed) {
    /* A worker from cron has no row between its runs; it notes when it has looked for work. */
    const bool is_alive = workers > 0 || idle_seconds < IDLE_SECONDS;
    if (!is_alive && is_needed)
        doctor_set_result(
            result, REPORT_FAILED,
            "start confab-worker: `systemctl enable --now confab-worker`, or from cron "
            "`confab-worker --ensure`",
            "confab-worker does not run; hooks, jwks_url, scanning and mail need it; waiting: "
            "%" PRIu64 " hook%s, %" PRIu64 " event%s",
            hooks->active, text_plural(hooks->active), hooks->events, text_plural(hooks->events));
    else if (!is_alive)
        doctor_set_result(result, REPORT_OK, NULL,
                          "not running and not needed: no hooks, jwks_url, scanner or mail");
    else if (hooks->failing > 0)
        doctor_set_result(result, REPORT_WARNING,
                          "see `confabctl hook list`; `confabctl hook test NAME` tries one",
                          "failing: %" PRIu64 " of %" PRIu64 " hook%s ('%s'), up to %" PRIu64
                          " s behind, %" PRIu64 " event%s in all",
                          hooks->failing, hooks->active, text_plural(hooks->active),
                          hooks->failing_name, hooks->seconds, hooks->events,
                          text_plural(hooks->events));
    else if (hooks->seconds > LAG_SECONDS)
        doctor_set_result(result, REPORT_WARNING, "run more than one confab-worker",
                          "the hooks are up to %" PRIu64 " s behind, %" PRIu64 " event%s in all",
                          hooks->seconds, hooks->events, text_plural(hooks->events));
    else
        doctor_set_result(result, REPORT_OK, NULL,
                          "%s; %" PRIu64 " hook%s, at most %" PRIu64 " s behind",
                          workers > 0 ? "running" : "running from cron", hooks->active,
                          text_plural(hooks->active), hooks->seconds);
}

void doctor_worker(struct doctor *doctor, struct doctor_result *result) {
    const struct config *config = &doctor->cli->config;
    const bool scans = config->scan_command[0] || config->scan_socket[0];
    struct db *db = doctor->cli->db;
    struct hooks hooks = {.active = 0};
    /* UINT64_MAX: no worker has ever noted anything. */
    uint64_t workers = 0, idle_seconds = UINT64_MAX;
    enum error error = follower_lags(db, add_hook, &hooks);
    if (!error)
        error = worker_count(db, &workers);
    if (!error)
        error = follower_idle_seconds(db, &idle_seconds);
    if (error)
        doctor_set_result(result, REPORT_FAILED, "run `confabctl check`", "%s", db_last_cause(db));
    else
        report_worker(result, &hooks, workers, idle_seconds,
                      /* Other features that need a worker, besides hooks. */
                      hooks.active > 0 || config->jwks_url[0] || scans || config->mail_from[0]);
}
