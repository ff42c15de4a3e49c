/* supervisor: starting, replacing, delaying, stopping and killing real child processes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "os/supervisor.h"
#include "support/unit.h"

#define WORKERS 3
#define INDEXES 16

/* Maximum wait for a condition. */
#define LIMIT_MS 10000

enum behaviour { RUNS, FAILS, EXITS, IGNORES_SIGTERM };

/* Memory shared by the workers and the test. */
struct shared {
    enum behaviour behaviour;
    unsigned starts[INDEXES]; /* of each index */
    unsigned hangups;
};

static struct shared *shared;
static unsigned ended_workers, ended_others;
static int last_status;

static volatile sig_atomic_t stop_wanted;

static void on_worker_signal(int number) {
    if (number == SIGHUP)
        __atomic_add_fetch(&shared->hangups, 1, __ATOMIC_SEQ_CST);
    else
        stop_wanted = 1;
}

static int work(void *context, size_t index, const sigset_t *mask) {
    assert_ptr_equal(context, shared);
    const enum behaviour behaviour = shared->behaviour;
    signal(SIGHUP, on_worker_signal);
    signal(SIGTERM, behaviour == IGNORES_SIGTERM ? SIG_IGN : on_worker_signal);
    __atomic_add_fetch(&shared->starts[index], 1, __ATOMIC_SEQ_CST);
    if (behaviour == FAILS || behaviour == EXITS)
        return behaviour == FAILS ? 3 : 0;
    while (!stop_wanted)
        sigsuspend(mask);
    return 0;
}

static void ended(void *context, size_t index, pid_t pid, int status) {
    (void)context;
    (void)pid;
    last_status = status;
    if (index == SUPERVISOR_NOT_A_WORKER)
        ended_others++;
    else
        ended_workers++;
}

static const int SIGNALS[] = {SIGTERM, SIGHUP, SIGUSR1, 0};
static const int IGNORED[] = {SIGUSR1, 0};
static struct supervisor_spec spec = {.name = "worker",
                                      .signals = SIGNALS,
                                      .ignored = IGNORED,
                                      .death_signal = SIGKILL,
                                      .work = work,
                                      .ended = ended};

static int set_up(void **state) {
    (void)state;
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    spec.context = shared;
    ended_workers = ended_others = 0;
    fflush(NULL); /* or each child would write it again */
    return shared == MAP_FAILED;
}

static int tear_down(void **state) {
    (void)state;
    return munmap(shared, sizeof(*shared));
}

static unsigned starts(void) {
    unsigned sum = 0;
    for (size_t i = 0; i < INDEXES; i++)
        sum += __atomic_load_n(&shared->starts[i], __ATOMIC_SEQ_CST);
    return sum;
}

/* Steps until the condition holds; fails the test if it does not within the limit. */
#define STEP_UNTIL(supervisor, condition)                         \
    do {                                                          \
        const int64_t limit_ms = clock_monotonic_ms() + LIMIT_MS; \
        while (!(condition) && clock_monotonic_ms() < limit_ms)   \
            supervisor_step(supervisor);                          \
        assert_true(condition);                                   \
    } while (0)

static struct supervisor *start(enum behaviour behaviour, size_t count) {
    shared->behaviour = behaviour;
    return supervisor_new(&spec, count);
}

static void stop_all(struct supervisor *supervisor) {
    supervisor_stop(supervisor, 5000);
    STEP_UNTIL(supervisor, supervisor_running(supervisor) == 0);
    supervisor_free(supervisor);
}

static void each_worker_gets_an_index_of_its_own(void **state) {
    struct supervisor *supervisor = start(RUNS, WORKERS);
    (void)state;
    STEP_UNTIL(supervisor, starts() == WORKERS);
    for (size_t i = 0; i < WORKERS; i++) {
        assert_int_equal(shared->starts[i], 1);
        assert_true(supervisor_pid(supervisor, i) > 0);
    }
    assert_int_equal(supervisor_pid(supervisor, WORKERS), 0);
    assert_int_equal(supervisor_running(supervisor), WORKERS);
    stop_all(supervisor);
    assert_int_equal(ended_workers, WORKERS);
    assert_int_equal(last_status, 0);
}

