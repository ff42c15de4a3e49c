#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "command.h"
#include "doctor/findings.h"
#include "store/audit.h"
#include "store/migrate.h"
#include "table.h"
#include "json/json_writer.h"

/* Differences shown to people; --json has all of them. */
#define SHOWN 100

/* Longest answer of Redis that is waited for. */
#define REDIS_MS 2000

/* The checks, one after the other, in either form. */
struct report {
    struct tool *tool;
    struct findings findings;
    bool counted; /* the counters were checked, to the end */
    struct json_writer differences;
    struct buffer differences_out; /* the elements of "differences" */
    struct table *table;
    uint64_t difference_count;
};

/* ---- configuration, database, schema, Redis ---- */

static bool check_config(struct report *report) {
    struct tool *tool = report->tool;
    struct buffer problems = BUFFER_EMPTY;
    const bool valid = tool_open(tool, &problems);
    const char *rest = buffer_str(&problems);
    for (char line[512]; *rest; rest += strcspn(rest, "\n"), rest += *rest == '\n') {
        snprintf(line, sizeof(line), "%.*s", (int)strcspn(rest, "\n"), rest);
        findings_add(&report->findings, "configuration", FINDINGS_FAILED, line,
                     "correct the file; `confabctl --example-config` explains every key");
    }
    buffer_free(&problems);
    if (valid && tool->config_path)
        findings_add(&report->findings, "configuration", FINDINGS_OK, tool->config_path, NULL);
    else if (valid)
        findings_add(&report->findings, "configuration", FINDINGS_WARNING,
                     "no file found; defaults and environment apply",
                     "`confabctl --example-config > " CONFIG_PATH "`, or name a file with -c");
    return valid;
}

/* Error numbers of server and client library that have a remedy of their own. */
static const char *database_remedy(unsigned number) {
    switch (number) {
    case 1044:
    case 1045:
    case 1698:
        return "check database_user and database_password, and what that user is GRANTed";
    case 1049:
        return "CREATE DATABASE with the name that database_name has";
    case 2002:
    case 2003:
    case 2005:
        return "start MariaDB; check database_socket, or database_host and database_port";
    default:
        return "look into the log of MariaDB";
    }
}

static bool check_database(struct report *report) {
    const struct tool *tool = report->tool;
    const struct config *config = &tool->config;
    char detail[512];
    const bool local = config->database_socket[0] != '\0';
    if (db_ping(tool->db) != ERROR_NONE) {
        snprintf(detail, sizeof(detail), "cannot be reached: %s", db_last_error(tool->db));
        findings_add(&report->findings, "database", FINDINGS_FAILED, detail,
                     database_remedy(db_last_errno(tool->db)));
        return false;
    }
    snprintf(detail, sizeof(detail), "%s at %s, as %s", config->database_name,
             local ? config->database_socket : config->database_host, config->database_user);
    findings_add(&report->findings, "database", FINDINGS_OK, detail, NULL);
    return true;
}

static bool check_schema(struct report *report) {
    enum migrate_state state;
    unsigned version;
    char detail[600];
    if (migrate_check(report->tool->db, &state, &version) != ERROR_NONE) {
        snprintf(detail, sizeof(detail), "cannot be read: %s", db_last_error(report->tool->db));
        findings_add(&report->findings, "schema", FINDINGS_FAILED, detail,
                     "look into the log of MariaDB");
        return false;
    }
    snprintf(detail, sizeof(detail), "version %u", version);
    if (state != MIGRATE_CURRENT)
        snprintf(detail, sizeof(detail), "version %u; this program needs %u", version,
                 migrate_latest());
    findings_add(&report->findings, "schema",
                 state == MIGRATE_CURRENT ? FINDINGS_OK : FINDINGS_FAILED, detail,
                 state == MIGRATE_BEHIND  ? "confabctl migrate"
                 : state == MIGRATE_AHEAD ? "install the newer confab that made this schema"
                                          : NULL);
    return state == MIGRATE_CURRENT;
}

static void check_redis(struct report *report) {
    const struct tool *tool = report->tool;
    const struct config *config = &tool->config;
    char detail[256];
    if (!redis_client_is_configured(tool->redis)) {
        findings_add(&report->findings, "redis", FINDINGS_WARNING,
                     "not configured: events take longer, presence is empty, limits are less exact",
                     "set redis_socket or redis_host");
        return;
    }
    if (!redis_client_ping(tool->redis, REDIS_MS)) {
        snprintf(detail, sizeof(detail), "cannot be reached: %s",
                 redis_client_last_error(tool->redis));
        findings_add(
            &report->findings, "redis", FINDINGS_FAILED, detail,
            "start Redis; check redis_socket, or redis_host and redis_port, and redis_password");
        return;
    }
    findings_add(&report->findings, "redis", FINDINGS_OK,
                 config->redis_socket[0] ? config->redis_socket : config->redis_host, NULL);
}

