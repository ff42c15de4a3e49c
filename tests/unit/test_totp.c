/* totp: the test vectors of RFC 6238 and RFC 4648, and which codes are valid at a time. */
#include <string.h>

#include "secrets/totp.h"
#include "support/unit.h"

static const unsigned char *const SECRET = (const unsigned char *)"12345678901234567890";

static void test_the_codes_are_those_of_the_standard(void **state) {
    /* RFC 6238, appendix B: the last six of the eight digits. */
    static const struct {
        uint64_t time;
        const char *code;
    } VECTORS[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                   {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
    (void)state;
    for (size_t i = 0; i < COUNT(VECTORS); i++) {
        char code[TOTP_CODE_SIZE];
        totp_code(SECRET, VECTORS[i].time / 30, code);
        assert_string_equal(code, VECTORS[i].code);
    }
}

static void test_secrets_are_written_in_base32(void **state) {
    char out[TOTP_BASE32_SIZE];
    unsigned char ones[TOTP_SECRET_SIZE];
    (void)state;
    totp_base32(SECRET, out);
    assert_string_equal(out, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    memset(ones, 0xff, sizeof(ones));
    totp_base32(ones, out);
    assert_string_equal(out, "77777777777777777777777777777777");
}

static bool is_valid(const char *code, int64_t now_s, uint64_t used_step, uint64_t *step) {
    return totp_find(SECRET, now_s, used_step, text_of(code), step);
}

static void test_a_code_is_valid_one_step_before_and_after(void **state) {
    uint64_t step = 0;
    (void)state;
    /* The code of step 37037036, which begins at 1111111080. */
    assert_true(is_valid("081804", 1111111080 - 30, 0, &step));
    assert_int_equal(step, 37037036);
    assert_true(is_valid("081804", 1111111080, 0, &step));
    assert_true(is_valid("081804", 1111111080 + 59, 0, &step));
    assert_false(is_valid("081804", 1111111080 - 31, 0, &step));
    assert_false(is_valid("081804", 1111111080 + 60, 0, &step));
}

static void test_a_code_is_valid_once(void **state) {
    uint64_t step;
    (void)state;
    assert_true(is_valid("081804", 1111111109, 37037035, &step));
    assert_false(is_valid("081804", 1111111109, 37037036, &step));
    /* Another one was used when the clock was an hour ahead. */
    assert_true(is_valid("081804", 1111111109, 37037036 + 120, &step));
    assert_false(is_valid("081804", 1111111109, 37037037, &step));
    assert_false(is_valid("081804", 1111111109, 37037037, &step));
}

static void test_other_texts_are_no_codes(void **state) {
    uint64_t step;
    (void)state;
    assert_false(is_valid("", 1111111109, 0, &step));
    assert_false(is_valid("81804", 1111111109, 0, &step));
    assert_false(is_valid("0081804", 1111111109, 0, &step));
    assert_false(is_valid("081805", 1111111109, 0, &step));
    assert_false(is_valid("081804", 0, 0, &step));
    assert_false(is_valid("081804", -5, 0, &step));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_codes_are_those_of_the_standard),
        cmocka_unit_test(test_secrets_are_written_in_base32),
        cmocka_unit_test(test_a_code_is_valid_one_step_before_and_after),
        cmocka_unit_test(test_a_code_is_valid_once),
        cmocka_unit_test(test_other_texts_are_no_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
