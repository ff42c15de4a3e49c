/*
 * socket_write: what a socket sends: frames at once, queued or deferred, and the close frame.
 *
 * A frame takes the first of these ways that is free. Straight to the kernel by send(2), while the
 * socket is not blocked and has no queue. What the kernel does not take of one write goes to
 * libwebsockets; the socket is `blocked` until that is written. Frames that come meanwhile wait in
 * the send queue. Deferred frames wait there, too, until the end of the loop iteration.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/array.h"
#include "base/xalloc.h"
#include "metrics/slow_callback.h"
#include "net/socket_private.h"

/* How long a closing socket may take before it is aborted. */
#define CLOSE_SECONDS 5

/* ---- writing ---- */

/* The kernel has taken bytes. */
static void note_written(struct socket *socket, size_t len) {
    socket->written += len;
    socket->sockets->metrics->delivered_bytes += len;
}

void socket_write_now(struct socket *socket, const unsigned char *bytes, size_t len) {
    ssize_t sent = 0;
    /* Bytes that libwebsockets still holds go first; it may hold a part of a pong, which it sends
     * unasked. */
    if (!lws_partial_buffered(socket->wsi))
        sent = send(socket->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    const int error = sent < 0 ? errno : 0;
    if (socket->corked) {
        /* The answer to the handshake waited for this first frame. */
        const int no = 0;
        socket->corked = false;
        setsockopt(socket->fd, IPPROTO_TCP, TCP_CORK, &no, sizeof(no));
    }
    /* EPIPE, ECONNRESET and the like: the connection is gone. Not closed here, since a caller may
     * be walking over sockets. */
    if (error && error != EAGAIN && error != EWOULDBLOCK && error != EINTR) {
        socket_abort(socket);
        return;
    }
    if (sent < 0)
        sent = 0;
    note_written(socket, (size_t)sent);
    if ((size_t)sent == len)
        return;
    /* libwebsockets keeps what the kernel did not take, and calls back when that is written. */
    socket->blocked = true;
    /* lws_write needs LWS_PRE bytes of space before the data; RAW, since the frames are encoded
     * already. */
    unsigned char *rest = xcalloc(1, LWS_PRE + len);
    memcpy(rest + LWS_PRE, bytes + sent, len - (size_t)sent);
    /* It takes all of it, and copies what it cannot write. */
    if (lws_write(socket->wsi, rest + LWS_PRE, len - (size_t)sent, LWS_WRITE_RAW) < 0)
        socket_abort(socket);
    else
        lws_callback_on_writable(socket->wsi);
    socket->held = len - (size_t)sent;
    free(rest);
}

/* Drops the send queue, with what it counts in the gauge. */
static void discard_queue(struct socket *socket) {
    if (!socket->send_queue)
        return;
    socket->sockets->metrics->send_queue_bytes -= socket->send_queue->bytes;
    send_queue_clear(socket->send_queue);
    free(socket->send_queue);
    socket->send_queue = NULL;
}

/* Writes the send queue until the kernel takes no more. */
static void flush_queue(struct socket *socket) {
    struct sockets *sockets = socket->sockets;
    socket->blocked = false;
    while (socket->send_queue && !socket->blocked && socket->phase != PHASE_ABORTED) {
        /* Joined into one write: the queue often has many small frames. */
        const size_t len =
            send_queue_peek(socket->send_queue, sockets->write_buffer, SOCKET_WRITE_MAX);
        send_queue_consume(socket->send_queue, len);
        sockets->metrics->send_queue_bytes -= len;
        /* Before the write, which may block the socket or abort it and drop the queue. */
        if (socket->send_queue->bytes == 0)
            discard_queue(socket);
        socket_write_now(socket, sockets->write_buffer, len);
    }
}

/* Appends to the send queue. A blocked socket whose queue exceeds ws_backlog (KiB) is closed; one
 * that is not blocked only collects deferred frames, and writes when they fill a buffer. */
static void enqueue(struct socket *socket, struct frame *frame) {
    const struct sockets *sockets = socket->sockets;
    sockets->metrics->send_queue_bytes += frame->len;
    if (!socket->send_queue)
        socket->send_queue = xcalloc(1, sizeof(*socket->send_queue));
    const uint64_t limit = socket->blocked ? sockets->config->ws_backlog * 1024 : SOCKET_WRITE_MAX;
    if (send_queue_push(socket->send_queue, frame) <= limit)
        return;
    if (!socket->blocked) {
        flush_queue(socket);
        return;
    }
    /* So the close frame need not wait behind it. */
    discard_queue(socket);
    socket_close(socket, SOCKET_CLOSE_TRY_LATER, METRICS_DROP_SLOW);
}

void socket_send(struct socket *socket, struct frame *frame) {
    if (socket->phase != PHASE_OPEN)
        return;
    socket->sockets->metrics->deliveries += frame->count;
    /* After what is queued, to keep the order. */
    if (socket->blocked || socket->send_queue)
        enqueue(socket, frame);
    else
        socket_write_now(socket, frame->bytes, frame->len);
}

void socket_send_text(struct socket *socket, struct text json) {
    struct frame *frame = frame_text(json);
    socket_send(socket, frame);
    frame_release(frame);
}

bool socket_is_blocked(const struct socket *socket) {
    return socket->blocked;
}

void socket_notify_drained(struct socket *socket) {
    socket->notify_drained = true;
}

uint64_t socket_unacknowledged(const struct socket *socket) {
    /* SIOCOUTQ: bytes in the send buffer, sent or not, that the peer has not acknowledged. */
    int bytes = 0;
    ioctl(socket->fd, SIOCOUTQ, &bytes);
    return (uint64_t)bytes;
}

/* libwebsockets keeps this near the beginning of its data of the connection. */
bool socket_prefetch(const struct socket *socket) {
    return !lws_partial_buffered(socket->wsi);
}

/* ---- deferred frames ---- */

void socket_flush_pong(struct socket *socket) {
    struct frame *pong = socket->pong;
    if (!pong || socket->blocked || socket->phase != PHASE_OPEN)
        return;
    socket->pong = NULL;
    socket->sockets->metrics->pongs++;
    socket_write_now(socket, pong->bytes, pong->len);
    frame_release(pong);
}

/* An idle handle is called before the loop waits for events again. */
static void on_iteration_end(uv_idle_t *idle) {
    struct sockets *sockets = idle->data;
    slow_callback_start("writing deferred frames");
    /* An active idle handle would keep the loop from waiting. */
    uv_idle_stop(idle);
    for (size_t i = 0; i < sockets->deferred_count; i++) {
        struct socket *socket = sockets->deferred[i];
        /* It was closed after it had deferred something. */
        if (!socket)
            continue;
        socket->deferred = false;
        /* What was sent meanwhile may have blocked it; socket_on_writable does the rest then. */
        if (!socket->blocked)
            flush_queue(socket);
        socket_flush_pong(socket);
    }
    sockets->deferred_count = 0;
    slow_callback_stop();
}

/* Has what is queued sent at the end of the loop iteration. */
static void defer(struct socket *socket) {
    struct sockets *sockets = socket->sockets;
    if (socket->deferred || socket->blocked)
        return;
    sockets->deferred = array_reserve(sockets->deferred, &sockets->deferred_space,
                                      sockets->deferred_count + 1, sizeof(struct socket *));
    sockets->deferred[sockets->deferred_count++] = socket;
    socket->deferred = true;
    /* No effect if it is active. */
    uv_idle_start(&sockets->flush_idle, on_iteration_end);
}

void socket_send_pong(struct socket *socket, const unsigned char *payload, size_t len) {
    /* The idle handle closes when the process stops; nothing can be deferred then. */
    if (socket->phase != PHASE_OPEN || uv_is_closing((uv_handle_t *)&socket->sockets->flush_idle))
        return;
    socket_is_alive(socket);
    /* Only the latest ping of several has to be answered (RFC 6455, section 5.5.3). */
    frame_release(socket->pong);
    socket->pong = frame_pong(payload, len);
    defer(socket);
}

void socket_send_deferred(struct socket *socket, struct frame *frame) {
    struct sockets *sockets = socket->sockets;
    if (socket->phase != PHASE_OPEN)
        return;
    if (uv_is_closing((uv_handle_t *)&sockets->flush_idle)) {
        socket_send(socket, frame);
        return;
    }
    /* Before enqueue, which makes a queue: that alone does not write it. */
    defer(socket);
    sockets->metrics->deliveries += frame->count;
    enqueue(socket, frame);
}

/* ---- closing ---- */

void socket_abort(struct socket *socket) {
    socket->phase = PHASE_ABORTED;
    discard_queue(socket);
    /* The shut down connection is readable at once, and libwebsockets closes it when it reads
     * the end. Its own timeouts are checked only when something else happens. */
    shutdown(socket->fd, SHUT_RDWR);
}

/* Sends the close frame once the send queue is empty. libwebsockets would send one only after it
 * has begun to close the connection. */
static void send_close(struct socket *socket) {
    static const char BANNED[] = "banned";
    const size_t reason_len = socket->close_code == SOCKET_CLOSE_BANNED ? sizeof(BANNED) - 1 : 0;
    /* FIN and the opcode of a close frame, and its payload: the code in network byte order, and
     * perhaps a reason. */
    unsigned char frame[4 + sizeof(BANNED)] = {0x88, (unsigned char)(2 + reason_len),
                                               (unsigned char)(socket->close_code >> 8 & 0xff),
                                               (unsigned char)(socket->close_code & 0xff)};
    memcpy(frame + 4, BANNED, reason_len);
    if (!socket->blocked)
        flush_queue(socket);
    /* If it is still blocked, socket_on_writable calls this again. */
    if (socket->close_sent || socket->blocked)
        return;
    socket->close_sent = true;
    if (socket->close_code)
        socket_write_now(socket, frame, 4 + reason_len);
    else
        socket_abort(socket);
}

/* From now on nothing more is accepted for sending, and the peer has CLOSE_SECONDS to answer. */
static void begin_closing(struct socket *socket) {
    socket->phase = PHASE_CLOSING;
    socket->close_s = socket_now_s() + CLOSE_SECONDS;
    socket_schedule_check(socket->sockets, socket->close_s);
}

void socket_close(struct socket *socket, unsigned code, enum metrics_drop why) {
    if (socket->phase != PHASE_OPEN)
        return;
    /* METRICS_DROP_COUNT: not counted as a drop. */
    if (why < METRICS_DROP_COUNT)
        socket->sockets->metrics->drops[why]++;
    socket->close_code = code;
    begin_closing(socket);
    send_close(socket);
    /* Its client was never let in. */
    if (socket->place == PLACE_OPENING)
        socket_refused(socket);
}

void socket_fail(struct socket *socket, unsigned code) {
    socket_close(socket, code, METRICS_DROP_PROTOCOL);
    /* No more data after the close frame. If it is blocked, the frame is not sent yet. */
    if (!socket->blocked)
        shutdown(socket->fd, SHUT_WR);
}

int socket_on_writable(struct socket *socket) {
    if (socket->phase == PHASE_ABORTED)
        return -1;
    /* libwebsockets writes the rest first, and calls again. */
    if (lws_partial_buffered(socket->wsi))
        return 0;
    note_written(socket, socket->held);
    socket->held = 0;
    if (socket->blocked)
        socket_is_alive(socket);
    flush_queue(socket);
    socket_flush_pong(socket);
    /* All is in the kernel's hands: the client may send more. */
    if (socket->notify_drained && !socket->blocked && socket->phase == PHASE_OPEN) {
        socket->notify_drained = false;
        socket->sockets->callbacks.drained(socket->client);
    }
    if (socket->phase == PHASE_CLOSING)
        send_close(socket);
    return socket->phase == PHASE_ABORTED ? -1 : 0;
}

int socket_on_peer_close(struct socket *socket) {
    /* Frames that were deferred go before the close frame that answers. */
    if (!socket->blocked)
        flush_queue(socket);
    /* The answer to our close frame: the connection ends. */
    if (socket->close_sent || socket->phase == PHASE_ABORTED)
        return -1;
    /* The peer closes first. libwebsockets answers its close frame; nothing follows that. */
    socket->close_sent = true;
    begin_closing(socket);
    return 0;
}

/* ---- beginning and end ---- */

void socket_write_init(struct sockets *sockets, uv_loop_t *loop) {
    uv_idle_init(loop, &sockets->flush_idle);
    sockets->flush_idle.data = sockets;
}

void socket_write_discard(struct socket *socket) {
    struct sockets *sockets = socket->sockets;
    /* Its entry stays, as NULL: on_iteration_end may be walking over the array. */
    for (size_t i = 0; socket->deferred && i < sockets->deferred_count; i++)
        if (sockets->deferred[i] == socket)
            sockets->deferred[i] = NULL;
    socket->deferred = false;
    frame_release(socket->pong);
    socket->pong = NULL;
    discard_queue(socket);
}

void socket_write_close(struct sockets *sockets) {
    uv_close((uv_handle_t *)&sockets->flush_idle, NULL);
}

void socket_write_free(struct sockets *sockets) {
    free(sockets->deferred);
}
