/* table: aligned columns, and replaced control characters. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"
#include "table.h"

#define FFFD "\xEF\xBF\xBD"

/* Compares the output of the table with the expected one, and frees the table. */
static void assert_table(struct table *table, const char *expected) {
    struct buffer out = BUFFER_EMPTY;
    table_write(table, &out);
    assert_string_equal(buffer_str(&out), expected);
    buffer_free(&out);
    table_free(table);
}

static void columns_are_as_wide_as_their_widest_cell(void **state) {
    (void)state;
    static const char *const headings[] = {">ID", "NAME", "ACTIVE", ">SIZE"};
    struct table *table = table_new(headings, 4);
    table_u64(table, 7);
    table_str(table, "alice");
    table_bool(table, true);
    table_u64(table, 1);
    table_u64(table, 12345);
    table_str(table, "bo");
    table_bool(table, false);
    table_u64(table, UINT64_MAX);
    assert_table(table,
                 "   ID  NAME   ACTIVE                  SIZE\n"
                 "    7  alice  yes                        1\n"
                 "12345  bo     no      18446744073709551615\n");
}

static void no_line_ends_with_blanks(void **state) {
    (void)state;
    static const char *const headings[] = {"A", "B"};
    struct table *table = table_new(headings, 2);
    table_str(table, "1");
    table_str(table, "a long one");
    table_str(table, "2");
    table_str(table, "x");
    assert_table(table, "A  B\n1  a long one\n2  x\n");
}

static void a_table_without_rows_has_its_headings(void **state) {
    (void)state;
    static const char *const headings[] = {">ID", "NAME"};
    assert_table(table_new(headings, 2), "ID  NAME\n");
}

static void many_rows_are_stored(void **state) {
    (void)state;
    static const char *const headings[] = {"N"};
    struct table *table = table_new(headings, 1);
    struct buffer out = BUFFER_EMPTY;
    for (uint64_t i = 0; i < 1000; i++)
        table_u64(table, i);
    table_write(table, &out);
    assert_int_equal(out.len, 2 + 10 * 2 + 90 * 3 + 900 * 4);
    buffer_free(&out);
    table_free(table);
}

static void times_are_shown_to_the_second(void **state) {
    (void)state;
    static const char *const headings[] = {"T"};
    struct table *table = table_new(headings, 1);
    table_time(table, 1705314600123456);
    table_time(table, 0);
    assert_table(table, "T\n2024-01-15 10:30:00\n-\n");
}

/* U+65E5 and the emoji take two columns, U+0301 none, the umlaut one. */
static void width_is_measured_in_terminal_columns(void **state) {
    (void)state;
    assert_int_equal(table_width(text_of("")), 0);
    assert_int_equal(table_width(text_of("abc")), 3);
    assert_int_equal(table_width(text_of("\xC3\xA4")), 1);
    assert_int_equal(table_width(text_of("\xE6\x97\xA5\xE6\x9C\xAC")), 4);
    assert_int_equal(table_width(text_of("e\xCC\x81")), 1);
    assert_int_equal(table_width(text_of("\xF0\x9F\x98\x80")), 2);
    assert_int_equal(table_width(text_of(FFFD)), 1);
}

static void wide_characters_keep_columns_aligned(void **state) {
    (void)state;
    static const char *const headings[] = {"NAME", "KIND"};
    struct table *table = table_new(headings, 2);
    table_str(table, "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E");
    table_str(table, "x");
    table_str(table, "abc");
    table_str(table, "y");
    assert_table(table,
                 "NAME    KIND\n"
                 "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E  x\n"
                 "abc     y\n");
}

static void assert_clean(const char *bytes, size_t len, const char *expected) {
    struct buffer out = BUFFER_EMPTY;
    table_clean(&out, (struct text){bytes, len});
    assert_string_equal(buffer_str(&out), expected);
    buffer_free(&out);
}

#define CLEAN(bytes, expected) assert_clean((bytes), sizeof(bytes) - 1, (expected))

static void control_characters_are_replaced(void **state) {
    (void)state;
    CLEAN("a\x1B[31mb", "a" FFFD "[31mb");
    CLEAN("a\nb\tc\rd", "a" FFFD "b" FFFD "c" FFFD "d");
    CLEAN("a\0b", "a" FFFD "b");
    CLEAN("\x7F\xC2\x9B", FFFD FFFD);
    CLEAN("\xE2\x80\xA8\xE2\x80\xA9", FFFD FFFD);
    CLEAN(
        "a\xE2\x80\xAE"
        "b\xE2\x81\xA6\xE2\x80\x8F\xD8\x9C",
        "a" FFFD "b" FFFD FFFD FFFD);
}

static void each_byte_of_invalid_utf8_is_replaced(void **state) {
    (void)state;
    CLEAN(
        "a\xFF"
        "b",
        "a" FFFD "b");
    CLEAN("\xC0\xAF", FFFD FFFD);
    CLEAN("\xE6\x97", FFFD FFFD);
}

static void other_text_is_unchanged(void **state) {
    (void)state;
    CLEAN("", "");
    CLEAN("Caf\xC3\xA9 \xE6\x97\xA5 \xF0\x9F\x98\x80", "Caf\xC3\xA9 \xE6\x97\xA5 \xF0\x9F\x98\x80");
}

static void cells_are_cleaned(void **state) {
    (void)state;
    static const char *const headings[] = {"NAME", "X"};
    struct table *table = table_new(headings, 2);
    table_str(table, "a\nb");
    table_str(table, "\x1B[2J");
    assert_table(table, "NAME  X\na" FFFD "b   " FFFD "[2J\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(no_line_ends_with_blanks),
        cmocka_unit_test(a_table_without_rows_has_its_headings),
        cmocka_unit_test(many_rows_are_stored),
        cmocka_unit_test(times_are_shown_to_the_second),
        cmocka_unit_test(width_is_measured_in_terminal_columns),
        cmocka_unit_test(wide_characters_keep_columns_aligned),
        cmocka_unit_test(control_characters_are_replaced),
        cmocka_unit_test(each_byte_of_invalid_utf8_is_replaced),
        cmocka_unit_test(other_text_is_unchanged),
        cmocka_unit_test(cells_are_cleaned),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
