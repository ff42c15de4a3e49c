/*
 * acceptor: accepts connections in bounded batches and hands each descriptor on. It consists of a
 * poll handle on the listening socket and a timer that resumes accepting after descriptors or
 * memory ran out. accept4(2) is called here and not left to libuv or libwebsockets, so that a
 * connection over a limit can be closed before anything is allocated for it.
 */
#include "net/acceptor.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "metrics/slow_callback.h"

/* Length of the kernel's queue: after an outage many clients reconnect at once. */
#define BACKLOG 4096

/* Connections accepted in one loop iteration, so that a burst does not starve open sockets. */
#define ACCEPT_BATCH 64

/* The kernel's send buffer of each connection; by default it grows to megabytes for a client that
 * does not read. */
static const int SEND_BUFFER = 128 * 1024;

/* How long accepting pauses when memory or descriptors run out. */
#define PAUSE_MS 100

struct acceptor {
    uv_poll_t poll;
    uv_timer_t pause;
    int fd;
    acceptor_on_accept *on_accept;
    void *context;
    unsigned open_handles; /* the acceptor is freed when both are closed */
};

/* Accepts one connection; false with errno set if there is none. */
static bool accept_one(struct acceptor *acceptor) {
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof(address);
    const int fd =
        accept4(acceptor->fd, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return false;
    acceptor->on_accept(acceptor->context, fd, (struct sockaddr *)&address, len);
    return true;
}

/* Whether accept4 failed for want of memory or descriptors: the connection stays queued. */
static bool is_exhausted(void) {
    return errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
}

/* Whether the queue is empty. Any other error is of one connection, such as a peer that
 * disconnected in the queue: the next one may succeed. */
static bool is_empty(void) {
    return errno == EAGAIN || errno == EWOULDBLOCK;
}

static void on_readable(uv_poll_t *poll, int failed, int events);

/* Accepts again after a pause. */
static void on_pause_end(uv_timer_t *timer) {
    struct acceptor *acceptor = timer->data;
    uv_poll_start(&acceptor->poll, UV_READABLE, on_readable);
}

/* Accepts connections that wait, a batch at a time. */
static void on_readable(uv_poll_t *poll, int failed, int events) {
    struct acceptor *acceptor = poll->data;
    (void)failed;
    (void)events;
    slow_callback_start("accepting connections");
    /* The pause below stops the poll handle, which ends the loop. */
    for (unsigned i = 0; i < ACCEPT_BATCH && uv_is_active((uv_handle_t *)poll); i++) {
        if (accept_one(acceptor))
            continue;
        if (is_empty())
            break;
        /* The socket stays readable, so without a pause the loop would spin here. */
        if (is_exhausted()) {
            log_warn("cannot accept a connection: %s", strerror(errno));
            uv_poll_stop(poll);
            uv_timer_start(&acceptor->pause, on_pause_end, PAUSE_MS, 0);
        }
    }
    slow_callback_stop();
}

struct acceptor *acceptor_new(uv_loop_t *loop, int listen_fd, acceptor_on_accept *on_accept,
                              void *context) {
    /* Accepted sockets inherit these options. On a Unix socket the calls fail, and it does not
     * need them. */
    const int yes = 1;
    setsockopt(listen_fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    setsockopt(listen_fd, IPPROTO_TCP, TCP_CORK, &yes, sizeof(yes));
    setsockopt(listen_fd, SOL_SOCKET, SO_SNDBUF, &SEND_BUFFER, sizeof(SEND_BUFFER));
    /* The socket is bound already. listen(2) on a socket that listens only changes the backlog. */
    if (listen(listen_fd, BACKLOG) != 0) {
        log_error("cannot listen: %s", strerror(errno));
        return NULL;
    }
    struct acceptor *acceptor = xcalloc(1, sizeof(*acceptor));
    acceptor->fd = listen_fd;
    acceptor->on_accept = on_accept;
    acceptor->context = context;
    uv_poll_init(loop, &acceptor->poll, listen_fd); /* makes it non-blocking */
    uv_timer_init(loop, &acceptor->pause);
    acceptor->poll.data = acceptor->pause.data = acceptor;
    /* libuv uses a handle until its close callback, so the acceptor lives until both have come. */
    acceptor->open_handles = 2;
    uv_poll_start(&acceptor->poll, UV_READABLE, on_readable);
    return acceptor;
}

/* One handle is closed; the second one frees the acceptor. */
static void on_closed(uv_handle_t *handle) {
    struct acceptor *acceptor = handle->data;
    if (--acceptor->open_handles == 0)
        free(acceptor);
}

void acceptor_close(struct acceptor *acceptor) {
    /* Queued clients believe they are connected, and close(2) would reset them. */
    for (unsigned i = 0; i < BACKLOG; i++)
        if (!accept_one(acceptor) && (is_empty() || is_exhausted()))
            break;
    /* uv_close stops the poll at once, so that the descriptor can be closed right after it. */
    uv_close((uv_handle_t *)&acceptor->poll, on_closed);
    uv_close((uv_handle_t *)&acceptor->pause, on_closed);
    close(acceptor->fd);
}
