/*
 * acceptor: takes connections from a listening socket, on the loop.
 *
 * libwebsockets can listen by itself, but cannot stop it before the end, and shares a port
 * only with threads of its own.
 */
#ifndef CONFAB_PUSHD_ACCEPTOR_H
#define CONFAB_PUSHD_ACCEPTOR_H

#include <sys/socket.h>
#include <uv.h>

struct acceptor;

/* A connection came from a peer, over TCP or a Unix socket: one that does not block and delays
 * nothing (TCP_NODELAY) once TCP_CORK is taken from it, which belongs to the callee. Before,
 * what is written waits for more, until the connection is closed or for 200 ms at most
 * (tcp(7)), so that the answer to a handshake and the first frame are one packet. */
typedef void acceptor_on_accept(void *context, int fd, const struct sockaddr *peer, socklen_t len);

/* Begins to listen on a socket that is bound, which it closes in the end. NULL, with the
 * cause logged, if it cannot. */
struct acceptor *acceptor_new(uv_loop_t *loop, int listen_fd, acceptor_on_accept *taken,
                              void *context);

/* Takes those who wait already, and listens no more: who comes is refused by the kernel. Frees
 * itself once the loop has let go. */
void acceptor_close(struct acceptor *acceptor);

#endif
