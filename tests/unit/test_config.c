/*
 * config: valid and invalid files and variables, error messages, and that dump and example can
 * be loaded.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "support/config_fixture.h"
#include "support/unit.h"

/* --- valid ------------------------------------------------------------------ */

static void test_defaults_without_file(void **state) {
    struct configured *fixture = *state;
    struct config *config = &fixture->config;
    assert_true(config_load(config, NULL, &fixture->problems));
    assert_string_equal(config->database_host, "localhost");
    assert_string_equal(config->database_password, "");
    assert_int_equal(config->database_port, 3306);
    assert_int_equal(config->registration, CONFIG_REGISTRATION_OPEN);
    assert_int_equal(config->rate_limits, CONFIG_ON);
    assert_int_equal(config->log_level, 2);
}

static void test_environment_overrides_file_and_file_overrides_default(void **state) {
    struct configured *fixture = *state;
    const char *content = "processes = 8\ndatabase_name = site\nregistration = closed\n";
    struct config *config = configured_accept(fixture, content);
    assert_int_equal(config->processes, 8);
    assert_string_equal(config->database_name, "site");
    assert_int_equal(config->registration, CONFIG_REGISTRATION_CLOSED);
    assert_int_equal(config->max_requests, 100000);

    setenv("CONFAB_PROCESSES", "16", 1);
    setenv("CONFAB_DATABASE_NAME", "other", 1);
    setenv("CONFAB_REGISTRATION", "open", 1);
    setenv("CONFAB_MAX_REQUESTS", "50", 1);
    config = configured_accept(fixture, content);
    assert_int_equal(config->processes, 16);
    assert_string_equal(config->database_name, "other");
    assert_int_equal(config->registration, CONFIG_REGISTRATION_OPEN);
    assert_int_equal(config->max_requests, 50);
}

static void test_empty_variable_sets_a_text_but_no_number_or_choice(void **state) {
    struct configured *fixture = *state;
    setenv("CONFAB_PROCESSES", "", 1);
    setenv("CONFAB_REGISTRATION", " ", 1);
    setenv("CONFAB_DATABASE_NAME", "", 1);
    struct config *config =
        configured_accept(fixture, "processes = 8\nregistration = closed\ndatabase_name = site\n");
    assert_int_equal(config->processes, 8);
    assert_int_equal(config->registration, CONFIG_REGISTRATION_CLOSED);
    assert_string_equal(config->database_name, "");
}

static void test_config_variable_is_not_an_option(void **state) {
    struct configured *fixture = *state;
    setenv("CONFAB_CONFIG", "/somewhere/else", 1);
    setenv("CONFABULATE", "is not ours", 1);
    configured_accept(fixture, "");
}

static void test_lines_blanks_comments_and_line_ends(void **state) {
    struct configured *fixture = *state;
    struct config *config =
        configured_accept(fixture,
                          "\xEF\xBB\xBF# a comment\r\n"
                          "\r\n"
                          " \t# another = one\r\n"
                          "processes=3\r\n"
                          "\tdatabase_name \t=\t the site = ours#not a comment \t\r\n"
                          "redis_host =\n"
                          "database_user = J\xC3\xBCrgen");
    assert_int_equal(config->processes, 3);
    assert_string_equal(config->database_name, "the site = ours#not a comment");
    assert_string_equal(config->redis_host, "");
    assert_string_equal(config->database_user, "J\xC3\xBCrgen");
}

static void test_bounds_are_allowed(void **state) {
    struct configured *fixture = *state;
    assert_int_equal(configured_accept(fixture, "processes = 1\n")->processes, 1);
    assert_int_equal(configured_accept(fixture, "processes = 256\n")->processes, 256);
    assert_int_equal(configured_accept(fixture, "log_level = debug\n")->log_level, 3);
}

static void test_file_of_one_mebibyte(void **state) {
    struct configured *fixture = *state;
    size_t len = (size_t)1024 * 1024;
    char *bytes = xcalloc(len + 1, 1);
    memset(bytes, '#', len + 1);
    assert_true(configured_load(fixture, bytes, len));
    configured_refuse_bytes(fixture, bytes, len + 1,
                            "F: cannot be read: it is larger than 1 MiB\n");
    free(bytes);
}

/* --- invalid ---------------------------------------------------------------- */

