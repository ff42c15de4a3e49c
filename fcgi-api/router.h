/*
 * router: finds the row of routes.def for a request, checks what it demands, and calls the handler.
 */
#ifndef CONFAB_FCGI_API_ROUTER_H
#define CONFAB_FCGI_API_ROUTER_H

#include "server/exchange.h"

/* Flags of a row; see routes.def. */
#define ROUTE_PUBLIC 1u
#define ROUTE_BODY 2u
#define ROUTE_FORM 4u
#define ROUTE_COOKIE 8u
#define ROUTE_ROOM 16u
#define ROUTE_MEMBER 32u
#define ROUTE_ADMIN 64u
#define ROUTE_LAZY_AUTH 128u
#define ROUTE_READ 256u

/* Serves the request: fills x->response in every case. */
void router_serve(struct exchange *x);

#endif
