/*
 * request: one HTTP request as the web server passes it on (CGI/1.1, RFC 3875).
 *
 * It does not rely on any validation by the web server.
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

/* Most segments of a path that can match a route. */
#define REQUEST_MAX_SEGMENTS 8

/* Longest query string, in bytes. */
#define REQUEST_MAX_QUERY 8192

struct request {
    const char *variables[VARIABLE_COUNT]; /* for request_header */

    enum method method;                         /* the one meant; METHOD_NONE: unknown */
    const char *method_name;                    /* its name; never NULL */
    struct text path;                           /* as sent, without query, undecoded */
    struct text segments[REQUEST_MAX_SEGMENTS]; /* decoded, from "api" or "healthz" on */
    size_t segment_count;                       /* 0: the path matches no route */
    struct text prefix; /* of the path, up to "api" or "healthz": where the chat lives ("/");
                         * empty: there is none of these */
    struct text query;  /* undecoded, without the question mark */
    bool is_https;
    struct text host; /* host or host:port, as sent; without Host the server's name */
    char server[280]; /* storage of host in that case */
    char address[FORWARDED_ADDRESS_SIZE]; /* the client's, as trusted proxies report it */

    struct text body;      /* see body_error */
    enum error body_error; /* why it could not be read */

    struct buffer decoded; /* storage of the segments */
};

/* Parses a request, reusing the memory of the one before; the struct must start zeroed. The
 * variables, a list of "NAME=value" that ends with NULL, must stay valid while the request is
 * used. The gateway sets the body. */
void request_init(struct request *request, char *const *variables, const struct config *config);

/* Takes the next "api" or "healthz" of the path for the beginning of the segments: the first one
 * may belong to where the chat lives. False, and nothing changes, if there is none. */
bool request_next_prefix(struct request *request);

/* Frees what request_init allocated. */
void request_free(struct request *request);

/* A variable (VARIABLE_HTTP_ORIGIN); NULL if it is missing or empty. */
const char *request_header(const struct request *request, enum variable name);

/* True when the Host can be used in a link: only letters, digits, '.', '-', '_', '[', ']' and
 * ':'. */
bool request_host_is_valid(const struct request *request);

/* Decodes the last query parameter of a name into out, which is cleared first; false if there is
 * none. *valid: its escapes and its UTF-8 are valid. */
bool request_query(const struct request *request, const char *name, struct buffer *out,
                   bool *valid);

/* Decodes %XX, and '+' as a space if plus is set, appending to out. False for an invalid
 * escape. */
bool request_decode(struct text raw, bool plus, struct buffer *out);

#endif
