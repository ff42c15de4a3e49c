/* json_validate: bytes, escapes and surrogates in strings that are rejected at any offset. */
#include "support/json_fixture.h"
#include "support/unit.h"

static void invalid_strings_are_rejected(void **state) {
    static const struct json_rejection bad[] = {
        REJECTED("\"a\nb\"", "control character in a string", 2),
        REJECTED("\"\t\"", "control character in a string", 1),
        REJECTED("\"\x1F\"", "control character in a string", 1),
        REJECTED("{\"a\rb\":1}", "control character in a string", 3),
        REJECTED("\"\\x41\"", "bad escape", 1),
        REJECTED("\"\\'\"", "bad escape", 1),
        REJECTED("\"\\0\"", "bad escape", 1),
        REJECTED("\"\\U0041\"", "bad escape", 1),
        REJECTED("\"\\a\"", "bad escape", 1),
        REJECTED("\"\\\n\"", "bad escape", 1),
        REJECTED("\"ab\\u\"", "bad escape", 3),
        REJECTED("\"\\u12\"", "bad escape", 1),
        REJECTED("\"\\u123", "bad escape", 1),
        REJECTED("\"\\u123g\"", "bad escape", 1),
        REJECTED("\"\\u 123\"", "bad escape", 1),
        REJECTED("\"\\u+123\"", "bad escape", 1),
        REJECTED("\"\\u-123\"", "bad escape", 1),
        REJECTED("\"\\u0x1F\"", "bad escape", 1),
        REJECTED("\"\\\xC3\xA9\"", "bad escape", 1),
        REJECTED("{\"\\q\":1}", "bad escape", 2),
    };

    (void)state;
    json_fixture_assert_all_rejected(bad, COUNT(bad));
}

static void nul_is_rejected_everywhere(void **state) {
    static const struct json_rejection bad[] = {
        REJECTED("\0", "NUL character", 0),
        REJECTED("{}\0", "NUL character", 2),
        REJECTED("\0{}", "NUL character", 0),
        REJECTED("[\0]", "NUL character", 1),
        REJECTED("[1\0]", "NUL character", 2),
        REJECTED("{\0}", "NUL character", 1),
        REJECTED("{\"a\"\0:1}", "NUL character", 4),
        REJECTED("{\"a\":\0"
                 "1}",
                 "NUL character", 5),
        REJECTED("{\"a\":1\0}", "NUL character", 6),
        REJECTED("\"a\0b\"", "NUL character", 2),
        REJECTED("{\"a\0b\":1}", "NUL character", 3),
        REJECTED("\"a\\u0000b\"", "NUL character", 2),
        REJECTED("{\"a\\u0000b\":1}", "NUL character", 3),
        REJECTED("\"\\u0000", "NUL character", 1),
    };

    (void)state;
    json_fixture_assert_all_rejected(bad, COUNT(bad));
}

