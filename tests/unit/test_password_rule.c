/* password_rule: common passwords, repetitions, runs and names are found, in any case; others are
 * not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "secrets/password_rule.h"

static const char *const COMMON[] = {
#include "secrets/common_passwords.def"
};
#define COMMON_COUNT (sizeof(COMMON) / sizeof(*COMMON))

static bool is_refused(const char *password, const char *username) {
    return password_rule_is_too_common(text_of(password), text_of(username));
}

static void test_the_list_is_sorted_and_in_lower_case(void **state) {
    (void)state;
    assert_int_equal(COMMON_COUNT, 10000);
    for (size_t i = 0; i < COMMON_COUNT; i++) {
        char lowered[64];
        assert_true(text_lower(text_of(COMMON[i]), lowered, sizeof(lowered)));
        assert_string_equal(COMMON[i], lowered);
        assert_true(strlen(COMMON[i]) >= 8);
        assert_true(i == 0 || strcmp(COMMON[i - 1], COMMON[i]) < 0);
    }
}

static void test_each_row_is_found(void **state) {
    (void)state;
    for (size_t i = 0; i < COMMON_COUNT; i++)
        assert_true(is_refused(COMMON[i], ""));
}

static void test_case_does_not_matter(void **state) {
    (void)state;
    assert_true(is_refused("PassWord1", ""));
    assert_true(is_refused("QWERTYUIOP", ""));
}

static void test_others_are_not_found(void **state) {
    (void)state;
    assert_false(is_refused("correct horse", ""));
    assert_false(is_refused("password1 ", ""));
    assert_false(is_refused("passwor", ""));
    assert_false(is_refused("", ""));
    assert_false(is_refused("passw\xc3\xb6rd", ""));
    assert_false(password_rule_is_too_common((struct text){"password\0x", 10}, text_of("")));
}

static void test_the_name_of_the_user_is_refused(void **state) {
    (void)state;
    assert_true(is_refused("Annabel.Lee", "annabel.lee"));
    assert_true(is_refused("annabel.lee1", "annabel.lee"));
    assert_true(is_refused("alicealice", "alice"));
    assert_true(is_refused("Alice.Alice", "alice"));
    assert_true(is_refused("2024alice!", "alice"));
    assert_true(is_refused("bob99bob99", "bob99"));
    assert_false(is_refused("alice-demo", "alice"));
    assert_false(is_refused("malice2024", "alice"));
    assert_false(is_refused("alicia2024", "alice"));
    assert_false(is_refused("\xc3\xa4" "alice24", "alice"));
    assert_false(is_refused("48391777204", ""));
}

static void test_repetitions_are_refused(void **state) {
    (void)state;
    static const char *const REPEATED[] = {
        "aaaaaaaa", "!!!!!!!!!!!", "        ", "1212121212", "abcabcabc", "abcabcab", "ABCabcABC",
        "z9z9z9z9z", "x1y2x1y2", "passwordPASSWORD", "passwordpasswordpasswordpassword",
        "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4",
        "\xf0\x9f\x98\x80x\xf0\x9f\x98\x80x\xf0\x9f\x98\x80x\xf0\x9f\x98\x80x"};
    static const char *const OTHERS[] = {"purple-purple", "correcthorsecorrecthorse", "aaaaaaab7q",
                                         "xkz8xkz9", "banana-bread"};
    for (size_t i = 0; i < sizeof(REPEATED) / sizeof(*REPEATED); i++)
        assert_true(is_refused(REPEATED[i], ""));
    for (size_t i = 0; i < sizeof(OTHERS) / sizeof(*OTHERS); i++)
        assert_false(is_refused(OTHERS[i], ""));
}

static void test_runs_of_neighbouring_keys_are_refused(void **state) {
    (void)state;
    static const char *const RUNS[] = {
        "12345678901234", "98765432109",  "abcdefghijk", "zyxwvuts",      "QWERTZUIOPasdf",
        "qweasdzxc",      "asdfghjkl12",  "abcd1234",    "1234qwer",      "1q2w3e4r5t6y7",
        "7ujm6yhn5tgb",   "aaabbbcccddd", "poiuytrewq!", "0987654321!!"};
    static const char *const OTHERS[] = {"qwe8asd7zxc", "abcd-1234-efgh!x", "tr0ub4dor",
                                         "ab12cd34",    "acegikmo",         "stuvbirdnest"};
    for (size_t i = 0; i < sizeof(RUNS) / sizeof(*RUNS); i++)
        assert_true(is_refused(RUNS[i], ""));
    for (size_t i = 0; i < sizeof(OTHERS) / sizeof(*OTHERS); i++)
        assert_false(is_refused(OTHERS[i], ""));
}

static void test_texts_of_any_length_are_read_to_their_end(void **state) {
    (void)state;
    static char longest[256 * 4 + 2];
    memset(longest, 'x', sizeof(longest) - 1);
    /* No password is longer than 1,024 bytes. */
    assert_true(password_rule_is_too_common((struct text){longest, 1024}, text_of("")));
    assert_false(password_rule_is_too_common((struct text){longest, 1025}, text_of("")));
    /* The last characters differ. */
    memcpy(longest + 1020, "wqzj", 4);
    assert_false(password_rule_is_too_common((struct text){longest + 512, 512},
                                             text_of("xxxxxxx")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_list_is_sorted_and_in_lower_case),
        cmocka_unit_test(test_each_row_is_found),
        cmocka_unit_test(test_case_does_not_matter),
        cmocka_unit_test(test_others_are_not_found),
        cmocka_unit_test(test_the_name_of_the_user_is_refused),
        cmocka_unit_test(test_repetitions_are_refused),
        cmocka_unit_test(test_runs_of_neighbouring_keys_are_refused),
        cmocka_unit_test(test_texts_of_any_length_are_read_to_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
