/*
 * redis_conn: connecting, writing commands, matching replies, and PING.
 *
 * A connection goes from CLOSED (waiting for the backoff) to CONNECTING (names, TCP or Unix socket,
 * TLS) to OPEN (commands may be sent) and back by disconnect. `up` is another matter: it is set by
 * the answer to a PING and cleared when one is late. Redis answers commands in order, so `pending`
 * is a queue.
 */
#include "redis/redis_conn.h"

#include <hiredis/read.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/ring.h"
#include "base/xalloc.h"
#include "metrics/slow_callback.h"
#include "redis/redis_client.h"
#include "redis/redis_command.h"
#include "redis/redis_tls.h"
#include "redis/resolver.h"

/* Timeouts are counted in ticks, not by the clock: if this process was stopped for a while, its
 * timer fires before replies that arrived long ago are read, and Redis was not late. */
#define TICKS(ms) ((ms) / REDIS_CONN_TICK_MS)
#define PING_TICKS TICKS(500)  /* between PINGs, and until an answer is late: not up */
#define DEAD_TICKS TICKS(5000) /* without an answer: reconnect */
#define CONNECT_TICKS TICKS(3000)

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 3000
#define BACKOFF_MAX_GIVEN_MS 500

/* Bytes given to the parser at once; it moves the unparsed rest after each reply. */
#define READ_CHUNK 16384
/* Largest reply accepted. */
#define MAX_REPLY ((size_t)64 * 1024 * 1024)
/* Largest buffer kept for later commands; bursts need larger ones. */
#define BUFFER_KEEP 65536

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

