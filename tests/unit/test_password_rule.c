/* password_rule: common passwords and names are found, in any case; others are not. */
#include <string.h>

#include "secrets/password_rule.h"
#include "support/unit.h"

static const char *const COMMON[] = {
#include "secrets/common_passwords.def"
};

static bool is_refused(const char *password, const char *username) {
    return password_rule_is_too_common(text_of(password), text_of(username));
}

static void test_the_list_is_sorted_and_in_lower_case(void **state) {
    (void)state;
    assert_int_equal(COUNT(COMMON), 10000);
    for (size_t i = 0; i < COUNT(COMMON); i++) {
        char lowered[64];
        assert_true(text_lower(text_of(COMMON[i]), lowered, sizeof(lowered)));
        assert_string_equal(COMMON[i], lowered);
        assert_true(strlen(COMMON[i]) >= 8);
        assert_true(i == 0 || strcmp(COMMON[i - 1], COMMON[i]) < 0);
    }
}

static void test_each_row_is_found(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(COMMON); i++)
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
    assert_false(is_refused("passwordpasswordpasswordpassword", ""));
    assert_false(password_rule_is_too_common((struct text){"password\0x", 10}, text_of("")));
}

static void test_the_name_of_the_user_is_refused(void **state) {
    (void)state;
    assert_true(is_refused("Annabel.Lee", "annabel.lee"));
    assert_false(is_refused("annabel.lee1", "annabel.lee"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_list_is_sorted_and_in_lower_case),
        cmocka_unit_test(test_each_row_is_found),
        cmocka_unit_test(test_case_does_not_matter),
        cmocka_unit_test(test_others_are_not_found),
        cmocka_unit_test(test_the_name_of_the_user_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
