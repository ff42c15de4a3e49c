/*
 * responder: the FastCGI protocol by libfcgi, for requests that are complete.
 *
 * libfcgi waits for a connection wherever it reads or writes. So its connection is a file in
 * memory: it reads the request from it and writes the response to it, and never waits.
 */
#ifndef CONFAB_FCGI_API_SERVER_RESPONDER_H
#define CONFAB_FCGI_API_SERVER_RESPONDER_H

#include "base/buffer.h"
#include "base/text.h"
#include "server/fastcgi.h"

struct responder;

/* NULL, with the cause logged, if the file cannot be created. Free it with responder_free. */
struct responder *responder_new(void);
void responder_free(struct responder *responder);

/* Lets libfcgi read a request whose variables are complete. Returns the variables ("NAME=value",
 * ending with NULL) and sets *body; both are valid until responder_write, which must follow. */
char *const *responder_read(struct responder *responder, const struct fastcgi *fastcgi,
                            struct text *body);

/* Lets libfcgi write the response, head and body as by CGI, and appends its records to out. */
void responder_write(struct responder *responder, const struct buffer *head,
                     const struct buffer *body, struct buffer *out);

#endif
