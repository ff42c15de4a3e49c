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
#define ROUTE_KEY 512u

/* An API key with this scope. */
#define ROUTE_SCOPE_SHIFT 10
#define ROUTE_SCOPE(scope) (ROUTE_KEY | (unsigned)(scope) << ROUTE_SCOPE_SHIFT)
#define ROUTE_USERS ROUTE_SCOPE(API_KEY_USERS)
#define ROUTE_ROOMS ROUTE_SCOPE(API_KEY_ROOMS)
#define ROUTE_MESSAGES ROUTE_SCOPE(API_KEY_MESSAGES)
#define ROUTE_HOOKS ROUTE_SCOPE(API_KEY_HOOKS)
#define ROUTE_MODERATE ROUTE_SCOPE(API_KEY_MODERATE)

/* Serves the request: fills x->response in every case. */
void router_serve(struct exchange *x);

#endif
