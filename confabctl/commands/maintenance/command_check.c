/* check: configuration, database, schema, changes and Redis; with --deep also all counters. A check
 * that depends on one that has failed is left out. Unlike other commands this one opens the
 * configuration by itself, since errors in it are part of the report. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "command.h"
#include "doctor/doctor_keys.h"
#include "doctor/report.h"
#include "json/json_writer.h"
#include "os/file_store.h"
#include "redis/redis_sentinel.h"
#include "redis/redis_server.h"
#include "store/consistency.h"
#include "store/migrate.h"
#include "store/server.h"
#include "table.h"
#include "unicode/word_filter.h"

/* Maximum number of differences in the table; --json prints all. */
#define SHOWN 100

/* Timeout of Redis. */
#define REDIS_MS 2000

/* One run: the report of the checks, and the differences found by --deep. */
struct check {
    struct cli *cli;
    struct report report;
    bool counted; /* the recount is complete */
    struct json_writer differences;
    struct buffer differences_out; /* the elements of "differences" */
    struct table *table;
    uint64_t difference_count;
    bool only_texts; /* all of them are texts encoded twice */
};

/* ---- configuration, database, schema, Redis ---- */

/* Reads the configuration, and reports what is wrong with it line by line. */
static bool check_config(struct check *check) {
    struct cli *cli = check->cli;
    struct buffer problems = BUFFER_EMPTY;
    const bool valid = cli_open(cli, &problems);
    /* One line for each problem: errors if it is not valid, else warnings. */
    const char *rest = buffer_str(&problems);
    /* strcspn finds the end of the line, or of the text. */
    for (char line[512]; *rest; rest += strcspn(rest, "\n"), rest += *rest == '\n') {
        snprintf(line, sizeof(line), "%.*s", (int)strcspn(rest, "\n"), rest);
        report_add(&check->report, "configuration", valid ? REPORT_WARNING : REPORT_FAILED, line,
                   valid ? "correct it, unless it is intended"
                         : "correct the file; `confabctl --example-config` prints every key");
    }
    buffer_free(&problems);
    /* Without a file there are only defaults and the environment, which may be intended. */
    if (valid && cli->config_path)
        report_add(&check->report, "configuration", REPORT_OK, cli->config_path, NULL);
    else if (valid)
        report_add(&check->report, "configuration", REPORT_WARNING,
                   "no file found; using defaults and environment",
                   "`confabctl --example-config > " CONFIG_PATH "`, or give a file with -c");
    return valid;
}

/* Reads filter_file as fcgi-api would; reports nothing if the option is empty. */
static void check_filter(struct check *check) {
    const char *path = check->cli->config.filter_file;
    struct buffer problems = BUFFER_EMPTY;
    if (!*path)
        return;
    struct word_filter *filter = word_filter_read(path, &problems);
    if (filter)
        report_add(&check->report, "filter", REPORT_OK, "filter_file can be used", NULL);
    else
        report_add(&check->report, "filter", REPORT_FAILED, buffer_str(&problems),
                   "correct filter_file, then reload fcgi-api");
    word_filter_free(filter);
    buffer_free(&problems);
}

/* Checks the keys of the site's tokens, if there are any or users need them to log in. */
static void check_keys(struct check *check) {
    /* By the same function as the check of `doctor`. */
    const struct config *config = &check->cli->config;
    struct doctor_result result = {.fix = NULL};
    if (!*config->jwt_keys && config->password_login != CONFIG_OFF)
        return;
    doctor_keys_check(config, &result);
    report_add(&check->report, "keys", result.state, result.detail, result.fix);
}

/* Returns the fix for an error number of the server or the client library. */
static const char *database_fix(unsigned number) {
    switch (number) {
    /* Access denied: to the database, with this password, or by the plugin of the account. */
    case 1044:
    case 1045:
    case 1698:
        return "check database_user, database_password and the GRANTs of that user";
    /* There is no such database. */
    case 1049:
        return "create the database (CREATE DATABASE), or correct database_name";
    /* From the client library: no server at the socket, at the address, or no such host. */
    case 2002:
    case 2003:
    case 2005:
        return "start MariaDB; check database_socket, or database_host and database_port";
    default:
        return "see the log of MariaDB";
    }
}