/* A command that has not been answered. */
struct pending {
    redis_conn_done *done;
    void *context;
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

/* Takes the oldest command that has not been answered. */
static struct pending take_pending(struct redis_conn *conn) {
    const struct pending pending = *(struct pending *)ring_at(&conn->pending, 0);
    ring_pop(&conn->pending);
    return pending;
}

/* ---- losing the connection ---- */

static void free_transport(struct transport *transport) {
    redis_tls_free(transport->tls);
    buffer_free(&transport->commands);
    buffer_free(&transport->out);
    buffer_free(&transport->writing);
    redisReaderFree(transport->reader);
    free(transport);
}

static void on_closed(uv_handle_t *handle) {
    free_transport(handle->data);
}

/* Gives the connection up: what is pending is answered without a reply. */
static void close_transport(struct redis_conn *conn) {
    struct transport *transport = conn->transport;
    conn->transport = NULL;
    conn->state = CLOSED;
    conn->ping_pending = false;
    if (!transport)
        return;
    /* From here on the transport is on its own: its callbacks find no conn, and do nothing. */
    transport->conn = NULL;
    if (transport->is_resolving)
        free_transport(transport);
    else
        uv_close(&transport->handle, on_closed);
    /* Only those that are pending now: callbacks may send further ones, which fail at once. */
    for (uint32_t count = conn->pending.count; count > 0; count--) {
        const struct pending pending = take_pending(conn);
        pending.done(pending.context, NULL);
    }
}

/* The callback gets changes only. */
static void set_up(struct redis_conn *conn, bool up) {
    if (conn->up == up)
        return;
    conn->up = up;
    conn->callbacks->state(conn->callbacks->context, up);
}

/* Gives the connection up; redis_conn_tick connects again after the backoff. */
static void disconnect(struct redis_conn *conn, const char *why) {
    close_transport(conn);
    const uint32_t delay = backoff_failed(&conn->backoff, clock_monotonic_ms());
    /* An outage is logged once, not at each attempt. */
    if (conn->warned)
        log_debug("redis: %s; reconnecting in %" PRIu32 " ms", why, delay);
    else
        log_warn("redis: %s; reconnecting in %" PRIu32 " ms", why, delay);
    conn->warned = true;
    set_up(conn, false);
}

/* ---- sending ---- */

/* libuv has written the rest that uv_try_write did not take. */
static void on_written(uv_write_t *request, int status) {
    struct transport *transport = request->data;
    transport->is_writing = false;
    buffer_recycle(&transport->writing, BUFFER_KEEP);
    if (!transport->conn)
        return;
    if (status < 0)
        disconnect(transport->conn, uv_strerror(status));
    else
        redis_conn_flush(transport->conn);
}

/* The buffer that commands are appended to. */
static struct buffer *commands_of(struct redis_conn *conn) {
    struct transport *transport = conn->transport;
    return transport->tls ? &transport->commands : &transport->out;
}

void redis_conn_flush(struct redis_conn *conn) {
    struct transport *transport = conn->transport;
    /* With TLS the handshake writes, too, before the connection is open. */
    if (!transport || (conn->state != OPEN && !transport->tls))
        return;
    /* Encrypts all that is new. TLS may also have records of its own to send. */
    if (transport->tls) {
        const bool written =
            redis_tls_write(transport->tls, transport->commands.data, transport->commands.len);
        buffer_recycle(&transport->commands, BUFFER_KEEP);
        redis_tls_take(transport->tls, &transport->out);
        if (!written) {
            disconnect(conn, redis_tls_error(transport->tls));
            return;
        }
    }
    /* libuv still writes: on_written comes back here. */
    if (transport->is_writing || transport->out.len == 0)
        return;
    /* Try to write at once, which nearly always takes everything. */
    const uv_buf_t all = {transport->out.data, transport->out.len};
    const int written = uv_try_write(&transport->stream, &all, 1);
    if (written < 0 && written != UV_EAGAIN) {
        disconnect(conn, uv_strerror(written));
        return;
    }
    const size_t done = written > 0 ? (size_t)written : 0;
    if (done == transport->out.len) {
        buffer_recycle(&transport->out, BUFFER_KEEP);
        return;
    }
    /* libuv writes the rest; new commands go into the other buffer meanwhile. */
    const struct buffer spare = transport->writing;
    transport->writing = transport->out;
    transport->out = spare;
    const uv_buf_t rest = {transport->writing.data + done, transport->writing.len - done};
    transport->write.data = transport;
    transport->is_writing = true;
    const int error = uv_write(&transport->write, &transport->stream, &rest, 1, on_written);
    if (error)
        disconnect(conn, uv_strerror(error));
}

void redis_conn_send(struct redis_conn *conn, const struct text *args, size_t count) {
    if (conn->state == OPEN)
        redis_command_append(commands_of(conn), args, count);
}

void redis_conn_command(struct redis_conn *conn, const struct text *args, size_t count,
                        redis_conn_done *done, void *context) {
    if (conn->state != OPEN) {
        done(context, NULL);
        return;
    }
    /* In the same order in both: replies have no ids. */
    redis_command_append(commands_of(conn), args, count);
    struct pending *pending = ring_push(&conn->pending, sizeof(*pending));
    *pending = (struct pending){done, context};
}

/* ---- PING ---- */

/* Redis has answered a PING: it is up, unless the answer is an error. */
static void on_pong(void *context, const struct redis_reply *reply) {
    struct redis_conn *conn = context;
    /* The connection was lost: disconnect has done the rest. */
    if (!reply)
        return;
    conn->ping_pending = false;
    /* Such as NOAUTH, LOADING or MASTERDOWN: it cannot be used, though it answers. With a full disk
     * only writing is refused. */
    if (reply->kind == REDIS_ERROR && !redis_error_is_of_disk(reply->text.at)) {
        disconnect(conn, reply->text.at);
        return;
    }
    conn->latency_us = clock_monotonic_us() - conn->ping_sent_us;
    /* The connection is up: the next outage is logged again, and the backoff starts from its
     * minimum. */
    conn->warned = false;
    backoff_reset(&conn->backoff);
    set_up(conn, true);
}

/* Measures the latency, and notices a connection that hangs. */
static void ping(struct redis_conn *conn) {
    const struct text args[] = {{"PING", 4}};
    conn->ping_pending = true;
    conn->ping_sent_us = clock_monotonic_us();
    conn->ticks = 0;
    redis_conn_command(conn, args, 1, on_pong, conn);
}

/* ---- receiving ---- */

/* Whether a list with this first item is the reply to PING or ROLE. */
static bool is_reply(struct text first) {
    return text_equals(first, text_of("pong")) || text_equals(first, text_of("master")) ||
           text_equals(first, text_of("slave"));
}

/* Hands a reply to the command it answers, or to the subscriber. */
static void dispatch(struct redis_conn *conn, const struct redis_reply *reply) {
    /* On a subscribed connection the reply to PING is a list, too. */
    const bool is_push = conn->subscriber && reply->kind == REDIS_LIST && reply->count > 0 &&
                         reply->items[0]->kind == REDIS_TEXT && !is_reply(reply->items[0]->text);
    if (is_push) {
        conn->callbacks->pushed(conn->callbacks->context, reply);
    } else if (conn->pending.count > 0) {
        const struct pending pending = take_pending(conn);
        pending.done(pending.context, reply);
    } else {
        /* Such as "max number of clients reached". */
        disconnect(conn, reply->kind == REDIS_ERROR ? reply->text.at : "unexpected reply");
    }
}

/* Dispatches all complete replies. Each of them may end the connection. */
static void read_replies(struct transport *transport) {
    while (transport->conn) {
        void *reply = NULL;
        if (redisReaderGetReply(transport->reader, &reply) != REDIS_OK) {
            disconnect(transport->conn, transport->reader->errstr);
            return;
        }
        /* The rest of a reply is still on its way. */
        if (!reply)
            break;
        dispatch(transport->conn, reply);
        redis_reply_free(reply);
    }
    /* An incomplete reply that has grown too large. */
    if (transport->conn && transport->reader->len > MAX_REPLY)
        disconnect(transport->conn, "reply too large");
}

static void become_open(struct redis_conn *conn);

/* Hands bytes of the socket to the parser. */
static void parse(struct transport *transport, const char *bytes, size_t len) {
    redisReaderFeed(transport->reader, bytes, len);
    read_replies(transport);
}

/* The same with TLS: hands on what they contain, and opens the connection after the handshake. */
static void decrypt(struct transport *transport, const char *bytes, size_t len) {
    struct buffer plain = BUFFER_EMPTY;
    struct redis_conn *conn = transport->conn;
    /* Feed the bytes first; what is readable depends on whether the handshake is complete. */
    bool valid = redis_tls_feed(transport->tls, bytes, len);
    const bool ready = valid && redis_tls_is_ready(transport->tls);
    if (ready)
        valid = redis_tls_read(transport->tls, &plain);
    if (ready && conn->state == CONNECTING)
        become_open(conn);
    /* Replies before a failure still count. */
    for (size_t at = 0; at < plain.len && transport->conn; at += READ_CHUNK)
        parse(transport, plain.data + at,
              plain.len - at < READ_CHUNK ? plain.len - at : READ_CHUNK);
    buffer_free(&plain);
    if (transport->conn && !valid)
        disconnect(conn, redis_tls_error(transport->tls));
    else if (transport->conn)
        redis_conn_flush(conn);
}

/* Bytes have come, or the connection has ended. */
static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf) {
    struct transport *transport = stream->data;
    slow_callback_start("handling replies of Redis");
    /* UV_EOF, or an error of the connection. */
    if (len < 0 && transport->conn)
        disconnect(transport->conn,
                   len == UV_EOF ? "connection closed by Redis" : uv_strerror((int)len));
    /* Each chunk may end the connection. */
    for (size_t at = 0; len > 0 && at < (size_t)len && transport->conn; at += READ_CHUNK) {
        const size_t rest = (size_t)len - at;
        const size_t chunk = rest < READ_CHUNK ? rest : READ_CHUNK;
        if (transport->tls)
            decrypt(transport, buf->base + at, chunk);
        else
            parse(transport, buf->base + at, chunk);
    }
    slow_callback_stop();
}

