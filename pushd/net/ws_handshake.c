#include "net/ws_handshake.h"

#include <libwebsockets.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#include "net/handshake.h"

/* Longest header that is looked at. */
#define HEADER_SIZE 2048

/* What libwebsockets wants of two headers, and else hangs up. */
#define MAX_PROTOCOLS 126
#define KEY_LENGTH 24

/* Room for the headers of the handshake at hand; the loop has one thread. */
struct headers {
    char path[HEADER_SIZE], query[HEADER_SIZE], authorization[HEADER_SIZE];
    char own_token[HEADER_SIZE], protocols[HEADER_SIZE], cookie[RECEPTION_HEADERS_SIZE];
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

static void name_peer(const struct sockaddr *peer, socklen_t len, char *address) {
    address[0] = '\0';
    if (peer->sa_family == AF_UNIX)
        memcpy(address, DOOR_LOCAL, sizeof(DOOR_LOCAL));
    else
        getnameinfo(peer, len, address, HANDSHAKE_ADDRESS_SIZE, NULL, 0, NI_NUMERICHOST);
}

/* A new connection: asked before libwebsockets has made anything of it. */
void reception_take(void *context, int fd, const struct sockaddr *peer, socklen_t len) {
    struct reception *reception = context;
    char address[HANDSHAKE_ADDRESS_SIZE];
    reception->figures->connections++;
    name_peer(peer, len, address);
    reception->knocking = door_knock(&reception->door, reception->config, address);
    if (!reception->knocking) {
        reception->figures->refusals[FIGURES_REFUSAL_KNOCKING]++;
        close(fd);
        return;
    }
    lws_adopt_socket_vhost(reception->vhost, fd); /* which closes it if it cannot */
    if (reception->knocking)
        door_leave(&reception->door, reception->knocking);
}

/* The key is kept with the connection until its handshake is over. */
void reception_begun(struct reception *reception, struct lws *wsi) {
    lws_set_opaque_user_data(wsi, (void *)(uintptr_t)reception->knocking);
    reception->knocking = 0;
}

bool reception_left(struct reception *reception, struct lws *wsi) {
    const uint64_t key = (uintptr_t)lws_get_opaque_user_data(wsi);
    if (key)
        door_leave(&reception->door, key);
    lws_set_opaque_user_data(wsi, NULL);
    return key != 0;
}

/* Answers a request that is no handshake, or none that is let in, with JSON. */
static int refuse_http(struct lws *wsi, struct reception *reception, unsigned status,
                       enum figures_refusal why, const char *body) {
    unsigned char buffer[LWS_PRE + 1024];
    unsigned char *start = buffer + LWS_PRE, *at = start, *end = buffer + sizeof(buffer) - 1;
    static const char TYPE[] = "application/json; charset=utf-8";
    const size_t len = strlen(body);
    reception->figures->refusals[why]++;
    reception_left(reception, wsi);
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

int reception_refuse_plain(struct reception *reception, struct lws *wsi) {
    return refuse_http(wsi, reception, 426, FIGURES_REFUSAL_PLAIN_HTTP,
                       "{\"detail\":\"This address is for WebSockets.\"}");
}

/* The client's address, proxies seen through. */
static void read_address(struct lws *wsi, const struct config *config) {
    struct headers *h = &headers;
    struct sockaddr_storage peer = {0};
    socklen_t len = sizeof(peer);
    getpeername(lws_get_socket_fd(wsi), (struct sockaddr *)&peer, &len);
    name_peer((struct sockaddr *)&peer, len, h->address);
    handshake_find_address(
        h->address, copy_header(wsi, h->forwarded, sizeof(h->forwarded), WSI_TOKEN_X_FORWARDED_FOR),
        config);
}

static int let_in(struct lws *wsi, struct reception *reception) {
    read_address(wsi, reception->config);
    switch (door_ask(&reception->door, reception->config, headers.address)) {
    case DOOR_FULL:
        return refuse_http(wsi, reception, 503, FIGURES_REFUSAL_FULL,
                           "{\"detail\":\"Too many sockets.\"}");
    case DOOR_CROWDED:
        return refuse_http(wsi, reception, 429, FIGURES_REFUSAL_CROWDED,
                           "{\"detail\":\"Too many sockets of this address.\"}");
    default:
        reception->admitted = wsi;
        return 0;
    }
}

const struct handshake *reception_admit(struct reception *reception, struct lws *wsi,
                                        uint64_t *door_key) {
    if (reception->admitted != wsi)
        return NULL;
    reception->admitted = NULL;
    reception_left(reception, wsi);
    *door_key = door_sit(&reception->door, headers.address);
    return &reception->handshake;
}

/* All that libwebsockets would hang up on is refused before it looks: a web server in front
 * makes an error of the server's of a connection that ends without an answer. */
int reception_ask(struct reception *reception, struct lws *wsi, const char *upgrade) {
    struct handshake_input input;
    struct handshake *handshake = &reception->handshake;
    char version[4];
    reception->admitted = NULL;
    read_headers(wsi, &input);
    if (!text_equals_nocase(text_of(upgrade), text_of("websocket")) ||
        !text_equals(copy_header(wsi, version, sizeof(version), WSI_TOKEN_VERSION), text_of("13")))
        return reception_refuse_plain(reception, wsi);
    if (!handshake_read(&input, handshake))
        return refuse_http(wsi, reception, 404, FIGURES_REFUSAL_PATH,
                           "{\"detail\":\"Not found.\"}");
    if (lws_hdr_total_length(wsi, WSI_TOKEN_KEY) != KEY_LENGTH)
        return refuse_http(wsi, reception, 400, FIGURES_REFUSAL_MALFORMED,
                           "{\"detail\":\"Sec-WebSocket-Key is wrong.\"}");
    if (lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) > MAX_PROTOCOLS ||
        !handshake_names_us(&input))
        return refuse_http(wsi, reception, 400, FIGURES_REFUSAL_MALFORMED,
                           "{\"detail\":\"The subprotocol here is confab.\"}");
    if (!handshake_origin_is_welcome(&input, handshake, reception->config->allowed_origins))
        return refuse_http(wsi, reception, 403, FIGURES_REFUSAL_ORIGIN,
                           "{\"detail\":\"The origin is not allowed.\"}");
    return let_in(wsi, reception);
}
