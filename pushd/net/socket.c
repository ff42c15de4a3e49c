/*
 * socket: the callbacks of libwebsockets, deadlines, and the list of all sockets.
 *
 * A socket begins in on_established and ends in on_closed; in between, `phase` says whether it is
 * open, closing or aborted, and `place` as what it counts in conn_limit. libwebsockets does the
 * handshake, unmasks and reassembles what is received, and closes. What it would do by timers or by
 * writing is done here and in socket_write.c, on its descriptor.
 */
#include "net/socket.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "metrics/slow_callback.h"
#include "net/slab.h"
#include "net/socket_private.h"
#include "net/socket_read.h"

/* Handshakes at the same time whose headers come from the slab; further ones use the heap. */
#define HEADER_BLOCKS 4096

/* The allocator and the log function of libwebsockets take no context, so they need these
 * globals; there is one struct sockets in a process. */
static struct slab *header_slab;
static int64_t last_log_ms;

/* ---- draining ---- */

/* Closes the sockets that are due by now: spread out, since their clients reconnect elsewhere. */
static void on_drain_timer(uv_timer_t *timer) {
    struct sockets *sockets = timer->data;
    const uint64_t elapsed = (uint64_t)(clock_monotonic_ms() - sockets->drain_start_ms);
    uint64_t due = sockets->drain_total;
    slow_callback_start("closing sockets");
    /* In proportion to the time that has passed; once it is over, all that are left. */
    if (elapsed < sockets->drain_ms)
        due = sockets->drain_total * elapsed / sockets->drain_ms;
    while (sockets->drain_closed < due && sockets->drain_next) {
        struct socket *socket = sockets->drain_next;
        /* First, since closing may take the socket out of the list. */
        sockets->drain_next = socket->next;
        sockets->drain_closed++;
        socket_close(socket, sockets->drain_code, METRICS_DROP_DRAIN);
    }
    if (!sockets->drain_next)
        uv_timer_stop(timer);
    slow_callback_stop();
}

void sockets_close_all(struct sockets *sockets, unsigned code, uint64_t spread_ms) {
    sockets->drain_next = sockets->first;
    sockets->drain_total = sockets->count;
    sockets->drain_closed = 0;
    sockets->drain_ms = spread_ms;
    sockets->drain_start_ms = clock_monotonic_ms();
    sockets->drain_code = code;
    /* Every 20 ms, so that each step closes few sockets. */
    uv_timer_start(&sockets->drain_timer, on_drain_timer, 0, 20);
}

/* ---- deadlines ---- */

/* When something has to be done about a socket if it shows no sign of life. */
static uint32_t deadline_s(const struct socket *socket, uint32_t ping_interval) {
    switch (socket->phase) {
    /* A ping is sent after one interval of silence; without an answer the socket is dead after
     * two. */
    case PHASE_OPEN:
        return socket->alive_s + (socket->ping_pending ? 2 * ping_interval : ping_interval);
    case PHASE_CLOSING:
        return socket->close_s;
    /* Aborted: libwebsockets closes it as soon as it reads the end. */
    default:
        return UINT32_MAX;
    }
}

/* The bytes that the peer has acknowledged so far. */
static uint64_t acknowledged(const struct socket *socket) {
    return socket->written - socket_unacknowledged(socket);
}

/* Sends a ping. To a blocked socket it would only wait behind the rest; what the peer takes of that
 * shows as well that it is alive. */
static void ping(struct socket *socket) {
    /* With a payload: libwebsockets has no callback for a pong without one. */
    static const unsigned char PING[] = {0x89, 0x01, '?'};
    socket->ping_pending = true;
    socket->acknowledged = acknowledged(socket);
    socket->ping_end = UINT64_MAX;
    if (socket->blocked)
        return;
    socket_write_now(socket, PING, sizeof(PING));
    socket->ping_end = socket->written + socket->held;
}

/* Whether the peer is still taking what was sent before the ping, which it cannot answer yet. */
static bool is_behind(struct socket *socket) {
    const uint64_t before = socket->acknowledged;
    socket->acknowledged = acknowledged(socket);
    return socket->acknowledged != before && socket->acknowledged < socket->ping_end;
}

