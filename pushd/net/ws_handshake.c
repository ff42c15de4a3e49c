/* ws_handshake: the limits and checks between accept(2) and an open socket. */
#include "net/ws_handshake.h"

#include <libwebsockets.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "net/head_scan.h"
#include "net/socket_read.h"
#include "secrets/secret.h"

/* libwebsockets closes a connection without an answer if these headers are otherwise. */
#define MAX_LIST 126
#define KEY_LENGTH 24

/* What head_scan accepts has to fit. A header takes up to 6 bytes more than it has. */
_Static_assert(HEAD_SCAN_MAX + 6 * HEAD_SCAN_MAX_PIECES < WS_HANDSHAKE_HEADERS_SIZE, "size");
_Static_assert(HEAD_SCAN_MAX_PIECES + 4 < WSI_TOKEN_COUNT, "method, query, version and the rest");

static const char PLAIN_HTTP[] = "This address accepts WebSocket connections only.";

/* The address of a peer, as limits count it and logs show it. */
static void format_peer(const struct sockaddr *peer, socklen_t len,
                        char address[HANDSHAKE_ADDRESS_SIZE]) {
    address[0] = '\0';
    if (peer->sa_family == AF_UNIX)
        memcpy(address, CONN_LIMIT_UNIX, sizeof(CONN_LIMIT_UNIX));
    else if (getnameinfo(peer, len, address, HANDSHAKE_ADDRESS_SIZE, NULL, 0, NI_NUMERICHOST) == 0)
        forwarded_peer(address, text_of(address));
}

/* ---- counting connections ---- */

void ws_handshake_on_accept(void *context, int fd, const struct sockaddr *peer, socklen_t len) {
    struct ws_handshake *handshakes = context;
    char address[HANDSHAKE_ADDRESS_SIZE];
    /* Counted before libwebsockets knows the connection: one too many is closed without an
     * answer. */
    handshakes->metrics->connections++;
    format_peer(peer, len, address);
    handshakes->accepted_key =
        conn_limit_handshake_begin(&handshakes->conn_limit, handshakes->config, address);
    if (!handshakes->accepted_key) {
        handshakes->metrics->refusals[METRICS_REFUSAL_HANDSHAKES]++;
        close(fd);
        return;
    }
    socket_read_begin(fd);
    lws_adopt_socket_vhost(handshakes->vhost, fd); /* closes fd if it fails */
    if (handshakes->accepted_key)                  /* ws_handshake_adopted was not called */
        conn_limit_handshake_end(&handshakes->conn_limit, handshakes->accepted_key);
}

void ws_handshake_adopted(struct ws_handshake *handshakes, struct lws *wsi) {
    lws_set_opaque_user_data(wsi, (void *)(uintptr_t)handshakes->accepted_key);
    handshakes->accepted_key = 0;
}

bool ws_handshake_end(struct ws_handshake *handshakes, struct lws *wsi) {
    const uint64_t key = (uintptr_t)lws_get_opaque_user_data(wsi);
    if (key)
        conn_limit_handshake_end(&handshakes->conn_limit, key);
    lws_set_opaque_user_data(wsi, NULL);
    return key != 0;
}

/* ---- refusing ---- */

/* Sends an error; none is long enough to be sent in parts. No detail needs an escape. */
static void answer(int fd, unsigned status, enum error_code code, const char *detail) {
    char body[256], bytes[1024];
    /* The client can try these again; five seconds keep many refused clients from doing so at
     * once. */
    const bool temporary = status == 429 || status == 503;
    snprintf(body, sizeof(body), "{\"detail\":\"%s\",\"code\":\"%s\"}", detail,
             error_code_word(code));
    const int len = snprintf(
        bytes, sizeof(bytes),
        "HTTP/1.1 %u %s\r\nContent-Type: application/json; charset=utf-8\r\n"
        "Content-Length: %zu\r\nConnection: close\r\n%s%s\r\n%s",
        status, error_reason((int)status), strlen(body), temporary ? "Retry-After: 5\r\n" : "",
        status == 426 ? "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" : "", body);
    send(fd, bytes, (size_t)len, MSG_NOSIGNAL);
}

/* Answers a request; returns what closes the connection. */
static int refuse(struct ws_handshake *handshakes, struct lws *wsi, unsigned status,
                  enum metrics_refusal why, enum error_code code, const char *detail) {
    handshakes->metrics->refusals[why]++;
    ws_handshake_end(handshakes, wsi);
    answer(lws_get_socket_fd(wsi), status, code, detail);
    return -1;
}

