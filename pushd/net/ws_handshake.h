/*
 * reception: connections until their handshake is over: who is taken, who is let in, and what
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
#include "net/socket.h"

struct lws;
struct lws_vhost;

/* Room for all headers of a handshake: browsers send every cookie of a site, and web servers
 * in front take as much. Bytes. */
#define RECEPTION_HEADERS_SIZE 20480

/* Zeroed, but for the first three, which are its owner's and outlive it. */
struct reception {
    const struct config *config;
    struct figures *figures;
    struct lws_vhost *vhost;    /* who is taken becomes its */
    struct door door;           /* its owner seats who is let in, and frees it */
    uint64_t knocking;          /* key at the door of the connection at hand */
    const struct lws *admitted; /* let in last; what it asked for: */
    struct handshake handshake;
};

/* A connection is there, as an acceptor says it (the context is the reception): it is handed
 * to libwebsockets, or closed. */
void reception_take(void *context, int fd, const struct sockaddr *peer, socklen_t len);

/* libwebsockets has made something of it; that is said from within reception_take. */
void reception_begun(struct reception *reception, struct lws *wsi);

/* Its handshake is over, or the connection is. True if it stood at the door until now. */
bool reception_left(struct reception *reception, struct lws *wsi);

/* A handshake that asks for `upgrade`. 0: let in. Else it was answered with the reason, and
 * the connection is to be ended by returning this to libwebsockets. */
int reception_ask(struct reception *reception, struct lws *wsi, const char *upgrade);

/* A request that is no handshake is answered 426; returns what ends the connection. */
int reception_refuse_plain(struct reception *reception, struct lws *wsi);

/* The handshake of the connection that was let in last, which is through now: the next thing
 * that libwebsockets says after reception_ask. Sits it down at the door, with a key for
 * door_rise. The texts are valid until the next one is asked. NULL: it is not the one. */
const struct handshake *reception_admit(struct reception *reception, struct lws *wsi,
                                        uint64_t *door_key);

#endif
