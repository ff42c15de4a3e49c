/*
 * body: parses the body of a request into fields.
 */
#ifndef CONFAB_FCGI_API_REST_BODY_H
#define CONFAB_FCGI_API_REST_BODY_H

#include <stdbool.h>

#include "server/exchange.h"

/* Parses the body into x->fields: a JSON object, or, if form is set, also
 * application/x-www-form-urlencoded. An empty body is an object without fields. On ERROR_TOO_LARGE,
 * ERROR_MEDIA_TYPE and ERROR_BAD_INPUT the response is set. */
enum error body_parse(struct exchange *x, bool form);

#endif
