/* arguments: the words behind a command's name. What is complained about goes to standard
 * error, which the test does not look at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arguments.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* One option of each kind, and the values found. */
struct found {
    bool flag;
    const char *text;
    uint64_t number;
    struct arguments_list list;
    struct arguments arguments;
};

/* Reads a line, its words parted by blanks, between min and max of them without options. */
static bool read_words(struct found *found, char *line, size_t min, size_t max) {
    static const char *words[16];
    memset(found, 0, sizeof(*found));
    found->arguments.argv = words;
    for (char *rest, *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        words[found->arguments.argc++] = word;
    const struct arguments_option options[] = {{"--flag", ARGUMENTS_FLAG, &found->flag},
                                               {"--text", ARGUMENTS_TEXT, &found->text},
                                               {"--number", ARGUMENTS_NUMBER, &found->number},
                                               {"--list", ARGUMENTS_LIST, &found->list}};
    return arguments_read(&found->arguments, options, COUNT(options), min, max);
}

#define READ(found, line, min, max) read_words((found), (char[]){line}, (min), (max))

static void options_and_words_come_in_any_order(void **state) {
    (void)state;
    struct found found;
    char line[] = "a --number 12 b --flag --text=x=y c";
    assert_true(read_words(&found, line, 3, 3));
    assert_true(found.flag);
    assert_string_equal(found.text, "x=y");
    assert_int_equal(found.number, 12);
    assert_int_equal(found.arguments.argc, 3);
    assert_string_equal(found.arguments.argv[0], "a");
    assert_string_equal(found.arguments.argv[1], "b");
    assert_string_equal(found.arguments.argv[2], "c");
}

static void what_is_not_given_is_left_alone(void **state) {
    (void)state;
    struct found found;
    assert_true(READ(&found, "", 0, 0));
    assert_false(found.flag);
    assert_null(found.text);
    assert_int_equal(found.number, 0);
    assert_int_equal(found.list.count, 0);
}

static void a_list_keeps_its_order(void **state) {
    (void)state;
    struct found found;
    char line[] = "--list b --list=a --list c";
    assert_true(read_words(&found, line, 0, 0));
    assert_int_equal(found.list.count, 3);
    assert_string_equal(found.list.values[0], "b");
    assert_string_equal(found.list.values[1], "a");
    assert_string_equal(found.list.values[2], "c");
    free(found.list.values);
}

static void two_dashes_end_the_options(void **state) {
    (void)state;
    struct found found;
    char line[] = "--flag -- --text --";
    assert_true(read_words(&found, line, 2, 2));
    assert_true(found.flag);
    assert_null(found.text);
    assert_string_equal(found.arguments.argv[0], "--text");
    assert_string_equal(found.arguments.argv[1], "--");
    assert_true(READ(&found, "-", 1, 1));
}

static void a_value_may_look_like_an_option(void **state) {
    (void)state;
    struct found found;
    assert_true(READ(&found, "--text --flag", 0, 0));
    assert_string_equal(found.text, "--flag");
    assert_false(found.flag);
}

static void mistakes_are_refused(void **state) {
    (void)state;
    struct found found;
    assert_false(READ(&found, "--unknown", 0, 9));
    assert_false(READ(&found, "-f", 0, 9));
    assert_false(READ(&found, "--flags", 0, 9));
    assert_false(READ(&found, "--fla", 0, 9));
    assert_false(READ(&found, "--flag=yes", 0, 9));
    assert_false(READ(&found, "--text", 0, 9));
    assert_false(READ(&found, "--number x", 0, 9));
    assert_false(READ(&found, "--number -1", 0, 9));
    assert_false(READ(&found, "--number=", 0, 9));
    assert_false(READ(&found, "--number 18446744073709551616", 0, 9));
    assert_false(READ(&found, "a", 2, 2));
    assert_false(READ(&found, "a b c", 2, 2));
}

static void an_id_is_a_whole_number_over_0(void **state) {
    (void)state;
    uint64_t id = 0;
    assert_true(arguments_id("18446744073709551615", &id));
    assert_true(id == UINT64_MAX);
    assert_false(arguments_id("0", &id));
    assert_false(arguments_id("-1", &id));
    assert_false(arguments_id("1.0", &id));
    assert_false(arguments_id("", &id));
    assert_false(arguments_id("x", &id));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_words_come_in_any_order),
        cmocka_unit_test(what_is_not_given_is_left_alone),
        cmocka_unit_test(a_list_keeps_its_order),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(a_value_may_look_like_an_option),
        cmocka_unit_test(mistakes_are_refused),
        cmocka_unit_test(an_id_is_a_whole_number_over_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
