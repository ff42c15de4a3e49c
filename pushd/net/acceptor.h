/*
 * acceptor: accepts connections from a listening socket on the loop.
 *
 * libwebsockets can listen by itself, but then it cannot stop listening before its context is
 * destroyed, and shares a port with its own threads only.
 */
#ifndef CONFAB_PUSHD_NET_ACCEPTOR_H
#define CONFAB_PUSHD_NET_ACCEPTOR_H

#include <sys/socket.h>
#include <uv.h>

struct acceptor;

/* A connection was accepted, over TCP or a Unix socket. The callee owns fd, which is
 * non-blocking, with TCP_NODELAY and TCP_CORK set: so that the answer to the handshake and the
 * first frame are one packet, the kernel holds back what is written until the callee clears
 * TCP_CORK, for 200 ms at most (tcp(7)). */
typedef void acceptor_on_accept(void *context, int fd, const struct sockaddr *peer, socklen_t len);

/* Listens on a bound socket, which the acceptor owns from then on. NULL, with the cause logged,
 * if listen(2) fails. */
struct acceptor *acceptor_new(uv_loop_t *loop, int listen_fd, acceptor_on_accept *on_accept,
                              void *context);

/* Accepts the connections in the kernel's queue, then stops listening; the kernel refuses later
 * ones. Frees itself once the loop has closed its handles. */
void acceptor_close(struct acceptor *acceptor);

#endif
