/*
 * supervisor: a parent process that keeps a number of worker processes running.
 *
 * The parent calls supervisor_step in a loop, and handles between two steps the signals that
 * supervisor_signal returns:
 *
 *     supervisor = supervisor_new(&spec, count);
 *     do {
 *         supervisor_step(supervisor);
 *         while ((number = supervisor_signal(supervisor)) != 0)
 *             ...supervisor_stop, supervisor_replace or supervisor_forward...
 *     } while (!stopping || supervisor_running(supervisor) > 0);
 *     supervisor_free(supervisor);
 *
 * A worker that ends is replaced: at once if it ran for a second or exited with 0, else after a
 * delay that doubles up to 5 s (base/backoff.h). A worker that has been told to stop and is
 * still running after the time it was given is killed. Signals are blocked except during the
 * sleep of supervisor_step, so that none is missed. One supervisor at a time in a process.
 */
#ifndef CONFAB_SUPERVISOR_H
#define CONFAB_SUPERVISOR_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct supervisor;

/* The index of a child process that is not a worker. */
#define SUPERVISOR_NOT_A_WORKER SIZE_MAX

/* The work of one worker, called in its own process; returns the exit status. All signals of
 * the supervisor are still blocked and have their default action, except that those of the
 * spec's `ignored` are ignored: the worker installs its handlers and then sets `mask`
 * (sigprocmask, SIG_SETMASK). `index` is free again when the process has ended. */
typedef int supervisor_work(void *context, size_t index, const sigset_t *mask);

/* A child process has ended with this status of wait(2). `index` is that of the worker, or
 * SUPERVISOR_NOT_A_WORKER for a child that the caller itself started. */
typedef void supervisor_ended(void *context, size_t index, pid_t pid, int status);

struct supervisor_spec {
    const char *name;        /* of a worker, for the log */
    const int *signals;      /* that supervisor_signal returns, first come first; 0 ends them */
    const int *ignored;      /* of these, the ones that a new worker ignores; 0 ends them */
    int death_signal;        /* sent to a worker when the parent dies */
    supervisor_work *work;   /* required */
    supervisor_ended *ended; /* NULL: not called */
    void *context;           /* passed to both */
};

/* Prepares to run `count` workers and blocks the signals; the first step starts them. `spec` is
 * borrowed. Never NULL; free with supervisor_free. */
struct supervisor *supervisor_new(const struct supervisor_spec *spec, size_t count);

/* Reaps the children that have ended, starts workers that are missing, kills those that have not
 * stopped in time, and sleeps until a signal arrives, for 100 ms at most. */
void supervisor_step(struct supervisor *supervisor);

/* Returns a signal of the spec that has arrived, in the order of the spec, and clears it; 0 if
 * there is none. */
int supervisor_signal(struct supervisor *supervisor);

/* Starts `count` new workers, which see the present configuration. The present ones are told to
 * stop (SIGTERM) as soon as all new ones have started, and killed after patience_ms. */
void supervisor_replace(struct supervisor *supervisor, size_t count, int64_t patience_ms);

/* Tells all workers to stop (SIGTERM), kills them after patience_ms, and starts no more. A
 * second call changes nothing. */
void supervisor_stop(struct supervisor *supervisor, int64_t patience_ms);

/* Sends a signal to all workers. */
void supervisor_forward(const struct supervisor *supervisor, int number);

/* The number of workers that have not ended. */
size_t supervisor_running(const struct supervisor *supervisor);

/* The process id of a worker; 0 if there is none at this index. */
pid_t supervisor_pid(const struct supervisor *supervisor, size_t index);

/* Restores the actions and the mask of the signals, and frees the memory. Workers that still
 * run are left alone. */
void supervisor_free(struct supervisor *supervisor);

#endif
