/*
 * fuzz_request: CGI variables, one per line. Path segments are ones that a route can match, the
 * client address is a string, query values are valid text or reported as invalid, and a request
 * parsed into reused memory gives the same result.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../unit/support/fuzz_input.h"
#include "server/request.h"

static const struct config CONFIG = {.trusted_proxies = "127.0.0.1 10.0.0.0/8 ::1"};

static void check_path(const struct request *request) {
    fuzz_require(request->segment_count <= REQUEST_MAX_SEGMENTS, "segments are counted");
    for (size_t i = 0; i < request->segment_count; i++) {
        const struct text segment = request->segments[i];
        const struct text decoded = {request->decoded.data, request->decoded.len};
        fuzz_require(segment.len > 0 && fuzz_is_inside(segment, decoded),
                     "a segment is a part of the decoded path");
        fuzz_require(!memchr(segment.at, '/', segment.len) &&
                         !memchr(segment.at, '\0', segment.len),
                     "a segment has no slash and no NUL");
    }
    if (request->segment_count > 0)
        fuzz_require(text_equals(request->segments[0], text_of("api")) ||
                         text_equals(request->segments[0], text_of("healthz")),
                     "a path starts with a segment of ours");
}

static void check_query(const struct request *request) {
    static const char *const NAMES[] = {"limit", "since", "q"};
    struct buffer value = BUFFER_EMPTY;
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        bool valid = false;
        if (request_query(request, NAMES[i], &value, &valid) && valid)
            fuzz_require(text_is_valid(buffer_str(&value), value.len), "a valid value is text");
        fuzz_require(value.len <= request->query.len, "decoding makes nothing longer");
    }
    buffer_free(&value);
}

static void check_host(const struct request *request) {
    if (request_host_is_valid(request))
        for (size_t i = 0; i < request->host.len; i++)
            fuzz_require(!strchr("/?#@ \t\r\n\"<>\\%", request->host.at[i]),
                         "a valid host ends no part of a URL");
}

static void check_client(const struct request *request) {
    fuzz_require(memchr(request->address, '\0', sizeof(request->address)) != NULL,
                 "the address is terminated");
    fuzz_require(request->method_name != NULL, "the method has a name");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_variables variables = {.count = 0}, others = {.count = 0};
    struct request request, used;
    struct text rest = {(const char *)data, size};
    memset(&request, 0, sizeof(request));
    memset(&used, 0, sizeof(used));
    while (rest.len > 0) {
        const struct text line = fuzz_line(&rest);
        fuzz_variables_add_line(&variables, line);
        fuzz_free(line);
    }
    request_init(&request, variables.list, &CONFIG);
    check_path(&request);
    check_query(&request);
    check_host(&request);
    check_client(&request);
    fuzz_variables_add(&others, "REQUEST_URI", text_of("/site/api/rooms/5/?limit=7"));
    request_init(&used, others.list, &CONFIG);
    request_init(&used, variables.list, &CONFIG);
    fuzz_require(used.segment_count == request.segment_count && used.method == request.method &&
                     used.is_https == request.is_https && text_equals(used.host, request.host) &&
                     strcmp(used.address, request.address) == 0,
                 "the request before leaves no trace");
    for (size_t i = 0; i < used.segment_count; i++)
        fuzz_require(text_equals(used.segments[i], request.segments[i]), "nor in the path");
    for (size_t before = used.prefix.len; request_next_prefix(&used); before = used.prefix.len) {
        check_path(&used);
        fuzz_require(used.prefix.len > before, "the next prefix is longer");
    }
    request_free(&request);
    request_free(&used);
    fuzz_variables_free(&variables);
    fuzz_variables_free(&others);
    return 0;
}
