#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "text.h"

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

/* A socket file that nobody answers at is left over from a process that died. */
static bool is_alive(const struct sockaddr_un *name) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)name, sizeof(*name)) == 0;
    if (fd >= 0)
        close(fd);
    return alive;
}

/* Why the path cannot be taken, an error number: something answers at it, or it is no
 * socket at all, and nobody asked for that file to be removed. 0 if it can. */
static int occupied_by(const struct sockaddr_un *name) {
    struct stat found;
    if (lstat(name->sun_path, &found) == 0 && !S_ISSOCK(found.st_mode))
        return EEXIST;
    return is_alive(name) ? EADDRINUSE : 0;
}

/* Locks the folder of a path until the descriptor returned is closed, so that two that
 * start at once do not both find a dead socket and take it from each other. -1: a folder
 * that cannot be opened; what follows fails by itself then. */
static int lock_folder(const char *path) {
    char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 2];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof(folder), "%.*s/.", slash ? (int)(slash - path) : 1, slash ? path : ".");
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        flock(fd, LOCK_EX);
    return fd;
}

static int bind_unix(const struct sockaddr_un *name) {
    errno = occupied_by(name);
    if (errno != 0)
        return fail(-1, name->sun_path);
    unlink(name->sun_path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const mode_t mask = umask(0117);
    const int bound = fd < 0 ? -1 : bind(fd, (const struct sockaddr *)name, sizeof(*name));
    umask(mask);
    if (bound < 0 || listen(fd, BACKLOG) < 0)
        return fail(fd, name->sun_path);
    return fd;
}

static int open_unix(const char *path) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(name.sun_path)) {
        errno = ENAMETOOLONG;
        return fail(-1, path);
    }
    memcpy(name.sun_path, path, strlen(path) + 1);
    const int lock = lock_folder(path);
    const int fd = bind_unix(&name);
    if (lock >= 0)
        close(lock);
    return fd;
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
