/*
 * The connection, pipelined commands, and the scripts. The socket does not block: hiredis formats
 * commands and parses replies, and poll(2) waits for the socket up to a deadline.
 */
#include "redis/redis_client.h"

#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "event/event.h"

/* After a timeout no command is sent for this time. */
#define PAUSE_MS 1000
/* The connection is closed when a reply is overdue for this time. */
#define DEAD_MS 5000
/* It is closed as well when more bytes than this could not be sent. */
#define MAX_UNSENT (1024 * 1024)

struct redis_client {
    const struct config *config;
    redisContext *context; /* NULL while not connected; never blocks */
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
    client->backoff = (struct backoff)BACKOFF(1000, 15000);
    return client;
}

bool redis_client_is_configured(const struct redis_client *client) {
    return client->config->redis_socket[0] != '\0' || client->config->redis_host[0] != '\0';
}

const char *redis_client_last_error(const struct redis_client *client) {
    return client->last_error;
}

/* ---- the connection ---- */

static void disconnect(struct redis_client *client, const char *why) {
    const uint32_t wait = backoff_failed(&client->backoff, clock_monotonic_ms());
    snprintf(client->last_error, sizeof(client->last_error), "%s", why);
    log_warn("redis: %s; reconnecting in %" PRIu32 " ms", client->last_error, wait);
    if (client->context)
        redisFree(client->context);
    client->context = NULL;
    client->pending = 0;
}

/* Connects, waiting up to timeout_ms; after that no call blocks. */
static bool open_connection(struct redis_client *client, uint64_t timeout_ms) {
    const struct config *config = client->config;
    const struct timeval timeout = {(time_t)(timeout_ms / 1000),
                                    (suseconds_t)(timeout_ms % 1000 * 1000)};
    redisContext *context =
        config->redis_socket[0]
            ? redisConnectUnixWithTimeout(config->redis_socket, timeout)
            : redisConnectWithTimeout(config->redis_host, (int)config->redis_port, timeout);
    if (!context || context->err) {
        disconnect(client, context ? context->errstr : "out of memory");
        if (context)
            redisFree(context);
        return false;
    }
    fcntl(context->fd, F_SETFL, fcntl(context->fd, F_GETFL) | O_NONBLOCK);
    fcntl(context->fd, F_SETFD, FD_CLOEXEC);
    context->flags &= ~REDIS_BLOCK;
    client->context = context;
    client->pending = 0;
    client->pending_since = clock_monotonic_ms();
    return true;
}

static bool connect_if_needed(struct redis_client *client, uint64_t timeout_ms) {
    if (client->context)
        return true;
    if (!redis_client_is_configured(client) ||
        !backoff_ready(&client->backoff, clock_monotonic_ms()) ||
        !open_connection(client, timeout_ms))
        return false;
    if (client->config->redis_password[0]) {
        redisAppendCommand(client->context, "AUTH %s", client->config->redis_password);
        client->pending++;
    }
    return true;
}

