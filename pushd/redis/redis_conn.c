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
#include "base/xalloc.h"
#include "metrics/slow_callback.h"

/* In ticks, not by the clock: if this process was stopped for a while, its timer comes
 * before what Redis has long since answered, and Redis is not to blame. */
#define TICKS(ms) ((ms) / REDIS_CONN_TICK_MS)
#define PING_TICKS TICKS(500)  /* from one PING to the next, and until it is late */
#define DEAD_TICKS TICKS(5000) /* then the connection is given up */
#define CONNECT_TICKS TICKS(3000)

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 3000

/* Bytes handed to the reader at once; it moves what it has not read yet after each answer. */
#define FEED_SIZE 16384
/* An answer larger than this is none of ours. */
#define MAX_ANSWER ((size_t)64 * 1024 * 1024)
/* Bytes of a buffer that is kept for the next words. Thousands who come at once leave more
 * behind. */
#define KEEP 65536
/* From so many bytes on they are written before the turn ends: what is written is in the
 * processor's cache still, and its memory can be kept. */
#define EARLY 32768

/* One connection, or the attempt at one; outlives its link until libuv has let go of it. */
struct wire {
    struct redis_conn *link; /* NULL: given up */
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_pipe_t pipe;
        uv_tcp_t tcp;
    };
    uv_getaddrinfo_t lookup;
    uv_connect_t connect;
    uv_write_t write;
    bool is_looking_up; /* then there is no handle yet */
    bool is_writing;
    struct buffer out;     /* sent, but not written */
    struct buffer writing; /* libuv is at it */
    redisReader *reader;
};

/* An answer that is owed. */
struct owed {
    redis_conn_done *done;
    void *context;
};

enum state { CLOSED, CONNECTING, OPEN };

struct redis_conn {
    uv_loop_t *loop;
    const struct config *config;
    const struct redis_conn_listener *listener;
    bool subscriber;
    enum state state;
    bool well;
    bool complained; /* about a loss that still lasts */
    unsigned ticks;  /* since it began to connect, or since the last PING */
    bool pinging;
    int64_t pinged_us;
    int64_t latency_us;
    unsigned address; /* of several, the one to try next */
    struct backoff backoff;
    struct wire *wire; /* NULL while closed */
    struct owed *owed; /* a ring */
    size_t owed_first, owed_count, owed_space;
};

/* ---- what is owed ---- */

static void owe(struct redis_conn *link, redis_conn_done *done, void *context) {
    if (link->owed_count == link->owed_space) {
        const size_t space = link->owed_space ? link->owed_space * 2 : 16;
        struct owed *owed = xcalloc(space, sizeof(*owed));
        for (size_t i = 0; i < link->owed_count; i++)
            owed[i] = link->owed[(link->owed_first + i) % link->owed_space];
        free(link->owed);
        link->owed = owed;
        link->owed_first = 0;
        link->owed_space = space;
    }
    link->owed[(link->owed_first + link->owed_count++) % link->owed_space] =
        (struct owed){done, context};
}

static struct owed take_owed(struct redis_conn *link) {
    const struct owed owed = link->owed[link->owed_first];
    link->owed_first = (link->owed_first + 1) % link->owed_space;
    link->owed_count--;
    return owed;
}

/* ---- the end of a connection ---- */

static void free_wire(struct wire *wire) {
    buffer_free(&wire->out);
    buffer_free(&wire->writing);
    redisReaderFree(wire->reader);
    free(wire);
}

static void on_closed(uv_handle_t *handle) {
    free_wire(handle->data);
}

static void abandon(struct redis_conn *link) {
    struct wire *wire = link->wire;
    link->wire = NULL;
    link->state = CLOSED;
    link->pinging = false;
    if (!wire)
        return;
    wire->link = NULL;
    if (wire->is_looking_up)
        uv_cancel((uv_req_t *)&wire->lookup);
    else
        uv_close(&wire->handle, on_closed);
    for (size_t count = link->owed_count; count > 0; count--) {
        const struct owed owed = take_owed(link);
        owed.done(owed.context, NULL);
    }
}

static void set_well(struct redis_conn *link, bool well) {
    if (link->well == well)
        return;
    link->well = well;
    link->listener->state(link->listener->context, well);
}

static void drop(struct redis_conn *link, const char *why) {
    abandon(link);
    const uint32_t wait = backoff_failed(&link->backoff, clock_monotonic_ms());
    if (link->complained)
        log_debug("redis: %s; next try in %" PRIu32 " ms", why, wait);
    else
        log_warn("redis: %s; next try in %" PRIu32 " ms", why, wait);
    link->complained = true;
    set_well(link, false);
}

/* ---- sending ---- */

static void put_head(struct buffer *out, char kind, size_t count) {
    buffer_append_char(out, kind);
    buffer_append_u64(out, count);
    buffer_append(out, "\r\n", 2);
}

static void put_words(struct redis_conn *link, const struct text *words, size_t count) {
    struct buffer *out = &link->wire->out;
    put_head(out, '*', count);
    for (size_t i = 0; i < count; i++) {
        put_head(out, '$', words[i].len);
        buffer_append(out, words[i].at, words[i].len);
        buffer_append(out, "\r\n", 2);
    }
}

