/* crowded_minutes: what is remembered of a page, for how long, and what makes room for another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crowded_minutes.h"

#define NOW 5000000
#define AT 1700000000000000

static struct crowded_minutes *minutes;

static int set_up(void **state) {
    (void)state;
    minutes = crowded_minutes_new();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    crowded_minutes_free(minutes);
    return 0;
}

static void test_nothing_is_known_at_first(void **state) {
    (void)state;
    assert_int_equal(crowded_minutes_find(minutes, 10, 0), 0);
    assert_int_equal(crowded_minutes_find(minutes, 10, NOW), 0);
}

static void test_each_page_has_its_own(void **state) {
    (void)state;
    crowded_minutes_note(minutes, 10, AT, NOW);
    crowded_minutes_note(minutes, 20, AT + 1, NOW);
    assert_int_equal(crowded_minutes_find(minutes, 10, NOW), AT);
    assert_int_equal(crowded_minutes_find(minutes, 20, NOW), AT + 1);
    assert_int_equal(crowded_minutes_find(minutes, 30, NOW), 0);
}

static void test_a_page_takes_the_place_of_another_and_not_its_minute(void **state) {
    (void)state;
    crowded_minutes_note(minutes, 10, AT, NOW);
    assert_int_equal(crowded_minutes_find(minutes, 10 + 64 * 1000, NOW), 0);
    crowded_minutes_note(minutes, 10 + 64 * 1000, AT + 1, NOW);
    assert_int_equal(crowded_minutes_find(minutes, 10 + 64 * 1000, NOW), AT + 1);
    assert_int_equal(crowded_minutes_find(minutes, 10, NOW), 0);
}

static void test_it_is_remembered_for_a_while(void **state) {
    (void)state;
    crowded_minutes_note(minutes, 10, AT, NOW);
    assert_int_equal(crowded_minutes_find(minutes, 10, NOW + CROWDED_MINUTES_MS - 1), AT);
    assert_int_equal(crowded_minutes_find(minutes, 10, NOW + CROWDED_MINUTES_MS), 0);
}

static void test_a_later_minute_is_remembered_no_longer(void **state) {
    (void)state;
    crowded_minutes_note(minutes, 10, AT, NOW);
    crowded_minutes_narrow(minutes, 10, AT - 1);
    assert_int_equal(crowded_minutes_find(minutes, 10, NOW), AT);
    crowded_minutes_narrow(minutes, 10, AT + 1);
    crowded_minutes_narrow(minutes, 20, AT + 2);
    assert_int_equal(crowded_minutes_find(minutes, 10, NOW + CROWDED_MINUTES_MS - 1), AT + 1);
    assert_int_equal(crowded_minutes_find(minutes, 10, NOW + CROWDED_MINUTES_MS), 0);
    assert_int_equal(crowded_minutes_find(minutes, 20, NOW), 0);
}

static void test_forgotten(void **state) {
    (void)state;
    crowded_minutes_note(minutes, 10, AT, NOW);
    crowded_minutes_note(minutes, 10, 0, NOW);
    assert_int_equal(crowded_minutes_find(minutes, 10, NOW), 0);
}

int main(void) {
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_is_known_at_first),
        TEST(test_each_page_has_its_own),
        TEST(test_a_page_takes_the_place_of_another_and_not_its_minute),
        TEST(test_it_is_remembered_for_a_while),
        TEST(test_a_later_minute_is_remembered_no_longer),
        TEST(test_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
