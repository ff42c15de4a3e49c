#include "router.h"

#include <stdio.h>
#include <string.h>

#include "auth.h"
#include "handlers/handlers.h"
#include "limit.h"
#include "rest/body.h"
#include "rest/cors.h"
#include "rest/etag.h"

struct route {
    enum method method;
    const char *pattern;
    size_t pattern_len;
    exchange_handler *handler;
    unsigned flags;
};

static const struct route ROUTES[] = {
#define ROUTE(method, pattern, handler, flags) \
    {METHOD_##method, pattern, sizeof(pattern) - 1, handler, flags},
#include "routes.def"
#undef ROUTE
};

#define ROUTE_COUNT (sizeof(ROUTES) / sizeof(ROUTES[0]))

/* More than the longest pattern has characters. */
#define PATTERN_SIZE 64

#define ROUTE(method, pattern, handler, flags) \
    _Static_assert(sizeof(pattern) < PATTERN_SIZE, pattern);
#include "routes.def"
#undef ROUTE

/* Seconds after which a client may come again when the database was away. */
#define RETRY_SECONDS 2

/* ---- finding ---- */

/* Writes the path as a row of the table would spell it, '#' in the place of each id, and reads
 * the ids. Returns its length; 0: no row can be of this path. */
static size_t spell_pattern(const struct request *request, char out[PATTERN_SIZE],
                            uint64_t ids[EXCHANGE_MAX_IDS]) {
    size_t len = 0, id_count = 0;
    for (size_t i = 0; i < request->segment_count; i++) {
        struct text segment = request->segments[i];
        uint64_t id;
        if (segment.at[0] == '#')
            return 0;
        if (text_to_u64(segment, &id) && id > 0 && id <= INT64_MAX) {
            if (id_count == EXCHANGE_MAX_IDS)
                return 0;
            ids[id_count++] = id;
            segment = (struct text){"#", 1};
        }
        if (segment.len + 1 >= PATTERN_SIZE - len)
            return 0;
        if (i > 0)
            out[len++] = '/';
        memcpy(out + len, segment.at, segment.len);
        len += segment.len;
    }
    return len;
}

/* The row for path and method. NULL: the method has none; *allowed then tells which
 * methods the path has, 0 if there is no such path. */
static const struct route *find_route(struct exchange *x, unsigned *allowed) {
    const struct route *found = NULL;
    const enum method method = x->request->method == METHOD_HEAD ? METHOD_GET : x->request->method;
    char pattern[PATTERN_SIZE];
    uint64_t ids[EXCHANGE_MAX_IDS] = {0};
    const size_t len = spell_pattern(x->request, pattern, ids);
    *allowed = 0;
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        if (ROUTES[i].pattern_len != len || memcmp(ROUTES[i].pattern, pattern, len) != 0)
            continue;
        *allowed |= ROUTES[i].method;
        x->route = ROUTES[i].pattern;
        if (ROUTES[i].method == method) {
            found = &ROUTES[i];
            memcpy(x->ids, ids, sizeof(ids));
        }
    }
    return found;
}

/* As long as the value of Allow gets. */
#define ALLOW_SIZE sizeof("GET, HEAD, POST, PATCH, DELETE, OPTIONS")

static void write_allow(unsigned methods, char out[ALLOW_SIZE]) {
    static const struct {
        unsigned method;
        const char *names;
    } NAMES[] = {{METHOD_GET, "GET, HEAD, "},
                 {METHOD_POST, "POST, "},
                 {METHOD_PATCH, "PATCH, "},
                 {METHOD_DELETE, "DELETE, "}};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        if (methods & NAMES[i].method)
            out = stpcpy(out, NAMES[i].names);
    stpcpy(out, "OPTIONS");
}

/* ---- enforcing ---- */

static bool is_unsafe(enum method method) {
    return (method & (METHOD_GET | METHOD_HEAD | METHOD_OPTIONS)) == 0;
}

/* Counts the request for its user, once. */
static enum error count_request(struct exchange *x) {
    const uint64_t user_id = x->identity.user.id;
    if (x->counted_id == user_id)
        return ERROR_NONE;
    const enum error error = limit_take_user(x, LIMIT_REQUESTS, user_id);
    if (!error)
        x->counted_id = user_id;
    return error;
}

/* Lets in whom the row lets in. */
static enum error admit(struct exchange *x, const struct route *route) {
    enum error error = ERROR_NONE;
    if (route->flags & ROUTE_COOKIE)
        error = auth_check_foreign(x);
    if (error || (route->flags & ROUTE_PUBLIC))
        return error;
    error = auth_identify(x);
    if (!error && x->identity.session_id && is_unsafe(x->request->method))
        error = auth_check_origin(x);
    if (!error)
        error = count_request(x);
    return error;
}

