/* A child process for each hash, whose result comes back through a pipe. Argon2 takes tens of
 * milliseconds of CPU and much memory by design: in a child it runs at low priority, and its memory
 * goes back to the system. At most half of the processes hash at a time, so that logins cannot stop
 * the service; others get 503. */
#include "password_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* The nice value: a ninth of the weight of processes that serve requests. With SCHED_IDLE or 19 a
 * login could take many seconds on a loaded machine. */
#define NICE 10
#define NICE_TEXT "10"

struct work {
    const struct config *config;
    bool is_hashing;  /* false: verifying */
    const char *hash; /* to verify; NULL: no such user */
    struct text password;
};

struct outcome {
    bool result;
    char hash[SECRET_PASSWORD_SIZE]; /* of is_hashing */
};

/* Takes the time and the memory that the configuration says. */
static void do_work(const struct work *work, struct outcome *outcome) {
    const uint64_t passes = work->config->password_passes, memory = work->config->password_memory;
    memset(outcome, 0, sizeof(*outcome));
    /* Without a hash to compare (no such user) the work is done all the same. */
    outcome->result = work->is_hashing
                          ? secret_hash_password(work->password, passes, memory, outcome->hash)
                          : secret_check_password(work->hash, work->password, passes, memory);
}

/* With autogroups (sched(7)) the kernel divides CPU time between sessions first, and nice values
 * only count within a session. So the process starts a session and lowers its weight as well, which
 * the kernel permits ten times a second. Errors are ignored. */
static void lower_priority(void) {
    /* A new session is a new autogroup. */
    setsid();
    const int group = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
    if (group >= 0) {
        const ssize_t written = write(group, NICE_TEXT, strlen(NICE_TEXT));
        (void)written;
        close(group);
    }
    /* Relative to the parent's, which an administrator may have lowered already. */
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICE);
}

/* The child process. The outcome fits into the buffer of a pipe, so write does not block. */
static _Noreturn void run_child(const struct work *work, int out) {
    struct outcome outcome;
    /* If the parent ends, the result is not needed. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    lower_priority();
    do_work(work, &outcome);
    /* _exit: buffers and handlers of the parent are not the child's to flush. */
    _exit(write(out, &outcome, sizeof(outcome)) == (ssize_t)sizeof(outcome) ? 0 : 1);
}

/* The result from the child. False: the work was not done. */
static bool read_outcome(int in, struct outcome *outcome) {
    ssize_t got;
    /* An end of file before the whole outcome: the child was killed. */
    do {
        got = read(in, outcome, sizeof(*outcome));
    } while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof(*outcome);
}

/* The work in a child process of low priority, or in this process if there is no child. */
static void run(const struct work *work, struct outcome *outcome) {
    int ends[2];
    bool done = false;
    /* Close-on-exec does not matter to this child; it does to others. */
    if (pipe2(ends, O_CLOEXEC) == 0) {
        const pid_t child = fork();
        if (child == 0)
            run_child(work, ends[1]);
        /* Only the child may hold the writing end, else its death would not be noticed. */
        close(ends[1]);
        done = child > 0 && read_outcome(ends[0], outcome);
        close(ends[0]);
        /* Always waited for: no zombies. */
        while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
            continue;
    }

    /* If there is no child process, or it was killed, this process does the work. */
    if (!done)
        do_work(work, outcome);
}

/* Does the work if one of the places for hashing is free. */
static enum error run_in_place(const struct shared *shared, const struct work *work,
                               struct outcome *outcome) {
    if (!shared_take_place(shared, SHARED_HASHING, work->config->processes))
        return ERROR_UNAVAILABLE;
    /* The place is a lock of this process: if it dies, the kernel frees it. */
    run(work, outcome);
    shared_leave_place(shared);
    return ERROR_NONE;
}

enum error password_worker_hash(const struct config *config, const struct shared *shared,
                                struct text password, char hash[SECRET_PASSWORD_SIZE]) {
    const struct work work = {.config = config, .is_hashing = true, .password = password};
    struct outcome outcome;
    const enum error error = run_in_place(shared, &work, &outcome);
    if (error)
        return error;
    memcpy(hash, outcome.hash, SECRET_PASSWORD_SIZE);
    /* No memory for the hash. */
    return outcome.result ? ERROR_NONE : ERROR_UNAVAILABLE;
}

enum error password_worker_verify(const struct config *config, const struct shared *shared,
                                  const char *hash, struct text password, bool *matches) {
    const struct work work = {.config = config, .hash = hash, .password = password};
    struct outcome outcome;
    const enum error error = run_in_place(shared, &work, &outcome);
    *matches = !error && outcome.result;
    return error;
}
