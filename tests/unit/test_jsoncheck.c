/* jsoncheck: what is taken, and every refusal with its phrase and place. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buffer.h"
#include "jsoncheck.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct refusal {
    const char *text;
    size_t len;
    const char *wrong;
    size_t at;
};

#define REFUSED(text, wrong, at) \
    { (text), sizeof(text) - 1, (wrong), (at) }

/* Checks a copy of exactly len bytes, so that a sanitizer sees a read past them. */
static const char *check(const char *text, size_t len, size_t *at) {
    char *copy = malloc(len);

    memcpy(copy, text, len);

    const char *wrong = jsoncheck(copy, len, at);

    free(copy);
    return wrong;
}

static void assert_taken(const char *text) {
    size_t at = 12345;
    const char *wrong = check(text, strlen(text), &at);

    if (wrong != NULL)
        fail_msg("%.60s: refused at %zu: %s", text, at, wrong);
    assert_int_equal(at, 12345); /* untouched when there is nothing to point at */
}

static void assert_refused(const struct refusal *row) {
    size_t at = 12345;
    const char *wrong = check(row->text, row->len, &at);

    if (wrong == NULL)
        fail_msg("%.60s: taken", row->text);
    if (strcmp(wrong, row->wrong) != 0 || at != row->at)
        fail_msg("%.60s: \"%s\" at %zu, not \"%s\" at %zu", row->text, wrong, at, row->wrong,
                 row->at);
    assert_ptr_equal(jsoncheck(row->text, row->len, NULL), wrong); /* at may be NULL */
}

static void assert_all_refused(const struct refusal *rows, size_t count) {
    for (size_t i = 0; i < count; i++)
        assert_refused(&rows[i]);
}

