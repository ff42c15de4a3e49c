/* clearing_pace: slices take about the same time on any database, and pauses are longer when it is
 * slower than at best. */
#include "clearing_pace.h"
#include "support/unit.h"

/* A database that takes so long for a message, in nanoseconds; the pause after a slice. */
static uint64_t slice(struct clearing_pace *pace, uint64_t message_ns, uint64_t *took_us) {
    const uint64_t count = clearing_pace_size(pace);
    *took_us = count * message_ns / 1000;
    return clearing_pace_pause(pace, count, *took_us);
}

static void test_slices_take_some_milliseconds_on_any_database(void **state) {
    (void)state;
    static const uint64_t SPEEDS[] = {20000, 60000, 100000};
    for (size_t i = 0; i < COUNT(SPEEDS); i++) {
        struct clearing_pace pace = {0};
        uint64_t took_us = 0;
        for (int turn = 0; turn < 100; turn++)
            slice(&pace, SPEEDS[i], &took_us);
        assert_in_range(took_us, 2900, 12000);
    }
}

static void test_the_size_has_bounds(void **state) {
    (void)state;
    struct clearing_pace fast = {0}, slow = {0};
    uint64_t took_us;
    for (int turn = 0; turn < 100; turn++) {
        slice(&fast, 10, &took_us);
        slice(&slow, 1000000000, &took_us);
    }
    assert_int_equal(clearing_pace_size(&fast), 400);
    assert_int_equal(clearing_pace_size(&slow), 50);
}

static void test_pauses_are_short_while_the_database_is_idle_and_long_when_it_is_not(void **state) {
    (void)state;
    struct clearing_pace pace = {0};
    uint64_t took_us;
    for (int turn = 0; turn < 50; turn++)
        slice(&pace, 100000, &took_us);
    uint64_t pause_us = slice(&pace, 110000, &took_us);
    assert_int_equal(pause_us, took_us / 2);
    pause_us = slice(&pace, 220000, &took_us);
    assert_int_equal(pause_us, took_us * 2);
    pause_us = slice(&pace, 400000, &took_us);
    assert_int_equal(pause_us, took_us * 3);
    /* A database that hangs does not stop it for long. */
    assert_int_equal(slice(&pace, 1000000000, &took_us), 100000);
}

static void test_a_database_that_has_become_slower_is_the_best_after_a_while(void **state) {
    (void)state;
    struct clearing_pace pace = {0};
    uint64_t took_us, pause_us = 0;
    for (int turn = 0; turn < 50; turn++)
        slice(&pace, 100000, &took_us);
    for (int turn = 0; turn < 400; turn++)
        pause_us = slice(&pace, 300000, &took_us);
    assert_int_equal(pause_us, took_us / 2);
}

static void test_a_slice_of_another_size_changes_nothing(void **state) {
    (void)state;
    struct clearing_pace pace = {0};
    uint64_t took_us;
    slice(&pace, 100000, &took_us);
    const struct clearing_pace before = pace;
    assert_int_equal(clearing_pace_pause(&pace, 1, 50000), 50000);
    assert_int_equal(clearing_pace_pause(&pace, 0, 0), 0);
    assert_int_equal(clearing_pace_pause(&pace, 1, 1500000), 100000);
    /* Other work of an erasure, such as that on many ids of clients, is faster. */
    assert_int_equal(clearing_pace_pause(&pace, 500, 5000), 5000);
    assert_int_equal(pace.size, before.size);
    assert_int_equal(pace.best_ns, before.best_ns);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slices_take_some_milliseconds_on_any_database),
        cmocka_unit_test(test_the_size_has_bounds),
        cmocka_unit_test(test_pauses_are_short_while_the_database_is_idle_and_long_when_it_is_not),
        cmocka_unit_test(test_a_database_that_has_become_slower_is_the_best_after_a_while),
        cmocka_unit_test(test_a_slice_of_another_size_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
