/*
 * fake_socket: replaces pushd/net/socket.c by sockets that record what they are sent.
 */
#ifndef CONFAB_TESTS_FAKE_SOCKET_H
#define CONFAB_TESTS_FAKE_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "net/handshake.h"
#include "net/socket.h"

struct socket {
    const struct sockets_callbacks *callbacks;
    struct client *client; /* NULL: disconnected */
    char **received;       /* JSON texts, in order */
    size_t count, space;
    size_t read;  /* by fake_socket_next */
    bool blocked; /* what is sent waits in the send queue: it is recorded all the same */
    bool notify_drained;
    bool is_full;  /* there is no place for it */
    bool admitted; /* it has taken a place */
    unsigned failures;
    uint64_t unacknowledged;
    unsigned close_code; /* 0: open */
    enum metrics_drop why;
};

/* Completes a handshake; callbacks must outlive the socket, which the caller frees. */
struct socket *fake_socket_open(const struct sockets_callbacks *callbacks,
                                const struct handshake *handshake);

/* A message arrives. Dropped if the socket is closing, as by the real one. */
void fake_socket_receive(struct socket *socket, struct text message, bool binary);

/* A blocked socket has taken all that was sent. */
void fake_socket_drain(struct socket *socket);

/* The client disconnects. */
void fake_socket_disconnect(struct socket *socket);

/* The next text that was not read, which belongs to the socket; NULL if there is none. */
const char *fake_socket_next(struct socket *socket);

/* Disconnects and frees. */
void fake_socket_free(struct socket *socket);

#endif
