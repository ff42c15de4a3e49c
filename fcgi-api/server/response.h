/*
 * response: status, headers and body.
 */
#ifndef CONFAB_RESPONSE_H
#define CONFAB_RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/* A part of an open file, as a body. */
struct response_file {
    bool is_open;
    int fd;
    uint64_t from, len;
};

struct response {
    int status;
    struct buffer headers;     /* complete lines, each with its CRLF */
    struct buffer body;        /* JSON; empty for 204 and 304 */
    bool is_html;              /* the body is a page instead */
    char type[256];            /* the body is a file of this type instead; empty: it is not */
    struct response_file file; /* which is sent piece by piece; not open: the web server sends it */
};

/* Resets to an empty 200, keeping the buffers, and closes the file. The struct must start
 * zeroed. */
void response_reset(struct response *response);

/* Makes a file of this type the body. Takes the descriptor; -1: the web server sends the file. */
void response_set_file(struct response *response, const char *type, int fd, uint64_t from,
                       uint64_t len);

/* Closes the file, if there is one. */
void response_close_file(struct response_file *file);

/* Frees the memory. */
void response_free(struct response *response);

/* Adds a header line. Control characters are removed from the value, so that nothing that is
 * echoed can start another line. */
void response_header(struct response *response, const char *name, const char *value);

/* The same with a formatted value. */
void response_header_printf(struct response *response, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Makes it the response to an error, with the body {"detail": ..., "code": ...}; detail NULL: the
 * default of the error. */
void response_error(struct response *response, enum error error, enum error_code code,
                    const char *detail);

/* Appends the head in the form of CGI (RFC 3875, section 6.3), with the empty line. */
void response_head(const struct response *response, struct buffer *out);

#endif
