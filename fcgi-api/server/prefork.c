#include "server/prefork.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "os/sd_notify.h"
#include "server/listener.h"

/* A child that fails within this time is not replaced at once, lest a fault that stays
 * fills the log and the processor. */
#define EARLY_MS 1000

/* A child that has not ended so long after it was told to is killed. */
#define PATIENCE_MS 30000

struct child {
    pid_t pid; /* 0: none */
    unsigned generation;
    int64_t started_ms;
    int64_t told_ms; /* when it was told to end; 0: it was not */
};

/* Children of a former generation are told to end as soon as their successors run; until
 * then both are in the table, which is why it is twice as large. */
struct prefork {
    struct config *config;
    prefork_child *run;
    int listen_fd;
    struct child *children;
    size_t space;
    unsigned generation;
    struct backoff backoff;
    bool stopping;
};

/* Set by signal handlers, of the parent and, after the fork, of each child. */
static volatile int stop_wanted;
static volatile sig_atomic_t reload_wanted;

static void on_stop(int number) {
    (void)number;
    stop_wanted = 1;
}

static void on_reload(int number) {
    (void)number;
    reload_wanted = 1;
}

static void on_child(int number) {
    (void)number;
}

static void handle(int number, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

/* ---- children ---- */

/* Restarted reads keep a signal from spoiling a request; the wait for the next one is
 * interrupted all the same. */
static void become_child(struct prefork *prefork, pid_t parent, const sigset_t *mask) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(0);
    handle(SIGTERM, on_stop, SA_RESTART);
    handle(SIGINT, on_stop, SA_RESTART);
    handle(SIGHUP, SIG_IGN, 0);
    handle(SIGCHLD, SIG_DFL, 0);
    sigprocmask(SIG_SETMASK, mask, NULL);
    free(prefork->children);
    _exit(prefork->run(prefork->config, prefork->listen_fd, &stop_wanted));
}

static void start_child(struct prefork *prefork, struct child *child, const sigset_t *mask) {
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0)
        become_child(prefork, parent, mask);
    if (pid < 0) {
        log_error("cannot start a process: %s", strerror(errno));
        backoff_failed(&prefork->backoff, clock_monotonic_ms());
        return;
    }
    *child = (struct child){pid, prefork->generation, clock_monotonic_ms(), 0};
}

static size_t count_children(const struct prefork *prefork, bool present_only) {
    size_t count = 0;
    for (size_t i = 0; i < prefork->space; i++)
        count += prefork->children[i].pid != 0 &&
                 (!present_only || prefork->children[i].generation == prefork->generation);
    return count;
}

static struct child *find_child(struct prefork *prefork, pid_t pid) {
    for (size_t i = 0; i < prefork->space; i++)
        if (prefork->children[i].pid == pid)
            return &prefork->children[i];
    return NULL;
}

static void note_death(struct prefork *prefork, struct child *child, int status) {
    const int64_t now = clock_monotonic_ms();
    if (WIFSIGNALED(status))
        log_error("process %d was ended by signal %d", (int)child->pid, WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        log_error("process %d ended with status %d", (int)child->pid, WEXITSTATUS(status));
    const bool failed = WIFSIGNALED(status) || WEXITSTATUS(status) != 0;
    if (failed && now - child->started_ms < EARLY_MS)
        backoff_failed(&prefork->backoff, now);
    else
        backoff_reset(&prefork->backoff);
    child->pid = 0;
}

static void reap(struct prefork *prefork) {
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct child *child = find_child(prefork, pid);
        if (child)
            note_death(prefork, child, status);
    }
}

static void start_missing(struct prefork *prefork, const sigset_t *mask) {
    size_t running = count_children(prefork, true);
    while (running < prefork->config->processes &&
           backoff_ready(&prefork->backoff, clock_monotonic_ms())) {
        struct child *child = find_child(prefork, 0);
        if (!child)
            return;
        start_child(prefork, child, mask);
        running++;
    }
}

/* Tells children to end: all of them, or those of former generations. Whoever does not
 * listen for too long is killed. */
