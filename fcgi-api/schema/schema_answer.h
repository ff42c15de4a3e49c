/*
 * schema_answer: the schemas of this program, for the address at which it is reached.
 */
#ifndef CONFAB_FCGI_API_SCHEMA_SCHEMA_ANSWER_H
#define CONFAB_FCGI_API_SCHEMA_SCHEMA_ANSWER_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/text.h"

/* Append the OpenAPI document of the API; the AsyncAPI document of the WebSockets.
 * path: that of the chat, without a slash at its end. */
void schema_answer_api(struct buffer *out, bool is_https, struct text host, struct text path);
void schema_answer_events(struct buffer *out, bool is_https, struct text host, struct text path);

#endif
