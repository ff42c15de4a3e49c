/*
 * upgrade: the pushd that is to take over from this one, so that a new version comes without
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

enum { UPGRADE_PUSH, UPGRADE_METRICS, UPGRADE_ADDRESSES };

/* How this process was started, which the upgrade is told again; what is NULL or 0 was not
 * said. The last two are kept by the functions below. */
struct upgrade {
    char *program; /* as it was called; looked for on the PATH if that has no slash */
    char *config_path;
    const char *ports_file;
    uint64_t workers;
    int lock; /* keeps another pushd of this configuration away (ensure.h); 0: none */
    char *addresses[UPGRADE_ADDRESSES]; /* where it has to listen, as variables; NULL: as here */
    pid_t pid;                          /* under way; 0: none is */
};

/* Says where this process listens: if the configuration leaves the port to chance ("host:0"),
 * the upgrade is to take the same one. */
void upgrade_listens(struct upgrade *upgrade, unsigned which, const char *configured,
                     unsigned port);

/* Starts it, unless one is under way. What goes wrong is logged. */
void upgrade_start(struct upgrade *upgrade);

/* To be called often: logs that it ended too early, if it did. */
void upgrade_look(struct upgrade *upgrade);

/* The same for who waits for all children: this one ended, with this status of wait(2). */
void upgrade_ended(struct upgrade *upgrade, pid_t pid, int status);

/* It serves, and speaks to the service manager from now on: this process does no more. */
void upgrade_serves(struct upgrade *upgrade);

/* Nobody is to serve any more: ends it, if it is under way. */
void upgrade_stop(struct upgrade *upgrade);

#endif
