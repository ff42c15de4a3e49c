/* Reads host:port, looks the host up, binds; the caller listens. An empty host is every address. A
 * shared listener (SO_REUSEPORT) lets each worker have a socket of its own, among which the kernel
 * spreads the connections. For a name with several addresses it uses the first one that this
 * machine has, as where localhost is ::1 and there is no IPv6. */
#include "os/tcp_listener.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

/* Looks an address up; the caller frees the result with freeaddrinfo. NULL with the cause
 * logged. */
static struct addrinfo *look_up(const char *key, const char *address, uint64_t min_port) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char host[256];
    uint64_t port;
    /* The last colon: IPv6 addresses contain others. */
    const char *colon = strrchr(address, ':');
    /* getaddrinfo() takes larger ports modulo 65536. */
    if (!colon || !text_to_u64(text_of(colon + 1), &port) || port < min_port || port > 65535 ||
        (size_t)(colon - address) >= sizeof(host)) {
        log_error("%s: %s is not host:port with a port from %u to 65535", key, address,
                  (unsigned)min_port);
        return NULL;
    }
    /* [::1]:8001 or ::1:8001 */
    const char *start = address;
    const char *end = colon;
    if (*start == '[' && end - start > 2 && end[-1] == ']') {
        start++;
        end--;
    }
    snprintf(host, sizeof(host), "%.*s", (int)(end - start), start);
    /* NULL with AI_PASSIVE is the wildcard address. */
    const int failed = getaddrinfo(host[0] ? host : NULL, colon + 1, &hints, &found);
    if (failed) {
        log_error("%s: cannot listen on %s: %s", key, address, gai_strerror(failed));
        return NULL;
    }
    return found;
}

/* Returns a bound socket, or -1 with the cause in errno. */
static int open_bound(const struct addrinfo *where, bool share) {
    /* SO_REUSEADDR: without it, connections in TIME_WAIT would prevent a restart for a minute. */
    const int yes = 1;
    const int fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
        (!share || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes)) == 0) &&
        bind(fd, where->ai_addr, where->ai_addrlen) == 0)
        return fd;
    const int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return -1;
}

/* Whether the address is free: a socket with SO_REUSEPORT can be bound to it even while another one
 * listens, so this is tested with a socket without it. The cause of a failure is left in errno. */
static bool is_free(const struct addrinfo *where) {
    /* This socket is only a test, and is closed at once. */
    const int fd = open_bound(where, false);
    const bool listens = fd >= 0 && listen(fd, 1) == 0;
    const int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return listens;
}

/* Tries the addresses of a host in turn; the cause of the last failure is left in errno. If one is
 * in use, no other is tried: clients would reach the listener there. */
static int open_first(const struct addrinfo *where, bool share, bool beside) {
    int fd = -1;
    for (; where && fd < 0; where = where->ai_next) {
        if (!share || beside || is_free(where))
            fd = open_bound(where, share);
        /* Only this address is in use: another one of the host might be free, but a client may ask
         * for either. */
        if (fd < 0 && errno == EADDRINUSE)
            break;
    }
    return fd;
}

static int log_failure(int fd, const char *key, const char *address) {
    if (fd < 0)
        log_error("%s: cannot listen on %s: %s", key, address, strerror(errno));
    return fd;
}

int tcp_listener_open(const char *key, const char *address) {
    struct addrinfo *where = look_up(key, address, 1);
    if (!where)
        return -1;
    const int fd = log_failure(open_first(where, false, false), key, address);
    freeaddrinfo(where);
    return fd;
}

int tcp_listener_open_shared(const char *key, const char *address, bool beside) {
    struct addrinfo *where = look_up(key, address, 0);
    if (!where)
        return -1;
    /* `beside`: an older process of this server still listens there, during an upgrade. */
    const int fd = log_failure(open_first(where, true, beside), key, address);
    freeaddrinfo(where);
    return fd;
}

unsigned tcp_listener_port(int fd) {
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof(address);
    char port[8];
    /* The port may have been 0: the kernel has chosen one. */
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0 ||
        getnameinfo((struct sockaddr *)&address, len, NULL, 0, port, sizeof(port),
                    NI_NUMERICSERV) != 0)
        return 0;
    return (unsigned)strtoul(port, NULL, 10);
}
