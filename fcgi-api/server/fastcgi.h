/*
 * fastcgi: the records of one request and of its response (FastCGI Specification 1.0).
 *
 * Plain code over bytes, which may come in pieces of any size. Only the role of a responder and
 * one request at a time on a connection are supported, which is all that web servers use.
 */
#ifndef CONFAB_FCGI_API_SERVER_FASTCGI_H
#define CONFAB_FCGI_API_SERVER_FASTCGI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Most bytes of all variables. Web servers limit the header of a request to far less. */
#define FASTCGI_MAX_VARIABLES 262144

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
    bool keep_connection;   /* the web server wants to send another request on it */
    uint16_t id;            /* 0: before the first record */
    struct buffer body;     /* so far */
    char *const *variables; /* "NAME=value", ending with NULL; NULL in FASTCGI_VARIABLES */
    struct buffer pairs;    /* the encoded variables; decoded, the list and its strings */
    struct buffer strings;  /* storage of the variables */
    struct buffer list;     /* storage of `variables` */
    unsigned char header[FASTCGI_HEADER];
    size_t header_len;        /* bytes of the present record's header */
    unsigned char begin[2];   /* the role */
    size_t content, position; /* length of its content, and bytes of it that were read */
    size_t padding;           /* bytes of padding left */
};

/* Takes bytes of the request until it is complete, too large or invalid; `limit` is the largest
 * body. Returns the number of bytes used; those after a complete request are not. */
size_t fastcgi_read(struct fastcgi *fastcgi, const char *bytes, size_t len, size_t limit);

/* Appends the records of the response: head and body as by CGI, and the end of the request. */
void fastcgi_write(const struct fastcgi *fastcgi, const struct buffer *head,
                   const struct buffer *body, struct buffer *out);

/* Clears it for the next request; keeps memory, but not that of a large request. */
void fastcgi_reset(struct fastcgi *fastcgi);

/* Frees the memory. */
void fastcgi_free(struct fastcgi *fastcgi);

#endif
