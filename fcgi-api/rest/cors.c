/* Cross-origin requests (Fetch standard): the headers of responses and of preflights, for the
 * origins in allowed_origins. Without the option there are none. */
#include "rest/cors.h"

#include "http/origin.h"

/* How long a browser may cache a preflight, in seconds. */
#define PREFLIGHT_SECONDS 600

void cors_headers(struct exchange *x, const char *methods) {
    const char *origin = request_header(x->request, VARIABLE_HTTP_ORIGIN);
    const char *allowed = x->service->config->allowed_origins;
    /* The option is empty: not even Vary, so that caches keep one answer for all. */
    if (allowed[0] == '\0')
        return;
    /* A shared cache must not reuse a response for another origin. */
    response_header(&x->response, "Vary", "Origin");
    if (!origin || !origin_list_contains(allowed, text_of(origin)))
        return;
    /* The origin itself, never *, which browsers refuse together with credentials. */
    response_header(&x->response, "Access-Control-Allow-Origin", origin);
    response_header(&x->response, "Access-Control-Allow-Credentials", "true");
    /* The response to a request; below, that to a preflight. A page reads only the headers that
     * are named here. */
    if (x->request->method != METHOD_OPTIONS) {
        response_header(&x->response, "Access-Control-Expose-Headers",
                        "ETag, Retry-After, X-Request-ID, Allow, X-Confab-User-Id, X-Confab-Pace, "
                        "Upload-Offset, Content-Disposition, Content-Range");
        return;
    }
    response_header(&x->response, "Access-Control-Allow-Methods", methods);
    /* A browser does not send a request with any others. */
    response_header(
        &x->response, "Access-Control-Allow-Headers",
        "Authorization, X-Confab-Token, X-Confab-User-Id, X-HTTP-Method-Override, Content-Type, "
        "If-None-Match");
    response_header_printf(&x->response, "Access-Control-Max-Age", "%d", PREFLIGHT_SECONDS);
}
