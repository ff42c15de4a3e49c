/*
 * fuzz_etag: an If-None-Match (first line) against a tag (a digit, and the letters, digits and
 * dots of the second line). It matches only if it is * or contains the quoted tag, optionally
 * with the suffix of a compressing web server; the tag alone always matches.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/support/fuzz_input.h"
#include "rest/etag.h"

static const struct config CONFIG = {.trusted_proxies = ""};

/* Returns whether the header matches the tag: the response is 304 then. */
static bool matches(struct text header, struct text tag) {
    struct fuzz_variables variables = {.count = 0};
    struct request request;
    struct exchange x;
    memset(&request, 0, sizeof(request));
    memset(&x, 0, sizeof(x));
    x.request = &request;
    fuzz_variables_add(&variables, "HTTP_IF_NONE_MATCH", header);
    request_init(&request, variables.list, &CONFIG);
    exchange_reset(&x);
    struct buffer *begun = etag_begin(&x);
    buffer_append(begun, tag.at, tag.len);
    const bool matched = etag_end(&x);
    fuzz_require(x.response.status == (matched ? 304 : 200), "the status is 304 if it matches");
    etag_write(&x);
    const struct text headers = {x.response.headers.data, x.response.headers.len};
    fuzz_require(fuzz_contains(headers, tag), "the answer has the tag");
    exchange_free(&x);
    request_free(&request);
    fuzz_variables_free(&variables);
    return matched;
}

/* Returns whether the header contains the tag between `first` and `last`. */
static bool has(struct text header, char first, struct text tag, char last) {
    struct buffer part = BUFFER_EMPTY;
    buffer_append_char(&part, first);
    buffer_append(&part, tag.at, tag.len);
    buffer_append_char(&part, last);
    const bool found = memmem(header.at, header.len, part.data, part.len) != NULL;
    buffer_free(&part);
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct text rest = {(const char *)data, size};
    const struct text header = fuzz_line(&rest), raw = fuzz_line(&rest);
    struct buffer tag = BUFFER_EMPTY, own = BUFFER_EMPTY;
    buffer_append_char(&tag, '5'); /* tags are never empty */
    for (size_t i = 0; i < raw.len; i++)
        if (raw.at[i] == '.' || (raw.at[i] >= '0' && raw.at[i] <= '9') ||
            (raw.at[i] >= 'a' && raw.at[i] <= 'z'))
            buffer_append_char(&tag, raw.at[i]);
    const struct text opaque = {buffer_str(&tag), tag.len};
    if (matches(header, opaque))
        fuzz_require(
            text_equals((struct text){header.at, strnlen(header.at, header.len)}, text_of("*")) ||
                has(header, '"', opaque, '"') || has(header, '"', opaque, '-'),
            "a header that matches has the tag");
    buffer_printf(&own, "\"other\", W/\"%s\"", buffer_str(&tag));
    fuzz_require(matches((struct text){own.data, own.len}, opaque), "the tag matches itself");
    buffer_free(&tag);
    buffer_free(&own);
    fuzz_free(header);
    fuzz_free(raw);
    return 0;
}
