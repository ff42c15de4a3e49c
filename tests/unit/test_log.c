/*
 * log: the form of a line, escaping, cutting, levels, and the file.
 */
/* With it, syslog would be a macro or an inline function and could not be replaced. */
#undef _FORTIFY_SOURCE

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "support/unit.h"

struct fixture {
    char folder[32];
    char path[64];
    char content[65536]; /* what read_file found */
};

/* The arguments of the C library's syslog functions, which are replaced here, so that a test does
 * not write to the machine's log. */
static struct {
    const char *program;
    int options;
    int facility;
    int priority;
    char text[8192];
} syslogged;

void openlog(const char *program, int options, int facility) {
    syslogged.program = program;
    syslogged.options = options;
    syslogged.facility = facility;
}

void syslog(int priority, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    syslogged.priority = priority;
    vsnprintf(syslogged.text, sizeof syslogged.text, format, arguments);
    va_end(arguments);
}

/* The function that syslog becomes under _FORTIFY_SOURCE. */
void __syslog_chk(int priority, int flag, const char *format, ...);
void __syslog_chk(int priority, int flag, const char *format, ...) {
    (void)flag;
    va_list arguments;
    va_start(arguments, format);
    syslogged.priority = priority;
    vsnprintf(syslogged.text, sizeof syslogged.text, format, arguments);
    va_end(arguments);
}

