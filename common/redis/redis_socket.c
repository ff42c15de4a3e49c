/* Bytes and replies of a connection. hiredis parses the replies; poll(2) waits for the socket up to
 * a deadline, so that no call waits longer than its caller wants. */
#include "redis/redis_socket_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"

/* The connection is closed when a reply is overdue for this time. */
#define DEAD_MS 5000
/* It is closed as well when more bytes than this could not be sent. */
#define MAX_UNSENT ((size_t)1024 * 1024)
/* Largest output buffer that is kept. */
#define BUFFER_KEEP ((size_t)64 * 1024)

void redis_socket_open(struct redis_socket *socket, redisContext *context) {
    /* From here on poll does the waiting. */
    fcntl(context->fd, F_SETFL, fcntl(context->fd, F_GETFL) | O_NONBLOCK);
    fcntl(context->fd, F_SETFD, FD_CLOEXEC);
    socket->context = context;
    socket->worked = false;
    socket->used_ms = socket->pending_since = clock_monotonic_ms();
}

void redis_socket_close(struct redis_socket *socket) {
    if (socket->context)
        redisFree(socket->context);
    redis_tls_free(socket->tls);
    socket->context = NULL;
    socket->tls = NULL;
    /* Pending replies will never come. */
    socket->pending = 0;
    socket->sent = 0;
    buffer_recycle(&socket->out, BUFFER_KEEP);
}

void redis_socket_fail(struct redis_socket *socket, const char *why, bool at_once) {
    uint32_t wait = 0;
    snprintf(socket->last_error, sizeof(socket->last_error), "%s", why);
    redis_socket_close(socket);
    /* Only once: if the new connection does not work either, the delays grow as usual. */
    if (at_once && socket->worked)
        backoff_reset(&socket->backoff);
    else
        wait = backoff_failed(&socket->backoff, clock_monotonic_ms());
    socket->worked = false;
    log_warn("redis: %s; reconnecting in %" PRIu32 " ms", socket->last_error, wait);
}