int ws_handshake_reject_http(struct ws_handshake *handshakes, struct lws *wsi) {
    return refuse(handshakes, wsi, 426, METRICS_REFUSAL_PLAIN_HTTP, CODE_UPGRADE_REQUIRED,
                  PLAIN_HTTP);
}

void ws_handshake_refuse_head(int fd, unsigned status) {
    if (status == 414)
        answer(fd, status, CODE_URI_TOO_LONG, "The address is too long.");
    else if (status == 426)
        answer(fd, status, CODE_UPGRADE_REQUIRED, PLAIN_HTTP);
    else if (status == 431)
        answer(fd, status, CODE_HEADERS_TOO_LARGE, "Request header is too large.");
    else
        answer(fd, status, CODE_BAD_REQUEST, "Bad request.");
    shutdown(fd, SHUT_WR);
}

/* ---- checking ---- */

static struct text copy_header(struct lws *wsi, char *out, size_t size, enum lws_token_indexes h) {
    const int len = lws_hdr_copy(wsi, out, (int)size, h);
    return (struct text){out, len > 0 ? (size_t)len : 0};
}

static struct text copy_custom(struct lws *wsi, char *out, size_t size, const char *name) {
    const int len = lws_hdr_custom_copy(wsi, out, (int)size, name, (int)strlen(name));
    return (struct text){out, len > 0 ? (size_t)len : 0};
}

/* libwebsockets splits the query into its parameters. */
static struct text copy_query(struct lws *wsi, char *out, size_t size) {
    size_t at = 0;
    for (int i = 0; at < size; i++) {
        const int len =
            lws_hdr_copy_fragment(wsi, out + at, (int)(size - at), WSI_TOKEN_HTTP_URI_ARGS, i);
        if (len < 0)
            break;
        at += (size_t)len;
        out[at++] = '&';
    }
    return (struct text){out, at ? at - 1 : 0};
}

/* Copies what the handshake needs of the headers, which libwebsockets drops afterwards. */
static void read_headers(struct lws *wsi, struct ws_handshake_headers *h,
                         struct handshake_input *input) {
    input->path = copy_header(wsi, h->path, sizeof(h->path), WSI_TOKEN_GET_URI);
    input->query = copy_query(wsi, h->query, sizeof(h->query));
    input->authorization =
        copy_header(wsi, h->authorization, sizeof(h->authorization), WSI_TOKEN_HTTP_AUTHORIZATION);
    input->own_token = copy_custom(wsi, h->own_token, sizeof(h->own_token), "x-confab-token:");
    if (socket_read_own_tokens(lws_get_socket_fd(wsi)) > 1)
        input->own_token.len = 0; /* sent twice: as if not sent */
    input->user = copy_custom(wsi, h->user, sizeof(h->user), "x-confab-user:");
    if (socket_read_users(lws_get_socket_fd(wsi)) > 1)
        input->user.len = 0;
    input->protocols = copy_header(wsi, h->protocols, sizeof(h->protocols), WSI_TOKEN_PROTOCOL);
    input->cookie = copy_header(wsi, h->cookie, sizeof(h->cookie), WSI_TOKEN_HTTP_COOKIE);
    input->origin = copy_header(wsi, h->origin, sizeof(h->origin), WSI_TOKEN_ORIGIN);
    input->host = copy_header(wsi, h->host, sizeof(h->host), WSI_TOKEN_HOST);
}

/* Sets headers->address to that of the client, as forwarded by trusted proxies. */
static void read_address(struct lws *wsi, struct ws_handshake_headers *h,
                         const struct config *config) {
    struct sockaddr_storage peer = {0};
    socklen_t len = sizeof(peer);
    getpeername(lws_get_socket_fd(wsi), (struct sockaddr *)&peer, &len);
    format_peer((struct sockaddr *)&peer, len, h->address);
    handshake_client_address(
        h->address, copy_header(wsi, h->forwarded, sizeof(h->forwarded), WSI_TOKEN_X_FORWARDED_FOR),
        config);
}

/* Whether the address may open another socket, and has not failed too often. */
static enum conn_limit_result check_limits(struct ws_handshake *handshakes) {
    const struct handshake *handshake = &handshakes->handshake;
    /* Sockets and failures count by address; the hash is that of a credential that may be known to
     * be valid, which failures of others behind the address do not lock out. */
    const uint64_t key = conn_limit_key(handshakes->headers.address);
    unsigned char hash[SECRET_HASH_SIZE];
    const bool has_hash =
        (handshake->has_token || handshake->has_cookie) &&
        (secret_hash_key(handshake->key, hash) || secret_hash_api_key(handshake->key, hash));
    const enum conn_limit_result result =
        conn_limit_check_sockets(&handshakes->conn_limit, handshakes->config, key);
    return result ? result
                  : conn_limit_check_failures(&handshakes->conn_limit, handshakes->config, key,
                                              has_hash ? hash : NULL, clock_monotonic_ms());
}

