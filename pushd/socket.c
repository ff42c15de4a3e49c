#include "socket.h"

#include <errno.h>
#include <libwebsockets.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "acceptor.h"
#include "buffer.h"
#include "clock.h"
#include "door.h"
#include "handshake.h"
#include "log.h"
#include "memory.h"
#include "outlet.h"
#include "slabs.h"
#include "stopwatch.h"

/* A socket that is closing is cut off after so many seconds. */
#define CLOSE_SECONDS 5

/* Bytes gathered for one write of what waited. */
#define GATHER 65536

/* Longest header that is looked at, and room for all of them: browsers send every cookie of
 * a site, and web servers in front take as much. */
#define HEADER_SIZE 2048
#define HEADERS_SIZE 20480

/* Heads of handshakes that are read at the same time, before the heap is used for them too. */
#define HEADS 4096

/* What libwebsockets wants of two headers, and else hangs up. */
#define MAX_PROTOCOLS 126
#define KEY_LENGTH 24

enum socket_phase { PHASE_OPEN, PHASE_CLOSING, PHASE_CUT };

/* What a connection needs; libwebsockets allocates it, zeroed, with the connection. */
struct socket {
    struct sockets *all;
    struct lws *wsi;
    int fd;
    enum socket_phase phase;
    bool blocked;    /* the kernel did not take all */
    bool pinged;     /* and has not been heard since */
    bool said_close; /* the close frame is out */
    bool notifications;
    unsigned close_code; /* 0: cut off without one */
    struct session *session;
    struct socket *next, **at; /* list of all */
    struct outlet *outlet;     /* what waits while blocked; NULL: nothing */
    struct buffer *partial;    /* of a message that comes in pieces; NULL: none */
    uint64_t door_key;
    uint32_t heard_s; /* when something came last, seconds */
    uint32_t close_s; /* when it is closed, or cut off */
};

struct sockets {
    struct lws_context *context;
    struct lws_vhost *vhost;
    const struct config *config;
    struct figures *figures;
    struct sockets_listener listener;
    struct socket *first;
    uint64_t count;
    struct door door;
    uint64_t knocking;         /* key at the door of the connection at hand */
    struct acceptor *acceptor; /* NULL: nobody else is taken */
    struct socket *drain_next; /* who is closed next, while draining */
    uint64_t drain_total, drain_closed, drain_ms;
    int64_t drain_start_ms;
    unsigned drain_code;
    uv_timer_t drain_timer;
    struct lws_protocols protocols[3];
    void *loops[1];
    unsigned char gather[GATHER];
};

static uint32_t now_s(void) {
    return (uint32_t)(clock_monotonic_ms() / 1000);
}

/* ---- writing ---- */

static void give_up(struct socket *socket);

/* Writes bytes; what the kernel does not take goes to libwebsockets, which keeps it and
 * calls back when it is gone. Direct writes and bytes it still keeps are never mixed; it
 * may keep half a pong that nobody here knows of. */
static void write_bytes(struct socket *socket, const unsigned char *bytes, size_t len) {
    ssize_t sent = 0;
    if (!lws_partial_buffered(socket->wsi))
        sent = send(socket->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        give_up(socket);
        return;
    }
    if (sent < 0)
        sent = 0;
    socket->all->figures->delivered_bytes += (size_t)sent;
    if ((size_t)sent == len)
        return;
    socket->blocked = true;
    unsigned char *rest = memory_zeroed(1, LWS_PRE + len);
    memcpy(rest + LWS_PRE, bytes + sent, len - (size_t)sent);
    if (lws_write(socket->wsi, rest + LWS_PRE, len - (size_t)sent, LWS_WRITE_RAW) < 0)
        give_up(socket);
    else
        lws_callback_on_writable(socket->wsi);
    free(rest);
}

static void drop_waiting(struct socket *socket) {
    if (!socket->outlet)
        return;
    socket->all->figures->queue_bytes -= socket->outlet->bytes;
    outlet_clear(socket->outlet);
    free(socket->outlet);
    socket->outlet = NULL;
}

/* Writes what waits, as far as the kernel takes it. */
static void write_waiting(struct socket *socket) {
    struct figures *figures = socket->all->figures;
    socket->blocked = false;
    while (socket->outlet && !socket->blocked && socket->phase != PHASE_CUT) {
        const size_t len = outlet_peek(socket->outlet, socket->all->gather, GATHER);
        outlet_take(socket->outlet, len);
        figures->queue_bytes -= len;
        if (socket->outlet->count == 0)
            drop_waiting(socket);
        write_bytes(socket, socket->all->gather, len);
    }
}

