#include "process/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/backoff.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "metrics/metrics_data.h"
#include "os/sd_notify.h"
#include "os/tcp_listener.h"
#include "os/unix_listener.h"
#include "process/predecessor.h"
#include "process/reload.h"
#include "process/single_instance.h"
#include "process/worker.h"

/* A child that fails within this time is not replaced at once, lest a fault that stays
 * fills the log and the processor. */
#define EARLY_MS 1000

/* Beyond drain_time and its last words a child has so long to end before it is killed. */
#define PATIENCE_MS 5000

/* How often the workers are looked at, besides when one ends. */
#define LOOK_MS 100

struct child {
    pid_t pid; /* 0: none */
    int64_t started_ms;
};

struct workers {
    struct config *config;
    const char *config_path;
    const char *ports_file;
    pid_t predecessor; /* to end once they worker; 0: nobody */
    struct upgrade *upgrade;
    struct metrics_data_all all; /* in memory that is shared, as many as workers */
    struct child *list;
    struct unix_listener local; /* all of them take from it */
    int push_fd;                /* keeps the port */
    char *push_listen;          /* with the port that it got */
    int metrics_fd;
    struct backoff backoff;
    bool serving; /* all workers have been up */
    bool failed;  /* one of them could not be started at all */
    int64_t stopping_ms;
};

/* Set by the signal handlers of the parent. */
static volatile sig_atomic_t stop_wanted, followed, reload_wanted, state_wanted, upgrade_wanted;

static void on_signal(int number) {
    if (number == SIGHUP)
        reload_wanted = 1;
    else if (number == SIGUSR1)
        state_wanted = 1;
    else if (number == SIGUSR2)
        upgrade_wanted = 1;
    else if (number != SIGCHLD)
        stop_wanted = 1;
    if (number == UPGRADE_SIGNAL)
        followed = 1;
}

static void handle(int number, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

/* ---- one child ---- */

/* Signals that may come before the child listens to them must not end it, but for those that
 * are to. */
static void become_worker(struct workers *workers, size_t index, pid_t parent,
                          const sigset_t *mask) {
    const struct worker_args place = {.config = workers->config,
                                      .config_path = workers->config_path,
                                      .metrics_fd = workers->metrics_fd,
                                      .local = &workers->local,
                                      .all = &workers->all,
                                      .own = index,
                                      .shared = true};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
    handle(SIGTERM, SIG_DFL);
    handle(SIGINT, SIG_DFL);
    handle(UPGRADE_SIGNAL, SIG_DFL);
    handle(SIGCHLD, SIG_DFL);
    handle(SIGHUP, SIG_IGN);
    handle(SIGUSR1, SIG_IGN);
    handle(SIGUSR2, SIG_IGN);
    sigprocmask(SIG_SETMASK, mask, NULL);
    close(workers->push_fd);
    unsetenv("NOTIFY_SOCKET"); /* the parent speaks for all */
    exit(worker_run(&place));
}

static void start_worker(struct workers *workers, size_t index, const sigset_t *mask) {
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0)
        become_worker(workers, index, parent, mask);
    if (pid < 0) {
        log_error("cannot start a worker: %s", strerror(errno));
        backoff_failed(&workers->backoff, clock_monotonic_ms());
        return;
    }
    workers->list[index] = (struct child){pid, clock_monotonic_ms()};
}

/* What it had at present is gone with it; what it counted stays counted. */
static void note_death(struct workers *workers, size_t index, int status) {
    struct child *child = &workers->list[index];
    struct metrics_data *metrics = &workers->all.each[index];
    const int64_t now = clock_monotonic_ms();
    const bool failed = WIFSIGNALED(status) || WEXITSTATUS(status) != 0;
    if (WIFSIGNALED(status))
        log_error("worker %d was ended by signal %d", (int)child->pid, WTERMSIG(status));
    else if (failed)
        log_error("worker %d ended with status %d", (int)child->pid, WEXITSTATUS(status));
    if (failed && now - child->started_ms < EARLY_MS)
        backoff_failed(&workers->backoff, now);
    else
        backoff_reset(&workers->backoff);
    workers->failed |= failed && !workers->serving;
    child->pid = 0;
    memset(metrics, 0, METRICS_FIRST_KEPT);
}