/* Whether a request by HTTP/1.1 asks for an upgrade to the only version of WebSocket. */
static bool is_websocket(struct lws *wsi, const char *upgrade) {
    char http[10], version[4], connection[MAX_LIST + 1];
    const struct text list = copy_header(wsi, connection, sizeof(connection), WSI_TOKEN_CONNECTION);
    return text_equals_nocase(text_of(upgrade), text_of("websocket")) &&
           text_equals(copy_header(wsi, http, sizeof(http), WSI_TOKEN_HTTP), text_of("HTTP/1.1")) &&
           text_equals(copy_header(wsi, version, sizeof(version), WSI_TOKEN_VERSION),
                       text_of("13")) &&
           handshake_list_contains(list, "upgrade", text_equals_nocase);
}

int ws_handshake_check(struct ws_handshake *handshakes, struct lws *wsi, const char *upgrade) {
    struct handshake_input input;
    struct handshake *handshake = &handshakes->handshake;
    handshakes->admitted = NULL;
    read_headers(wsi, &handshakes->headers, &input);
    input.cookie_name = handshakes->config->cookie_name;
    /* Whatever libwebsockets would close without an answer is refused before it looks: a web
     * server in front answers 502 if the connection ends like that. */
    if (!is_websocket(wsi, upgrade))
        return ws_handshake_reject_http(handshakes, wsi);
    if (!handshake_parse(&input, handshake))
        return refuse(handshakes, wsi, 404, METRICS_REFUSAL_PATH, CODE_NOT_FOUND, "Not found.");
    if (lws_hdr_total_length(wsi, WSI_TOKEN_KEY) != KEY_LENGTH)
        return refuse(handshakes, wsi, 400, METRICS_REFUSAL_MALFORMED, CODE_BAD_REQUEST,
                      "Invalid Sec-WebSocket-Key.");
    if (input.host.len == 0)
        return refuse(handshakes, wsi, 400, METRICS_REFUSAL_MALFORMED, CODE_BAD_REQUEST,
                      "Invalid Host.");
    if (lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) > MAX_LIST ||
        !handshake_accepts_subprotocol(&input))
        return refuse(handshakes, wsi, 400, METRICS_REFUSAL_MALFORMED, CODE_UNKNOWN_SUBPROTOCOL,
                      "The only subprotocol is confab.");
    if (!handshake_origin_allowed(&input, handshake, handshakes->config->allowed_origins))
        return refuse(handshakes, wsi, 403, METRICS_REFUSAL_ORIGIN, CODE_ORIGIN_NOT_ALLOWED,
                      "The origin is not allowed.");
    read_address(wsi, &handshakes->headers, handshakes->config);
    handshake->address = handshakes->headers.address;
    switch (check_limits(handshakes)) {
    case CONN_LIMIT_TOTAL:
        return refuse(handshakes, wsi, 503, METRICS_REFUSAL_FULL, CODE_TOO_MANY_SOCKETS,
                      "Too many sockets.");
    case CONN_LIMIT_ADDRESS:
        return refuse(handshakes, wsi, 429, METRICS_REFUSAL_ADDRESS, CODE_TOO_MANY_SOCKETS,
                      "Too many sockets from this address.");
    case CONN_LIMIT_FAILURES:
        return refuse(handshakes, wsi, 429, METRICS_REFUSAL_FAILURES, CODE_TOO_MANY_FAILURES,
                      "Too many invalid credentials from this address.");
    default:
        handshakes->admitted = wsi;
        return 0;
    }
}

/* Only the connection that was checked last: libwebsockets establishes it before it looks at
 * another. */
const struct handshake *ws_handshake_established(struct ws_handshake *handshakes, struct lws *wsi,
                                                 uint64_t *handshake_key, uint64_t *address_key) {
    if (handshakes->admitted != wsi)
        return NULL;
    handshakes->admitted = NULL;
    *handshake_key = (uintptr_t)lws_get_opaque_user_data(wsi);
    lws_set_opaque_user_data(wsi, NULL);
    *address_key = conn_limit_key(handshakes->headers.address);
    return &handshakes->handshake;
}