static void test_unknown_key(void **state) {
    struct configured *fixture = *state;
    configured_refuse(fixture, "\ndatabase_pasword = geheim\n",
                      "F:2: unknown key \"database_pasword\"; did you mean database_password?\n");
    configured_refuse(fixture, "Redis-Host = x\n",
                      "F:1: unknown key \"Redis-Host\"; did you mean redis_host?\n");
    configured_refuse(fixture, "colour = blue\n", "F:1: unknown key \"colour\"\n");
    configured_refuse(fixture, "a\x1B[2J\xC3\xBC = 1\n",
                      "F:1: unknown key \"a\\x1b[2J\\xc3\\xbc\"\n");
    char longest[128];
    memset(longest, 'k', sizeof longest);
    memcpy(longest + 120, "=1", 3);
    configured_refuse(fixture, longest,
                      "F:1: unknown key \""
                      "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk...\"\n");
}

static void test_key_given_twice(void **state) {
    configured_refuse(*state, "processes = 2\n# more\n\nprocesses = 2\n",
                      "F:4: processes is given twice, first on line 1\n");
    configured_refuse(*state, "processes = 0\nprocesses = 2\n",
                      "F:1: processes must be a whole number from 1 to 256, not \"0\"\n"
                      "F:2: processes is given twice, first on line 1\n");
}

static void test_invalid_number(void **state) {
    static const char *const bad[] = {
        "0", "366", "-1", "+1", "1.5", "0x10", "ten", "1 4", "99999999999999999999", "",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        char content[64];
        char expected[128];
        snprintf(content, sizeof content, "session_days = %s\n", bad[i]);
        snprintf(expected, sizeof expected,
                 "F:1: session_days must be a whole number from 1 to "
                 "365 (days), not \"%s\"\n",
                 bad[i]);
        configured_refuse(*state, content, expected);
    }
}

static void test_invalid_choice(void **state) {
    configured_refuse(*state, "log_level = loud\n",
                      "F:1: log_level must be one of error|warn|info|debug, not \"loud\"\n");
    configured_refuse(*state, "rate_limits = On\n",
                      "F:1: rate_limits must be one of off|on, not \"On\"\n");
    configured_refuse(*state, "rate_limits = off|on\n",
                      "F:1: rate_limits must be one of off|on, not \"off|on\"\n");
    configured_refuse(*state, "rate_limits =\n",
                      "F:1: rate_limits must be one of off|on, not \"\"\n");
}

static void test_line_without_key_and_value(void **state) {
    configured_refuse(*state, "processes 4\n", "F:1: the line must be: key = value\n");
    configured_refuse(*state, " = 4\n", "F:1: the line must be: key = value\n");
    configured_refuse(*state, "[section]\n", "F:1: the line must be: key = value\n");
}

static void test_invalid_utf8(void **state) {
    static const char nul[] = "# ok\ndatabase_name = a\0b\n";
    const char *expected = "F:2: the line is not UTF-8, or contains a NUL\n";
    configured_refuse_bytes(*state, nul, sizeof nul - 1, expected);
    configured_refuse(*state, "# ok\ndatabase_name = J\xFCrgen\n", expected);
    configured_refuse(*state, "# ok\n# J\xFCrgen\n", expected);
    configured_refuse(*state, "# ok\ndatabase_name = \xC0\xAF\n", expected);
    configured_refuse(*state, "# ok\ndatabase_name = \xED\xA0\x80\n", expected);
}

static void test_control_character_in_value(void **state) {
    const char *expected =
        "F:1: database_password contains a control character; only tabs are allowed\n";
    configured_refuse(*state, "database_password = a\x1B[0m\n", expected);
    configured_refuse(*state, "database_password = a\rb\n", expected);
    assert_string_equal(configured_accept(*state, "database_password = a\tb\n")->database_password,
                        "a\tb");
}

static void test_unreadable_file(void **state) {
    struct configured *fixture = *state;
    assert_false(config_load(&fixture->config, fixture->path, &fixture->problems));
    assert_string_equal(configured_problems(fixture),
                        "F: cannot be read: No such file or directory\n");
    configured_assert_empty(&fixture->config);
    buffer_clear(&fixture->problems);
    assert_false(config_load(&fixture->config, fixture->folder, &fixture->problems));
    assert_non_null(strstr(configured_problems(fixture), ": cannot be read: Is a directory\n"));
}

static void test_all_errors_are_reported_at_once(void **state) {
    setenv("CONFAB_MAX_REQUESTS", "0", 1);
    setenv("CONFAB_LOG_TO", "paper", 1);
    configured_refuse(
        *state, "processes = 0\nwhat\nlog_level = x\n",
        "F:1: processes must be a whole number from 1 to 256, not \"0\"\n"
        "F:2: the line must be: key = value\n"
        "F:3: log_level must be one of error|warn|info|debug, not \"x\"\n"
        "CONFAB_MAX_REQUESTS: max_requests must be a whole number from 1 to 1000000000 "
        "(requests), not \"0\"\n"
        "CONFAB_LOG_TO: log_to must be one of stderr|syslog, not \"paper\"\n");
}