void socket_send(struct socket *socket, struct frame *frame) {
    struct figures *figures = socket->all->figures;
    if (socket->phase != PHASE_OPEN)
        return;
    figures->deliveries += frame->count;
    if (!socket->blocked) {
        write_bytes(socket, frame->bytes, frame->len);
        return;
    }
    figures->queue_bytes += frame->len;
    if (!socket->outlet)
        socket->outlet = memory_zeroed(1, sizeof(*socket->outlet));
    if (outlet_push(socket->outlet, frame) <= socket->all->config->ws_backlog * 1024)
        return;
    drop_waiting(socket);
    socket_close(socket, SOCKET_CLOSE_TRY_LATER, FIGURES_DROP_SLOW);
}

void socket_send_text(struct socket *socket, struct text json) {
    struct frame *frame = frame_text(json);
    socket_send(socket, frame);
    frame_release(frame);
}

/* ---- closing ---- */

/* Nothing can be sent any more. A connection that is shut down is readable at once, and
 * libwebsockets closes it when it reads the end. (Its timeouts are looked at only when
 * something else happens, so they are of no use here.) */
static void give_up(struct socket *socket) {
    socket->phase = PHASE_CUT;
    drop_waiting(socket);
    shutdown(socket->fd, SHUT_RDWR);
}

/* Says why, once all before it is through. The frame is our own: libwebsockets would send
 * its own only after it has begun to tear the connection down. */
static void say_close(struct socket *socket) {
    const unsigned char frame[] = {0x88, 0x02, (unsigned char)(socket->close_code >> 8),
                                   (unsigned char)(socket->close_code & 0xff)};
    if (socket->said_close || socket->blocked)
        return;
    socket->said_close = true;
    if (socket->close_code)
        write_bytes(socket, frame, sizeof(frame));
    else
        give_up(socket);
}

void socket_close(struct socket *socket, unsigned code, enum figures_drop why) {
    if (socket->phase != PHASE_OPEN)
        return;
    if (why < FIGURES_DROP_COUNT)
        socket->all->figures->drops[why]++;
    socket->phase = PHASE_CLOSING;
    socket->close_code = code;
    socket->close_s = now_s() + CLOSE_SECONDS;
    say_close(socket);
}

/* libwebsockets tells nobody of a ping, but having answered some it calls here too, unasked. */
static int on_writable(struct socket *socket) {
    if (socket->phase == PHASE_CUT)
        return -1;
    if (lws_partial_buffered(socket->wsi))
        return 0;
    socket->all->figures->pongs += !socket->blocked && socket->phase == PHASE_OPEN;
    write_waiting(socket);
    if (socket->phase == PHASE_CLOSING)
        say_close(socket);
    return socket->phase == PHASE_CUT ? -1 : 0;
}

/* The answer to our close frame ends it. libwebsockets answers one of the peer's, and
 * nothing is said or heard behind that. */
static int on_peer_close(struct socket *socket) {
    if (socket->said_close || socket->phase == PHASE_CUT)
        return -1;
    socket->phase = PHASE_CLOSING;
    socket->said_close = true;
    socket->close_s = now_s() + CLOSE_SECONDS;
    return 0;
}

/* ---- draining ---- */

/* Closes as many as are due by now, so that their clients do not all come back at once. */
static void drain_some(uv_timer_t *timer) {
    struct sockets *sockets = timer->data;
    const uint64_t elapsed = (uint64_t)(clock_monotonic_ms() - sockets->drain_start_ms);
    uint64_t due = sockets->drain_total;
    stopwatch_start("closing sockets");
    if (elapsed < sockets->drain_ms)
        due = sockets->drain_total * elapsed / sockets->drain_ms;
    while (sockets->drain_closed < due && sockets->drain_next) {
        struct socket *socket = sockets->drain_next;
        sockets->drain_next = socket->next;
        sockets->drain_closed++;
        socket_close(socket, sockets->drain_code, FIGURES_DROP_DRAIN);
    }
    if (!sockets->drain_next)
        uv_timer_stop(timer);
    stopwatch_stop();
}

