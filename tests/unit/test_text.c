/* text: UTF-8 by RFC 3629, classes of characters, trimming, comparing, splitting. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "support/unit.h"

#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})

static void assert_text(struct text found, struct text wanted) {
    assert_int_equal(found.len, wanted.len);
    assert_memory_equal(found.at, wanted.at, wanted.len);
}

/* Validates a copy of exactly len bytes, so that a sanitizer sees a read past them. */
static bool is_valid(const char *bytes, size_t len) {
    char *copy = malloc(len);

    memcpy(copy, bytes, len);

    bool valid = text_is_valid(copy, len);

    free(copy);
    return valid;
}

/* The encoding of RFC 3629, section 3, also of surrogates and of code points that are too large. */
static size_t encode(uint32_t point, char *out) {
    static const unsigned char first[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

    if (size == 1) {
        out[0] = (char)point;
        return 1;
    }
    for (size_t i = size - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (point & 0x3F));
        point >>= 6;
    }
    out[0] = (char)(first[size] | point);
    return size;
}

static void every_code_point_is_decoded_but_surrogates(void **state) {
    (void)state;
    for (uint32_t point = 0; point <= 0x1FFFFF; point++) {
        char bytes[4];
        uint32_t found = 0;
        size_t size = encode(point, bytes);
        bool good = point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);

        assert_int_equal(text_decode(bytes, size, &found), good ? size : 0);
        assert_int_equal(text_is_valid(bytes, size), good && point != 0);
        if (good)
            assert_int_equal(found, point);
        for (size_t cut = 1; cut < size; cut++)
            assert_int_equal(text_decode(bytes, cut, &found), 0);
    }
}

/* Two bytes are valid exactly when they are two ASCII characters or one sequence. */
static void every_pair_of_bytes_is_validated(void **state) {
    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            char bytes[2] = {(char)a, (char)b};
            bool ascii = a > 0 && a < 0x80 && b > 0 && b < 0x80;
            bool pair = a >= 0xC2 && a <= 0xDF && b >= 0x80 && b <= 0xBF;

            assert_int_equal(text_is_valid(bytes, 2), ascii || pair);
        }
    }
}

/* ASCII is skipped in words of eight bytes: a single byte in one must be found. */
static void one_byte_is_validated_anywhere_in_ascii(void **state) {
    static const char fills[] = "\x01 ~\x7F";

    (void)state;
    for (const char *fill = fills; *fill; fill++)
        for (size_t len = 1; len <= 26; len++)
            for (size_t at = 0; at < len; at++)
                for (unsigned byte = 0; byte < 256; byte++) {
                    char bytes[26];

                    memset(bytes, *fill, len);
                    bytes[at] = (char)byte;
                    assert_int_equal(text_is_valid(bytes, len), byte > 0 && byte < 0x80);
                }
}

