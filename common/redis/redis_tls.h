/*
 * redis_tls: TLS of a connection to Redis, as a filter of bytes: it reads and writes no socket, so
 * that blocking and event-driven connections use it alike. The only file that includes OpenSSL.
 *
 *     bytes of the socket -> redis_tls_feed -> redis_tls_read -> replies
 *     commands -> redis_tls_write -> redis_tls_take -> bytes for the socket
 *
 * The handshake is part of this: after each call of redis_tls_feed and redis_tls_write, what
 * redis_tls_take gives is to be sent.
 */
#ifndef CONFAB_REDIS_TLS_H
#define CONFAB_REDIS_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "config/config.h"

struct redis_tls;

/* A connection to a server of this name or address, by redis_tls (not off), redis_ca, redis_cert
 * and redis_key. NULL if the files cannot be used; *error is then the cause, static. */
struct redis_tls *redis_tls_new(const struct config *config, const char *host, const char **error);

/* tls may be NULL. */
void redis_tls_free(struct redis_tls *tls);

/* Starts the handshake, or takes bytes from the socket. False if TLS has failed. */
bool redis_tls_feed(struct redis_tls *tls, const char *bytes, size_t len);

/* True once the handshake is complete, with the identity of the server verified. */
bool redis_tls_is_ready(const struct redis_tls *tls);

/* Appends what was received to out. False at the end of the connection, or if TLS has failed. */
bool redis_tls_read(struct redis_tls *tls, struct buffer *out);

/* Encrypts commands, after the handshake. */
bool redis_tls_write(struct redis_tls *tls, const char *bytes, size_t len);

/* Appends what is to be sent to out. */
void redis_tls_take(struct redis_tls *tls, struct buffer *out);

/* Why TLS has failed; valid until tls is freed. */
const char *redis_tls_error(const struct redis_tls *tls);

#endif
