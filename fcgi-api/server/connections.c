/* Accepting, reading and writing without waiting, with one epoll descriptor, in one thread. A
 * connection whose request is there at once and whose response is taken at once, as is usual, is
 * never added to it.
 * The process serves one request at a time: connections_next returns a connection when its request
 * is complete, and connections_respond sends what was written to its buffer. A slow web server or
 * client delays only itself. `phase` says what a connection waits for, `deadline_ms` how long. */
#include "server/connections.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/xalloc.h"

enum phase {
    PHASE_READING, /* a request */
    PHASE_SERVING, /* returned by connections_next */
    PHASE_WRITING, /* a response */
    PHASE_KEPT,    /* waiting for another request */
    PHASE_CLOSING, /* discarding what the web server still sends, since closing the socket could
                    * destroy the response before it is read */
};

/* A buffer for a response that is larger than this is not kept. */
#define OUT_KEEP ((size_t)256 * 1024)

/* Time to take a response, to send another request on a connection that is kept, and to close
 * after a response to an incomplete request, in milliseconds. */
#define WRITE_MS 60000
#define KEPT_MS 60000
#define CLOSE_MS 2000

struct connections {
    int listen_fd; /* -1: stopped */
    int epoll;
    size_t count;
    struct connection *open[CONNECTIONS_MAX];
    struct connection *spare; /* keeps the memory of one that was closed */
};

/* The socket must not block, in case another process accepts a connection first. EPOLLEXCLUSIVE
 * wakes one process per connection, not all. */
struct connections *connections_new(int listen_fd) {
    /* data.ptr NULL marks the listening socket. */
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE};
    const int flags = fcntl(listen_fd, F_GETFL);
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0 || flags < 0 || fcntl(listen_fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, listen_fd, &event) < 0) {
        log_error("cannot poll the listening socket: %s", strerror(errno));
        if (epoll >= 0)
            close(epoll);
        return NULL;
    }
    struct connections *connections = xcalloc(1, sizeof(*connections));
    connections->listen_fd = listen_fd;
    connections->epoll = epoll;
    return connections;
}

/* ---- one connection ---- */

/* Waits for one kind of event on the socket of a connection. */
static void watch(struct connections *connections, struct connection *connection, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = connection};
    /* Level-triggered, so nothing is lost if the socket is not read to its end. */
    const int operation = connection->in_epoll ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    connection->in_epoll = true;
    epoll_ctl(connections->epoll, operation, connection->fd, &event);
}

static void enter(struct connection *connection, enum phase phase, int64_t time_ms) {
    connection->phase = (int)phase;
    connection->deadline_ms = clock_monotonic_ms() + time_ms;
}

static void free_connection(struct connection *connection) {
    fastcgi_free(&connection->fastcgi);
    buffer_free(&connection->out);
    free(connection);
}

/* Closes a connection. Its memory is kept for the next one, if no other is kept. */
static void drop(struct connections *connections, struct connection *connection) {
    /* The last one takes its place in the array. */
    size_t at = 0;
    while (connections->open[at] != connection)
        at++;
    connections->open[at] = connections->open[--connections->count];
    close(connection->fd); /* which removes it from the epoll descriptor */
    response_close_file(&connection->file);
    /* One is kept, so that the next request needs no allocation; its buffers stay. */
    if (connections->spare) {
        free_connection(connection);
        return;
    }
    fastcgi_reset(&connection->fastcgi);
    buffer_recycle(&connection->out, OUT_KEEP);
    connections->spare = connection;
}

/* Takes an accepted socket; the caller has checked that there is room for it. */
static struct connection *add(struct connections *connections, int fd) {
    struct connection *connection = connections->spare;
    connections->spare = NULL;
    if (!connection)
        connection = xcalloc(1, sizeof(*connection));
    connection->fd = fd;
    connection->in_epoll = false;
    connections->open[connections->count++] = connection;
    return connection;
}

/* ---- reading ---- */

