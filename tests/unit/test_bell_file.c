/* bell_file: a number that only grows, also with several writers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#include "os/bell_file.h"
#include "support/unit.h"

#define NAME "0123456789abcdef0123456789abcdef"

static char folder[64];

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/confab-bell-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    char command[96];
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

static void path_of(const char *name, char path[128]) {
    snprintf(path, 128, "%s/%s", folder, name);
}

static void assert_content(const char *expected) {
    char path[128], content[64] = "";
    path_of(NAME, path);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    const size_t len = fread(content, 1, sizeof(content) - 1, file);
    fclose(file);
    content[len] = '\0';
    assert_string_equal(content, expected);
}

static void it_has_the_highest_number_and_nothing_else(void **state) {
    (void)state;
    char path[128];
    struct stat file;
    assert_true(bell_file_write(folder, NAME, 9));
    assert_content("9");
    assert_true(bell_file_write(folder, NAME, 10));
    assert_true(bell_file_write(folder, NAME, 8));
    assert_content("10");
    assert_true(bell_file_write(folder, NAME, UINT64_MAX));
    assert_content("18446744073709551615");
    path_of(NAME, path);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0644);
}

static void what_is_no_number_is_replaced(void **state) {
    (void)state;
    char path[128];
    path_of(NAME, path);
    FILE *file = fopen(path, "w");
    fputs("not a number at all, and long", file);
    fclose(file);
    assert_true(bell_file_write(folder, NAME, 7));
    assert_content("7");
}

static void of_many_writers_the_highest_wins(void **state) {
    (void)state;
    for (int child = 0; child < 4; child++)
        if (fork() == 0) {
            for (uint64_t i = 0; i < 500; i++)
                bell_file_write(folder, NAME, 1000 + i * 4 + (uint64_t)child);
            _exit(0);
        }
    while (wait(NULL) > 0)
        continue;
    assert_content("2999");
}

static void a_folder_that_cannot_be_written_is_an_error(void **state) {
    (void)state;
    assert_false(bell_file_write("/nonexistent", NAME, 1));
    assert_false(bell_file_write("/proc", NAME, 1));
    /* No link is followed. */
    char path[128];
    path_of(NAME, path);
    assert_int_equal(symlink("/tmp/confab-bell-target", path), 0);
    assert_false(bell_file_write(folder, NAME, 1));
    assert_int_not_equal(access("/tmp/confab-bell-target", F_OK), 0);
}

static void only_old_bells_are_cleaned(void **state) {
    (void)state;
    static const char *const NAMES[] = {NAME, "0123456789abcdef0123456789abcde0", "notes.txt",
                                        "0123456789abcdef0123456789abcdeg"};
    const struct utimbuf old = {.actime = time(NULL) - 1000, .modtime = time(NULL) - 1000};
    char path[128];
    for (size_t i = 0; i < 4; i++) {
        path_of(NAMES[i], path);
        fclose(fopen(path, "w"));
        if (i != 1)
            assert_int_equal(utime(path, &old), 0);
    }
    assert_int_equal(bell_file_clean(folder, 500, 10), 1);
    assert_int_equal(bell_file_clean(folder, 500, 10), 0);
    assert_true(bell_file_remove(folder, NAMES[1]));
    assert_false(bell_file_remove(folder, NAMES[1]));
    assert_int_equal(bell_file_clean("/nonexistent", 0, 10), 0);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(it_has_the_highest_number_and_nothing_else),
        TEST(what_is_no_number_is_replaced),
        TEST(of_many_writers_the_highest_wins),
        TEST(a_folder_that_cannot_be_written_is_an_error),
        TEST(only_old_bells_are_cleaned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
