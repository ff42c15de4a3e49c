/*
 * handlers: the handlers named in routes.def. Each is an exchange_handler (server/exchange.h) in
 * the file of its prefix; docs/api-notes.md describes the responses.
 */
#ifndef CONFAB_FCGI_API_HANDLERS_HANDLERS_H
#define CONFAB_FCGI_API_HANDLERS_HANDLERS_H

#include "server/exchange.h"
#include "json/json_writer.h"

#define ROUTE(method, pattern, handler, flags) exchange_handler handler;
#include "routes.def"
#undef ROUTE

/* The prefix of the names of Redis channels. */
static inline const char *prefix_of(const struct exchange *x) {
    return x->service->config->redis_prefix;
}

#endif
