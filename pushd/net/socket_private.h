/*
 * socket_private: what socket.c and socket_write.c share, for them alone.
 */
#ifndef CONFAB_PUSHD_SOCKET_PRIVATE_H
#define CONFAB_PUSHD_SOCKET_PRIVATE_H

#include <libwebsockets.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "net/acceptor.h"
#include "net/send_queue.h"
#include "net/socket.h"
#include "net/ws_handshake.h"

/* Bytes gathered for one write of what waited. */
#define SOCKET_WRITE_MAX 65536

enum socket_phase { PHASE_OPEN, PHASE_CLOSING, PHASE_ABORTED };

/* What a connection needs; libwebsockets allocates it, zeroed, with the connection. */
struct socket {
    struct sockets *sockets;
    struct lws *wsi;
    int fd;
    enum socket_phase phase;
    bool blocked;      /* the kernel did not take all */
    bool ping_pending; /* and has not been heard since */
    bool close_sent;   /* the close frame is out */
    bool notifications;
    bool corked;         /* what is written waits for the first frame */
    bool deferred;       /* among those to be written to when the turn ends */
    unsigned close_code; /* 0: cut off without one */
    struct client *client;
    struct socket *next, **prev_next; /* list of all */
    struct send_queue *send_queue;    /* what waits while blocked or gathering; NULL: nothing */
    struct buffer *partial;           /* of a message that comes in pieces; NULL: none */
    uint64_t conn_limit_key;
    uint32_t received_s; /* when something came last, seconds */
    uint32_t close_s;    /* when it is closed, or cut off */
};

struct sockets {
    struct lws_context *context;
    const struct config *config;
    struct metrics_data *metrics;
    struct sockets_callbacks callbacks;
    struct socket *first;
    uint64_t count;
    uint32_t next_check_s; /* when one of them may be due */
    struct ws_handshake ws_handshake;
    struct acceptor *acceptors[SOCKETS_LISTENERS]; /* NULL: nobody is taken there */
    struct socket *drain_next;                     /* who is closed next, while draining */
    uint64_t drain_total, drain_closed, drain_ms;
    int64_t drain_start_ms;
    unsigned drain_code; /* 0: not draining */
    uv_timer_t drain_timer;
    uv_idle_t flush_idle;     /* started while there are any of these: */
    struct socket **deferred; /* what they get waits until the turn ends; NULL: gone */
    size_t deferred_count, deferred_space;
    struct lws_protocols protocols[3];
    void *foreign_loops[1];
    unsigned char write_buffer[SOCKET_WRITE_MAX];
};

static inline uint32_t socket_now_s(void) {
    return (uint32_t)(clock_monotonic_ms() / 1000);
}

/* Has sockets_tick look at all sockets at that time, if not before. */
static inline void socket_schedule_check(struct sockets *sockets, uint32_t when_s) {
    sockets->next_check_s = when_s < sockets->next_check_s ? when_s : sockets->next_check_s;
}

/* ---- socket_write.c ---- */

/* Prepares for writing, when the sockets are made. */
void socket_write_init(struct sockets *sockets, uv_loop_t *loop);

/* The end of it, in two steps: as sockets_abort and sockets_free. */
void socket_write_close(struct sockets *sockets);
void socket_write_free(struct sockets *sockets);

/* Writes bytes of a control frame at once; only to a socket that is not blocked. */
void socket_write_now(struct socket *socket, const unsigned char *bytes, size_t len);

/* libwebsockets can write again, or the peer has closed; returns what is to be answered. */
int socket_on_writable(struct socket *socket);
int socket_on_peer_close(struct socket *socket);

/* Nothing can be sent any more: cuts it off. */
void socket_abort(struct socket *socket);

/* Forgets what waits, of a socket that is gone. */
void socket_write_discard(struct socket *socket);

#endif
