/* Connecting, commands with a reply, and published messages; redis_socket.c has the bytes.
 *
 * Redis is never needed for a correct answer, so no call waits longer than its timeout and every
 * failure has a fallback at the caller. */
#include "redis/redis_client.h"

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
#include "redis/redis_cluster.h"
#include "redis/redis_command.h"
#include "redis/redis_sentinel.h"
#include "redis/redis_socket_private.h"

/* After a timeout no command is sent for this time. */
#define PAUSE_MS 1000
/* A connection that was idle for this time is tried out before it is used, for this time. */
#define IDLE_MS 10000
#define PING_MS 20
/* A handshake of TLS may take this time, also if redis_timeout is shorter. */
#define TLS_MS 500
/* The same for the lookup of a host name. */
#define LOOKUP_MS 500
/* With Sentinels, how often one is asked for the primary, and how long each may take to answer,
 * also if redis_timeout is shorter. */
#define FOLLOW_MS 1000
#define SENTINEL_MS 100
/* Largest queue that is kept. */
#define BUFFER_KEEP ((size_t)64 * 1024)

struct redis_client {
    const struct config *config;
    struct redis_socket socket;
    int lookup;                      /* of the host, that has not ended; -1: none */
    struct host_address address;     /* to connect to, without a Unix socket */
    struct redis_sentinel *sentinel; /* NULL: none */
    struct redis_cluster *cluster;   /* with connections of its own; NULL: none */
    bool is_given;                   /* the address was given, and stays */
    bool is_of_sentinel;             /* it is that of a Sentinel, */
    bool is_node;                    /* or of a primary of a cluster */
    int64_t followed_ms;             /* when a Sentinel was last asked */
    int64_t paused_until;            /* before this no command is sent that waits at most */
    uint64_t paused_ms;              /* this long */
    struct buffer queue;             /* commands until the next flush */
    unsigned queue_count;
    bool is_refused; /* the reply to the last command was an error, that of the socket */
};

struct redis_client *redis_client_new(const struct config *config) {
    struct redis_client *client = xcalloc(1, sizeof(*client));
    client->config = config;
    client->lookup = -1;
    client->socket.backoff = (struct backoff)BACKOFF(1000, 15000);
    /* Each server of the cluster gets a client of its own; this one only passes commands on. */
    if (redis_slots_are_used(config)) {
        client->cluster = redis_cluster_new(config);
        return client;
    }
    /* A failover ends soon, and then there is another server to connect to. */
    if (redis_has_sentinels(config)) {
        client->sentinel = redis_sentinel_new(config);
        client->socket.must_be_primary = true;
        client->socket.backoff = (struct backoff)BACKOFF(100, 500);
    }
    return client;
}

struct redis_client *redis_client_new_sentinel(const struct config *config,
                                               const struct host_address *address) {
    struct redis_client *client = xcalloc(1, sizeof(*client));
    client->config = config;
    client->lookup = -1;
    client->socket.backoff = (struct backoff)BACKOFF(100, 500);
    client->address = *address;
    client->is_given = client->is_of_sentinel = true;
    return client;
}

struct redis_client *redis_client_new_node(const struct config *config,
                                           const struct host_address *address) {
    struct redis_client *client = redis_client_new_sentinel(config, address);
    client->is_of_sentinel = false;
    client->is_node = client->socket.must_be_primary = true;
    return client;
}

bool redis_client_was_moved(struct redis_client *client) {
    const bool was_moved = client->socket.was_moved;
    client->socket.was_moved = false;
    return was_moved;
}

bool redis_client_has_failed(const struct redis_client *client) {
    return !client->socket.context && client->socket.last_error[0];
}

const char *redis_client_prefix(struct redis_client *client, const char *key,
                                char prefix[REDIS_SLOTS_PREFIX_SIZE]) {
    const bool is_cluster = client->cluster != NULL;
    const unsigned tag = is_cluster ? redis_cluster_tag(client->cluster, text_of(key)) : 0;
    return redis_slots_prefix(client->config->redis_prefix, is_cluster, tag, prefix);
}