/* Reads what is there; true when the request is to be served. May drop the connection. */
static bool read_request(struct connections *connections, struct connection *connection,
                         size_t limit) {
    struct fastcgi *fastcgi = &connection->fastcgi;
    char bytes[65536];
    for (;;) {
        const ssize_t got = recv(connection->fd, bytes, sizeof(bytes), 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            watch(connections, connection, EPOLLIN);
            return false;
        }
        /* 0: closed, with or without half a request. */
        if (got <= 0) {
            drop(connections, connection);
            return false;
        }
        /* May use fewer bytes than there are: then the request is complete. */
        const size_t used = fastcgi_read(fastcgi, bytes, (size_t)got, limit);
        if (fastcgi->state == FASTCGI_INVALID) {
            drop(connections, connection);
            return false;
        }
        /* No web server sends the next request before the response to this one, so the bytes are a
         * mistake: the connection is not kept. */
        if (used < (size_t)got)
            fastcgi->keep_connection = false;
        if (fastcgi->state == FASTCGI_WHOLE || fastcgi->state == FASTCGI_TOO_LARGE)
            return true;
        /* CONTENT_LENGTH exceeds the limit: no need to wait for the body. */
        if (fastcgi->state == FASTCGI_BODY && fastcgi->announced > limit)
            return true;
    }
}

/* Discards what is there. */
static void discard(struct connections *connections, struct connection *connection) {
    char bytes[65536];
    const ssize_t got = recv(connection->fd, bytes, sizeof(bytes), 0);
    /* The web server has closed, so it has the response. */
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK))
        drop(connections, connection);
}

/* ---- writing ---- */

/* After the last byte: the connection is kept, closed, or read until the web server closes it. */
static void end_response(struct connections *connections, struct connection *connection) {
    /* The web server may still be sending: end our side, and read until it closes or CLOSE_MS is
     * over. */
    if (connection->fastcgi.state != FASTCGI_WHOLE) {
        shutdown(connection->fd, SHUT_WR);
        enter(connection, PHASE_CLOSING, CLOSE_MS);
        watch(connections, connection, EPOLLIN);
    } else if (connection->fastcgi.keep_connection && connections->listen_fd >= 0) {
        /* FastCGI's flag KEEP_CONN is set, and this process is not stopping. */
        fastcgi_reset(&connection->fastcgi);
        buffer_recycle(&connection->out, OUT_KEEP);
        enter(connection, PHASE_KEPT, KEPT_MS);
        watch(connections, connection, EPOLLIN);
    } else {
        drop(connections, connection);
    }
}

/* Reads the next piece of the file into the empty buffer, the last one with the end of the
 * response. False if there is none, or the file is shorter than was said: then *failed. */
static bool read_piece(struct connection *connection, bool *failed) {
    struct response_file *file = &connection->file;
    char piece[FASTCGI_PIECE];
    if (!file->is_open)
        return false;
    buffer_clear(&connection->out);
    connection->sent = 0;
    const size_t want = file->len < sizeof(piece) ? (size_t)file->len : sizeof(piece);
    const ssize_t got = want > 0 ? pread(file->fd, piece, want, (off_t)file->from) : 0;
    *failed = got < 0 || (size_t)got < want;
    if (*failed)
        return false;
    fastcgi_write_piece(&connection->fastcgi, (struct text){piece, want}, &connection->out);
    file->from += want;
    file->len -= want;
    if (file->len == 0) {
        fastcgi_write_end(&connection->fastcgi, &connection->out);
        response_close_file(file);
    }
    /* The web server takes it: its time begins again. */
    enter(connection, PHASE_WRITING, WRITE_MS);
    return true;
}

/* Sends as much as the kernel takes; epoll calls it again for the rest. */
static void write_response(struct connections *connections, struct connection *connection) {
    const struct buffer *out = &connection->out;
    bool failed = false;
    while (connection->sent < out->len || read_piece(connection, &failed)) {
        const ssize_t sent = send(connection->fd, out->data + connection->sent,
                                  out->len - connection->sent, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            /* The kernel's buffer is full: the rest when the web server has read some of it. */
            watch(connections, connection, EPOLLOUT);
            return;
        }
        if (sent < 0) {
            drop(connections, connection);
            return;
        }
        connection->sent += (size_t)sent;
    }
    /* Cut off, so that the client does not take it for the whole. */
    if (failed) {
        log_error("a file was truncated while it was sent");
        drop(connections, connection);
        return;
    }
    end_response(connections, connection);
}

void connections_respond(struct connections *connections, struct connection *connection) {
    connection->sent = 0;
    enter(connection, PHASE_WRITING, WRITE_MS);
    write_response(connections, connection);
}

/* ---- all connections ---- */

/* A connection on which no request is under way; NULL if there is none. */
static struct connection *first_kept(const struct connections *connections) {
    for (size_t i = 0; i < connections->count; i++)
        if (connections->open[i]->phase == PHASE_KEPT)
            return connections->open[i];
    return NULL;
}

