/* The parent of the processes that serve FastCGI: its signals, its reload, its socket. All
 * processes accept from the one listening socket. The supervisor has the table of processes;
 * here is what its signals mean: TERM and INT stop, HUP reloads and replaces the processes. */
#include "server/prefork.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "os/sd_notify.h"
#include "os/supervisor.h"
#include "server/listener.h"

/* A process that is told to stop is killed after this time. */
#define PATIENCE_MS 30000

struct prefork {
    struct config *config;
    prefork_child *child;
    prefork_reload *reload;
    prefork_drain *drain;
    int listen_fd;
    struct supervisor *supervisor;
    bool draining;        /* told to stop, */
    int64_t drain_end_ms; /* and this is when; on the monotonic clock */
    bool stopping;
};

/* Set by the signal handler of a child. */
static volatile int stop_wanted;

static void on_stop(int number) {
    (void)number;
    stop_wanted = 1;
}

/* Reads are restarted, so that a signal does not spoil a request; the wait for the next request
 * is interrupted all the same. */
static int work(void *context, size_t index, const sigset_t *mask) {
    const struct prefork *prefork = context;
    /* Installed before the mask is lifted, so that a signal that came since the fork is not
     * lost. */
    struct sigaction action = {.sa_handler = on_stop, .sa_flags = SA_RESTART};
    (void)index;
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    /* Only returns when the process is to end. */
    return prefork->child(prefork->config, prefork->listen_fd, &stop_wanted);
}

static void stop(struct prefork *prefork) {
    prefork->stopping = true;
    supervisor_stop(prefork->supervisor, PATIENCE_MS);
}

/* SIGHUP reads the configuration again; other signals end the program, the second one at once. */
static void handle_signal(struct prefork *prefork, int number) {
    struct config *config = prefork->config;
    /* While stopping, everything else is ignored. */
    if (prefork->stopping)
        return;
    if (number != SIGHUP) {
        sd_notify_stopping();
        prefork->drain();
        if (prefork->draining || config->drain_wait == 0)
            stop(prefork);
        prefork->draining = true;
        prefork->drain_end_ms = clock_monotonic_ms() + (int64_t)config->drain_wait * 1000;
    } else if (prefork->reload(config)) {
        /* With an invalid file nothing is replaced. */
        log_info("configuration reloaded, replacing the processes");
        supervisor_replace(prefork->supervisor, (size_t)config->processes, PATIENCE_MS);
    }
}

int prefork_run(struct config *config, int passed_fd, prefork_child *child, prefork_reload *reload,
                prefork_drain *drain) {
    static const int SIGNALS[] = {SIGTERM, SIGINT, SIGHUP, 0}, IGNORED[] = {SIGHUP, 0};
    struct prefork prefork = {.config = config, .child = child, .reload = reload, .drain = drain};
    struct listener listener = LISTENER_NONE;
    const struct supervisor_spec spec = {.name = "process",
                                         .signals = SIGNALS,
                                         .ignored = IGNORED,
                                         .death_signal = SIGTERM,
                                         .work = work,
                                         .context = &prefork};
    /* The socket is opened once, by this process, with its rights; children inherit it. */
    const int passed = passed_fd >= 0 ? passed_fd : listener_from_systemd();
    prefork.listen_fd = passed >= 0 ? passed : listener_open(&listener, config->fcgi_listen);
    if (prefork.listen_fd < 0)
        return 1;
    /* A web server that closes early must not end the process. */
    signal(SIGPIPE, SIG_IGN);
    prefork.supervisor = supervisor_new(&spec, (size_t)config->processes);
    log_info("%" PRIu64 " processes listen on %s", config->processes,
             passed >= 0 ? "the socket that was passed" : config->fcgi_listen);
    sd_notify_ready();
    while (!prefork.stopping || supervisor_running(prefork.supervisor) > 0) {
        /* One signal per call, until there is none. */
        int number;
        supervisor_step(prefork.supervisor);
        sd_notify_alive();
        while ((number = supervisor_signal(prefork.supervisor)) != 0)
            handle_signal(&prefork, number);
        if (prefork.draining && !prefork.stopping && clock_monotonic_ms() >= prefork.drain_end_ms)
            stop(&prefork);
    }
    listener_remove(&listener);
    supervisor_free(prefork.supervisor);
    close(prefork.listen_fd);
    log_info("stopped");
    return 0;
}
