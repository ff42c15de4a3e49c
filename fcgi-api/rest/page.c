/* The query parameters of a page; the links to the next and the previous one. A page ends after
 * `limit` results, or when its JSON exceeds PAGE_BYTES; the next one then begins where it ended. */
#include "rest/page.h"

#include <inttypes.h>
#include <string.h>

#include "rest/etag.h"
#include "rest/link.h"

bool page_number(struct exchange *x, const char *name, uint64_t min, uint64_t *value) {
    struct buffer raw = BUFFER_EMPTY;
    bool valid = false;
    /* Missing: *value keeps the caller's default. */
    if (!request_query(x->request, name, &raw, &valid)) {
        buffer_free(&raw);
        return false;
    }
    const struct text text = {buffer_str(&raw), raw.len};
    valid = valid && text_is_digits(text);
    /* Digits that exceed 64 bits are still a number: the largest. */
    if (valid && !text_to_u64(text, value))
        *value = UINT64_MAX;
    const bool is_number = valid;
    valid = valid && *value >= min;
    if (!valid)
        field_errors_add(&x->field_errors, name, is_number ? CODE_MIN_VALUE : CODE_INVALID,
                         "A whole number of at least %" PRIu64 " is required.", min);
    buffer_free(&raw);
    return valid;
}

uint64_t page_read_cursor(struct exchange *x, bool *before, bool *after) {
    uint64_t cursor = 0;
    *before = page_number(x, "before", 1, &cursor);
    /* 0 is allowed for `after` only: it means from the first item on. */
    *after = page_number(x, "after", 0, &cursor);
    if (*before && *after)
        field_errors_add(&x->field_errors, "after", CODE_CONFLICTING,
                         "Give before or after, not both.");
    return cursor;
}

bool page_flag(struct exchange *x, const char *name) {
    struct buffer value = BUFFER_EMPTY;
    bool is_set = false, valid = true;
    if (request_query(x->request, name, &value, &valid)) {
        const struct text text = {buffer_str(&value), value.len};
        is_set = text_equals(text, text_of("1")) || text_equals_nocase(text, text_of("true"));
        /* Any other word is an error, so that a typing mistake is noticed. */
        if (!valid || (!is_set && !text_equals(text, text_of("0")) &&
                       !text_equals_nocase(text, text_of("false"))))
            field_errors_add(&x->field_errors, name, CODE_INVALID, "Must be 1 or 0.");
    }
    buffer_free(&value);
    return is_set;
}

bool page_read(struct exchange *x, uint64_t limit_default, struct page *page) {
    *page = (struct page){.limit = limit_default};
    page_number(x, "limit", 1, &page->limit);
    page_number(x, "offset", 0, &page->offset);
    /* Too large a limit is lowered, not refused. */
    if (page->limit > PAGE_MOST)
        page->limit = PAGE_MOST;
    return field_errors_none(&x->field_errors);
}

/* The tag comes after the parameters: a request that is wrong is 400, never 304. */
bool page_read_in_room(struct exchange *x, struct page *page, enum error *error) {
    *error = page_read(x, PAGE_DEFAULT, page) ? ERROR_NONE : ERROR_BAD_INPUT;
    return !*error && !etag_set_room(x, &x->identity.room);
}

/* Bytes of the value that are not unreserved (RFC 3986) are percent-encoded. */
void page_keep_parameters(struct exchange *x, struct buffer *url, const char *kept) {
    struct buffer value = BUFFER_EMPTY;
    char name[32];
    bool valid;
    /* Names separated by blanks. */
    while (*kept) {
        /* `kept` is a constant of the caller, whose names fit. */
        const size_t len = strcspn(kept, " ");
        memcpy(name, kept, len);
        name[len] = '\0';
        kept += len + (kept[len] == ' ');
        if (!request_query(x->request, name, &value, &valid))
            continue;
        buffer_printf(url, "&%s=", name);
        buffer_append_percent_encoded(url, (struct text){value.data, value.len}, BUFFER_UNRESERVED);
    }
    buffer_free(&value);
}

/* Writes the link to another page, or null if there is none. Links are absolute, as DRF has
 * them. */
static void write_link(struct exchange *x, struct json_writer *w, const char *key, uint64_t limit,
                       uint64_t offset, bool exists, const char *kept) {
    struct buffer url = BUFFER_EMPTY;
    if (!exists) {
        json_write_member_null(w, key);
        return;
    }
    link_self(&url, x->request);
    buffer_append_str(&url, "?limit=");
    buffer_append_u64(&url, limit);
    /* The first page has no offset, so that its link equals that of a request without one. */
    if (offset > 0) {
        buffer_append_str(&url, "&offset=");
        buffer_append_u64(&url, offset);
    }
    page_keep_parameters(x, &url, kept);
    json_write_member_text(w, key, (struct text){url.data, url.len});
    buffer_free(&url);
}

void page_begin(struct exchange *x, struct json_writer *w, struct page *page, uint64_t count,
                const char *kept) {
    /* The difference first, so that no sum overflows. A page that ended early by its bytes is
     * followed by one that begins there. */
    const uint64_t step = page->is_full ? page->shown : page->limit;
    const bool more = page->offset < count && step < count - page->offset;
    page->count = count;
    json_write_object(w);
    json_write_member_u64(w, "count", count);
    write_link(x, w, "next", page->limit, more ? page->offset + step : 0, more, kept);
    /* Clamped at 0: the first page may be shorter. */
    write_link(x, w, "previous", page->limit,
               page->offset > page->limit ? page->offset - page->limit : 0, page->offset > 0, kept);
    json_write_key(w, "results");
    json_write_array(w);
    /* Where the results begin, for page_keep and page_end. */
    page->results_at = w->out->len;
}

bool page_keep(struct page *page, struct json_writer *w, size_t len_before) {
    /* One result is always shown, however long. Measured after writing, as the length of JSON
     * is not known before. */
    if (page->shown > 0 && w->out->len - page->results_at > PAGE_BYTES) {
        w->out->len = len_before;
        page->is_full = true;
        return false;
    }
    page->shown++;
    return true;
}

void page_end(struct exchange *x, struct json_writer *w, struct page *page, uint64_t count,
              const char *kept) {
    struct buffer *body = w->out;
    /* Rewritten only in this case: most pages never fill up. */
    if (page->is_full || page->count != count) {
        /* The head was written before the end of the page, or the count, was known. */
        struct buffer results = BUFFER_EMPTY;
        buffer_append(&results, body->data + page->results_at, body->len - page->results_at);
        buffer_clear(body);
        /* The head is written again as it should be, then the results as they were. */
        *w = json_writer_start(body);
        page_begin(x, w, page, count, kept);
        buffer_append(body, results.data, results.len);
        buffer_free(&results);
    }
    json_write_array_end(w);
    json_write_object_end(w);
}

/* A cursor is an id, so that pages stay as they are when rows are added before them. */
void page_write_cursor(struct exchange *x, struct json_writer *w, const char *key, bool exists,
                       const char *cursor, uint64_t id, uint64_t limit) {
    struct buffer url = BUFFER_EMPTY;
    if (!exists) {
        json_write_member_null(w, key);
        return;
    }
    link_self(&url, x->request);
    buffer_printf(&url, "?%s=%" PRIu64 "&limit=%" PRIu64, cursor, id, limit);
    json_write_member_text(w, key, (struct text){url.data, url.len});
    buffer_free(&url);
}
