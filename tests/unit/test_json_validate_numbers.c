/* json_validate: numbers and their limits. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "support/json_fixture.h"
#include "support/unit.h"

static void valid_numbers_are_accepted(void **state) {
    static const char *const good[] = {
        "-0",
        "-1",
        "10",
        "0.0",
        "-0.0",
        "0.5",
        "1.25",
        "1e5",
        "1E5",
        "1e+5",
        "1e-5",
        "0e0",
        "-0e-0",
        "0e999",
        "0.000e999999999999999999999",
        "1e-999",
        "1e308",
        "1e00308",
        "123.456e-7",
        "18446744073709551616.0",
        "18446744073709551616e0",
        "1E0",
        "-9223372036854775809.5",
        "100000000000000000000000000000e0",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        json_fixture_assert_valid(good[i]);
}

static void integers_are_limited_to_64_bits(void **state) {
    static const struct json_rejection bad[] = {
        REJECTED("18446744073709551616", "integer beyond 64 bits", 0),
        REJECTED("18446744073709551620", "integer beyond 64 bits", 0),
        REJECTED("-9223372036854775809", "integer beyond 64 bits", 0),
        REJECTED("-18446744073709551615", "integer beyond 64 bits", 0),
        REJECTED("-18446744073709551616", "integer beyond 64 bits", 0),
        REJECTED("36893488147419103232", "integer beyond 64 bits", 0),
        REJECTED("340282366920938463463374607431768211456", "integer beyond 64 bits", 0),
        REJECTED("340282366920938463463374607431768211457", "integer beyond 64 bits", 0),
        REJECTED("[1, 99999999999999999999]", "integer beyond 64 bits", 4),
        REJECTED("{\"unknown\": {\"deep\": -99999999999999999999}}", "integer beyond 64 bits", 21),
    };

    (void)state;
    json_fixture_assert_valid("18446744073709551615");
    json_fixture_assert_valid("-9223372036854775808");
    json_fixture_assert_valid("9223372036854775808");
    json_fixture_assert_valid("[-9223372036854775808,18446744073709551615]");
    json_fixture_assert_all_rejected(bad, COUNT(bad));
}

/* The bound for reals is exactly where strtod starts to return infinity. */
static void reals_are_limited_to_doubles(void **state) {
    static const char *const edges[] = {
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "17976931348623158e292",
        "17976931348623159e292",
        "0.17976931348623158e309",
        "0.00017976931348623159e312",
        "1e308",
        "1e309",
        "9e307",
        "9.99e307",
        "2e308",
        "1E400",
        "1e999",
        "-1e400",
        "-1.7976931348623157e+308",
        "1e0000000000000000000309",
        "1e99999999999999999999999999",
        "-2.5E+99999999999999999999",
        "0.1e309",
        "0.01e310",
        "0.1e310",
        "1.797693134862315807e308",
        "1.797693134862315808e308",
        "100e307",
        "10e307",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(edges); i++) {
        size_t at = 12345;
        const char *wrong = json_fixture_validate(edges[i], strlen(edges[i]), &at);
        int infinite = isinf(strtod(edges[i], NULL)) != 0;

        if (infinite != (wrong != NULL))
            fail_msg("%s: %s", edges[i], wrong == NULL ? "taken" : wrong);
        if (infinite) {
            assert_string_equal(wrong, "number too large");
            assert_int_equal(at, 0);
        }
    }
}