/* What holds for every request of ours, before anything of it is looked at. */
static enum error check_head(struct exchange *x) {
    if (x->request->query.len > REQUEST_MAX_QUERY)
        return ERROR_URI_TOO_LONG;
    if (!request_host_is_valid(x->request))
        return exchange_fail(x, ERROR_BAD_INPUT, "The Host header is not valid.");
    return ERROR_NONE;
}

static enum error refuse_method(struct exchange *x) {
    char detail[96];
    snprintf(detail, sizeof(detail), "Method \"%.32s\" not allowed.", x->request->method_name);
    const bool sound = text_is_valid(detail, strlen(detail));
    return exchange_fail(x, ERROR_METHOD, sound ? detail : NULL);
}

static enum error describe(struct exchange *x, const char *allow) {
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_str(&w, "name", x->route);
    json_write_member_str(&w, "allow", allow);
    json_write_object_end(&w);
    return ERROR_NONE;
}

/* Whether the caller may come to the room of the path for such a thing at all. What the
 * transactions decide they decide again, under the room's lock. */
static enum error check_place(const struct exchange *x, const struct route *route) {
    const struct room_state *room = &x->identity.room;
    enum error error = ERROR_NONE;
    if (route->flags & ROUTE_ROOM)
        error = room_state_may_see(room);
    else if (route->flags & (ROUTE_MEMBER | ROUTE_ADMIN))
        error = room_state_may_read(room);
    if (!error && (route->flags & ROUTE_ADMIN) && !room->is_admin)
        error = ERROR_FORBIDDEN;
    return error;
}

static enum error take_body(struct exchange *x, const struct route *route) {
    if (route->flags & (ROUTE_BODY | ROUTE_FORM))
        return body_parse(x, (route->flags & ROUTE_FORM) != 0);
    return x->request->body_error;
}

/* Calls the handler with x->auth_pending, if the row and the request allow it. True: the request
 * is served. False: the caller was not authenticated so, and nothing was done. Then the ordinary
 * way serves the request, and decides which error comes first. */
static bool serve_lazily(struct exchange *x, const struct route *route, enum error *error) {
    const size_t headers_len = x->response.headers.len;
    if (!(route->flags & ROUTE_LAZY_AUTH))
        return false;
    if (is_unsafe(route->method)) {
        if (!auth_from_cache(x))
            return false;
        *error = count_request(x);
    } else if (etag_is_asked(x) || !auth_by_token_later(x)) {
        return false; /* a tag is compared with the state of the room, which is read first */
    }
    if (!*error)
        *error = take_body(x, route);
    if (!*error)
        *error = route->handler(x);
    if (x->auth_pending) {
        exchange_start_over(x, headers_len);
        *error = ERROR_NONE;
        return false;
    }
    if (!*error)
        *error = count_request(x);
    return true;
}

static enum error serve_route(struct exchange *x, const struct route *route) {
    enum error error = ERROR_NONE;
    if (serve_lazily(x, route, &error))
        return error;
    error = admit(x, route);
    if (!error)
        error = check_place(x, route);
    if (!error)
        error = take_body(x, route);
    if (!error)
        error = route->handler(x);
    return error;
}

/* Makes an answer of an error that no one has made one of. */
static void answer_error(struct exchange *x, enum error error) {
    struct response *response = &x->response;
    if (error == ERROR_BAD_INPUT && !field_errors_none(&x->field_errors) &&
        response->status < 400) {
        buffer_clear(&response->body);
        field_errors_write(&x->field_errors, &response->body);
        response->status = error_status(error);
    }
    if (response->status < 400)
        response_error(response, error, NULL);
    if (error == ERROR_UNAVAILABLE)
        response_header_printf(response, "Retry-After", "%d", RETRY_SECONDS);
}

/* The headers of every answer. */
static void begin_headers(struct exchange *x, const char *allow) {
    struct buffer *headers = &x->response.headers;
    buffer_append_str(headers, "X-Request-ID: ");
    buffer_append_str(headers, x->id);
    buffer_append_str(headers, "\r\nAllow: ");
    buffer_append_str(headers, allow);
    buffer_append_str(headers, "\r\nX-Content-Type-Options: nosniff\r\n");
}

void router_serve(struct exchange *x) {
    char allow[ALLOW_SIZE];
    unsigned allowed = 0;
    enum error error = check_head(x);
    const struct route *route = find_route(x, &allowed);
    write_allow(allowed ? allowed : METHOD_GET, allow);
    begin_headers(x, allow);
    cors_headers(x, allow);
    if (!error && !allowed)
        error = ERROR_NOT_FOUND;
    else if (!error && x->request->method == METHOD_OPTIONS)
        error = describe(x, allow);
    else if (!error && !route)
        error = refuse_method(x);
    else if (!error)
        error = serve_route(x, route);
    if (error)
        answer_error(x, error);
    etag_write(x);
    if (x->etag.len == 0 || x->response.status >= 400)
        buffer_append_str(&x->response.headers, "Cache-Control: private, no-store\r\n");
}
