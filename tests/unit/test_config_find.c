/* config_find: where the configuration file is searched for. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/config_fixture.h"
#include "support/unit.h"

/* --- where the file is found ---------------------------------------------------------- */

static void test_argument_overrides_variable(void **state) {
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

/* Runs the program, a copy of this one, as `program find` and reads its output into line. */
static void run_find(const char *program, char *line, int size) {
    char command[128];
    snprintf(command, sizeof command, "%s find", program);
    FILE *output = popen(command, "r");
    assert_non_null(output);
    *line = '\0';
    assert_non_null(fgets(line, size, output));
    assert_int_equal(pclose(output), 0);
}

static void test_file_in_the_parent_directory_of_the_program(void **state) {
    struct configured *fixture = *state;
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
    configured_write(fixture->path, "", 0);
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

static void test_file_in_the_home_directory(void **state) {
    struct configured *fixture = *state;
    char folder[64];
    char program[96];
    char line[PATH_MAX];
    snprintf(folder, sizeof folder, "%s/.confab", fixture->folder);
    snprintf(program, sizeof program, "%s/program", folder);
    snprintf(fixture->path, sizeof fixture->path, "%s/confab.conf", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    copy_program(program);
    configured_write(fixture->path, "", 0);

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

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "find") == 0) {
        return print_found();
    }
    const struct CMUnitTest tests[] = {
        CONFIGURED_TEST(test_argument_overrides_variable),
        CONFIGURED_TEST(test_file_in_the_parent_directory_of_the_program),
        CONFIGURED_TEST(test_file_in_the_home_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