static void empty(struct buffer *buffer) {
    if (buffer->cap > KEEP)
        buffer_free(buffer);
    else
        buffer_clear(buffer);
}

static void on_written(uv_write_t *request, int status) {
    struct wire *wire = request->data;
    wire->is_writing = false;
    empty(&wire->writing);
    if (!wire->link)
        return;
    if (status < 0)
        drop(wire->link, uv_strerror(status));
    else
        redis_conn_flush(wire->link);
}

void redis_conn_flush(struct redis_conn *link) {
    struct wire *wire = link->wire;
    if (link->state != OPEN || wire->is_writing || wire->out.len == 0)
        return;
    const uv_buf_t all = {wire->out.data, wire->out.len};
    const int written = uv_try_write(&wire->stream, &all, 1);
    if (written < 0 && written != UV_EAGAIN) {
        drop(link, uv_strerror(written));
        return;
    }
    const size_t done = written > 0 ? (size_t)written : 0;
    if (done == wire->out.len) {
        empty(&wire->out);
        return;
    }
    const struct buffer spare = wire->writing;
    wire->writing = wire->out;
    wire->out = spare;
    const uv_buf_t rest = {wire->writing.data + done, wire->writing.len - done};
    wire->write.data = wire;
    wire->is_writing = true;
    const int error = uv_write(&wire->write, &wire->stream, &rest, 1, on_written);
    if (error)
        drop(link, uv_strerror(error));
}

/* What fails here is found out at the end of the turn: nobody who asks is called back for the
 * questions before. */
static void write_early(struct redis_conn *link) {
    struct wire *wire = link->wire;
    const uv_buf_t all = {wire->out.data, wire->out.len};
    if (wire->is_writing || wire->out.len < EARLY)
        return;
    const int written = uv_try_write(&wire->stream, &all, 1);
    if (written <= 0)
        return;
    wire->out.len -= (size_t)written;
    memmove(wire->out.data, wire->out.data + written, wire->out.len);
}

void redis_conn_send(struct redis_conn *link, const struct text *words, size_t count) {
    if (link->state == OPEN)
        put_words(link, words, count);
}

void redis_conn_command(struct redis_conn *link, const struct text *words, size_t count,
                        redis_conn_done *done, void *context) {
    if (link->state != OPEN) {
        done(context, NULL);
        return;
    }
    put_words(link, words, count);
    owe(link, done, context);
    write_early(link);
}

/* ---- PING ---- */

static void on_pong(void *context, const struct redis_reply *reply) {
    struct redis_conn *link = context;
    if (!reply)
        return;
    link->pinging = false;
    if (reply->kind == REDIS_ERROR) {
        drop(link, reply->text.at);
        return;
    }
    link->latency_us = clock_monotonic_us() - link->pinged_us;
    link->complained = false;
    backoff_reset(&link->backoff);
    set_well(link, true);
}

static void ping(struct redis_conn *link) {
    const struct text words[] = {{"PING", 4}};
    link->pinging = true;
    link->pinged_us = clock_monotonic_us();
    link->ticks = 0;
    redis_conn_command(link, words, 1, on_pong, link);
}

/* ---- receiving ---- */

/* Answers to PING on a connection that is subscribed are lists, too. */
static bool is_pushed(const struct redis_conn *link, const struct redis_reply *reply) {
    return link->subscriber && reply->kind == REDIS_LIST && reply->count > 0 &&
           reply->items[0]->kind == REDIS_TEXT &&
           !text_equals(reply->items[0]->text, text_of("pong"));
}

static void dispatch(struct redis_conn *link, const struct redis_reply *reply) {
    if (is_pushed(link, reply)) {
        link->listener->pushed(link->listener->context, reply);
    } else if (link->owed_count > 0) {
        const struct owed owed = take_owed(link);
        owed.done(owed.context, reply);
    } else {
        /* Such as "max number of clients reached". */
        drop(link, reply->kind == REDIS_ERROR ? reply->text.at : "an answer to no question");
    }
}

/* Tells all answers that are complete. Any of them may be the link's last. */
static void read_answers(struct wire *wire) {
    while (wire->link) {
        void *reply = NULL;
        if (redisReaderGetReply(wire->reader, &reply) != REDIS_OK) {
            drop(wire->link, wire->reader->errstr);
            return;
        }
        if (!reply)
            break;
        dispatch(wire->link, reply);
        redis_reply_free(reply);
    }
    if (wire->link && wire->reader->len > MAX_ANSWER)
        drop(wire->link, "an answer is too large");
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf) {
    struct wire *wire = stream->data;
    slow_callback_start("what Redis said");
    if (len < 0 && wire->link)
        drop(wire->link, len == UV_EOF ? "it has closed the connection" : uv_strerror((int)len));
    for (size_t at = 0; len > 0 && at < (size_t)len && wire->link; at += FEED_SIZE) {
        const size_t rest = (size_t)len - at;
        redisReaderFeed(wire->reader, buf->base + at, rest < FEED_SIZE ? rest : FEED_SIZE);
        read_answers(wire);
    }
    slow_callback_stop();
}