static void malformed_utf8_is_not_valid(void **state) {
    static const struct text bad[] = {
        TEXT("\xC0\x80"),
        TEXT("\xC0\xAF"),
        TEXT("\xC1\xBF"), /* overlong */
        TEXT("\xE0\x80\x80"),
        TEXT("\xE0\x80\xAF"),
        TEXT("\xE0\x9F\xBF"),
        TEXT("\xF0\x80\x80\x80"),
        TEXT("\xF0\x80\x80\xAF"),
        TEXT("\xF0\x8F\xBF\xBF"),
        TEXT("\xED\xA0\x80"),
        TEXT("\xED\xAF\xBF"),
        TEXT("\xED\xB0\x80"), /* surrogates */
        TEXT("\xED\xBF\xBF"),
        TEXT("\xED\xA0\xBD\xED\xB8\x80"),
        TEXT("\xF4\x90\x80\x80"),
        TEXT("\xF5\x80\x80\x80"), /* too large */
        TEXT("\xF8\x88\x80\x80\x80"),
        TEXT("\xFC\x84\x80\x80\x80\x80"),
        TEXT("\xFE"),
        TEXT("\xFF"),
        TEXT("\x80"),
        TEXT("\xBF"),
        TEXT("\xC3"),
        TEXT("\xE2\x82"),
        TEXT("\xF0\x9F\x98"), /* cut short */
        TEXT("\xC3("),
        TEXT("\xE2(\xA1"),
        TEXT("\xE2\x82("),
        TEXT("\xF0\x9F\x98("),
        TEXT("good\xFF"),
        TEXT("\xC3\xA9\x80"),
        TEXT("\0"),
        TEXT("a\0b"),
        TEXT("ab\0"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (is_valid(bad[i].at, bad[i].len))
            fail_msg("row %zu was taken", i);
    }
}

static void well_formed_utf8_is_valid(void **state) {
    static const struct text good[] = {
        TEXT("a"),
        TEXT("\x01\x7F"),
        TEXT("\xC2\x80"),
        TEXT("\xDF\xBF"),
        TEXT("\xE0\xA0\x80"),
        TEXT("\xED\x9F\xBF"),
        TEXT("\xEE\x80\x80"),
        TEXT("\xEF\xBF\xBF"),
        TEXT("\xEF\xBB\xBF"),
        TEXT("\xF0\x90\x80\x80"),
        TEXT("\xF4\x8F\xBF\xBF"),
        TEXT("na\xC3\xAFve \xE2\x82\xAC \xF0\x9F\x98\x80"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        if (!is_valid(good[i].at, good[i].len))
            fail_msg("row %zu was refused", i);
    }
    assert_true(text_is_valid("", 0));
    assert_true(text_is_valid(NULL, 0));
}

static void text_of_takes_strings_and_null(void **state) {
    (void)state;
    assert_text(text_of("abc"), TEXT("abc"));
    assert_int_equal(text_of("").len, 0);
    assert_int_equal(text_of(NULL).len, 0);
    assert_string_equal(text_of(NULL).at, "");
}

/* Asserts that exactly the code points for which Python's str.isspace() is true are
 * trimmed, from both ends. */
static void trim_takes_every_white_space(void **state) {
    static const uint32_t spaces[] = {
        0x09,   0x0A,   0x0B,   0x0C,   0x0D,   0x1C,   0x1D,   0x1E,   0x1F,   0x20,
        0x85,   0xA0,   0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006,
        0x2007, 0x2008, 0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000,
    };
    size_t next = 0;

    (void)state;
    for (uint32_t point = 1; point <= 0x10FFFF; point++) {
        char bytes[16];
        size_t size = encode(point, bytes);
        bool space = next < COUNT(spaces) && spaces[next] == point;

        if (point >= 0xD800 && point <= 0xDFFF)
            continue;
        next += space;
        bytes[size] = 'x';
        memcpy(bytes + size + 1, bytes, size);

        struct text trimmed = text_trim((struct text){bytes, 2 * size + 1});

        assert_int_equal(trimmed.len, space ? 1 : 2 * size + 1);
        assert_ptr_equal(trimmed.at, space ? bytes + size : bytes);
        assert_int_equal(text_trim((struct text){bytes, size}).len, space ? 0 : size);
    }
    assert_int_equal(next, COUNT(spaces));
}

static void trim_leaves_what_is_inside(void **state) {
    (void)state;
    assert_text(text_trim(TEXT("  a \t b\n ")), TEXT("a \t b"));
    assert_text(text_trim(TEXT("\xE3\x80\x80 \xC2\xA0h\xC3\xA9 \xE2\x80\x80!\xE2\x80\xA9")),
                TEXT("h\xC3\xA9 \xE2\x80\x80!"));
    assert_text(text_trim(TEXT("\xF0\x9F\x98\x80")), TEXT("\xF0\x9F\x98\x80"));
    assert_text(text_trim(TEXT("\xE2\x80\x8B")), TEXT("\xE2\x80\x8B")); /* zero width */
    assert_int_equal(text_trim(TEXT(" \t\r\n\xC2\x85")).len, 0);
    assert_int_equal(text_trim(TEXT("")).len, 0);
    assert_int_equal(text_trim((struct text){NULL, 0}).len, 0);
}

static void code_points_are_counted(void **state) {
    (void)state;
    assert_int_equal(text_code_points(TEXT("")), 0);
    assert_int_equal(text_code_points(TEXT("abc")), 3);
    assert_int_equal(text_code_points(TEXT("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80x")), 4);
    assert_int_equal(text_code_points(TEXT("e\xCC\x81")), 2); /* a combining accent */
}

static void equality_is_of_bytes(void **state) {
    (void)state;
    assert_true(text_equals(TEXT("abc"), TEXT("abc")));
    assert_true(text_equals(TEXT(""), (struct text){NULL, 0}));
    assert_true(text_equals(TEXT("a\0b"), TEXT("a\0b")));
    assert_false(text_equals(TEXT("a\0b"), TEXT("a\0c")));
    assert_false(text_equals(TEXT("abc"), TEXT("abC")));
    assert_false(text_equals(TEXT("abc"), TEXT("ab")));
    assert_false(text_equals(TEXT("abc"), TEXT("abc ")));
}

static void order_is_that_of_bytes(void **state) {
    static const struct text rising[] = {TEXT(""),     TEXT("\0"),   TEXT("Z"),  TEXT("a"),
                                         TEXT("a\0b"), TEXT("a\0c"), TEXT("ab"), TEXT("\xC3\xA9")};
    const size_t count = COUNT(rising);
    const struct text none = {NULL, 0};
    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            const int order = text_compare(rising[i], rising[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    }
    assert_int_equal(text_compare(none, rising[0]), 0);
    assert_true(text_compare(none, rising[1]) < 0);
    assert_true(text_compare(rising[1], none) > 0);
}

static void nocase_is_for_ascii_letters_only(void **state) {
    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            char left = (char)a;
            char right = (char)b;
            unsigned la = a >= 'A' && a <= 'Z' ? a + 32 : a;
            unsigned lb = b >= 'A' && b <= 'Z' ? b + 32 : b;

            assert_int_equal(text_equals_nocase((struct text){&left, 1}, (struct text){&right, 1}),
                             la == lb);
        }
    }
    assert_true(text_equals_nocase(TEXT("Token"), TEXT("tOKEN")));
    assert_false(text_equals_nocase(TEXT("Token"), TEXT("Toke")));
    assert_false(text_equals_nocase(TEXT("\xC3\x89"), TEXT("\xC3\xA9")));
    assert_true(text_equals_nocase(TEXT(""), TEXT("")));
}

static void lower_copies_or_leaves_out_empty(void **state) {
    char out[4] = "zzz";

    (void)state;
    assert_true(text_lower(TEXT("AbZ"), out, sizeof out));
    assert_string_equal(out, "abz");
    assert_false(text_lower(TEXT("ABCD"), out, sizeof out));
    assert_string_equal(out, "");
    assert_true(text_lower(TEXT(""), out, 1));
    assert_string_equal(out, "");
    assert_true(text_lower(TEXT("@[`"), out, sizeof out)); /* the letters' neighbours */
    assert_string_equal(out, "@[`");
    assert_false(text_lower(TEXT(""), out, 0));
    assert_string_equal(out, "@[`");
}

static void valid_and_invalid_user_names(void **state) {
    char long_name[34];

    (void)state;
    memset(long_name, 'a', sizeof long_name);
    assert_true(text_is_username((struct text){long_name, 32}));
    assert_false(text_is_username((struct text){long_name, 33}));
    assert_true(text_is_username(TEXT("abc")));
    assert_false(text_is_username(TEXT("ab")));
    assert_false(text_is_username(TEXT("")));
    assert_true(text_is_username(TEXT("A.b-c_9")));
    assert_true(text_is_username(TEXT("...")));
    for (unsigned c = 0; c < 256; c++) {
        char name[3] = {'a', (char)c, 'z'};
        bool good = c != 0 && strchr(
                                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_.-",
                                  (int)c) != NULL;

        assert_int_equal(text_is_username((struct text){name, 3}), good);
    }
}

static void numbers_are_digits_only(void **state) {
    static const struct text bad[] = {
        TEXT(""),
        TEXT("-1"),
        TEXT("+1"),
        TEXT(" 1"),
        TEXT("1 "),
        TEXT("1.0"),
        TEXT("1e3"),
        TEXT("0x10"),
        TEXT("a"),
        TEXT("1\0"),
        TEXT("\xD9\xA1"),
        TEXT("18446744073709551616"),
        TEXT("99999999999999999999"),
        TEXT("184467440737095516150"),
    };
    uint64_t value = 7;

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(text_to_u64(bad[i], &value));
    assert_int_equal(value, 7);
    assert_true(text_to_u64(TEXT("0"), &value));
    assert_int_equal(value, 0);
    assert_true(text_to_u64(TEXT("0000000000000000000000042"), &value));
    assert_int_equal(value, 42);
    assert_true(text_to_u64(TEXT("18446744073709551615"), &value));
    assert_true(value == UINT64_MAX);
    assert_true(text_to_u64(TEXT("9223372036854775808"), &value));
    assert_true(value == (uint64_t)1 << 63);
}

static void hex_has_as_many_digits_as_asked_for(void **state) {
    char out[] = "..................";

    (void)state;
    text_put_hex(out + 1, 4, 0xab);
    assert_string_equal(out, ".00ab.............");
    text_put_hex(out + 1, 2, 0x12345);
    assert_string_equal(out, ".45ab.............");
    text_put_hex(out + 1, 16, UINT64_MAX - 0xf);
    assert_string_equal(out, ".fffffffffffffff0.");
    text_put_hex(out + 1, 0, 7);
    assert_string_equal(out, ".fffffffffffffff0.");
}

static void classes_are_of_ascii_characters(void **state) {
    (void)state;
    /* As char and as unsigned char: those beyond ASCII are in no class. */
    for (int c = -128; c < 256; c++) {
        const bool is_ascii = c > 0 && c < 128;
        assert_int_equal(text_is_digit(c), is_ascii && strchr("0123456789", c) != NULL);
        assert_int_equal(text_is_letter(c), is_ascii && isalpha(c));
        assert_int_equal(text_is_alnum_or(c, ""), is_ascii && isalnum(c));
        assert_int_equal(text_is_alnum_or(c, "-~"),
                         is_ascii && (isalnum(c) || c == '-' || c == '~'));
        if (is_ascii && isxdigit(c))
            assert_int_equal(text_hex_value(c), strtol((char[]){(char)c, '\0'}, NULL, 16));
        else
            assert_int_equal(text_hex_value(c), -1);
    }
    assert_true(text_is_all_alnum_or(TEXT(""), "."));
    assert_true(text_is_all_alnum_or(TEXT("aZ09."), "."));
    assert_false(text_is_all_alnum_or(TEXT("a,"), "."));
    assert_false(text_is_all_alnum_or(TEXT("a\0"), "."));
    assert_true(text_is_hex(TEXT("09afAF")));
    assert_false(text_is_hex(TEXT("0g")));
}

static void a_prefix_is_skipped_if_it_is_there(void **state) {
    struct text text = TEXT("abc");
    (void)state;
    assert_false(text_skip(&text, "b"));
    assert_false(text_skip(&text, "abcd"));
    assert_true(text_skip(&text, ""));
    assert_true(text_skip(&text, "ab"));
    assert_text(text, TEXT("c"));
    assert_true(text_skip(&text, "c"));
    assert_int_equal(text.len, 0);
    assert_false(text_skip(&text, "c"));
}

static void a_text_is_split_at_each_separator(void **state) {
    static const char *const expected[] = {"", "a", "", "bc"};
    struct text rest = TEXT(";a;;bc"), piece;
    (void)state;
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_true(text_split(&rest, ';', &piece));
        assert_text(piece, text_of(expected[i]));
    }
    assert_false(text_split(&rest, ';', &piece));
    /* A separator at the end starts no further piece; an empty text has none. */
    rest = TEXT("a;");
    assert_true(text_split(&rest, ';', &piece));
    assert_false(text_split(&rest, ';', &piece));
    rest = (struct text){NULL, 0};
    assert_false(text_split(&rest, ';', &piece));
}

