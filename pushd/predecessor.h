/*
 * predecessor: the pushd that a new one takes over from.
 *
 * Both listen on one port for a moment, so that whoever comes finds one of them; then the
 * old one closes its sockets, and its clients come back to the new one with `since`.
 */
#ifndef CONFAB_PUSHD_PREDECESSOR_H
#define CONFAB_PUSHD_PREDECESSOR_H

#include <sys/types.h>

/* Has it end (SIGTERM), without waiting for that; 0 is nobody. */
void predecessor_end(pid_t pid);

#endif