struct redis_client *redis_client_new_beside(const struct redis_client *client,
                                             const char *channel) {
    const struct redis_client *node =
        client->cluster ? redis_cluster_client(client->cluster, text_of(channel)) : NULL;
    if (node)
        return redis_client_new_node(client->config, &node->address);
    struct redis_client *other = redis_client_new(client->config);
    /* The Sentinels are not asked again: the address of the primary is known. */
    if (client->sentinel && client->address.name[0]) {
        redis_sentinel_free(other->sentinel);
        other->sentinel = NULL;
        other->socket.must_be_primary = false;
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
    return client->socket.last_error;
}

void redis_client_note(struct redis_client *client, const char *what, const char *why) {
    struct buffer text = BUFFER_EMPTY;
    /* An empty text means that there was no reply. */
    buffer_printf(&text, "%s: %s", what, why[0] ? why : "no reply in time");
    snprintf(client->socket.last_error, sizeof(client->socket.last_error), "%.150s",
             buffer_str(&text));
    buffer_free(&text);
    log_warn("redis: %s", client->socket.last_error);
}

/* ---- connecting ---- */

/* Stops waiting for the thread that looks up the name of the host. */
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
        redis_socket_fail(&client->socket, "looking up redis_host takes too long", false);
        return false;
    }
    end_lookup(client);
    if (result->count == 0)
        redis_socket_fail(&client->socket, name_lookup_error(result), false);
    return result->count > 0;
}

/* Connects to the first address that accepts; NULL with the cause noted. */
static redisContext *connect_tcp(struct redis_client *client, uint64_t timeout_ms,
                                 struct timeval timeout) {
    struct name_lookup_result result;
    redisContext *context = NULL;
    if (!look_up(client, timeout_ms, &result))
        return NULL;
    /* hiredis gets the address as a number, since it would block while it looks up a name. */
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

/* Sets the address to connect to; asks a Sentinel if there are any. False with the cause noted. */
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
    /* Set before it answers: one that does not is not asked again at once. */
    client->followed_ms = clock_monotonic_ms();
    if (!redis_sentinel_find(client->sentinel, SENTINEL_MS, &primary)) {
        redis_socket_fail(&client->socket, "no Sentinel names a primary of the name redis_master",
                          false);
        return false;
    }
    /* A lookup that is still running is that of the former primary. */
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
            redis_socket_fail(&client->socket, context->errstr, false);
        if (context)
            redisFree(context);
        return false;
    }
    redis_socket_open(&client->socket, context);
    /* Local sockets have no TLS. */
    const uint64_t handshake_ms = timeout_ms > TLS_MS ? timeout_ms : TLS_MS;
    return local || config->redis_tls == CONFIG_TLS_OFF ||
           redis_socket_handshake(&client->socket, config, client->address.name,
                                  clock_monotonic_ms() + (int64_t)handshake_ms);
}

/* Adds a finished command to `out`; its reply is then pending. Frees the command. */
static bool add_command(struct redis_client *client, struct buffer *command) {
    const bool added = redis_socket_add(&client->socket, command->data, command->len);
    buffer_free(command);
    if (added)
        client->socket.pending++;
    return added;
}

/* A command of `argc` strings, which add_command frees. */
static struct buffer command_of(int argc, const char *const *argv) {
    struct buffer command = BUFFER_EMPTY;
    redis_command_begin(&command, (size_t)argc);
    for (int i = 0; i < argc; i++)
        redis_command_arg(&command, text_of(argv[i]));
    return command;
}

/* Sends the commands at the beginning of a connection. Their replies are read with the next
 * command's; an error is logged there. A Sentinel may not know yet that the server is a replica by
 * now: which is why ROLE is sent. */
static bool send_login(struct redis_client *client) {
    struct redis_login login;
    bool added = true;
    redis_login_make(&login, client->config, client->is_of_sentinel,
                     client->socket.must_be_primary);
    for (size_t i = 0; i < login.count && added; i++) {
        struct buffer command = BUFFER_EMPTY;
        redis_command_append(&command, login.commands[i].args, login.commands[i].count);
        added = add_command(client, &command);
    }
    return added;
}

/* Finds out whether a connection that was idle is still there. Redis may have closed it; a firewall
 * may have forgotten it, and then nothing comes back. */
