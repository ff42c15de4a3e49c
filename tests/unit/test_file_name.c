/* file_name: what is the name of a file, and how it is written into headers and paths. */
#include <string.h>

#include "http/file_name.h"
#include "support/unit.h"

static void names_of_any_script_are_names(void **state) {
    static const char *const cases[] = {
        "a",
        "cat.png",
        " cat ",
        "...",
        "..a",
        "γάτα.png",
        "قطة.png",
        "แมว.png",
        "猫.png",
        "\"'%&?#*$.txt",
        "\xf0\x9f\x90\x88.png",
    };
    char longest[FILE_NAME_MOST + 2];
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_true(file_name_is_valid(text_of(cases[i])));
    memset(longest, 'a', sizeof(longest));
    assert_true(file_name_is_valid((struct text){longest, FILE_NAME_MOST}));
    assert_false(file_name_is_valid((struct text){longest, FILE_NAME_MOST + 1}));
}

static void paths_and_controls_are_none(void **state) {
    static const char *const cases[] = {
        "",
        " ",
        "\t",
        ".",
        "..",
        "a/b",
        "/",
        "a\\b",
        "a\nb",
        "a\rb",
        "a\tb",
        "a\x7f",
        "a\xc2\205b",
        "a\xe2\x80\250b",
        "a\xe2\x80\251b",
        "\xff",
        "a\xc3",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_false(file_name_is_valid(text_of(cases[i])));
    assert_false(file_name_is_valid((struct text){"a\0b", 3}));
}

static void a_disposition_has_the_name_in_both_forms(void **state) {
    static const struct {
        const char *name, *wanted;
    } cases[] = {
        {"cat.png", "attachment; filename=\"cat.png\""},
        {"a b;c.txt", "attachment; filename=\"a b;c.txt\""},
        {"a\"b.txt", "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt"},
        {"100%.txt", "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"},
        {"ä€.png", "attachment; filename=\"__.png\"; filename*=UTF-8''%C3%A4%E2%82%AC.png"},
        {"猫 1.png", "attachment; filename=\"_ 1.png\"; filename*=UTF-8''%E7%8C%AB%201.png"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer out = BUFFER_EMPTY;
        file_name_disposition(&out, true, text_of(cases[i].name));
        assert_string_equal(buffer_str(&out), cases[i].wanted);
        buffer_free(&out);
    }
    struct buffer out = BUFFER_EMPTY;
    file_name_disposition(&out, false, text_of("cat.png"));
    assert_string_equal(buffer_str(&out), "inline; filename=\"cat.png\"");
    buffer_free(&out);
}

static void a_path_has_the_name_as_one_segment(void **state) {
    static const struct {
        const char *name, *wanted;
    } cases[] = {
        {"cat.png", "api/chat/files/7/cat.png"},
        {"a b?#%.txt", "api/chat/files/7/a%20b%3F%23%25.txt"},
        {"ä", "api/chat/files/7/%C3%A4"},
        /* Names of other paths there. */
        {"done", "api/chat/files/7/_done"},
        {"thumbnail", "api/chat/files/7/_thumbnail"},
        {"link", "api/chat/files/7/_link"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer out = BUFFER_EMPTY;
        file_name_path(&out, 7, text_of(cases[i].name));
        assert_string_equal(buffer_str(&out), cases[i].wanted);
        buffer_free(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_any_script_are_names),
        cmocka_unit_test(paths_and_controls_are_none),
        cmocka_unit_test(a_disposition_has_the_name_in_both_forms),
        cmocka_unit_test(a_path_has_the_name_as_one_segment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
