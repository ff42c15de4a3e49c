/* json_validate: valid texts, syntax errors with message and offset, and nesting. */
#include <string.h>

#include "base/buffer.h"
#include "support/json_fixture.h"
#include "support/unit.h"

static void valid_texts_are_accepted(void **state) {
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
        json_fixture_assert_valid(good[i]);
}

static void syntax_errors_are_rejected(void **state) {
    static const struct json_rejection bad[] = {
        REJECTED("", "empty text", 0),
        REJECTED(" \n\t\r", "empty text", 4),
        REJECTED("{", "unexpected end", 1),
        REJECTED("[", "unexpected end", 1),
        REJECTED("[1", "unexpected end", 2),
        REJECTED("[1,", "unexpected end", 3),
        REJECTED("{\"a\"", "unexpected end", 4),
        REJECTED("{\"a\":", "unexpected end", 5),
        REJECTED("{\"a\":1", "unexpected end", 6),
        REJECTED("{\"a\":1,", "unexpected end", 7),
        REJECTED("{\"a\":1, ", "unexpected end", 8),
        REJECTED("\"abc", "unexpected end", 4),
        REJECTED("\"abc\\", "unexpected end", 5),
        REJECTED("]", "value expected", 0),
        REJECTED("}", "value expected", 0),
        REJECTED(",", "value expected", 0),
        REJECTED(":", "value expected", 0),
        REJECTED("[,]", "value expected", 1),
        REJECTED("[1,]", "value expected", 3),
        REJECTED("[1,,2]", "value expected", 3),
        REJECTED("[}", "value expected", 1),
        REJECTED("[1}", "comma or ] expected", 2),
        REJECTED("[1 2]", "comma or ] expected", 3),
        REJECTED("[1:2]", "comma or ] expected", 2),
        REJECTED("{]", "key expected", 1),
        REJECTED("{,}", "key expected", 1),
        REJECTED("{1:2}", "key expected", 1),
        REJECTED("{a:2}", "key expected", 1),
        REJECTED("{null:2}", "key expected", 1),
        REJECTED("{\"a\":1,}", "key expected", 7),
        REJECTED("{\"a\"}", "colon expected", 4),
        REJECTED("{\"a\",1}", "colon expected", 4),
        REJECTED("{\"a\" 1}", "colon expected", 5),
        REJECTED("{\"a\"=1}", "colon expected", 4),
        REJECTED("{\"a\":}", "value expected", 5),
        REJECTED("{\"a\"::1}", "value expected", 5),
        REJECTED("{\"a\":1]", "comma or } expected", 6),
        REJECTED("{\"a\":1 \"b\":2}", "comma or } expected", 7),
        REJECTED("{\"a\":1;}", "comma or } expected", 6),
        REJECTED("{} {}", "more than one value", 3),
        REJECTED("{}x", "more than one value", 2),
        REJECTED("{}}", "more than one value", 2),
        REJECTED("[]]", "more than one value", 2),
        REJECTED("{},", "more than one value", 2),
        REJECTED("null null", "more than one value", 5),
        REJECTED("\"a\"\"b\"", "more than one value", 3),
    };

    (void)state;
    json_fixture_assert_all_rejected(bad, COUNT(bad));
    assert_string_equal(json_validate(NULL, 0, NULL), "empty text");
}

static void extensions_of_json_are_rejected(void **state) {
    static const struct json_rejection bad[] = {
        REJECTED("'a'", "value expected", 0),
        REJECTED("{'a':1}", "key expected", 1),
        REJECTED("{\"a\":'b'}", "value expected", 5),
        REJECTED("tru", "value expected", 0),
        REJECTED("[nul]", "value expected", 1),
        REJECTED("True", "value expected", 0),
        REJECTED("NULL", "value expected", 0),
        REJECTED("truefalse", "more than one value", 4),
        REJECTED("nullx", "more than one value", 4),
        REJECTED("undefined", "value expected", 0),
        REJECTED("/* c */ 1", "value expected", 0),
        REJECTED("1 // c", "more than one value", 2),
        REJECTED("[1 /* c */]", "comma or ] expected", 3),
        REJECTED("# c\n1", "value expected", 0),
        REJECTED("\f1", "value expected", 0),
        REJECTED("\v1", "value expected", 0),
        REJECTED("1\x1A", "more than one value", 1),
        REJECTED("\xC2\xA0"
                 "1",
                 "value expected", 0),
        REJECTED("1\xE2\x80\xA8", "more than one value", 1),
    };

    (void)state;
    json_fixture_assert_all_rejected(bad, COUNT(bad));
}

/* A text of `depth` levels; the bits of `kinds`, in turn, choose { or [. */
static void nest(struct buffer *text, size_t depth, unsigned kinds, const char *core) {
    buffer_clear(text);
    for (size_t i = 0; i < depth; i++)
        buffer_append_str(text, kinds >> i % 8 & 1 ? "{\"k\":" : "[");
    buffer_append_str(text, core);
    for (size_t i = depth; i-- > 0;)
        buffer_append_char(text, kinds >> i % 8 & 1 ? '}' : ']');
}