static int setup(void **state) {
    struct fixture *fixture = xcalloc(1, sizeof *fixture);
    strcpy(fixture->folder, "/tmp/test_log.XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof fixture->path, "%s/log", fixture->folder);
    memset(&syslogged, 0, sizeof syslogged);
    assert_true(log_open("tester", LOG_LEVEL_DEBUG, false, fixture->path));
    *state = fixture;
    return 0;
}

static int teardown(void **state) {
    struct fixture *fixture = *state;
    log_open("tester", LOG_LEVEL_INFO, false, NULL);
    unlink(fixture->path);
    rmdir(fixture->folder);
    free(fixture);
    return 0;
}

static const char *read_file(struct fixture *fixture, const char *path) {
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t len = fread(fixture->content, 1, sizeof fixture->content - 1, file);
    fixture->content[len] = '\0';
    fclose(file);
    return fixture->content;
}

/* The text of the first line, without time, level and program. */
static char *logged(struct fixture *fixture) {
    char *text = strstr(read_file(fixture, fixture->path), "]: ");
    assert_non_null(text);
    return text + strlen("]: ");
}

static void test_form_of_a_line(void **state) {
    struct fixture *fixture = *state;
    log_warn("%s is %d", "it", 42);
    char expected[64];
    snprintf(expected, sizeof expected, " warn tester[%ld]: it is 42\n", (long)getpid());
    const char *line = read_file(fixture, fixture->path);
    static const char form[] = "dddd-dd-ddTdd:dd:dd.ddddddZ";
    for (size_t i = 0; i < strlen(form); i++) {
        assert_true(form[i] == 'd' ? isdigit((unsigned char)line[i]) : line[i] == form[i]);
    }
    assert_string_equal(line + strlen(form), expected);
}

static void test_level_filters(void **state) {
    struct fixture *fixture = *state;
    assert_true(log_open("tester", LOG_LEVEL_WARN, false, fixture->path));
    log_debug("one");
    log_info("two");
    log_warn("three");
    log_error("four");
    const char *content = read_file(fixture, fixture->path);
    assert_null(strstr(content, "one"));
    assert_null(strstr(content, "two"));
    assert_non_null(strstr(content, " warn tester["));
    assert_non_null(strstr(content, ": three\n"));
    assert_non_null(strstr(content, " error tester["));
    assert_non_null(strstr(content, ": four\n"));
    assert_true(log_wants(LOG_LEVEL_ERROR));
    assert_true(log_wants(LOG_LEVEL_WARN));
    assert_false(log_wants(LOG_LEVEL_INFO));
}

static void test_control_characters_are_escaped(void **state) {
    log_info("%s", "a\nb\rc\td\x1B[2Je\x7F");
    assert_string_equal(logged(*state), "a\\x0ab\\x0dc\\x09d\\x1b[2Je\\x7f\n");
}

static void test_control_characters_of_unicode_are_escaped(void **state) {
    log_info("%s", "a\xC2\x85\xC2\x9B\xE2\x80\xA8\xE2\x80\xA9z");
    assert_string_equal(logged(*state), "a\\xc2\\x85\\xc2\\x9b\\xe2\\x80\\xa8\\xe2\\x80\\xa9z\n");
}

static void test_utf8_is_kept_and_invalid_bytes_are_escaped(void **state) {
    log_info("%s", "J\xC3\xBCrgen \xF0\x9F\x98\x80 \xFC \xC0\xAF \xED\xA0\x80 \xE2\x82");
    assert_string_equal(logged(*state),
                        "J\xC3\xBCrgen \xF0\x9F\x98\x80 \\xfc \\xc0\\xaf "
                        "\\xed\\xa0\\x80 \\xe2\\x82\n");
}

/* Logs a text of `count` equal bytes and returns the line. */
static const char *log_long(struct fixture *fixture, const char *piece, size_t pieces) {
    size_t len = strlen(piece);
    char *text = xcalloc(pieces * len + 1, 1);
    for (size_t i = 0; i < pieces; i++) {
        memcpy(text + i * len, piece, len);
    }
    log_info("%s", text);
    free(text);
    return read_file(fixture, fixture->path);
}

static void test_long_line_is_cut(void **state) {
    const char *line = log_long(*state, "a", 100000);
    assert_int_equal(strlen(line), 4096);
    assert_string_equal(line + 4096 - 6, "aa...\n");
}

static void test_line_is_cut_between_characters(void **state) {
    const char *line = log_long(*state, "\xE2\x82\xAC", 5000);
    size_t len = strlen(line);
    assert_true(len <= 4096 && len > 4090);
    assert_string_equal(line + len - 7, "\xE2\x82\xAC...\n");
}

static void test_line_is_cut_between_escapes(void **state) {
    const char *line = log_long(*state, "\n", 4000);
    size_t len = strlen(line);
    assert_true(len <= 4096 && len > 4088);
    assert_string_equal(line + len - 8, "\\x0a...\n");
}

static void test_line_that_just_fits_is_whole(void **state) {
    const char *line = log_long(*state, "a", 4000);
    assert_null(strstr(line, "..."));
    assert_string_equal(line + strlen(line) - 3, "aa\n");
}

static void test_lines_end_with_the_id(void **state) {
    struct fixture *fixture = *state;
    static char text[6000];
    memset(text, 'a', sizeof text - 1);
    assert_true(log_open("tester", LOG_LEVEL_INFO, false, fixture->path));
    log_set_id("5d40125c00000001");
    log_error("%s", text);
    log_error("short");
    log_set_id(NULL);
    log_error("free");
    const char *all = read_file(fixture, fixture->path);
    assert_non_null(strstr(all, "aaa... id=5d40125c00000001\n"));
    assert_int_equal(strchr(all, '\n') + 1 - all, 4096);
    assert_non_null(strstr(all, ": short id=5d40125c00000001\n"));
    assert_non_null(strstr(all, ": free\n"));
}

static void test_errno_is_kept_and_can_be_named(void **state) {
    errno = ENOENT;
    log_info("cause: %m");
    assert_int_equal(errno, ENOENT);
    assert_string_equal(logged(*state), "cause: No such file or directory\n");
}

static void test_pid_is_that_of_the_child(void **state) {
    struct fixture *fixture = *state;
    pid_t child = fork();
    if (child == 0) {
        log_info("here");
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    char expected[64];
    snprintf(expected, sizeof expected, " info tester[%ld]: here\n", (long)child);
    assert_non_null(strstr(read_file(fixture, fixture->path), expected));
}

static void test_file_is_appended_to_and_closed_to_others(void **state) {
    struct fixture *fixture = *state;
    log_info("one");
    assert_true(log_open("tester", LOG_LEVEL_INFO, false, fixture->path));
    log_info("two");
    assert_non_null(strstr(read_file(fixture, fixture->path), "one\n"));
    assert_non_null(strstr(fixture->content, "two\n"));
    struct stat status;
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_mode & 0007, 0);
}

/* The descriptor of the open file at the path. */
static int descriptor_of(const char *path) {
    for (int fd = 3; fd < 64; fd++) {
        char link[32], target[80];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        const ssize_t len = readlink(link, target, sizeof target);
        if (len == (ssize_t)strlen(path) && memcmp(target, path, (size_t)len) == 0)
            return fd;
    }
    return -1;
}

/* Another thread may be writing to the descriptor: it must never belong to another file. */
static void test_another_file_takes_the_descriptor_of_the_first(void **state) {
    struct fixture *fixture = *state;
    char other[80];
    snprintf(other, sizeof other, "%s.other", fixture->path);
    log_open("tester", LOG_LEVEL_INFO, false, NULL);
    const int lower = open("/dev/null", O_RDONLY);
    assert_true(log_open("tester", LOG_LEVEL_INFO, false, fixture->path));
    const int before = descriptor_of(fixture->path);
    assert_in_range(before, lower + 1, 64);
    close(lower);
    assert_true(log_open("tester", LOG_LEVEL_INFO, false, other));
    assert_int_equal(descriptor_of(other), before);
    assert_int_equal(descriptor_of(fixture->path), -1);
    unlink(other);
}

static void test_reopen_after_rename(void **state) {
    struct fixture *fixture = *state;
    char rotated[80];
    snprintf(rotated, sizeof rotated, "%s.1", fixture->path);
    log_info("one");
    assert_int_equal(rename(fixture->path, rotated), 0);
    log_info("two");
    log_reopen();
    log_info("three");
    read_file(fixture, rotated);
    assert_non_null(strstr(fixture->content, "one\n"));
    assert_non_null(strstr(fixture->content, "two\n"));
    assert_null(strstr(fixture->content, "three\n"));
    read_file(fixture, fixture->path);
    assert_null(strstr(fixture->content, "two\n"));
    assert_non_null(strstr(fixture->content, "three\n"));
    unlink(rotated);
}

static void test_reopen_that_fails_stays_with_the_old_file(void **state) {
    struct fixture *fixture = *state;
    char rotated[80];
    snprintf(rotated, sizeof rotated, "%s.1", fixture->path);
    assert_int_equal(rename(fixture->path, rotated), 0);
    assert_int_equal(mkdir(fixture->path, 0700), 0);
    log_reopen();
    log_info("still here");
    read_file(fixture, rotated);
    assert_non_null(strstr(fixture->content, "cannot reopen log file"));
    assert_non_null(strstr(fixture->content, "still here\n"));
    rmdir(fixture->path);
    unlink(rotated);
}

/* Redirects standard error to the path; returns a descriptor to restore it. */
static int capture_stderr(const char *path) {
    int saved = dup(STDERR_FILENO);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(saved >= 0 && fd >= 0);
    dup2(fd, STDERR_FILENO);
    close(fd);
    return saved;
}

static void release_stderr(int saved) {
    dup2(saved, STDERR_FILENO);
    close(saved);
}

static void test_file_that_cannot_be_opened_leaves_standard_error(void **state) {
    struct fixture *fixture = *state;
    int saved = capture_stderr(fixture->path);
    bool opened = log_open("tester", LOG_LEVEL_INFO, false, "/nowhere/at/all");
    log_info("to standard error");
    log_reopen();
    release_stderr(saved);
    assert_false(opened);
    assert_string_equal(logged(fixture), "to standard error\n");
}

static void test_empty_file_name_is_standard_error(void **state) {
    struct fixture *fixture = *state;
    int saved = capture_stderr(fixture->path);
    bool opened = log_open("tester", LOG_LEVEL_INFO, false, "");
    log_error("to standard error");
    release_stderr(saved);
    assert_true(opened);
    assert_string_equal(logged(fixture), "to standard error\n");
}

/* Sets $JOURNAL_STREAM to the file that standard error is, plus `more` to its inode. */
static void set_journal_stream(unsigned more) {
    struct stat status;
    char stream[64];
    assert_int_equal(fstat(STDERR_FILENO, &status), 0);
    snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)status.st_dev,
             (unsigned long long)status.st_ino + more);
    setenv("JOURNAL_STREAM", stream, 1);
}

