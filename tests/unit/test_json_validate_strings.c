/* json_validate: bytes, escapes and surrogates in strings that are rejected at any offset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/json_fixture.h"

static void invalid_strings_are_rejected(void **state) {
    static const struct refusal bad[] = {
        REFUSED("\"a\nb\"", "control character in a string", 2),
        REFUSED("\"\t\"", "control character in a string", 1),
        REFUSED("\"\x1F\"", "control character in a string", 1),
        REFUSED("{\"a\rb\":1}", "control character in a string", 3),
        REFUSED("\"\\x41\"", "bad escape", 1),
        REFUSED("\"\\'\"", "bad escape", 1),
        REFUSED("\"\\0\"", "bad escape", 1),
        REFUSED("\"\\U0041\"", "bad escape", 1),
        REFUSED("\"\\a\"", "bad escape", 1),
        REFUSED("\"\\\n\"", "bad escape", 1),
        REFUSED("\"ab\\u\"", "bad escape", 3),
        REFUSED("\"\\u12\"", "bad escape", 1),
        REFUSED("\"\\u123", "bad escape", 1),
        REFUSED("\"\\u123g\"", "bad escape", 1),
        REFUSED("\"\\u 123\"", "bad escape", 1),
        REFUSED("\"\\u+123\"", "bad escape", 1),
        REFUSED("\"\\u-123\"", "bad escape", 1),
        REFUSED("\"\\u0x1F\"", "bad escape", 1),
        REFUSED("\"\\\xC3\xA9\"", "bad escape", 1),
        REFUSED("{\"\\q\":1}", "bad escape", 2),
    };

    (void)state;
    judge_all_refused(bad, JUDGE_COUNT(bad));
}

static void nul_is_rejected_everywhere(void **state) {
    static const struct refusal bad[] = {
        REFUSED("\0", "NUL character", 0),
        REFUSED("{}\0", "NUL character", 2),
        REFUSED("\0{}", "NUL character", 0),
        REFUSED("[\0]", "NUL character", 1),
        REFUSED("[1\0]", "NUL character", 2),
        REFUSED("{\0}", "NUL character", 1),
        REFUSED("{\"a\"\0:1}", "NUL character", 4),
        REFUSED("{\"a\":\0"
                "1}",
                "NUL character", 5),
        REFUSED("{\"a\":1\0}", "NUL character", 6),
        REFUSED("\"a\0b\"", "NUL character", 2),
        REFUSED("{\"a\0b\":1}", "NUL character", 3),
        REFUSED("\"a\\u0000b\"", "NUL character", 2),
        REFUSED("{\"a\\u0000b\":1}", "NUL character", 3),
        REFUSED("\"\\u0000", "NUL character", 1),
    };

    (void)state;
    judge_all_refused(bad, JUDGE_COUNT(bad));
}

static void lone_surrogates_are_rejected(void **state) {
    static const struct refusal bad[] = {
        REFUSED("\"\\ud800\"", "lone surrogate", 1),
        REFUSED("\"\\uDBFF\"", "lone surrogate", 1),
        REFUSED("\"\\udc00\"", "lone surrogate", 1),
        REFUSED("\"\\uDFFF\"", "lone surrogate", 1),
        REFUSED("\"ab\\uD83Dcd\"", "lone surrogate", 3),
        REFUSED("\"\\uD83D", "lone surrogate", 1),
        REFUSED("\"\\uD83D\\", "lone surrogate", 1),
        REFUSED("\"\\uD83D\\n\"", "lone surrogate", 1),
        REFUSED("\"\\uD83D\\u0041\"", "lone surrogate", 1),
        REFUSED("\"\\uD83D\\uD83D\\uDE00\"", "lone surrogate", 1),
        REFUSED("\"\\uD83D\\uE000\"", "lone surrogate", 1),
        REFUSED("\"\\uD83D\\uDBFF\"", "lone surrogate", 1),
        REFUSED("\"\\uD83D\\uDE0\"", "lone surrogate", 1),
        REFUSED("\"\\uD83D\\uDE", "lone surrogate", 1),
        REFUSED("\"\\uDE00\\uD83D\"", "lone surrogate", 1),
        REFUSED("\"\\uD83D\\uDE00\\uDE00\"", "lone surrogate", 13),
        REFUSED("\"\\uD83D \\uDE00\"", "lone surrogate", 1),
        REFUSED("\"\\uD83D\\\\uDE00\"", "lone surrogate", 1),
        REFUSED("{\"\\ud800\":1}", "lone surrogate", 2),
        REFUSED("{\"a\":{\"\\udc00\":1}}", "lone surrogate", 7),
        /* The same as raw bytes: CESU-8, paired or not. */
        REFUSED("\"\xED\xA0\x80\"", "not UTF-8", 1),
        REFUSED("\"\xED\xAF\xBF\"", "not UTF-8", 1),
        REFUSED("\"\xED\xB0\x80\"", "not UTF-8", 1),
        REFUSED("\"\xED\xBF\xBF\"", "not UTF-8", 1),
        REFUSED("\"\xED\xA0\xBD\xED\xB8\x80\"", "not UTF-8", 1),
        REFUSED("{\"\xED\xA0\x80\":1}", "not UTF-8", 2),
        /* Half of a pair each way. */
        REFUSED("\"\\uD83D\xED\xB8\x80\"", "lone surrogate", 1),
        REFUSED("\"\xED\xA0\xBD\\uDE00\"", "not UTF-8", 1),
    };

    (void)state;
    judge_all_refused(bad, JUDGE_COUNT(bad));
}