/* One buffer is enough for all connections: libuv calls on_read before the next on_alloc. */
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    static char bytes[65536];
    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(bytes, sizeof(bytes));
}

/* ---- connecting ---- */

/* An error is only logged: if Redis insists on the password, the PING that follows fails, and
 * disconnects. */
static void on_authenticated(void *context, const struct redis_reply *reply) {
    (void)context;
    if (reply && reply->kind == REDIS_ERROR)
        log_error("redis: authentication failed: %s", reply->text.at);
}

static void on_selected(void *context, const struct redis_reply *reply) {
    (void)context;
    if (reply && reply->kind == REDIS_ERROR)
        log_error("redis: redis_database cannot be used: %s", reply->text.at);
}

/* A Sentinel may not know yet that the server is a replica by now. */
static void on_role(void *context, const struct redis_reply *reply) {
    struct redis_conn *conn = context;
    if (reply && reply->kind == REDIS_LIST && reply->count > 0 &&
        reply->items[0]->kind == REDIS_TEXT && text_equals(reply->items[0]->text, text_of("slave")))
        disconnect(conn, "it is a replica");
}

/* Authenticates and chooses the database. Sent together, without waiting: Redis handles them in
 * order. */
static void log_in(struct redis_conn *conn) {
    static redis_conn_done *const REPLIES[] = {
        [REDIS_LOGIN_AUTH] = on_authenticated,
        [REDIS_LOGIN_SELECT] = on_selected,
        [REDIS_LOGIN_ROLE] = on_role,
    };
    struct redis_login login;
    redis_login_make(&login, conn->config, conn->of_sentinel, conn->is_given);
    for (size_t i = 0; i < login.count; i++) {
        const struct redis_login_command *command = &login.commands[i];
        redis_conn_command(conn, command->args, command->count, REPLIES[command->kind], conn);
    }
}