void sockets_close_all(struct sockets *sockets, unsigned code, uint64_t spread_ms) {
    sockets->drain_next = sockets->first;
    sockets->drain_total = sockets->count;
    sockets->drain_closed = 0;
    sockets->drain_ms = spread_ms;
    sockets->drain_start_ms = clock_monotonic_ms();
    sockets->drain_code = code;
    uv_timer_start(&sockets->drain_timer, drain_some, 0, 20);
}

/* ---- memory of libwebsockets ---- */

/* It allocates the head of a handshake in one piece that is larger than all else. There is
 * one allocator for the process, and one loop. */
static struct slabs *heads;

static void *allocate(void *memory, size_t size, const char *reason) {
    (void)reason;
    if (slabs_own(heads, memory)) {
        slabs_give(heads, memory); /* heads never grow */
        return NULL;
    }
    if (size == 0) {
        free(memory);
        return NULL;
    }
    void *head = !memory && size == HEADERS_SIZE ? slabs_take(heads) : NULL;
    return head ? head : memory_resize(memory, size, 1);
}

/* ---- pings ---- */

void sockets_tick(struct sockets *sockets) {
    /* Not an empty one: libwebsockets tells nobody of the pong to that. */
    static const unsigned char PING[] = {0x89, 0x01, '?'};
    const uint32_t now = now_s(), every = (uint32_t)sockets->config->ws_ping;
    struct socket *next;
    slabs_trim(heads);
    for (struct socket *socket = sockets->first; socket; socket = next) {
        next = socket->next;
        if (socket->phase == PHASE_CLOSING && now >= socket->close_s) {
            give_up(socket);
        } else if (socket->phase == PHASE_OPEN && socket->pinged &&
                   now - socket->heard_s >= 2 * every) {
            sockets->figures->drops[FIGURES_DROP_DEAD]++;
            give_up(socket);
        } else if (socket->phase == PHASE_OPEN && !socket->pinged && !socket->blocked &&
                   now - socket->heard_s >= every) {
            socket->pinged = true;
            write_bytes(socket, PING, sizeof(PING));
        }
    }
}

/* ---- handshakes ---- */

/* Room for the headers of the handshake at hand; the loop has one thread. */
struct headers {
    char path[HEADER_SIZE], query[HEADER_SIZE], authorization[HEADER_SIZE];
    char own_token[HEADER_SIZE], protocols[HEADER_SIZE], cookie[HEADERS_SIZE];
    char origin[HEADER_SIZE], host[HEADER_SIZE], forwarded[HEADER_SIZE];
    char address[HANDSHAKE_ADDRESS_SIZE];
};
static struct headers headers;

static struct text copy_header(struct lws *wsi, char *out, size_t size, enum lws_token_indexes h) {
    const int len = lws_hdr_copy(wsi, out, (int)size, h);
    return (struct text){out, len > 0 ? (size_t)len : 0};
}

static struct text copy_custom(struct lws *wsi, char *out, size_t size, const char *name) {
    const int len = lws_hdr_custom_copy(wsi, out, (int)size, name, (int)strlen(name));
    return (struct text){out, len > 0 ? (size_t)len : 0};
}

static void read_headers(struct lws *wsi, struct handshake_input *input) {
    struct headers *h = &headers;
    input->path = copy_header(wsi, h->path, sizeof(h->path), WSI_TOKEN_GET_URI);
    input->query = copy_header(wsi, h->query, sizeof(h->query), WSI_TOKEN_HTTP_URI_ARGS);
    input->authorization =
        copy_header(wsi, h->authorization, sizeof(h->authorization), WSI_TOKEN_HTTP_AUTHORIZATION);
    input->own_token = copy_custom(wsi, h->own_token, sizeof(h->own_token), "x-confab-token:");
    input->protocols = copy_header(wsi, h->protocols, sizeof(h->protocols), WSI_TOKEN_PROTOCOL);
    input->cookie = copy_header(wsi, h->cookie, sizeof(h->cookie), WSI_TOKEN_HTTP_COOKIE);
    input->origin = copy_header(wsi, h->origin, sizeof(h->origin), WSI_TOKEN_ORIGIN);
    input->host = copy_header(wsi, h->host, sizeof(h->host), WSI_TOKEN_HOST);
}

