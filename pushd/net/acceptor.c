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

/* Connections that may wait to be taken: many come back at once. */
#define BACKLOG 4096

/* Connections taken in one go, so that a flood of them leaves time for others. */
#define ACCEPT_BATCH 64

/* Without memory or descriptors for one more, the next try comes after so long. */
#define PAUSE_MS 100

struct acceptor {
    uv_poll_t poll;
    uv_timer_t pause;
    int fd;
    acceptor_on_accept *on_accept;
    void *context;
    unsigned handles; /* to be closed before it is freed */
};

static void on_ready(uv_poll_t *poll, int failed, int events);

static void resume(uv_timer_t *timer) {
    struct acceptor *acceptor = timer->data;
    uv_poll_start(&acceptor->poll, UV_READABLE, on_ready);
}

/* Whoever hung up before being taken is an error too, which the next one has no part in. */
static bool is_out_of_resources(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* The next of those who wait; false with errno set. */
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

static void accept_some(uv_poll_t *poll) {
    struct acceptor *acceptor = poll->data;
    for (unsigned i = 0; i < ACCEPT_BATCH && uv_is_active((uv_handle_t *)poll); i++) {
        if (accept_one(acceptor))
            continue;
        if (is_out_of_resources(errno)) {
            log_warn("cannot take a connection: %s", strerror(errno));
            uv_poll_stop(poll);
            uv_timer_start(&acceptor->pause, resume, PAUSE_MS, 0);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        }
    }
}

static void on_ready(uv_poll_t *poll, int failed, int events) {
    (void)failed;
    (void)events;
    slow_callback_start("taking connections");
    accept_some(poll);
    slow_callback_stop();
}

struct acceptor *acceptor_new(uv_loop_t *loop, int listen_fd, acceptor_on_accept *on_accept,
                              void *context) {
    /* Inherited by each connection; a Unix socket knows no such things, and needs none. */
    const int yes = 1;
    setsockopt(listen_fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    setsockopt(listen_fd, IPPROTO_TCP, TCP_CORK, &yes, sizeof(yes));
    if (listen(listen_fd, BACKLOG) != 0) {
        log_error("cannot listen: %s", strerror(errno));
        return NULL;
    }
    struct acceptor *acceptor = xcalloc(1, sizeof(*acceptor));
    acceptor->fd = listen_fd;
    acceptor->on_accept = on_accept;
    acceptor->context = context;
    uv_poll_init(loop, &acceptor->poll, listen_fd); /* which makes it one that does not block */
    uv_timer_init(loop, &acceptor->pause);
    acceptor->poll.data = acceptor->pause.data = acceptor;
    acceptor->handles = 2;
    uv_poll_start(&acceptor->poll, UV_READABLE, on_ready);
    return acceptor;
}

static void on_closed(uv_handle_t *handle) {
    struct acceptor *acceptor = handle->data;
    if (--acceptor->handles == 0)
        free(acceptor);
}

/* Who waits is connected, as far as they know, and would be cut off. */
static void accept_backlog(struct acceptor *acceptor) {
    for (unsigned i = 0; i < BACKLOG && accept_one(acceptor); i++) {
    }
}

void acceptor_close(struct acceptor *acceptor) {
    accept_backlog(acceptor);
    uv_close((uv_handle_t *)&acceptor->poll, on_closed);
    uv_close((uv_handle_t *)&acceptor->pause, on_closed);
    close(acceptor->fd);
}