static void tell_to_end(struct prefork *prefork, bool all) {
    const int64_t now = clock_monotonic_ms();
    for (size_t i = 0; i < prefork->space; i++) {
        struct child *child = &prefork->children[i];
        if (child->pid == 0 || (!all && child->generation == prefork->generation))
            continue;
        if (child->told_ms == 0) {
            child->told_ms = now;
            kill(child->pid, SIGTERM);
        } else if (now - child->told_ms > PATIENCE_MS) {
            log_error("process %d does not end and is killed", (int)child->pid);
            kill(child->pid, SIGKILL);
        }
    }
}

/* ---- the parent ---- */

/* Makes room for the present children and as many successors. */
static void make_table(struct prefork *prefork) {
    const size_t wanted = (size_t)prefork->config->processes + count_children(prefork, false);
    if (wanted <= prefork->space)
        return;
    prefork->children = xreallocarray(prefork->children, wanted, sizeof(*prefork->children));
    memset(prefork->children + prefork->space, 0,
           (wanted - prefork->space) * sizeof(*prefork->children));
    prefork->space = wanted;
}

static void reload(struct prefork *prefork, prefork_reload *read_again) {
    sd_notify_reloading();
    log_reopen();
    if (read_again(prefork->config)) {
        prefork->generation++;
        make_table(prefork);
        log_info("configuration read again, processes are being replaced");
    }
    sd_notify_ready();
}

/* One round: mourn, replace, and send away who belongs to the past. */
static void tend(struct prefork *prefork, const sigset_t *mask) {
    reap(prefork);
    if (prefork->stopping) {
        tell_to_end(prefork, true);
        return;
    }
    start_missing(prefork, mask);
    if (count_children(prefork, true) >= prefork->config->processes)
        tell_to_end(prefork, false);
}

static void watch_signals(sigset_t *before) {
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGHUP);
    sigaddset(&watched, SIGCHLD);
    sigprocmask(SIG_BLOCK, &watched, before);
    handle(SIGTERM, on_stop, 0);
    handle(SIGINT, on_stop, 0);
    handle(SIGHUP, on_reload, 0);
    handle(SIGCHLD, on_child, SA_NOCLDSTOP);
    handle(SIGPIPE, SIG_IGN, 0);
}

/* Sleeps until a signal comes, or for a moment: a child that waits for its backoff or for
 * its end is looked at then. Signals are let in here only, so that none is missed. */
static void sleep_until_signal(const sigset_t *mask) {
    const struct timespec moment = {0, 250 * 1000 * 1000};
    ppoll(NULL, 0, &moment, mask);
}

int prefork_run(struct config *config, int passed_fd, prefork_child *child,
                prefork_reload *read_again) {
    struct prefork prefork = {.config = config, .run = child};
    sigset_t before;
    const int passed = passed_fd >= 0 ? passed_fd : listener_from_systemd();
    prefork.listen_fd = passed >= 0 ? passed : listener_open(config->fcgi_listen);
    if (prefork.listen_fd < 0)
        return 1;
    char *address = xstrdup(passed >= 0 ? "" : config->fcgi_listen);
    prefork.backoff = (struct backoff)BACKOFF(100, 5000);
    make_table(&prefork);
    watch_signals(&before);
    log_info("%" PRIu64 " processes listen on %s", config->processes,
             passed >= 0 ? "the socket that was passed" : address);
    sd_notify_ready();
    while (!prefork.stopping || count_children(&prefork, false) > 0) {
        tend(&prefork, &before);
        sleep_until_signal(&before);
        sd_notify_alive();
        if (stop_wanted && !prefork.stopping)
            sd_notify_stopping();
        prefork.stopping = stop_wanted != 0;
        if (reload_wanted && !prefork.stopping) {
            reload_wanted = 0;
            reload(&prefork, read_again);
        }
    }
    listener_remove(address);
    free(address);
    free(prefork.children);
    close(prefork.listen_fd);
    log_info("stopped");
    return 0;
}