/* Whether the database answers; without it most of the other checks are left out. */
static bool check_database(struct check *check) {
    const struct cli *cli = check->cli;
    const struct config *config = &cli->config;
    char detail[512];
    const bool local = config->database_socket[0] != '\0';
    /* The connection is opened here. */
    if (db_ping(cli->db) != ERROR_NONE) {
        snprintf(detail, sizeof(detail), "unavailable: %s", db_last_error(cli->db));
        report_add(&check->report, "database", REPORT_FAILED, detail,
                   database_fix(db_last_errno(cli->db)));
        return false;
    }
    /* The password is not part of the report. */
    snprintf(detail, sizeof(detail), "%s at %s, as %s", config->database_name,
             local ? config->database_socket : config->database_host, config->database_user);
    report_add(&check->report, "database", REPORT_OK, detail, NULL);
    return true;
}

/* Whether the schema is the one of this program. */
static bool check_schema(struct check *check) {
    enum migrate_state state;
    unsigned version;
    char detail[600];
    /* MIGRATE_BEHIND also stands for an empty database. */
    if (migrate_check(check->cli->db, &state, &version) != ERROR_NONE) {
        snprintf(detail, sizeof(detail), "cannot be read: %s", db_last_error(check->cli->db));
        report_add(&check->report, "schema", REPORT_FAILED, detail, "see the log of MariaDB");
        return false;
    }
    snprintf(detail, sizeof(detail), "version %u", version);
    if (state != MIGRATE_CURRENT)
        snprintf(detail, sizeof(detail), "version %u; required is %u", version, migrate_latest());
    /* In a rolling upgrade some hosts still have the older programs, which work with a newer schema
     * of the same major version. */
    if (state == MIGRATE_NEWER)
        snprintf(detail, sizeof(detail), "version %u, with which this program (%u) works", version,
                 migrate_latest());
    const bool fits = state == MIGRATE_CURRENT || state == MIGRATE_NEWER;
    /* Behind: migrate. Ahead: the programs are too old, and a schema is never changed back. */
    report_add(&check->report, "schema", fits ? REPORT_OK : REPORT_FAILED, detail,
               state == MIGRATE_BEHIND ? "run `confabctl migrate`"
               : state == MIGRATE_AHEAD
                   ? "install the confab version that created this schema, or a newer one"
                   : NULL);
    return fits;
}

/* Whether the server accepts changes, and replicates their times correctly. */
static void check_changes(struct check *check) {
    struct db *db = check->cli->db;
    char detail[600];
    bool by_statement = false;
    /* A server that is read-only, or whose disk is full, still answers reads. */
    if (server_check_writable(db) != ERROR_NONE) {
        snprintf(detail, sizeof(detail), "refused: %s (%s)", db_last_cause(db), db_last_error(db));
        report_add(&check->report, "changes", REPORT_FAILED, detail,
                   "until this is fixed, requests that write get 503");
        return;
    }
    /* If it cannot be read, by_statement stays false. */
    server_binlog_by_statement(db, &by_statement);
    if (by_statement)
        report_add(&check->report, "changes", REPORT_WARNING,
                   "accepted, but binlog_format is STATEMENT: times differ on replicas",
                   "set binlog_format = MIXED, or GRANT BINLOG ADMIN to the database user");
    else
        report_add(&check->report, "changes", REPORT_OK, "accepted", NULL);
}

/* What to do about a Redis that refuses commands, by the first word of its answer. */
static const char *redis_remedy(const char *error) {
    /* Each answer of Redis begins with the name of its error. */
    if (strstr(error, "OOM "))
        return "raise maxmemory of Redis, or find out what fills it";
    if (strstr(error, "MISCONF "))
        return "Redis cannot save its data: see its log, and whether its disk is full";
    return "use the primary, not a replica; the user needs all commands, the keys and the "
           "channels of redis_prefix (ACL SETUSER ... ~confab:* &confab:* +@all)";
}

