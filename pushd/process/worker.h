/*
 * worker: one process that holds sockets: one event loop with the sockets on one side, Redis on
 * the other, and the database on a pool of threads.
 */
#ifndef CONFAB_PUSHD_PROCESS_WORKER_H
#define CONFAB_PUSHD_PROCESS_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "config/config.h"
#include "metrics/metrics_data.h"
#include "os/unix_listener.h"
#include "process/upgrade.h"

struct worker_args {
    struct config *config; /* replaced at a reload */
    const char *config_path;
    const char *ports_file;      /* written once it serves; NULL: none */
    int metrics_fd;              /* listens for requests of /healthz and /metrics */
    struct unix_listener *local; /* listens for WebSockets besides the port. Published once the
                                    worker serves and removed when it stops, unless shared. */
    struct metrics_data_all *all;
    size_t own;              /* index of the worker's own metrics */
    bool shared;             /* other workers listen on the same sockets */
    pid_t predecessor;       /* listens there too, and is to stop once this one serves; 0: none */
    struct upgrade *upgrade; /* may take over from this process; NULL: a parent does that */
};

/* How long after drain_time a worker that is told to stop waits for its sockets to close, in
 * milliseconds. Waiting for the database takes up to a second more. */
#define WORKER_CLOSE_MS 3000

/* Writes the ports on which pushd listens to a file; false with the cause logged. */
bool worker_write_ports(const char *path, unsigned push, unsigned metrics);

/* Serves until SIGTERM, SIGINT or SIGQUIT. Returns the exit status of the process. */
int worker_run(const struct worker_args *args);

#endif
