/* json_writer: exact bytes, and all of it is valid for json_validate and json-c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "support/unit.h"
#include "json/json_validate.h"
#include "json/json_writer.h"

#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})

static void assert_written(struct buffer *out, const char *wanted) {
    assert_string_equal(buffer_str(out), wanted);
    assert_null(json_validate(out->data, out->len, NULL));
    buffer_free(out);
}

static void empty_objects_arrays_and_strings(void **state) {
    struct buffer out = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&out);

    (void)state;
    json_write_array(&w);
    json_write_object(&w);
    json_write_object_end(&w);
    json_write_array(&w);
    json_write_array_end(&w);
    json_write_str(&w, "");
    json_write_text(&w, (struct text){NULL, 0});
    json_write_array_end(&w);
    assert_written(&out, "[{},[],\"\",\"\"]");
}

static void every_kind_of_value(void **state) {
    struct buffer out = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&out);

    (void)state;
    json_write_array(&w);
    json_write_text(&w, TEXT("t"));
    json_write_str(&w, "s");
    json_write_str(&w, NULL);
    json_write_u64(&w, 0);
    json_write_u64(&w, 10);
    json_write_u64(&w, UINT64_MAX);
    json_write_bool(&w, true);
    json_write_bool(&w, false);
    json_write_null(&w);
    json_write_time(&w, 1705314600123456);
    json_write_raw(&w, "{\"r\":1}", 7);
    json_write_word(&w, "w");
    json_write_word(&w, NULL);
    json_write_array_end(&w);
    assert_written(&out,
                   "[\"t\",\"s\",null,0,10,18446744073709551615,true,false,null,"
                   "\"2024-01-15T10:30:00.123456Z\",{\"r\":1},\"w\",null]");
}

static void every_kind_of_member(void **state) {
    struct buffer out = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&out);

    (void)state;
    json_write_object(&w);
    json_write_member_text(&w, "a", TEXT("\xC3\xA9"));
    json_write_member_str(&w, "b", "x\"y");
    json_write_member_str(&w, "c", NULL);
    json_write_member_u64(&w, "d", 0);
    json_write_member_bool(&w, "e", false);
    json_write_member_bool(&w, "f", true);
    json_write_member_null(&w, "g");
    json_write_member_time(&w, "h", 0);
    json_write_member_id(&w, "i", 0);
    json_write_member_id(&w, "j", 9);
    json_write_key(&w, "k");
    json_write_object(&w);
    json_write_key(&w, "l");
    json_write_array(&w);
    json_write_array_end(&w);
    json_write_key(&w, "m");
    json_write_raw(&w, "1.5", 3);
    json_write_object_end(&w);
    json_write_member_u64(&w, "n", 1);
    json_write_object_end(&w);
    assert_written(&out,
                   "{\"a\":\"\xC3\xA9\",\"b\":\"x\\\"y\",\"c\":null,\"d\":0,\"e\":false,"
                   "\"f\":true,\"g\":null,\"h\":\"1970-01-01T00:00:00.000000Z\","
                   "\"i\":null,\"j\":9,\"k\":{\"l\":[],\"m\":1.5},\"n\":1}");
}

static void a_writer_appends_to_the_buffer(void **state) {
    struct buffer out = BUFFER_EMPTY;
    struct json_writer first = json_writer_start(&out);

    (void)state;
    json_write_u64(&first, 1);
    buffer_append_char(&out, '\n');

    struct json_writer second = json_writer_start(&out);

    json_write_u64(&second, 2);
    assert_string_equal(buffer_str(&out), "1\n2");
    buffer_free(&out);
}

static void only_what_must_be_is_escaped(void **state) {
    static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* each, and its name */

    (void)state;
    for (int c = 1; c < 0x80; c++) {
        struct buffer out = BUFFER_EMPTY;
        struct json_writer w = json_writer_start(&out);
        const char value[] = {'<', (char)c, '>', '\0'};
        const char *name = strchr(named, c);
        char wanted[16];

        if (c >= 0x20 && c != '"' && c != '\\')
            snprintf(wanted, sizeof wanted, "\"%s\"", value);
        else if (name != NULL)
            snprintf(wanted, sizeof wanted, "\"<\\%c>\"", name[1]);
        else
            snprintf(wanted, sizeof wanted, "\"<\\u%04x>\"", (unsigned)c);
        json_write_str(&w, value);
        assert_written(&out, wanted);
    }
}