/* ---- all of them ---- */

static size_t count_present(const struct workers *workers) {
    size_t count = 0;
    for (size_t i = 0; i < workers->all.count; i++)
        count += workers->list[i].pid != 0;
    return count;
}

static void reap(struct workers *workers) {
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        upgrade_ended(workers->upgrade, pid, status);
        for (size_t i = 0; i < workers->all.count; i++)
            if (workers->list[i].pid == pid)
                note_death(workers, i, status);
    }
}

static void start_missing(struct workers *workers, const sigset_t *mask) {
    for (size_t i = 0; i < workers->all.count; i++)
        if (workers->list[i].pid == 0 && backoff_ready(&workers->backoff, clock_monotonic_ms()))
            start_worker(workers, i, mask);
}

static void tell_all(const struct workers *workers, int number) {
    for (size_t i = 0; i < workers->all.count; i++)
        if (workers->list[i].pid != 0)
            kill(workers->list[i].pid, number);
}

/* Once all of them worker, whoever waits for that is told. */
static void look_whether_serving(struct workers *workers) {
    const unsigned push = tcp_listener_port(workers->push_fd);
    const unsigned metrics = tcp_listener_port(workers->metrics_fd);
    if (workers->serving)
        return;
    for (size_t i = 0; i < workers->all.count; i++)
        if (!workers->all.each[i].up)
            return;
    workers->serving = true;
    if (!unix_listener_publish(&workers->local)) {
        workers->failed = true;
        return;
    }
    single_instance_note(workers->upgrade->lock);
    upgrade_finish(workers->predecessor);
    log_info("%zu workers listen on port %u, figures on port %u", workers->all.count, push,
             metrics);
    if (workers->local.fd >= 0)
        log_info("and on %s", workers->local.path.sun_path);
    if (workers->ports_file && !reload_write_ports(workers->ports_file, push, metrics))
        workers->failed = true;
}

/* Who comes to a socket that is still open somewhere would wait for nobody. */
static void close_local(struct workers *workers) {
    unix_listener_remove(&workers->local);
    if (workers->local.fd >= 0)
        close(workers->local.fd);
    workers->local.fd = -1;
}

static void stop(struct workers *workers) {
    const int64_t now = clock_monotonic_ms();
    const int64_t patience =
        (int64_t)workers->config->drain_time * 1000 + WORKER_LAST_WORDS_MS + PATIENCE_MS;
    if (workers->stopping_ms == 0) {
        workers->stopping_ms = now;
        (followed ? upgrade_serves : upgrade_stop)(workers->upgrade);
        sd_notify_stopping();
        log_info("stopping %zu workers", count_present(workers));
        tell_all(workers, SIGTERM);
        close_local(workers);
    } else if (now - workers->stopping_ms > patience) {
        log_error("%zu workers do not end and are killed", count_present(workers));
        tell_all(workers, SIGKILL);
    }
}

/* Where they listen is not changed by what is read again. */
static void keep_port(struct workers *workers) {
    free(workers->config->push_listen);
    workers->config->push_listen = xstrdup(workers->push_listen);
}

static void reload(struct workers *workers) {
    reload_wanted = 0;
    if (reload_config(workers->config, workers->config_path))
        keep_port(workers);
    tell_all(workers, SIGHUP);
}

static void log_state(const struct workers *workers) {
    state_wanted = 0;
    for (size_t i = 0; i < workers->all.count; i++)
        log_info("state: worker %zu pid=%d%s", i, (int)workers->list[i].pid,
                 workers->all.each[i].up ? "" : " does not serve yet");
    tell_all(workers, SIGUSR1);
}