static void a_killed_worker_is_replaced_under_its_index(void **state) {
    struct supervisor *supervisor = start(RUNS, WORKERS);
    (void)state;
    STEP_UNTIL(supervisor, starts() == WORKERS);
    const pid_t killed = supervisor_pid(supervisor, 1);
    kill(killed, SIGKILL);
    STEP_UNTIL(supervisor, shared->starts[1] == 2);
    assert_int_equal(ended_workers, 1);
    assert_true(WIFSIGNALED(last_status) && WTERMSIG(last_status) == SIGKILL);
    assert_true(supervisor_pid(supervisor, 1) != killed);
    assert_int_equal(starts(), WORKERS + 1);
    stop_all(supervisor);
}

/* With delays of at least 50, 100, 200 and 400 ms there are at most five starts in 700 ms. */
static void a_worker_that_fails_early_is_restarted_with_growing_delays(void **state) {
    struct supervisor *supervisor = start(FAILS, 1);
    const int64_t until_ms = clock_monotonic_ms() + 700;
    (void)state;
    while (clock_monotonic_ms() < until_ms)
        supervisor_step(supervisor);
    assert_in_range(starts(), 2, 5);
    assert_true(WIFEXITED(last_status) && WEXITSTATUS(last_status) == 3);
    stop_all(supervisor);
}

static void a_worker_that_exits_with_0_is_replaced_at_once(void **state) {
    struct supervisor *supervisor = start(EXITS, 1);
    const int64_t started_ms = clock_monotonic_ms();
    (void)state;
    STEP_UNTIL(supervisor, starts() >= 20);
    assert_in_range(clock_monotonic_ms() - started_ms, 0, 5000);
    stop_all(supervisor);
}

static void a_worker_that_does_not_stop_is_killed(void **state) {
    struct supervisor *supervisor = start(IGNORES_SIGTERM, 2);
    (void)state;
    STEP_UNTIL(supervisor, starts() == 2);
    const int64_t stopped_ms = clock_monotonic_ms();
    supervisor_stop(supervisor, 300);
    STEP_UNTIL(supervisor, supervisor_running(supervisor) == 0);
    assert_in_range(clock_monotonic_ms() - stopped_ms, 300, 5000);
    assert_true(WIFSIGNALED(last_status) && WTERMSIG(last_status) == SIGKILL);
    supervisor_free(supervisor);
    assert_int_equal(starts(), 2);
}

/* A worker of a former generation, which was given more time by the reload. */
static void a_stop_shortens_the_time_that_a_reload_gave(void **state) {
    struct supervisor *supervisor = start(IGNORES_SIGTERM, 1);
    (void)state;
    STEP_UNTIL(supervisor, starts() == 1);
    shared->behaviour = RUNS;
    supervisor_replace(supervisor, 1, 3600 * 1000);
    STEP_UNTIL(supervisor, starts() == 2);
    supervisor_step(supervisor);
    assert_int_equal(supervisor_running(supervisor), 2);
    supervisor_stop(supervisor, 300);
    STEP_UNTIL(supervisor, supervisor_running(supervisor) == 0);
    supervisor_free(supervisor);
}

static void new_workers_start_before_old_ones_stop(void **state) {
    struct supervisor *supervisor = start(RUNS, 2);
    (void)state;
    STEP_UNTIL(supervisor, starts() == 2);
    const pid_t former = supervisor_pid(supervisor, 0);
    supervisor_replace(supervisor, 5, 5000);
    assert_int_equal(kill(former, 0), 0);
    STEP_UNTIL(supervisor, starts() == 7 && supervisor_running(supervisor) == 5);
    assert_int_equal(ended_workers, 2);
    assert_int_equal(kill(former, 0), -1);
    supervisor_replace(supervisor, 1, 5000);
    STEP_UNTIL(supervisor, starts() == 8 && supervisor_running(supervisor) == 1);
    stop_all(supervisor);
}

