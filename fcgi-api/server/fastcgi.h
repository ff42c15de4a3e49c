/*
 * fastcgi: collects and checks the records of one request (FastCGI Specification 1.0), which may
 * come in pieces of any size. Only the role of a responder and one request at a time on a
 * connection are supported, which is all that web servers use.
 *
 * libfcgi reads a request to its end before it returns, and ends the process at a name length of
 * 2^30. So it is given requests that are complete and well-formed only (see responder.h).
 */
#ifndef CONFAB_FCGI_API_SERVER_FASTCGI_H
#define CONFAB_FCGI_API_SERVER_FASTCGI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"

/* Most bytes of all variables. Web servers limit the header of a request to far less. */
#define FASTCGI_MAX_VARIABLES 4194304

/* The size of the header of a record. */
#define FASTCGI_HEADER 8

enum fastcgi_state {
    FASTCGI_VARIABLES, /* the variables are incomplete */
    FASTCGI_BODY,      /* the body is incomplete */
    FASTCGI_WHOLE,
    FASTCGI_TOO_LARGE, /* the body exceeds the limit; what follows is not read */
    FASTCGI_INVALID,   /* malformed or aborted: the connection can only be closed */
};

/* Starts zeroed; a read-only view for others. */
struct fastcgi {
    enum fastcgi_state state;
    bool keep_connection; /* the web server wants to send another request on it */
    uint16_t id;          /* 0: before the first record */
    struct buffer pairs;  /* the encoded variables so far, */
    struct buffer body;   /* and the body */
    uint64_t announced;   /* the length of the body by CONTENT_LENGTH; 0 if there is none */
    unsigned char header[FASTCGI_HEADER];
    size_t header_len;        /* bytes of the present record's header */
    unsigned char begin[2];   /* the role */
    size_t content, position; /* length of its content, and bytes of it that were read */
    size_t padding;           /* bytes of padding left */
};

/* Takes bytes of the request until it is complete, too large or invalid; `limit` is the largest
 * body. Returns the number of bytes used; those after a complete request are not. */
size_t fastcgi_read(struct fastcgi *fastcgi, const char *bytes, size_t len, size_t limit);

/* Appends the records of a request whose variables are complete, with the body as it is, as few as
 * possible and with the flag that keeps the connection open. */
void fastcgi_write(const struct fastcgi *fastcgi, struct buffer *out);

/* Append records of a response that libfcgi does not write: the head of one whose body is a
 * file, up to FASTCGI_PIECE bytes of the body at a time, and the end. */
#define FASTCGI_PIECE 65528
void fastcgi_write_piece(const struct fastcgi *fastcgi, struct text piece, struct buffer *out);
void fastcgi_write_end(const struct fastcgi *fastcgi, struct buffer *out);

/* Clears it for the next request; keeps memory, but not that of a large request. */
void fastcgi_reset(struct fastcgi *fastcgi);

/* Frees the memory. */
void fastcgi_free(struct fastcgi *fastcgi);

#endif