static void nesting_is_limited_to_32(void **state) {
    struct buffer text = BUFFER_EMPTY;

    (void)state;
    for (unsigned kinds = 0; kinds < 256; kinds++) {
        size_t at = 0;

        nest(&text, 32, kinds, "7");
        json_fixture_assert_valid(buffer_str(&text));
        nest(&text, 33, kinds, "7");
        assert_string_equal(json_fixture_validate(text.data, text.len, &at), "nesting over 32");

        size_t objects = 0;

        for (unsigned i = 0; i < 32; i++)
            objects += kinds >> i % 8 & 1;
        assert_int_equal(at, 32 + 4 * objects); /* {"k": is four bytes more than [ */
    }
    nest(&text, 31, 0, "[],{},[{}]");
    assert_string_equal(json_validate(text.data, text.len, NULL), "nesting over 32");
    nest(&text, 31, 0, "[],{},[],[[],{}");
    assert_string_equal(json_validate(text.data, text.len, NULL), "nesting over 32");
    nest(&text, 31, 0, "[],{},[],{\"a\":1}");
    json_fixture_assert_valid(buffer_str(&text));
    nest(&text, 32, 0xFF, "{}");
    assert_string_equal(json_validate(text.data, text.len, NULL), "nesting over 32");
    buffer_free(&text);
}

/* The kind of each level is kept while deeper ones are opened and closed. */
static void brackets_close_what_they_opened(void **state) {
    struct buffer text = BUFFER_EMPTY;

    (void)state;
    for (unsigned kinds = 0; kinds < 256; kinds++) {
        nest(&text, 32, kinds, "null");
        buffer_str(&text);
        for (size_t i = text.len - 32; i < text.len; i++) {
            text.data[i] ^= ']' ^ '}';
            assert_non_null(json_validate(text.data, text.len, NULL));
            text.data[i] ^= ']' ^ '}';
        }
        assert_null(json_validate(text.data, text.len, NULL));
    }
    buffer_free(&text);
}

static void a_hundred_thousand_levels_need_no_stack(void **state) {
    struct buffer text = BUFFER_EMPTY;
    size_t at = 0;

    (void)state;
    for (unsigned kinds = 0; kinds < 3; kinds++) {
        nest(&text, 100000, kinds == 2 ? 0x55 : kinds * 0xFF, "1");
        assert_string_equal(json_validate(text.data, text.len, &at), "nesting over 32");
        assert_true(at <= 32 * 5);
    }
    buffer_clear(&text);
    for (int i = 0; i < 100000; i++)
        buffer_append_str(&text, "[]");
    assert_string_equal(json_validate(text.data, text.len, &at), "more than one value");
    assert_int_equal(at, 2);
    buffer_clear(&text);
    buffer_append_char(&text, '[');
    for (int i = 0; i < 100000; i++)
        buffer_append_str(&text, "[{\"a\":[]}],");
    buffer_append_str(&text, "0]");
    json_fixture_assert_valid(buffer_str(&text));
    buffer_free(&text);
}

/* No prefix of a text that ends in a bracket or quote is valid. */
static void every_truncation_is_rejected(void **state) {
    static const char whole[] =
        "{\"a\":[1,-2.5e+3,\"x\\n\\ud83d\\ude00\xF0\x9F\x98\x80\"],\"b\":{\"c\":null},\"d\":true}";

    (void)state;
    json_fixture_assert_valid(whole);
    for (size_t len = 0; len < sizeof whole - 1; len++)
        assert_non_null(json_fixture_validate(whole, len, NULL));
}

/* With any byte at any offset, `at` stays in the text. */
static void no_change_of_a_byte_does_harm(void **state) {
    static const char whole[] =
        "{\"k\\u00e9\":[1,-2.5e+3,\"\\ud83d\\ude00\xE2\x82\xAC\"],\"b\":{\"c\":null}} ";

    (void)state;
    for (size_t place = 0; place < sizeof whole - 1; place++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            char text[sizeof whole];
            size_t at = 0;

            memcpy(text, whole, sizeof whole);
            text[place] = (char)byte;

            const char *wrong = json_fixture_validate(text, sizeof whole - 1, &at);

            assert_true(at <= sizeof whole - 1);
            if (byte == 0)
                assert_non_null(wrong);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_texts_are_accepted),
        cmocka_unit_test(syntax_errors_are_rejected),
        cmocka_unit_test(extensions_of_json_are_rejected),
        cmocka_unit_test(nesting_is_limited_to_32),
        cmocka_unit_test(brackets_close_what_they_opened),
        cmocka_unit_test(a_hundred_thousand_levels_need_no_stack),
        cmocka_unit_test(every_truncation_is_rejected),
        cmocka_unit_test(no_change_of_a_byte_does_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
