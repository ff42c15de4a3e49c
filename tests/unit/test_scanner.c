/* scanner: what clamd answers. */
#include "scanner.h"
#include "support/unit.h"

static void an_answer_is_clean_found_or_an_error(void **state) {
    static const struct {
        const char *answer;
        enum scanner_result result;
    } cases[] = {
        {"stream: OK", SCANNER_CLEAN},
        {"stream: OK\n", SCANNER_CLEAN},
        {"stream: Eicar-Test-Signature FOUND", SCANNER_FOUND},
        {"stream: Win.Test OK FOUND\n", SCANNER_FOUND},
        {"INSTREAM size limit exceeded. ERROR", SCANNER_FAILED},
        {"OK", SCANNER_FAILED},
        {": OK", SCANNER_FAILED},
        {" FOUND", SCANNER_FAILED},
        {"stream: NOK", SCANNER_FAILED},
        {"", SCANNER_FAILED},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(scanner_read_answer(text_of(cases[i].answer)), cases[i].result);
    assert_int_equal(scanner_read_answer((struct text){"stream: OK\0", 11}), SCANNER_CLEAN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_clean_found_or_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
