/*
 * response: what is answered: status, headers, one body in one buffer.
 */
#ifndef CONFAB_RESPONSE_H
#define CONFAB_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

struct response {
    int status;
    struct buffer headers; /* finished lines, each with its CRLF; our own words go straight in */
    struct buffer body;    /* JSON; empty for 204 and 304 */
};

/* An empty 200, keeping the buffers' memory. The struct must start zeroed. */
void response_reset(struct response *response);

/* Gives the memory back. */
void response_free(struct response *response);

/* Adds a header line. Bytes below a blank are dropped from the value, so that nothing
 * echoed can start a line of its own. */
void response_header(struct response *response, const char *name, const char *value);

/* The same for a value that is put together as printf does. */
void response_header_printf(struct response *response, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Makes it the standard answer for an error, its body {"detail": ...}; detail NULL means
 * the error's own words. */
void response_error(struct response *response, enum error error, const char *detail);

/* Appends the head in CGI form (RFC 3875, section 6.3), up to and with the blank line. */
void response_head(const struct response *response, struct buffer *out);

#endif
