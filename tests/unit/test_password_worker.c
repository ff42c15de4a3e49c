/* password_worker: hashing and checking in a child process, which takes the memory. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "password_worker.h"
#include "support/unit.h"

static const struct config cheap = {.password_passes = 1, .password_memory = 8, .processes = 3};
static struct shared *shared;

static int set_up(void **state) {
    (void)state;
    shared = shared_new();
    return secret_init() ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    shared_free(shared);
    return 0;
}

static bool matches(const char *hash, const char *password) {
    bool result = true;
    assert_int_equal(password_worker_verify(&cheap, shared, hash, text_of(password), &result),
                     ERROR_NONE);
    return result;
}

static void make_hash(char hash[SECRET_PASSWORD_SIZE]) {
    assert_int_equal(password_worker_hash(&cheap, shared, text_of("correct horse"), hash),
                     ERROR_NONE);
}

static void a_hash_matches_its_password_only(void **state) {
    (void)state;
    char hash[SECRET_PASSWORD_SIZE];
    make_hash(hash);
    assert_true(matches(hash, "correct horse"));
    assert_false(matches(hash, "wrong horse"));
    assert_false(secret_password_is_stale(hash, 1, 8));
}

static void an_unknown_user_never_matches(void **state) {
    (void)state;
    assert_false(matches(NULL, "correct horse"));
}

static void memory_of_hashing_is_released(void **state) {
    (void)state;
    char hash[SECRET_PASSWORD_SIZE];
    const int before = getpriority(PRIO_PROCESS, 0);
    make_hash(hash);
    assert_int_equal(getpriority(PRIO_PROCESS, 0), before);
}

/* One of three processes may hash; when it is killed, the next one may. */
static void at_most_half_of_the_processes_hash(void **state) {
    (void)state;
    char hash[SECRET_PASSWORD_SIZE], ready;
    bool result;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        const bool taken = shared_take_place(shared, SHARED_HASHING, 1);
        if (write(ends[1], taken ? "y" : "n", 1) == 1)
            pause();
        _exit(0);
    }
    assert_int_equal(read(ends[0], &ready, 1), 1);
    assert_int_equal(ready, 'y');
    assert_int_equal(password_worker_hash(&cheap, shared, text_of("correct horse"), hash),
                     ERROR_UNAVAILABLE);
    assert_int_equal(
        password_worker_verify(&cheap, shared, NULL, text_of("correct horse"), &result),
        ERROR_UNAVAILABLE);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ends[0]);
    close(ends[1]);
    make_hash(hash);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_matches_its_password_only),
        cmocka_unit_test(an_unknown_user_never_matches),
        cmocka_unit_test(memory_of_hashing_is_released),
        cmocka_unit_test(at_most_half_of_the_processes_hash),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
