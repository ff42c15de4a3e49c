/*
 * body: turns a request's body into an object of fields.
 */
#ifndef CONFAB_FCGI_API_REST_BODY_H
#define CONFAB_FCGI_API_REST_BODY_H

#include <stdbool.h>

#include "server/exchange.h"

/* Parses the body into x->fields: a JSON object, or, if form is set, also
 * application/x-www-form-urlencoded. No body at all is an object without fields. On error
 * the answer is set: ERROR_TOO_LARGE, ERROR_MEDIA_TYPE, ERROR_BAD_INPUT. */
enum error body_parse(struct exchange *x, bool form);

#endif
