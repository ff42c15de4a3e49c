/* startup: loading the configuration and opening the log, at the start and at a reload. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "config/startup.h"
#include "support/config_fixture.h"
#include "support/unit.h"

/* Returns what was logged to standard error since `capture`. */
static char said[8192];
static int kept_stderr;
static FILE *captured;

static void capture(void) {
    captured = tmpfile();
    assert_non_null(captured);
    kept_stderr = dup(STDERR_FILENO);
    dup2(fileno(captured), STDERR_FILENO);
}

static void end_capture(void) {
    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    rewind(captured);
    said[fread(said, 1, sizeof(said) - 1, captured)] = '\0';
    fclose(captured);
}

static unsigned count_lines(const char *part) {
    unsigned count = 0;
    for (const char *at = said; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

static void write_config(struct configured *fixture, const char *content) {
    configured_write(fixture->path, content, strlen(content));
}

/* Logs to standard error again. */
static void close_log(void) {
    log_open("test_startup", LOG_LEVEL_INFO, false, NULL);
}

static void each_configuration_error_is_logged(void **state) {
    struct configured *fixture = *state;
    struct config config;
    write_config(fixture, "ws_ping = often\nnonsense = 1\nlog_to = paper\n");
    capture();
    const bool valid = startup_load(&config, fixture->path);
    end_capture();
    assert_false(valid);
    assert_int_equal(count_lines(" error "), 3);
    assert_int_equal(count_lines("\n"), 3);
    assert_non_null(strstr(said, "ws_ping"));
    assert_non_null(strstr(said, "nonsense"));
    assert_non_null(strstr(said, "log_to"));
    configured_assert_empty(&config);
}

static void a_valid_configuration_logs_nothing(void **state) {
    struct configured *fixture = *state;
    struct config config;
    write_config(fixture, "ws_ping = 33\n");
    capture();
    const bool valid = startup_load(&config, fixture->path);
    end_capture();
    assert_true(valid);
    assert_string_equal(said, "");
    assert_int_equal(config.ws_ping, 33);
    config_free(&config);
}

static void a_log_file_that_cannot_be_opened_is_an_error_at_the_start(void **state) {
    struct configured *fixture = *state;
    struct config *config = configured_accept(fixture, "log_file = /nowhere/at/all.log\n");
    capture();
    startup_open_log(config, "tester");
    log_info("still here");
    end_capture();
    close_log();
    assert_int_equal(count_lines(" error tester["), 1);
    assert_non_null(strstr(said, "cannot open log_file /nowhere/at/all.log: No such file"));
    assert_non_null(strstr(said, "still here"));
}

static void the_configured_log_is_opened(void **state) {
    struct configured *fixture = *state;
    char file[64], content[128], line[256] = "";
    snprintf(file, sizeof(file), "%s/log", fixture->folder);
    snprintf(content, sizeof(content), "log_file = %s\nlog_level = warn\n", file);
    struct config *config = configured_accept(fixture, content);
    startup_open_log(config, "tester");
    log_info("too little");
    log_warn("enough");
    close_log();
    FILE *log = fopen(file, "r");
    assert_non_null(log);
    assert_non_null(fgets(line, sizeof(line), log));
    assert_non_null(strstr(line, "warn tester["));
    assert_non_null(strstr(line, "enough"));
    fclose(log);
    unlink(file);
}

static void a_reload_replaces_the_configuration_and_returns_the_old_one(void **state) {
    struct configured *fixture = *state;
    struct config former;
    struct config *config = configured_accept(fixture, "ws_ping = 33\n");
    write_config(fixture, "ws_ping = 44\n");
    capture();
    const bool reloaded = startup_reload(config, fixture->path, "tester", NULL, &former);
    end_capture();
    close_log();
    assert_true(reloaded);
    assert_string_equal(said, "");
    assert_int_equal(config->ws_ping, 44);
    assert_int_equal(former.ws_ping, 33);
    config_free(&former);
}

static void a_reload_rejects_an_invalid_configuration(void **state) {
    struct configured *fixture = *state;
    struct config former;
    struct config *config = configured_accept(fixture, "ws_ping = 33\n");
    write_config(fixture, "ws_ping = often\n");
    capture();
    const bool reloaded = startup_reload(config, fixture->path, "tester", NULL, &former);
    end_capture();
    assert_false(reloaded);
    assert_int_equal(config->ws_ping, 33);
    assert_non_null(strstr(said, "ws_ping"));
    assert_non_null(strstr(said, "invalid configuration, keeping the old one"));
}

static void a_log_file_that_cannot_be_opened_is_a_warning_at_a_reload(void **state) {
    struct configured *fixture = *state;
    struct config former;
    struct config *config = configured_accept(fixture, "ws_ping = 33\n");
    write_config(fixture, "ws_ping = 44\nlog_file = /nowhere/at/all.log\n");
    capture();
    const bool reloaded = startup_reload(config, fixture->path, "tester", NULL, &former);
    end_capture();
    close_log();
    assert_true(reloaded);
    assert_int_equal(config->ws_ping, 44);
    assert_int_equal(count_lines(" warn tester["), 1);
    assert_int_equal(count_lines(" error "), 0);
    assert_non_null(strstr(said, "cannot open log_file /nowhere/at/all.log: No such file"));
    config_free(&former);
}

static void check_and_dump_exit_with_1_for_an_invalid_configuration(void **state) {
    struct configured *fixture = *state;
    write_config(fixture, "ws_ping = often\n");
    capture();
    const int checked = startup_check(fixture->path, NULL), dumped = startup_dump(fixture->path);
    end_capture();
    assert_int_equal(checked, 1);
    assert_int_equal(dumped, 1);
    assert_int_equal(count_lines("ws_ping"), 2);
    assert_int_equal(strncmp(said, fixture->path, strlen(fixture->path)), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONFIGURED_TEST(each_configuration_error_is_logged),
        CONFIGURED_TEST(a_valid_configuration_logs_nothing),
        CONFIGURED_TEST(a_log_file_that_cannot_be_opened_is_an_error_at_the_start),
        CONFIGURED_TEST(the_configured_log_is_opened),
        CONFIGURED_TEST(a_reload_replaces_the_configuration_and_returns_the_old_one),
        CONFIGURED_TEST(a_reload_rejects_an_invalid_configuration),
        CONFIGURED_TEST(a_log_file_that_cannot_be_opened_is_a_warning_at_a_reload),
        CONFIGURED_TEST(check_and_dump_exit_with_1_for_an_invalid_configuration),
    };
    close_log();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
