/*
 * handlers: what routes.def names. Each is an exchange_handler (exchange.h) and stands in
 * the file of its prefix; what it answers is in the contract of the API.
 */
#ifndef CONFAB_FCGI_API_HANDLERS_HANDLERS_H
#define CONFAB_FCGI_API_HANDLERS_HANDLERS_H

#include "server/exchange.h"
#include "json/json_writer.h"

#define ROUTE(method, pattern, handler, flags) exchange_handler handler;
#include "routes.def"
#undef ROUTE

#endif
