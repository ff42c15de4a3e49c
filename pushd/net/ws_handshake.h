/*
 * ws_handshake: a connection from accept(2) to the end of its WebSocket handshake: counted,
 * checked, then let in or answered with an HTTP error. Handles the callbacks of libwebsockets
 * for that time; only this module and socket.c include its header.
 */
#ifndef CONFAB_PUSHD_NET_WS_HANDSHAKE_H
#define CONFAB_PUSHD_NET_WS_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "config/config.h"
#include "metrics/metrics_data.h"
#include "net/conn_limit.h"
#include "net/handshake.h"

struct lws;
struct lws_vhost;

/* Space for the headers of a handshake, in bytes: browsers send all cookies of a site, and web
 * servers in front accept as much. Each of them has room for all of it, since a header that is
 * too long for its room would count as absent. */
#define WS_HANDSHAKE_HEADERS_SIZE 20480

/* The headers of the handshake being checked. */
struct ws_handshake_headers {
    char path[WS_HANDSHAKE_HEADERS_SIZE], query[WS_HANDSHAKE_HEADERS_SIZE];
    char authorization[WS_HANDSHAKE_HEADERS_SIZE], own_token[WS_HANDSHAKE_HEADERS_SIZE];
    char protocols[WS_HANDSHAKE_HEADERS_SIZE], cookie[WS_HANDSHAKE_HEADERS_SIZE];
    char origin[WS_HANDSHAKE_HEADERS_SIZE], host[WS_HANDSHAKE_HEADERS_SIZE];
    char forwarded[WS_HANDSHAKE_HEADERS_SIZE], user[WS_HANDSHAKE_HEADERS_SIZE];
    char address[HANDSHAKE_ADDRESS_SIZE]; /* of the client, through trusted proxies */
};

/* One for all connections of a loop. The owner sets the first three, zeroes the rest, and
 * frees conn_limit. */
struct ws_handshake {
    const struct config *config;
    struct metrics_data *metrics;
    struct lws_vhost *vhost; /* accepted connections are given to it */
    struct conn_limit conn_limit;
    uint64_t accepted_key;      /* in conn_limit, of the connection being given to the vhost */
    const struct lws *admitted; /* passed the check last; NULL: none */
    struct handshake handshake; /* ... with this request, whose texts point into: */
    struct ws_handshake_headers headers;
};

/* The callback of an acceptor; the context is the ws_handshake. Gives the connection to
 * libwebsockets, or closes it if it exceeds a limit. */
void ws_handshake_on_accept(void *context, int fd, const struct sockaddr *peer, socklen_t len);

/* libwebsockets created an object for the connection; it calls this from within
 * ws_handshake_on_accept. */
void ws_handshake_adopted(struct ws_handshake *handshakes, struct lws *wsi);

/* The handshake is over, or the connection is gone. True if it was in its handshake until now. */
bool ws_handshake_end(struct ws_handshake *handshakes, struct lws *wsi);

/* Checks a request to upgrade to the protocol `upgrade`. Returns 0 to let it in; else it has
 * been answered, and returning the value to libwebsockets closes the connection. */
int ws_handshake_check(struct ws_handshake *handshakes, struct lws *wsi, const char *upgrade);

/* Answers a request without an upgrade with 426; returns what closes the connection. */
int ws_handshake_reject_http(struct ws_handshake *handshakes, struct lws *wsi);

/* Answers a head that libwebsockets must not see (net/head_scan.h); the caller reads on until the
 * connection is closed. */
void ws_handshake_refuse_head(int fd, unsigned status);

/* The handshake of the connection that passed ws_handshake_check last is complete; that is the
 * next callback of libwebsockets. Sets the keys of the peer, for conn_limit_handshake_end, and of
 * the client's address. The texts are valid until the next check. NULL: another connection. */
const struct handshake *ws_handshake_established(struct ws_handshake *handshakes, struct lws *wsi,
                                                 uint64_t *handshake_key, uint64_t *address_key);

#endif
