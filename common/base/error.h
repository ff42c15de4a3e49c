/*
 * error: the outcomes that every part of confab shares, and the one table from
 * them to HTTP status codes (RFC 9110), WebSocket close codes and words.
 *
 * Store functions, handlers and pushd return these. The numbers are part of the
 * SQL transactions too (store/transaction.h), so they are fixed.
 */
#ifndef CONFAB_ERROR_H
#define CONFAB_ERROR_H

enum error {
    ERROR_NONE = 0,
    ERROR_BAD_INPUT = 1,       /* a field or the request as a whole is wrong */
    ERROR_UNAUTHENTICATED = 2, /* no credentials, or bad ones */
    ERROR_FORBIDDEN = 3,       /* may see it, may not do it */
    ERROR_NOT_FOUND = 4,       /* not there, or the caller may not know that it is */
    ERROR_METHOD = 5,          /* the path has no such method */
    ERROR_GONE = 6,            /* a cursor that can no longer be served */
    ERROR_TOO_LARGE = 7,       /* the body is over the limit */
    ERROR_URI_TOO_LONG = 8,    /* the query string is over the limit */
    ERROR_MEDIA_TYPE = 9,      /* the body is of a type the route does not take */
    ERROR_RATE_LIMITED = 10,   /* too many of these; come again later */
    ERROR_UNAVAILABLE = 11,    /* the database cannot be reached, or gave up */
    ERROR_INTERNAL = 12,       /* a fault of ours */
    ERROR_CONFLICT = 13,       /* the change is refused as things stand */
    ERROR_TIMEOUT = 14,        /* the client did not send all it had announced */
};

/* The HTTP status code for an outcome; 200 for ERROR_NONE. */
int error_status(enum error error);

/* The `detail` that goes with it when nothing more exact is known; static. */
const char *error_detail(enum error error);

/* The reason phrase of an HTTP status code ("Not Found"); static, never NULL. */
const char *error_reason(int status);

#endif