static void escapes_at_any_offset(void **state) {
    struct buffer out = BUFFER_EMPTY;
    struct json_writer w = json_writer_start(&out);

    (void)state;
    json_write_array(&w);
    json_write_str(&w, "\"");
    json_write_str(&w, "\"\"");
    json_write_str(&w, "\\a");
    json_write_str(&w, "a\\");
    json_write_str(&w, "\x1F\xF0\x9F\x98\x80\n\xE2\x80\xA8\x7F/");
    json_write_array_end(&w);
    assert_written(&out,
                   "[\"\\\"\",\"\\\"\\\"\",\"\\\\a\",\"a\\\\\","
                   "\"\\u001f\xF0\x9F\x98\x80\\n\xE2\x80\xA8\x7F/\"]");
}

/* Writes a text of equal bytes with another byte at one offset. */
static void write_with_one(struct buffer *out, char fill, char other, size_t place, size_t len) {
    char value[40];
    struct json_writer w = json_writer_start(out);

    assert_true(len <= sizeof value);
    memset(value, fill, len);
    value[place] = other;
    json_write_text(&w, (struct text){value, len});
}

/* A single byte that needs an escape is found at every offset; the bytes next to it in value are
 * not escaped. */
static void one_byte_is_found_at_any_offset(void **state) {
    static const char fills[] = "a !#[]\x7F\xC3\xFF";

    (void)state;
    for (size_t len = 1; len <= 40; len++)
        for (size_t at = 0; at < len; at++)
            for (const char *fill = fills; *fill; fill++) {
                struct buffer plain = BUFFER_EMPTY, named = BUFFER_EMPTY, numbered = BUFFER_EMPTY;

                write_with_one(&plain, *fill, 'b', at, len);
                write_with_one(&named, *fill, at % 2 ? '"' : '\\', at, len);
                write_with_one(&numbered, *fill, at % 2 ? '\0' : '\x1F', at, len);
                assert_int_equal(plain.len, len + 2);
                assert_int_equal(named.len, len + 2 + 1);
                assert_int_equal(named.data[1 + at], '\\');
                assert_int_equal(numbered.len, len + 2 + 5);
                assert_memory_equal(numbered.data + 1 + at, "\\u00", 4);
                buffer_free(&plain);
                buffer_free(&named);
                buffer_free(&numbered);
            }
}

