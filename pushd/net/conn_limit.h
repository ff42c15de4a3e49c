/*
 * conn_limit: limits on connections: those of clients that are not let in yet, open sockets, and
 * those that were refused; for each address and in total.
 *
 * A client takes a place of max_sockets only once it is let in: until then, and if it is refused,
 * it counts apart. The web server and trusted proxies connect on behalf of many clients: they are
 * exempt from the limit of handshakes for an address, and sockets count for the address that they
 * forward. A /64 of IPv6 counts as one address (http/cidr.h).
 */
#ifndef CONFAB_PUSHD_NET_CONN_LIMIT_H
#define CONFAB_PUSHD_NET_CONN_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/idmap.h"
#include "config/config.h"
#include "secrets/secret.h"

/* Connections allowed beyond max_sockets: in their handshake, being refused, or closing. */
#define CONN_LIMIT_MARGIN 128

/* The address of a peer on the Unix socket: a web server of this machine, since the
 * permissions of the socket file admit no other. */
#define CONN_LIMIT_UNIX "unix"

/* Counts by the key of an address. Zeroed it is empty. */
struct conn_limit {
    struct idmap handshaking; /* address -> connections of clients that are not let in yet */
    struct idmap opening;     /* address -> of these, those whose handshake is complete */
    struct idmap open;        /* address -> open sockets */
    struct idmap failures;    /* address -> invalid credentials in this minute */
    struct idmap known;       /* credentials that were valid, by part of their hash */
    uint64_t handshaking_count, open_count, refused_count;
    int64_t minute; /* of the failures */
};

enum conn_limit_result { CONN_LIMIT_OK, CONN_LIMIT_TOTAL, CONN_LIMIT_ADDRESS, CONN_LIMIT_FAILURES };

/* Stands for an address, or its /64, in the maps; never 0, and fits into a pointer. */
uint64_t conn_limit_key(const char *address);

/* Whether a peer connects on behalf of others: a web server or a trusted proxy. */
bool conn_limit_is_proxy(const struct config *config, const char *address);

/* Counts a new connection. Returns the key for conn_limit_handshake_end, or 0 if it exceeds a
 * limit; then it is not counted. */
uint64_t conn_limit_handshake_begin(struct conn_limit *limit, const struct config *config,
                                    const char *address);

/* The client is let in, refused or gone. */
void conn_limit_handshake_end(struct conn_limit *limit, uint64_t key);

/* Whether another socket from an address is allowed, and if not, which limit it exceeds. */
enum conn_limit_result conn_limit_check_sockets(const struct conn_limit *limit,
                                                const struct config *config, uint64_t key);

/* Counts a client whose handshake is complete, until it is admitted, refused or gone. */
void conn_limit_opening_begin(struct conn_limit *limit, uint64_t key);
void conn_limit_opening_end(struct conn_limit *limit, uint64_t key);

/* The client is let in: its socket counts as open, until conn_limit_remove, and not as opening any
 * more. False, and nothing changes, if it exceeds a limit. */
bool conn_limit_admit(struct conn_limit *limit, const struct config *config, uint64_t key);
void conn_limit_remove(struct conn_limit *limit, uint64_t key);

/* Counts invalid credentials from an address. A credential that was valid before is not limited
 * (conn_limit_note_valid), so that others behind the address are not locked out. */
void conn_limit_note_failure(struct conn_limit *limit, uint64_t key, int64_t now_ms);
void conn_limit_note_valid(struct conn_limit *limit, const unsigned char hash[SECRET_HASH_SIZE]);

/* CONN_LIMIT_FAILURES if an address has sent too many invalid credentials in this minute, and
 * this one, given by its hash (NULL: none), is not known to be valid. */
enum conn_limit_result conn_limit_check_failures(struct conn_limit *limit,
                                                 const struct config *config, uint64_t key,
                                                 const unsigned char *hash, int64_t now_ms);

/* Frees the memory. */
void conn_limit_free(struct conn_limit *limit);

#endif
