/*
 * error: the results of store functions, handlers and pushd, with the table from them to HTTP
 * status codes (RFC 9110) and texts; and the codes that programs read in answers.
 *
 * The numbers are fixed: SQL transactions return them too (store/transaction.h).
 */
#ifndef CONFAB_ERROR_H
#define CONFAB_ERROR_H

enum error {
    ERROR_NONE = 0,
    ERROR_BAD_INPUT = 1,       /* a field or the whole request is invalid */
    ERROR_UNAUTHENTICATED = 2, /* no credentials, or invalid ones */
    ERROR_FORBIDDEN = 3,       /* authenticated, but not permitted */
    ERROR_NOT_FOUND = 4,       /* does not exist, or must not be known to the user */
    ERROR_METHOD = 5,          /* the path does not have this method */
    ERROR_GONE = 6,            /* what the cursor refers to has been deleted */
    ERROR_TOO_LARGE = 7,       /* the body exceeds the limit */
    ERROR_URI_TOO_LONG = 8,    /* the query string exceeds the limit */
    ERROR_MEDIA_TYPE = 9,      /* the route does not accept this content type */
    ERROR_RATE_LIMITED = 10,   /* a rate limit is exceeded */
    ERROR_UNAVAILABLE = 11,    /* the database is unavailable */
    ERROR_INTERNAL = 12,       /* a bug or a broken installation */
    ERROR_CONFLICT = 13,       /* conflicts with the current state */
    ERROR_TIMEOUT = 14,        /* the client did not send the whole request */
    ERROR_NO_SPACE = 15,       /* the disk for files is full */
    ERROR_RANGE = 16,          /* the content has no such range */
    ERROR_READ_ONLY = 17,      /* the user may read the room, not write in it */
    ERROR_ARCHIVED = 18,       /* the room is archived */
    ERROR_SILENCED = 19,       /* a moderator has silenced the user in the room */
    ERROR_SLOW_MODE = 20,      /* the user has posted less than slow_seconds ago */
    ERROR_BANNED = 21,         /* the user is banned from the room */
    ERROR_NOT_ALLOWED = 22,    /* the other user does not take this from the user */
    ERROR_LAST = ERROR_NOT_ALLOWED
};

/* What an answer or an error frame says in "code" or "codes": finer than enum error. */
enum error_code {
#define ERROR_CODE(name, word, meaning) CODE_##name,
#include "base/error_codes.def"
#undef ERROR_CODE
    CODE_COUNT
};

/* The word of a code, such as "not_found"; static. */
const char *error_code_word(enum error_code code);

/* The code of an error about which nothing more is known. */
enum error_code error_code(enum error error);

/* The HTTP status code of an error; 200 for ERROR_NONE. */
int error_status(enum error error);

/* The default `detail` of the response; static. */
const char *error_detail(enum error error);

/* The reason phrase of an HTTP status code ("Not Found"); static, never NULL. */
const char *error_reason(int status);

#endif
