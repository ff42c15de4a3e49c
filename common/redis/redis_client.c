/* The connection, commands with a reply, and published messages. The socket does not block: hiredis
 * connects and parses replies, and poll(2) waits for the socket up to a deadline.
 *
 * Redis is never needed for a correct answer, so no call waits longer than its timeout and every
 * failure has a fallback at the caller. Bytes go through `out` (with TLS, encrypted) to the socket.
 * Replies come in the order of the commands: `pending` counts those that were not read yet, and
 * they are read before the next command that needs its own. */
#include "redis/redis_client.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/backoff.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "os/name_lookup.h"
#include "redis/redis_client_private.h"
#include "redis/redis_sentinel.h"
#include "redis/redis_tls.h"

/* After a timeout no command is sent for this time. */
#define PAUSE_MS 1000
/* The connection is closed when a reply is overdue for this time. */
#define DEAD_MS 5000
/* It is closed as well when more bytes than this could not be sent. */
#define MAX_UNSENT ((size_t)1024 * 1024)
/* A connection that was idle for this time is tried out before it is used, for this time. */
#define IDLE_MS 10000
#define PING_MS 20
/* A handshake of TLS may take this time, also if redis_timeout is shorter. */
#define TLS_MS 500
/* So may the lookup of a host name. */
#define LOOKUP_MS 500
/* With Sentinels, how often one is asked for the primary, and how long each may take to answer,
 * also if redis_timeout is shorter. */
#define FOLLOW_MS 1000
#define SENTINEL_MS 100
/* Largest output buffer that is kept. */
#define BUFFER_KEEP ((size_t)64 * 1024)

struct redis_client {
    const struct config *config;
    redisContext *context; /* NULL while not connected; of hiredis, its socket and parser only */
    struct redis_tls *tls; /* NULL: none */
    int lookup;            /* of the host, that has not ended; -1: none */
    struct host_address address;     /* to connect to, without a Unix socket */
    struct redis_sentinel *sentinel; /* NULL: none */
    bool is_given;                   /* the address was given, and stays */
    bool is_of_sentinel;             /* it is that of a Sentinel */
    int64_t followed_ms;             /* when a Sentinel was last asked */
    struct buffer out;               /* bytes for the socket, of which */
    size_t sent;                     /* this many are sent */
    bool worked;                     /* the connection has given a reply */
    int64_t used_ms;                 /* when the last reply was read, or it was opened */
    struct backoff backoff;
    unsigned pending;      /* replies that have not been read */
    int64_t pending_since; /* when the last reply was read, or none was pending */
    int64_t paused_until;  /* before this no command is sent that waits at most */
    uint64_t paused_ms;    /* this long */
    struct buffer queue;   /* commands until the next flush */
    unsigned queue_count;
    char last_error[160];
};

struct redis_client *redis_client_new(const struct config *config) {
    struct redis_client *client = xcalloc(1, sizeof(*client));
    client->config = config;
    client->lookup = -1;
    client->backoff = (struct backoff)BACKOFF(1000, 15000);
    /* A failover ends soon, and then there is another server to connect to. */
    if (redis_has_sentinels(config)) {
        client->sentinel = redis_sentinel_new(config);
        client->backoff = (struct backoff)BACKOFF(100, 500);
    }
    return client;
}

struct redis_client *redis_client_new_sentinel(const struct config *config,
                                               const struct host_address *address) {
    struct redis_client *client = xcalloc(1, sizeof(*client));
    client->config = config;
    client->lookup = -1;
    client->backoff = (struct backoff)BACKOFF(100, 500);
    client->address = *address;
    client->is_given = client->is_of_sentinel = true;
    return client;
}

struct redis_client *redis_client_new_beside(const struct redis_client *client) {
    struct redis_client *other = redis_client_new(client->config);
    /* Which of the servers it is, a Sentinel has said already. */
    if (client->sentinel && client->address.name[0]) {
        redis_sentinel_free(other->sentinel);
        other->sentinel = NULL;
        other->address = client->address;
        other->is_given = true;
    }
    return other;
}

bool redis_client_is_configured(const struct redis_client *client) {
    return client->is_given || redis_is_configured(client->config);
}

/* A Unix socket, unless Sentinels say where the server is. */
static bool is_local(const struct redis_client *client) {
    return !client->is_given && !client->sentinel && client->config->redis_socket[0] != '\0';
}