static void words_are_separated_by_any_number_of_separators(void **state) {
    static const char *const expected[] = {"a", "bc", "d"};
    struct text rest = TEXT(", a,\tbc ,, d, "), word;
    (void)state;
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_true(text_next_word(&rest, ", \t", &word));
        assert_text(word, text_of(expected[i]));
    }
    assert_false(text_next_word(&rest, ", \t", &word));
    rest = TEXT("");
    assert_false(text_next_word(&rest, ", \t", &word));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_is_decoded_but_surrogates),
        cmocka_unit_test(every_pair_of_bytes_is_validated),
        cmocka_unit_test(one_byte_is_validated_anywhere_in_ascii),
        cmocka_unit_test(malformed_utf8_is_not_valid),
        cmocka_unit_test(well_formed_utf8_is_valid),
        cmocka_unit_test(text_of_takes_strings_and_null),
        cmocka_unit_test(trim_takes_every_white_space),
        cmocka_unit_test(trim_leaves_what_is_inside),
        cmocka_unit_test(code_points_are_counted),
        cmocka_unit_test(equality_is_of_bytes),
        cmocka_unit_test(order_is_that_of_bytes),
        cmocka_unit_test(nocase_is_for_ascii_letters_only),
        cmocka_unit_test(lower_copies_or_leaves_out_empty),
        cmocka_unit_test(valid_and_invalid_user_names),
        cmocka_unit_test(numbers_are_digits_only),
        cmocka_unit_test(classes_are_of_ascii_characters),
        cmocka_unit_test(a_prefix_is_skipped_if_it_is_there),
        cmocka_unit_test(a_text_is_split_at_each_separator),
        cmocka_unit_test(words_are_separated_by_any_number_of_separators),
        cmocka_unit_test(hex_has_as_many_digits_as_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