static void test_too_many_errors_end_the_reading(void **state) {
    char content[1001];
    for (size_t i = 0; i < 1000; i += 2) {
        memcpy(content + i, "x\n", 3);
    }
    struct configured *fixture = *state;
    assert_false(configured_load(fixture, content, 1000));
    assert_non_null(strstr(configured_problems(fixture),
                           "F:100: the line must be: key = value\n"
                           "F:101: too many errors, the rest was not read\n"));
    assert_null(strstr(configured_problems(fixture), "F:102"));
}

static void assert_warned(struct configured *fixture, const char *expected) {
    assert_true(configured_load(fixture, "", 0));
    assert_string_equal(configured_problems(fixture), expected);
}

static void test_an_unknown_variable_is_warned_of_and_ignored(void **state) {
    setenv("CONFAB_PROCESES", "4", 1);
    assert_warned(*state,
                  "CONFAB_PROCESES: unknown variable, ignored; did you mean "
                  "CONFAB_PROCESSES?\n");
    unsetenv("CONFAB_PROCESES");
    setenv("CONFAB_processes", "4", 1);
    assert_warned(*state,
                  "CONFAB_processes: unknown variable, ignored; did you mean "
                  "CONFAB_PROCESSES?\n");
    unsetenv("CONFAB_processes");
    setenv("CONFAB_", "", 1);
    assert_warned(*state, "CONFAB_: unknown variable, ignored\n");
    unsetenv("CONFAB_");
    setenv("CONFAB_\x1B_VERY_LONG_NAME_THAT_GOES_ON_AND_ON_AND_ON_AND_ON_AND_ON_AND_ON", "", 1);
    assert_warned(*state,
                  "CONFAB_\\x1b_VERY_LONG_NAME_THAT_GOES_ON_AND_ON_AND_ON_AND_ON_AND_ON...: "
                  "unknown variable, ignored\n");
}

static void test_quotes_and_comments_after_a_value_are_reported(void **state) {
    struct configured *fixture = *state;
    static const struct {
        const char *line, *warning;
    } lines[] = {
        {"database_name = \"confab\"", "F:1: database_name: quotes are part of the value\n"},
        {"database_name = 'confab'", "F:1: database_name: quotes are part of the value\n"},
        {"redis_host = localhost  # here",
         "F:1: redis_host: what follows the # is part of the value, comments have lines of their "
         "own\n"},
        {"redis_host = localhost\t#",
         "F:1: redis_host: what follows the # is part of the value, "
         "comments have lines of their own\n"},
        {"database_password = a#b", ""},
        {"database_password = #b", ""},
        {"database_password = \"", ""},
        {"database_password = \"a'", ""},
        {"database_password = a\"b\"", ""},
    };
    for (size_t i = 0; i < COUNT(lines); i++) {
        buffer_clear(&fixture->problems);
        assert_true(configured_load(fixture, lines[i].line, strlen(lines[i].line)));
        assert_string_equal(configured_problems(fixture), lines[i].warning);
        config_free(&fixture->config);
    }
    configured_refuse(*state, "processes = \"4\"\n",
                      "F:1: processes must be a whole number from 1 to 256, not \"\"4\"\"; quotes "
                      "are part of the value\n");
    configured_refuse(*state, "rate_limits = on # yes\n",
                      "F:1: rate_limits must be one of off|on, not \"on # yes\"; what follows the "
                      "# is part of the value, comments have lines of their own\n");
}

static void test_variable_with_invalid_utf8(void **state) {
    setenv("CONFAB_DATABASE_PASSWORD", "geheim\xFF", 1);
    configured_refuse(*state, "", "CONFAB_DATABASE_PASSWORD: the value is not UTF-8\n");
    setenv("CONFAB_DATABASE_PASSWORD", "geheim\nprocesses = 9", 1);
    configured_refuse(*state, "",
                      "CONFAB_DATABASE_PASSWORD: database_password contains a control character; "
                      "only tabs are allowed\n");
}

/* --- dump and example ------------------------------------------------------------------ */

/* The dump of the fixture's configuration; the caller frees. */
static char *dump_of(struct configured *fixture) {
    struct buffer out = BUFFER_EMPTY;
    config_dump(&fixture->config, &out);
    char *text = xstrdup(buffer_str(&out));
    buffer_free(&out);
    return text;
}

