/*
 * openapi: the API as an OpenAPI 3.1 document, made from routes.def, the tables of schema.h and
 * error_codes.def.
 */
#ifndef CONFAB_FCGI_API_SCHEMA_OPENAPI_H
#define CONFAB_FCGI_API_SCHEMA_OPENAPI_H

#include "base/buffer.h"

/* Appends the document. servers: where the chat is, as JSON. */
void openapi_write(struct buffer *out, const char *servers);

#endif
