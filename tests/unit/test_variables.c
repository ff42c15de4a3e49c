/* variables: names that are found and names that are not. */
#include "server/variables.h"
#include "support/unit.h"

/* A list with each name once, as its own value. */
#define VARIABLE(name) #name "=" #name,
static char *const ALL[] = {
#include "server/variables.def"
    NULL};
#undef VARIABLE
#define VARIABLE(name) #name,
static const char *const NAMES[] = {
#include "server/variables.def"
};
#undef VARIABLE

static void test_every_name_is_found(void **state) {
    const char *values[VARIABLE_COUNT];
    (void)state;
    variables_find(ALL, values);
    for (size_t i = 0; i < VARIABLE_COUNT; i++) {
        assert_non_null(values[i]);
        assert_string_equal(values[i], NAMES[i]);
    }
}

static void test_a_missing_variable_is_null(void **state) {
    char *const none[] = {NULL};
    const char *values[VARIABLE_COUNT];
    (void)state;
    variables_find(ALL, values);
    variables_find(none, values);
    for (size_t i = 0; i < VARIABLE_COUNT; i++)
        assert_null(values[i]);
}

static void test_of_duplicates_that_are_no_headers_the_first_counts(void **state) {
    char *const twice[] = {"REMOTE_ADDR=", "REMOTE_ADDR=later", "HTTPS=on", "HTTPS=off", NULL};
    const char *values[VARIABLE_COUNT];
    (void)state;
    variables_find(twice, values);
    assert_string_equal(values[VARIABLE_REMOTE_ADDR], "");
    assert_string_equal(values[VARIABLE_HTTPS], "on");
}

static void test_a_header_that_is_there_twice_counts_as_missing(void **state) {
    char *const more[] = {"HTTP_X_FORWARDED_FOR=6.6.6.6", "HTTP_AUTHORIZATION=",
                          "HTTP_X_FORWARDED_FOR=1.2.3.4", "HTTP_AUTHORIZATION=Token a",
                          "HTTP_X_CONFAB_TOKEN=a",        "HTTP_X_CONFAB_TOKEN=a",
                          "HTTP_X_CONFAB_TOKEN=a",        "HTTP_COOKIE=a",
                          "HTTP_X_FORWARDED_PROTO=-",     NULL};
    const char *values[VARIABLE_COUNT];
    (void)state;
    variables_find(more, values);
    assert_null(values[VARIABLE_HTTP_X_FORWARDED_FOR]);
    assert_null(values[VARIABLE_HTTP_AUTHORIZATION]);
    assert_null(values[VARIABLE_HTTP_X_CONFAB_TOKEN]);
    assert_null(values[VARIABLE_HTTP_X_FORWARDED_PROTO]);
    assert_string_equal(values[VARIABLE_HTTP_COOKIE], "a");
}

static void test_a_value_may_contain_an_equals_sign(void **state) {
    char *const list[] = {"QUERY_STRING=limit=1&offset=2", NULL};
    const char *values[VARIABLE_COUNT];
    (void)state;
    variables_find(list, values);
    assert_string_equal(values[VARIABLE_QUERY_STRING], "limit=1&offset=2");
}

static void test_other_names_are_ignored(void **state) {
    char *const others[] = {"HTTP_HOST", "HTTP_HOS=a", "HTTP_HOSTS=a", "http_host=a",
                            "=a",        "HTTP_HOSX=", "XTTP_HOST=",   "HTTP_HOST ",
                            "",          NULL};
    const char *values[VARIABLE_COUNT];
    (void)state;
    variables_find(others, values);
    for (size_t i = 0; i < VARIABLE_COUNT; i++)
        assert_null(values[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_name_is_found),
        cmocka_unit_test(test_a_missing_variable_is_null),
        cmocka_unit_test(test_of_duplicates_that_are_no_headers_the_first_counts),
        cmocka_unit_test(test_a_header_that_is_there_twice_counts_as_missing),
        cmocka_unit_test(test_a_value_may_contain_an_equals_sign),
        cmocka_unit_test(test_other_names_are_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
