/*
 * socket: WebSocket connections (RFC 6455), from a completed handshake until they are closed.
 * socket.c handles what is received and the deadlines, socket_write.c what is sent. Only these
 * and ws_handshake.c include libwebsockets.
 *
 * Incoming messages are handed on whole. Shared frames are written directly to the kernel as
 * long as it takes them, and wait in a bounded send queue otherwise.
 */
#ifndef CONFAB_PUSHD_NET_SOCKET_H
#define CONFAB_PUSHD_NET_SOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/text.h"
#include "config/config.h"
#include "metrics/metrics_data.h"
#include "net/frame.h"
#include "secrets/secret.h"

struct client;
struct handshake; /* net/handshake.h */
struct socket;
struct sockets;

/* Close codes; those from 4400 are confab's own. */
enum {
    SOCKET_CLOSE_PROTOCOL = 1002,
    SOCKET_CLOSE_POLICY = 1008,
    SOCKET_CLOSE_TOO_BIG = 1009,
    SOCKET_CLOSE_RESTART = 1012,
    SOCKET_CLOSE_TRY_LATER = 1013,
    SOCKET_CLOSE_BAD_SINCE = 4400,
    SOCKET_CLOSE_AUTH = 4401,
    SOCKET_CLOSE_FORBIDDEN = 4403,
    /* 4403 with the reason "banned": the code is what fits in two bytes. */
    SOCKET_CLOSE_BANNED = 4403 + 0x10000,
    SOCKET_CLOSE_NOT_FOUND = 4404,
};

/* What the sockets call, on the loop. */
struct sockets_callbacks {
    void *context;
    /* A handshake is complete. Returns the client, never NULL; *handshake is valid during the
     * call. */
    struct client *(*opened)(void *context, struct socket *socket,
                             const struct handshake *handshake);
    /* A whole message was received. */
    void (*message)(struct client *client, struct text message, bool binary);
    /* The socket has taken all that was sent, as socket_notify_drained requested. */
    void (*drained)(struct client *client);
    /* The socket is gone and must not be used any more. */
    void (*closed)(struct client *client);
};

/* Listening sockets: one for TCP, one Unix socket. */
#define SOCKETS_LISTENERS 2

/* Listens on bound sockets (-1: none), which it owns from then on. config, metrics and
 * callbacks->context must outlive it. NULL, with the cause logged, on failure; the process
 * cannot continue then. */
struct sockets *sockets_new(uv_loop_t *loop, const struct config *config,
                            struct metrics_data *metrics, const struct sockets_callbacks *callbacks,
                            const int listen_fds[SOCKETS_LISTENERS]);

/* Stops accepting connections. */
void sockets_stop_listening(struct sockets *sockets);

/* Closes every socket with a code, spread evenly over spread_ms milliseconds. */
void sockets_close_all(struct sockets *sockets, unsigned code, uint64_t spread_ms);

/* The number of open sockets. */
uint64_t sockets_count(const struct sockets *sockets);

/* Sends pings and closes sockets that time out; to be called twice a second. */
void sockets_tick(struct sockets *sockets);

/* Stops listening and disconnects all sockets. The loop must run some iterations before
 * sockets_free. */
void sockets_abort(struct sockets *sockets);

/* Frees everything, after sockets_abort. */
void sockets_free(struct sockets *sockets);

/* Sends a frame at once, or queues it, with a reference of its own. A socket whose send queue
 * exceeds ws_backlog loses the queue and is closed with 1013. */
void socket_send(struct socket *socket, struct frame *frame);

/* As socket_send, but at the end of the loop iteration, in one write with everything else that
 * the socket is sent until then. For frames that are likely to be followed by more. */
void socket_send_deferred(struct socket *socket, struct frame *frame);

/* The client is let in, by the credential with this hash: its socket takes a place of max_sockets
 * from now on. False if there is none any more. A socket that is closed before was refused: it
 * counts apart, and is disconnected within a second. */
bool socket_admit(struct socket *socket, const unsigned char hash[SECRET_HASH_SIZE]);

/* The client's credentials are invalid: counts for its address. */
void socket_count_failure(struct socket *socket);

/* Whether the kernel did not take all that was sent: more would wait in the send queue. */
bool socket_is_blocked(const struct socket *socket);

/* Calls the callback `drained` once, when a blocked socket has taken all that was sent. */
void socket_notify_drained(struct socket *socket);

/* The bytes that the kernel has and the peer has not acknowledged. While a socket is blocked this
 * changes exactly if its peer reads. */
uint64_t socket_unacknowledged(const struct socket *socket);

/* Loads what socket_send looks at into the processor's cache. Returns whether a frame could be
 * sent at once. */
bool socket_prefetch(const struct socket *socket);

/* Sends a text frame made of a JSON text. */
void socket_send_text(struct socket *socket, struct text json);

/* Sends what is queued, then closes; frames sent later are dropped. If the peer does not answer
 * the close frame within 5 s, it is disconnected. */
void socket_close(struct socket *socket, unsigned code, enum metrics_drop why);

#endif