/* The connection with the earliest deadline; NULL if there is none. */
static struct connection *first_due(const struct connections *connections) {
    struct connection *first = NULL;
    /* At most CONNECTIONS_MAX, so a scan is cheap. */
    for (size_t i = 0; i < connections->count; i++)
        if (!first || connections->open[i]->deadline_ms < first->deadline_ms)
            first = connections->open[i];
    return first;
}

/* Ends a connection that is late; true when it is to be served with an error. */
static bool expire(struct connections *connections, struct connection *connection) {
    /* In the middle of a body the client gets 408; before the headers are complete nothing can be
     * answered. */
    if (connection->phase == PHASE_READING && connection->fastcgi.state == FASTCGI_BODY)
        return true;
    drop(connections, connection);
    return false;
}

static struct connection *serving(struct connection *connection) {
    connection->phase = PHASE_SERVING;
    return connection;
}

/* Accepts a connection, if there is one; returns it when its request is there. */
static struct connection *accept_one(struct connections *connections, size_t limit,
                                     uint64_t seconds) {
    if (connections->listen_fd < 0 || connections->count == CONNECTIONS_MAX)
        return NULL;
    /* Another process may have accepted it: EAGAIN, as if there were no connection. */
    /* The address of the peer, the web server, is not needed; cppcheck does not know that. */
    /* cppcheck-suppress nullPointer */
    const int fd = accept4(connections->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return NULL;
    struct connection *connection = add(connections, fd);
    enter(connection, PHASE_READING, (int64_t)seconds * 1000);
    return read_request(connections, connection, limit) ? serving(connection) : NULL;
}

/* Goes on with a connection that can be read or written; returns it when its request is there. */
static struct connection *proceed(struct connections *connections, struct connection *connection,
                                  size_t limit, uint64_t seconds) {
    /* The first byte of another request starts its time limit. */
    if (connection->phase == PHASE_KEPT)
        enter(connection, PHASE_READING, (int64_t)seconds * 1000);
    /* Reading may have freed the connection. */
    if (connection->phase == PHASE_READING)
        return read_request(connections, connection, limit) ? serving(connection) : NULL;
    if (connection->phase == PHASE_WRITING)
        write_response(connections, connection);
    else if (connection->phase == PHASE_CLOSING)
        discard(connections, connection);
    return NULL;
}

struct connection *connections_next(struct connections *connections, const sigset_t *mask,
                                    int wait_ms, size_t body_limit, uint64_t seconds) {
    struct epoll_event event;
    const int64_t until = clock_monotonic_ms() + wait_ms;
    struct connection *ready = NULL;
    while (!ready) {
        const int64_t now = clock_monotonic_ms();
        struct connection *first = first_due(connections);
        const bool is_full = connections->count == CONNECTIONS_MAX;
        /* All places are taken: an idle one makes room, else the one that is due first. */
        if (is_full && first_kept(connections)) {
            drop(connections, first_kept(connections));
            continue;
        }
        if (first && (first->deadline_ms <= now || is_full)) {
            if (expire(connections, first))
                return serving(first);
            continue;
        }
        /* Under load this finds the next request without another system call. */
        if (connections->count == 0 && (ready = accept_one(connections, body_limit, seconds)))
            return ready;
        /* Until something happens, or a deadline, or the caller's time is over. */
        const int64_t end = first && first->deadline_ms < until ? first->deadline_ms : until;
        const int wait = end > now ? (int)(end - now) : 0;
        /* `mask` lets the stop signals in only during this wait. */
        const int found = epoll_pwait(connections->epoll, &event, 1, wait, mask);
        /* A signal, or the caller's time is over. After a deadline of a connection the loop goes
         * on. */
        if (found < 0 || (found == 0 && end == until))
            return NULL;
        if (found > 0)
            ready = event.data.ptr ? proceed(connections, event.data.ptr, body_limit, seconds)
                                   : accept_one(connections, body_limit, seconds);
    }
    return ready;
}

void connections_stop(struct connections *connections) {
    if (connections->listen_fd < 0)
        return;
    /* The socket itself belongs to the parent. */
    epoll_ctl(connections->epoll, EPOLL_CTL_DEL, connections->listen_fd, NULL);
    connections->listen_fd = -1;
    /* Backwards, since drop moves the last into the gap. */
    for (size_t i = connections->count; i-- > 0;)
        if (connections->open[i]->phase == PHASE_KEPT)
            drop(connections, connections->open[i]);
}

size_t connections_busy(const struct connections *connections) {
    return connections->count;
}

void connections_free(struct connections *connections) {
    while (connections->count > 0)
        drop(connections, connections->open[0]);
    if (connections->spare)
        free_connection(connections->spare);
    close(connections->epoll);
    free(connections);
}
