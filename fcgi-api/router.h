/*
 * router: finds the row of routes.def for a request, checks what it demands, and calls the handler.
 */
#ifndef CONFAB_FCGI_API_ROUTER_H
#define CONFAB_FCGI_API_ROUTER_H

#include "server/exchange.h"

/* Serves the request: fills x->response in every case. */
void router_serve(struct exchange *x);

#endif