/* The deadline has passed: sends a ping, or aborts a socket that did not answer. */
static void handle_deadline(struct socket *socket, uint32_t now, uint32_t ping_interval) {
    if (socket->phase == PHASE_CLOSING) {
        socket_abort(socket);
    } else if (!socket->ping_pending) {
        ping(socket);
        socket->alive_s = now - ping_interval;
    } else if (is_behind(socket)) {
        /* As if the ping had been sent now. */
        socket->alive_s = now - ping_interval;
    } else {
        socket->sockets->metrics->drops[METRICS_DROP_DEAD]++;
        socket_abort(socket);
    }
}

/* ---- letting in and refusing ---- */

/* How long a refused socket has to answer the close frame. With a tick each half second it is gone
 * within a second. */
#define REFUSED_MS 500

bool socket_admit(struct socket *socket, const unsigned char hash[SECRET_HASH_SIZE]) {
    struct conn_limit *limit = &socket->sockets->ws_handshake.conn_limit;
    if (!conn_limit_admit(limit, socket->sockets->config, socket->address_key))
        return false;
    conn_limit_handshake_end(limit, socket->handshake_key);
    conn_limit_note_valid(limit, hash);
    socket->place = PLACE_OPEN;
    return true;
}

void socket_count_failure(struct socket *socket) {
    conn_limit_note_failure(&socket->sockets->ws_handshake.conn_limit, socket->address_key,
                            clock_monotonic_ms());
}

/* Removes an entry; the order stays that of time. */
static void forget_refused(struct sockets *sockets, size_t at) {
    memmove(sockets->refused + at, sockets->refused + at + 1,
            (--sockets->refused_count - at) * sizeof(sockets->refused[0]));
}

/* The first one was refused first. It leaves the list before it is closed, since its place is taken
 * back then. */
static void abort_oldest_refused(struct sockets *sockets) {
    struct socket *socket = sockets->refused[0].socket;
    forget_refused(sockets, 0);
    socket_abort(socket);
}

void socket_refused(struct socket *socket) {
    struct sockets *sockets = socket->sockets;
    struct conn_limit *limit = &sockets->ws_handshake.conn_limit;
    /* Refused sockets count apart, so that they take no place of max_sockets nor of handshakes. */
    conn_limit_handshake_end(limit, socket->handshake_key);
    conn_limit_opening_end(limit, socket->address_key);
    limit->refused_count++;
    socket->place = PLACE_REFUSED;
    if (sockets->refused_count == SOCKET_MAX_REFUSED)
        abort_oldest_refused(sockets);
    sockets->refused[sockets->refused_count++] =
        (struct refused){socket, clock_monotonic_ms() + REFUSED_MS};
}

/* The socket is gone: gives back its place. */
static void leave_place(struct sockets *sockets, struct socket *socket) {
    struct conn_limit *limit = &sockets->ws_handshake.conn_limit;
    size_t at = 0;
    switch (socket->place) {
    case PLACE_OPENING:
        conn_limit_handshake_end(limit, socket->handshake_key);
        conn_limit_opening_end(limit, socket->address_key);
        break;
    case PLACE_OPEN:
        conn_limit_remove(limit, socket->address_key);
        break;
    case PLACE_REFUSED:
        limit->refused_count--;
        /* It is not in the list any more if it was aborted as the oldest one. */
        while (at < sockets->refused_count && sockets->refused[at].socket != socket)
            at++;
        if (at < sockets->refused_count)
            forget_refused(sockets, at);
        break;
    }
}

/* ---- ticks ---- */

void sockets_tick(struct sockets *sockets) {
    const uint32_t now = socket_now_s(), ping_interval = (uint32_t)sockets->config->ws_ping;
    struct socket *next;
    slab_trim(header_slab);
    const int64_t now_ms = clock_monotonic_ms();
    while (sockets->refused_count > 0 && sockets->refused[0].until_ms <= now_ms)
        abort_oldest_refused(sockets);
    /* Scan all sockets only when one may have timed out. Receiving puts a deadline off; only
     * socket_schedule_check, or a reload that lowers ws_ping, brings it forward. */
    if (now < sockets->next_check_s && sockets->next_check_s - now <= ping_interval)
        return;
    /* The latest time for the next scan; each socket with an earlier deadline brings it forward
     * below. */
    sockets->next_check_s = now + ping_interval;
    for (struct socket *socket = sockets->first; socket; socket = next) {
        /* Taken first, in case the socket ends here. */
        next = socket->next;
        if (now >= deadline_s(socket, ping_interval))
            handle_deadline(socket, now, ping_interval);
        socket_schedule_check(sockets, deadline_s(socket, ping_interval));
    }
}

