#include "exchange.h"

#include <json-c/json.h>
#include <string.h>

enum error exchange_fail(struct exchange *x, enum error error, const char *detail) {
    response_error(&x->response, error, detail);
    return error;
}

void exchange_reset(struct exchange *x) {
    if (x->fields)
        json_object_put(x->fields);
    x->fields = NULL;
    x->route = NULL;
    x->has_caller = false;
    x->etag[0] = '\0';
    memset(x->ids, 0, sizeof(x->ids));
    memset(&x->caller, 0, sizeof(x->caller));
    problems_clear(&x->problems);
    response_reset(&x->response);
}

void exchange_free(struct exchange *x) {
    exchange_reset(x);
    problems_free(&x->problems);
    response_free(&x->response);
}