/* One buffer serves all: it is empty again before the next read. */
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    static char bytes[65536];
    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(bytes, sizeof(bytes));
}

/* ---- connecting ---- */

static void on_authenticated(void *context, const struct redis_reply *reply) {
    (void)context;
    if (reply && reply->kind == REDIS_ERROR)
        log_error("redis: the password is refused: %s", reply->text.at);
}

static void authenticate(struct redis_conn *link) {
    const char *password = link->config->redis_password;
    const struct text words[] = {{"AUTH", 4}, text_of(password)};
    if (password[0])
        redis_conn_command(link, words, 2, on_authenticated, NULL);
}

static void on_connected(uv_connect_t *request, int status) {
    struct wire *wire = request->data;
    struct redis_conn *link = wire->link;
    if (!link)
        return;
    if (status == 0)
        status = uv_read_start(&wire->stream, on_alloc, on_read);
    if (status < 0) {
        drop(link, uv_strerror(status));
        return;
    }
    link->state = OPEN;
    authenticate(link);
    link->listener->opened(link->listener->context);
    ping(link);
}

static void connect_tcp(struct wire *wire, const struct addrinfo *addresses) {
    const struct addrinfo *chosen = addresses;
    unsigned count = 1;
    for (const struct addrinfo *each = addresses->ai_next; each; each = each->ai_next)
        count++;
    for (unsigned skip = wire->link->address++ % count; skip > 0 && chosen->ai_next; skip--)
        chosen = chosen->ai_next;
    uv_tcp_init(wire->link->loop, &wire->tcp);
    wire->handle.data = wire;
    uv_tcp_nodelay(&wire->tcp, 1);
    const int error = uv_tcp_connect(&wire->connect, &wire->tcp, chosen->ai_addr, on_connected);
    if (error)
        drop(wire->link, uv_strerror(error));
}

static void on_looked_up(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses) {
    struct wire *wire = request->data;
    if (!wire->link) {
        free_wire(wire);
    } else if (status < 0) {
        drop(wire->link, uv_strerror(status));
        free_wire(wire);
    } else {
        wire->is_looking_up = false;
        connect_tcp(wire, addresses);
    }
    uv_freeaddrinfo(addresses);
}

static void look_up(struct wire *wire) {
    const struct config *config = wire->link->config;
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    char port[24];
    snprintf(port, sizeof(port), "%" PRIu64, config->redis_port);
    wire->lookup.data = wire;
    wire->is_looking_up = true;
    const int error = uv_getaddrinfo(wire->link->loop, &wire->lookup, on_looked_up,
                                     config->redis_host, port, &hints);
    if (error) {
        drop(wire->link, uv_strerror(error));
        free_wire(wire);
    }
}

static void begin_connect(struct redis_conn *link) {
    struct wire *wire = xcalloc(1, sizeof(*wire));
    wire->link = link;
    wire->connect.data = wire;
    wire->reader = redis_reply_reader();
    link->wire = wire;
    link->state = CONNECTING;
    link->ticks = 0;
    if (link->config->redis_socket[0]) {
        uv_pipe_init(link->loop, &wire->pipe, 0);
        wire->handle.data = wire;
        uv_pipe_connect(&wire->connect, &wire->pipe, link->config->redis_socket, on_connected);
    } else {
        look_up(wire);
    }
}

/* ---- the link ---- */

struct redis_conn *redis_conn_new(uv_loop_t *loop, const struct config *config,
                                  const struct redis_conn_listener *listener, bool subscriber) {
    struct redis_conn *link = xcalloc(1, sizeof(*link));
    link->loop = loop;
    link->config = config;
    link->listener = listener;
    link->subscriber = subscriber;
    link->backoff = (struct backoff)BACKOFF(BACKOFF_MIN_MS, BACKOFF_MAX_MS);
    return link;
}

void redis_conn_close(struct redis_conn *link) {
    abandon(link);
    free(link->owed);
    free(link);
}

void redis_conn_tick(struct redis_conn *link) {
    link->ticks++;
    if (link->state == CLOSED) {
        if (backoff_ready(&link->backoff, clock_monotonic_ms()))
            begin_connect(link);
    } else if (link->state == CONNECTING) {
        if (link->ticks >= CONNECT_TICKS)
            drop(link, "no connection in time");
    } else if (!link->pinging) {
        if (link->ticks >= PING_TICKS)
            ping(link);
    } else if (link->ticks >= DEAD_TICKS) {
        drop(link, "it does not answer");
    } else if (link->ticks >= PING_TICKS) {
        set_well(link, false);
    }
}

bool redis_conn_is_open(const struct redis_conn *link) {
    return link->state == OPEN;
}

bool redis_conn_is_up(const struct redis_conn *link) {
    return link->well;
}

size_t redis_conn_waiting(const struct redis_conn *link) {
    return link->wire ? link->wire->out.len + link->wire->writing.len : 0;
}

int64_t redis_conn_latency_us(const struct redis_conn *link) {
    return link->latency_us;
}
