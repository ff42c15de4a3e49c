/*
 * prefork: a parent that holds ONE listening socket and keeps a number of processes
 * accepting on it, so that a process that ends costs no request.
 *
 * Signals of the parent: SIGTERM, SIGINT  let every process finish its request, end;
 *                        SIGHUP           read the configuration again, open the log
 *                                         again, replace the processes one by one.
 */
#ifndef CONFAB_PREFORK_H
#define CONFAB_PREFORK_H

#include "config/config.h"

/* What a child does: serves on the socket until its time has come or *stop is set. Returns
 * the exit status of the process. */
typedef int prefork_child(const struct config *config, int listen_fd, const volatile int *stop);

/* Reads the configuration anew for SIGHUP; false (said in the log) keeps the present. */
typedef bool prefork_reload(struct config *config);

/* Listens on a socket that a web server has passed; with -1 for it, on the one that systemd
 * has passed (sd_listen_fds(3)), else where config says. Runs until stopped. *config is
 * replaced by a reload. Returns the exit status. */
int prefork_run(struct config *config, int passed_fd, prefork_child *child, prefork_reload *reload);

#endif
