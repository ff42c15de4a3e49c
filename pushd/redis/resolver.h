/*
 * resolver: looks up a host name, each on a thread of its own. The threads of libuv, which its own
 * lookups would use, belong to the database: a name server that does not answer must not stop them.
 *
 * The process must ignore SIGPIPE.
 */
#ifndef CONFAB_PUSHD_REDIS_RESOLVER_H
#define CONFAB_PUSHD_REDIS_RESOLVER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

struct resolver;

/* Addresses of one host; further ones are left out. */
#define RESOLVER_MAX 16

/* The lookup has ended, with `count` addresses for a stream socket, or (0) with an error text.
 * Called on the loop, once; the resolver is gone then. */
typedef void resolver_done(void *context, const struct sockaddr_storage *addresses, size_t count,
                           const char *error);

/* Begins a lookup. NULL if there are no resources for it. */
struct resolver *resolver_start(uv_loop_t *loop, const char *host, uint64_t port,
                                resolver_done *done, void *context);

/* `done` is not called any more. The thread ends by itself when the lookup does. */
void resolver_cancel(struct resolver *resolver);

#endif
