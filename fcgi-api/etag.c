#include "etag.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool etag_is_asked(const struct exchange *x) {
    return request_header(x->request, VARIABLE_HTTP_IF_NONE_MATCH) != NULL;
}

/* Weak comparison against a list of tags, or "*". Web servers that compress mark a tag
 * with a suffix inside its quotes ("...-gzip"): that is still the same answer. */
static bool is_listed(const char *list, const char *opaque) {
    const size_t len = strlen(opaque);
    for (const char *at = list; (at = strchr(at, '"')) != NULL; at++) {
        const char *end = strchr(at + 1, '"');
        if (!end)
            return false;
        const size_t found = (size_t)(end - at - 1);
        if (found >= len && memcmp(at + 1, opaque, len) == 0 &&
            (found == len || at[1 + len] == '-'))
            return true;
        at = end;
    }
    return strcmp(list, "*") == 0;
}

bool etag_set(struct exchange *x, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(x->etag, sizeof(x->etag), format, arguments);
    va_end(arguments);
    const char *list = request_header(x->request, VARIABLE_HTTP_IF_NONE_MATCH);
    if (!list || !is_listed(list, x->etag))
        return false;
    x->response.status = 304;
    return true;
}

void etag_write(struct exchange *x) {
    if (x->etag[0] == '\0' || x->response.status >= 400)
        return;
    response_header(&x->response, "ETag", "W/\"%s\"", x->etag);
    response_header(&x->response, "Cache-Control", "private, no-cache");
    response_header(&x->response, "Vary", "Authorization, X-Confab-Token, Cookie");
}

/* The time of creation keeps tags of different databases apart, should a room's number
 * come twice; the read mark and the role are the caller's own part. */
bool etag_set_room(struct exchange *x, const struct room_state *state) {
    return etag_set(x, "%" PRIu64 ".%" PRIx64 ".%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".%d",
                    state->room_id, (uint64_t)state->created_at, state->last_seq, state->oldest_seq,
                    state->last_read_position, state->is_member + 2 * state->is_admin);
}
