/*
 * workers: the parent of several workers. It opens what they share (the Unix socket, the metrics
 * socket, the metrics in shared memory), keeps the workers running by common/os/supervisor, handles
 * the signals, and upgrades. It has no event loop and no threads, so that it can fork at any time.
 *
 * Each worker binds a TCP socket of its own to the same port (SO_REUSEPORT), and the kernel spreads
 * connections over them. The parent binds one too, without listening, to reserve the port.
 */
#include "process/workers.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "config/startup.h"
#include "metrics/metrics_data.h"
#include "os/sd_notify.h"
#include "os/single_instance.h"
#include "os/supervisor.h"
#include "os/tcp_listener.h"
#include "os/unix_listener.h"
#include "process/upgrade.h"
#include "process/worker.h"

/* A worker is killed this long after drain_time and the time in which it closes. */
#define PATIENCE_MS 5000

struct workers {
    struct config *config;
    const char *config_path;
    const char *ports_file;
    pid_t predecessor; /* to stop once the workers serve; 0: none */
    struct upgrade *upgrade;
    struct supervisor *supervisor;
    struct metrics_data_all all; /* in shared memory, one for each worker */
    struct unix_listener local;  /* all workers accept from it */
    int push_fd;                 /* keeps the port */
    char *push_listen;           /* with the port that it got */
    int metrics_fd;
    bool serving;        /* all workers have served */
    bool stopping;       /* they were told to stop */
    int64_t wait_end_ms; /* then, when they begin to */
    bool failed;         /* a worker could not be started */
};

/* ---- one worker ---- */

/* In the worker's process. Its signals keep their default action until its loop handles them. */
static int work(void *context, size_t index, const sigset_t *mask) {
    const struct workers *workers = context;
    /* Copies, since worker_run takes what is not const. */
    struct unix_listener local = workers->local;
    struct metrics_data_all all = workers->all;
    const struct worker_args args = {.config = workers->config,
                                     .config_path = workers->config_path,
                                     .metrics_fd = workers->metrics_fd,
                                     .local = &local,
                                     .all = &all,
                                     .own = index,
                                     .shared = true};
    sigprocmask(SIG_SETMASK, mask, NULL);
    /* The worker binds its own; the parent's one stays to keep the port. */
    close(workers->push_fd);
    unsetenv("NOTIFY_SOCKET"); /* only the parent notifies the service manager */
    return worker_run(&args);
}

