/*
 * conn_limit: limits on connections: those whose handshake is not complete, and open sockets,
 * for each address and in total.
 *
 * Unfinished handshakes count apart, so that they cannot take the places of sockets. The web
 * server and trusted proxies connect on behalf of many clients: they are exempt from the
 * limit of handshakes for an address, and sockets count for the address that they forward.
 */
#ifndef CONFAB_PUSHD_NET_CONN_LIMIT_H
#define CONFAB_PUSHD_NET_CONN_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/idmap.h"
#include "config/config.h"

/* Connections allowed beyond max_sockets: in their handshake, being refused, or closing. */
#define CONN_LIMIT_MARGIN 128

/* The address of a peer on the Unix socket: a web server of this machine, since the
 * permissions of the socket file admit no other. */
#define CONN_LIMIT_UNIX "unix"

/* Counts by the key of an address. Zeroed it is empty. */
struct conn_limit {
    struct idmap handshaking; /* address -> connections in their handshake */
    struct idmap open;        /* address -> open sockets */
    uint64_t handshaking_count, open_count;
};

enum conn_limit_result { CONN_LIMIT_OK, CONN_LIMIT_TOTAL, CONN_LIMIT_ADDRESS };

/* Whether a peer connects on behalf of others: a web server or a trusted proxy. */
bool conn_limit_is_proxy(const struct config *config, const char *address);

/* Counts a new connection. Returns the key for conn_limit_handshake_end, or 0 if it exceeds a
 * limit; then it is not counted. */
uint64_t conn_limit_handshake_begin(struct conn_limit *limit, const struct config *config,
                                    const char *address);

/* The handshake is complete, refused or aborted. */
void conn_limit_handshake_end(struct conn_limit *limit, uint64_t key);

/* Whether another socket from an address is allowed, and if not, which limit it exceeds. */
enum conn_limit_result conn_limit_check(const struct conn_limit *limit, const struct config *config,
                                        const char *address);

/* Counts an open socket. Returns the key for conn_limit_remove. */
uint64_t conn_limit_add(struct conn_limit *limit, const char *address);
void conn_limit_remove(struct conn_limit *limit, uint64_t key);

/* Frees the memory. */
void conn_limit_free(struct conn_limit *limit);

#endif
