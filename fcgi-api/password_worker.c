#include "password_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* The nice value: about a ninth of the weight of what serves requests. Least of all (SCHED_IDLE,
 * or 19) would let a loaded machine answer no login for many seconds. */
#define LESS_IMPORTANT 10
#define LESS_IMPORTANT_TEXT "10"

struct work {
    const struct config *config;
    const char *known; /* to be checked; NULL: nobody's */
    bool makes;        /* a hash; else this is a check */
    struct text password;
};

struct outcome {
    bool result;
    char made[SECRET_PASSWORD_SIZE];
};

static void do_work(const struct work *work, struct outcome *outcome) {
    const uint64_t passes = work->config->password_passes, memory = work->config->password_memory;
    memset(outcome, 0, sizeof(*outcome));
    outcome->result = work->makes
                          ? secret_hash_password(work->password, passes, memory, outcome->made)
                          : secret_check_password(work->known, work->password, passes, memory);
}

/* The kernel shares the processors out between sessions first (sched(7), autogroup), where it is
 * set up so, and a nice value counts within one only: so the process gets a session of its own,
 * of as little weight. The kernel lets that be set ten times a second; a login that comes more
 * often goes without. Whatever of this is not allowed is left. */
static void give_way(void) {
    setsid();
    const int group = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
    if (group >= 0) {
        const ssize_t written = write(group, LESS_IMPORTANT_TEXT, strlen(LESS_IMPORTANT_TEXT));
        (void)written;
        close(group);
    }
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + LESS_IMPORTANT);
}

/* The outcome is shorter than what a pipe takes at once. */
static _Noreturn void work_apart(const struct work *work, int out) {
    struct outcome outcome;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    give_way();
    do_work(work, &outcome);
    _exit(write(out, &outcome, sizeof(outcome)) == (ssize_t)sizeof(outcome) ? 0 : 1);
}

static bool read_outcome(int in, struct outcome *outcome) {
    ssize_t got;
    do {
        got = read(in, outcome, sizeof(*outcome));
    } while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof(*outcome);
}

static void wait_for(pid_t child) {
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
}

/* What cannot be done apart, or did not come to its end there, is done here. */
static void finish(const struct work *work, struct outcome *outcome) {
    int ends[2];
    bool done = false;
    if (pipe2(ends, O_CLOEXEC) == 0) {
        const pid_t child = fork();
        if (child == 0)
            work_apart(work, ends[1]);
        close(ends[1]);
        done = child > 0 && read_outcome(ends[0], outcome);
        close(ends[0]);
        if (child > 0)
            wait_for(child);
    }
    if (!done)
        do_work(work, outcome);
}

bool password_worker_hash(const struct config *config, struct text password,
                          char hash[SECRET_PASSWORD_SIZE]) {
    const struct work work = {.config = config, .makes = true, .password = password};
    struct outcome outcome;
    finish(&work, &outcome);
    memcpy(hash, outcome.made, SECRET_PASSWORD_SIZE);
    return outcome.result;
}

bool password_worker_verify(const struct config *config, const char *hash, struct text password) {
    const struct work work = {.config = config, .known = hash, .password = password};
    struct outcome outcome;
    finish(&work, &outcome);
    return outcome.result;
}
