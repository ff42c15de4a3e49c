/* password_worker: hashing and checking in a child process, which takes the memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "password_worker.h"

static const struct config cheap = {.password_passes = 1, .password_memory = 8};

static int set_up(void **state) {
    (void)state;
    return secret_init() ? 0 : -1;
}

static void a_hash_matches_its_password_only(void **state) {
    (void)state;
    char hash[SECRET_PASSWORD_SIZE];
    assert_true(password_worker_hash(&cheap, text_of("correct horse"), hash));
    assert_true(password_worker_verify(&cheap, hash, text_of("correct horse")));
    assert_false(password_worker_verify(&cheap, hash, text_of("wrong horse")));
    assert_false(secret_password_is_stale(hash, 1, 8));
}

static void an_unknown_user_never_matches(void **state) {
    (void)state;
    assert_false(password_worker_verify(&cheap, NULL, text_of("correct horse")));
}

static void memory_of_hashing_is_released(void **state) {
    (void)state;
    char hash[SECRET_PASSWORD_SIZE];
    const int before = getpriority(PRIO_PROCESS, 0);
    assert_true(password_worker_hash(&cheap, text_of("correct horse"), hash));
    assert_int_equal(getpriority(PRIO_PROCESS, 0), before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_matches_its_password_only),
        cmocka_unit_test(an_unknown_user_never_matches),
        cmocka_unit_test(memory_of_hashing_is_released),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
