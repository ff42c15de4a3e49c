/*
 * cors: what browsers are told about pages of other origins (Fetch Standard, CORS
 * protocol). Only allowed_origins are told anything.
 */
#ifndef CONFAB_FCGI_API_REST_CORS_H
#define CONFAB_FCGI_API_REST_CORS_H

#include "server/exchange.h"

/* Adds the headers for the request's Origin, if it is an allowed one. `methods` is the
 * value of Allow, for preflights. */
void cors_headers(struct exchange *x, const char *methods);

#endif
