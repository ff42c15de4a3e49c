/* token_bucket: burst, rate, wait, and the same result as counting tokens one by one. */
#include <stdlib.h>

#include "base/token_bucket.h"
#include "support/unit.h"

#define INTERVAL 1000
#define BURST 5
#define NOW 1000000000

static void a_full_bucket_has_the_burst(void **state) {
    int64_t full = 0;
    (void)state;
    for (int i = 0; i < BURST; i++)
        assert_int_equal(token_bucket_take(&full, NOW, INTERVAL, BURST), 0);
    assert_int_equal(token_bucket_take(&full, NOW, INTERVAL, BURST), INTERVAL);
    assert_int_equal(token_bucket_take(&full, NOW, INTERVAL, BURST), INTERVAL);
}

static void a_token_is_available_after_exactly_the_wait(void **state) {
    int64_t full = 0;
    (void)state;
    while (token_bucket_take(&full, NOW, INTERVAL, BURST) == 0) {
    }
    assert_int_equal(token_bucket_take(&full, NOW + 400, INTERVAL, BURST), 600);
    assert_int_equal(token_bucket_take(&full, NOW + 999, INTERVAL, BURST), 1);
    assert_int_equal(token_bucket_take(&full, NOW + 1000, INTERVAL, BURST), 0);
    assert_int_equal(token_bucket_take(&full, NOW + 1000, INTERVAL, BURST), INTERVAL);
}

static void a_bucket_holds_at_most_the_burst(void **state) {
    int64_t full = 0;
    unsigned taken = 0;
    (void)state;
    assert_int_equal(token_bucket_take(&full, NOW, INTERVAL, BURST), 0);
    while (token_bucket_take(&full, NOW + 1000 * INTERVAL, INTERVAL, BURST) == 0)
        taken++;
    assert_int_equal(taken, BURST);
}

static void a_burst_of_one_has_no_slack(void **state) {
    int64_t full = 0;
    (void)state;
    assert_int_equal(token_bucket_take(&full, NOW, INTERVAL, 1), 0);
    assert_int_equal(token_bucket_take(&full, NOW + 1, INTERVAL, 1), INTERVAL - 1);
    assert_int_equal(token_bucket_take(&full, NOW + INTERVAL, INTERVAL, 1), 0);
}

static void a_bucket_filled_by_a_clock_that_was_ahead_counts_as_full(void **state) {
    const int64_t span = (int64_t)INTERVAL * BURST;
    int64_t full = NOW + span + 1;
    unsigned taken = 0;
    (void)state;
    while (token_bucket_take(&full, NOW, INTERVAL, BURST) == 0)
        taken++;
    assert_int_equal(taken, BURST);
    /* Exactly one span ahead is an empty bucket. */
    assert_int_equal(full, NOW + span);
    assert_int_equal(token_bucket_take(&full, NOW, INTERVAL, BURST), INTERVAL);
}

/* A model that counts tokens, in units of 1 / INTERVAL so that it is exact. */
static void results_match_a_simple_model(void **state) {
    unsigned short seed[3] = {4, 5, 6};
    const int64_t capacity = (int64_t)INTERVAL * BURST;
    int64_t full = 0, now = NOW, filling = capacity;
    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        const int64_t step = nrand48(seed) % (2 * INTERVAL);
        now += step;
        filling = filling + step < capacity ? filling + step : capacity;
        const uint64_t wait = token_bucket_take(&full, now, INTERVAL, BURST);
        if (filling >= INTERVAL) {
            assert_int_equal(wait, 0);
            filling -= INTERVAL;
        } else {
            assert_int_equal(wait, INTERVAL - filling);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_bucket_has_the_burst),
        cmocka_unit_test(a_token_is_available_after_exactly_the_wait),
        cmocka_unit_test(a_bucket_holds_at_most_the_burst),
        cmocka_unit_test(a_burst_of_one_has_no_slack),
        cmocka_unit_test(a_bucket_filled_by_a_clock_that_was_ahead_counts_as_full),
        cmocka_unit_test(results_match_a_simple_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
