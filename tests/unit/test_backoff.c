/* backoff: growth, bounds, jitter. */
#include "base/backoff.h"
#include "support/unit.h"

static void a_new_backoff_is_ready(void **state) {
    struct backoff backoff = BACKOFF(100, 5000);

    (void)state;
    assert_true(backoff_ready(&backoff, 0));
    assert_true(backoff_ready(&backoff, -5));
    assert_true(backoff_ready(&backoff, INT64_MAX));
}

static void delays_double_from_min_to_max(void **state) {
    static const uint32_t delays[] = {100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000};

    (void)state;
    for (int round = 0; round < 200; round++) {
        struct backoff backoff = BACKOFF(100, 5000);
        int64_t now = 1000000;

        for (size_t i = 0; i < COUNT(delays); i++) {
            uint32_t wait = backoff_failed(&backoff, now);

            assert_int_equal(backoff.delay_ms, delays[i]);
            assert_in_range(wait, delays[i] / 2, delays[i]);
            assert_false(backoff_ready(&backoff, now));
            assert_false(backoff_ready(&backoff, now + wait - 1));
            assert_true(backoff_ready(&backoff, now + wait));
            now += wait;
        }
    }
}

/* Each quarter of the range from half to whole has its share of many waits. */
static void waits_are_spread(void **state) {
    unsigned quarters[4] = {0};

    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct backoff backoff = BACKOFF(8000, 8000);
        uint32_t wait = backoff_failed(&backoff, 0);

        assert_in_range(wait, 4000, 8000);
        quarters[wait == 8000 ? 3 : (wait - 4000) / 1000]++;
    }
    for (int i = 0; i < 4; i++)
        assert_in_range(quarters[i], 300, 700);
}

static void success_starts_over(void **state) {
    struct backoff backoff = BACKOFF(100, 5000);

    (void)state;
    for (int i = 0; i < 5; i++)
        backoff_failed(&backoff, 1000);
    assert_false(backoff_ready(&backoff, 1000));
    backoff_reset(&backoff);
    assert_true(backoff_ready(&backoff, 1000));
    backoff_failed(&backoff, 1000);
    assert_int_equal(backoff.delay_ms, 100);
}

static void large_bounds_do_not_overflow(void **state) {
    struct backoff backoff = {3000000000, UINT32_MAX, 1000, 0, 0};

    (void)state;
    assert_in_range(backoff_failed(&backoff, 0), 1500000000, 3000000000);
    assert_in_range(backoff_failed(&backoff, 0), UINT32_MAX / 2, UINT32_MAX);
    assert_int_equal(backoff.delay_ms, UINT32_MAX);
}

static void other_factors_stay_in_bounds(void **state) {
    struct backoff fixed = {50, 70, 1, 0, 0};
    struct backoff triple = {50, 200, 3, 0, 0};

    (void)state;
    backoff_failed(&fixed, 0);
    backoff_failed(&fixed, 0);
    assert_int_equal(fixed.delay_ms, 50);
    backoff_failed(&triple, 0);
    backoff_failed(&triple, 0);
    assert_int_equal(triple.delay_ms, 150);
    backoff_failed(&triple, 0);
    assert_int_equal(triple.delay_ms, 200);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_backoff_is_ready),
        cmocka_unit_test(delays_double_from_min_to_max),
        cmocka_unit_test(waits_are_spread),
        cmocka_unit_test(success_starts_over),
        cmocka_unit_test(large_bounds_do_not_overflow),
        cmocka_unit_test(other_factors_stay_in_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