/* A new connection: asked before libwebsockets has made anything of it. */
static void on_taken(void *context, int fd, const struct sockaddr *peer, socklen_t len) {
    struct sockets *sockets = context;
    char address[HANDSHAKE_ADDRESS_SIZE] = "";
    sockets->figures->connections++;
    getnameinfo(peer, len, address, sizeof(address), NULL, 0, NI_NUMERICHOST);
    sockets->knocking = door_knock(&sockets->door, sockets->config, address);
    if (!sockets->knocking) {
        sockets->figures->refusals[FIGURES_REFUSAL_KNOCKING]++;
        close(fd);
        return;
    }
    lws_adopt_socket_vhost(sockets->vhost, fd); /* which closes it if it cannot */
    if (sockets->knocking)
        door_leave(&sockets->door, sockets->knocking);
}

/* Follows on_taken. The key is kept with the connection until its handshake is over. */
static void on_instantiated(struct lws *wsi, struct sockets *sockets) {
    lws_set_opaque_user_data(wsi, (void *)(uintptr_t)sockets->knocking);
    sockets->knocking = 0;
}

/* True if it stood at the door until now. */
static bool leave_door(struct lws *wsi, struct sockets *sockets) {
    const uint64_t key = (uintptr_t)lws_get_opaque_user_data(wsi);
    if (key)
        door_leave(&sockets->door, key);
    lws_set_opaque_user_data(wsi, NULL);
    return key != 0;
}

/* Answers a request that is no handshake, or none that is let in, with JSON. */
static int refuse_http(struct lws *wsi, struct sockets *sockets, unsigned status,
                       enum figures_refusal why, const char *body) {
    unsigned char buffer[LWS_PRE + 1024];
    unsigned char *start = buffer + LWS_PRE, *at = start, *end = buffer + sizeof(buffer) - 1;
    static const char TYPE[] = "application/json; charset=utf-8";
    const size_t len = strlen(body);
    sockets->figures->refusals[why]++;
    leave_door(wsi, sockets);
    const bool later = status == 429 || status == 503;
    if (lws_add_http_common_headers(wsi, status, TYPE, len, &at, end) ||
        (later && lws_add_http_header_by_name(wsi, (const unsigned char *)"retry-after:",
                                              (const unsigned char *)"5", 1, &at, end)) ||
        (status == 426 &&
         (lws_add_http_header_by_name(wsi, (const unsigned char *)"upgrade:",
                                      (const unsigned char *)"websocket", 9, &at, end) ||
          lws_add_http_header_by_name(wsi, (const unsigned char *)"sec-websocket-version:",
                                      (const unsigned char *)"13", 2, &at, end))) ||
        lws_finalize_write_http_header(wsi, start, &at, end))
        return -1;
    memcpy(start, body, len);
    lws_write(wsi, start, len, LWS_WRITE_HTTP_FINAL);
    return -1;
}

/* The client's address, proxies seen through. */
static const char *find_address(struct lws *wsi, const struct config *config) {
    struct headers *h = &headers;
    lws_get_peer_simple(wsi, h->address, sizeof(h->address));
    handshake_find_address(
        h->address, copy_header(wsi, h->forwarded, sizeof(h->forwarded), WSI_TOKEN_X_FORWARDED_FOR),
        config);
    return h->address;
}

static int let_in(struct lws *wsi, struct sockets *sockets) {
    switch (door_ask(&sockets->door, sockets->config, find_address(wsi, sockets->config))) {
    case DOOR_FULL:
        return refuse_http(wsi, sockets, 503, FIGURES_REFUSAL_FULL,
                           "{\"detail\":\"Too many sockets.\"}");
    case DOOR_CROWDED:
        return refuse_http(wsi, sockets, 429, FIGURES_REFUSAL_CROWDED,
                           "{\"detail\":\"Too many sockets of this address.\"}");
    default:
        return 0;
    }
}

/* All that libwebsockets would hang up on is refused before it looks: a web server in front
 * makes an error of the server's of a connection that ends without an answer. */
