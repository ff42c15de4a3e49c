/*
 * serve: one process that holds sockets. One loop: sockets on one side, Redis on the other,
 * the database behind a pool of threads.
 */
#ifndef CONFAB_PUSHD_SERVE_H
#define CONFAB_PUSHD_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "config/config.h"
#include "metrics/metrics_data.h"
#include "os/unix_listener.h"
#include "process/upgrade.h"

/* What a process is given. */
struct worker_args {
    struct config *config; /* replaced by a reload */
    const char *config_path;
    const char *ports_file;      /* where to write the ports; NULL: nowhere */
    int metrics_fd;              /* listens for questions about health and metrics */
    struct unix_listener *local; /* listens for sockets, too; published once it serves, and
                                   removed in the end, unless it is shared */
    struct metrics_data_all *all;
    size_t own;              /* index of the process's own metrics */
    bool shared;             /* other processes listen in the same places */
    pid_t predecessor;       /* listens there too, and is to end once this one does; 0: nobody */
    struct upgrade *upgrade; /* may take over from this one; NULL: nobody may */
};

/* A process that is told to end is gone so long after drain_time, with a second more for
 * what waits for the database. */
#define WORKER_LAST_WORDS_MS 3000

/* Serves until SIGTERM, SIGINT or SIGQUIT; returns the exit status of the process. */
int worker_run(const struct worker_args *place);

#endif