/* ---- opening and closing ---- */

/* The gauge of open sockets that this one counts in. */
static uint64_t *open_count(const struct socket *socket) {
    struct metrics_data *metrics = socket->sockets->metrics;
    return socket->notifications ? &metrics->sockets_notifications : &metrics->sockets_room;
}

static void on_bad_frame(struct socket *socket) {
    socket_fail(socket, SOCKET_CLOSE_PROTOCOL);
}

/* What socket_read.c calls for a bad request, pings, and a bad frame (1002). */
static const struct socket_read_callbacks READER = {ws_handshake_refuse_head, socket_send_pong,
                                                    on_bad_frame};

/* The handshake is complete: the socket is open, and the client is told. -1 refuses it. */
static int on_established(struct lws *wsi, struct sockets *sockets, struct socket *socket) {
    const struct handshake *handshake = ws_handshake_established(
        &sockets->ws_handshake, wsi, &socket->handshake_key, &socket->address_key);
    if (!handshake)
        return -1;
    sockets->metrics->handshakes++;
    conn_limit_opening_begin(&sockets->ws_handshake.conn_limit, socket->address_key);
    socket->sockets = sockets;
    socket->wsi = wsi;
    socket->fd = lws_get_socket_fd(wsi);
    /* The acceptor set TCP_CORK: the answer to the handshake goes out in one packet with the first
     * frame. */
    socket->corked = true;
    socket->notifications = handshake->notifications;
    socket->alive_s = socket_now_s();
    socket_schedule_check(sockets, socket->alive_s + (uint32_t)sockets->config->ws_ping);
    /* Into the list of all sockets. */
    socket->next = sockets->first;
    socket->prev_next = &sockets->first;
    if (socket->next)
        socket->next->prev_next = &socket->next;
    sockets->first = socket;
    sockets->count++;
    ++*open_count(socket);
    /* From here on the client may send, and may already be refused and closing. */
    socket->client = sockets->callbacks.opened(sockets->callbacks.context, socket, handshake);
    /* After `opened`: this reports a ping that came together with the handshake. */
    socket_read_attach(socket->fd, socket);
    if (sockets->drain_code) /* it was in its handshake when the others were closed */
        socket_close(socket, sockets->drain_code, METRICS_DROP_DRAIN);
    return 0;
}

/* Drops the part of a message that has been received. */
static void drop_partial(struct socket *socket) {
    if (!socket->partial)
        return;
    buffer_free(socket->partial);
    free(socket->partial);
    socket->partial = NULL;
}

/* The connection is gone: forgets all of the socket, which libwebsockets frees. */
static void on_closed(struct sockets *sockets, struct socket *socket) {
    if (!socket->sockets) /* on_established refused it */
        return;
    if (sockets->drain_next == socket)
        sockets->drain_next = socket->next;
    /* Out of the list of all sockets. */
    *socket->prev_next = socket->next;
    if (socket->next)
        socket->next->prev_next = socket->prev_next;
    sockets->count--;
    --*open_count(socket);
    /* Neither side had begun to close. */
    sockets->metrics->abnormal_closes += socket->phase == PHASE_OPEN;
    socket_read_detach(socket->fd);
    socket_write_discard(socket);
    drop_partial(socket);
    leave_place(sockets, socket);
    /* The client must not use the socket after this. */
    sockets->callbacks.closed(socket->client);
    /* libwebsockets may call back once more for this connection; see `handle`. */
    socket->sockets = NULL;
}

/* ---- receiving ---- */

