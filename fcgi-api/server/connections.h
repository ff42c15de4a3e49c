/*
 * connections: the connections of one process with the web server.
 *
 * No peer can hold the process: requests are collected without waiting, each until a deadline, and
 * served when they are complete; what the web server does not take of a response at once is sent
 * later. Only the number of connections is limited; the slowest one makes room for a new one.
 */
#ifndef CONFAB_FCGI_API_SERVER_CONNECTIONS_H
#define CONFAB_FCGI_API_SERVER_CONNECTIONS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "server/fastcgi.h"
#include "server/response.h"

/* Most connections of a process. */
#define CONNECTIONS_MAX 64

struct connections;

/* A connection with a request to be served. */
struct connection {
    struct fastcgi fastcgi; /* in FASTCGI_BODY the deadline has passed, or the body announced is
                             * too large; in FASTCGI_TOO_LARGE the one sent is */
    int fd;
    bool in_epoll;
    int phase;           /* private */
    int64_t deadline_ms; /* on the monotonic clock */
    struct buffer out;   /* the records of the response, of which `sent` bytes are sent */
    size_t sent;
    struct response_file file; /* the rest of the body, read piece by piece once `out` is sent */
};

/* Accepts on a listening socket. Returns NULL, with the cause logged, if it cannot be polled. */
struct connections *connections_new(int listen_fd);

/* Waits, for at most wait_ms milliseconds and until a signal, for a request; serves those that
 * send or close meanwhile. `mask` is the signal mask while it waits, body_limit the largest body in
 * bytes, seconds the time in which a request has to arrive. Returns a connection for
 * connections_respond, or NULL. */
struct connection *connections_next(struct connections *connections, const sigset_t *mask,
                                    int wait_ms, size_t body_limit, uint64_t seconds);

/* Sends the response in connection->out, then connection->file, if it is open, with the end of the
 * response after it: as much as the web server takes now, and the rest from connections_next. The
 * file is closed. */
void connections_respond(struct connections *connections, struct connection *connection);

/* Accepts no more; those that are open are still served. */
void connections_stop(struct connections *connections);

/* The number of open connections on which a request or a response is incomplete. */
size_t connections_busy(const struct connections *connections);

/* Closes all. The listening socket stays open. */
void connections_free(struct connections *connections);

#endif
