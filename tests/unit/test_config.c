/*
 * test_config: what the configuration takes, what it refuses and in which words, and
 * that dump and example are things it takes itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "memory.h"

/* Each test has a folder of its own, an environment without ours, and one file. */
struct fixture {
    char folder[32];
    char path[96];
    struct config config;
    struct buffer problems;
};

static void clear_environment(void) {
    for (char **at = environ; *at != NULL;) {
        char name[128];
        if (strncmp(*at, "CONFAB_", 7) == 0) {
            snprintf(name, sizeof name, "%.*s", (int)strcspn(*at, "="), *at);
            unsetenv(name);
            at = environ;
        } else {
            at++;
        }
    }
}

static int setup(void **state) {
    struct fixture *fixture = memory_zeroed(1, sizeof *fixture);
    strcpy(fixture->folder, "/tmp/test_config.XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof fixture->path, "%s/f", fixture->folder);
    clear_environment();
    *state = fixture;
    return 0;
}

static int teardown(void **state) {
    struct fixture *fixture = *state;
    config_free(&fixture->config);
    buffer_free(&fixture->problems);
    unlink(fixture->path);
    rmdir(fixture->folder);
    free(fixture);
    clear_environment();
    return 0;
}

static void write_bytes(const char *path, const void *bytes, size_t len) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static bool load_bytes(struct fixture *fixture, const void *bytes, size_t len) {
    config_free(&fixture->config);
    buffer_clear(&fixture->problems);
    write_bytes(fixture->path, bytes, len);
    return config_load(&fixture->config, fixture->path, &fixture->problems);
}

/* Loads a file of this content, which must be taken without a word. */
static struct config *accept(struct fixture *fixture, const char *content) {
    bool good = load_bytes(fixture, content, strlen(content));
    assert_string_equal(buffer_str(&fixture->problems), "");
    assert_true(good);
    return &fixture->config;
}

/* The problems, with the file's path shortened to F. */
static const char *problems(struct fixture *fixture) {
    static char text[65536];
    const char *from = buffer_str(&fixture->problems);
    char *to = text;
    while (*from != '\0') {
        if (strncmp(from, fixture->path, strlen(fixture->path)) == 0) {
            from += strlen(fixture->path);
            *to++ = 'F';
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    return text;
}

static void assert_empty(const struct config *config) {
    struct config empty;
    memset(&empty, 0, sizeof empty);
    assert_memory_equal(config, &empty, sizeof empty);
}

static void refuse_bytes(struct fixture *fixture, const void *bytes, size_t len,
                         const char *expected) {
    assert_false(load_bytes(fixture, bytes, len));
    assert_string_equal(problems(fixture), expected);
    assert_empty(&fixture->config);
}

/* Loads a file of this content, which must be refused in exactly these words. */
static void refuse(struct fixture *fixture, const char *content, const char *expected) {
    refuse_bytes(fixture, content, strlen(content), expected);
}

/* --- what is taken ------------------------------------------------------------------ */

static void test_defaults_without_file(void **state) {
    struct fixture *fixture = *state;
    struct config *config = &fixture->config;
    assert_true(config_load(config, NULL, &fixture->problems));
    assert_string_equal(config->database_host, "localhost");
    assert_string_equal(config->database_password, "");
    assert_int_equal(config->database_port, 3306);
    assert_int_equal(config->registration, CONFIG_REGISTRATION_OPEN);
    assert_int_equal(config->rate_limits, CONFIG_ON);
    assert_int_equal(config->log_level, 2);
}

static void test_file_goes_before_default_and_environment_before_file(void **state) {
    struct fixture *fixture = *state;
    const char *content = "processes = 8\ndatabase_name = site\nregistration = closed\n";
    struct config *config = accept(fixture, content);
    assert_int_equal(config->processes, 8);
    assert_string_equal(config->database_name, "site");
    assert_int_equal(config->registration, CONFIG_REGISTRATION_CLOSED);
    assert_int_equal(config->max_requests, 100000);

    setenv("CONFAB_PROCESSES", "16", 1);
    setenv("CONFAB_DATABASE_NAME", "other", 1);
    setenv("CONFAB_REGISTRATION", "open", 1);
    setenv("CONFAB_MAX_REQUESTS", "50", 1);
    config = accept(fixture, content);
    assert_int_equal(config->processes, 16);
    assert_string_equal(config->database_name, "other");
    assert_int_equal(config->registration, CONFIG_REGISTRATION_OPEN);
    assert_int_equal(config->max_requests, 50);
}

static void test_empty_variable_is_empty_text_but_no_number_or_choice(void **state) {
    struct fixture *fixture = *state;
    setenv("CONFAB_PROCESSES", "", 1);
    setenv("CONFAB_REGISTRATION", " ", 1);
    setenv("CONFAB_DATABASE_NAME", "", 1);
    struct config *config =
        accept(fixture, "processes = 8\nregistration = closed\ndatabase_name = site\n");
    assert_int_equal(config->processes, 8);
    assert_int_equal(config->registration, CONFIG_REGISTRATION_CLOSED);
    assert_string_equal(config->database_name, "");
}

static void test_config_variable_is_no_option(void **state) {
    struct fixture *fixture = *state;
    setenv("CONFAB_CONFIG", "/somewhere/else", 1);
    setenv("CONFABULATE", "is not ours", 1);
    accept(fixture, "");
}

static void test_lines_blanks_comments_and_line_ends(void **state) {
    struct fixture *fixture = *state;
    struct config *config = accept(fixture,
                                   "\xEF\xBB\xBF# a comment\r\n"
                                   "\r\n"
                                   " \t# another = one\r\n"
                                   "processes=3\r\n"
                                   "\tdatabase_name \t=\t the site = ours # not a comment \t\r\n"
                                   "redis_host =\n"
                                   "database_user = J\xC3\xBCrgen");
    assert_int_equal(config->processes, 3);
    assert_string_equal(config->database_name, "the site = ours # not a comment");
    assert_string_equal(config->redis_host, "");
    assert_string_equal(config->database_user, "J\xC3\xBCrgen");
}

static void test_bounds_are_allowed(void **state) {
    struct fixture *fixture = *state;
    assert_int_equal(accept(fixture, "processes = 1\n")->processes, 1);
    assert_int_equal(accept(fixture, "processes = 256\n")->processes, 256);
    assert_int_equal(accept(fixture, "log_level = debug\n")->log_level, 3);
}

static void test_file_of_one_mebibyte(void **state) {
    struct fixture *fixture = *state;
    size_t len = (size_t)1024 * 1024;
    char *bytes = memory_zeroed(len + 1, 1);
    memset(bytes, '#', len + 1);
    assert_true(load_bytes(fixture, bytes, len));
    refuse_bytes(fixture, bytes, len + 1, "F: cannot be read: it is larger than 1 MiB\n");
    free(bytes);
}

/* --- what is refused ---------------------------------------------------------------- */

static void test_unknown_key(void **state) {
    struct fixture *fixture = *state;
    refuse(fixture, "\ndatabase_pasword = geheim\n",
           "F:2: unknown key \"database_pasword\"; did you mean database_password?\n");
    refuse(fixture, "Redis-Host = x\n",
           "F:1: unknown key \"Redis-Host\"; did you mean redis_host?\n");
    refuse(fixture, "colour = blue\n", "F:1: unknown key \"colour\"\n");
    refuse(fixture, "a\x1B[2J\xC3\xBC = 1\n", "F:1: unknown key \"a\\x1b[2J\\xc3\\xbc\"\n");
    char longest[128];
    memset(longest, 'k', sizeof longest);
    memcpy(longest + 120, "=1", 3);
    refuse(fixture, longest,
           "F:1: unknown key \""
           "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk...\"\n");
}

static void test_key_given_twice(void **state) {
    refuse(*state, "processes = 2\n# more\n\nprocesses = 2\n",
           "F:4: processes is given twice, first on line 1\n");
    refuse(*state, "processes = 0\nprocesses = 2\n",
           "F:1: processes must be a whole number from 1 to 256, not \"0\"\n"
           "F:2: processes is given twice, first on line 1\n");
}

static void test_number_out_of_bounds_or_none(void **state) {
    static const char *const bad[] = {
        "0", "366", "-1", "+1", "1.5", "0x10", "ten", "1 4", "99999999999999999999", "",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char content[64];
        char expected[128];
        snprintf(content, sizeof content, "session_days = %s\n", bad[i]);
        snprintf(expected, sizeof expected,
                 "F:1: session_days must be a whole number from 1 to "
                 "365 (days), not \"%s\"\n",
                 bad[i]);
        refuse(*state, content, expected);
    }
}

static void test_choice_that_is_none(void **state) {
    refuse(*state, "log_level = loud\n",
           "F:1: log_level must be one of error|warn|info|debug, not \"loud\"\n");
    refuse(*state, "rate_limits = On\n", "F:1: rate_limits must be one of off|on, not \"On\"\n");
    refuse(*state, "rate_limits = off|on\n",
           "F:1: rate_limits must be one of off|on, not \"off|on\"\n");
    refuse(*state, "rate_limits =\n", "F:1: rate_limits must be one of off|on, not \"\"\n");
}

static void test_line_that_is_no_pair(void **state) {
    refuse(*state, "processes 4\n", "F:1: the line must be: key = value\n");
    refuse(*state, " = 4\n", "F:1: the line must be: key = value\n");
    refuse(*state, "[section]\n", "F:1: the line must be: key = value\n");
}

static void test_bytes_that_are_no_text(void **state) {
    static const char nul[] = "# ok\ndatabase_name = a\0b\n";
    const char *expected = "F:2: the line is not UTF-8 text, or holds a NUL\n";
    refuse_bytes(*state, nul, sizeof nul - 1, expected);
    refuse(*state, "# ok\ndatabase_name = J\xFCrgen\n", expected);
    refuse(*state, "# ok\n# J\xFCrgen\n", expected);
    refuse(*state, "# ok\ndatabase_name = \xC0\xAF\n", expected);
    refuse(*state, "# ok\ndatabase_name = \xED\xA0\x80\n", expected);
}

static void test_control_character_in_value(void **state) {
    const char *expected =
        "F:1: database_password holds a control character; none but tabs are allowed\n";
    refuse(*state, "database_password = a\x1B[0m\n", expected);
    refuse(*state, "database_password = a\rb\n", expected);
    assert_string_equal(accept(*state, "database_password = a\tb\n")->database_password, "a\tb");
}

static void test_unreadable_file(void **state) {
    struct fixture *fixture = *state;
    assert_false(config_load(&fixture->config, fixture->path, &fixture->problems));
    assert_string_equal(problems(fixture), "F: cannot be read: No such file or directory\n");
    assert_empty(&fixture->config);
    buffer_clear(&fixture->problems);
    assert_false(config_load(&fixture->config, fixture->folder, &fixture->problems));
    assert_non_null(strstr(problems(fixture), ": cannot be read: Is a directory\n"));
}

static void test_all_mistakes_are_named_at_once(void **state) {
    setenv("CONFAB_MAX_REQUESTS", "0", 1);
    setenv("CONFAB_LOG_TO", "paper", 1);
    refuse(*state, "processes = 0\nwhat\nlog_level = x\n",
           "F:1: processes must be a whole number from 1 to 256, not \"0\"\n"
           "F:2: the line must be: key = value\n"
           "F:3: log_level must be one of error|warn|info|debug, not \"x\"\n"
           "CONFAB_MAX_REQUESTS: max_requests must be a whole number from 1 to 1000000000 "
           "(requests), not \"0\"\n"
           "CONFAB_LOG_TO: log_to must be one of stderr|syslog, not \"paper\"\n");
}

static void test_too_many_mistakes_end_the_reading(void **state) {
    char content[1001];
    for (size_t i = 0; i < 1000; i += 2) {
        memcpy(content + i, "x\n", 3);
    }
    struct fixture *fixture = *state;
    assert_false(load_bytes(fixture, content, 1000));
    assert_non_null(strstr(problems(fixture),
                           "F:100: the line must be: key = value\n"
                           "F:101: too many mistakes, the rest was not read\n"));
    assert_null(strstr(problems(fixture), "F:102"));
}

static void test_unknown_variable(void **state) {
    setenv("CONFAB_PROCESES", "4", 1);
    refuse(*state, "", "CONFAB_PROCESES: unknown variable; did you mean CONFAB_PROCESSES?\n");
    unsetenv("CONFAB_PROCESES");
    setenv("CONFAB_processes", "4", 1);
    refuse(*state, "", "CONFAB_processes: unknown variable; did you mean CONFAB_PROCESSES?\n");
    unsetenv("CONFAB_processes");
    setenv("CONFAB_", "", 1);
    refuse(*state, "", "CONFAB_: unknown variable\n");
    unsetenv("CONFAB_");
    setenv("CONFAB_\x1B_VERY_LONG_NAME_THAT_GOES_ON_AND_ON_AND_ON_AND_ON_AND_ON_AND_ON", "", 1);
    refuse(*state, "",
           "CONFAB_\\x1b_VERY_LONG_NAME_THAT_GOES_ON_AND_ON_AND_ON_AND_ON_AND_ON...: "
           "unknown variable\n");
}

static void test_variable_that_is_no_text(void **state) {
    setenv("CONFAB_DATABASE_PASSWORD", "geheim\xFF", 1);
    refuse(*state, "", "CONFAB_DATABASE_PASSWORD: the value is not UTF-8 text\n");
    setenv("CONFAB_DATABASE_PASSWORD", "geheim\nprocesses = 9", 1);
    refuse(*state, "",
           "CONFAB_DATABASE_PASSWORD: database_password holds a control character; "
           "none but tabs are allowed\n");
}

/* --- lists ---------------------------------------------------------------------------- */

static void test_address_lists_that_are_taken(void **state) {
    accept(*state,
           "trusted_proxies = 127.0.0.1, ::1,10.0.0.0/8\t192.168.1.7/0 fe80::/10"
           " ::ffff:10.0.0.1/104 2001:db8::1/128,,\n");
    accept(*state, "trusted_proxies =\n");
}

static void test_address_lists_that_are_refused(void **state) {
    static const char *const bad[] = {
        "localhost",    "10.0.0",  "10.0.0.0/33", "10.0.0.0/",          "10.0.0.0/-1",
        "10.0.0.0/8/8", "::1/129", "/8",          "10.0.0.0/255.0.0.0", "fe80::1%eth0",
        "010.0.0.1",    "[::1]",   "10.0.0.1:80",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char content[128];
        char expected[256];
        snprintf(content, sizeof content, "trusted_proxies = ::1, %s\n", bad[i]);
        snprintf(expected, sizeof expected,
                 "F:1: trusted_proxies: \"%s\" is not allowed; an entry "
                 "is an IPv4 or IPv6 address, or a network with /0 to /32 (IPv4) or /0 to /128 "
                 "(IPv6)\n",
                 bad[i]);
        refuse(*state, content, expected);
    }
}

static void test_every_wrong_entry_is_named(void **state) {
    struct fixture *fixture = *state;
    const char *content = "trusted_proxies = a ::1 b\n";
    assert_false(load_bytes(fixture, content, strlen(content)));
    assert_non_null(strstr(problems(fixture), "F:1: trusted_proxies: \"a\" is not allowed"));
    assert_non_null(strstr(problems(fixture), "F:1: trusted_proxies: \"b\" is not allowed"));
}

static void test_addresses_found_in_a_list(void **state) {
    (void)state;
    const char *list = "127.0.0.1, 10.0.0.0/8 192.168.4.0/22,2001:db8::/33 ::1";
    assert_true(config_address_listed(list, "127.0.0.1"));
    assert_true(config_address_listed(list, "10.255.255.255"));
    assert_true(config_address_listed(list, "192.168.7.1"));
    assert_true(config_address_listed(list, "::1"));
    assert_true(config_address_listed(list, "0:0:0:0:0:0:0:1"));
    assert_true(config_address_listed(list, "2001:db8:7fff::1"));
    assert_true(config_address_listed(list, "::ffff:10.1.2.3"));
    assert_true(config_address_listed("::ffff:10.0.0.0/104", "10.1.2.3"));
    assert_true(config_address_listed("10.1.2.3/8", "10.9.9.9"));
}

static void test_addresses_not_found_in_a_list(void **state) {
    (void)state;
    const char *list = "127.0.0.1, 10.0.0.0/8 192.168.4.0/22,2001:db8::/33 ::1";
    static const char *const others[] = {
        "127.0.0.2",           "11.0.0.0", "192.168.8.1", "2001:db8:8000::1", "::2",
        "::ffff:11.0.0.1",     "",         "unix",        "10.0.0.1 ",        "10.0.0.1/32",
        "10.0.0.1, 127.0.0.1",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_false(config_address_listed(list, others[i]));
    }
    assert_false(config_address_listed("", "127.0.0.1"));
}

static void test_all_of_one_family_is_not_all_of_the_other(void **state) {
    (void)state;
    assert_true(config_address_listed("0.0.0.0/0", "203.0.113.9"));
    assert_true(config_address_listed("0.0.0.0/0", "::ffff:203.0.113.9"));
    assert_false(config_address_listed("0.0.0.0/0", "2001:db8::1"));
    assert_true(config_address_listed("::/0", "2001:db8::1"));
    assert_false(config_address_listed("::/0", "203.0.113.9"));
}

static void test_origins_that_are_taken(void **state) {
    accept(*state,
           "allowed_origins = https://www.example.org, http://localhost:8000"
           " HTTPS://Example.ORG https://[2001:db8::1]:8443,http://127.0.0.1:65535"
           " https://xn--mnchen-3ya.example http://my_host\n");
}

static void test_origins_that_are_refused(void **state) {
    static const char *const bad[] = {
        "www.example.org",
        "ftp://example.org",
        "https://",
        "https://example.org/",
        "null",
        "*",
        "https://*.example.org",
        "https://example.org/path",
        "https://user@example.org",
        "https://example.org:",
        "https://example.org:0",
        "https://example.org:65536",
        "https://example.org:080",
        "https://example.org:a",
        "https://[::1",
        "https://[127.0.0.1]",
        "https://[::1/64]",
        "https://[]",
        "https://m\xC3\xBCnchen.example",
        "//example.org",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fixture *fixture = *state;
        char content[128];
        snprintf(content, sizeof content, "allowed_origins = %s\n", bad[i]);
        assert_false(load_bytes(fixture, content, strlen(content)));
    }
    refuse(*state, "allowed_origins = https://a.example, https://b.example/\n",
           "F:1: allowed_origins: \"https://b.example/\" is not allowed; an entry is http:// or "
           "https://, a host, and :port if need be, with nothing behind, such as "
           "https://www.example.org\n");
}

static void test_origins_found_in_a_list(void **state) {
    (void)state;
    const char *list = "https://www.Example.org,http://localhost:8000\thttps://b.example:443";
    assert_true(config_origin_listed(list, "https://www.example.org"));
    assert_true(config_origin_listed(list, "HTTPS://WWW.EXAMPLE.ORG"));
    assert_true(config_origin_listed(list, "http://localhost:8000"));
    assert_false(config_origin_listed(list, "http://www.example.org"));
    assert_false(config_origin_listed(list, "https://www.example.org:443"));
    assert_false(config_origin_listed(list, "https://b.example"));
    assert_false(config_origin_listed(list, "http://localhost"));
    assert_false(config_origin_listed(list, "https://example.org"));
    assert_false(config_origin_listed(list, "https://www.example.org.evil.example"));
    assert_false(config_origin_listed(list, "https://www.Example.org,http://localhost:8000"));
    assert_false(config_origin_listed(list, "null"));
    assert_false(config_origin_listed(list, ""));
    assert_false(config_origin_listed("", ""));
}

/* --- what is written ------------------------------------------------------------------ */

/* The dump of the fixture's configuration; the caller frees. */
static char *dump_of(struct fixture *fixture) {
    struct buffer out = BUFFER_EMPTY;
    config_dump(&fixture->config, &out);
    char *text = memory_copy_str(buffer_str(&out));
    buffer_free(&out);
    return text;
}

static void test_dump_hides_secrets(void **state) {
    accept(*state, "database_password = geheim\nredis_password = secreto\nsession_days = 7\n");
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
    struct fixture *fixture = *state;
    const char *content =
        "database_password = geheim\x01\nredis_password geheim\n"
        "database_pasword = geheim\ndatabase_password = geheim\n";
    assert_false(load_bytes(fixture, content, strlen(content)));
    assert_null(strstr(problems(fixture), "geheim"));
}

static void test_dump_loads_to_the_same_dump(void **state) {
    setenv("CONFAB_DATABASE_NAME", " with = and # in it ", 1);
    accept(*state,
           "database_password = geheim\nlog_level = debug\nbody_limit = 1024\n"
           "trusted_proxies = ::1, 10.0.0.0/8\nallowed_origins = https://example.org\n"
           "database_host = a,b\nredis_prefix = J\xC3\xBCrgen:\n");
    char *first = dump_of(*state);
    clear_environment();
    accept(*state, first);
    char *second = dump_of(*state);
    assert_string_equal(first, second);
    free(first);
    free(second);
}

/* Takes the # away from each line that is a key commented out. */
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
    struct fixture *fixture = *state;
    struct buffer out = BUFFER_EMPTY;
    config_example(&out);
    char *example = memory_copy_str(buffer_str(&out));
    buffer_free(&out);

    accept(fixture, "");
    char *defaults = dump_of(fixture);
    accept(fixture, example);
    uncomment(example);
    assert_non_null(strstr(example, "\nprocesses = 16\n"));
    assert_non_null(strstr(example, "\n# From 1 to 365 (days).\nsession_days = 14\n"));
    assert_non_null(strstr(example, "\n# One of open|closed.\nregistration = open\n"));
    accept(fixture, example);
    char *dump = dump_of(fixture);
    assert_string_equal(dump, defaults);
    free(example);
    free(defaults);
    free(dump);
}

static void test_free_leaves_nothing(void **state) {
    struct fixture *fixture = *state;
    accept(fixture, "database_name = x\n");
    config_free(&fixture->config);
    assert_empty(&fixture->config);
    config_free(&fixture->config);
}

/* --- where the file is found ---------------------------------------------------------- */

static void test_given_goes_before_variable(void **state) {
    (void)state;
    setenv("CONFAB_CONFIG", "/from/variable", 1);
    char *found = config_find("/given");
    assert_string_equal(found, "/given");
    free(found);
    found = config_find(NULL);
    assert_string_equal(found, "/from/variable");
    free(found);
}

static void copy_program(const char *to) {
    char buffer[65536];
    int in = open("/proc/self/exe", O_RDONLY);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0755);
    assert_true(in >= 0 && out >= 0);
    ssize_t got;
    while ((got = read(in, buffer, sizeof buffer)) > 0) {
        assert_int_equal(write(out, buffer, (size_t)got), got);
    }
    close(in);
    close(out);
}

/* Runs the program, a copy of this one, as `program find`; what it printed is in line. */
static void run_find(const char *program, char *line, int size) {
    char command[128];
    snprintf(command, sizeof command, "%s find", program);
    FILE *output = popen(command, "r");
    assert_non_null(output);
    *line = '\0';
    assert_non_null(fgets(line, size, output));
    assert_int_equal(pclose(output), 0);
}

static void test_file_in_the_folder_above_the_program(void **state) {
    struct fixture *fixture = *state;
    char folder[64];
    char program[96];
    char line[PATH_MAX];
    snprintf(folder, sizeof folder, "%s/bin", fixture->folder);
    snprintf(program, sizeof program, "%s/program", folder);
    snprintf(fixture->path, sizeof fixture->path, "%s/confab.conf", fixture->folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    copy_program(program);

    run_find(program, line, sizeof line);
    assert_string_not_equal(line, fixture->path);
    write_bytes(fixture->path, "", 0);
    run_find(program, line, sizeof line);
    assert_string_equal(line, fixture->path);
    setenv("CONFAB_CONFIG", "", 1);
    run_find(program, line, sizeof line);
    assert_string_equal(line, fixture->path);
    setenv("CONFAB_CONFIG", "/from/variable", 1);
    run_find(program, line, sizeof line);
    assert_string_equal(line, "/from/variable");

    unlink(program);
    rmdir(folder);
}

static void test_file_in_the_home_folder(void **state) {
    struct fixture *fixture = *state;
    char folder[64];
    char program[96];
    char line[PATH_MAX];
    snprintf(folder, sizeof folder, "%s/.confab", fixture->folder);
    snprintf(program, sizeof program, "%s/program", folder);
    snprintf(fixture->path, sizeof fixture->path, "%s/confab.conf", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    copy_program(program);
    write_bytes(fixture->path, "", 0);

    char *before = getenv("HOME") ? strdup(getenv("HOME")) : NULL;
    setenv("HOME", fixture->folder, 1);
    run_find(program, line, sizeof line);
    assert_string_equal(line, fixture->path);
    setenv("HOME", "", 1);
    run_find(program, line, sizeof line);
    assert_string_not_equal(line, fixture->path);
    if (before) {
        setenv("HOME", before, 1);
    }
    free(before);

    unlink(program);
    unlink(fixture->path);
    rmdir(folder);
}

static int print_found(void) {
    char *found = config_find(NULL);
    printf("%s", found == NULL ? "nothing" : found);
    free(found);
    return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "find") == 0) {
        return print_found();
    }
    const struct CMUnitTest tests[] = {
        TEST(test_defaults_without_file),
        TEST(test_file_goes_before_default_and_environment_before_file),
        TEST(test_empty_variable_is_empty_text_but_no_number_or_choice),
        TEST(test_config_variable_is_no_option),
        TEST(test_lines_blanks_comments_and_line_ends),
        TEST(test_bounds_are_allowed),
        TEST(test_file_of_one_mebibyte),
        TEST(test_unknown_key),
        TEST(test_key_given_twice),
        TEST(test_number_out_of_bounds_or_none),
        TEST(test_choice_that_is_none),
        TEST(test_line_that_is_no_pair),
        TEST(test_bytes_that_are_no_text),
        TEST(test_control_character_in_value),
        TEST(test_unreadable_file),
        TEST(test_all_mistakes_are_named_at_once),
        TEST(test_too_many_mistakes_end_the_reading),
        TEST(test_unknown_variable),
        TEST(test_variable_that_is_no_text),
        TEST(test_address_lists_that_are_taken),
        TEST(test_address_lists_that_are_refused),
        TEST(test_every_wrong_entry_is_named),
        TEST(test_addresses_found_in_a_list),
        TEST(test_addresses_not_found_in_a_list),
        TEST(test_all_of_one_family_is_not_all_of_the_other),
        TEST(test_origins_that_are_taken),
        TEST(test_origins_that_are_refused),
        TEST(test_origins_found_in_a_list),
        TEST(test_dump_hides_secrets),
        TEST(test_problems_hide_secrets),
        TEST(test_dump_loads_to_the_same_dump),
        TEST(test_example_is_the_defaults),
        TEST(test_free_leaves_nothing),
        TEST(test_given_goes_before_variable),
        TEST(test_file_in_the_folder_above_the_program),
        TEST(test_file_in_the_home_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
