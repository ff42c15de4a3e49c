/*
 * cors: the CORS headers for pages of other origins (Fetch Standard, CORS protocol), only sent to
 * allowed_origins.
 */
#ifndef CONFAB_FCGI_API_REST_CORS_H
#define CONFAB_FCGI_API_REST_CORS_H

#include "server/exchange.h"

/* Adds the headers if Origin is an allowed one. `methods` is the value of Allow, for preflights. */
void cors_headers(struct exchange *x, const char *methods);

#endif
