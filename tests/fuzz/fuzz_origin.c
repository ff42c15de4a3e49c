/*
 * fuzz_origin: an Origin, a Host and a list of origins, one per line. An origin is that of this
 * site for one scheme at most, and has its host; one found in the list is an entry of it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/support/fuzz_input.h"
#include "base/buffer.h"
#include "base/xalloc.h"
#include "http/origin.h"

/* Returns the host without a default port. */
static struct text bare(struct text host) {
    static const char *const PORTS[] = {":443", ":80"};
    for (size_t i = 0; i < 2; i++) {
        const struct text port = text_of(PORTS[i]);
        if (host.len > port.len && memcmp(host.at + host.len - port.len, port.at, port.len) == 0)
            return (struct text){host.at, host.len - port.len};
    }
    return host;
}

static void check_own(struct text origin, struct text host) {
    struct buffer own = BUFFER_EMPTY;
    const bool http = origin_is_own(origin, ORIGIN_HTTP, host);
    const bool https = origin_is_own(origin, ORIGIN_HTTPS, host);
    fuzz_require(!(http && https), "an origin has one scheme");
    fuzz_require(origin_is_own(origin, ORIGIN_SCHEME_UNKNOWN, host) == (http || https),
                 "without a scheme both are this site's");
    if (http || https)
        fuzz_require(host.len > 0 && fuzz_contains(origin, bare(host)), "it has the host");
    if (host.len == 0)
        return;
    buffer_append_str(&own, "https://");
    buffer_append(&own, host.at, host.len);
    fuzz_require(origin_is_own((struct text){own.data, own.len}, ORIGIN_HTTPS, host),
                 "the host's own origin is this site's");
    buffer_free(&own);
}

/* The text without this port at its end. */
static struct text cut(struct text origin, struct text port) {
    if (origin.len > port.len && memcmp(origin.at + origin.len - port.len, port.at, port.len) == 0)
        origin.len -= port.len;
    return origin;
}

static void check_list(struct text origin, struct text entries) {
    char *list = xstrndup(entries.at, entries.len);
    if (origin_list_contains(list, origin)) {
        /* A default port may be in one of the two only. */
        const struct text host = cut(cut(origin, text_of(":443")), text_of(":80"));
        fuzz_require(fuzz_contains(text_of(list), host), "it is in the list");
        for (size_t i = 0; i < origin.len; i++)
            fuzz_require(!strchr(ORIGIN_LIST_SEPARATORS, origin.at[i]), "as one entry");
    }
    free(list);
}

static void check_url(struct text origin) {
    struct buffer url = BUFFER_EMPTY;
    struct text found;
    if (origin_of_url(origin, &found))
        fuzz_require(fuzz_is_inside(found, origin), "the origin is a part of the URL");
    /* "null" and the origin of files are not the start of a URL with a host. */
    if (!origin_is_valid(origin) || text_equals(origin, text_of("null")))
        return;
    buffer_append(&url, origin.at, origin.len);
    buffer_append_str(&url, "/path?https://other.example/");
    fuzz_require(origin_of_url((struct text){url.data, url.len}, &found) &&
                     text_equals(found, origin),
                 "the origin of a page is its site's");
    buffer_free(&url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct text rest = {(const char *)data, size};
    const struct text origin = fuzz_line(&rest), host = fuzz_line(&rest), list = fuzz_line(&rest);
    check_own(origin, host);
    check_list(origin, list);
    check_url(origin);
    fuzz_free(origin);
    fuzz_free(host);
    fuzz_free(list);
    return 0;
}
