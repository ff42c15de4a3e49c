/* user erase: erases an account, or shows what refers to one. The report looks at all tables of the
 * database, not only at those that this version knows. */
#include <inttypes.h>

#include "command.h"
#include "event/bell.h"
#include "event/publish.h"
#include "store/privacy/erasure.h"
#include "store/privacy/erasure_report.h"
#include "table.h"
#include "json/json_writer.h"

/* How long the command itself does the work that the worker does otherwise. */
#define BUDGET_MS 10000

/* ---- what is left ---- */

struct report {
    struct json_writer *w;
    struct table *table; /* NULL: JSON */
};

/* Adds a place that still refers to the user to the report. */
static void add_place(void *context, const struct erasure_place *place) {
    const struct report *report = context;
    /* In the table only what is left; JSON has all, for scripts. */
    if (report->table && place->rows == 0)
        return;
    if (report->table) {
        table_str(report->table, place->table);
        table_str(report->table, place->column);
        table_u64(report->table, place->rows);
        table_str(report->table, place->what);
        table_str(report->table, place->until);
        return;
    }
    json_write_object(report->w);
    json_write_member_str(report->w, "table", place->table);
    json_write_member_str(report->w, "column", place->column);
    json_write_member_u64(report->w, "rows", place->rows);
    json_write_member_str(report->w, "what", place->what);
    json_write_member_str(report->w, "until", place->until);
    json_write_object_end(report->w);
}

/* What is left of an account, as one object. */
static enum error report_json(struct cli *cli, const struct user *user, int64_t erased_at,
                              bool is_done) {
    struct buffer out = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&out);
    struct report report = {&w, NULL};
    json_write_object(&w);
    json_write_member_u64(&w, "user_id", user->id);
    json_write_member_str(&w, "username", user->name);
    json_write_member_time_or_null(&w, "erased_at", erased_at);
    json_write_member_bool(&w, "is_done", is_done);
    json_write_key(&w, "left");
    json_write_array(&w);
    const enum error error = erasure_report(cli->db, &cli->config, user->id, add_place, &report);
    json_write_array_end(&w);
    json_write_object_end(&w);
    buffer_append_char(&out, '\n');
    /* Nothing is printed after a failure, so that no half object is read as a whole. */
    if (!error)
        cli_output(&out);
    else
        buffer_free(&out);
    return error;
}

/* What is left of an account, as a table with its explanation, or as JSON. */
static enum cli_status show_report(struct cli *cli, const struct user *user) {
    static const char *const HEADINGS[] = {"TABLE", "COLUMN", ">ROWS", "WHAT", "UNTIL"};
    int64_t erased_at = 0;
    bool is_done = false;
    /* An account that is not erased can be looked at, too. */
    enum error error = erasure_state(cli->db, user->id, &erased_at, &is_done);
    if (!error && cli->json) {
        error = report_json(cli, user, erased_at, is_done);
        return error ? cli_store_error(cli, error) : CLI_OK;
    }
    struct table *table = table_new(HEADINGS, 5);
    struct report report = {NULL, table};
    if (!error)
        error = erasure_report(cli->db, &cli->config, user->id, add_place, &report);
    struct buffer out = BUFFER_EMPTY;
    table_write(table, &out);
    table_free(table);
    if (error) {
        buffer_free(&out);
        return cli_store_error(cli, error);
    }
    cli_output(&out);
    cli_message(!erased_at ? "The account %s is not erased."
                : is_done  ? "The account %s is erased."
                           : "The account %s is being erased.",
                user->name);
    /* The report says what it does not cover. */
    cli_message("Not checked: backups and logs of this program and of other servers.");
    return CLI_OK;
}

/* ---- erasing ---- */

/* Ends the account at once, and removes the rest of it as far as the time allows. */
static enum cli_status erase(struct cli *cli, const struct user *user, bool erases) {
    /* The account ends in this call; messages and files follow. */
    struct user_change change;
    bool finished = false;
    enum error error = erasure_begin(cli->db, user->id, erases, &change);
    if (error == ERROR_FORBIDDEN)
        return cli_error("user '%s' is the site itself", user->name);
    if (error)
        return cli_store_error(cli, error);
    /* One entry in the audit for the whole erasure: the deletions that follow have none. */
    audit_log_end(cli->db);
    publish_credentials_changed(cli->redis, &cli->publisher, &change);
    if (change.changed)
        cli_flush_events(cli);
    /* As far as BUDGET_MS allows; the table `erasure` has what is left. */
    error = erasure_run(cli->db, &cli->config, user->id, BUDGET_MS, &finished);
    /* Clients that read bells are notified of the deletions. */
    bell_ring_changed(cli->publisher.bell, cli->db);
    if (error)
        return cli_store_error(cli, error);
    cli_message(finished ? "User %s is erased, as deleted-%" PRIu64 "."
                         : "User %s is erased, as deleted-%" PRIu64
                           "; confab-worker deletes the rest.",
                user->name, user->id);
    return CLI_OK;
}

enum cli_status command_user_erase(struct cli *cli, struct arguments *arguments) {
    const char *messages = NULL;
    bool report = false;
    const struct arguments_option options[] = {{"--messages", ARGUMENTS_TEXT, &messages},
                                               {"--report", ARGUMENTS_FLAG, &report}};
    struct user user;
    if (!arguments_read(arguments, options, 2, 1, 1))
        return CLI_USAGE;
    /* --messages must be said, since erasing them cannot be undone. */
    const bool erases = messages && text_equals(text_of(messages), text_of("erase"));
    if (report && messages)
        return CLI_USAGE;
    if (!report && !erases && !(messages && text_equals(text_of(messages), text_of("keep"))))
        return CLI_USAGE;
    /* An erased account as well: its messages may have been kept. */
    const enum cli_status status = cli_find_user(cli, arguments->argv[0], &user);
    if (status)
        return status;
    /* A report changes nothing: it has no entry in the audit. */
    if (report)
        return show_report(cli, &user);
    cli_audit_user(cli, &user);
    return erase(cli, &user, erases);
}
