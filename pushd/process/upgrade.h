/*
 * successor: the pushd that is to take over from this one, so that a new version comes without
 * a moment in which nobody listens: the program that is on disk now, started with the
 * arguments of this one and `--take-over`.
 *
 * It listens beside this one, and once it serves has this one end (predecessor.h). If it ends
 * before that, this one serves on.
 */
#ifndef CONFAB_PUSHD_SUCCESSOR_H
#define CONFAB_PUSHD_SUCCESSOR_H

#include <stdint.h>
#include <sys/types.h>

enum { SUCCESSOR_PUSH, SUCCESSOR_METRICS, SUCCESSOR_ADDRESSES };

/* How this process was started, which the successor is told again; what is NULL or 0 was not
 * said. The last two are kept by the functions below. */
struct successor {
    char *program; /* as it was called; looked for on the PATH if that has no slash */
    char *config_path;
    const char *ports_file;
    uint64_t workers;
    int lock; /* keeps another pushd of this configuration away (ensure.h); 0: none */
    char *addresses[SUCCESSOR_ADDRESSES]; /* where it has to listen, as variables; NULL: as here */
    pid_t pid;                            /* under way; 0: none is */
};

/* Says where this process listens: if the configuration leaves the port to chance ("host:0"),
 * the successor is to take the same one. */
void successor_listens(struct successor *successor, unsigned which, const char *configured,
                       unsigned port);

/* Starts it, unless one is under way. What goes wrong is logged. */
void successor_start(struct successor *successor);

/* To be called often: logs that it ended too early, if it did. */
void successor_look(struct successor *successor);

/* The same for who waits for all children: this one ended, with this status of wait(2). */
void successor_ended(struct successor *successor, pid_t pid, int status);

/* It serves, and speaks to the service manager from now on: this process does no more. */
void successor_serves(struct successor *successor);

/* Nobody is to serve any more: ends it, if it is under way. */
void successor_stop(struct successor *successor);

#endif
