/* pace: clients that obey stay within the budget, whatever their number. */
#include "pace.h"
#include "support/unit.h"

#define SECOND INT64_C(1000000)
#define HOUR (3600 * SECOND)
#define START (INT64_C(1700000000) * SECOND)

/* A thousand an hour. */
#define BUDGET 24000
#define MOST_CLIENTS 120

/* The same numbers in each run (a linear congruential generator). */
static uint32_t random_number(void) {
    static uint64_t seed = 1;
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33);
}

/* Clients that begin at once and come back when they may, up to a quarter later, for some hours;
 * sets the number of their requests in each hour. */
static void simulate(unsigned clients, unsigned hours, unsigned *requests) {
    static int64_t due[MOST_CLIENTS];
    _Atomic int64_t next = 0;
    for (unsigned i = 0; i < clients; i++)
        due[i] = START;
    for (unsigned hour = 0; hour < hours; hour++)
        requests[hour] = 0;
    for (int64_t now = START; now < START + hours * HOUR; now += SECOND)
        for (unsigned i = 0; i < clients; i++)
            if (due[i] <= now) {
                const int64_t pace = (int64_t)pace_take(&next, BUDGET, now) * SECOND;
                due[i] = now + pace + (int64_t)random_number() % (pace / 4 + 1);
                requests[(now - START) / HOUR]++;
            }
}

static void clients_stay_within_the_budget(void **state) {
    (void)state;
    static const unsigned COUNTS[] = {1, 2, 10, 50, 120};
    unsigned requests[6];
    for (size_t i = 0; i < COUNT(COUNTS); i++) {
        simulate(COUNTS[i], 6, requests);
        for (unsigned hour = 0; hour < 6; hour++)
            assert_in_range(requests[hour], 1, 1000);
    }
}

static void many_clients_use_most_of_the_budget(void **state) {
    (void)state;
    unsigned requests[6], sum = 0;
    simulate(120, 6, requests);
    for (unsigned hour = 0; hour < 6; hour++)
        sum += requests[hour];
    assert_in_range(sum, 4000, 6000);
}

static void without_a_budget_there_is_no_bound(void **state) {
    (void)state;
    _Atomic int64_t next = 0;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(pace_take(&next, 0, START), 1);
}

static void a_quiet_site_forgets_soon(void **state) {
    (void)state;
    _Atomic int64_t next = 0;
    for (int i = 0; i < 500; i++)
        pace_take(&next, BUDGET, START);
    assert_int_equal(pace_take(&next, BUDGET, START), PACE_MOST);
    assert_in_range(pace_take(&next, BUDGET, START + HOUR), 1, 10);
}

static void a_flood_is_forgotten_after_half_of_the_longest_wait(void **state) {
    (void)state;
    _Atomic int64_t next = 0;
    for (int i = 0; i < 100000; i++)
        pace_take(&next, BUDGET, START);
    assert_int_equal(pace_read(&next, BUDGET, START), PACE_MOST);
    assert_int_equal(pace_read(&next, BUDGET, START + PACE_MOST / 4 * SECOND), PACE_MOST / 2);
    assert_int_equal(pace_read(&next, BUDGET, START + PACE_MOST / 2 * SECOND), 1);
}

static void reading_the_pace_takes_no_slot(void **state) {
    (void)state;
    _Atomic int64_t next = 0;
    const uint64_t first = pace_take(&next, BUDGET, START);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(pace_read(&next, BUDGET, START), first);
    assert_int_equal(pace_read(&next, 0, START), 1);
}

static void a_clock_that_was_set_does_not_stop_anybody(void **state) {
    (void)state;
    _Atomic int64_t next = START + 30 * 24 * HOUR;
    assert_int_equal(pace_take(&next, BUDGET, START), PACE_MOST);
    assert_in_range(pace_take(&next, BUDGET, START + HOUR), 1, 10);
    /* Nor does a budget of one a day overflow. */
    for (int i = 0; i < 10; i++)
        assert_int_equal(pace_take(&next, 1, START + i), PACE_MOST);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients_stay_within_the_budget),
        cmocka_unit_test(many_clients_use_most_of_the_budget),
        cmocka_unit_test(without_a_budget_there_is_no_bound),
        cmocka_unit_test(a_quiet_site_forgets_soon),
        cmocka_unit_test(a_flood_is_forgotten_after_half_of_the_longest_wait),
        cmocka_unit_test(reading_the_pace_takes_no_slot),
        cmocka_unit_test(a_clock_that_was_set_does_not_stop_anybody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
