/*
 * conn_limit: who may come in: how many connections there may be that have not shaken hands yet,
 * and how many sockets, of one address and in all. So nobody uses up what others need, and
 * who only knocks does not use up what sockets need.
 *
 * Plain code. The web server and trusted proxies stand for many: they knock as often as there
 * is room, and sockets are counted by the address that they name.
 */
#ifndef CONFAB_PUSHD_DOOR_H
#define CONFAB_PUSHD_DOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/idmap.h"
#include "config/config.h"

/* Connections that there may be beyond max_sockets: those who shake hands, are told why they
 * are not let in, or are on their way out. */
#define CONN_LIMIT_MARGIN 128

/* The address of who comes over the Unix socket, whose file says who may: a web server of this
 * machine. */
#define CONN_LIMIT_UNIX "unix"

/* Zeroed, nobody is there. Counts by the key of an address. */
struct conn_limit {
    struct idmap handshaking; /* connections */
    struct idmap open;        /* sockets */
    uint64_t handshaking_count, open_count;
};

enum conn_limit_result { CONN_LIMIT_OK, CONN_LIMIT_TOTAL, CONN_LIMIT_ADDRESS };

/* Whether a peer stands for others: a web server that passes sockets on, or a trusted proxy. */
bool conn_limit_is_proxy(const struct config *config, const char *address);

/* A connection from a peer. Returns the key for conn_limit_handshake_end, 0 over the limit. */
uint64_t conn_limit_handshake_begin(struct conn_limit *conn_limit, const struct config *config,
                                    const char *address);

/* It has shaken hands, was refused, or is gone. */
void conn_limit_handshake_end(struct conn_limit *conn_limit, uint64_t key);

/* Whether there is room for another socket, and for one of this address. */
enum conn_limit_result conn_limit_check(const struct conn_limit *conn_limit,
                                        const struct config *config, const char *address);

/* A socket. Returns what to give to conn_limit_remove when it is gone. */
uint64_t conn_limit_add(struct conn_limit *conn_limit, const char *address);
void conn_limit_remove(struct conn_limit *conn_limit, uint64_t key);

/* Frees what is left. */
void conn_limit_free(struct conn_limit *conn_limit);

#endif
