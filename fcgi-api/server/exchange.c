/* Resetting an exchange, wholly or to the state before its handler. An exchange is one request with
 * everything that is found out about it; the process reuses it, so that its buffers need no
 * allocation. */
#include "server/exchange.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum error exchange_fail(struct exchange *x, enum error error, enum error_code code,
                         const char *detail) {
    response_error(&x->response, error, code, detail);
    return error;
}

/* Clears what was done since the route was found. */
static void clear_work(struct exchange *x) {
    /* json-c's object of the body, with all its members. */
    if (x->fields)
        json_object_put(x->fields);
    x->fields = NULL;
    x->has_identity = false;
    x->is_anonymous = false;
    x->auth_pending = false;
    x->may_be_outdated = false;
    x->has_token = false;
    x->has_key = false;
    x->session_key = (struct text){NULL, 0};
    buffer_clear(&x->etag);
    x->etag_is_strong = false;
    x->max_age_s = 0;
    memset(&x->identity, 0, sizeof(x->identity));
    free(x->blocked.ids);
    x->blocked = (struct exchange_blocked){0};
    field_errors_clear(&x->field_errors);
}

void exchange_end_pending(struct exchange *x, enum error error, bool found) {
    /* Not found: the router starts over and checks in order. An error of the database is final. */
    x->auth_pending = !error && !found;
    x->has_identity = !error && found;
}

void exchange_start_over(struct exchange *x, size_t headers_len) {
    clear_work(x);
    x->response.status = 200;
    /* Headers from before the handler (request id, Allow, CORS) stay. */
    x->response.headers.len = headers_len;
    buffer_clear(&x->response.body);
}

void exchange_log(const struct exchange *x, int64_t started_us) {
    /* Tenths of a millisecond, printed as one decimal. */
    const int64_t tenths = (clock_monotonic_us() - started_us) / 100;
    const bool address = x->service->config->log_addresses == CONFIG_ON;
    /* Addresses are personal data: logged only on request. The name of an API key says which of the
     * site's programs has made a change. */
    log_info("%s %s %d %" PRId64 ".%" PRId64 "ms user=%" PRIu64 "%s%s%s%s", x->request->method_name,
             x->route ? x->route : "-", x->response.status, tenths / 10, tenths % 10,
             x->has_identity ? x->identity.user.id : 0, x->has_key ? " key=" : "",
             x->has_key ? x->key.name : "", address ? " address=" : "",
             address ? x->request->address : "");
}

void exchange_reset(struct exchange *x) {
    clear_work(x);
    /* counted_id is kept by exchange_start_over: a request is counted once. */
    x->route = NULL;
    x->counted_id = 0;
    memset(x->ids, 0, sizeof(x->ids));
    response_reset(&x->response);
}

void exchange_free(struct exchange *x) {
    exchange_reset(x);
    /* Kept between requests, so it is not part of a reset. */
    if (x->tokener)
        json_tokener_free(x->tokener);
    field_errors_free(&x->field_errors);
    response_free(&x->response);
    buffer_free(&x->etag);
}
