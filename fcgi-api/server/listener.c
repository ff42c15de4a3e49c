/* Chooses by the form of fcgi_listen between a Unix socket (a path) and a TCP socket (host:port),
 * or takes the one that systemd has opened. */
#include "server/listener.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "os/tcp_listener.h"

/* Connections that may wait to be accepted; the kernel cuts it to net.core.somaxconn. */
#define BACKLOG 4096

/* The first descriptor that systemd passes. */
#define SYSTEMD_FD 3

int listener_from_systemd(void) {
    const char *pid = getenv("LISTEN_PID");
    const char *count = getenv("LISTEN_FDS");
    /* LISTEN_PID guards against variables inherited from another process (sd_listen_fds(3)). */
    if (!pid || !count || strtol(pid, NULL, 10) != (long)getpid() || strcmp(count, "1") != 0)
        return -1;
    return SYSTEMD_FD;
}

/* The path exists only if the socket accepts. Returns the descriptor, or -1 with the error
 * logged. */
static int open_unix(struct unix_listener *listener, const char *path) {
    if (!unix_listener_open(listener, path, false))
        return -1;
    /* At its path only now, when it accepts already. */
    if (unix_listener_publish(listener))
        return listener->fd;
    close(listener->fd);
    listener->fd = -1;
    return -1;
}

/* As open_unix, for an address and port. */
static int open_tcp(const char *address) {
    const int fd = tcp_listener_open("fcgi_listen", address);
    /* The socket is bound; it accepts from here on. */
    if (fd >= 0 && listen(fd, BACKLOG) < 0) {
        log_error("fcgi_listen: cannot listen on %s: %s", address, strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

static bool is_path(const char *address) {
    /* A name without slash and colon is a file of the working directory. */
    return strchr(address, '/') || !strchr(address, ':');
}

int listener_open(struct listener *listener, const char *address) {
    *listener = (struct listener)LISTENER_NONE;
    if (address[0] == '\0') {
        log_error("fcgi_listen is not set");
        return -1;
    }
    return is_path(address) ? open_unix(&listener->file, address) : open_tcp(address);
}

void listener_remove(const struct listener *listener) {
    unix_listener_remove(&listener->file);
}
