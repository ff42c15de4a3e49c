/* A whole pushd in which everything happens in an order that dice throw. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/fake_clients.h"

#define STEPS 1500

/* Xorshift: the same dice give the same run. */
static uint64_t below(void *context, uint64_t limit) {
    uint64_t *seed = context;
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (*seed >> 11) % limit;
}

/* How many runs; SESSION_RUNS asks for more than a test has time for. */
static unsigned runs(void) {
    const char *wish = getenv("SESSION_RUNS");
    return wish ? (unsigned)strtoul(wish, NULL, 10) : 150;
}

static void run_all(bool redis_fails, bool database_fails) {
    for (unsigned number = 0; number < runs(); number++) {
        char name[32];
        uint64_t seed = 0x9E3779B97F4A7C15u * (number + 1);
        const struct fake_people_dice dice = {name, below, &seed};
        snprintf(name, sizeof(name), "run %u", number);
        fake_people_run(&dice, STEPS, redis_fails, database_fails);
    }
}

static void all_is_well(void **state) {
    (void)state;
    run_all(false, false);
}

static void redis_loses_things(void **state) {
    (void)state;
    run_all(true, false);
}

static void the_database_fails_too(void **state) {
    (void)state;
    run_all(true, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_well),
        cmocka_unit_test(redis_loses_things),
        cmocka_unit_test(the_database_fails_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
