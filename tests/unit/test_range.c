/* range: which bytes a header Range names. */
#include "http/range.h"
#include "support/unit.h"

/* Ranges of a content of 10 bytes. */
#define SIZE 10

static void one_range_is_a_part(void **state) {
    static const struct {
        const char *header;
        uint64_t from, len;
    } cases[] = {
        {"bytes=0-0", 0, 1},
        {"bytes=0-9", 0, 10},
        {"bytes=2-5", 2, 4},
        {"bytes=9-", 9, 1},
        {"bytes=0-", 0, 10},
        {"bytes=5-99", 5, 5},
        {"bytes=-1", 9, 1},
        {"bytes=-10", 0, 10},
        {"bytes=-99", 0, 10},
        {"BYTES=1-2", 1, 2},
        {"bytes= 1-2", 1, 2},
        {"bytes=,, 1-2 ,", 1, 2},
        {"bytes=007-0008", 7, 2},
        {"bytes=1-99999999999999999999999999", 1, 9},
        {"bytes=0-18446744073709551615", 0, 10},
        {"bytes=-18446744073709551616", 0, 10},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t from = 99, len = 99;
        assert_int_equal(range_read(text_of(cases[i].header), SIZE, &from, &len), RANGE_PART);
        assert_int_equal(from, cases[i].from);
        assert_int_equal(len, cases[i].len);
    }
}

static void what_is_malformed_or_several_is_ignored(void **state) {
    static const char *const cases[] = {
        "",           "bytes",       "bytes=",      "bytes=-",     "bytes=1",    "bytes=a-b",
        "bytes=1-2x", "bytes=+1-2",  "bytes=1--2",  "bytes=5-2",   "bytes=--1",  "bytes=1- 2",
        "lines=1-2",  "bytes 1-2",   "bytes=1-2-3", "bytes=0x1-2", "=1-2",       "bytes=,",
        "1-2",        "bytes=1 - 2", "bytes==1-2",  "bytes=0-1,4", "bytes=1-2;", "bytes=0-1, 3-4",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t from = 99, len = 99;
        assert_int_equal(range_read(text_of(cases[i]), SIZE, &from, &len), RANGE_WHOLE);
        assert_int_equal(from, 0);
        assert_int_equal(len, SIZE);
    }
}

static void a_range_beyond_the_end_cannot_be_satisfied(void **state) {
    static const char *const cases[] = {
        "bytes=10-",
        "bytes=10-20",
        "bytes=-0",
        "bytes=18446744073709551615-",
        "bytes=99999999999999999999999-",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t from = 99, len = 99;
        assert_int_equal(range_read(text_of(cases[i]), SIZE, &from, &len), RANGE_UNSATISFIABLE);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_range_is_a_part),
        cmocka_unit_test(what_is_malformed_or_several_is_ignored),
        cmocka_unit_test(a_range_beyond_the_end_cannot_be_satisfied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