static void test_journal_gets_the_priority_and_the_text_alone(void **state) {
    struct fixture *fixture = *state;
    int saved = capture_stderr(fixture->path);
    set_journal_stream(0);
    log_open("tester", LOG_LEVEL_DEBUG, false, NULL);
    log_error("one\ntwo\n\n");
    log_warn("a\tb");
    log_set_id("42");
    log_info("three\n");
    log_set_id(NULL);
    log_debug("four");
    release_stderr(saved);
    unsetenv("JOURNAL_STREAM");
    assert_string_equal(read_file(fixture, fixture->path),
                        "<3>one two\n<4>a\\x09b\n<6>three id=42\n<7>four\n");
}

static void test_standard_error_that_was_redirected_is_no_journal(void **state) {
    struct fixture *fixture = *state;
    int saved = capture_stderr(fixture->path);
    set_journal_stream(1);
    log_open("tester", LOG_LEVEL_DEBUG, false, NULL);
    log_info("text");
    release_stderr(saved);
    unsetenv("JOURNAL_STREAM");
    assert_string_equal(logged(fixture), "text\n");
}

static void test_a_log_file_beside_the_journal_has_whole_lines(void **state) {
    struct fixture *fixture = *state;
    set_journal_stream(0);
    log_open("tester", LOG_LEVEL_DEBUG, false, fixture->path);
    log_info("text\n");
    unsetenv("JOURNAL_STREAM");
    assert_string_equal(logged(fixture), "text\\x0a\n");
}

