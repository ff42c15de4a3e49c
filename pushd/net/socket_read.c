/* socket_read: the state of each connection, by file descriptor, and the functions of libc. */
#include "net/socket_read.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "net/frame_scan.h"
#include "net/head_scan.h"

/* More descriptors than a process can use in practice. */
#define MAX_FDS 1100000

/* For a connection whose socket is not attached yet. */
struct opening {
    struct head_scan head;
    bool pinged; /* a ping came: */
    unsigned char ping_len;
    unsigned char ping[FRAME_SCAN_MAX_CONTROL];
};

struct reading {
    struct socket *socket;   /* NULL: not attached, or not any more */
    struct opening *opening; /* NULL once attached */
    struct frame_scan scan;  /* what follows the head */
    bool refused;
};

/* recv and close have no context, so they need these globals. Only the loop's thread uses them. */
static _Thread_local bool on_loop;
static struct reading **readings; /* by descriptor */
static size_t reading_count;
static const struct socket_read_callbacks *reader;

static struct reading *find(int fd) {
    return on_loop && fd >= 0 && (size_t)fd < reading_count ? readings[fd] : NULL;
}

/* A connection that was closed: descriptors are used again by the next one. */
static void end(int fd) {
    struct reading *reading = find(fd);
    if (!reading)
        return;
    readings[fd] = NULL;
    frame_scan_free(&reading->scan);
    free(reading->opening);
    free(reading);
}

void socket_read_init(const struct socket_read_callbacks *callbacks) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    reading_count = limit.rlim_cur < MAX_FDS ? (size_t)limit.rlim_cur : MAX_FDS;
    readings = xcalloc(reading_count, sizeof(struct reading *));
    reader = callbacks;
    on_loop = true;
}

void socket_read_free(void) {
    for (size_t fd = 0; fd < reading_count; fd++)
        end((int)fd);
    on_loop = false;
    free(readings);
    readings = NULL;
    reading_count = 0;
}

void socket_read_begin(int fd) {
    end(fd);
    if (!on_loop || (size_t)fd >= reading_count)
        return;
    readings[fd] = xcalloc(1, sizeof(struct reading));
    readings[fd]->opening = xcalloc(1, sizeof(struct opening));
}

unsigned socket_read_own_tokens(int fd) {
    const struct reading *reading = find(fd);
    return reading && reading->opening ? reading->opening->head.own_tokens : 0;
}

unsigned socket_read_users(int fd) {
    const struct reading *reading = find(fd);
    return reading && reading->opening ? reading->opening->head.users : 0;
}

void socket_read_attach(int fd, struct socket *socket) {
    struct reading *reading = find(fd);
    if (!reading)
        return;
    struct opening *opening = reading->opening;
    reading->socket = socket;
    reading->opening = NULL;
    /* A client may send frames in the packet of its request: they are answered now. */
    if (opening && opening->pinged)
        reader->ping(socket, opening->ping, opening->ping_len);
    free(opening);
    if (reading->scan.is_bad)
        reader->bad_frame(socket);
}

void socket_read_detach(int fd) {
    struct reading *reading = find(fd);
    if (reading)
        reading->socket = NULL;
}

/* A ping has arrived: answered by the socket, or kept until there is one. */
static void on_ping(void *context, const unsigned char *payload, size_t len) {
    struct reading *reading = context;
    struct opening *opening = reading->opening;
    /* Only the last ping needs an answer (RFC 6455, section 5.5.3), so one place is enough. */
    if (reading->socket) {
        reader->ping(reading->socket, payload, len);
    } else if (opening) {
        opening->pinged = true;
        opening->ping_len = (unsigned char)len;
        memcpy(opening->ping, payload, len);
    }
}

/* Returns how many of the bytes libwebsockets gets. */
static size_t scan(int fd, struct reading *reading, unsigned char *bytes, size_t len) {
    const bool was_bad = reading->scan.is_bad;
    size_t head = 0;
    /* Until the head is complete all bytes belong to it; `head` of them have then been used. */
    const unsigned status =
        reading->opening ? head_scan(&reading->opening->head, bytes, len, &head) : 0;
    if (status) {
        reading->refused = true;
        reader->refused(fd, status);
        return 0;
    }
    /* Changes pings to pongs, which libwebsockets ignores. */
    const size_t frames = frame_scan(&reading->scan, bytes + head, len - head, on_ping, reading);
    if (reading->scan.is_bad && !was_bad && reading->socket)
        reader->bad_frame(reading->socket);
    return head + frames;
}

/* ---- libc ---- */

ssize_t recv(int fd, void *bytes, size_t size, int flags) {
    /* recvfrom without an address is recv. */
    const ssize_t len = recvfrom(fd, bytes, size, flags, NULL, NULL);
    struct reading *reading = find(fd);
    if (!reading || len <= 0 || (flags & MSG_PEEK))
        return len;
    const size_t rest = reading->refused ? 0 : scan(fd, reading, bytes, (size_t)len);
    if (rest > 0)
        return (ssize_t)rest;
    /* Nothing is left for libwebsockets: as if nothing had come. 0 would mean the end of the
     * stream. */
    errno = EAGAIN;
    return -1;
}

int close(int fd) {
    end(fd);
    return (int)syscall(SYS_close, fd);
}
