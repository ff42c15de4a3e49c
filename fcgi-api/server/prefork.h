/*
 * prefork: a parent that holds one listening socket and keeps a number of processes
 * accepting on it, so that a process that ends costs no request.
 *
 * Signals of the parent: SIGTERM, SIGINT  after drain_wait let every process finish its request,
 *                                         then stop; a second one does not wait;
 *                        SIGHUP           reload the configuration, reopen the log, replace
 *                                         the processes.
 */
#ifndef CONFAB_PREFORK_H
#define CONFAB_PREFORK_H

#include <stdbool.h>

#include "config/config.h"

/* The work of one process: serves on the socket until it has served its share of requests or
 * *stop is set. Returns the exit status. */
typedef int prefork_child(const struct config *config, int listen_fd, const volatile int *stop);

/* Replaces *config for SIGHUP; false, with the mistakes logged, keeps the present one. */
typedef bool prefork_reload(struct config *config);

/* Called once the parent was told to stop, drain_wait before the processes are. */
typedef void prefork_drain(void);

/* Runs until stopped. Listens on the socket that a web server passed; if passed_fd is -1, on the
 * one that systemd passed (sd_listen_fds(3)); else on config->fcgi_listen. Returns the exit
 * status. */
int prefork_run(struct config *config, int passed_fd, prefork_child *child, prefork_reload *reload,
                prefork_drain *drain);

#endif
