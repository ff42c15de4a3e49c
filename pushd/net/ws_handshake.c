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
    char own_token[HEADER_SIZE], protocols[HEADER_SIZE], cookie[WS_HANDSHAKE_HEADERS_SIZE];
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
        memcpy(address, CONN_LIMIT_UNIX, sizeof(CONN_LIMIT_UNIX));
    else
        getnameinfo(peer, len, address, HANDSHAKE_ADDRESS_SIZE, NULL, 0, NI_NUMERICHOST);
}

/* A new connection: asked before libwebsockets has made anything of it. */
void ws_handshake_on_accept(void *context, int fd, const struct sockaddr *peer, socklen_t len) {
    struct ws_handshake *ws_handshake = context;
    char address[HANDSHAKE_ADDRESS_SIZE];
    ws_handshake->metrics->connections++;
    name_peer(peer, len, address);
    ws_handshake->handshaking =
        conn_limit_handshake_begin(&ws_handshake->conn_limit, ws_handshake->config, address);
    if (!ws_handshake->handshaking) {
        ws_handshake->metrics->refusals[METRICS_REFUSAL_HANDSHAKES]++;
        close(fd);
        return;
    }
    lws_adopt_socket_vhost(ws_handshake->vhost, fd); /* which closes it if it cannot */
    if (ws_handshake->handshaking)
        conn_limit_handshake_end(&ws_handshake->conn_limit, ws_handshake->handshaking);
}

/* The key is kept with the connection until its handshake is over. */
void ws_handshake_adopted(struct ws_handshake *ws_handshake, struct lws *wsi) {
    lws_set_opaque_user_data(wsi, (void *)(uintptr_t)ws_handshake->handshaking);
    ws_handshake->handshaking = 0;
}

bool ws_handshake_end(struct ws_handshake *ws_handshake, struct lws *wsi) {
    const uint64_t key = (uintptr_t)lws_get_opaque_user_data(wsi);
    if (key)
        conn_limit_handshake_end(&ws_handshake->conn_limit, key);
    lws_set_opaque_user_data(wsi, NULL);
    return key != 0;
}

/* Answers a request that is no handshake, or none that is let in, with JSON. */
static int refuse_http(struct lws *wsi, struct ws_handshake *ws_handshake, unsigned status,
                       enum metrics_refusal why, const char *body) {
    unsigned char buffer[LWS_PRE + 1024];
    unsigned char *start = buffer + LWS_PRE, *at = start, *end = buffer + sizeof(buffer) - 1;
    static const char TYPE[] = "application/json; charset=utf-8";
    const size_t len = strlen(body);
    ws_handshake->metrics->refusals[why]++;
    ws_handshake_end(ws_handshake, wsi);
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

int ws_handshake_reject_http(struct ws_handshake *ws_handshake, struct lws *wsi) {
    return refuse_http(wsi, ws_handshake, 426, METRICS_REFUSAL_PLAIN_HTTP,
                       "{\"detail\":\"This address is for WebSockets.\"}");
}

/* The client's address, proxies seen through. */
static void read_address(struct lws *wsi, const struct config *config) {
    struct headers *h = &headers;
    struct sockaddr_storage peer = {0};
    socklen_t len = sizeof(peer);
    getpeername(lws_get_socket_fd(wsi), (struct sockaddr *)&peer, &len);
    name_peer((struct sockaddr *)&peer, len, h->address);
    handshake_client_address(
        h->address, copy_header(wsi, h->forwarded, sizeof(h->forwarded), WSI_TOKEN_X_FORWARDED_FOR),
        config);
}

static int let_in(struct lws *wsi, struct ws_handshake *ws_handshake) {
    read_address(wsi, ws_handshake->config);
    switch (conn_limit_check(&ws_handshake->conn_limit, ws_handshake->config, headers.address)) {
    case CONN_LIMIT_TOTAL:
        return refuse_http(wsi, ws_handshake, 503, METRICS_REFUSAL_FULL,
                           "{\"detail\":\"Too many sockets.\"}");
    case CONN_LIMIT_ADDRESS:
        return refuse_http(wsi, ws_handshake, 429, METRICS_REFUSAL_ADDRESS,
                           "{\"detail\":\"Too many sockets of this address.\"}");
    default:
        ws_handshake->admitted = wsi;
        return 0;
    }
}

const struct handshake *ws_handshake_established(struct ws_handshake *ws_handshake, struct lws *wsi,
                                                 uint64_t *conn_limit_key) {
    if (ws_handshake->admitted != wsi)
        return NULL;
    ws_handshake->admitted = NULL;
    ws_handshake_end(ws_handshake, wsi);
    *conn_limit_key = conn_limit_add(&ws_handshake->conn_limit, headers.address);
    return &ws_handshake->handshake;
}

/* All that libwebsockets would hang up on is refused before it looks: a web server in front
 * makes an error of the server's of a connection that ends without an answer. */
int ws_handshake_check(struct ws_handshake *ws_handshake, struct lws *wsi, const char *upgrade) {
    struct handshake_input input;
    struct handshake *handshake = &ws_handshake->handshake;
    char version[4];
    ws_handshake->admitted = NULL;
    read_headers(wsi, &input);
    if (!text_equals_nocase(text_of(upgrade), text_of("websocket")) ||
        !text_equals(copy_header(wsi, version, sizeof(version), WSI_TOKEN_VERSION), text_of("13")))
        return ws_handshake_reject_http(ws_handshake, wsi);
    if (!handshake_parse(&input, handshake))
        return refuse_http(wsi, ws_handshake, 404, METRICS_REFUSAL_PATH,
                           "{\"detail\":\"Not found.\"}");
    if (lws_hdr_total_length(wsi, WSI_TOKEN_KEY) != KEY_LENGTH)
        return refuse_http(wsi, ws_handshake, 400, METRICS_REFUSAL_MALFORMED,
                           "{\"detail\":\"Sec-WebSocket-Key is wrong.\"}");
    if (lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) > MAX_PROTOCOLS ||
        !handshake_accepts_subprotocol(&input))
        return refuse_http(wsi, ws_handshake, 400, METRICS_REFUSAL_MALFORMED,
                           "{\"detail\":\"The subprotocol here is confab.\"}");
    if (!handshake_origin_allowed(&input, handshake, ws_handshake->config->allowed_origins))
        return refuse_http(wsi, ws_handshake, 403, METRICS_REFUSAL_ORIGIN,
                           "{\"detail\":\"The origin is not allowed.\"}");
    return let_in(wsi, ws_handshake);
}
