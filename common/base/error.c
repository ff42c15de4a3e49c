/* One table for errors and for status codes that have no error; one for the words of codes. */
#include "base/error.h"

#include <stddef.h>

struct row {
    int status;
    const char *reason; /* from RFC 9110; RFC 6585 for 429 and 431 */
    const char *detail; /* NULL: no error has this status */
    enum error_code code;
};

/* Errors first, each at its number; then the status codes without an error, which only need a
 * reason. */
static const struct row table[] = {
    [ERROR_NONE] = {200, "OK", "", CODE_ERROR},
    [ERROR_BAD_INPUT] = {400, "Bad Request", "Invalid input.", CODE_INVALID},
    [ERROR_UNAUTHENTICATED] = {401, "Unauthorized", "Authentication credentials were not provided.",
                               CODE_NOT_AUTHENTICATED},
    [ERROR_FORBIDDEN] = {403, "Forbidden", "You do not have permission to perform this action.",
                         CODE_PERMISSION_DENIED},
    [ERROR_NOT_FOUND] = {404, "Not Found", "Not found.", CODE_NOT_FOUND},
    [ERROR_METHOD] = {405, "Method Not Allowed", "Method not allowed.", CODE_METHOD_NOT_ALLOWED},
    [ERROR_GONE] = {410, "Gone", "What came after this cursor is no longer kept.", CODE_GONE},
    [ERROR_TOO_LARGE] = {413, "Content Too Large", "The request body is too large.",
                         CODE_TOO_LARGE},
    [ERROR_URI_TOO_LONG] = {414, "URI Too Long", "The query string is too long.",
                            CODE_URI_TOO_LONG},
    [ERROR_MEDIA_TYPE] = {415, "Unsupported Media Type", "Unsupported media type in request.",
                          CODE_UNSUPPORTED_MEDIA_TYPE},
    [ERROR_RATE_LIMITED] = {429, "Too Many Requests", "Request was throttled.", CODE_THROTTLED},
    [ERROR_UNAVAILABLE] = {503, "Service Unavailable",
                           "The service is unavailable for the moment; try again.",
                           CODE_UNAVAILABLE},
    [ERROR_INTERNAL] = {500, "Internal Server Error", "Something went wrong on our side.",
                        CODE_ERROR},
    [ERROR_CONFLICT] = {409, "Conflict", "The change conflicts with the current state.",
                        CODE_CONFLICT},
    [ERROR_TIMEOUT] = {408, "Request Timeout", "The request did not arrive in full.", CODE_TIMEOUT},
    [ERROR_NO_SPACE] = {507, "Insufficient Storage", "There is no space left for files.",
                        CODE_NO_SPACE},
    [ERROR_RANGE] = {416, "Range Not Satisfiable", "There is no such range.",
                     CODE_RANGE_NOT_SATISFIABLE},
    [ERROR_READ_ONLY] = {403, "Forbidden", "You may only read in this room.", CODE_READ_ONLY},
    [ERROR_ARCHIVED] = {403, "Forbidden", "The room is archived.", CODE_ARCHIVED},
    [ERROR_SILENCED] = {403, "Forbidden", "A moderator has silenced you in this room.",
                        CODE_SILENCED},
    [ERROR_SLOW_MODE] = {429, "Too Many Requests", "Slow mode: wait before the next message.",
                         CODE_SLOW_MODE},
    [ERROR_BANNED] = {403, "Forbidden", "The user is banned from this room.", CODE_BANNED},
    [ERROR_NOT_ALLOWED] = {403, "Forbidden", "The user does not accept this from you.",
                           CODE_NOT_ALLOWED},
    {201, "Created", NULL, CODE_ERROR},
    {202, "Accepted", NULL, CODE_ERROR},
    {204, "No Content", NULL, CODE_ERROR},
    {206, "Partial Content", NULL, CODE_ERROR},
    {304, "Not Modified", NULL, CODE_ERROR},
    {426, "Upgrade Required", NULL, CODE_ERROR},
    {431, "Request Header Fields Too Large", NULL, CODE_ERROR},
    {501, "Not Implemented", NULL, CODE_ERROR},
};

/* In the order of enum error_code. */
static const char *const WORDS[] = {
#define ERROR_CODE(name, word, meaning) word,
#include "base/error_codes.def"
#undef ERROR_CODE
};

/* The row of an error; an unknown number is an internal error. */
static const struct row *row_of(enum error error) {
    size_t at = (size_t)error;

    /* A negative number becomes a large one by the cast. */
    return at <= ERROR_LAST ? &table[at] : &table[ERROR_INTERNAL];
}

int error_status(enum error error) {
    return row_of(error)->status;
}

const char *error_detail(enum error error) {
    return row_of(error)->detail;
}

enum error_code error_code(enum error error) {
    return row_of(error)->code;
}

const char *error_code_word(enum error_code code) {
    const size_t at = (size_t)code;
    return WORDS[at < CODE_COUNT ? at : CODE_ERROR];
}

const char *error_reason(int status) {
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].status == status)
            return table[i].reason;
    }
    return "Unknown";
}
