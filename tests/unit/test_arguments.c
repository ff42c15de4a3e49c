/* arguments: options, positional arguments and ids. Error messages are not tested here. */
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "support/unit.h"

/* The values of one option of each kind. */
struct values {
    bool flag;
    const char *text;
    uint64_t number;
    struct arguments_list list;
    struct arguments arguments;
};

/* Splits a line at blanks and parses it, with min to max positional arguments. */
static bool parse(struct values *found, char *line, size_t min, size_t max) {
    static const char *argv[16];
    memset(found, 0, sizeof(*found));
    found->arguments.argv = argv;
    for (char *rest, *argument = strtok_r(line, " ", &rest); argument;
         argument = strtok_r(NULL, " ", &rest))
        argv[found->arguments.argc++] = argument;
    const struct arguments_option options[] = {{"--flag", ARGUMENTS_FLAG, &found->flag},
                                               {"--text", ARGUMENTS_TEXT, &found->text},
                                               {"--number", ARGUMENTS_NUMBER, &found->number},
                                               {"--list", ARGUMENTS_LIST, &found->list}};
    return arguments_read(&found->arguments, options, COUNT(options), min, max);
}

#define PARSE(found, line, min, max) parse((found), (char[]){line}, (min), (max))

static void options_and_arguments_may_be_mixed(void **state) {
    (void)state;
    struct values found;
    char line[] = "a --number 12 b --flag --text=x=y c";
    assert_true(parse(&found, line, 3, 3));
    assert_true(found.flag);
    assert_string_equal(found.text, "x=y");
    assert_int_equal(found.number, 12);
    assert_int_equal(found.arguments.argc, 3);
    assert_string_equal(found.arguments.argv[0], "a");
    assert_string_equal(found.arguments.argv[1], "b");
    assert_string_equal(found.arguments.argv[2], "c");
}

static void an_option_that_is_not_given_is_unchanged(void **state) {
    (void)state;
    struct values found;
    assert_true(PARSE(&found, "", 0, 0));
    assert_false(found.flag);
    assert_null(found.text);
    assert_int_equal(found.number, 0);
    assert_int_equal(found.list.count, 0);
}

static void a_repeated_option_keeps_its_order(void **state) {
    (void)state;
    struct values found;
    char line[] = "--list b --list=a --list c";
    assert_true(parse(&found, line, 0, 0));
    assert_int_equal(found.list.count, 3);
    assert_string_equal(found.list.values[0], "b");
    assert_string_equal(found.list.values[1], "a");
    assert_string_equal(found.list.values[2], "c");
    free(found.list.values);
}

static void two_dashes_end_the_options(void **state) {
    (void)state;
    struct values found;
    char line[] = "--flag -- --text --";
    assert_true(parse(&found, line, 2, 2));
    assert_true(found.flag);
    assert_null(found.text);
    assert_string_equal(found.arguments.argv[0], "--text");
    assert_string_equal(found.arguments.argv[1], "--");
    assert_true(PARSE(&found, "-", 1, 1));
}

static void a_value_may_look_like_an_option(void **state) {
    (void)state;
    struct values found;
    assert_true(PARSE(&found, "--text --flag", 0, 0));
    assert_string_equal(found.text, "--flag");
    assert_false(found.flag);
}

static void invalid_arguments_are_rejected(void **state) {
    (void)state;
    struct values found;
    assert_false(PARSE(&found, "--unknown", 0, 9));
    assert_false(PARSE(&found, "-f", 0, 9));
    assert_false(PARSE(&found, "--flags", 0, 9));
    assert_false(PARSE(&found, "--fla", 0, 9));
    assert_false(PARSE(&found, "--flag=yes", 0, 9));
    assert_false(PARSE(&found, "--text", 0, 9));
    assert_false(PARSE(&found, "--number x", 0, 9));
    assert_false(PARSE(&found, "--number -1", 0, 9));
    assert_false(PARSE(&found, "--number=", 0, 9));
    assert_false(PARSE(&found, "--number 18446744073709551616", 0, 9));
    assert_false(PARSE(&found, "a", 2, 2));
    assert_false(PARSE(&found, "a b c", 2, 2));
}

static void an_id_is_a_positive_integer(void **state) {
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
        cmocka_unit_test(options_and_arguments_may_be_mixed),
        cmocka_unit_test(an_option_that_is_not_given_is_unchanged),
        cmocka_unit_test(a_repeated_option_keeps_its_order),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(a_value_may_look_like_an_option),
        cmocka_unit_test(invalid_arguments_are_rejected),
        cmocka_unit_test(an_id_is_a_positive_integer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