/* Part of a frame, which may be part of a message. */
static int on_receive(struct lws *wsi, struct socket *socket, const void *bytes, size_t len) {
    struct sockets *sockets = socket->sockets;
    socket_is_alive(socket);
    /* Frames that cross a close frame are ignored (RFC 6455, section 5.5.1). */
    if (socket->phase != PHASE_OPEN)
        return 0;
    /* The whole length of the frame is known from its header, so a message that is too big is
     * refused before its bytes have come. */
    const size_t before = socket->partial ? socket->partial->len : 0;
    if (before + len + lws_remaining_packet_payload(wsi) > sockets->config->ws_max_frame) {
        drop_partial(socket);
        socket_close(socket, SOCKET_CLOSE_TOO_BIG, METRICS_DROP_TOO_BIG);
        return 0;
    }
    if (!socket->partial)
        socket->partial = xcalloc(1, sizeof(*socket->partial));
    buffer_append(socket->partial, bytes, len);
    /* More of this frame, or of this message, follows. */
    if (lws_remaining_packet_payload(wsi) > 0 || !lws_is_final_fragment(wsi))
        return 0;
    const struct text message = {buffer_str(socket->partial), socket->partial->len};
    socket_flush_pong(socket); /* before the answer */
    sockets->callbacks.message(socket->client, message, lws_frame_is_binary(wsi) != 0);
    drop_partial(socket);
    return 0;
}

/* The one callback for all connections; `user` is the zeroed struct socket of this one. A result
 * other than 0 makes libwebsockets close the connection. */
static int handle(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t len) {
    struct socket *socket = user;
    struct lws_context *context = lws_get_context(wsi);
    struct sockets *sockets = context ? lws_context_user(context) : NULL;
    if (!sockets) /* the context is not complete yet */
        return 0;
    switch (reason) {
    /* Up to the handshake: ws_handshake.c. */
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
        ws_handshake_adopted(&sockets->ws_handshake, wsi);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        if (ws_handshake_end(&sockets->ws_handshake, wsi))
            sockets->metrics->refusals[METRICS_REFUSAL_INCOMPLETE]++;
        return 0;
    case LWS_CALLBACK_HTTP:
        return ws_handshake_reject_http(&sockets->ws_handshake, wsi);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return ws_handshake_check(&sockets->ws_handshake, wsi, in);
    /* From the handshake on. */
    case LWS_CALLBACK_ESTABLISHED:
        return on_established(wsi, sockets, socket);
    case LWS_CALLBACK_RECEIVE:
        return on_receive(wsi, socket, in, len);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        return socket_on_peer_close(socket);
    case LWS_CALLBACK_RECEIVE_PONG:
        socket_is_alive(socket);
        return 0;
    /* May come before the socket is set up. */
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return socket->sockets ? socket_on_writable(socket) : 0;
    case LWS_CALLBACK_CLOSED:
        on_closed(sockets, socket);
        return 0;
    default:
        return 0;
    }
}

/* What libwebsockets calls; the time that it takes is measured. */
static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len) {
    slow_callback_start("a socket event");
    const int result = handle(wsi, reason, user, in, len);
    slow_callback_stop();
    return result;
}

/* ---- libwebsockets ---- */

/* The headers of a handshake are one allocation, larger than any other. */
static void *allocate(void *memory, size_t size, const char *reason) {
    (void)reason;
    /* lws_set_allocator expects realloc: this is free (size 0) or a resize. Memory of the slab is
     * only ever freed. */
    if (slab_owns(header_slab, memory)) {
        slab_release(header_slab, memory); /* it is never resized */
        return NULL;
    }
    if (size == 0) {
        free(memory);
        return NULL;
    }
    /* Only a new allocation of just that size is the headers. If the slab is exhausted, the heap
     * serves. */
    void *block = !memory && size == WS_HANDSHAKE_HEADERS_SIZE ? slab_alloc(header_slab) : NULL;
    return block ? block : xreallocarray(memory, size, 1);
}

/* At most one line a second: some errors repeat with every loop iteration. */
static void log_lws(int level, const char *line) {
    const int64_t now = clock_monotonic_ms();
    if (!(level & LLL_ERR) || (last_log_ms && now - last_log_ms < 1000))
        return;
    last_log_ms = now;
    log_warn("libwebsockets: %.*s", (int)strcspn(line, "\n"), line);
}