const struct config *redis_client_config(const struct redis_client *client) {
    return client->config;
}

const char *redis_client_last_error(const struct redis_client *client) {
    return client->last_error;
}

void redis_client_note(struct redis_client *client, const char *what, const char *why) {
    struct buffer text = BUFFER_EMPTY;
    /* Without an error there was no reply. */
    buffer_printf(&text, "%s: %s", what, why[0] ? why : "no reply in time");
    snprintf(client->last_error, sizeof(client->last_error), "%.150s", buffer_str(&text));
    buffer_free(&text);
    log_warn("redis: %s", client->last_error);
}

/* ---- the connection ---- */

static void close_connection(struct redis_client *client) {
    if (client->context)
        redisFree(client->context);
    redis_tls_free(client->tls);
    client->context = NULL;
    client->tls = NULL;
    /* Pending replies will never come. */
    client->pending = 0;
    client->sent = 0;
    buffer_recycle(&client->out, BUFFER_KEEP);
}

/* A connection that worked, and that Redis or a firewall has cut since, is opened again at once. */
static void disconnect(struct redis_client *client, const char *why, bool at_once) {
    uint32_t wait = 0;
    snprintf(client->last_error, sizeof(client->last_error), "%s", why);
    close_connection(client);
    /* Only once: if the new connection does not work either, the delays grow as usual. */
    if (at_once && client->worked)
        backoff_reset(&client->backoff);
    else
        wait = backoff_failed(&client->backoff, clock_monotonic_ms());
    client->worked = false;
    log_warn("redis: %s; reconnecting in %" PRIu32 " ms", client->last_error, wait);
}

/* Waits until the socket is ready or the deadline has passed. A signal repeats the whole wait,
 * which the short timeouts allow. */
