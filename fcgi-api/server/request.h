/*
 * request: one HTTP request, as the web server hands it over (CGI/1.1, RFC 3875).
 *
 * Nothing here trusts the web server to have checked anything.
 */
#ifndef CONFAB_REQUEST_H
#define CONFAB_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "config/config.h"
#include "http/forwarded.h"
#include "server/variables.h"

enum method {
    METHOD_NONE = 0,
    METHOD_GET = 1,
    METHOD_HEAD = 2,
    METHOD_POST = 4,
    METHOD_PATCH = 8,
    METHOD_PUT = 16,
    METHOD_DELETE = 32,
    METHOD_OPTIONS = 64,
};

/* Segments a path can have and still match a route. */
#define REQUEST_MAX_SEGMENTS 8

/* Longest query string, in bytes. */
#define REQUEST_MAX_QUERY 8192

struct request {
    const char *variables[VARIABLE_COUNT]; /* for request_header */

    enum method method;                         /* METHOD_NONE: one we do not know */
    const char *method_name;                    /* as sent; never NULL */
    struct text path;                           /* as sent, without query, undecoded */
    struct text segments[REQUEST_MAX_SEGMENTS]; /* decoded, from "api" or "healthz" on */
    size_t segment_count;                       /* 0: no path of ours */
    struct text query;                          /* undecoded, without the question mark */
    bool is_https;
    struct text host; /* host or host:port, as sent; the server's own if none was */
    char server[280]; /* what host points into then */
    char address[FORWARDED_ADDRESS_SIZE]; /* the client's, as trusted proxies report it */

    struct text body;      /* what was read; see body_error */
    enum error body_error; /* why there is none, if there should be */

    struct buffer decoded; /* owns what the segments point into */
};

/* Takes a request apart, in the memory of the one before; the struct must start zeroed. The
 * variables, a list of "NAME=value" that a NULL ends, must stay good as long as the request is
 * looked at. The body is set by the gateway. */
void request_init(struct request *request, char *const *variables, const struct config *config);

/* Gives back what request_init allocated. */
void request_free(struct request *request);

/* A header by its CGI name (VARIABLE_HTTP_ORIGIN), NULL if it was not sent or is empty. */
const char *request_header(const struct request *request, enum variable name);

/* True when the Host is one that can be echoed in a link: letters, digits, '.', '-', '_',
 * '[', ']' and ':' only. */
bool request_host_is_valid(const struct request *request);

/* Decodes the last query parameter of a name into out (cleared first). Returns false if
 * there is none. *valid tells whether its escapes and its UTF-8 were sound. */
bool request_query(const struct request *request, const char *name, struct buffer *out,
                   bool *valid);

/* Decodes %XX, and '+' as a blank if plus is set, appending to out. False for a broken
 * escape. */
bool request_decode(struct text raw, bool plus, struct buffer *out);

#endif
