/* external_user: names made fit. The rest needs a database: tests/api/test_jwt_login.py. */
#include <stdio.h>
#include <string.h>

#include "store/site/external_user.h"
#include "support/unit.h"

static void names_are_made_fit(void **state) {
    (void)state;
    static const struct {
        const char *wished, *name;
    } ROWS[] = {
        {"ann", "ann"},
        {"Ann.Lee_2-x", "Ann.Lee_2-x"},
        {"  Ann Lee\t", "Ann_Lee"},
        {"ann@example.org", "ann"},
        {"Zo\xC3\xAB M\xC3\xBCller", "Zoe_Muller"},
        {"\xC3\x86\xC3\x9F\xC5\x92", "AEssOE"},
        {"\xC5\x81\xC5\xBC\xC5\xBF", "Lzs"},
        {"e\xCC\x81milie", "emilie"},
        {"Nguy\xE1\xBB\x85n Th\xE1\xBB\x8B H\xC6\xB0\xC6\xA1ng", "Nguyen_Thi_Huong"},
        {"\xEF\xBC\xA1\xEF\xBD\x8E\xEF\xBD\x8E", "ann"},
        {"a/b\\c\"d'e", "abcde"},
        {"0123456789012345678901234567890123456789", "01234567890123456789012345678901"},
        /* A letter that becomes two does not fit any more. */
        {"0123456789012345678901234567890\xC3\x9F", "0123456789012345678901234567890"},
        {"", ""},
        {"ab", ""},
        {"@ann", ""},
        {"...", ""},
        {"_-_", ""},
        {"\xD0\x96\xD0\xB0\xD0\xBD\xD0\xBD\xD0\xB0", ""},
        {"\xE7\x94\xB0\xE4\xB8\xAD", ""},
        /* What is not UTF-8 ends the name. */
        {"anna\xFF"
         "bella",
         "anna"},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        char name[USER_NAME_SIZE];
        external_user_fit_name(text_of(ROWS[i].wished), name);
        assert_string_equal(name, ROWS[i].name);
    }
}

static void every_code_point_gives_a_valid_name_or_none(void **state) {
    (void)state;
    for (uint32_t point = 1; point < 0x3000; point++) {
        char wished[16] = "xyz", name[USER_NAME_SIZE];
        size_t len = 3;
        if (point < 0x80) {
            wished[len++] = (char)point;
        } else if (point < 0x800) {
            wished[len++] = (char)(0xC0 | point >> 6);
            wished[len++] = (char)(0x80 | (point & 0x3F));
        } else {
            wished[len++] = (char)(0xE0 | point >> 12);
            wished[len++] = (char)(0x80 | (point >> 6 & 0x3F));
            wished[len++] = (char)(0x80 | (point & 0x3F));
        }
        external_user_fit_name((struct text){wished, len}, name);
        assert_true(text_is_username(text_of(name)));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_made_fit),
        cmocka_unit_test(every_code_point_gives_a_valid_name_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