static void lone_surrogates_are_rejected(void **state) {
    static const struct json_rejection bad[] = {
        REJECTED("\"\\ud800\"", "lone surrogate", 1),
        REJECTED("\"\\uDBFF\"", "lone surrogate", 1),
        REJECTED("\"\\udc00\"", "lone surrogate", 1),
        REJECTED("\"\\uDFFF\"", "lone surrogate", 1),
        REJECTED("\"ab\\uD83Dcd\"", "lone surrogate", 3),
        REJECTED("\"\\uD83D", "lone surrogate", 1),
        REJECTED("\"\\uD83D\\", "lone surrogate", 1),
        REJECTED("\"\\uD83D\\n\"", "lone surrogate", 1),
        REJECTED("\"\\uD83D\\u0041\"", "lone surrogate", 1),
        REJECTED("\"\\uD83D\\uD83D\\uDE00\"", "lone surrogate", 1),
        REJECTED("\"\\uD83D\\uE000\"", "lone surrogate", 1),
        REJECTED("\"\\uD83D\\uDBFF\"", "lone surrogate", 1),
        REJECTED("\"\\uD83D\\uDE0\"", "lone surrogate", 1),
        REJECTED("\"\\uD83D\\uDE", "lone surrogate", 1),
        REJECTED("\"\\uDE00\\uD83D\"", "lone surrogate", 1),
        REJECTED("\"\\uD83D\\uDE00\\uDE00\"", "lone surrogate", 13),
        REJECTED("\"\\uD83D \\uDE00\"", "lone surrogate", 1),
        REJECTED("\"\\uD83D\\\\uDE00\"", "lone surrogate", 1),
        REJECTED("{\"\\ud800\":1}", "lone surrogate", 2),
        REJECTED("{\"a\":{\"\\udc00\":1}}", "lone surrogate", 7),
        /* The same as raw bytes: CESU-8, paired or not. */
        REJECTED("\"\xED\xA0\x80\"", "not UTF-8", 1),
        REJECTED("\"\xED\xAF\xBF\"", "not UTF-8", 1),
        REJECTED("\"\xED\xB0\x80\"", "not UTF-8", 1),
        REJECTED("\"\xED\xBF\xBF\"", "not UTF-8", 1),
        REJECTED("\"\xED\xA0\xBD\xED\xB8\x80\"", "not UTF-8", 1),
        REJECTED("{\"\xED\xA0\x80\":1}", "not UTF-8", 2),
        /* Half of a pair each way. */
        REJECTED("\"\\uD83D\xED\xB8\x80\"", "lone surrogate", 1),
        REJECTED("\"\xED\xA0\xBD\\uDE00\"", "not UTF-8", 1),
    };

    (void)state;
    json_fixture_assert_all_rejected(bad, COUNT(bad));
}

static void invalid_utf8_is_rejected_everywhere(void **state) {
    static const struct json_rejection bad[] = {
        REJECTED("\"\xC0\xAF\"", "not UTF-8", 1),
        REJECTED("\"\xC0\x80\"", "not UTF-8", 1),
        REJECTED("\"\xC1\x81\"", "not UTF-8", 1),
        REJECTED("\"\xE0\x80\xAF\"", "not UTF-8", 1),
        REJECTED("\"\xE0\x9F\xBF\"", "not UTF-8", 1),
        REJECTED("\"\xF0\x80\x80\xAF\"", "not UTF-8", 1),
        REJECTED("\"\xF0\x8F\xBF\xBF\"", "not UTF-8", 1),
        REJECTED("\"\xF4\x90\x80\x80\"", "not UTF-8", 1),
        REJECTED("\"\xF8\x88\x80\x80\x80\"", "not UTF-8", 1),
        REJECTED("\"\xFF\"", "not UTF-8", 1),
        REJECTED("\"a\x80\"", "not UTF-8", 2),
        REJECTED("\"\xC3\"", "not UTF-8", 1),
        REJECTED("\"\xC3", "not UTF-8", 1),
        REJECTED("\"\xE2\x82\"", "not UTF-8", 1),
        REJECTED("\"\xF0\x9F\x98", "not UTF-8", 1),
        REJECTED("\"caf\xE9\"", "not UTF-8", 4),
        REJECTED("{\"\xC0\xAE\":1}", "not UTF-8", 2),
        REJECTED("{\"a\":1,\"b\":[\"\xFE\"]}", "not UTF-8", 13),
        REJECTED("\xFF", "not UTF-8", 0),
        REJECTED("[1\xC0]", "not UTF-8", 2),
        REJECTED("{\xC0", "not UTF-8", 1),
        REJECTED("{}\x80", "not UTF-8", 2),
        REJECTED("{\"a\"\x80", "not UTF-8", 4),
        REJECTED("\xEF\xBB\xBF{}", "byte order mark", 0),
        REJECTED("\xEF\xBB\xBF", "byte order mark", 0),
        REJECTED(" \xEF\xBB\xBF{}", "value expected", 1),
        REJECTED("{}\xEF\xBB\xBF", "more than one value", 2),
        REJECTED("\xFF\xFE{\0}\0", "not UTF-8", 0),
        REJECTED("\xFE\xFF\0{\0}", "not UTF-8", 0),
        REJECTED("{\0}\0", "NUL character", 1),
    };

    (void)state;
    json_fixture_assert_all_rejected(bad, COUNT(bad));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invalid_strings_are_rejected),
        cmocka_unit_test(nul_is_rejected_everywhere),
        cmocka_unit_test(lone_surrogates_are_rejected),
        cmocka_unit_test(invalid_utf8_is_rejected_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