static void test_dump_hides_secrets(void **state) {
    configured_accept(*state,
                      "database_password = geheim\nredis_password = secreto\nsession_days = 7\n");
    char *dump = dump_of(*state);
    assert_null(strstr(dump, "geheim"));
    assert_null(strstr(dump, "secreto"));
    assert_non_null(strstr(dump, "\ndatabase_password = ***\n"));
    assert_non_null(strstr(dump, "\nredis_password = ***\n"));
    assert_non_null(strstr(dump, "\nsession_days = 7\n"));
    assert_non_null(strstr(dump, "\nregistration = open\n"));
    assert_non_null(strstr(dump, "\nredis_host =\n"));
    free(dump);
}

static void test_problems_hide_secrets(void **state) {
    struct configured *fixture = *state;
    const char *content =
        "database_password = geheim\x01\nredis_password geheim\n"
        "database_pasword = geheim\ndatabase_password = geheim\n";
    assert_false(configured_load(fixture, content, strlen(content)));
    assert_null(strstr(configured_problems(fixture), "geheim"));
}

static void test_dump_loads_to_the_same_dump(void **state) {
    setenv("CONFAB_DATABASE_NAME", " with = and#in it ", 1);
    configured_accept(*state,
                      "database_password = geheim\nlog_level = debug\nbody_limit = 1024\n"
                      "trusted_proxies = ::1, 10.0.0.0/8\nallowed_origins = https://example.org\n"
                      "database_host = a,b\nredis_prefix = J\xC3\xBCrgen:\n");
    char *first = dump_of(*state);
    configured_clear_environment();
    configured_accept(*state, first);
    char *second = dump_of(*state);
    assert_string_equal(first, second);
    free(first);
    free(second);
}

/* Removes the # of each line with a key. */
static void uncomment(char *text) {
    char *to = text;
    for (char *from = text; *from != '\0'; from++) {
        bool at_start = from == text || from[-1] == '\n';
        if (!(at_start && from[0] == '#' && from[1] >= 'a' && from[1] <= 'z')) {
            *to++ = *from;
        }
    }
    *to = '\0';
}

static void test_example_is_the_defaults(void **state) {
    struct configured *fixture = *state;
    struct buffer out = BUFFER_EMPTY;
    config_example(&out);
    char *example = xstrdup(buffer_str(&out));
    buffer_free(&out);

    configured_accept(fixture, "");
    char *defaults = dump_of(fixture);
    configured_accept(fixture, example);
    uncomment(example);
    assert_non_null(strstr(example, "\nprocesses = 8\n"));
    assert_non_null(strstr(example, "\n# From 1 to 365 (days).\nsession_days = 14\n"));
    assert_non_null(strstr(example, "\n# One of open|closed.\nregistration = open\n"));
    configured_accept(fixture, example);
    char *dump = dump_of(fixture);
    assert_string_equal(dump, defaults);
    free(example);
    free(defaults);
    free(dump);
}

static void test_free_leaves_nothing(void **state) {
    struct configured *fixture = *state;
    configured_accept(fixture, "database_name = x\n");
    config_free(&fixture->config);
    configured_assert_empty(&fixture->config);
    config_free(&fixture->config);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONFIGURED_TEST(test_defaults_without_file),
        CONFIGURED_TEST(test_environment_overrides_file_and_file_overrides_default),
        CONFIGURED_TEST(test_empty_variable_sets_a_text_but_no_number_or_choice),
        CONFIGURED_TEST(test_config_variable_is_not_an_option),
        CONFIGURED_TEST(test_lines_blanks_comments_and_line_ends),
        CONFIGURED_TEST(test_bounds_are_allowed),
        CONFIGURED_TEST(test_file_of_one_mebibyte),
        CONFIGURED_TEST(test_unknown_key),
        CONFIGURED_TEST(test_key_given_twice),
        CONFIGURED_TEST(test_invalid_number),
        CONFIGURED_TEST(test_invalid_choice),
        CONFIGURED_TEST(test_line_without_key_and_value),
        CONFIGURED_TEST(test_invalid_utf8),
        CONFIGURED_TEST(test_control_character_in_value),
        CONFIGURED_TEST(test_unreadable_file),
        CONFIGURED_TEST(test_all_errors_are_reported_at_once),
        CONFIGURED_TEST(test_too_many_errors_end_the_reading),
        CONFIGURED_TEST(test_an_unknown_variable_is_warned_of_and_ignored),
        CONFIGURED_TEST(test_quotes_and_comments_after_a_value_are_reported),
        CONFIGURED_TEST(test_variable_with_invalid_utf8),
        CONFIGURED_TEST(test_dump_hides_secrets),
        CONFIGURED_TEST(test_problems_hide_secrets),
        CONFIGURED_TEST(test_dump_loads_to_the_same_dump),
        CONFIGURED_TEST(test_example_is_the_defaults),
        CONFIGURED_TEST(test_free_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
