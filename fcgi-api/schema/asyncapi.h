/*
 * asyncapi: the WebSockets as an AsyncAPI 3.0 document, made from frames.def and the tables of
 * schema.h.
 */
#ifndef CONFAB_FCGI_API_SCHEMA_ASYNCAPI_H
#define CONFAB_FCGI_API_SCHEMA_ASYNCAPI_H

#include "base/buffer.h"

/* Appends the document. servers: where the chat is, as JSON. */
void asyncapi_write(struct buffer *out, const char *servers);

#endif