static void check_idle(struct redis_client *client, uint64_t timeout_ms) {
    static const char *const PING[] = {"PING"};
    const int64_t now = clock_monotonic_ms(), idle_ms = now - client->socket.used_ms;
    /* Without pending replies, only the end of the stream, or its TLS close, can be read. */
    if (client->socket.pending == 0 && redis_socket_wait(&client->socket, POLLIN, now) &&
        !redis_socket_read(&client->socket))
        return;
    /* Used lately, or a reply is still pending: no test. */
    if (client->socket.pending > 0 || idle_ms < IDLE_MS)
        return;
    struct buffer ping = command_of(1, PING);
    if (!add_command(client, &ping))
        return;
    const uint64_t wait_ms = timeout_ms < PING_MS ? PING_MS : timeout_ms;
    /* No reply: a firewall drops the packets. A new connection is cheaper than a timeout at the
     * next command. */
    if (!redis_socket_read_pending(&client->socket, now + (int64_t)wait_ms) &&
        client->socket.context)
        redis_socket_fail(&client->socket, "no answer on an idle connection", true);
}

/* Asks a Sentinel every FOLLOW_MS whether there is another primary: commands would otherwise wait
 * for one that is frozen or cut off. */
static void follow_primary(struct redis_client *client) {
    const int64_t now = clock_monotonic_ms();
    struct host_address primary;
    if (!client->sentinel || now - client->followed_ms < FOLLOW_MS)
        return;
    client->followed_ms = now;
    /* Without an answer all stays as it is. */
    if (!redis_sentinel_find(client->sentinel, SENTINEL_MS, &primary) ||
        host_address_equals(&client->address, &primary))
        return;
    log_info("redis: the primary is now %s:%u", primary.name, primary.port);
    redis_socket_close(&client->socket);
    /* What failed was the former primary: the new one is tried at once. */
    backoff_reset(&client->socket.backoff);
    client->paused_until = 0;
}

/* Connects unless there is a connection that is probably alive. False: there is none now; the cause
 * is in last_error. */
static bool connect_if_needed(struct redis_client *client, uint64_t timeout_ms) {
    if (client->socket.context)
        follow_primary(client);
    if (client->socket.context)
        check_idle(client, timeout_ms);
    /* The check may have closed it. */
    if (client->socket.context)
        return true;
    return redis_client_is_configured(client) &&
           backoff_ready(&client->socket.backoff, clock_monotonic_ms()) &&
           open_connection(client, timeout_ms) && send_login(client);
}

void redis_client_free(struct redis_client *client) {
    if (!client)
        return;
    redis_client_flush(client);
    /* Closing with unread replies resets a TCP connection, and Redis may lose commands that it has
     * not read yet. */
    if (client->socket.context)
        redis_socket_read_pending(&client->socket,
                                  clock_monotonic_ms() + (int64_t)client->config->redis_timeout);
    redis_socket_close(&client->socket);
    end_lookup(client);
    redis_sentinel_free(client->sentinel);
    redis_cluster_free(client->cluster);
    buffer_free(&client->socket.out);
    buffer_free(&client->queue);
    free(client);
}

/* For PAUSE_MS no command is sent that waits no longer than the one that had no reply. A login
 * waits longer, so a short timeout of another command does not keep it from being counted. */
static void pause_after(struct redis_client *client, int64_t now, uint64_t timeout_ms) {
    client->paused_until = now + PAUSE_MS;
    client->paused_ms = timeout_ms;
}

/* Runs a command by the server of its key; an error becomes that of this client. */
static redisReply *run_in_cluster(struct redis_client *client, uint64_t timeout_ms, int argc,
                                  const char *const *argv) {
    struct redis_client *last;
    redisReply *reply = redis_cluster_run(client->cluster, timeout_ms, argc, argv, &last);
    if (reply)
        return reply;
    /* This client never sends anything itself; callers read the error from it. */
    client->is_refused = last && last->is_refused;
    snprintf(client->socket.last_error, sizeof(client->socket.last_error), "%s",
             last ? last->socket.last_error : "no server of the cluster answers for this slot");
    return NULL;
}

