/* A parent and its worker processes: the table of workers, and the rules by which they are started,
 * stopped and killed.
 * A worker belongs to a generation. supervisor_replace begins a new one: until all workers of the
 * new generation have started, both are in the table, so a reload never leaves the service without
 * a worker.
 * Signals are blocked except while supervisor_step sleeps in ppoll, which unblocks them in the same
 * moment: none can arrive between the check and the sleep. */
#include "os/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"

/* A worker that fails within this time is replaced only after a delay, so that a lasting fault
 * does not fill the log and use up the CPU. */
#define EARLY_MS 1000

/* The longest sleep of a step. */
#define STEP_MS 100

#define MAX_SIGNAL 64

struct worker {
    pid_t pid; /* 0: the entry is free */
    unsigned generation;
    int64_t started_ms;
    int64_t kill_ms; /* when to kill it; 0: it has not been told to stop */
    bool killed;
};

struct supervisor {
    const struct supervisor_spec *spec;
    struct worker *workers;
    size_t space;        /* entries of the table */
    size_t wanted;       /* workers of the present generation */
    unsigned generation; /* the present one */
    int64_t patience_ms; /* for the former ones */
    bool stopping;
    struct backoff backoff;
    sigset_t mask; /* before the signals were blocked */
};

/* Set by the signal handler, read by supervisor_signal. */
static volatile sig_atomic_t arrived[MAX_SIGNAL + 1];

static void on_signal(int number) {
    arrived[number] = 1;
}

static void set_action(int number, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

static void set_actions(const int *numbers, void (*handler)(int)) {
    for (; *numbers; numbers++)
        set_action(*numbers, handler);
}

struct supervisor *supervisor_new(const struct supervisor_spec *spec, size_t count) {
    struct supervisor *supervisor = xcalloc(1, sizeof(*supervisor));
    sigset_t watched;
    *supervisor = (struct supervisor){.spec = spec, .wanted = count};
    supervisor->backoff = (struct backoff)BACKOFF(100, 5000);
    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    /* A flag may be left from an earlier supervisor of this process (an upgrade that failed). */
    for (const int *number = spec->signals; *number; number++) {
        sigaddset(&watched, *number);
        arrived[*number] = 0;
    }
    /* Blocked from here on; a handler only runs inside ppoll. */
    sigprocmask(SIG_BLOCK, &watched, &supervisor->mask);
    set_actions(spec->signals, on_signal);
    set_action(SIGCHLD, on_signal);
    return supervisor;
}

/* The workers that run, or only those of the present generation. */
static size_t count_workers(const struct supervisor *supervisor, bool present_only) {
    size_t count = 0;
    for (size_t i = 0; i < supervisor->space; i++) {
        /* Free entries have no pid. */
        const struct worker *worker = &supervisor->workers[i];
        count +=
            worker->pid != 0 && (!present_only || worker->generation == supervisor->generation);
    }
    return count;
}

/* ---- the end of a worker ---- */

/* Frees the entry of a worker that has ended, and decides when it is replaced. */
static void record_exit(struct supervisor *supervisor, struct worker *worker, int status) {
    const int64_t now = clock_monotonic_ms();
    const char *name = supervisor->spec->name;
    const bool failed = WIFSIGNALED(status) || WEXITSTATUS(status) != 0;
    /* Status 0 is not an error: the worker was told to stop, or has served its number of
     * requests. */
    if (WIFSIGNALED(status))
        log_error("%s %d killed by signal %d", name, (int)worker->pid, WTERMSIG(status));
    else if (failed)
        log_error("%s %d exited with status %d", name, (int)worker->pid, WEXITSTATUS(status));
    /* Late failures reset the delay too: a worker that ran for a while is replaced at once. */
    if (failed && now - worker->started_ms < EARLY_MS)
        backoff_failed(&supervisor->backoff, now);
    else
        backoff_reset(&supervisor->backoff);
    worker->pid = 0;
}

/* Collects all children that have ended, and reports them to the program. */
static void reap(struct supervisor *supervisor) {
    const struct supervisor_spec *spec = supervisor->spec;
    int status;
    pid_t pid;
    /* SIGCHLDs are merged, so all that ended are collected. */
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        size_t index = SUPERVISOR_NOT_A_WORKER;
        for (size_t i = 0; i < supervisor->space; i++)
            if (supervisor->workers[i].pid == pid)
                index = i;
        /* A child that is not a worker (a helper of the program) is only reported to it. */
        if (index != SUPERVISOR_NOT_A_WORKER)
            record_exit(supervisor, &supervisor->workers[index], status);
        if (spec->ended)
            spec->ended(spec->context, index, pid, status);
    }
}

/* ---- the start of a worker ---- */

/* The child's side of a fork: serves as a worker, and exits. */
static _Noreturn void become_worker(struct supervisor *supervisor, size_t index, pid_t parent) {
    const struct supervisor_spec *spec = supervisor->spec;
    /* The kernel sends this signal if the parent dies. It may have died before the request was
     * made, and then another process is the parent by now. */
    prctl(PR_SET_PDEATHSIG, spec->death_signal);
    if (getppid() != parent)
        _exit(0);
    /* The worker starts with default actions and an unblocked mask, and sets its own handlers. */
    set_actions(spec->signals, SIG_DFL);
    set_actions(spec->ignored, SIG_IGN);
    set_action(SIGCHLD, SIG_DFL);
    const sigset_t mask = supervisor->mask;
    /* exit, not _exit: what was buffered before the fork was flushed by the caller. */
    exit(spec->work(spec->context, index, &mask));
}

