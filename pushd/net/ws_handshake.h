/*
 * ws_handshake: connections until their handshake is over: who is taken, who is let in, and what
 * the others are told. With socket.h the only one that knows libwebsockets, whose callbacks
 * for that time it answers.
 */
#ifndef CONFAB_PUSHD_RECEPTION_H
#define CONFAB_PUSHD_RECEPTION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "config/config.h"
#include "metrics/metrics_data.h"
#include "net/conn_limit.h"
#include "net/handshake.h"

struct lws;
struct lws_vhost;

/* Room for all headers of a handshake: browsers send every cookie of a site, and web servers
 * in front take as much. Bytes. */
#define WS_HANDSHAKE_HEADERS_SIZE 20480

/* Zeroed, but for the first three, which are its owner's and outlive it. */
struct ws_handshake {
    const struct config *config;
    struct metrics_data *metrics;
    struct lws_vhost *vhost;      /* who is taken becomes its */
    struct conn_limit conn_limit; /* its owner seats who is let in, and frees it */
    uint64_t handshaking;         /* key at the conn_limit of the connection at hand */
    const struct lws *admitted;   /* let in last; what it asked for: */
    struct handshake handshake;
};

/* A connection is there, as an acceptor says it (the context is the ws_handshake): it is handed
 * to libwebsockets, or closed. */
void ws_handshake_on_accept(void *context, int fd, const struct sockaddr *peer, socklen_t len);

/* libwebsockets has made something of it; that is said from within ws_handshake_on_accept. */
void ws_handshake_adopted(struct ws_handshake *ws_handshake, struct lws *wsi);

/* Its handshake is over, or the connection is. True if it stood at the conn_limit until now. */
bool ws_handshake_end(struct ws_handshake *ws_handshake, struct lws *wsi);

/* A handshake that asks for `upgrade`. 0: let in. Else it was answered with the reason, and
 * the connection is to be ended by returning this to libwebsockets. */
int ws_handshake_check(struct ws_handshake *ws_handshake, struct lws *wsi, const char *upgrade);

/* A request that is no handshake is answered 426; returns what ends the connection. */
int ws_handshake_reject_http(struct ws_handshake *ws_handshake, struct lws *wsi);

/* The handshake of the connection that was let in last, which is through now: the next thing
 * that libwebsockets says after ws_handshake_check. Sits it down at the conn_limit, with a key for
 * conn_limit_remove. The texts are valid until the next one is asked. NULL: it is not the one. */
const struct handshake *ws_handshake_established(struct ws_handshake *ws_handshake, struct lws *wsi,
                                                 uint64_t *conn_limit_key);

#endif