/* ---- counters ---- */

static void add_value_json(struct json_writer *w, const char *key,
                           const struct audit_finding *finding, uint64_t value) {
    if (finding->is_time)
        json_write_member_time(w, key, (int64_t)value);
    else
        json_write_member_u64(w, key, value);
}

static void add_value(struct table *table, const struct audit_finding *finding, uint64_t value) {
    char time[CLOCK_TEXT_SIZE];
    if (finding->is_time) {
        clock_format((int64_t)value, time);
        table_str(table, time);
    } else {
        table_u64(table, value);
    }
}

static void add_id(struct table *table, uint64_t id) {
    if (id)
        table_u64(table, id);
    else
        table_str(table, "-");
}

static void add_difference(void *context, const struct audit_finding *finding) {
    struct report *report = context;
    report->difference_count++;
    if (report->tool->json) {
        struct json_writer *w = &report->differences;
        json_write_object(w);
        json_write_member_str(w, "rule", finding->rule);
        json_write_member_id(w, "room_id", finding->room_id);
        json_write_member_id(w, "user_id", finding->user_id);
        add_value_json(w, "stored", finding, finding->stored);
        add_value_json(w, "recounted", finding, finding->recounted);
        json_write_member_str(w, "meaning", finding->meaning);
        json_write_object_end(w);
    } else if (report->difference_count <= SHOWN) {
        add_id(report->table, finding->room_id);
        add_id(report->table, finding->user_id);
        table_str(report->table, finding->rule);
        add_value(report->table, finding, finding->stored);
        add_value(report->table, finding, finding->recounted);
        table_str(report->table, finding->meaning);
    }
}

static void check_counters(struct report *report) {
    char detail[600];
    unsigned rules;
    const enum error error = audit_run(report->tool->db, add_difference, report, &rules);
    if (error) {
        snprintf(detail, sizeof(detail), "cannot be counted: %s", db_last_error(report->tool->db));
        findings_add(&report->findings, "counters", FINDINGS_FAILED, detail,
                     "look into the log of MariaDB");
        return;
    }
    report->counted = true;
    snprintf(detail, sizeof(detail), "%" PRIu64 " differences by %u rules",
             report->difference_count, rules);
    findings_add(&report->findings, "counters",
                 report->difference_count ? FINDINGS_FAILED : FINDINGS_OK, detail,
                 report->difference_count
                     ? "keep a dump of the database, look for errors in the logs, "
                       "and report this"
                     : NULL);
}

/* ---- the whole ---- */

static void print_json(struct report *report) {
    struct buffer out = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&out);
    findings_end(&report->findings);
    json_write_array_end(&report->differences);
    json_write_object(&w);
    json_write_member_bool(&w, "ok", !report->findings.failed);
    json_write_key(&w, "checks");
    json_write_raw(&w, report->findings.out.data, report->findings.out.len);
    json_write_key(&w, "differences");
    if (report->counted)
        json_write_raw(&w, report->differences_out.data, report->differences_out.len);
    else
        json_write_null(&w);
    json_write_object_end(&w);
    buffer_append_char(&out, '\n');
    tool_print(&out);
}

static void print_text(struct report *report) {
    if (report->difference_count > 0) {
        buffer_append_char(&report->findings.out, '\n');
        table_write(report->table, &report->findings.out);
    }
    if (report->difference_count > SHOWN)
        buffer_printf(&report->findings.out, "and %" PRIu64 " more; --json has all\n",
                      report->difference_count - SHOWN);
    tool_print(&report->findings.out);
}

enum tool_end command_check(struct tool *tool, struct arguments *arguments) {
    static const char *const HEADINGS[] = {">ROOM",  ">USER",     "RULE",
                                           "STORED", "RECOUNTED", "MEANING (STORED; RECOUNTED)"};
    bool deep = false;
    const struct arguments_option options[] = {{"--deep", ARGUMENTS_FLAG, &deep}};
    struct report report = {.tool = tool};
    if (!arguments_read(arguments, options, 1, 0, 0))
        return TOOL_USAGE;
    report.table = table_new(HEADINGS, 6);
    findings_begin(&report.findings, tool->json);
    report.differences = json_writer_start(&report.differences_out);
    if (tool->json)
        json_write_array(&report.differences);
    if (check_config(&report)) {
        const bool current = check_database(&report) && check_schema(&report);
        check_redis(&report);
        if (deep && current)
            check_counters(&report);
    }
    if (tool->json)
        print_json(&report);
    else
        print_text(&report);
    table_free(report.table);
    buffer_free(&report.findings.out);
    buffer_free(&report.differences_out);
    return report.findings.failed ? TOOL_FAILED : TOOL_DONE;
}
