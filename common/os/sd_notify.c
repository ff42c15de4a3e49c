/* Messages to the service manager (sd_notify(3)), without its library: one datagram to the socket
 * in $NOTIFY_SOCKET with lines VARIABLE=value. Without the variable nothing is sent. The socket is
 * opened for each message, since a forked or upgraded process must not share it. */
#include "os/sd_notify.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

/* Heartbeats per watchdog timeout. */
#define BEATS 3

/* Fills in the address of a path; one that starts with @ is an abstract name, which starts with a
 * NUL. */
static bool set_address(const char *path, struct sockaddr_un *name, socklen_t *size) {
    const size_t length = strlen(path);
    if ((path[0] != '/' && path[0] != '@') || length >= sizeof(name->sun_path))
        return false;
    *name = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(name->sun_path, path, length);
    if (path[0] == '@')
        name->sun_path[0] = '\0';
    /* The length ends the name: an abstract one has no terminator. */
    *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return true;
}

/* Another process notifies the service manager. */
static bool replaced;

/* Sends a message to the service manager, if there is one. */
static void send_state(const char *state) {
    const char *path = replaced ? NULL : getenv("NOTIFY_SOCKET");
    struct sockaddr_un name;
    socklen_t size;
    if (!path || !set_address(path, &name, &size))
        return;
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    /* Not waiting and ignoring errors: a stuck service manager must not stop the server. */
    sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&name, size);
    close(fd);
}

void sd_notify_ready(void) {
    send_state("READY=1");
}

void sd_notify_main(void) {
    char state[64];
    /* The manager watches this process from now on instead of the one it started. */
    snprintf(state, sizeof(state), "MAINPID=%d\nREADY=1", (int)getpid());
    send_state(state);
}

void sd_notify_leave(void) {
    replaced = true;
}

void sd_notify_inherit(pid_t predecessor) {
    /* The variable names the process that sends heartbeats; exec or fork left it as it was. */
    const char *pid = getenv("WATCHDOG_PID");
    char own[16];
    if (!pid || strtol(pid, NULL, 10) != (long)predecessor)
        return;
    snprintf(own, sizeof(own), "%d", (int)getpid());
    setenv("WATCHDOG_PID", own, 1);
}

void sd_notify_reloading(void) {
    char state[64];
    /* Type=notify-reload wants the time of the start of a reload. */
    snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_monotonic_us());
    send_state(state);
}

void sd_notify_stopping(void) {
    send_state("STOPPING=1");
}

/* The watchdog timeout of this process in microseconds; 0: none. */
static uint64_t watchdog_us(void) {
    const char *time = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    uint64_t us = 0;
    if (!time || !text_to_u64(text_of(time), &us))
        return 0;
    /* WATCHDOG_PID may name a parent or child instead; then this process owes no heartbeats. */
    return !pid || strtol(pid, NULL, 10) == (long)getpid() ? us : 0;
}

void sd_notify_alive(void) {
    static int64_t last_us;
    const uint64_t limit = watchdog_us();
    const int64_t now = clock_monotonic_us();
    /* Called in each iteration of a loop; sends only three times per timeout. */
    if (limit == 0 || (last_us != 0 && (uint64_t)(now - last_us) < limit / BEATS))
        return;
    last_us = now;
    send_state("WATCHDOG=1");
}