redisReply *redis_client_run(struct redis_client *client, uint64_t timeout_ms, int argc,
                             const char *const *argv) {
    const int64_t now = clock_monotonic_ms();
    int64_t deadline = now + (int64_t)timeout_ms;
    redisReply *reply = NULL;
    client->is_refused = false;
    if (client->cluster)
        return run_in_cluster(client, timeout_ms, argc, argv);
    /* A reply was late a moment ago: commands that would wait no longer than that one fail at
     * once. */
    const bool is_paused = now < client->paused_until && timeout_ms <= client->paused_ms;
    /* The replies of earlier commands come first on the wire. */
    if (is_paused || !connect_if_needed(client, timeout_ms))
        return NULL;
    /* A Sentinel that is frozen does not use up the time of the command. */
    if (client->sentinel)
        deadline = clock_monotonic_ms() + (int64_t)timeout_ms;
    if (!redis_socket_read_pending(&client->socket, deadline)) {
        /* If the connection was closed meanwhile, try once more on a new one; if the replies are
         * late, give up. */
        if (client->socket.context || !connect_if_needed(client, timeout_ms) ||
            !redis_socket_read_pending(&client->socket, deadline)) {
            pause_after(client, now, timeout_ms);
            if (client->socket.context)
                snprintf(client->socket.last_error, sizeof(client->socket.last_error),
                         "no reply in time");
            return NULL;
        }
    }
    /* The command goes out with whatever was left in `out`. */
    struct buffer command = command_of(argc, argv);
    if (!add_command(client, &command) || !redis_socket_write(&client->socket, deadline) ||
        !redis_socket_reply(&client->socket, deadline, &reply))
        return NULL;
    if (reply)
        client->socket.pending--;
    /* The reply is pending now, and redis_socket_read_pending drops it later. */
    if (!reply) {
        pause_after(client, now, timeout_ms);
        snprintf(client->socket.last_error, sizeof(client->socket.last_error), "no reply in time");
    } else if (reply->type == REDIS_REPLY_ERROR) {
        redis_socket_refused(&client->socket, reply->str);
        client->is_refused = true;
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
    if (client->cluster)
        client = redis_cluster_client(client->cluster, channel);
    /* Lost: pushd finds the event in the database. */
    if (!client)
        return;
    redis_command_begin(&client->queue, 3);
    redis_command_arg(&client->queue, text_of(client->is_node ? "SPUBLISH" : "PUBLISH"));
    redis_command_arg(&client->queue, channel);
    redis_command_arg(&client->queue, message);
    client->queue_count++;
}

/* Sends the queue; false if the connection was lost instead. */
static bool send_queue(struct redis_client *client) {
    const int64_t now = clock_monotonic_ms();
    /* Frees `out` of what could not be sent before, and collects replies that are there already. */
    redis_socket_read_pending(&client->socket, now);
    if (!client->socket.context ||
        !redis_socket_add(&client->socket, client->queue.data, client->queue.len))
        return false;
    client->socket.pending += client->queue_count;
    /* More than fits in the socket's buffer (a room of thousands of members was deleted) has to
     * wait until Redis reads it. */
    return redis_socket_write(&client->socket, now + (int64_t)client->config->redis_timeout);
}

void redis_client_flush(struct redis_client *client) {
    const uint64_t timeout_ms = client->config->redis_timeout;
    if (client->cluster)
        redis_cluster_flush(client->cluster);
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
    return client->socket.context && redis_socket_reply(&client->socket, deadline, reply);
}

bool redis_error_is_misconf(const char *error) {
    return strncmp(error, "MISCONF ", strlen("MISCONF ")) == 0;
}

bool redis_client_ping(struct redis_client *client, uint64_t timeout_ms) {
    const char *argv[] = {"PING"};
    if (client->cluster)
        return redis_cluster_ping(client->cluster, timeout_ms);
    redisReply *reply = redis_client_run(client, timeout_ms, 1, argv);
    /* A server whose disk is full refuses to write, but it is available. */
    const bool answered =
        reply != NULL || (client->is_refused && redis_error_is_misconf(client->socket.last_error));
    freeReplyObject(reply);
    return answered;
}
