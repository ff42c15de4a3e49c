/*
 * redis_conn: writing commands, matching replies, PING, and losing the connection; connecting is in
 * redis_conn_open.c.
 *
 * A connection goes from CLOSED (waiting for the backoff) to CONNECTING (names, TCP or Unix socket,
 * TLS) to OPEN (commands may be sent) and back by redis_conn_disconnect. `up` is independent of
 * that: it is set by the answer to a PING and cleared when one is late. Redis answers commands in
 * order, so `pending` is a queue.
 */
#include "redis/redis_conn_private.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "metrics/slow_callback.h"
#include "redis/redis_client.h"
#include "redis/redis_command.h"

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

/* A command that has not been answered. */
struct pending {
    redis_conn_done *done;
    void *context;
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
void redis_conn_disconnect(struct redis_conn *conn, const char *why) {
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
        redis_conn_disconnect(transport->conn, uv_strerror(status));
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
            redis_conn_disconnect(conn, redis_tls_error(transport->tls));
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
        redis_conn_disconnect(conn, uv_strerror(written));
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
        redis_conn_disconnect(conn, uv_strerror(error));
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
    if (reply->kind == REDIS_ERROR && !redis_error_is_misconf(reply->text.at)) {
        redis_conn_disconnect(conn, reply->text.at);
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
void redis_conn_ping(struct redis_conn *conn) {
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
        redis_conn_disconnect(conn,
                              reply->kind == REDIS_ERROR ? reply->text.at : "unexpected reply");
    }
}

/* Dispatches all complete replies. Each of them may end the connection. */
static void read_replies(struct transport *transport) {
    while (transport->conn) {
        void *reply = NULL;
        if (redisReaderGetReply(transport->reader, &reply) != REDIS_OK) {
            redis_conn_disconnect(transport->conn, transport->reader->errstr);
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
        redis_conn_disconnect(transport->conn, "reply too large");
}

/* Hands bytes of the socket to the parser. */
static void parse(struct transport *transport, const char *bytes, size_t len) {
    redisReaderFeed(transport->reader, bytes, len);
    read_replies(transport);
}

/* The same with TLS: hands on what they contain, and opens the connection after the handshake. */
void redis_conn_decrypt(struct transport *transport, const char *bytes, size_t len) {
    struct buffer plain = BUFFER_EMPTY;
    struct redis_conn *conn = transport->conn;
    /* Feed the bytes first; what is readable depends on whether the handshake is complete. */
    bool valid = redis_tls_feed(transport->tls, bytes, len);
    const bool ready = valid && redis_tls_is_ready(transport->tls);
    if (ready)
        valid = redis_tls_read(transport->tls, &plain);
    if (ready && conn->state == CONNECTING)
        redis_conn_become_open(conn);
    /* Replies before a failure still count. */
    for (size_t at = 0; at < plain.len && transport->conn; at += READ_CHUNK)
        parse(transport, plain.data + at,
              plain.len - at < READ_CHUNK ? plain.len - at : READ_CHUNK);
    buffer_free(&plain);
    if (transport->conn && !valid)
        redis_conn_disconnect(conn, redis_tls_error(transport->tls));
    else if (transport->conn)
        redis_conn_flush(conn);
}

/* Bytes have come, or the connection has ended. */
void redis_conn_on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf) {
    struct transport *transport = stream->data;
    slow_callback_start("handling replies of Redis");
    /* UV_EOF, or an error of the connection. */
    if (len < 0 && transport->conn)
        redis_conn_disconnect(transport->conn,
                              len == UV_EOF ? "connection closed by Redis" : uv_strerror((int)len));
    /* Each chunk may end the connection. */
    for (size_t at = 0; len > 0 && at < (size_t)len && transport->conn; at += READ_CHUNK) {
        const size_t rest = (size_t)len - at;
        const size_t chunk = rest < READ_CHUNK ? rest : READ_CHUNK;
        if (transport->tls)
            redis_conn_decrypt(transport, buf->base + at, chunk);
        else
            parse(transport, buf->base + at, chunk);
    }
    slow_callback_stop();
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
        redis_conn_disconnect(conn, "the server is another one now");
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
            redis_conn_connect(conn);
    } else if (conn->state == CONNECTING) {
        if (conn->ticks >= CONNECT_TICKS)
            redis_conn_disconnect(conn, conn->transport->is_resolving
                                            ? "looking up redis_host takes too long"
                                            : "connection timed out");
    } else if (!conn->ping_pending) {
        if (conn->ticks >= PING_TICKS)
            redis_conn_ping(conn);
    } else if (conn->ticks >= DEAD_TICKS) {
        redis_conn_disconnect(conn, "no answer to PING");
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