static void start_successor(struct workers *workers) {
    upgrade_wanted = 0;
    upgrade_start(workers->upgrade);
}

/* ---- the parent ---- */

static void watch_signals(sigset_t *before) {
    static const int NUMBERS[] = {SIGTERM, SIGINT,  UPGRADE_SIGNAL, SIGHUP,
                                  SIGUSR1, SIGUSR2, SIGCHLD};
    sigset_t watched;
    sigemptyset(&watched);
    for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(NUMBERS[0]); i++) {
        sigaddset(&watched, NUMBERS[i]);
        handle(NUMBERS[i], on_signal);
    }
    sigprocmask(SIG_BLOCK, &watched, before);
}

/* Sleeps until a signal comes, or for a moment. Signals are let in here only, so that none is
 * missed. */
static void sleep_until_signal(const sigset_t *mask) {
    const struct timespec moment = {0, LOOK_MS * 1000000L};
    ppoll(NULL, 0, &moment, mask);
}

static bool open_sockets(struct workers *workers) {
    const struct config *config = workers->config;
    const char *wanted = config->push_listen;
    const bool beside = workers->predecessor != 0;
    struct buffer address = BUFFER_EMPTY;
    workers->metrics_fd = tcp_listener_open("metrics_listen", config->metrics_listen, beside);
    if (workers->metrics_fd < 0)
        return false;
    workers->push_fd = tcp_listener_open("push_listen", wanted, beside);
    if (workers->push_fd < 0 || !unix_listener_open(&workers->local, config->push_socket, beside))
        return false;
    buffer_printf(&address, "%.*s:%u", (int)(strrchr(wanted, ':') - wanted), wanted,
                  tcp_listener_port(workers->push_fd));
    workers->push_listen = xstrndup(address.data, address.len);
    buffer_free(&address);
    upgrade_listens(workers->upgrade, UPGRADE_PUSH, wanted, tcp_listener_port(workers->push_fd));
    upgrade_listens(workers->upgrade, UPGRADE_METRICS, workers->config->metrics_listen,
                    tcp_listener_port(workers->metrics_fd));
    keep_port(workers);
    return true;
}

static bool share_figures(struct workers *workers, size_t count) {
    workers->all.count = count;
    workers->all.each = mmap(NULL, count * sizeof(struct metrics_data), PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (workers->all.each == MAP_FAILED) {
        log_error("cannot share memory: %s", strerror(errno));
        return false;
    }
    workers->list = xcalloc(count, sizeof(*workers->list));
    return true;
}

static void tend(struct workers *workers, const sigset_t *mask) {
    sd_notify_alive();
    reap(workers);
    if (stop_wanted || workers->failed) {
        stop(workers);
        return;
    }
    if (reload_wanted)
        reload(workers);
    if (state_wanted)
        log_state(workers);
    if (upgrade_wanted)
        start_successor(workers);
    start_missing(workers, mask);
    look_whether_serving(workers);
}

int supervisor_run(struct config *config, const char *config_path, const char *ports_file,
                   pid_t predecessor, struct upgrade *upgrade, size_t count) {
    static struct workers workers;
    sigset_t before;
    workers.config = config;
    workers.config_path = config_path;
    workers.ports_file = ports_file;
    workers.predecessor = predecessor;
    workers.upgrade = upgrade;
    workers.backoff = (struct backoff)BACKOFF(100, 5000);
    if (!share_figures(&workers, count) || !open_sockets(&workers))
        return 1;
    watch_signals(&before);
    do {
        tend(&workers, &before);
        sleep_until_signal(&before);
        reap(&workers);
    } while ((!stop_wanted && !workers.failed) || count_present(&workers) > 0);
    close_local(&workers);
    log_info("stopped");
    return workers.failed ? 1 : 0;
}
