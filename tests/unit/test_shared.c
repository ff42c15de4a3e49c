/* shared: memory that processes share, and places that a process leaves also when it is killed. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "secrets/secret.h"
#include "shared.h"
#include "support/unit.h"

/* The name of the file depends on the configuration; that of this test has its process id. */
static char database[32];
static char empty[] = "", password[] = "secret";
static struct config config = {.database_socket = empty,
                               .database_host = empty,
                               .database_name = database,
                               .database_user = empty,
                               .database_password = password,
                               .redis_prefix = empty};

static int set_up(void **state) {
    (void)state;
    snprintf(database, sizeof(database), "test-%ld", (long)getpid());
    return secret_init() ? 0 : -1;
}

/* Starts a process that takes a place and keeps it; returns when it has tried. */
static pid_t start_owner(const struct shared *shared, uint64_t processes, bool *taken) {
    int ends[2];
    char answer = 'n';
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        answer = shared_take_place(shared, SHARED_HASHING, processes) ? 'y' : 'n';
        if (write(ends[1], &answer, 1) == 1)
            pause();
        _exit(0);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &answer, 1), 1);
    close(ends[0]);
    *taken = answer == 'y';
    return child;
}

static void end(pid_t child) {
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void a_killed_process_leaves_its_place(void **state) {
    struct shared *shared = shared_new();
    bool taken;
    (void)state;
    const pid_t first = start_owner(shared, 5, &taken);
    assert_true(taken);
    const pid_t second = start_owner(shared, 5, &taken);
    assert_true(taken);
    assert_false(shared_take_place(shared, SHARED_HASHING, 5));
    /* Those of another kind are free. */
    assert_true(shared_take_place(shared, SHARED_SEARCHING, 5));
    shared_leave_place(shared);
    end(first);
    assert_true(shared_take_place(shared, SHARED_HASHING, 5));
    const pid_t third = start_owner(shared, 5, &taken);
    assert_false(taken);
    shared_leave_place(shared);
    end(second);
    end(third);
    shared_free(shared);
}

static void a_child_that_ends_does_not_leave_the_place_of_its_parent(void **state) {
    struct shared *shared = shared_new();
    bool taken;
    (void)state;
    assert_true(shared_take_place(shared, SHARED_HASHING, 1));
    const pid_t other = start_owner(shared, 1, &taken);
    assert_false(taken);
    end(other);
    const pid_t again = start_owner(shared, 1, &taken);
    assert_false(taken);
    end(again);
    shared_free(shared);
}

static void memory_is_zero_at_first_and_shared(void **state) {
    struct shared *shared = shared_new();
    volatile unsigned char *bytes = shared_memory(shared);
    (void)state;
    assert_int_equal(bytes[0], 0);
    assert_int_equal(bytes[SHARED_MEMORY_SIZE - 1], 0);
    const pid_t child = fork();
    if (child == 0) {
        bytes[7] = 77;
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(bytes[7], 77);
    shared_free(shared);
}

/* Removes the files that this process has open by shared_open. */
static void remove_files(void) {
    char link[64], file[256], part[32];
    snprintf(part, sizeof(part), "/confab-%ld-", (long)geteuid());
    for (int fd = 3; fd < 64; fd++) {
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        const ssize_t len = readlink(link, file, sizeof(file) - 1);
        file[len > 0 ? len : 0] = '\0';
        if (strstr(file, part))
            unlink(file);
    }
}

static void processes_without_a_parent_share_by_their_configuration(void **state) {
    (void)state;
    const pid_t child = fork();
    if (child == 0) {
        struct shared *own = shared_open(&config);
        ((unsigned char *)shared_memory(own))[3] = 33;
        shared_free(own);
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    struct shared *shared = shared_open(&config);
    assert_int_equal(((unsigned char *)shared_memory(shared))[3], 33);

    char other_password[] = "another";
    config.database_password = other_password;
    struct shared *other = shared_open(&config);
    config.database_password = password;
    assert_int_equal(((unsigned char *)shared_memory(other))[3], 0);
    remove_files();
    shared_free(other);
    shared_free(shared);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_process_leaves_its_place),
        cmocka_unit_test(a_child_that_ends_does_not_leave_the_place_of_its_parent),
        cmocka_unit_test(memory_is_zero_at_first_and_shared),
        cmocka_unit_test(processes_without_a_parent_share_by_their_configuration),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