/* The socket is connected, and the handshake of TLS complete. */
static void become_open(struct redis_conn *conn) {
    conn->state = OPEN;
    log_in(conn);
    conn->callbacks->opened(conn->callbacks->context);
    /* Last, so that its answer means that all of these were answered. */
    ping(conn);
}

/* Begins the handshake. */
static void start_tls(struct redis_conn *conn) {
    const char *error = NULL;
    struct redis_tls *tls = redis_tls_new(conn->config, conn->to.name, &error);
    if (!tls) {
        disconnect(conn, error);
        return;
    }
    conn->transport->tls = tls;
    /* Without bytes: makes and writes the first message of the handshake. */
    decrypt(conn->transport, NULL, 0);
}

/* On a Unix socket. */
static bool is_local(const struct redis_conn *conn) {
    return !conn->is_given && conn->config->redis_socket[0] != '\0';
}

/* The socket is connected, or could not be. */
static void on_connected(uv_connect_t *request, int status) {
    struct transport *transport = request->data;
    struct redis_conn *conn = transport->conn;
    /* Given up meanwhile. */
    if (!conn)
        return;
    if (status == 0)
        status = uv_read_start(&transport->stream, on_alloc, on_read);
    if (status < 0) {
        disconnect(conn, uv_strerror(status));
        return;
    }
    /* On a Unix socket there is no TLS. */
    if (!is_local(conn) && conn->config->redis_tls != CONFIG_TLS_OFF)
        start_tls(conn);
    else
        become_open(conn);
}

/* An attempt; on_connected tells how it ended. */
static void connect_tcp(struct transport *transport, const struct sockaddr *address) {
    /* The handle exists from now on; disconnect closes it. */
    uv_tcp_init(transport->conn->loop, &transport->tcp);
    transport->handle.data = transport;
    uv_tcp_nodelay(&transport->tcp, 1);
    const int error = uv_tcp_connect(&transport->connect, &transport->tcp, address, on_connected);
    if (error)
        disconnect(transport->conn, uv_strerror(error));
}

/* The host was looked up: connects to one of its addresses. */
static void on_resolved(void *context, const struct name_lookup_result *result) {
    struct redis_conn *conn = context;
    struct transport *transport = conn->transport;
    conn->resolver = NULL;
    /* The attempt was given up; the next one asks again. */
    if (!transport || !transport->is_resolving)
        return;
    /* Such as a name that does not exist. With the next attempt the lookup is repeated. */
    if (result->count == 0) {
        disconnect(conn, name_lookup_error(result));
        return;
    }
    transport->is_resolving = false;
    /* Each attempt tries the next address. */
    const size_t at = conn->address++ % result->count;
    connect_tcp(transport, (const struct sockaddr *)&result->addresses[at]);
}

/* Looks the host up. A lookup that takes longer than the attempt that began it serves the next
 * one. */
static void resolve(struct redis_conn *conn) {
    conn->transport->is_resolving = true;
    if (!conn->resolver)
        conn->resolver =
            resolver_start(conn->loop, conn->to.name, conn->to.port, on_resolved, conn);
    if (!conn->resolver)
        disconnect(conn, "cannot start a thread to look up redis_host");
}

