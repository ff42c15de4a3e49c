/*
 * socket: WebSocket connections (RFC 6455), from the handshake that ws_handshake has let in to
 * the end: socket.c has what comes and when, socket_write.c what goes out. With ws_handshake the
 * only files that know libwebsockets.
 *
 * It hands whole messages on, and writes shared frames: straight to the kernel as long as that
 * takes all, and over a bounded queue when it does not.
 */
#ifndef CONFAB_PUSHD_SOCKET_H
#define CONFAB_PUSHD_SOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/text.h"
#include "config/config.h"
#include "metrics/metrics_data.h"
#include "net/frame.h"

struct client;
struct handshake; /* net/handshake.h */
struct socket;
struct sockets;

/* Close codes of ours beside those of RFC 6455. */
enum {
    SOCKET_CLOSE_POLICY = 1008,
    SOCKET_CLOSE_TOO_BIG = 1009,
    SOCKET_CLOSE_RESTART = 1012,
    SOCKET_CLOSE_TRY_LATER = 1013,
    SOCKET_CLOSE_BAD_SINCE = 4400,
    SOCKET_CLOSE_AUTH = 4401,
    SOCKET_CLOSE_FORBIDDEN = 4403,
    SOCKET_CLOSE_NOT_FOUND = 4404,
};

/* What the sockets tell; all on the loop. */
struct sockets_callbacks {
    void *context;
    /* A handshake is through. Returns the client, never NULL. */
    struct client *(*opened)(void *context, struct socket *socket,
                             const struct handshake *handshake);
    /* A whole message came. */
    void (*message)(struct client *client, struct text message, bool binary);
    /* The socket is gone; it is not to be used any more. */
    void (*closed)(struct client *client);
};

/* Places to listen at: a port, and a Unix socket. */
#define SOCKETS_LISTENERS 2

/* Listens on sockets that are bound (-1: none), which it closes in the end (config and listener
 * must outlive it). NULL, with the cause logged, if it cannot: that is the end of the process. */
struct sockets *sockets_new(uv_loop_t *loop, const struct config *config,
                            struct metrics_data *metrics, const struct sockets_callbacks *callbacks,
                            const int listen_fds[SOCKETS_LISTENERS]);

/* Takes no further connections. */
void sockets_stop_listening(struct sockets *sockets);

/* Closes every socket with a code, spread over so many milliseconds. */
void sockets_close_all(struct sockets *sockets, unsigned code, uint64_t spread_ms);

/* Sockets that are open. */
uint64_t sockets_count(const struct sockets *sockets);

/* Pings and dead sockets: to be called once a second. */
void sockets_tick(struct sockets *sockets);

/* Cuts off what is left and listens no more. The loop has to run some turns before
 * sockets_free. */
void sockets_abort(struct sockets *sockets);

/* Frees everything, after sockets_abort. */
void sockets_free(struct sockets *sockets);

/* Sends a frame, or lets it wait; the frame is held as long as needed. A socket that has
 * more waiting than ws_backlog loses it and is closed with 1013. */
void socket_send(struct socket *socket, struct frame *frame);

/* The same, but together with all else that the socket gets in this turn of the loop, in one
 * write when that ends: for what is likely to be followed by more. */
void socket_send_deferred(struct socket *socket, struct frame *frame);

/* A frame follows: fetches what libwebsockets knows of the socket into the processor's cache.
 * Whether it could be sent at once. */
bool socket_soon(const struct socket *socket);

/* Sends a JSON text of its own. */
void socket_send_text(struct socket *socket, struct text json);

/* Closes after what waits was sent; frames sent later are dropped. Cut off after 5 s. */
void socket_close(struct socket *socket, unsigned code, enum metrics_drop why);

#endif
