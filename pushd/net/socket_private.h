/*
 * socket_private: what socket.c and socket_write.c share, for these two alone.
 */
#ifndef CONFAB_PUSHD_NET_SOCKET_PRIVATE_H
#define CONFAB_PUSHD_NET_SOCKET_PRIVATE_H

#include <libwebsockets.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "net/acceptor.h"
#include "net/send_queue.h"
#include "net/socket.h"
#include "net/ws_handshake.h"

/* Bytes of a send queue that are written at once. */
#define SOCKET_WRITE_MAX 65536

/* Refused sockets that may still take their close frame; the oldest ones are disconnected. */
#define SOCKET_MAX_REFUSED 64

/* What a socket counts as in conn_limit. */
enum socket_place {
    PLACE_OPENING, /* its client is not let in yet: a handshake */
    PLACE_OPEN,
    PLACE_REFUSED,
};

enum socket_phase {
    PHASE_OPEN,
    PHASE_CLOSING, /* a close frame is sent or about to be */
    PHASE_ABORTED, /* shut down; libwebsockets closes it soon */
};

/* A socket that was refused, and is being closed. */
struct refused {
    struct socket *socket;
    int64_t until_ms; /* then it is disconnected */
};

/* One connection; libwebsockets allocates it, zeroed, with its own data. */
struct socket {
    struct sockets *sockets;
    struct lws *wsi;
    int fd;
    enum socket_phase phase;
    bool blocked;        /* the kernel did not take all that was written */
    bool notify_drained; /* call `drained` when it is not blocked any more */
    bool ping_pending;   /* a ping was sent, or would have been, and nothing shows life since */
    bool close_sent;
    bool notifications;
    bool corked;         /* TCP_CORK is set until the first frame */
    bool deferred;       /* in sockets->deferred */
    unsigned close_code; /* 0: abort without a close frame */
    struct client *client;
    struct socket *next, **prev_next; /* list of all sockets */
    struct send_queue *send_queue;    /* while blocked or deferred; NULL: empty */
    struct frame *pong;               /* to be sent, for the last ping; NULL: none */
    struct buffer *partial;           /* received fragments of a message; NULL: none */
    enum socket_place place;
    uint64_t handshake_key; /* in conn_limit, while opening */
    uint64_t address_key;   /* ... and of the client's address */
    uint32_t alive_s;       /* when something showed last that the peer is alive, in seconds */
    uint32_t close_s;       /* while closing: when it is aborted */
    uint64_t written;       /* bytes that the kernel has taken so far, */
    uint64_t acknowledged;  /* ... that the peer had acknowledged at the last look, */
    uint64_t ping_end;      /* ... up to the end of the last ping */
    size_t held;            /* bytes that libwebsockets has not written yet */
};

struct sockets {
    struct lws_context *context;
    const struct config *config;
    struct metrics_data *metrics;
    struct sockets_callbacks callbacks;
    struct socket *first;
    uint64_t count;
    uint32_t next_check_s; /* no socket has a deadline before that */
    struct ws_handshake ws_handshake;
    struct refused refused[SOCKET_MAX_REFUSED]; /* oldest first */
    size_t refused_count;
    struct acceptor *acceptors[SOCKETS_LISTENERS]; /* NULL: not listening */
    /* sockets_close_all */
    struct socket *drain_next; /* closed next */
    uint64_t drain_total, drain_closed, drain_ms;
    int64_t drain_start_ms;
    unsigned drain_code; /* 0: not draining */
    uv_timer_t drain_timer;
    /* socket_send_deferred */
    uv_idle_t flush_idle;     /* active while there are any of these: */
    struct socket **deferred; /* NULL: closed meanwhile */
    size_t deferred_count, deferred_space;
    /* libwebsockets keeps pointers to these. */
    struct lws_protocols protocols[3];
    void *foreign_loops[1];
    unsigned char write_buffer[SOCKET_WRITE_MAX];
};

static inline uint32_t socket_now_s(void) {
    return (uint32_t)(clock_monotonic_ms() / 1000);
}

/* The peer has sent something, or taken something of what was waiting for it. */
static inline void socket_is_alive(struct socket *socket) {
    socket->alive_s = socket_now_s();
    socket->ping_pending = false;
}

/* Makes sockets_tick check all sockets at a time, unless it does so before. */
static inline void socket_schedule_check(struct sockets *sockets, uint32_t when_s) {
    if (when_s < sockets->next_check_s)
        sockets->next_check_s = when_s;
}

/* ---- socket.c ---- */

/* A socket is closed before its client was let in. */
void socket_refused(struct socket *socket);

/* ---- socket_write.c ---- */

/* For sockets_new, sockets_abort and sockets_free. */
void socket_write_init(struct sockets *sockets, uv_loop_t *loop);
void socket_write_close(struct sockets *sockets);
void socket_write_free(struct sockets *sockets);

/* Writes encoded frames at once; only to a socket that is not blocked. */
void socket_write_now(struct socket *socket, const unsigned char *bytes, size_t len);

/* Answers the last ping at the end of the loop iteration, or once the socket is not blocked. */
void socket_send_pong(struct socket *socket, const unsigned char *payload, size_t len);

/* Sends the pong now, unless the socket is blocked. */
void socket_flush_pong(struct socket *socket);

/* Closes after a violation of the protocol: the peer's answer is not read. */
void socket_fail(struct socket *socket, unsigned code);

/* Callbacks of libwebsockets: the socket is writable, or the peer sent a close frame. Return
 * what the callback returns. */
int socket_on_writable(struct socket *socket);
int socket_on_peer_close(struct socket *socket);

/* Disconnects without a close frame; nothing can be sent any more. */
void socket_abort(struct socket *socket);

/* Drops everything that a socket that is gone has not sent. */
void socket_write_discard(struct socket *socket);

#endif
