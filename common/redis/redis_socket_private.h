/*
 * redis_socket: the connection of a redis_client: its bytes in both directions, with or without
 * TLS, and the replies that are pending. Opening it is the work of redis_client.c.
 *
 * Bytes go through `out` (with TLS, encrypted) to the socket, which does not block: poll(2) waits
 * for it up to a deadline. Deadlines are of clock_monotonic_ms. Replies come in the order of the
 * commands: `pending` counts those that were not read yet, and they are read before the next
 * command that needs its own.
 */
#ifndef CONFAB_REDIS_SOCKET_PRIVATE_H
#define CONFAB_REDIS_SOCKET_PRIVATE_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/backoff.h"
#include "base/buffer.h"
#include "config/config.h"
#include "redis/redis_tls.h"

struct redis_socket {
    redisContext *context; /* NULL while not connected; of hiredis, its socket and parser only */
    struct redis_tls *tls; /* NULL: none */
    bool must_be_primary;  /* the reply of a replica to ROLE ends the connection */
    bool was_moved;        /* it has redirected a command, being one of a cluster */
    struct buffer out;     /* bytes for the socket, of which */
    size_t sent;           /* this many are sent */
    bool worked;           /* the connection has given a reply */
    int64_t used_ms;       /* when the last reply was read, or it was opened */
    struct backoff backoff;
    unsigned pending;      /* replies that have not been read */
    int64_t pending_since; /* when the last reply was read, or none was pending */
    char last_error[160];
};

/* Takes over a connected context: sets the flags of its descriptor, and resets the counters and
 * times of replies. */
void redis_socket_open(struct redis_socket *socket, redisContext *context);

/* Makes the handshake of TLS with a server of this name. False if the connection was closed. */
bool redis_socket_handshake(struct redis_socket *socket, const struct config *config,
                            const char *name, int64_t deadline);

/* Closes the connection, if there is one; pending replies will never come. */
void redis_socket_close(struct redis_socket *socket);

/* Closes it because of an error, which is logged, and makes the backoff grow. With at_once, a
 * connection that has worked may be opened again without a delay: Redis or a firewall may have
 * closed it for being idle. */
void redis_socket_fail(struct redis_socket *socket, const char *why, bool at_once);

/* Waits until the socket is ready for `events` of poll(2); false at the deadline. */
bool redis_socket_wait(struct redis_socket *socket, short events, int64_t deadline);

/* Adds bytes of commands to `out`. False if the connection was closed. */
bool redis_socket_add(struct redis_socket *socket, const char *bytes, size_t len);

/* Writes `out`. True unless the connection was closed; what cannot be written by the deadline stays
 * there. */
bool redis_socket_write(struct redis_socket *socket, int64_t deadline);

/* Reads the bytes that have come. False if the connection was closed. */
bool redis_socket_read(struct redis_socket *socket);

/* Reads the next reply into *reply, which the caller frees; NULL if there is none by the deadline.
 * False if the connection was closed. */
bool redis_socket_reply(struct redis_socket *socket, int64_t deadline, redisReply **reply);

/* Notes the reply to a command that was refused, and logs it. */
void redis_socket_refused(struct redis_socket *socket, const char *error);

/* Writes `out` and reads the pending replies; errors in them are logged. True if none is pending
 * any more. */
bool redis_socket_read_pending(struct redis_socket *socket, int64_t deadline);

#endif
