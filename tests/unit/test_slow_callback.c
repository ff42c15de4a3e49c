/* stopwatch: what takes the CPU from the loop is counted, what only waits is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "metrics/slow_callback.h"

static struct metrics_data metrics;

static int watch(void **state) {
    (void)state;
    metrics = (struct metrics_data){0};
    slow_callback_init(&metrics);
    return 0;
}

static int watch_no_more(void **state) {
    (void)state;
    slow_callback_init(NULL);
    return 0;
}

static void burn(int64_t microseconds) {
    const int64_t until = clock_thread_us() + microseconds;
    while (clock_thread_us() < until)
        ;
}

static void rest(long microseconds) {
    const struct timespec time = {.tv_nsec = microseconds * 1000};
    nanosleep(&time, NULL);
}

static void what_burns_10_ms_is_counted(void **state) {
    (void)state;
    for (unsigned i = 1; i <= 3; i++) {
        slow_callback_start("a test");
        burn(10000);
        slow_callback_stop();
        assert_int_equal(metrics.slow_callbacks, i);
    }
}

static void what_sleeps_10_ms_is_not_counted(void **state) {
    (void)state;
    slow_callback_start("a test");
    rest(10000);
    slow_callback_stop();
    assert_int_equal(metrics.slow_callbacks, 0);
}

static void what_is_short_is_not_counted_however_much_there_is_of_it(void **state) {
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        slow_callback_start("a test");
        burn(2000);
        slow_callback_stop();
    }
    assert_int_equal(metrics.slow_callbacks, 0);
}

/* The mark of the clocks is from before the burning then. */
static void what_happens_before_a_callback_is_not_its_own(void **state) {
    (void)state;
    slow_callback_start("a test");
    slow_callback_stop();
    burn(20000);
    slow_callback_start("a test");
    rest(10000);
    slow_callback_stop();
    assert_int_equal(metrics.slow_callbacks, 0);
}

static void a_callback_within_another_is_a_part_of_it(void **state) {
    (void)state;
    slow_callback_start("the outer one");
    for (unsigned i = 0; i < 2; i++) {
        slow_callback_start("the inner one");
        burn(10000);
        slow_callback_stop();
    }
    assert_int_equal(metrics.slow_callbacks, 0);
    slow_callback_stop();
    assert_int_equal(metrics.slow_callbacks, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_burns_10_ms_is_counted, watch, watch_no_more),
        cmocka_unit_test_setup_teardown(what_sleeps_10_ms_is_not_counted, watch, watch_no_more),
        cmocka_unit_test_setup_teardown(what_is_short_is_not_counted_however_much_there_is_of_it,
                                        watch, watch_no_more),
        cmocka_unit_test_setup_teardown(what_happens_before_a_callback_is_not_its_own, watch,
                                        watch_no_more),
        cmocka_unit_test_setup_teardown(a_callback_within_another_is_a_part_of_it, watch,
                                        watch_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
