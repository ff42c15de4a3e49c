/*
 * asyncapi: the WebSockets as an AsyncAPI 3.0 document, made from frames.def and the tables of
 * schema.h.
 */
#ifndef CONFAB_FCGI_API_SCHEMA_ASYNCAPI_H
#define CONFAB_FCGI_API_SCHEMA_ASYNCAPI_H

#include "base/buffer.h"
#include "base/text.h"

/* Appends the document. is_https, host, prefix: of the chat's address; the prefix is a path without
 * a slash at its end. */
void asyncapi_write(struct buffer *out, bool is_https, struct text host, struct text prefix);

#endif
