#include "os/tcp_listener.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

/* Finds what an address means, to be freed; NULL with the cause logged. */
static struct addrinfo *look_up(const char *key, const char *address) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char host[256];
    uint64_t port;
    const char *colon = strrchr(address, ':');
    if (!colon || !text_to_u64(text_of(colon + 1), &port) || port > 65535 ||
        (size_t)(colon - address) >= sizeof(host)) {
        log_error("%s must be host:port, not %s", key, address);
        return NULL;
    }
    snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
    if (getaddrinfo(host[0] ? host : NULL, colon + 1, &hints, &found) != 0) {
        log_error("%s must name an address, not %s", key, host);
        return NULL;
    }
    return found;
}

static int open_bound(const struct addrinfo *where, bool share) {
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

/* Sockets may be bound to one address together as long as nobody listens. */
static bool nobody_listens(const struct addrinfo *where) {
    const int fd = open_bound(where, false);
    const bool free = fd >= 0 && listen(fd, 1) == 0;
    const int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return free;
}

int tcp_listener_open(const char *key, const char *address, bool beside) {
    struct addrinfo *where = look_up(key, address);
    if (!where)
        return -1;
    const int fd = beside || nobody_listens(where) ? open_bound(where, true) : -1;
    if (fd < 0)
        log_error("cannot listen on %s: %s", address, strerror(errno));
    freeaddrinfo(where);
    return fd;
}

unsigned tcp_listener_port(int fd) {
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof(address);
    char port[8];
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0 ||
        getnameinfo((struct sockaddr *)&address, len, NULL, 0, port, sizeof(port),
                    NI_NUMERICSERV) != 0)
        return 0;
    return (unsigned)strtoul(port, NULL, 10);
}
