/* Entity tags (RFC 9110, section 8.8.3): comparing, the tag of a room, the headers. A tag is made
 * of counters that every change increments, so it is known before the rows are read; if the client
 * has it already, the answer is 304 without a body. */
#include "rest/etag.h"

#include <string.h>

/* How long a cache may serve readers of an open room without credentials: long enough that many
 * readers cost one request, short enough that messages appear soon. */
#define ANONYMOUS_SECONDS 2

/* Whether working out a tag before reading rows can save anything. */
bool etag_is_conditional(const struct exchange *x) {
    return request_header(x->request, VARIABLE_HTTP_IF_NONE_MATCH) != NULL;
}

/* Weak comparison with a list of tags, or "*". A web server that compresses responses may append a
 * suffix inside the quotes ("...-gzip"), which is ignored. */
static bool is_listed(const char *list, struct text opaque) {
    /* From quote to quote: W/ and commas need no parsing. */
    for (const char *at = list; (at = strchr(at, '"')) != NULL; at++) {
        const char *end = strchr(at + 1, '"');
        if (!end)
            return false;
        const size_t found = (size_t)(end - at - 1);
        /* Equal, or with a suffix after a dash; tags themselves have no dash. */
        if (found >= opaque.len && memcmp(at + 1, opaque.at, opaque.len) == 0 &&
            (found == opaque.len || at[1 + opaque.len] == '-'))
            return true;
        at = end;
    }
    /* Any version will do; after the loop, as "*" has no quotes. */
    return strcmp(list, "*") == 0;
}

struct buffer *etag_begin(struct exchange *x) {
    buffer_clear(&x->etag);
    return &x->etag;
}

bool etag_end(struct exchange *x) {
    /* Only GET and HEAD set tags, so that If-None-Match always means 304, never 412. */
    const char *list = request_header(x->request, VARIABLE_HTTP_IF_NONE_MATCH);
    if (!list || !is_listed(list, (struct text){x->etag.data, x->etag.len}))
        return false;
    /* No error: the handler returns and nothing is sent. */
    x->response.status = 304;
    return true;
}

void etag_set_max_age(struct exchange *x, unsigned seconds) {
    x->max_age_s = seconds;
}

void etag_write(struct exchange *x) {
    struct buffer *headers = &x->response.headers;
    /* A tag describes the object, not an error. */
    if (x->etag.len == 0 || x->response.status >= 400)
        return;
    buffer_append_str(headers, x->etag_is_strong ? "ETag: \"" : "ETag: W/\"");
    buffer_append(headers, x->etag.data, x->etag.len);
    buffer_append_str(headers, x->is_anonymous ? "\"\r\nCache-Control: public, "
                                               : "\"\r\nCache-Control: private, ");
    if (x->is_anonymous)
        buffer_printf(headers, "max-age=%d", ANONYMOUS_SECONDS);
    else if (x->max_age_s > 0)
        buffer_printf(headers, "max-age=%u", x->max_age_s);
    else
        buffer_append_str(headers, "no-cache");
    /* The answer depends on the user: a cache must keep answers apart. */
    buffer_append_str(headers,
                      "\r\nVary: Authorization, X-Confab-Token, X-Confab-User, Cookie\r\n");
}

/* Dots keep 1 and 23 apart from 12 and 3. */
static void append_counter(struct buffer *tag, uint64_t counter) {
    buffer_append_char(tag, '.');
    buffer_append_u64(tag, counter);
}

uint64_t etag_bell(const struct exchange *x, const struct room_state *state) {
    return x->service->publisher.bell ? 1 + state->bell.generation : 0;
}

uint64_t etag_view(const struct room_state *state) {
    const struct room_view *view = &state->view;
    /* Microseconds since 1970 leave the upper bits. Four bits below: two of notify and one of
     * each flag. */
    return ((uint64_t)view->muted_until << 4) +
           (uint64_t)view->notify * 4 + view->is_favorite * 2u + view->is_hidden;
}

/* The creation time makes the tags of rooms in different databases differ, which may have the same
 * ids. The read mark and the role are those of the user. */
static struct buffer *begin_room(struct exchange *x, const struct room_state *state) {
    struct buffer *tag = etag_begin(x);
    /* Parts separated by dots; only digits and hexadecimal letters. */
    buffer_append_u64(tag, state->room_id);
    buffer_append_char(tag, '.');
    buffer_append_hex(tag, (uint64_t)state->created_at);
    append_counter(tag, state->last_seq);
    append_counter(tag, state->oldest_seq);
    append_counter(tag, state->last_read_position);
    /* One number: the role takes the bits 1 and 2, below 8. */
    append_counter(tag, state->is_member + 2u * state->role + 8u * state->may_moderate);
    append_counter(tag, etag_bell(x, state));
    append_counter(tag, etag_view(state));
    /* Blocks mark messages, so that they belong to the tag of what the user sees. */
    append_counter(tag, x->identity.block_changes);
    return tag;
}

bool etag_set_room(struct exchange *x, const struct room_state *state) {
    begin_room(x, state);
    return etag_end(x);
}

/* The names of members come from profiles, which no event of the room changes. */
bool etag_set_members(struct exchange *x, const struct room_state *state,
                      uint64_t profile_changes) {
    append_counter(begin_room(x, state), profile_changes);
    return etag_end(x);
}
