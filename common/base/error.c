/* One table for errors and for status codes that have no error. */
#include "base/error.h"

#include <stddef.h>

struct row {
    int status;
    const char *reason; /* from RFC 9110; RFC 6585 for 429 and 431 */
    const char *detail; /* NULL: no error has this status */
};

/* Errors first, each at its number; then the status codes without an error, which only need a
 * reason. */
static const struct row table[] = {
    [ERROR_NONE] = {200, "OK", ""},
    [ERROR_BAD_INPUT] = {400, "Bad Request", "Invalid input."},
    [ERROR_UNAUTHENTICATED] = {401, "Unauthorized",
                               "Authentication credentials were not provided."},
    [ERROR_FORBIDDEN] = {403, "Forbidden", "You do not have permission to perform this action."},
    [ERROR_NOT_FOUND] = {404, "Not Found", "Not found."},
    [ERROR_METHOD] = {405, "Method Not Allowed", "Method not allowed."},
    [ERROR_GONE] = {410, "Gone", "What came after this cursor is no longer kept."},
    [ERROR_TOO_LARGE] = {413, "Content Too Large", "The request body is too large."},
    [ERROR_URI_TOO_LONG] = {414, "URI Too Long", "The query string is too long."},
    [ERROR_MEDIA_TYPE] = {415, "Unsupported Media Type", "Unsupported media type in request."},
    [ERROR_RATE_LIMITED] = {429, "Too Many Requests", "Request was throttled."},
    [ERROR_UNAVAILABLE] = {503, "Service Unavailable",
                           "The service is unavailable for the moment; try again."},
    [ERROR_INTERNAL] = {500, "Internal Server Error", "Something went wrong on our side."},
    [ERROR_CONFLICT] = {409, "Conflict", "The change conflicts with the current state."},
    [ERROR_TIMEOUT] = {408, "Request Timeout", "The request did not arrive in full."},
    {201, "Created", NULL},
    {204, "No Content", NULL},
    {304, "Not Modified", NULL},
    {426, "Upgrade Required", NULL},
    {431, "Request Header Fields Too Large", NULL},
    {501, "Not Implemented", NULL},
};

/* The row of an error; an unknown number is an internal error. */
static const struct row *row_of(enum error error) {
    size_t at = (size_t)error;

    /* ERROR_TIMEOUT is the last error; a negative number becomes a large one by the cast. */
    return at <= ERROR_TIMEOUT ? &table[at] : &table[ERROR_INTERNAL];
}

int error_status(enum error error) {
    return row_of(error)->status;
}

const char *error_detail(enum error error) {
    return row_of(error)->detail;
}

const char *error_reason(int status) {
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].status == status)
            return table[i].reason;
    }
    return "Unknown";
}