/* Returns the index of a free entry of the table, which grows if there is none. */
static size_t find_free(struct supervisor *supervisor) {
    size_t index = 0, before = supervisor->space;
    while (index < before && supervisor->workers[index].pid != 0)
        index++;
    if (index == before) {
        supervisor->workers = array_reserve(supervisor->workers, &supervisor->space, before + 1,
                                            sizeof(struct worker));
        /* New entries are free: pid 0. */
        memset(supervisor->workers + before, 0,
               (supervisor->space - before) * sizeof(struct worker));
    }
    return index;
}

/* Starts workers of the present generation until there are as many as wanted. */
static void start_missing(struct supervisor *supervisor) {
    /* The former generation does not count: both run side by side for a moment. */
    size_t running = count_workers(supervisor, true);
    while (running < supervisor->wanted &&
           backoff_ready(&supervisor->backoff, clock_monotonic_ms())) {
        const size_t index = find_free(supervisor);
        const pid_t parent = getpid();
        const pid_t pid = fork();
        /* In the worker this call does not return. */
        if (pid == 0)
            become_worker(supervisor, index, parent);
        /* Out of processes or memory: try again after a delay. */
        if (pid < 0) {
            log_error("cannot start a %s: %s", supervisor->spec->name, strerror(errno));
            backoff_failed(&supervisor->backoff, clock_monotonic_ms());
            return;
        }
        supervisor->workers[index] =
            (struct worker){pid, supervisor->generation, clock_monotonic_ms(), 0, false};
        running++;
    }
}

/* ---- stopping ---- */

/* Sends SIGTERM to workers, all of them or those of former generations, each once; kills those that
 * have not stopped in time. */
static void stop_workers(struct supervisor *supervisor, bool all) {
    const int64_t now = clock_monotonic_ms();
    for (size_t i = 0; i < supervisor->space; i++) {
        struct worker *worker = &supervisor->workers[i];
        if (worker->pid == 0 || (!all && worker->generation == supervisor->generation))
            continue;
        if (worker->kill_ms == 0) {
            /* Told once; the next calls only compare the time. */
            worker->kill_ms = now + supervisor->patience_ms;
            kill(worker->pid, SIGTERM);
        } else if (now > worker->kill_ms && !worker->killed) {
            /* Once: it may take the kernel a while to end it. */
            worker->killed = true;
            log_error("%s %d did not stop in time, killing it", supervisor->spec->name,
                      (int)worker->pid);
            kill(worker->pid, SIGKILL);
        }
    }
}

void supervisor_stop(struct supervisor *supervisor, int64_t patience_ms) {
    if (supervisor->stopping)
        return;
    const int64_t latest = clock_monotonic_ms() + patience_ms;
    supervisor->stopping = true;
    supervisor->patience_ms = patience_ms;
    /* Those that a reload has told to stop may have been given more time. */
    for (size_t i = 0; i < supervisor->space; i++)
        if (supervisor->workers[i].kill_ms > latest)
            supervisor->workers[i].kill_ms = latest;
    stop_workers(supervisor, true);
}

void supervisor_replace(struct supervisor *supervisor, size_t count, int64_t patience_ms) {
    supervisor->generation++;
    supervisor->wanted = count;
    supervisor->patience_ms = patience_ms;
}

/* ---- the parent ---- */

/* One round of the supervisor: reaps children, starts missing workers, and stops the former
 * generation or, at the end, all workers. */
static void run_round(struct supervisor *supervisor) {
    reap(supervisor);
    if (supervisor->stopping) {
        stop_workers(supervisor, true);
        return;
    }
    start_missing(supervisor);
    /* Only when the new generation is complete. */
    if (count_workers(supervisor, true) >= supervisor->wanted)
        stop_workers(supervisor, false);
}

void supervisor_step(struct supervisor *supervisor) {
    const struct timespec longest = {0, STEP_MS * 1000000L};
    run_round(supervisor);
    /* Ends early when a signal arrives; otherwise kills and delayed starts are due. */
    ppoll(NULL, 0, &longest, &supervisor->mask);
    reap(supervisor);
}

int supervisor_signal(struct supervisor *supervisor) {
    for (const int *number = supervisor->spec->signals; *number; number++) {
        /* One signal per call, in the order of the list; each at most once however often it
         * arrived. */
        if (arrived[*number]) {
            arrived[*number] = 0;
            return *number;
        }
    }
    return 0;
}

void supervisor_forward(const struct supervisor *supervisor, int number) {
    for (size_t i = 0; i < supervisor->space; i++)
        if (supervisor->workers[i].pid != 0)
            kill(supervisor->workers[i].pid, number);
}

size_t supervisor_running(const struct supervisor *supervisor) {
    return count_workers(supervisor, false);
}

pid_t supervisor_pid(const struct supervisor *supervisor, size_t index) {
    return index < supervisor->space ? supervisor->workers[index].pid : 0;
}

void supervisor_free(struct supervisor *supervisor) {
    /* As it was before supervisor_new, for a program that continues or executes another. */
    set_actions(supervisor->spec->signals, SIG_DFL);
    set_action(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_SETMASK, &supervisor->mask, NULL);
    free(supervisor->workers);
    free(supervisor);
}
