/*
 * redis_conn: what its two files share: redis_conn.c and redis_conn_open.c, which leads from CLOSED
 * to OPEN.
 */
#ifndef CONFAB_PUSHD_REDIS_REDIS_CONN_PRIVATE_H
#define CONFAB_PUSHD_REDIS_REDIS_CONN_PRIVATE_H

#include <hiredis/read.h>

#include "base/backoff.h"
#include "base/buffer.h"
#include "base/ring.h"
#include "redis/redis_conn.h"
#include "redis/redis_tls.h"
#include "redis/resolver.h"

/* One connection, or the attempt at one. It outlives a redis_conn that has given it up, until
 * libuv has closed the handle. */
struct transport {
    struct redis_conn *conn; /* NULL: given up */
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_pipe_t pipe;
        uv_tcp_t tcp;
    };
    uv_connect_t connect;
    uv_write_t write;
    bool is_resolving; /* waits for conn->resolver; there is no handle yet */
    bool is_writing;
    struct redis_tls *tls;  /* NULL: none */
    struct buffer commands; /* with TLS, those that are not encrypted */
    struct buffer out;      /* not written: commands, or what TLS made of them */
    struct buffer writing;  /* being written by libuv */
    redisReader *reader;
};

enum state { CLOSED, CONNECTING, OPEN };

struct redis_conn {
    uv_loop_t *loop;
    const struct config *config;
    const struct redis_conn_callbacks *callbacks;
    bool subscriber;
    bool of_sentinel;
    bool is_given; /* the address is given by redis_conn_set_address, else by the configuration */
    struct host_address to; /* to connect to; without a name: not yet */
    enum state state;
    bool up;
    bool warned;    /* the present outage is logged */
    unsigned ticks; /* since it began to connect, or since the last PING */
    bool ping_pending;
    int64_t ping_sent_us;
    int64_t latency_us;
    unsigned address; /* of several, the one to try next */
    struct backoff backoff;
    struct resolver *resolver;   /* the lookup of the host, perhaps begun by an earlier attempt */
    struct transport *transport; /* NULL while closed */
    struct ring pending;         /* of struct pending, in the order of the commands */
};

/* Gives the connection up; redis_conn_tick connects again after the backoff. */
void redis_conn_disconnect(struct redis_conn *conn, const char *why);

/* Sends a PING, whose answer makes the connection up. */
void redis_conn_ping(struct redis_conn *conn);

/* Handles bytes of the socket: all of them (a callback of libuv), or with TLS one chunk of them. */
void redis_conn_on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf);
void redis_conn_decrypt(struct transport *transport, const char *bytes, size_t len);

/* Begins an attempt to connect, with a transport of its own. */
void redis_conn_connect(struct redis_conn *conn);

/* To be called when the socket is connected and the handshake of TLS is complete: logs in and sends
 * the first PING. */
void redis_conn_become_open(struct redis_conn *conn);

#endif