static void test_syslog(void **state) {
    struct fixture *fixture = *state;
    assert_true(log_open("tester", LOG_LEVEL_INFO, true, fixture->path));
    assert_string_equal(syslogged.program, "tester");
    assert_int_equal(syslogged.options & LOG_PID, LOG_PID);
    assert_int_equal(syslogged.facility, LOG_DAEMON);
    log_error("a %s b\n", "100%s");
    assert_int_equal(syslogged.priority, LOG_ERR);
    assert_string_equal(syslogged.text, "a 100%s b\\x0a");
    log_warn("w");
    assert_int_equal(syslogged.priority, LOG_WARNING);
    log_info("i");
    assert_int_equal(syslogged.priority, LOG_INFO);
    log_debug("d");
    assert_string_equal(syslogged.text, "i");
    assert_string_equal(read_file(fixture, fixture->path), "");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_form_of_a_line),
        TEST(test_level_filters),
        TEST(test_control_characters_are_escaped),
        TEST(test_control_characters_of_unicode_are_escaped),
        TEST(test_utf8_is_kept_and_invalid_bytes_are_escaped),
        TEST(test_long_line_is_cut),
        TEST(test_line_is_cut_between_characters),
        TEST(test_line_is_cut_between_escapes),
        TEST(test_line_that_just_fits_is_whole),
        TEST(test_lines_end_with_the_id),
        TEST(test_errno_is_kept_and_can_be_named),
        TEST(test_pid_is_that_of_the_child),
        TEST(test_file_is_appended_to_and_closed_to_others),
        TEST(test_another_file_takes_the_descriptor_of_the_first),
        TEST(test_reopen_after_rename),
        TEST(test_reopen_that_fails_stays_with_the_old_file),
        TEST(test_file_that_cannot_be_opened_leaves_standard_error),
        TEST(test_empty_file_name_is_standard_error),
        TEST(test_journal_gets_the_priority_and_the_text_alone),
        TEST(test_standard_error_that_was_redirected_is_no_journal),
        TEST(test_a_log_file_beside_the_journal_has_whole_lines),
        TEST(test_syslog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