bool redis_socket_wait(struct redis_socket *socket, short events, int64_t deadline) {
    struct pollfd fd = {socket->context->fd, events, 0};
    const int64_t left = deadline - clock_monotonic_ms();
    int ready;
    /* A signal repeats the whole wait, which the short timeouts allow. */
    do
        ready = poll(&fd, 1, left > 0 ? (int)left : 0);
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

bool redis_socket_write(struct redis_socket *socket, int64_t deadline) {
    struct buffer *out = &socket->out;
    /* Whatever the kernel takes now; then wait until it takes more, or for the deadline. */
    while (socket->sent < out->len) {
        const ssize_t sent = send(socket->context->fd, out->data + socket->sent,
                                  out->len - socket->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            redis_socket_fail(socket, strerror(errno), true);
            return false;
        }
        /* On an error nothing was sent. */
        socket->sent += sent > 0 ? (size_t)sent : 0;
        if (sent < 0 && errno != EINTR && !redis_socket_wait(socket, POLLOUT, deadline))
            break;
    }
    /* Everything is out; otherwise the rest goes with the next command, up to a limit. */
    if (socket->sent == out->len) {
        buffer_recycle(out, BUFFER_KEEP);
        socket->sent = 0;
    } else if (out->len - socket->sent > MAX_UNSENT) {
        redis_socket_fail(socket, "it does not read commands", false);
        return false;
    }
    return true;
}

bool redis_socket_add(struct redis_socket *socket, const char *bytes, size_t len) {
    if (!socket->tls) {
        buffer_append(&socket->out, bytes, len);
        return true;
    }
    /* OpenSSL encrypts into memory; the records then go the way of other bytes. */
    const bool written = redis_tls_write(socket->tls, bytes, len);
    redis_tls_take(socket->tls, &socket->out);
    if (!written)
        redis_socket_fail(socket, redis_tls_error(socket->tls), false);
    return written;
}

/* Passes bytes of the socket to the parser, decrypted if there is TLS. */
static bool parse(struct redis_socket *socket, const char *bytes, size_t len) {
    if (!socket->tls) {
        redisReaderFeed(socket->context->reader, bytes, len);
        return true;
    }
    struct buffer plain = BUFFER_EMPTY;
    /* Decrypting may need several reads of the socket, and may itself produce bytes for it
     * (handshake, alerts), which redis_tls_take adds to `out`. */
    bool valid = redis_tls_feed(socket->tls, bytes, len);
    if (valid && redis_tls_is_ready(socket->tls))
        valid = redis_tls_read(socket->tls, &plain);
    if (plain.len > 0)
        redisReaderFeed(socket->context->reader, plain.data, plain.len);
    buffer_free(&plain);
    redis_tls_take(socket->tls, &socket->out);
    return valid;
}

bool redis_socket_read(struct redis_socket *socket) {
    char bytes[16384];
    const ssize_t got = recv(socket->context->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    /* Nothing to read is not an error. */
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return true;
    if (got > 0 && parse(socket, bytes, (size_t)got))
        return true;
    /* With got > 0 only TLS can have failed; 0 is the end of the stream. */
    redis_socket_fail(socket,
                      got > 0    ? redis_tls_error(socket->tls)
                      : got == 0 ? "connection closed by Redis"
                                 : strerror(errno),
                      true);
    return false;
}

bool redis_socket_reply(struct redis_socket *socket, int64_t deadline, redisReply **reply) {
    *reply = NULL;
    for (;;) {
        void *found = NULL;
        /* Not a reply of the protocol: probably not Redis. */
        if (redisReaderGetReply(socket->context->reader, &found) != REDIS_OK) {
            redis_socket_fail(socket, socket->context->reader->errstr, false);
            return false;
        }
        /* A reply proves the connection: the next failure may reconnect at once. */
        if (found) {
            *reply = found;
            socket->worked = true;
            socket->used_ms = clock_monotonic_ms();
            backoff_reset(&socket->backoff);
            return true;
        }
        /* No complete reply in the parser; wait for more bytes. */
        if (!redis_socket_wait(socket, POLLIN, deadline))
            return true;
        if (!redis_socket_read(socket))
            return false;
    }
}

/* Whether this is the reply of a replica to ROLE: what is published there reaches no pushd. */
static bool is_replica(const redisReply *reply) {
    return reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 &&
           reply->element[0]->type == REDIS_REPLY_STRING &&
           strcmp(reply->element[0]->str, "slave") == 0;
}

void redis_socket_refused(struct redis_socket *socket, const char *error) {
    static const char MOVED[] = "MOVED ";
    snprintf(socket->last_error, sizeof(socket->last_error), "%s", error);
    /* A redirection says that the map of slots is outdated, which happens. */
    if (strncmp(error, MOVED, sizeof(MOVED) - 1) == 0)
        socket->was_moved = true;
    else
        log_warn("redis: %s", error);
}

bool redis_socket_read_pending(struct redis_socket *socket, int64_t deadline) {
    if (socket->pending > 0 && !redis_socket_write(socket, deadline))
        return false;
    while (socket->pending > 0) {
        redisReply *reply;
        if (!redis_socket_reply(socket, deadline, &reply))
            return false;
        /* Late, but the connection may still be good: it stays open until DEAD_MS. */
        if (!reply) {
            if (clock_monotonic_ms() - socket->pending_since > DEAD_MS)
                redis_socket_fail(socket, "it does not reply", false);
            return false;
        }
        /* The reply to a PUBLISH, AUTH or SELECT: no caller waits, so it is logged. */
        if (reply->type == REDIS_REPLY_ERROR)
            redis_socket_refused(socket, reply->str);
        const bool is_wrong = socket->must_be_primary && is_replica(reply);
        freeReplyObject(reply);
        socket->pending--;
        socket->pending_since = clock_monotonic_ms();
        if (is_wrong) {
            redis_socket_fail(socket, "it is a replica", false);
            return false;
        }
    }
    /* No reply is pending: the time of an overdue one counts from the next command. */
    socket->pending_since = clock_monotonic_ms();
    return true;
}

bool redis_socket_handshake(struct redis_socket *socket, const struct config *config,
                            const char *name, int64_t deadline) {
    const char *error = NULL;
    /* The first step needs no bytes of the server: it makes the ClientHello. */
    socket->tls = redis_tls_new(config, name, &error);
    if (!socket->tls || !parse(socket, NULL, 0)) {
        redis_socket_fail(socket, socket->tls ? redis_tls_error(socket->tls) : error, false);
        return false;
    }
    /* Each round sends what OpenSSL produced and waits for an answer. */
    while (!redis_tls_is_ready(socket->tls)) {
        if (!redis_socket_write(socket, deadline))
            return false;
        if (!redis_socket_wait(socket, POLLIN, deadline)) {
            redis_socket_fail(socket, "TLS: no answer in time", false);
            return false;
        }
        if (!redis_socket_read(socket))
            return false;
    }
    return true;
}