static void good_texts_are_taken(void **state) {
    static const char *const good[] = {
        "{}",
        "[]",
        "null",
        "true",
        "false",
        "0",
        "\"\"",
        " \t\r\n{}\n\r\t ",
        "[[],{},[{}],\"\",0,null,true,false]",
        "{\"a\":1,\"a\":2}",
        "{\"\":{\"\":[]}}",
        "[ 1 , 2 ]",
        "{ \"a\" : 1 , \"b\" : [ ] }",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\"\\u0001\\u001f\\u007f\\uFFFF\\uabCD\"",
        "\"\x7F\xC2\x80\xE2\x80\xA8\xF4\x8F\xBF\xBF\"",
        "\"\\u0001\x7F \xEF\xBB\xBF in the middle\"",
        "\"\\ud83d\\ude00\"",
        "\"\\uD800\\uDC00\\uDBFF\\uDFFF\"",
        "\"\\uD7FF\\uE000\"",
        "{\"\\ud83d\\ude00\":\"\\\\u0000\"}",
        "\"/\"",
        "{\"content\":\"{[,:]}\"}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_taken(good[i]);
}

static void good_numbers_are_taken(void **state) {
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
        assert_taken(good[i]);
}

static void integers_end_at_64_bits(void **state) {
    static const struct refusal bad[] = {
        REFUSED("18446744073709551616", "integer beyond 64 bits", 0),
        REFUSED("18446744073709551620", "integer beyond 64 bits", 0),
        REFUSED("-9223372036854775809", "integer beyond 64 bits", 0),
        REFUSED("-18446744073709551615", "integer beyond 64 bits", 0),
        REFUSED("-18446744073709551616", "integer beyond 64 bits", 0),
        REFUSED("36893488147419103232", "integer beyond 64 bits", 0),
        REFUSED("340282366920938463463374607431768211456", "integer beyond 64 bits", 0),
        REFUSED("340282366920938463463374607431768211457", "integer beyond 64 bits", 0),
        REFUSED("[1, 99999999999999999999]", "integer beyond 64 bits", 4),
        REFUSED("{\"unknown\": {\"deep\": -99999999999999999999}}", "integer beyond 64 bits", 21),
    };

    (void)state;
    assert_taken("18446744073709551615");
    assert_taken("-9223372036854775808");
    assert_taken("9223372036854775808");
    assert_taken("[-9223372036854775808,18446744073709551615]");
    assert_all_refused(bad, COUNT(bad));
}

/* The bound for reals is exactly where strtod starts to answer infinity. */
static void reals_end_where_a_double_does(void **state) {
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
        const char *wrong = check(edges[i], strlen(edges[i]), &at);
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
static void the_tie_above_the_largest_double_is_refused(void **state) {
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
    assert_taken(below);
    assert_string_equal(jsoncheck(tie, strlen(tie), NULL), "number too large");
    assert_string_equal(jsoncheck(beyond, strlen(beyond), NULL), "number too large");
    tie[309] = 'e'; /* ...e0, without the point */
    below[309] = 'e';
    assert_taken(below);
    assert_string_equal(jsoncheck(tie, strlen(tie), NULL), "number too large");
}

static void exponents_make_up_for_long_digits(void **state) {
    struct buffer text = BUFFER_EMPTY;

    (void)state;
    buffer_append_str(&text, "0.");
    for (int i = 0; i < 100000; i++)
        buffer_append_char(&text, '0');
    buffer_append_str(&text, "1e");

    size_t head = text.len;

    buffer_append_str(&text, "100309");
    assert_taken(buffer_str(&text));
    text.len = head;
    buffer_append_str(&text, "100310");
    assert_string_equal(jsoncheck(text.data, text.len, NULL), "number too large");
    buffer_clear(&text);
    for (int i = 0; i < 100000; i++)
        buffer_append_char(&text, '7');
    head = text.len;
    buffer_append_str(&text, "e-99692");
    assert_taken(buffer_str(&text));
    text.len = head;
    buffer_append_str(&text, "e-99691");
    assert_string_equal(jsoncheck(text.data, text.len, NULL), "number too large");
    buffer_free(&text);
}

static void bad_numbers_are_refused(void **state) {
    static const struct refusal bad[] = {
        REFUSED("1.", "unexpected end", 2),
        REFUSED("[1.]", "digit expected", 3),
        REFUSED(".5", "value expected", 0),
        REFUSED("01", "number with a leading zero", 0),
        REFUSED("[-01]", "number with a leading zero", 1),
        REFUSED("00", "number with a leading zero", 0),
        REFUSED("+1", "value expected", 0),
        REFUSED("-", "unexpected end", 1),
        REFUSED("[-]", "digit expected", 2),
        REFUSED("--1", "digit expected", 1),
        REFUSED("-.5", "digit expected", 1),
        REFUSED("-a", "digit expected", 1),
        REFUSED("1e", "unexpected end", 2),
        REFUSED("1e+", "unexpected end", 3),
        REFUSED("[1e-]", "digit expected", 4),
        REFUSED("1e+-5", "digit expected", 3),
        REFUSED("1e1.5", "more than one value", 3),
        REFUSED("1.e5", "digit expected", 2),
        REFUSED("1.5.5", "more than one value", 3),
        REFUSED("0x10", "more than one value", 1),
        REFUSED("1_000", "more than one value", 1),
        REFUSED("1a", "more than one value", 1),
        REFUSED("1 2", "more than one value", 2),
        REFUSED("NaN", "value expected", 0),
        REFUSED("nan", "value expected", 0),
        REFUSED("[NaN]", "value expected", 1),
        REFUSED("Infinity", "value expected", 0),
        REFUSED("-Infinity", "digit expected", 1),
        REFUSED("1e999", "number too large", 0),
        REFUSED("[0, -1E400]", "number too large", 4),
        REFUSED("-\0", "NUL character", 1),
        REFUSED("1.\xFF", "not UTF-8", 2),
    };

    (void)state;
    assert_all_refused(bad, COUNT(bad));
}

static void bad_syntax_is_refused(void **state) {
    static const struct refusal bad[] = {
        REFUSED("", "empty text", 0),
        REFUSED(" \n\t\r", "empty text", 4),
        REFUSED("{", "unexpected end", 1),
        REFUSED("[", "unexpected end", 1),
        REFUSED("[1", "unexpected end", 2),
        REFUSED("[1,", "unexpected end", 3),
        REFUSED("{\"a\"", "unexpected end", 4),
        REFUSED("{\"a\":", "unexpected end", 5),
        REFUSED("{\"a\":1", "unexpected end", 6),
        REFUSED("{\"a\":1,", "unexpected end", 7),
        REFUSED("{\"a\":1, ", "unexpected end", 8),
        REFUSED("\"abc", "unexpected end", 4),
        REFUSED("\"abc\\", "unexpected end", 5),
        REFUSED("]", "value expected", 0),
        REFUSED("}", "value expected", 0),
        REFUSED(",", "value expected", 0),
        REFUSED(":", "value expected", 0),
        REFUSED("[,]", "value expected", 1),
        REFUSED("[1,]", "value expected", 3),
        REFUSED("[1,,2]", "value expected", 3),
        REFUSED("[}", "value expected", 1),
        REFUSED("[1}", "comma or ] expected", 2),
        REFUSED("[1 2]", "comma or ] expected", 3),
        REFUSED("[1:2]", "comma or ] expected", 2),
        REFUSED("{]", "key expected", 1),
        REFUSED("{,}", "key expected", 1),
        REFUSED("{1:2}", "key expected", 1),
        REFUSED("{a:2}", "key expected", 1),
        REFUSED("{null:2}", "key expected", 1),
        REFUSED("{\"a\":1,}", "key expected", 7),
        REFUSED("{\"a\"}", "colon expected", 4),
        REFUSED("{\"a\",1}", "colon expected", 4),
        REFUSED("{\"a\" 1}", "colon expected", 5),
        REFUSED("{\"a\"=1}", "colon expected", 4),
        REFUSED("{\"a\":}", "value expected", 5),
        REFUSED("{\"a\"::1}", "value expected", 5),
        REFUSED("{\"a\":1]", "comma or } expected", 6),
        REFUSED("{\"a\":1 \"b\":2}", "comma or } expected", 7),
        REFUSED("{\"a\":1;}", "comma or } expected", 6),
        REFUSED("{} {}", "more than one value", 3),
        REFUSED("{}x", "more than one value", 2),
        REFUSED("{}}", "more than one value", 2),
        REFUSED("[]]", "more than one value", 2),
        REFUSED("{},", "more than one value", 2),
        REFUSED("null null", "more than one value", 5),
        REFUSED("\"a\"\"b\"", "more than one value", 3),
        REFUSED("'a'", "value expected", 0),
        REFUSED("{'a':1}", "key expected", 1),
        REFUSED("{\"a\":'b'}", "value expected", 5),
        REFUSED("tru", "value expected", 0),
        REFUSED("[nul]", "value expected", 1),
        REFUSED("True", "value expected", 0),
        REFUSED("NULL", "value expected", 0),
        REFUSED("truefalse", "more than one value", 4),
        REFUSED("nullx", "more than one value", 4),
        REFUSED("undefined", "value expected", 0),
        REFUSED("/* c */ 1", "value expected", 0),
        REFUSED("1 // c", "more than one value", 2),
        REFUSED("[1 /* c */]", "comma or ] expected", 3),
        REFUSED("# c\n1", "value expected", 0),
        REFUSED("\f1", "value expected", 0),
        REFUSED("\v1", "value expected", 0),
        REFUSED("1\x1A", "more than one value", 1),
        REFUSED("\xC2\xA0"
                "1",
                "value expected", 0),
        REFUSED("1\xE2\x80\xA8", "more than one value", 1),
    };

    (void)state;
    assert_all_refused(bad, COUNT(bad));
    assert_string_equal(jsoncheck(NULL, 0, NULL), "empty text");
}

static void bad_strings_are_refused(void **state) {
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
    assert_all_refused(bad, COUNT(bad));
}

static void nul_is_refused_everywhere(void **state) {
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
    assert_all_refused(bad, COUNT(bad));
}

static void lone_surrogates_are_refused(void **state) {
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
    assert_all_refused(bad, COUNT(bad));
}

static void bad_utf8_is_refused_everywhere(void **state) {
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
    assert_all_refused(bad, COUNT(bad));
}

/* A text of `depth` levels: for each, the bit of `kinds` (taken round) says { or [. */
static void nest(struct buffer *text, size_t depth, unsigned kinds, const char *core) {
    buffer_clear(text);
    for (size_t i = 0; i < depth; i++)
        buffer_append_str(text, kinds >> i % 8 & 1 ? "{\"k\":" : "[");
    buffer_append_str(text, core);
    for (size_t i = depth; i-- > 0;)
        buffer_append_char(text, kinds >> i % 8 & 1 ? '}' : ']');
}

static void nesting_ends_at_32(void **state) {
    struct buffer text = BUFFER_EMPTY;

    (void)state;
    for (unsigned kinds = 0; kinds < 256; kinds++) {
        size_t at = 0;

        nest(&text, 32, kinds, "7");
        assert_taken(buffer_str(&text));
        nest(&text, 33, kinds, "7");
        assert_string_equal(check(text.data, text.len, &at), "nesting over 32");

        size_t objects = 0;

        for (unsigned i = 0; i < 32; i++)
            objects += kinds >> i % 8 & 1;
        assert_int_equal(at, 32 + 4 * objects); /* {"k": is four bytes more than [ */
    }
    nest(&text, 31, 0, "[],{},[{}]");
    assert_string_equal(jsoncheck(text.data, text.len, NULL), "nesting over 32");
    nest(&text, 31, 0, "[],{},[],[[],{}");
    assert_string_equal(jsoncheck(text.data, text.len, NULL), "nesting over 32");
    nest(&text, 31, 0, "[],{},[],{\"a\":1}");
    assert_taken(buffer_str(&text));
    nest(&text, 32, 0xFF, "{}");
    assert_string_equal(jsoncheck(text.data, text.len, NULL), "nesting over 32");
    buffer_free(&text);
}

/* Each level remembers what it is after deeper ones have come and gone. */
static void brackets_close_what_they_opened(void **state) {
    struct buffer text = BUFFER_EMPTY;

    (void)state;
    for (unsigned kinds = 0; kinds < 256; kinds++) {
        nest(&text, 32, kinds, "null");
        buffer_str(&text);
        for (size_t i = text.len - 32; i < text.len; i++) {
            text.data[i] ^= ']' ^ '}';
            assert_non_null(jsoncheck(text.data, text.len, NULL));
            text.data[i] ^= ']' ^ '}';
        }
        assert_null(jsoncheck(text.data, text.len, NULL));
    }
    buffer_free(&text);
}

static void a_hundred_thousand_levels_need_no_stack(void **state) {
    struct buffer text = BUFFER_EMPTY;
    size_t at = 0;

    (void)state;
    for (unsigned kinds = 0; kinds < 3; kinds++) {
        nest(&text, 100000, kinds == 2 ? 0x55 : kinds * 0xFF, "1");
        assert_string_equal(jsoncheck(text.data, text.len, &at), "nesting over 32");
        assert_true(at <= 32 * 5);
    }
    buffer_clear(&text);
    for (int i = 0; i < 100000; i++)
        buffer_append_str(&text, "[]");
    assert_string_equal(jsoncheck(text.data, text.len, &at), "more than one value");
    assert_int_equal(at, 2);
    buffer_clear(&text);
    buffer_append_char(&text, '[');
    for (int i = 0; i < 100000; i++)
        buffer_append_str(&text, "[{\"a\":[]}],");
    buffer_append_str(&text, "0]");
    assert_taken(buffer_str(&text));
    buffer_free(&text);
}

/* No beginning of a text that ends in a bracket or quote is itself a text. */
static void every_truncation_is_refused(void **state) {
    static const char whole[] =
        "{\"a\":[1,-2.5e+3,\"x\\n\\ud83d\\ude00\xF0\x9F\x98\x80\"],\"b\":{\"c\":null},\"d\":true}";

    (void)state;
    assert_taken(whole);
    for (size_t len = 0; len < sizeof whole - 1; len++)
        assert_non_null(check(whole, len, NULL));
}

/* Every byte put in every place is judged without harm, and `at` stays in the text. */
static void every_single_byte_change_is_survived(void **state) {
    static const char whole[] =
        "{\"k\\u00e9\":[1,-2.5e+3,\"\\ud83d\\ude00\xE2\x82\xAC\"],\"b\":{\"c\":null}} ";

    (void)state;
    for (size_t place = 0; place < sizeof whole - 1; place++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            char text[sizeof whole];
            size_t at = 0;

            memcpy(text, whole, sizeof whole);
            text[place] = (char)byte;

            const char *wrong = check(text, sizeof whole - 1, &at);

            assert_true(at <= sizeof whole - 1);
            if (byte == 0)
                assert_non_null(wrong);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_texts_are_taken),
        cmocka_unit_test(good_numbers_are_taken),
        cmocka_unit_test(integers_end_at_64_bits),
        cmocka_unit_test(reals_end_where_a_double_does),
        cmocka_unit_test(the_tie_above_the_largest_double_is_refused),
        cmocka_unit_test(exponents_make_up_for_long_digits),
        cmocka_unit_test(bad_numbers_are_refused),
        cmocka_unit_test(bad_syntax_is_refused),
        cmocka_unit_test(bad_strings_are_refused),
        cmocka_unit_test(nul_is_refused_everywhere),
        cmocka_unit_test(lone_surrogates_are_refused),
        cmocka_unit_test(bad_utf8_is_refused_everywhere),
        cmocka_unit_test(nesting_ends_at_32),
        cmocka_unit_test(brackets_close_what_they_opened),
        cmocka_unit_test(a_hundred_thousand_levels_need_no_stack),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_single_byte_change_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