static void invalid_utf8_is_rejected_everywhere(void **state) {
    static const struct refusal bad[] = {
        REFUSED("\"\xC0\xAF\"", "not UTF-8", 1),
        REFUSED("\"\xC0\x80\"", "not UTF-8", 1),
        REFUSED("\"\xC1\x81\"", "not UTF-8", 1),
        REFUSED("\"\xE0\x80\xAF\"", "not UTF-8", 1),
        REFUSED("\"\xE0\x9F\xBF\"", "not UTF-8", 1),
        REFUSED("\"\xF0\x80\x80\xAF\"", "not UTF-8", 1),
        REFUSED("\"\xF0\x8F\xBF\xBF\"", "not UTF-8", 1),
        REFUSED("\"\xF4\x90\x80\x80\"", "not UTF-8", 1),
        REFUSED("\"\xF8\x88\x80\x80\x80\"", "not UTF-8", 1),
        REFUSED("\"\xFF\"", "not UTF-8", 1),
        REFUSED("\"a\x80\"", "not UTF-8", 2),
        REFUSED("\"\xC3\"", "not UTF-8", 1),
        REFUSED("\"\xC3", "not UTF-8", 1),
        REFUSED("\"\xE2\x82\"", "not UTF-8", 1),
        REFUSED("\"\xF0\x9F\x98", "not UTF-8", 1),
        REFUSED("\"caf\xE9\"", "not UTF-8", 4),
        REFUSED("{\"\xC0\xAE\":1}", "not UTF-8", 2),
        REFUSED("{\"a\":1,\"b\":[\"\xFE\"]}", "not UTF-8", 13),
        REFUSED("\xFF", "not UTF-8", 0),
        REFUSED("[1\xC0]", "not UTF-8", 2),
        REFUSED("{\xC0", "not UTF-8", 1),
        REFUSED("{}\x80", "not UTF-8", 2),
        REFUSED("{\"a\"\x80", "not UTF-8", 4),
        REFUSED("\xEF\xBB\xBF{}", "byte order mark", 0),
        REFUSED("\xEF\xBB\xBF", "byte order mark", 0),
        REFUSED(" \xEF\xBB\xBF{}", "value expected", 1),
        REFUSED("{}\xEF\xBB\xBF", "more than one value", 2),
        REFUSED("\xFF\xFE{\0}\0", "not UTF-8", 0),
        REFUSED("\xFE\xFF\0{\0}", "not UTF-8", 0),
        REFUSED("{\0}\0", "NUL character", 1),
    };

    (void)state;
    judge_all_refused(bad, JUDGE_COUNT(bad));
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
