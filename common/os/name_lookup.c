/* A detached thread does the lookup and writes the result, as one piece, into a pipe. It shares
 * nothing else with the caller: if the caller has abandoned the lookup, the pipe has no reader and
 * the write fails. */
#include "os/name_lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"

/* The kernel writes no more than this as one piece. */
_Static_assert(sizeof(struct name_lookup_result) <= PIPE_BUF, "size");

/* What the thread works with, and frees. */
struct lookup {
    int fd; /* the end of the pipe for writing */
    char port[24];
    char host[];
};

/* The thread: looks up, writes the result into the pipe, and ends. */
static void *look_up(void *context) {
    struct lookup *lookup = context;
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    struct name_lookup_result result = {0};
    result.error = getaddrinfo(lookup->host, lookup->port, &hints, &addresses);
    result.system_error = errno;
    /* If there are more, the best are kept: getaddrinfo sorts them (RFC 6724). */
    for (const struct addrinfo *each = addresses; each && result.count < NAME_LOOKUP_MAX;
         each = each->ai_next)
        if (each->ai_addrlen <= sizeof(result.addresses[0]))
            memcpy(&result.addresses[result.count++], each->ai_addr, each->ai_addrlen);
    if (addresses)
        freeaddrinfo(addresses);
    /* EPIPE: the caller has abandoned the lookup. */
    while (write(lookup->fd, &result, sizeof(result)) < 0 && errno == EINTR) {
    }
    close(lookup->fd);
    free(lookup);
    return NULL;
}

/* Starts the thread, which owns the lookup and its end of the pipe then. It takes no signals: those
 * that stop the process are for its other threads, and SIGPIPE would end it. */
static bool start_thread(struct lookup *lookup) {
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool started = pthread_create(&thread, &attributes, look_up, lookup) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return started;
}

int name_lookup_start(const char *host, uint64_t port) {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0)
        return -1;
    /* The caller's end only: the thread waits in write, the caller never in read. */
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    struct lookup *lookup = xcalloc(1, sizeof(*lookup) + strlen(host) + 1);
    lookup->fd = fds[1];
    snprintf(lookup->port, sizeof(lookup->port), "%" PRIu64, port);
    /* The terminator is there: the memory is zeroed. */
    memcpy(lookup->host, host, strlen(host));
    if (start_thread(lookup))
        return fds[0];
    close(fds[0]);
    close(fds[1]);
    free(lookup);
    return -1;
}

bool name_lookup_read(int fd, struct name_lookup_result *result) {
    const ssize_t size = read(fd, result, sizeof(*result));
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (size != (ssize_t)sizeof(*result))
        *result = (struct name_lookup_result){.error = EAI_FAIL};
    return true;
}

const char *name_lookup_error(const struct name_lookup_result *result) {
    if (result->error == EAI_SYSTEM)
        return strerror(result->system_error);
    return result->error ? gai_strerror(result->error) : "the host has no address";
}