/* Makes the context of libwebsockets and its virtual host; false if that fails. */
static bool create_context(struct sockets *sockets) {
    /* libwebsockets keeps its timers in one sorted list, which it walks from the head: all are
     * switched off, and sockets_tick does their work. */
    static const lws_retry_bo_t NO_TIMERS = {0};
    /* Clients send little, and each connection has a receive buffer. */
    sockets->protocols[1] = (struct lws_protocols){.name = "confab",
                                                   .callback = callback,
                                                   .per_session_data_size = sizeof(struct socket),
                                                   .rx_buffer_size = 128,
                                                   .tx_packet_size = SOCKET_WRITE_MAX};
    sockets->protocols[0] = sockets->protocols[1];
    sockets->protocols[0].name = "plain HTTP"; /* the first protocol also serves plain HTTP */
    /* No listening socket of its own: connections come from acceptor.c. The loop is that of the
     * worker. */
    const struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = sockets->protocols,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
        .foreign_loops = sockets->foreign_loops,
        .retry_and_idle_policy = &NO_TIMERS,
        .user = sockets,
        .timeout_secs = 10,
        .max_http_header_data = WS_HANDSHAKE_HEADERS_SIZE,
    };
    /* The slab and the allocator come first: the context makes its allocations by them. */
    lws_set_log_level(LLL_ERR, log_lws);
    header_slab = slab_new(WS_HANDSHAKE_HEADERS_SIZE, HEADER_BLOCKS);
    lws_set_allocator(allocate);
    sockets->context = lws_create_context(&info);
    if (sockets->context)
        sockets->ws_handshake.vhost = lws_create_vhost(sockets->context, &info);
    return sockets->ws_handshake.vhost != NULL;
}

/* ---- all sockets ---- */

struct sockets *sockets_new(uv_loop_t *loop, const struct config *config,
                            struct metrics_data *metrics, const struct sockets_callbacks *callbacks,
                            const int listen_fds[SOCKETS_LISTENERS]) {
    struct sockets *sockets = xcalloc(1, sizeof(*sockets));
    sockets->config = config;
    sockets->metrics = metrics;
    sockets->ws_handshake.config = config;
    sockets->ws_handshake.metrics = metrics;
    sockets->callbacks = *callbacks;
    sockets->foreign_loops[0] = loop;
    uv_timer_init(loop, &sockets->drain_timer);
    sockets->drain_timer.data = sockets;
    socket_write_init(sockets, loop);
    /* Before any connection, since it replaces recv(2) and close(2) for them. */
    socket_read_init(&READER);
    if (!create_context(sockets)) {
        log_error("cannot initialize libwebsockets");
        return NULL;
    }
    /* From here on connections are accepted. */
    for (size_t i = 0; i < SOCKETS_LISTENERS; i++) {
        if (listen_fds[i] < 0)
            continue;
        sockets->acceptors[i] =
            acceptor_new(loop, listen_fds[i], ws_handshake_on_accept, &sockets->ws_handshake);
        if (!sockets->acceptors[i])
            return NULL;
    }
    return sockets;
}

uint64_t sockets_count(const struct sockets *sockets) {
    return sockets->count;
}

void sockets_stop_listening(struct sockets *sockets) {
    for (size_t i = 0; i < SOCKETS_LISTENERS; i++) {
        if (sockets->acceptors[i])
            acceptor_close(sockets->acceptors[i]);
        sockets->acceptors[i] = NULL;
    }
}

void sockets_abort(struct sockets *sockets) {
    sockets_stop_listening(sockets);
    uv_close((uv_handle_t *)&sockets->drain_timer, NULL);
    socket_write_close(sockets);
    /* The first of two calls: closes all connections, with their callbacks. */
    lws_context_destroy(sockets->context);
}

void sockets_free(struct sockets *sockets) {
    /* On a foreign loop the context is destroyed in two calls, with iterations in between. */
    lws_context_destroy(sockets->context);
    slab_free(header_slab);
    socket_read_free();
    conn_limit_free(&sockets->ws_handshake.conn_limit);
    socket_write_free(sockets);
    free(sockets);
}