static bool wait_for(struct redis_client *client, short events, int64_t deadline) {
    struct pollfd fd = {client->context->fd, events, 0};
    const int64_t left = deadline - clock_monotonic_ms();
    int ready;
    do
        ready = poll(&fd, 1, left > 0 ? (int)left : 0);
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

/* Writes `out`. True unless the connection was closed; what cannot be written by the deadline stays
 * there. */
static bool write_out(struct redis_client *client, int64_t deadline) {
    struct buffer *out = &client->out;
    /* Whatever the kernel takes now; then wait until it takes more, or for the deadline. */
    while (client->sent < out->len) {
        const ssize_t sent = send(client->context->fd, out->data + client->sent,
                                  out->len - client->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            disconnect(client, strerror(errno), true);
            return false;
        }
        /* On an error nothing was sent. */
        client->sent += sent > 0 ? (size_t)sent : 0;
        if (sent < 0 && errno != EINTR && !wait_for(client, POLLOUT, deadline))
            break;
    }
    /* Everything is out; otherwise the rest goes with the next command, up to a limit. */
    if (client->sent == out->len) {
        buffer_recycle(out, BUFFER_KEEP);
        client->sent = 0;
    } else if (out->len - client->sent > MAX_UNSENT) {
        disconnect(client, "it does not read commands", false);
        return false;
    }
    return true;
}

/* Adds commands to `out`. */
static bool add_commands(struct redis_client *client, const char *bytes, size_t len) {
    if (!client->tls) {
        buffer_append(&client->out, bytes, len);
        return true;
    }
    /* OpenSSL encrypts into memory; the records then go the way of other bytes. */
    const bool written = redis_tls_write(client->tls, bytes, len);
    redis_tls_take(client->tls, &client->out);
    if (!written)
        disconnect(client, redis_tls_error(client->tls), false);
    return written;
}

/* Hands bytes of the socket to the parser; with TLS, what they contain. */
static bool parse(struct redis_client *client, const char *bytes, size_t len) {
    if (!client->tls) {
        redisReaderFeed(client->context->reader, bytes, len);
        return true;
    }
    struct buffer plain = BUFFER_EMPTY;
    /* Decrypting may need several reads of the socket, and may itself produce bytes for it
     * (handshake, alerts), which redis_tls_take adds to `out`. */
    bool valid = redis_tls_feed(client->tls, bytes, len);
    if (valid && redis_tls_is_ready(client->tls))
        valid = redis_tls_read(client->tls, &plain);
    if (plain.len > 0)
        redisReaderFeed(client->context->reader, plain.data, plain.len);
    buffer_free(&plain);
    redis_tls_take(client->tls, &client->out);
    return valid;
}

/* Reads what there is. False when the connection was closed. */
static bool read_bytes(struct redis_client *client) {
    char bytes[16384];
    const ssize_t got = recv(client->context->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    /* Nothing to read is not an error. */
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return true;
    if (got > 0 && parse(client, bytes, (size_t)got))
        return true;
    /* With got > 0 only TLS can have failed; 0 is the end of the stream. */
    disconnect(client,
               got > 0    ? redis_tls_error(client->tls)
               : got == 0 ? "connection closed by Redis"
                          : strerror(errno),
               true);
    return false;
}

/* Reads the next reply into *reply, which the caller frees; NULL if there is none by the deadline.
 * False when the connection was closed. */
static bool next_reply(struct redis_client *client, int64_t deadline, redisReply **reply) {
    *reply = NULL;
    for (;;) {
        void *found = NULL;
        /* Not a reply of the protocol: probably not Redis. */
        if (redisReaderGetReply(client->context->reader, &found) != REDIS_OK) {
            disconnect(client, client->context->reader->errstr, false);
            return false;
        }
        /* A reply proves the connection: the next failure may reconnect at once. */
        if (found) {
            *reply = found;
            client->worked = true;
            client->used_ms = clock_monotonic_ms();
            backoff_reset(&client->backoff);
            return true;
        }
        /* No complete reply in the parser; wait for more bytes. */
        if (!wait_for(client, POLLIN, deadline))
            return true;
        if (!read_bytes(client))
            return false;
    }
}

/* Whether this is the reply of a replica to ROLE, which has events for nobody. */
static bool is_replica(const redisReply *reply) {
    return reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 &&
           reply->element[0]->type == REDIS_REPLY_STRING &&
           strcmp(reply->element[0]->str, "slave") == 0;
}

/* Writes the output buffer and reads the pending replies. True when none is pending. */
static bool read_pending(struct redis_client *client, int64_t deadline) {
    if (client->pending > 0 && !write_out(client, deadline))
        return false;
    while (client->pending > 0) {
        redisReply *reply;
        if (!next_reply(client, deadline, &reply))
            return false;
        /* Late, but the connection may still be good: it stays open until DEAD_MS. */
        if (!reply) {
            if (clock_monotonic_ms() - client->pending_since > DEAD_MS)
                disconnect(client, "it does not reply", false);
            return false;
        }
        /* The reply to a PUBLISH, AUTH or SELECT: no caller waits, so it is logged. */
        if (reply->type == REDIS_REPLY_ERROR) {
            snprintf(client->last_error, sizeof(client->last_error), "%s", reply->str);
            log_warn("redis: %s", reply->str);
        }
        const bool is_wrong = client->sentinel && is_replica(reply);
        freeReplyObject(reply);
        client->pending--;
        client->pending_since = clock_monotonic_ms();
        if (is_wrong) {
            disconnect(client, "it is a replica", false);
            return false;
        }
    }
    /* The clock of overdue replies starts when the next command is sent. */
    client->pending_since = clock_monotonic_ms();
    return true;
}

/* ---- connecting ---- */

/* Appends a bulk string of the Redis protocol. */
static void append_bulk(struct buffer *out, struct text text) {
    buffer_append_char(out, '$');
    buffer_append_u64(out, text.len);
    buffer_append_str(out, "\r\n");
    buffer_append(out, text.at, text.len);
    buffer_append_str(out, "\r\n");
}

/* Adds a command to `out`; its reply is then pending. */
static bool add_command(struct redis_client *client, int argc, const char *const *argv) {
    struct buffer command = BUFFER_EMPTY;
    /* RESP: *ARGC, then each argument as $LENGTH and its bytes. */
    buffer_printf(&command, "*%d\r\n", argc);
    for (int i = 0; i < argc; i++)
        append_bulk(&command, text_of(argv[i]));
    const bool added = add_commands(client, command.data, command.len);
    buffer_free(&command);
    if (added)
        client->pending++;
    return added;
}

static bool tls_handshake(struct redis_client *client, int64_t deadline) {
    const char *error = NULL;
    /* The first step needs no bytes of the server: it makes the ClientHello. */
    client->tls = redis_tls_new(client->config, client->address.name, &error);
    if (!client->tls || !parse(client, NULL, 0)) {
        disconnect(client, client->tls ? redis_tls_error(client->tls) : error, false);
        return false;
    }
    /* Each round sends what OpenSSL produced and waits for an answer. */
    while (!redis_tls_is_ready(client->tls)) {
        if (!write_out(client, deadline))
            return false;
        if (!wait_for(client, POLLIN, deadline)) {
            disconnect(client, "TLS: no answer in time", false);
            return false;
        }
        if (!read_bytes(client))
            return false;
    }
    return true;
}

static void end_lookup(struct redis_client *client) {
    if (client->lookup >= 0)
        close(client->lookup);
    client->lookup = -1;
}

/* Looks the host up. One that is not found in time is waited for again by the next attempt. */
static bool look_up(struct redis_client *client, uint64_t timeout_ms,
                    struct name_lookup_result *result) {
    if (client->lookup < 0)
        client->lookup = name_lookup_start(client->address.name, client->address.port);
    struct pollfd fd = {client->lookup, POLLIN, 0};
    const uint64_t wait_ms = timeout_ms > LOOKUP_MS ? timeout_ms : LOOKUP_MS;
    if (client->lookup < 0 || poll(&fd, 1, (int)wait_ms) <= 0 ||
        !name_lookup_read(client->lookup, result)) {
        disconnect(client, "looking up redis_host takes too long", false);
        return false;
    }
    end_lookup(client);
    if (result->count == 0)
        disconnect(client, name_lookup_error(result), false);
    return result->count > 0;
}

/* Connects to the first address that accepts; NULL with the cause noted. */
static redisContext *connect_tcp(struct redis_client *client, uint64_t timeout_ms,
                                 struct timeval timeout) {
    struct name_lookup_result result;
    redisContext *context = NULL;
    if (!look_up(client, timeout_ms, &result))
        return NULL;
    for (size_t i = 0; i < result.count && (!context || context->err); i++) {
        const struct sockaddr *address = (const struct sockaddr *)&result.addresses[i];
        char host[INET6_ADDRSTRLEN + 16]; /* and the zone of a link-local address */
        if (getnameinfo(address, sizeof(result.addresses[i]), host, sizeof(host), NULL, 0,
                        NI_NUMERICHOST) != 0)
            continue;
        if (context)
            redisFree(context);
        context = redisConnectWithTimeout(host, (int)client->address.port, timeout);
    }
    return context;
}

/* Finds out where to connect to. */
static bool find_address(struct redis_client *client) {
    const struct config *config = client->config;
    if (client->is_given || is_local(client))
        return true;
    if (!client->sentinel) {
        snprintf(client->address.name, sizeof(client->address.name), "%s", config->redis_host);
        client->address.port = (unsigned)config->redis_port;
        return true;
    }
    struct host_address primary;
    client->followed_ms = clock_monotonic_ms();
    if (!redis_sentinel_find(client->sentinel, SENTINEL_MS, &primary)) {
        disconnect(client, "no Sentinel names a primary of the name redis_master", false);
        return false;
    }
    /* A lookup that has not ended is one of the former. */
    if (!host_address_equals(&client->address, &primary))
        end_lookup(client);
    client->address = primary;
    return true;
}

/* Connects, waiting up to timeout_ms; after that no call blocks. Looking up the host may take
 * longer, and so may a handshake of TLS, which takes several round trips. */
static bool open_connection(struct redis_client *client, uint64_t timeout_ms) {
    const struct config *config = client->config;
    const bool local = is_local(client);
    const struct timeval timeout = {(time_t)(timeout_ms / 1000),
                                    (suseconds_t)(timeout_ms % 1000 * 1000)};
    if (!find_address(client))
        return false;
    /* hiredis connects with a blocking socket and this timeout. */
    redisContext *context = local ? redisConnectUnixWithTimeout(config->redis_socket, timeout)
                                  : connect_tcp(client, timeout_ms, timeout);
    if (!context || context->err) {
        /* Without one connect_tcp has noted why. */
        if (context)
            disconnect(client, context->errstr, false);
        if (context)
            redisFree(context);
        return false;
    }
    /* From here on poll does the waiting. */
    fcntl(context->fd, F_SETFL, fcntl(context->fd, F_GETFL) | O_NONBLOCK);
    fcntl(context->fd, F_SETFD, FD_CLOEXEC);
    client->context = context;
    client->worked = false;
    client->used_ms = client->pending_since = clock_monotonic_ms();
    /* Local sockets have no TLS. */
    const uint64_t handshake_ms = timeout_ms > TLS_MS ? timeout_ms : TLS_MS;
    return local || config->redis_tls == CONFIG_TLS_OFF ||
           tls_handshake(client, clock_monotonic_ms() + (int64_t)handshake_ms);
}

/* The commands at the beginning of a connection. */
static bool send_login(struct redis_client *client) {
    const struct config *config = client->config;
    /* With a user name AUTH has two arguments (ACLs, since Redis 6). */
    const char *with_user[] = {"AUTH", config->redis_user, config->redis_password};
    const char *without[] = {"AUTH", config->redis_password};
    char number[24];
    const char *select[] = {"SELECT", number};
    static const char *const ROLE[] = {"ROLE"};
    const char *of_sentinel[] = {"AUTH", config->redis_sentinel_password};
    if (client->is_of_sentinel)
        return !config->redis_sentinel_password[0] || add_command(client, 2, of_sentinel);
    snprintf(number, sizeof(number), "%" PRIu64, config->redis_database);
    /* Their replies are read with the next command's; an error is logged there. */
    bool added = true;
    if (config->redis_user[0])
        added = add_command(client, 3, with_user);
    else if (config->redis_password[0])
        added = add_command(client, 2, without);
    if (added && config->redis_database > 0)
        added = add_command(client, 2, select);
    /* A Sentinel may not know yet that it is a replica by now; see is_replica. */
    if (added && client->sentinel)
        added = add_command(client, 1, ROLE);
    return added;
}

/* Finds out whether a connection that was idle is still there. Redis may have closed it; a firewall
 * may have forgotten it, and then nothing comes back. */
static void check_idle(struct redis_client *client, uint64_t timeout_ms) {
    static const char *const PING[] = {"PING"};
    const int64_t now = clock_monotonic_ms(), idle_ms = now - client->used_ms;
    /* Without pending replies, only the end of the stream, or its TLS close, can be read. */
    if (client->pending == 0 && wait_for(client, POLLIN, now) && !read_bytes(client))
        return;
    /* Used lately, or a reply is still pending: no test. */
    if (client->pending > 0 || idle_ms < IDLE_MS || !add_command(client, 1, PING))
        return;
    const uint64_t wait_ms = timeout_ms < PING_MS ? PING_MS : timeout_ms;
    /* No reply: a firewall drops the packets. A new connection is cheaper than a timeout at the
     * next command. */
    if (!read_pending(client, now + (int64_t)wait_ms) && client->context)
        disconnect(client, "no answer on an idle connection", true);
}

/* Asks a Sentinel now and then whether there is another primary. One that was frozen or cut off
 * would else be waited for. */
static void follow_primary(struct redis_client *client) {
    const int64_t now = clock_monotonic_ms();
    struct host_address primary;
    if (!client->sentinel || now - client->followed_ms < FOLLOW_MS)
        return;
    client->followed_ms = now;
    if (!redis_sentinel_find(client->sentinel, SENTINEL_MS, &primary) ||
        host_address_equals(&client->address, &primary))
        return;
    log_info("redis: the primary is now %s:%u", primary.name, primary.port);
    close_connection(client);
    backoff_reset(&client->backoff);
    client->paused_until = 0;
}

static bool connect_if_needed(struct redis_client *client, uint64_t timeout_ms) {
    if (client->context)
        follow_primary(client);
    if (client->context)
        check_idle(client, timeout_ms);
    /* The check may have closed it. */
    if (client->context)
        return true;
    return redis_client_is_configured(client) &&
           backoff_ready(&client->backoff, clock_monotonic_ms()) &&
           open_connection(client, timeout_ms) && send_login(client);
}

void redis_client_free(struct redis_client *client) {
    if (!client)
        return;
    redis_client_flush(client);
    /* Closing with unread replies resets a TCP connection, and Redis may lose commands that it has
     * not read yet. */
    if (client->context)
        read_pending(client, clock_monotonic_ms() + (int64_t)client->config->redis_timeout);
    close_connection(client);
    end_lookup(client);
    redis_sentinel_free(client->sentinel);
    buffer_free(&client->out);
    buffer_free(&client->queue);
    free(client);
}

/* For PAUSE_MS no command is sent that waits no longer than the one that had no reply. A short
 * timeout so does not keep a login, which waits longer, from being counted. */
static void pause_after(struct redis_client *client, int64_t now, uint64_t timeout_ms) {
    client->paused_until = now + PAUSE_MS;
    client->paused_ms = timeout_ms;
}

redisReply *redis_client_run(struct redis_client *client, uint64_t timeout_ms, int argc,
                             const char *const *argv) {
    const int64_t now = clock_monotonic_ms();
    int64_t deadline = now + (int64_t)timeout_ms;
    redisReply *reply = NULL;
    /* Redis was late lately: commands that would wait as long again fail at once. */
    const bool is_paused = now < client->paused_until && timeout_ms <= client->paused_ms;
    /* The replies of earlier commands come first on the wire. */
    if (is_paused || !connect_if_needed(client, timeout_ms))
        return NULL;
    /* A Sentinel that is frozen does not use up the time of the command. */
    if (client->sentinel)
        deadline = clock_monotonic_ms() + (int64_t)timeout_ms;
    if (!read_pending(client, deadline)) {
        /* Closed meanwhile: once more on a new connection. Or late: give up. */
        if (client->context || !connect_if_needed(client, timeout_ms) ||
            !read_pending(client, deadline)) {
            pause_after(client, now, timeout_ms);
            if (client->context)
                snprintf(client->last_error, sizeof(client->last_error), "no reply in time");
            return NULL;
        }
    }
    /* The command goes out with whatever was left in `out`. */
    if (!add_command(client, argc, argv) || !write_out(client, deadline) ||
        !next_reply(client, deadline, &reply))
        return NULL;
    if (reply)
        client->pending--;
    /* The reply is pending now, and read_pending drops it later. */
    if (!reply) {
        pause_after(client, now, timeout_ms);
        snprintf(client->last_error, sizeof(client->last_error), "no reply in time");
    } else if (reply->type == REDIS_REPLY_ERROR) {
        snprintf(client->last_error, sizeof(client->last_error), "%s", reply->str);
        log_warn("redis: %s", reply->str);
        freeReplyObject(reply);
        reply = NULL;
    }
    return reply;
}

/* ---- commands ---- */

/* Formatted here, since hiredis would allocate and copy the command for each event. */
void redis_client_publish(struct redis_client *client, struct text channel, struct text message) {
    if (!redis_client_is_configured(client))
        return;
    buffer_append_str(&client->queue, "*3\r\n$7\r\nPUBLISH\r\n");
    append_bulk(&client->queue, channel);
    append_bulk(&client->queue, message);
    client->queue_count++;
}

/* Sends the queue; false if the connection was lost instead. */
static bool send_queue(struct redis_client *client) {
    const int64_t now = clock_monotonic_ms();
    /* Frees `out` of what could not be sent before, and collects replies that are there already. */
    read_pending(client, now);
    if (!client->context || !add_commands(client, client->queue.data, client->queue.len))
        return false;
    client->pending += client->queue_count;
    /* More than fits in the socket's buffer (a room of thousands of members was deleted) has to
     * wait until Redis reads it. */
    return write_out(client, now + (int64_t)client->config->redis_timeout);
}

void redis_client_flush(struct redis_client *client) {
    const uint64_t timeout_ms = client->config->redis_timeout;
    if (client->queue_count == 0)
        return;
    /* Again on a new connection, if Redis has closed the present one. What arrives twice is
     * ignored: events have a number. */
    if (connect_if_needed(client, timeout_ms) && !send_queue(client) &&
        connect_if_needed(client, timeout_ms))
        send_queue(client);
    /* Lost, if it could not be sent: pushd finds the events in the database. */
    buffer_recycle(&client->queue, BUFFER_KEEP);
    client->queue_count = 0;
}

bool redis_client_next_reply(struct redis_client *client, int64_t deadline, redisReply **reply) {
    *reply = NULL;
    return client->context && next_reply(client, deadline, reply);
}

bool redis_client_ping(struct redis_client *client, uint64_t timeout_ms) {
    const char *argv[] = {"PING"};
    redisReply *reply = redis_client_run(client, timeout_ms, 1, argv);
    const bool answered = reply != NULL;
    freeReplyObject(reply);
    return answered;
}
