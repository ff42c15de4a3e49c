/*
 * fake_socket: takes the place of pushd/socket.c: sockets that keep what they are sent.
 */
#ifndef CONFAB_TESTS_FAKE_SOCKET_H
#define CONFAB_TESTS_FAKE_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "net/handshake.h"
#include "net/socket.h"

struct socket {
    const struct sockets_callbacks *callbacks;
    struct client *client; /* NULL: refused, or gone */
    char **received;       /* JSON texts, in order */
    size_t count, space;
    size_t read;         /* by fake_socket_next */
    unsigned close_code; /* 0: open */
    enum metrics_drop why;
};

/* A handshake; the listener must outlive the socket. The caller frees the socket. */
struct socket *fake_socket_open(const struct sockets_callbacks *callbacks,
                                const struct handshake *handshake);

/* The client says something. Dropped if the socket is closing, as the real one does. */
void fake_socket_receive(struct socket *socket, struct text message, bool binary);

/* The connection ends. */
void fake_socket_disconnect(struct socket *socket);

/* The next text that was not read yet, which belongs to the socket; NULL if there is none. */
const char *fake_socket_next(struct socket *socket);

/* Hangs up and frees. */
void fake_socket_free(struct socket *socket);

#endif
