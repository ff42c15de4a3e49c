/* slow_callback: CPU time counts, waiting does not. */
#include <time.h>

#include "base/clock.h"
#include "metrics/slow_callback.h"
#include "support/unit.h"

static struct metrics_data metrics;

static int set_up(void **state) {
    (void)state;
    metrics = (struct metrics_data){0};
    slow_callback_init(&metrics);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    slow_callback_init(NULL);
    return 0;
}

static void use_cpu(int64_t microseconds) {
    const int64_t until = clock_thread_us() + microseconds;
    while (clock_thread_us() < until)
        ;
}

static void sleep_us(long microseconds) {
    const struct timespec time = {.tv_nsec = microseconds * 1000};
    nanosleep(&time, NULL);
}

static void cpu_time_over_the_limit_is_counted(void **state) {
    (void)state;
    for (unsigned i = 1; i <= 3; i++) {
        slow_callback_start("a test");
        use_cpu(10000);
        slow_callback_stop();
        assert_int_equal(metrics.slow_callbacks, i);
    }
}

static void sleeping_is_not_counted(void **state) {
    (void)state;
    slow_callback_start("a test");
    sleep_us(10000);
    slow_callback_stop();
    assert_int_equal(metrics.slow_callbacks, 0);
}

static void short_callbacks_are_never_counted(void **state) {
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        slow_callback_start("a test");
        use_cpu(2000);
        slow_callback_stop();
    }
    assert_int_equal(metrics.slow_callbacks, 0);
}

/* The clocks were last read before the CPU time was used. */
static void cpu_time_before_a_callback_is_not_counted(void **state) {
    (void)state;
    slow_callback_start("a test");
    slow_callback_stop();
    use_cpu(20000);
    slow_callback_start("a test");
    sleep_us(10000);
    slow_callback_stop();
    assert_int_equal(metrics.slow_callbacks, 0);
}

static void nested_callback_counts_for_the_outer_one(void **state) {
    (void)state;
    slow_callback_start("the outer one");
    for (unsigned i = 0; i < 2; i++) {
        slow_callback_start("the inner one");
        use_cpu(10000);
        slow_callback_stop();
    }
    assert_int_equal(metrics.slow_callbacks, 0);
    slow_callback_stop();
    assert_int_equal(metrics.slow_callbacks, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cpu_time_over_the_limit_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sleeping_is_not_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(short_callbacks_are_never_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cpu_time_before_a_callback_is_not_counted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nested_callback_counts_for_the_outer_one, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
