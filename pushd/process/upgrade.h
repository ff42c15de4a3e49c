/*
 * upgrade: replacing a running pushd by the program that is on disk now, without closing the
 * port at any moment.
 *
 * SIGUSR2 starts the successor with the arguments of this process and `--take-over`. Both listen on
 * the port for a moment. Once the successor serves, it reports itself to the service manager as the
 * main process and sends UPGRADE_SIGNAL to its predecessor. The predecessor closes its sockets, and
 * their clients reconnect to the successor with `since`. If the successor ends before it serves,
 * this process continues.
 */
#ifndef CONFAB_PUSHD_PROCESS_UPGRADE_H
#define CONFAB_PUSHD_PROCESS_UPGRADE_H

#include <stdint.h>
#include <sys/types.h>

/* Sent to a pushd that another one has replaced: works as SIGTERM, but does not report to the
 * service manager that the service stops. */
#define UPGRADE_SIGNAL SIGQUIT

enum { UPGRADE_PUSH, UPGRADE_METRICS, UPGRADE_ADDRESSES };

/* How this process was started, for the arguments of the successor; NULL or 0: not given. */
struct upgrade {
    char *program; /* argv[0]; looked up in the PATH if it has no slash */
    char *config_path;
    const char *ports_file;
    uint64_t workers;
    int lock; /* of single_instance.h, handed on to the successor; 0: none */
    /* Kept by the functions below: */
    char *addresses[UPGRADE_ADDRESSES]; /* "VARIABLE=host:port" where the port is not fixed */
    pid_t pid;                          /* of the successor; 0: none */
};

/* Records where this process listens: a successor must take the same port where the configuration
 * leaves it open ("host:0"). `which` is UPGRADE_PUSH or UPGRADE_METRICS. */
void upgrade_note_port(struct upgrade *upgrade, unsigned which, const char *configured,
                       unsigned port);

/* Starts the successor, unless one is running already. Failures are logged. */
void upgrade_start(struct upgrade *upgrade);

/* Reaps a successor that ended too early, and logs it. Does not wait; called every tick. */
void upgrade_poll(struct upgrade *upgrade);

/* The same for a caller that waits for all of its children: `pid` ended with `status`. */
void upgrade_child_ended(struct upgrade *upgrade, pid_t pid, int status);

/* The successor serves: this process reports nothing to the service manager any more. */
void upgrade_handed_over(struct upgrade *upgrade);

/* This process stops: so must a successor that does not serve yet, which is sent SIGTERM. */
void upgrade_cancel(struct upgrade *upgrade);

/* In the successor, once it serves: reports itself to the service manager as ready, and sends
 * UPGRADE_SIGNAL to the predecessor (0: none) without waiting for its end. A failure is logged. */
void upgrade_take_over(pid_t predecessor);

#endif
