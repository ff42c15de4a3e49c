/*
 * tcp_listener: TCP sockets bound to an address of the configuration, host:port.
 *
 * A host that is empty stands for all addresses of the machine; of a name with several addresses
 * the first usable one counts; an IPv6 address may be in brackets. Errors are logged with the
 * option's name, `key`. The socket is closed on exec.
 */
#ifndef CONFAB_TCP_LISTENER_H
#define CONFAB_TCP_LISTENER_H

#include <stdbool.h>

/* Binds a socket to an address that no other one may use; the port must not be 0. Returns the
 * socket, for the caller to listen on, or -1. */
int tcp_listener_open(const char *key, const char *address);

/* Binds a socket to an address that several processes of one user may listen on together
 * (SO_REUSEPORT); port 0 takes a free one. `beside` true: another process may already listen
 * there; false: that is an error. Returns the socket, for the caller to listen on, or -1. */
int tcp_listener_open_shared(const char *key, const char *address, bool beside);

/* The port that a socket is bound to; 0 if it has none. */
unsigned tcp_listener_port(int fd);

#endif
