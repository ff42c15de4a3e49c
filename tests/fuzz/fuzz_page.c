/*
 * fuzz_page: a query, a Host, a path and a number of results, one per line. The envelope of a page
 * is JSON; its links have the offsets of the neighbouring pages and keep the other parameter.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "../unit/support/fuzz_input.h"
#include "rest/page.h"
#include "json/json_validate.h"

static const struct config CONFIG = {.trusted_proxies = ""};

/* A request with only these variables. */
struct asked {
    struct fuzz_variables variables;
    struct request request;
    struct exchange x;
};

static void ask(struct asked *asked, struct text query, struct text host, struct text path) {
    memset(asked, 0, sizeof(*asked));
    asked->x.request = &asked->request;
    fuzz_variables_add(&asked->variables, "QUERY_STRING", query);
    fuzz_variables_add(&asked->variables, "HTTP_HOST", host);
    fuzz_variables_add(&asked->variables, "REQUEST_URI", path);
    request_init(&asked->request, asked->variables.list, &CONFIG);
    exchange_reset(&asked->x);
}

static void finish(struct asked *asked) {
    exchange_free(&asked->x);
    request_free(&asked->request);
    fuzz_variables_free(&asked->variables);
}

static void check_link(const struct asked *from, struct json_object *envelope, const char *key,
                       bool there, struct page expected) {
    struct json_object *link = json_object_object_get(envelope, key);
    struct buffer before = BUFFER_EMPTY, after = BUFFER_EMPTY;
    struct asked to;
    struct page page;
    bool valid = false;
    fuzz_require((link != NULL) == there, "there is a link if there is such a page");
    if (!there)
        return;
    const char *query = strchr(json_object_get_string(link), '?');
    fuzz_require(query != NULL, "a link has a query");
    ask(&to, text_of(query + 1), text_of("x.example"), text_of("/api/rooms/"));
    page_read(&to.x, PAGE_DEFAULT, &page);
    fuzz_require(page.limit == expected.limit && page.offset == expected.offset,
                 "a link leads to its page");
    const bool had = request_query(&from->request, "public", &before, &valid);
    fuzz_require(request_query(&to.request, "public", &after, &valid) == had,
                 "a link keeps the parameter");
    fuzz_require(before.len == after.len &&
                     (before.len == 0 || memcmp(before.data, after.data, before.len) == 0),
                 "and its value");
    buffer_free(&before);
    buffer_free(&after);
    finish(&to);
}

static void check(struct asked *asked, uint64_t count) {
    struct page page;
    size_t at = 0;
    page_read(&asked->x, PAGE_DEFAULT, &page);
    if (!field_errors_none(&asked->x.field_errors))
        return; /* status 400 */
    fuzz_require(page.limit >= 1 && page.limit <= PAGE_MOST, "the limit has its bounds");
    struct json_writer w = json_writer_start(&asked->x.response.body);
    page_begin(&asked->x, &w, &page, count, "public");
    page_end(&asked->x, &w, &page, count, "public");
    const struct buffer *body = &asked->x.response.body;
    fuzz_require(json_validate(body->data, body->len, &at) == NULL, "the page is JSON");
    struct json_object *envelope = json_tokener_parse(buffer_str(&asked->x.response.body));
    const bool more = page.offset < count && count - page.offset > page.limit;
    const uint64_t before = page.offset > page.limit ? page.offset - page.limit : 0;
    check_link(asked, envelope, "next", more,
               (struct page){.limit = page.limit, .offset = page.offset + page.limit});
    check_link(asked, envelope, "previous", page.offset > 0,
               (struct page){.limit = page.limit, .offset = before});
    json_object_put(envelope);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct text rest = {(const char *)data, size};
    const struct text query = fuzz_line(&rest), host = fuzz_line(&rest), path = fuzz_line(&rest),
                      number = fuzz_line(&rest);
    struct asked asked;
    uint64_t count = 0;
    text_to_u64(number, &count);
    ask(&asked, query, host, path);
    /* The router rejects other requests before it reads a page. */
    if (asked.request.segment_count > 0 && request_host_is_valid(&asked.request))
        check(&asked, count);
    finish(&asked);
    fuzz_free(query);
    fuzz_free(host);
    fuzz_free(path);
    fuzz_free(number);
    return 0;
}