/* Whether Redis answers, permits what the programs need, and is the same as on the other hosts. */
static void check_redis(struct check *check, bool database_works) {
    const struct cli *cli = check->cli;
    const struct config *config = &cli->config;
    char detail[256];
    if (!redis_client_is_configured(cli->redis)) {
        /* Confab works without Redis, so it is a warning. */
        report_add(&check->report, "redis", REPORT_WARNING,
                   "not configured: events are delayed, presence is empty, limits are less exact",
                   "set redis_socket or redis_host");
        return;
    }
    /* The connection is opened here. */
    if (!redis_client_ping(cli->redis, REDIS_MS)) {
        snprintf(detail, sizeof(detail), "unavailable: %s", redis_client_last_error(cli->redis));
        report_add(
            &check->report, "redis", REPORT_FAILED, detail,
            "start Redis; check redis_socket, or redis_host and redis_port, and redis_password");
        return;
    }
    /* PING needs no rights: try the commands that pushd and fcgi-api use. */
    uint64_t pushd_count = 0;
    /* Publishes and writes under redis_prefix, as the programs do. */
    if (!redis_server_try(cli->redis, REDIS_MS, &pushd_count)) {
        const char *error = redis_client_last_error(cli->redis);
        report_add(&check->report, "redis", REPORT_FAILED, error, redis_remedy(error));
        return;
    }
    /* Hosts that share the database record there which Redis they use. */
    char identity[REDIS_SERVER_IDENTITY_SIZE];
    bool others = false;
    /* The identity is that of the server's run, so that two names of one Redis are the same. */
    if (database_works && redis_server_identity(cli->redis, REDIS_MS, identity))
        server_find_other_redis(cli->db, identity, &others);
    /* Events published on one of them would not reach the sockets of the other. */
    if (others) {
        report_add(
            &check->report, "redis", REPORT_FAILED,
            "another host of this database uses a different Redis",
            "set redis_host or redis_socket, and redis_prefix, to the same values on all hosts");
        return;
    }
    report_add(&check->report, "redis", REPORT_OK,
               redis_has_sentinels(config) ? config->redis_sentinels
               : config->redis_socket[0]   ? config->redis_socket
                                           : config->redis_host,
               NULL);
}

/* Checks file_dir, if files can be sent: the user of fcgi-api must own it, and others must have no
 * access. */
static void check_files(struct check *check) {
    const struct config *config = &check->cli->config;
    char detail[512];
    if (config->files == CONFIG_OFF || !config->file_dir[0])
        return;
    if (file_store_check(config->file_dir)) {
        report_add(&check->report, "files", REPORT_OK, config->file_dir, NULL);
        return;
    }
    snprintf(detail, sizeof(detail), "file_dir %s cannot be used: %s", config->file_dir,
             file_store_problem());
    report_add(&check->report, "files", REPORT_FAILED, detail,
               "make it a folder that the user of fcgi-api owns, with mode 0700");
}

/* ---- counters ---- */

/* A number of a difference, which may be a time. */
static void add_value_json(struct json_writer *w, const char *key,
                           const struct consistency_finding *finding, uint64_t value) {
    /* Times in JSON are texts, in a table as well. */
    if (finding->is_time)
        json_write_member_time(w, key, (int64_t)value);
    else
        json_write_member_u64(w, key, value);
}

/* A value is a number, or a time in microseconds. */
static void add_value(struct table *table, const struct consistency_finding *finding,
                      uint64_t value) {
    char time[CLOCK_TEXT_SIZE];
    if (finding->is_time) {
        clock_format((int64_t)value, time);
        table_str(table, time);
    } else {
        table_u64(table, value);
    }
}

/* The cell of an id. */
static void add_id(struct table *table, uint64_t id) {
    /* 0: the rule has no room or no user. */
    if (id)
        table_u64(table, id);
    else
        table_str(table, "-");
}

/* A counter that differs from its recount. */
static void add_difference(void *context, const struct consistency_finding *finding) {
    struct check *check = context;
    check->difference_count++;
    /* Whether all differences are of this one rule, which the docs explain. */
    check->only_texts = check->only_texts && strcmp(finding->rule, CONSISTENCY_TWICE_ENCODED) == 0;
    /* Into the array of --json, or as a row of the table; of the rest only the number is shown. */
    if (check->cli->json) {
        struct json_writer *w = &check->differences;
        json_write_object(w);
        json_write_member_str(w, "rule", finding->rule);
        json_write_member_id(w, "room_id", finding->room_id);
        /* For JSON as for the table: what was stored, then what was counted. */
        json_write_member_id(w, "user_id", finding->user_id);
        add_value_json(w, "stored", finding, finding->stored);
        add_value_json(w, "recounted", finding, finding->recounted);
        json_write_member_str(w, "meaning", finding->meaning);
        json_write_object_end(w);
    } else if (check->difference_count <= SHOWN) {
        add_id(check->table, finding->room_id);
        add_id(check->table, finding->user_id);
        table_str(check->table, finding->rule);
        add_value(check->table, finding, finding->stored);
        add_value(check->table, finding, finding->recounted);
        table_str(check->table, finding->meaning);
    }
}