static int filter(struct lws *wsi, struct sockets *sockets, const char *upgrade) {
    struct handshake_input input;
    struct handshake handshake;
    char version[4];
    read_headers(wsi, &input);
    if (!text_equals_nocase(text_of(upgrade), text_of("websocket")) ||
        !text_equals(copy_header(wsi, version, sizeof(version), WSI_TOKEN_VERSION), text_of("13")))
        return refuse_http(wsi, sockets, 426, FIGURES_REFUSAL_PLAIN_HTTP,
                           "{\"detail\":\"This address is for WebSockets.\"}");
    if (!handshake_read(&input, &handshake))
        return refuse_http(wsi, sockets, 404, FIGURES_REFUSAL_PATH, "{\"detail\":\"Not found.\"}");
    if (lws_hdr_total_length(wsi, WSI_TOKEN_KEY) != KEY_LENGTH)
        return refuse_http(wsi, sockets, 400, FIGURES_REFUSAL_MALFORMED,
                           "{\"detail\":\"Sec-WebSocket-Key is wrong.\"}");
    if (lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) > MAX_PROTOCOLS ||
        !handshake_names_us(&input))
        return refuse_http(wsi, sockets, 400, FIGURES_REFUSAL_MALFORMED,
                           "{\"detail\":\"The subprotocol here is confab.\"}");
    if (!handshake_origin_is_welcome(&input, &handshake, sockets->config->allowed_origins))
        return refuse_http(wsi, sockets, 403, FIGURES_REFUSAL_ORIGIN,
                           "{\"detail\":\"The origin is not allowed.\"}");
    return let_in(wsi, sockets);
}

static void link_socket(struct sockets *sockets, struct socket *socket) {
    socket->all = sockets;
    socket->next = sockets->first;
    socket->at = &sockets->first;
    if (socket->next)
        socket->next->at = &socket->next;
    sockets->first = socket;
    sockets->count++;
}

static void count_kind(struct socket *socket, int change) {
    struct figures *figures = socket->all->figures;
    uint64_t *kind =
        socket->notifications ? &figures->sockets_notifications : &figures->sockets_room;
    *kind += (uint64_t)(int64_t)change;
}

static int on_established(struct lws *wsi, struct sockets *sockets, struct socket *socket) {
    struct handshake_input input;
    struct handshake handshake;
    read_headers(wsi, &input);
    if (!handshake_read(&input, &handshake))
        return -1;
    leave_door(wsi, sockets);
    sockets->figures->handshakes++;
    socket->wsi = wsi;
    socket->fd = lws_get_socket_fd(wsi);
    socket->heard_s = now_s();
    socket->notifications = handshake.notifications;
    link_socket(sockets, socket);
    count_kind(socket, 1);
    socket->door_key = door_sit(&sockets->door, find_address(wsi, sockets->config));
    socket->session = sockets->listener.opened(sockets->listener.context, socket, &handshake);
    return 0;
}

static void drop_partial(struct socket *socket) {
    if (!socket->partial)
        return;
    buffer_free(socket->partial);
    free(socket->partial);
    socket->partial = NULL;
}

static void on_closed(struct sockets *sockets, struct socket *socket) {
    if (!socket->all)
        return;
    if (sockets->drain_next == socket)
        sockets->drain_next = socket->next;
    *socket->at = socket->next;
    if (socket->next)
        socket->next->at = socket->at;
    sockets->count--;
    sockets->figures->lost += socket->phase == PHASE_OPEN;
    count_kind(socket, -1);
    drop_waiting(socket);
    drop_partial(socket);
    door_rise(&sockets->door, socket->door_key);
    sockets->listener.closed(socket->session);
    socket->all = NULL;
}

/* ---- what comes in ---- */

static int on_receive(struct lws *wsi, struct socket *socket, const void *bytes, size_t len) {
    struct sockets *sockets = socket->all;
    socket->heard_s = now_s();
    socket->pinged = false;
    if (socket->phase != PHASE_OPEN)
        return 0;
    const size_t before = socket->partial ? socket->partial->len : 0;
    if (before + len + lws_remaining_packet_payload(wsi) > sockets->config->ws_max_frame) {
        drop_partial(socket);
        socket_close(socket, SOCKET_CLOSE_TOO_BIG, FIGURES_DROP_TOO_BIG);
        return 0;
    }
    if (!socket->partial)
        socket->partial = memory_zeroed(1, sizeof(*socket->partial));
    buffer_append(socket->partial, bytes, len);
    if (lws_remaining_packet_payload(wsi) > 0 || !lws_is_final_fragment(wsi))
        return 0;
    const struct text message = {buffer_str(socket->partial), socket->partial->len};
    sockets->listener.message(socket->session, message, lws_frame_is_binary(wsi) != 0);
    drop_partial(socket);
    return 0;
}