/* Waits until the socket is ready or the deadline has passed. */
static bool wait_for(struct redis_client *client, short events, int64_t deadline) {
    struct pollfd fd = {client->context->fd, events, 0};
    const int64_t left = deadline - clock_monotonic_ms();
    int ready;
    do
        ready = poll(&fd, 1, left > 0 ? (int)left : 0);
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

/* Writes the output buffer. True unless the connection was closed; what cannot be written by the
 * deadline stays in the buffer. */
static bool write_out(struct redis_client *client, int64_t deadline) {
    int done = 0;
    while (!done) {
        if (redisBufferWrite(client->context, &done) != REDIS_OK) {
            disconnect(client, client->context->errstr);
            return false;
        }
        if (!done && !wait_for(client, POLLOUT, deadline))
            break;
    }
    if (sdslen(client->context->obuf) > MAX_UNSENT) {
        disconnect(client, "it does not read commands");
        return false;
    }
    return true;
}

/* Reads the next reply into *reply, which the caller frees; NULL if there is none by the deadline.
 * False when the connection was closed. */
static bool next_reply(struct redis_client *client, int64_t deadline, redisReply **reply) {
    *reply = NULL;
    for (;;) {
        void *found = NULL;
        if (redisGetReplyFromReader(client->context, &found) != REDIS_OK) {
            disconnect(client, client->context->errstr);
            return false;
        }
        if (found) {
            *reply = found;
            backoff_reset(&client->backoff);
            return true;
        }
        if (!wait_for(client, POLLIN, deadline))
            return true;
        if (redisBufferRead(client->context) != REDIS_OK) {
            disconnect(client, client->context->errstr);
            return false;
        }
    }
}

/* Writes the output buffer and reads the pending replies. True when none is pending. */
static bool read_pending(struct redis_client *client, int64_t deadline) {
    if (client->pending > 0 && !write_out(client, deadline))
        return false;
    while (client->pending > 0) {
        redisReply *reply;
        if (!next_reply(client, deadline, &reply))
            return false;
        if (!reply) {
            if (clock_monotonic_ms() - client->pending_since > DEAD_MS)
                disconnect(client, "it does not reply");
            return false;
        }
        if (reply->type == REDIS_REPLY_ERROR)
            log_warn("redis: %s", reply->str);
        freeReplyObject(reply);
        client->pending--;
        client->pending_since = clock_monotonic_ms();
    }
    client->pending_since = clock_monotonic_ms();
    return true;
}

void redis_client_free(struct redis_client *client) {
    if (!client)
        return;
    redis_client_flush(client);
    /* Closing with unread replies resets a TCP connection, and Redis may lose commands that it has
     * not read yet. */
    if (client->context)
        read_pending(client, clock_monotonic_ms() + (int64_t)client->config->redis_timeout);
    if (client->context)
        redisFree(client->context);
    buffer_free(&client->queue);
    free(client);
}

/* For PAUSE_MS no command is sent that waits no longer than the one that had no reply. A short
 * timeout so does not keep a login, which waits longer, from being counted. */
static void pause_after(struct redis_client *client, int64_t now, uint64_t timeout_ms) {
    client->paused_until = now + PAUSE_MS;
    client->paused_ms = timeout_ms;
}

/* Sends a command and waits for its reply, timeout_ms in all. NULL when there is none in time;
 * it is then pending, and such commands pause. */
static redisReply *run_command(struct redis_client *client, uint64_t timeout_ms, int argc,
                               const char **argv, const size_t *lengths) {
    const int64_t now = clock_monotonic_ms();
    const int64_t deadline = now + (int64_t)timeout_ms;
    redisReply *reply = NULL;
    const bool is_paused = now < client->paused_until && timeout_ms <= client->paused_ms;
    if (is_paused || !connect_if_needed(client, timeout_ms))
        return NULL;
    if (!read_pending(client, deadline)) {
        pause_after(client, now, timeout_ms);
        return NULL;
    }
    redisAppendCommandArgv(client->context, argc, argv, lengths);
    if (!write_out(client, deadline) || !next_reply(client, deadline, &reply))
        return NULL;
    if (!reply) {
        client->pending++;
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

/* Appends a bulk string of the Redis protocol. */
static void append_bulk(struct buffer *out, struct text text) {
    buffer_append_char(out, '$');
    buffer_append_u64(out, text.len);
    buffer_append_str(out, "\r\n");
    buffer_append(out, text.at, text.len);
    buffer_append_str(out, "\r\n");
}

/* Formatted here, since hiredis would allocate and copy the command for each event. */
void redis_client_publish(struct redis_client *client, struct text channel, struct text message) {
    if (!redis_client_is_configured(client))
        return;
    buffer_append_str(&client->queue, "*3\r\n$7\r\nPUBLISH\r\n");
    append_bulk(&client->queue, channel);
    append_bulk(&client->queue, message);
    client->queue_count++;
}

void redis_client_flush(struct redis_client *client) {
    const int64_t now = clock_monotonic_ms();
    if (client->queue_count > 0 && connect_if_needed(client, client->config->redis_timeout)) {
        read_pending(client, now);
        if (client->context && redisAppendFormattedCommand(client->context, client->queue.data,
                                                           client->queue.len) == REDIS_OK) {
            client->pending += client->queue_count;
            /* More than fits in the socket's buffer (a room of thousands of members was deleted)
             * has to wait until Redis reads it. */
            write_out(client, now + (int64_t)client->config->redis_timeout);
        }
    }
    buffer_clear(&client->queue);
    client->queue_count = 0;
}

/* base/token_bucket.c in Lua: tat is the time at which the bucket is full again. The time is that
 * of Redis, so that processes on all hosts use one clock. Each bucket is a key and two arguments:
 * the interval, and the span, which is burst times the interval. */
static const char TAKE[] =
    "local t = redis.call('TIME') "
    "local now = t[1] * 1000000 + t[2] "
    "local wait, tats = 0, {} "
    "for i, key in ipairs(KEYS) do "
    "local interval, span = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i]) "
    "local tat = tonumber(redis.call('GET', key) or 0) "
    /* Further ahead than one span: the clock was set back since. */
    "if tat < now or tat > now + span then tat = now end "
    "wait = math.max(wait, tat + interval - span - now) "
    "tats[i] = tat + interval "
    "end "
    "if wait > 0 then return wait end "
    "for i, key in ipairs(KEYS) do "
    "redis.call('SET', key, string.format('%.0f', tats[i]), 'PX', "
    "math.max(math.ceil((tats[i] - now) / 1000), 0) + 1) end "
    "return 0";

/* Runs TAKE. A negative sign of the intervals puts tokens back. */
static bool run_take(struct redis_client *client, const struct token_bucket *buckets, size_t count,
                     int sign, uint64_t timeout_ms, uint64_t *wait_us) {
    char keys[TOKEN_BUCKET_MAX][256], numbers[2 * TOKEN_BUCKET_MAX][24], count_text[24];
    const char *argv[3 + 3 * TOKEN_BUCKET_MAX] = {"EVAL", TAKE, count_text};
    size_t lengths[3 + 3 * TOKEN_BUCKET_MAX];
    snprintf(count_text, sizeof(count_text), "%zu", count);
    for (size_t i = 0; i < count; i++) {
        const struct token_bucket *bucket = &buckets[i];
        const int64_t interval = (int64_t)bucket->interval_us;
        char hex[2 * TOKEN_BUCKET_NAME_SIZE + 1] = "";
        for (size_t byte = 0; byte < TOKEN_BUCKET_NAME_SIZE; byte++)
            text_put_hex(hex + 2 * byte, 2, bucket->name[byte]);
        const int len = snprintf(keys[i], sizeof(keys[i]), "%srate:%s:%s",
                                 client->config->redis_prefix, bucket->rule, hex);
        if (len >= (int)sizeof(keys[i]))
            return false;
        snprintf(numbers[2 * i], sizeof(numbers[0]), "%" PRId64, sign * interval);
        snprintf(numbers[2 * i + 1], sizeof(numbers[0]), "%" PRId64,
                 interval * (int64_t)bucket->burst);
        argv[3 + i] = keys[i];
        argv[3 + count + 2 * i] = numbers[2 * i];
        argv[3 + count + 2 * i + 1] = numbers[2 * i + 1];
    }
    const size_t argc = 3 + 3 * count;
    for (size_t i = 0; i < argc; i++)
        lengths[i] = strlen(argv[i]);
    redisReply *reply = run_command(client, timeout_ms, (int)argc, argv, lengths);
    if (!reply)
        return false;
    const bool valid = reply->type == REDIS_REPLY_INTEGER;
    *wait_us = valid && reply->integer > 0 ? (uint64_t)reply->integer : 0;
    freeReplyObject(reply);
    return valid;
}

bool redis_client_take(struct redis_client *client, const struct token_bucket *buckets,
                       size_t count, uint64_t timeout_ms, uint64_t *wait_us) {
    return run_take(client, buckets, count, 1, timeout_ms, wait_us);
}

bool redis_client_give_back(struct redis_client *client, const struct token_bucket *bucket,
                            uint64_t timeout_ms) {
    uint64_t wait = 0;
    return run_take(client, bucket, 1, -1, timeout_ms, &wait);
}

/* Fields of pushd processes whose lease has expired are ignored. */
static const char PRESENCE[] =
    "local alive, seen, users = {}, {}, {} "
    "for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do "
    "local pushd, user = string.match(field, '^(.+)/(%d+)$') "
    "if pushd then "
    "if alive[pushd] == nil then alive[pushd] = redis.call('EXISTS', ARGV[1] .. pushd) == 1 end "
    "if alive[pushd] and not seen[user] then seen[user] = true users[#users + 1] = user end "
    "end end "
    "return users";

static bool read_ids(const redisReply *reply, uint64_t **ids, size_t *count) {
    if (reply->type != REDIS_REPLY_ARRAY)
        return false;
    *ids = xcalloc(reply->elements + 1, sizeof(**ids));
    *count = 0;
    for (size_t i = 0; i < reply->elements; i++) {
        const redisReply *element = reply->element[i];
        if (element->type == REDIS_REPLY_STRING &&
            text_to_u64((struct text){element->str, (size_t)element->len}, &(*ids)[*count]))
            ++*count;
    }
    return true;
}

bool redis_client_presence(struct redis_client *client, uint64_t room_id, uint64_t **ids,
                           size_t *count) {
    struct buffer key = BUFFER_EMPTY, pushd = BUFFER_EMPTY;
    event_presence_key(&key, client->config->redis_prefix, room_id);
    event_pushd_key(&pushd, client->config->redis_prefix, text_of(""));
    const char *argv[] = {"EVAL", PRESENCE, "1", buffer_str(&key), buffer_str(&pushd)};
    const size_t lengths[] = {4, sizeof(PRESENCE) - 1, 1, key.len, pushd.len};
    redisReply *reply = run_command(client, client->config->redis_timeout, 5, argv, lengths);
    buffer_free(&key);
    buffer_free(&pushd);
    if (!reply)
        return false;
    const bool valid = read_ids(reply, ids, count);
    freeReplyObject(reply);
    return valid;
}

bool redis_client_ping(struct redis_client *client, uint64_t timeout_ms) {
    const char *argv[] = {"PING"};
    const size_t lengths[] = {4};
    redisReply *reply = run_command(client, timeout_ms, 1, argv, lengths);
    if (!reply)
        return false;
    freeReplyObject(reply);
    return true;
}

bool redis_client_memory(struct redis_client *client, uint64_t timeout_ms, struct buffer *out) {
    const char *argv[] = {"INFO", "memory"};
    const size_t lengths[] = {4, 6};
    redisReply *reply = run_command(client, timeout_ms, 2, argv, lengths);
    if (!reply)
        return false;
    const bool valid = reply->type == REDIS_REPLY_STRING;
    if (valid)
        buffer_append(out, reply->str, (size_t)reply->len);
    freeReplyObject(reply);
    return valid;
}
