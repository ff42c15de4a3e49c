/*
 * workers: several processes that hold sockets, on one port, and a parent that replaces
 * those that die.
 *
 * The kernel deals connections at the port out to them (SO_REUSEPORT); those at the Unix socket
 * go to whoever is quickest. They share nothing but these, Redis, the database, and metrics in
 * memory that all of them read: whichever is asked for its metrics answers for all.
 *
 * Signals of the parent: SIGTERM, SIGINT, SIGQUIT  every worker closes its sockets and ends;
 *                        SIGHUP, SIGUSR1           are passed on to every worker;
 *                        SIGUSR2                   a upgrade is started.
 * Should the parent be killed, its workers are killed with it.
 */
#ifndef CONFAB_PUSHD_WORKERS_H
#define CONFAB_PUSHD_WORKERS_H

#include <stddef.h>
#include <sys/types.h>

#include "config/config.h"
#include "process/upgrade.h"

/* Runs so many workers until stopped; ports_file (or NULL) is written once all of them worker,
 * and then the predecessor (or 0) is told to end; `upgrade` may take over from them. Returns
 * the exit status: 1, with the cause logged, if they cannot be started. */
int supervisor_run(struct config *config, const char *config_path, const char *ports_file,
                   pid_t predecessor, struct upgrade *upgrade, size_t count);

#endif