static int handle(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t len) {
    struct socket *socket = user;
    struct lws_context *context = lws_get_context(wsi);
    struct sockets *sockets = context ? lws_context_user(context) : NULL;
    if (!sockets)
        return 0;
    switch (reason) {
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
        on_instantiated(wsi, sockets);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        if (leave_door(wsi, sockets))
            sockets->figures->refusals[FIGURES_REFUSAL_UNFINISHED]++;
        return 0;
    case LWS_CALLBACK_HTTP:
        return refuse_http(wsi, sockets, 426, FIGURES_REFUSAL_PLAIN_HTTP,
                           "{\"detail\":\"This address is for WebSockets.\"}");
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return filter(wsi, sockets, in);
    case LWS_CALLBACK_ESTABLISHED:
        return on_established(wsi, sockets, socket);
    case LWS_CALLBACK_RECEIVE:
        return on_receive(wsi, socket, in, len);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        return on_peer_close(socket);
    case LWS_CALLBACK_RECEIVE_PONG:
        socket->heard_s = now_s();
        socket->pinged = false;
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return socket->all ? on_writable(socket) : 0;
    case LWS_CALLBACK_CLOSED:
        on_closed(sockets, socket);
        return 0;
    default:
        return 0;
    }
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len) {
    stopwatch_start("a socket");
    const int result = handle(wsi, reason, user, in, len);
    stopwatch_stop();
    return result;
}

/* ---- all sockets ---- */

/* At most a line a second: some complaints come with every turn of the loop. */
static void log_library(int level, const char *line) {
    static int64_t last_ms;
    const int64_t now = clock_monotonic_ms();
    if (!(level & LLL_ERR) || (last_ms && now - last_ms < 1000))
        return;
    last_ms = now;
    log_warn("libwebsockets: %.*s", (int)strcspn(line, "\n"), line);
}

static void set_protocols(struct sockets *sockets) {
    /* Small pieces: what clients send is short, and every connection has such a buffer. */
    const struct lws_protocols protocol = {.name = "confab",
                                           .callback = callback,
                                           .per_session_data_size = sizeof(struct socket),
                                           .rx_buffer_size = 128,
                                           .tx_packet_size = GATHER};
    sockets->protocols[0] = protocol;
    sockets->protocols[0].name = "none";
    sockets->protocols[1] = protocol;
}

/* libwebsockets' own timers are a list walked from its head: all are switched off, and
 * sockets_tick does what they would. */
static const lws_retry_bo_t NO_TIMERS = {0};

static bool open_library(struct sockets *sockets) {
    struct lws_context_creation_info info = {0};
    lws_set_log_level(LLL_ERR, log_library);
    heads = slabs_new(HEADERS_SIZE, HEADS);
    lws_set_allocator(allocate);
    info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info.protocols = sockets->protocols;
    info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    info.foreign_loops = sockets->loops;
    info.retry_and_idle_policy = &NO_TIMERS;
    info.user = sockets;
    info.gid = -1;
    info.uid = -1;
    info.server_string = "confab";
    info.timeout_secs = 10;
    info.max_http_header_data = HEADERS_SIZE;
    sockets->context = lws_create_context(&info);
    sockets->vhost = sockets->context ? lws_create_vhost(sockets->context, &info) : NULL;
    return sockets->vhost != NULL;
}

struct sockets *sockets_new(uv_loop_t *loop, const struct config *config, struct figures *figures,
                            const struct sockets_listener *listener, int listen_fd) {
    struct sockets *sockets = memory_zeroed(1, sizeof(*sockets));
    sockets->config = config;
    sockets->figures = figures;
    sockets->listener = *listener;
    sockets->loops[0] = loop;
    uv_timer_init(loop, &sockets->drain_timer);
    sockets->drain_timer.data = sockets;
    set_protocols(sockets);
    if (open_library(sockets))
        sockets->acceptor = acceptor_new(loop, listen_fd, on_taken, sockets);
    else
        log_error("libwebsockets cannot be used");
    return sockets->acceptor ? sockets : NULL;
}

uint64_t sockets_count(const struct sockets *sockets) {
    return sockets->count;
}

void sockets_stop_listening(struct sockets *sockets) {
    if (sockets->acceptor)
        acceptor_close(sockets->acceptor);
    sockets->acceptor = NULL;
}

void sockets_cut(struct sockets *sockets) {
    sockets_stop_listening(sockets);
    uv_close((uv_handle_t *)&sockets->drain_timer, NULL);
    lws_context_destroy(sockets->context);
}

/* On a loop that is not its own, libwebsockets wants to be told twice. */
void sockets_free(struct sockets *sockets) {
    lws_context_destroy(sockets->context);
    slabs_free(heads);
    door_free(&sockets->door);
    free(sockets);
}