/* 2^1024 - 2^970 is a tie that rounds to infinity; a tiny bit less is DBL_MAX. */
static void the_tie_above_the_largest_double_is_rejected(void **state) {
    char below[512];
    char tie[512];
    char beyond[520];

    (void)state;
    snprintf(tie, sizeof tie, "%.0Lf.0", 0x1.fffffffffffff8p1023L);
    memcpy(below, tie, sizeof tie);
    below[308]--; /* the last digit before the point, which is a 2 */
    snprintf(beyond, sizeof beyond, "%s1", tie);
    assert_int_equal(strlen(tie), 311);
    assert_int_equal(tie[308], '2');
    assert_true(strtod(below, NULL) == DBL_MAX);
    assert_true(isinf(strtod(tie, NULL)));
    json_fixture_assert_valid(below);
    assert_string_equal(json_validate(tie, strlen(tie), NULL), "number too large");
    assert_string_equal(json_validate(beyond, strlen(beyond), NULL), "number too large");
    tie[309] = 'e'; /* ...e0, without the point */
    below[309] = 'e';
    json_fixture_assert_valid(below);
    assert_string_equal(json_validate(tie, strlen(tie), NULL), "number too large");
}

static void exponents_compensate_for_many_digits(void **state) {
    struct buffer text = BUFFER_EMPTY;

    (void)state;
    buffer_append_str(&text, "0.");
    for (int i = 0; i < 100000; i++)
        buffer_append_char(&text, '0');
    buffer_append_str(&text, "1e");

    size_t head = text.len;

    buffer_append_str(&text, "100309");
    json_fixture_assert_valid(buffer_str(&text));
    text.len = head;
    buffer_append_str(&text, "100310");
    assert_string_equal(json_validate(text.data, text.len, NULL), "number too large");
    buffer_clear(&text);
    for (int i = 0; i < 100000; i++)
        buffer_append_char(&text, '7');
    head = text.len;
    buffer_append_str(&text, "e-99692");
    json_fixture_assert_valid(buffer_str(&text));
    text.len = head;
    buffer_append_str(&text, "e-99691");
    assert_string_equal(json_validate(text.data, text.len, NULL), "number too large");
    buffer_free(&text);
}

static void invalid_numbers_are_rejected(void **state) {
    static const struct json_rejection bad[] = {
        REJECTED("1.", "unexpected end", 2),
        REJECTED("[1.]", "digit expected", 3),
        REJECTED(".5", "value expected", 0),
        REJECTED("01", "number with a leading zero", 0),
        REJECTED("[-01]", "number with a leading zero", 1),
        REJECTED("00", "number with a leading zero", 0),
        REJECTED("+1", "value expected", 0),
        REJECTED("-", "unexpected end", 1),
        REJECTED("[-]", "digit expected", 2),
        REJECTED("--1", "digit expected", 1),
        REJECTED("-.5", "digit expected", 1),
        REJECTED("-a", "digit expected", 1),
        REJECTED("1e", "unexpected end", 2),
        REJECTED("1e+", "unexpected end", 3),
        REJECTED("[1e-]", "digit expected", 4),
        REJECTED("1e+-5", "digit expected", 3),
        REJECTED("1e1.5", "more than one value", 3),
        REJECTED("1.e5", "digit expected", 2),
        REJECTED("1.5.5", "more than one value", 3),
        REJECTED("0x10", "more than one value", 1),
        REJECTED("1_000", "more than one value", 1),
        REJECTED("1a", "more than one value", 1),
        REJECTED("1 2", "more than one value", 2),
        REJECTED("NaN", "value expected", 0),
        REJECTED("nan", "value expected", 0),
        REJECTED("[NaN]", "value expected", 1),
        REJECTED("Infinity", "value expected", 0),
        REJECTED("-Infinity", "digit expected", 1),
        REJECTED("1e999", "number too large", 0),
        REJECTED("[0, -1E400]", "number too large", 4),
        REJECTED("-\0", "NUL character", 1),
        REJECTED("1.\xFF", "not UTF-8", 2),
    };

    (void)state;
    json_fixture_assert_all_rejected(bad, COUNT(bad));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_numbers_are_accepted),
        cmocka_unit_test(integers_are_limited_to_64_bits),
        cmocka_unit_test(reals_are_limited_to_doubles),
        cmocka_unit_test(the_tie_above_the_largest_double_is_rejected),
        cmocka_unit_test(exponents_compensate_for_many_digits),
        cmocka_unit_test(invalid_numbers_are_rejected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
