/*
 * listening: TCP sockets at an address of the configuration, host:port.
 */
#ifndef CONFAB_PUSHD_LISTENING_H
#define CONFAB_PUSHD_LISTENING_H

#include <stdbool.h>

/* Takes an address, to listen on it; port 0 takes a free one. Processes of one user can listen
 * there together (SO_REUSEPORT): with `beside` somebody may do so already, who has to be of
 * ours; else it fails then. `key` is the option it comes from, for the log. Returns the socket,
 * which no other program inherits, or -1 with the cause logged. */
int tcp_listener_open(const char *key, const char *address, bool beside);

/* The port of a socket; 0 if it has none. */
unsigned tcp_listener_port(int fd);

#endif
