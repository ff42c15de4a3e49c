/* client: a whole pushd whose events happen in random order. */
#include <stdio.h>
#include <stdlib.h>

#include "support/fake_clients.h"
#include "support/unit.h"

#define STEPS 1500

/* Xorshift: the same seed gives the same run. */
static uint64_t below(void *context, uint64_t limit) {
    uint64_t *seed = context;
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (*seed >> 11) % limit;
}

/* The number of runs; CLIENT_RUNS overrides it. */
static unsigned runs(void) {
    const char *requested = getenv("CLIENT_RUNS");
    return requested ? (unsigned)strtoul(requested, NULL, 10) : 150;
}

static void run_all(bool redis_fails, bool database_fails) {
    for (unsigned number = 0; number < runs(); number++) {
        char name[32];
        uint64_t seed = 0x9E3779B97F4A7C15u * (number + 1);
        const struct fake_clients_random random = {name, below, &seed};
        snprintf(name, sizeof(name), "run %u", number);
        fake_clients_run(&random, STEPS, redis_fails, database_fails);
    }
}

static void without_failures(void **state) {
    (void)state;
    run_all(false, false);
}

static void with_failures_of_redis(void **state) {
    (void)state;
    run_all(true, false);
}

static void with_failures_of_redis_and_database(void **state) {
    (void)state;
    run_all(true, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_failures),
        cmocka_unit_test(with_failures_of_redis),
        cmocka_unit_test(with_failures_of_redis_and_database),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
