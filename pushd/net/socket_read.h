/*
 * socket_read: what libwebsockets reads from connections, scanned on the way (net/head_scan.h,
 * net/frame_scan.h).
 *
 * libwebsockets has no callback for that. This module defines recv(2) and close(2) for the whole
 * process, which call the system's; on the loop's thread, bytes of connections that were announced
 * are scanned.
 */
#ifndef CONFAB_PUSHD_NET_SOCKET_READ_H
#define CONFAB_PUSHD_NET_SOCKET_READ_H

#include <stddef.h>

struct socket;

/* What is found, on the loop, from within a read of libwebsockets. */
struct socket_read_callbacks {
    /* A head came that libwebsockets must not see: it is to be answered with this status. What
     * follows is read and dropped, until the peer or a timeout ends the connection: closed with
     * unread bytes it would be reset, and the answer perhaps lost. */
    void (*refused)(int fd, unsigned status);
    /* A ping came: it is to be answered with this payload. */
    void (*ping)(struct socket *socket, const unsigned char *payload, size_t len);
    /* A bad frame came (see frame_scan.h); nothing that follows is read. */
    void (*bad_frame)(struct socket *socket);
};

/* To be called on the thread of the loop. callbacks must outlive it. */
void socket_read_init(const struct socket_read_callbacks *callbacks);
void socket_read_free(void);

/* A connection was accepted: a request by HTTP, then frames. It ends with close(2). */
void socket_read_begin(int fd);

/* How many headers X-Confab-Token, and X-Confab-User, the request has; libwebsockets finds the
 * first one only. */
unsigned socket_read_own_tokens(int fd);
unsigned socket_read_users(int fd);

/* The socket of the connection; calls back at once for what came together with the request. */
void socket_read_attach(int fd, struct socket *socket);

/* The socket is gone. */
void socket_read_detach(int fd);

#endif