/* A generator of its own, so that a failure can be repeated with its seed. */
static uint32_t next_random(uint32_t *seed) {
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* Appends a code point other than NUL: often one to escape, sometimes a long one. */
static void append_random_point(struct buffer *text, uint32_t *seed) {
    static const char *const samples[] = {"\"",
                                          "\\",
                                          "/",
                                          "\x01",
                                          "\n",
                                          "\x1F",
                                          "\x7F",
                                          "\xC2\x80",
                                          "\xE2\x80\xA9",
                                          "\xEF\xBF\xBF",
                                          "\xF4\x8F\xBF\xBF",
                                          "\xED\x9F\xBF"};
    uint32_t pick = next_random(seed) % 36;

    if (pick < COUNT(samples))
        buffer_append_str(text, samples[pick]);
    else
        buffer_append_char(text, (char)(1 + next_random(seed) % 127));
}

/* Writes a random value of at most `depth` levels. */
static void write_random(struct json_writer *w, uint32_t *seed, unsigned levels) {
    uint32_t kind = next_random(seed) % (levels > 0 ? 8 : 6);
    struct buffer text = BUFFER_EMPTY;

    for (uint32_t i = next_random(seed) % 20; i > 0; i--)
        append_random_point(&text, seed);
    if (kind == 0) {
        json_write_u64(w, (uint64_t)next_random(seed) << (next_random(seed) % 41));
    } else if (kind == 1) {
        json_write_bool(w, next_random(seed) % 2);
    } else if (kind == 2) {
        json_write_null(w);
    } else if (kind == 3) {
        json_write_time(w, (int64_t)next_random(seed) * 1000003 - 99999999);
    } else if (kind < 6) {
        json_write_text(w, (struct text){text.data, text.len});
    } else if (kind == 6) {
        json_write_array(w);
        for (uint32_t i = next_random(seed) % 5; i > 0; i--)
            write_random(w, seed, levels - 1);
        json_write_array_end(w);
    } else {
        json_write_object(w);
        for (uint32_t i = next_random(seed) % 5; i > 0; i--) {
            json_write_key(w, i % 2 ? "odd" : "even");
            write_random(w, seed, levels - 1);
        }
        json_write_object_end(w);
    }
    buffer_free(&text);
}

static void all_output_is_valid(void **state) {
    struct buffer out = BUFFER_EMPTY;

    (void)state;
    for (uint32_t round = 0; round < 5000; round++) {
        uint32_t seed = round;
        size_t at = 0;

        buffer_clear(&out);

        struct json_writer w = json_writer_start(&out);

        write_random(&w, &seed, 6);

        const char *wrong = json_validate(out.data, out.len, &at);

        if (wrong != NULL)
            fail_msg("round %u: %s at %zu of %s", round, wrong, at, buffer_str(&out));
    }
    buffer_free(&out);
}

/* json-c reads the same string that was written. */
static void strings_come_back_unchanged(void **state) {
    struct buffer text = BUFFER_EMPTY;
    struct buffer out = BUFFER_EMPTY;

    (void)state;
    for (uint32_t round = 0; round < 5000; round++) {
        uint32_t seed = round + 77777;

        buffer_clear(&text);
        buffer_clear(&out);
        for (uint32_t i = next_random(&seed) % 60; i > 0; i--)
            append_random_point(&text, &seed);

        struct json_writer w = json_writer_start(&out);

        json_write_object(&w);
        json_write_member_text(&w, "v", (struct text){text.data, text.len});
        json_write_object_end(&w);

        struct json_object *read = json_tokener_parse(buffer_str(&out));
        struct json_object *value = NULL;

        assert_non_null(read);
        assert_true(json_object_object_get_ex(read, "v", &value));
        assert_int_equal(json_object_get_string_len(value), text.len);
        assert_memory_equal(json_object_get_string(value), buffer_str(&text), text.len);
        json_object_put(read);
    }
    buffer_free(&text);
    buffer_free(&out);
}

static void every_power_of_ten_is_written(void **state) {
    uint64_t power = 1;

    (void)state;
    for (int digits = 1; digits <= 20; digits++, power *= 10) {
        for (uint64_t value = power - 1; value <= power + 1; value++) {
            struct buffer out = BUFFER_EMPTY;
            struct json_writer w = json_writer_start(&out);
            char wanted[32];

            json_write_u64(&w, value);
            snprintf(wanted, sizeof wanted, "%llu", (unsigned long long)value);
            assert_written(&out, wanted);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_objects_arrays_and_strings),
        cmocka_unit_test(every_kind_of_value),
        cmocka_unit_test(every_kind_of_member),
        cmocka_unit_test(a_writer_appends_to_the_buffer),
        cmocka_unit_test(only_what_must_be_is_escaped),
        cmocka_unit_test(escapes_at_any_offset),
        cmocka_unit_test(one_byte_is_found_at_any_offset),
        cmocka_unit_test(all_output_is_valid),
        cmocka_unit_test(strings_come_back_unchanged),
        cmocka_unit_test(every_power_of_ten_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
