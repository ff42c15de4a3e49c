/*
 * listener: the socket that the web server connects to.
 */
#ifndef CONFAB_LISTENER_H
#define CONFAB_LISTENER_H

/* The socket that systemd passed to this process (sd_listen_fds(3)), or -1. */
int listener_from_systemd(void);

/* Listens on an address: a path makes a Unix socket (mode 0660; see os/unix_listener.h),
 * host:port a TCP socket. Returns the socket, or -1 with the cause logged. */
int listener_open(const char *address);

/* Removes the Unix socket at the address, if it is one. */
void listener_remove(const char *address);

#endif
