/*
 * resolver: a detached thread does the lookup and writes the result, as one piece, into a pipe that
 * the loop polls. The thread shares nothing else with the loop: if the lookup was cancelled, the
 * pipe has no reader and the write fails.
 */
#include "redis/resolver.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"

/* What the thread works with, and frees. */
struct lookup {
    int fd; /* the end of the pipe for writing */
    char port[24];
    char host[];
};

/* What it writes. */
struct result {
    int error; /* of getaddrinfo */
    int system_error;
    size_t count;
    struct sockaddr_storage addresses[RESOLVER_MAX];
};

/* The kernel writes no more than this as one piece. */
_Static_assert(sizeof(struct result) <= PIPE_BUF, "size");

struct resolver {
    uv_poll_t poll;
    int fd; /* the end for reading */
    resolver_done *done;
    void *context;
};

/* ---- on the thread ---- */

static void *look_up(void *context) {
    struct lookup *lookup = context;
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    struct result result = {0};
    result.error = getaddrinfo(lookup->host, lookup->port, &hints, &addresses);
    result.system_error = errno;
    for (const struct addrinfo *each = addresses; each && result.count < RESOLVER_MAX;
         each = each->ai_next)
        if (each->ai_addrlen <= sizeof(result.addresses[0]))
            memcpy(&result.addresses[result.count++], each->ai_addr, each->ai_addrlen);
    if (addresses)
        freeaddrinfo(addresses);
    /* EPIPE: nobody waits for it any more. */
    while (write(lookup->fd, &result, sizeof(result)) < 0 && errno == EINTR) {
    }
    close(lookup->fd);
    free(lookup);
    return NULL;
}

/* ---- on the loop ---- */

static void on_closed(uv_handle_t *handle) {
    free(handle->data);
}

void resolver_cancel(struct resolver *resolver) {
    /* uv_close stops polling at once, so that the descriptor can be closed. */
    uv_close((uv_handle_t *)&resolver->poll, on_closed);
    close(resolver->fd);
}

static const char *error_text(const struct result *result) {
    if (result->error == EAI_SYSTEM)
        return strerror(result->system_error);
    return result->error ? gai_strerror(result->error) : "the host has no address";
}

static void on_readable(uv_poll_t *poll, int failed, int events) {
    struct resolver *resolver = poll->data;
    struct result result;
    (void)failed;
    (void)events;
    const ssize_t size = read(resolver->fd, &result, sizeof(result));
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size != (ssize_t)sizeof(result))
        result = (struct result){.error = EAI_FAIL};
    resolver_done *done = resolver->done;
    void *context = resolver->context;
    resolver_cancel(resolver);
    done(context, result.addresses, result.count, result.count > 0 ? NULL : error_text(&result));
}

/* Starts the thread, which owns the lookup and its end of the pipe then. */
static bool start_thread(struct lookup *lookup) {
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    const bool started = pthread_create(&thread, &attributes, look_up, lookup) == 0;
    pthread_attr_destroy(&attributes);
    return started;
}

struct resolver *resolver_start(uv_loop_t *loop, const char *host, uint64_t port,
                                resolver_done *done, void *context) {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0)
        return NULL;
    struct lookup *lookup = xcalloc(1, sizeof(*lookup) + strlen(host) + 1);
    lookup->fd = fds[1];
    snprintf(lookup->port, sizeof(lookup->port), "%" PRIu64, port);
    memcpy(lookup->host, host, strlen(host));
    if (!start_thread(lookup)) {
        close(fds[0]);
        close(fds[1]);
        free(lookup);
        return NULL;
    }
    struct resolver *resolver = xcalloc(1, sizeof(*resolver));
    *resolver = (struct resolver){.fd = fds[0], .done = done, .context = context};
    resolver->poll.data = resolver;
    uv_poll_init(loop, &resolver->poll, resolver->fd); /* makes it non-blocking */
    uv_poll_start(&resolver->poll, UV_READABLE, on_readable);
    return resolver;
}
