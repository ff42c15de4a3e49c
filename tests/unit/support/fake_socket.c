/* fake_socket: decodes frames and keeps their payloads. */
#include "fake_socket.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/xalloc.h"

struct socket *fake_socket_open(const struct sockets_callbacks *callbacks,
                                const struct handshake *handshake) {
    struct socket *socket = xcalloc(1, sizeof(*socket));
    socket->callbacks = callbacks;
    socket->client = callbacks->opened(callbacks->context, socket, handshake);
    return socket;
}

void fake_socket_receive(struct socket *socket, struct text message, bool binary) {
    if (socket->client && socket->close_code == 0)
        socket->callbacks->message(socket->client, message, binary);
}

void fake_socket_drain(struct socket *socket) {
    const bool notify = socket->notify_drained && socket->client && socket->close_code == 0;
    socket->blocked = socket->notify_drained = false;
    if (notify)
        socket->callbacks->drained(socket->client);
}

void fake_socket_disconnect(struct socket *socket) {
    struct client *client = socket->client;
    socket->client = NULL;
    if (client)
        socket->callbacks->closed(client);
}

const char *fake_socket_next(struct socket *socket) {
    return socket->read < socket->count ? socket->received[socket->read++] : NULL;
}

void fake_socket_free(struct socket *socket) {
    fake_socket_disconnect(socket);
    for (size_t i = 0; i < socket->count; i++)
        free(socket->received[i]);
    free(socket->received);
    free(socket);
}

/* ---- net/socket.h ---- */

static void record(struct socket *socket, const unsigned char *json, size_t len) {
    socket->received = array_reserve(socket->received, &socket->space, socket->count + 1,
                                     sizeof(*socket->received));
    socket->received[socket->count++] = xstrndup((const char *)json, len);
}

/* Decodes the frames as a client would; anything but whole text frames ends the test. */
void socket_send(struct socket *socket, struct frame *frame) {
    size_t at = 0;
    uint32_t events = 0;
    while (socket->close_code == 0 && at < frame->len) {
        size_t len = frame->bytes[at + 1], bytes = len < 126 ? 0 : len == 126 ? 2 : 8;
        if (frame->bytes[at] != 0x81 || len > 127)
            abort();
        for (size_t i = 0; i < bytes; i++)
            len = (i == 0 ? 0 : len << 8) | frame->bytes[at + 2 + i];
        at += 2 + bytes;
        if (len > frame->len - at)
            abort();
        record(socket, frame->bytes + at, len);
        at += len;
        events++;
    }
    if (socket->close_code == 0 && events != frame->count)
        abort();
}

/* Clients cannot see which frames were written together. */
void socket_send_deferred(struct socket *socket, struct frame *frame) {
    socket_send(socket, frame);
}

bool socket_admit(struct socket *socket, const unsigned char hash[SECRET_HASH_SIZE]) {
    (void)hash;
    socket->admitted = !socket->is_full;
    return socket->admitted;
}

void socket_count_failure(struct socket *socket) {
    socket->failures++;
}

bool socket_is_blocked(const struct socket *socket) {
    return socket->blocked;
}

void socket_notify_drained(struct socket *socket) {
    socket->notify_drained = true;
}

uint64_t socket_unacknowledged(const struct socket *socket) {
    return socket->unacknowledged;
}

bool socket_prefetch(const struct socket *socket) {
    return socket->close_code == 0;
}

void socket_send_text(struct socket *socket, struct text json) {
    struct frame *frame = frame_text(json);
    socket_send(socket, frame);
    frame_release(frame);
}

void socket_close(struct socket *socket, unsigned code, enum metrics_drop why) {
    if (socket->close_code != 0)
        return;
    socket->close_code = code;
    socket->why = why;
}
