/*
 * routes: the flags of the rows of routes.def, which describes them.
 */
#ifndef CONFAB_FCGI_API_ROUTES_H
#define CONFAB_FCGI_API_ROUTES_H

#include "store/site/api_key.h"

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
#define ROUTE_SIGNED 1024u

#define ROUTE_MODERATOR (1u << 20)
#define ROUTE_UNAUDITED (1u << 21)
#define ROUTE_READER (1u << 22)
#define ROUTE_SEEN (1u << 23)
#define ROUTE_OPEN (1u << 24)
#define ROUTE_NO_GUESTS (1u << 25)

/* An API key with this scope. */
#define ROUTE_SCOPE_SHIFT 11
#define ROUTE_SCOPE(scope) (ROUTE_KEY | (unsigned)(scope) << ROUTE_SCOPE_SHIFT)
#define ROUTE_USERS ROUTE_SCOPE(API_KEY_USERS)
#define ROUTE_ROOMS ROUTE_SCOPE(API_KEY_ROOMS)
#define ROUTE_MESSAGES ROUTE_SCOPE(API_KEY_MESSAGES)
#define ROUTE_HOOKS ROUTE_SCOPE(API_KEY_HOOKS)
#define ROUTE_MODERATE ROUTE_SCOPE(API_KEY_MODERATE)

#endif