/* Begins an attempt, with a transport of its own. */
static void start_connect(struct redis_conn *conn) {
    struct transport *transport = xcalloc(1, sizeof(*transport));
    transport->conn = conn;
    transport->connect.data = transport;
    /* Each attempt has its own parser, without the rest of a former connection. */
    transport->reader = redis_reply_reader();
    conn->transport = transport;
    conn->state = CONNECTING;
    conn->ticks = 0;
    if (is_local(conn)) {
        uv_pipe_init(conn->loop, &transport->pipe, 0);
        transport->handle.data = transport;
        uv_pipe_connect(&transport->connect, &transport->pipe, conn->config->redis_socket,
                        on_connected);
        return;
    }
    if (!conn->is_given) {
        snprintf(conn->to.name, sizeof(conn->to.name), "%s", conn->config->redis_host);
        conn->to.port = (unsigned)conn->config->redis_port;
    }
    resolve(conn);
}

/* ---- the connection ---- */

struct redis_conn *redis_conn_new(uv_loop_t *loop, const struct config *config,
                                  const struct redis_conn_callbacks *callbacks, bool subscriber) {
    struct redis_conn *conn = xcalloc(1, sizeof(*conn));
    conn->loop = loop;
    conn->config = config;
    conn->callbacks = callbacks;
    conn->subscriber = subscriber;
    conn->backoff = (struct backoff)BACKOFF(BACKOFF_MIN_MS, BACKOFF_MAX_MS);
    return conn;
}

struct redis_conn *redis_conn_new_at(uv_loop_t *loop, const struct config *config,
                                     const struct redis_conn_callbacks *callbacks, bool subscriber,
                                     bool of_sentinel) {
    struct redis_conn *conn = redis_conn_new(loop, config, callbacks, subscriber);
    conn->is_given = true;
    conn->of_sentinel = of_sentinel;
    /* A failover ends soon, and then there is another server to connect to. */
    conn->backoff = (struct backoff)BACKOFF(BACKOFF_MIN_MS, BACKOFF_MAX_GIVEN_MS);
    return conn;
}

void redis_conn_set_address(struct redis_conn *conn, const struct host_address *address) {
    if (host_address_equals(&conn->to, address))
        return;
    conn->to = *address;
    /* A lookup that has not ended is one of the former. */
    if (conn->resolver)
        resolver_cancel(conn->resolver);
    conn->resolver = NULL;
    /* The addresses are those of another name: the first one comes first again. */
    conn->address = 0;
    if (conn->state != CLOSED)
        disconnect(conn, "the server is another one now");
    backoff_reset(&conn->backoff);
}

void redis_conn_close(struct redis_conn *conn) {
    close_transport(conn);
    if (conn->resolver)
        resolver_cancel(conn->resolver);
    ring_free(&conn->pending);
    free(conn);
}

void redis_conn_tick(struct redis_conn *conn) {
    conn->ticks++;
    /* Without an address, Sentinels or the cluster have to name one first. */
    if (conn->state == CLOSED) {
        if ((!conn->is_given || conn->to.name[0]) &&
            backoff_ready(&conn->backoff, clock_monotonic_ms()))
            start_connect(conn);
    } else if (conn->state == CONNECTING) {
        if (conn->ticks >= CONNECT_TICKS)
            disconnect(conn, conn->transport->is_resolving ? "looking up redis_host takes too long"
                                                           : "connection timed out");
    } else if (!conn->ping_pending) {
        if (conn->ticks >= PING_TICKS)
            ping(conn);
    } else if (conn->ticks >= DEAD_TICKS) {
        disconnect(conn, "no answer to PING");
    } else if (conn->ticks >= PING_TICKS) {
        set_up(conn, false);
    }
}

bool redis_conn_is_open(const struct redis_conn *conn) {
    return conn->state == OPEN;
}

bool redis_conn_is_up(const struct redis_conn *conn) {
    return conn->up;
}

size_t redis_conn_unsent(const struct redis_conn *conn) {
    const struct transport *transport = conn->transport;
    return transport ? transport->commands.len + transport->out.len + transport->writing.len : 0;
}

int64_t redis_conn_latency_us(const struct redis_conn *conn) {
    return conn->latency_us;
}