/* Recounts everything by the rules of store/consistency; takes long with many messages. */
static void check_counters(struct check *check) {
    char detail[600];
    unsigned rules;
    /* Until a difference of another rule is found. */
    check->only_texts = true;
    const enum error error = consistency_check(check->cli->db, add_difference, check, &rules);
    if (error) {
        snprintf(detail, sizeof(detail), "recount failed: %s", db_last_error(check->cli->db));
        report_add(&check->report, "counters", REPORT_FAILED, detail, "see the log of MariaDB");
        return;
    }
    check->counted = true;
    snprintf(detail, sizeof(detail), "%" PRIu64 " difference%s by %u rules",
             check->difference_count, text_plural(check->difference_count), rules);
    /* Counters must never differ; texts that are encoded twice usually come from an import. */
    const char *fix = check->only_texts
                          ? "see \"Texts that are encoded twice\" in docs/operations.md"
                          : "keep a dump of the database, check the logs for errors, and report a "
                            "bug";
    report_add(&check->report, "counters", check->difference_count ? REPORT_FAILED : REPORT_OK,
               detail, check->difference_count ? fix : NULL);
}

/* ---- output ---- */

/* One object with all checks and the differences of counters. */
static void print_json(struct check *check) {
    /* Ends the array in report.out. */
    struct buffer out = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&out);
    report_end(&check->report);
    json_write_array_end(&check->differences);
    json_write_object(&w);
    json_write_member_bool(&w, "ok", !check->report.failed);
    json_write_key(&w, "checks");
    json_write_raw(&w, check->report.out.data, check->report.out.len);
    json_write_key(&w, "differences");
    /* null without --deep, or if the recount failed: not the same as no differences. */
    if (check->counted)
        json_write_raw(&w, check->differences_out.data, check->differences_out.len);
    else
        json_write_null(&w);
    json_write_object_end(&w);
    buffer_append_char(&out, '\n');
    cli_output(&out);
}

/* The lines of the checks, and below them a table of the first differences. */
static void print_text(struct check *check) {
    if (check->difference_count > 0) {
        /* The table of differences comes after the lines of the checks. */
        buffer_append_char(&check->report.out, '\n');
        table_write(check->table, &check->report.out);
    }
    if (check->difference_count > SHOWN)
        buffer_printf(&check->report.out, "%" PRIu64 " more difference%s; --json prints all\n",
                      check->difference_count - SHOWN,
                      text_plural(check->difference_count - SHOWN));
    cli_output(&check->report.out);
}

enum cli_status command_check(struct cli *cli, struct arguments *arguments) {
    static const char *const HEADINGS[] = {">ROOM",  ">USER",     "RULE",
                                           "STORED", "RECOUNTED", "MEANING (STORED; RECOUNTED)"};
    bool deep = false;
    const struct arguments_option options[] = {{"--deep", ARGUMENTS_FLAG, &deep}};
    struct check check = {.cli = cli};
    if (!arguments_read(arguments, options, 1, 0, 0))
        return CLI_USAGE;
    check.table = table_new(HEADINGS, 6);
    report_begin(&check.report, cli->json);
    /* Filled while the counters are checked, printed with the report. */
    check.differences = json_writer_start(&check.differences_out);
    if (cli->json)
        json_write_array(&check.differences);
    /* Without a valid configuration nothing else can be opened. */
    if (check_config(&check)) {
        check_keys(&check);
        check_filter(&check);
        check_files(&check);
        /* The later ones need tables of this version. */
        const bool current = check_database(&check) && check_schema(&check);
        if (current)
            check_changes(&check);
        check_redis(&check, current);
        if (deep && current)
            check_counters(&check);
    }
    /* In both forms the report is complete, also after failures. */
    if (cli->json)
        print_json(&check);
    else
        print_text(&check);
    table_free(check.table);
    buffer_free(&check.report.out);
    buffer_free(&check.differences_out);
    /* The status is 1 if any check failed, for scripts and monitoring. */
    return check.report.failed ? CLI_FAILED : CLI_OK;
}
