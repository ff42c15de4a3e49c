#include "server/listener.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "os/unix_listener.h"

/* Connections that may wait for a process; the kernel cuts it to net.core.somaxconn. */
#define BACKLOG 4096

/* First descriptor systemd passes. */
#define SYSTEMD_FD 3

int listener_from_systemd(void) {
    const char *pid = getenv("LISTEN_PID");
    const char *count = getenv("LISTEN_FDS");
    if (!pid || !count || strtol(pid, NULL, 10) != (long)getpid() || strcmp(count, "1") != 0)
        return -1;
    return SYSTEMD_FD;
}

static int fail(int fd, const char *address) {
    log_error("cannot listen on %s: %s", address, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static int open_unix(const char *path) {
    struct unix_listener made;
    if (!unix_listener_open(&made, path, false))
        return -1;
    if (unix_listener_publish(&made))
        return made.fd;
    close(made.fd);
    return -1;
}

static int open_tcp(const char *address) {
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    char host[256];
    const char *colon = strrchr(address, ':');
    const int on = 1;
    uint64_t port = 0;
    /* getaddrinfo() takes larger ones modulo 65536. */
    if (!text_to_u64(text_of(colon + 1), &port) || port == 0 || port > 65535) {
        log_error("cannot listen on %s: a port is a number from 1 to 65535", address);
        return -1;
    }
    snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
    const int failed = getaddrinfo(host[0] ? host : NULL, colon + 1, &wanted, &found);
    if (failed) {
        log_error("cannot listen on %s: %s", address, gai_strerror(failed));
        return -1;
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
        fd = fail(fd, address);
    freeaddrinfo(found);
    return fd;
}

static bool is_path(const char *address) {
    return strchr(address, '/') || !strchr(address, ':');
}

int listener_open(const char *address) {
    if (address[0] == '\0') {
        log_error("fcgi_listen is not set: nowhere to listen");
        return -1;
    }
    return is_path(address) ? open_unix(address) : open_tcp(address);
}

void listener_remove(const char *address) {
    if (address[0] != '\0' && is_path(address))
        unlink(address);
}
