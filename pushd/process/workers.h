/*
 * workers: several processes that hold sockets, on one port, and the parent that keeps them
 * running.
 *
 * The kernel distributes connections to the port among the workers (SO_REUSEPORT); connections
 * to the Unix socket go to the first one that accepts. Workers share these sockets, Redis, the
 * database, and their metrics, which are in memory that all of them map: each can answer a
 * request for the metrics of all.
 *
 * Signals of the parent: SIGTERM, SIGINT, SIGQUIT  every worker closes its sockets and stops;
 *                        SIGHUP, SIGUSR1           forwarded to every worker;
 *                        SIGUSR2                   starts an upgrade.
 * If the parent dies, its workers are killed.
 */
#ifndef CONFAB_PUSHD_WORKERS_H
#define CONFAB_PUSHD_WORKERS_H

#include <stddef.h>
#include <sys/types.h>

#include "config/config.h"
#include "process/upgrade.h"

/* Runs `count` workers until stopped. ports_file (or NULL) is written once all of them serve; then
 * the predecessor (0: none) is sent UPGRADE_SIGNAL. `upgrade` may take over from them. Returns the
 * exit status: 1, with the cause logged, if a worker cannot be started. */
int workers_run(struct config *config, const char *config_path, const char *ports_file,
                pid_t predecessor, struct upgrade *upgrade, size_t count);

#endif
