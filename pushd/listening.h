/*
 * listening: TCP sockets at an address of the configuration, host:port.
 */
#ifndef CONFAB_PUSHD_LISTENING_H
#define CONFAB_PUSHD_LISTENING_H

/* Takes an address, to listen on it; port 0 takes a free one. Fails where somebody listens
 * already. `key` is the option it comes from, for the log. Returns the socket, which no other
 * program inherits, or -1 with the cause logged. */
int listening_open(const char *key, const char *address);

/* The same where processes of this user listen on one port together, by SO_REUSEPORT. The
 * first one, who holds the socket without listening, finds out whether the port is free, and
 * keeps it so. */
int listening_reserve(const char *key, const char *address);
int listening_share(const char *key, const char *address);

/* The port of a socket; 0 if it has none. */
unsigned listening_port(int fd);

#endif
