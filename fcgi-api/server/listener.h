/*
 * listener: the socket that the web server connects to.
 */
#ifndef CONFAB_LISTENER_H
#define CONFAB_LISTENER_H

#include "os/unix_listener.h"

/* The file of a socket that listener_open made, if it has one. */
struct listener {
    struct unix_listener file;
};

#define LISTENER_NONE       \
    {                       \
        .file = {.fd = -1 } \
    }

/* The socket that systemd passed to this process (sd_listen_fds(3)), or -1. */
int listener_from_systemd(void);

/* Listens on an address: a path makes a Unix socket (mode 0660; see os/unix_listener.h),
 * host:port a TCP socket. Returns the socket, or -1 with the cause logged. */
int listener_open(struct listener *listener, const char *address);

/* Removes the file of a Unix socket, unless another process has replaced it. */
void listener_remove(const struct listener *listener);

#endif