/* A worker's gauges end with it; its counters stay. */
static void ended(void *context, size_t index, pid_t pid, int status) {
    struct workers *workers = context;
    if (index == SUPERVISOR_NOT_A_WORKER) {
        upgrade_child_ended(workers->upgrade, pid, status);
        return;
    }
    /* A worker that fails before all have served makes the start fail, such as with a port in use;
     * later ones are replaced. */
    workers->failed |= !workers->serving && (WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
    /* The fields before METRICS_FIRST_KEPT are gauges. Its successor continues the counters. */
    memset(&workers->all.each[index], 0, METRICS_FIRST_KEPT);
}

/* ---- all workers ---- */

/* Once all workers serve: publishes the socket, ends the predecessor, writes the ports. */
static void check_serving(struct workers *workers) {
    const unsigned push = tcp_listener_port(workers->push_fd);
    const unsigned metrics = tcp_listener_port(workers->metrics_fd);
    if (workers->serving)
        return;
    /* `up` is in shared memory, set by each worker once it listens. */
    for (size_t i = 0; i < workers->all.count; i++)
        if (!workers->all.each[i].up)
            return;
    /* For good: a worker that is replaced later does not repeat this. */
    workers->serving = true;
    if (!unix_listener_publish(&workers->local)) {
        workers->failed = true;
        return;
    }
    single_instance_write_pid(workers->upgrade->lock);
    upgrade_take_over(workers->predecessor);
    log_info("%zu workers listen on port %u, metrics on port %u", workers->all.count, push,
             metrics);
    if (workers->local.fd >= 0)
        log_info("listening on %s", workers->local.path.sun_path);
    if (workers->ports_file && !worker_write_ports(workers->ports_file, push, metrics))
        workers->failed = true;
}

/* A client that connects to a socket that stays open would wait for an answer. */
static void close_local(struct workers *workers) {
    unix_listener_remove(&workers->local);
    if (workers->local.fd >= 0)
        close(workers->local.fd);
    workers->local.fd = -1;
}

/* Workers wait for wait_ms, and drain for drain_time, then close; only one that hangs is killed.
 * The socket file stays while they wait. */
static void stop(struct workers *workers, int64_t wait_ms) {
    if (workers->stopping)
        return;
    workers->stopping = true;
    workers->wait_end_ms = clock_monotonic_ms() + wait_ms;
    sd_notify_stopping();
    log_info("stopping %zu workers", supervisor_running(workers->supervisor));
    supervisor_stop(workers->supervisor, wait_ms + (int64_t)workers->config->drain_time * 1000 +
                                             WORKER_CLOSE_MS + PATIENCE_MS);
    if (wait_ms == 0)
        close_local(workers);
}

/* A reload does not change where the workers listen. */
static void keep_port(struct workers *workers) {
    free(workers->config->push_listen);
    workers->config->push_listen = xstrdup(workers->push_listen);
}

/* For an administrator, on SIGUSR1. */
static void log_state(const struct workers *workers) {
    /* A line for each worker, then each of them writes its own. */
    for (size_t i = 0; i < workers->all.count; i++)
        log_info("state: worker %zu pid=%d%s", i, (int)supervisor_pid(workers->supervisor, i),
                 workers->all.each[i].up ? "" : " not serving yet");
    supervisor_forward(workers->supervisor, SIGUSR1);
}

/* Does what a signal asks the parent for. */
static void handle_signal(struct workers *workers, int number) {
    /* The workers are stopping; a second SIGTERM ends their drain_wait. */
    if (workers->stopping && (number == SIGTERM || number == SIGINT)) {
        workers->wait_end_ms = 0;
        supervisor_forward(workers->supervisor, SIGTERM);
    }
    if (workers->stopping)
        return;
    switch (number) {
    case SIGHUP:
        /* The parent first, for the workers that it starts later; then the running ones. */
        if (startup_reload_threaded(workers->config, workers->config_path, "pushd"))
            keep_port(workers);
        supervisor_forward(workers->supervisor, SIGHUP);
        break;
    case SIGUSR1:
        log_state(workers);
        break;
    case SIGUSR2:
        upgrade_start(workers->upgrade);
        break;
    /* A successor serves: the port belongs to it now. */
    case UPGRADE_SIGNAL:
        upgrade_handed_over(workers->upgrade);
        stop(workers, 0);
        break;
    /* SIGTERM and SIGINT. */
    default:
        upgrade_cancel(workers->upgrade);
        stop(workers, (int64_t)workers->config->drain_wait * 1000);
    }
}

/* ---- the parent ---- */

/* Opens the sockets that are shared; false, with the cause logged, on failure. */
static bool open_sockets(struct workers *workers) {
    const struct config *config = workers->config;
    const char *wanted = config->push_listen;
    /* In an upgrade the predecessor has the same addresses. */
    const bool beside = workers->predecessor != 0;
    struct buffer address = BUFFER_EMPTY;
    workers->metrics_fd =
        tcp_listener_open_shared("metrics_listen", config->metrics_listen, beside);
    if (workers->metrics_fd < 0)
        return false;
    workers->push_fd = tcp_listener_open_shared("push_listen", wanted, beside);
    if (workers->push_fd < 0 || !unix_listener_open(&workers->local, config->push_socket, beside))
        return false;
    /* Each worker binds to the port that this one got. */
    buffer_printf(&address, "%.*s:%u", (int)(strrchr(wanted, ':') - wanted), wanted,
                  tcp_listener_port(workers->push_fd));
    workers->push_listen = xstrndup(address.data, address.len);
    buffer_free(&address);
    upgrade_note_port(workers->upgrade, UPGRADE_PUSH, wanted, tcp_listener_port(workers->push_fd));
    upgrade_note_port(workers->upgrade, UPGRADE_METRICS, config->metrics_listen,
                      tcp_listener_port(workers->metrics_fd));
    keep_port(workers);
    return true;
}

/* Makes the memory in which workers count; false if there is none. */
static bool share_metrics(struct workers *workers, size_t count) {
    /* Anonymous shared memory is inherited by fork, and zeroed. */
    workers->all.count = count;
    workers->all.each = mmap(NULL, count * sizeof(struct metrics_data), PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (workers->all.each == MAP_FAILED) {
        log_error("cannot share memory: %s", strerror(errno));
        return false;
    }
    return true;
}

int workers_run(struct config *config, const char *config_path, const char *ports_file,
                pid_t predecessor, struct upgrade *upgrade, size_t count) {
    static const int SIGNALS[] = {UPGRADE_SIGNAL, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, 0};
    static const int IGNORED[] = {SIGHUP, SIGUSR1, SIGUSR2, 0};
    struct workers workers = {.config = config,
                              .config_path = config_path,
                              .ports_file = ports_file,
                              .predecessor = predecessor,
                              .upgrade = upgrade};
    const struct supervisor_spec spec = {.name = "worker",
                                         .signals = SIGNALS,
                                         .ignored = IGNORED,
                                         .death_signal = SIGKILL,
                                         .work = work,
                                         .ended = ended,
                                         .context = &workers};
    /* Before the first fork, so that all workers have them. */
    if (!share_metrics(&workers, count) || !open_sockets(&workers))
        return 1;
    workers.supervisor = supervisor_new(&spec, count);
    /* Each step lasts up to 100 ms, or until a signal comes. After a stop it continues until all
     * have ended. */
    while (!workers.stopping || supervisor_running(workers.supervisor) > 0) {
        int number;
        sd_notify_alive();
        supervisor_step(workers.supervisor);
        while ((number = supervisor_signal(workers.supervisor)) != 0)
            handle_signal(&workers, number);
        if (!workers.stopping)
            check_serving(&workers);
        /* Repeated calls change nothing. */
        if (workers.failed)
            stop(&workers, 0);
        if (workers.stopping && clock_monotonic_ms() >= workers.wait_end_ms)
            close_local(&workers);
    }
    close_local(&workers);
    supervisor_free(workers.supervisor);
    free(workers.push_listen);
    log_info("stopped");
    return workers.failed ? 1 : 0;
}