static void signals_are_returned_once_in_the_order_of_the_spec(void **state) {
    struct supervisor *supervisor = start(RUNS, 1);
    (void)state;
    assert_int_equal(supervisor_signal(supervisor), 0);
    raise(SIGHUP);
    raise(SIGTERM);
    raise(SIGHUP);
    assert_int_equal(supervisor_signal(supervisor), 0); /* still blocked */
    supervisor_step(supervisor);
    assert_int_equal(supervisor_signal(supervisor), SIGTERM);
    assert_int_equal(supervisor_signal(supervisor), SIGHUP);
    assert_int_equal(supervisor_signal(supervisor), 0);
    stop_all(supervisor);
}

static void a_signal_ends_the_sleep_of_a_step(void **state) {
    struct supervisor *supervisor = start(RUNS, 0);
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        raise(SIGHUP);
        supervisor_step(supervisor);
        assert_int_equal(supervisor_signal(supervisor), SIGHUP);
    }
    stop_all(supervisor);
}

static void signals_are_forwarded_to_all_and_a_new_worker_ignores_some(void **state) {
    struct supervisor *supervisor = start(RUNS, WORKERS);
    (void)state;
    STEP_UNTIL(supervisor, starts() == WORKERS);
    supervisor_forward(supervisor, SIGUSR1);
    supervisor_forward(supervisor, SIGHUP);
    STEP_UNTIL(supervisor, __atomic_load_n(&shared->hangups, __ATOMIC_SEQ_CST) == WORKERS);
    assert_int_equal(supervisor_running(supervisor), WORKERS);
    assert_int_equal(ended_workers, 0);
    stop_all(supervisor);
}

static void the_exit_of_another_child_is_reported_to_its_owner(void **state) {
    struct supervisor *supervisor = start(RUNS, 1);
    (void)state;
    STEP_UNTIL(supervisor, starts() == 1);
    const pid_t other = fork();
    if (other == 0)
        _exit(7);
    STEP_UNTIL(supervisor, ended_others == 1);
    assert_int_equal(WEXITSTATUS(last_status), 7);
    assert_int_equal(ended_workers, 0);
    stop_all(supervisor);
}

static void signal_handlers_are_restored_at_the_end(void **state) {
    sigset_t before, after;
    struct sigaction action;
    (void)state;
    sigprocmask(SIG_SETMASK, NULL, &before);
    stop_all(start(RUNS, 1));
    sigprocmask(SIG_SETMASK, NULL, &after);
    for (const int *number = SIGNALS; *number; number++) {
        assert_int_equal(sigismember(&after, *number), sigismember(&before, *number));
        sigaction(*number, NULL, &action);
        assert_true(action.sa_handler == SIG_DFL);
    }
}

/* Only the workers have the write end of the pipe, so it is closed when they are dead. */
static void workers_die_with_their_parent(void **state) {
    int ends[2];
    char byte;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    const pid_t parent = fork();
    if (parent == 0) {
        struct supervisor *supervisor = start(IGNORES_SIGTERM, WORKERS);
        while (starts() < WORKERS)
            supervisor_step(supervisor);
        raise(SIGKILL);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 0);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    assert_int_equal(starts(), WORKERS);
    close(ends[0]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(each_worker_gets_an_index_of_its_own),
        TEST(a_killed_worker_is_replaced_under_its_index),
        TEST(a_worker_that_fails_early_is_restarted_with_growing_delays),
        TEST(a_worker_that_exits_with_0_is_replaced_at_once),
        TEST(a_worker_that_does_not_stop_is_killed),
        TEST(a_stop_shortens_the_time_that_a_reload_gave),
        TEST(new_workers_start_before_old_ones_stop),
        TEST(signals_are_returned_once_in_the_order_of_the_spec),
        TEST(a_signal_ends_the_sleep_of_a_step),
        TEST(signals_are_forwarded_to_all_and_a_new_worker_ignores_some),
        TEST(the_exit_of_another_child_is_reported_to_its_owner),
        TEST(signal_handlers_are_restored_at_the_end),
        TEST(workers_die_with_their_parent),
    };
    alarm(60); /* a worker that hangs must not hang the tests */
    log_open("test_supervisor", LOG_LEVEL_ERROR, false, "/dev/null");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
