/*
 * fuzz_body: a Content-Type (first line) and a body (the rest). An accepted body is an object whose
 * strings are valid text; the response to a rejected one is JSON.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "../unit/support/fuzz_input.h"
#include "base/xalloc.h"
#include "rest/body.h"
#include "json/json_validate.h"

static const struct config CONFIG = {.trusted_proxies = ""};

/* Depth is limited by json_validate. */
static void check_value(struct json_object *value) {
    switch (json_object_get_type(value)) {
    case json_type_string:
        fuzz_require(json_object_get_string_len(value) == 0 ||
                         memchr(json_object_get_string(value), '\0',
                                (size_t)json_object_get_string_len(value)) ||
                         text_is_valid(json_object_get_string(value),
                                       (size_t)json_object_get_string_len(value)),
                     "a string is text, or has a NUL");
        break;
    case json_type_array:
        for (size_t i = 0; i < json_object_array_length(value); i++)
            check_value(json_object_array_get_idx(value, i));
        break;
    case json_type_object: {
        json_object_object_foreach(value, name, member) {
            fuzz_require(text_is_valid(name, strlen(name)), "a name is text");
            check_value(member);
        }
        break;
    }
    default:
        break;
    }
}

static void check(struct exchange *x, enum error error) {
    size_t at = 0;
    if (!error) {
        fuzz_require(json_object_is_type(x->fields, json_type_object), "the body is an object");
        check_value(x->fields);
        return;
    }
    fuzz_require(error == ERROR_BAD_INPUT || error == ERROR_MEDIA_TYPE, "it is the client's fault");
    fuzz_require(x->response.status == error_status(error), "the answer has the status");
    fuzz_require(json_validate(x->response.body.data, x->response.body.len, &at) == NULL,
                 "the answer is JSON");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_variables variables = {.count = 0};
    struct text rest = {(const char *)data, size};
    struct request request;
    struct exchange x;
    memset(&request, 0, sizeof(request));
    memset(&x, 0, sizeof(x));
    x.request = &request;
    const struct text type = fuzz_line(&rest);
    fuzz_variables_add(&variables, "CONTENT_TYPE", type);
    /* Terminate the body, as the gateway does. */
    char *body = xstrndup(rest.at, rest.len);
    for (int form = 0; form < 2; form++) {
        exchange_reset(&x);
        request_init(&request, variables.list, &CONFIG);
        request.body = (struct text){body, rest.len};
        check(&x, body_parse(&x, form));
    }
    free(body);
    exchange_free(&x);
    request_free(&request);
    fuzz_variables_free(&variables);
    fuzz_free(type);
    return 0;
}
