/*
 * resolver: looks up a host name (os/name_lookup.h) and calls back on the loop. The lookups of
 * libuv would use its threads, which belong to the database.
 */
#ifndef CONFAB_PUSHD_REDIS_RESOLVER_H
#define CONFAB_PUSHD_REDIS_RESOLVER_H

#include <stdint.h>
#include <uv.h>

#include "os/name_lookup.h"

struct resolver;

/* The lookup has ended. Called on the loop, once; the resolver is gone then. */
typedef void resolver_done(void *context, const struct name_lookup_result *result);

/* Begins a lookup. NULL if there are no resources for it. */
struct resolver *resolver_start(uv_loop_t *loop, const char *host, uint64_t port,
                                resolver_done *done, void *context);

/* `done` is not called any more. */
void resolver_cancel(struct resolver *resolver);

#endif
