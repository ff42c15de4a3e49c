/*
 * predecessor: the pushd that a new one takes over from.
 *
 * Both listen on one port for a moment, so that whoever comes finds one of them; then the
 * old one closes its sockets, and its clients come back to the new one with `since`.
 */
#ifndef CONFAB_PUSHD_PREDECESSOR_H
#define CONFAB_PUSHD_PREDECESSOR_H

#include <sys/types.h>

/* How a pushd is told that another one has taken its place: as SIGTERM, but it does not tell
 * the service manager that the service ends. */
#define UPGRADE_SIGNAL SIGQUIT

/* This process serves: tells the service manager so, and has the predecessor (0: there is
 * none) end, without waiting for that. */
void upgrade_finish(pid_t pid);

#endif
