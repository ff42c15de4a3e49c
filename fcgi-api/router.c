/* One request: matching the table, authentication, limits, the handler, error responses. The order
 * of checks is the same for all routes: URL, route, user, origin, rate, room, body, handler; so a
 * request with several faults gets the same error everywhere. */
#include "router.h"

#include <stdio.h>
#include <string.h>

#include "auth.h"
#include "base/clock.h"
#include "change_health.h"
#include "event/bell.h"
#include "files/file_link.h"
#include "handlers/handlers.h"
#include "key_audit.h"
#include "limit.h"
#include "pace.h"
#include "rest/body.h"
#include "rest/cors.h"
#include "rest/etag.h"
#include "restriction.h"
#include "routes.h"
#include "schema/schema.h"
#include "shared.h"

struct route {
    enum method method;
    const char *pattern;
    size_t pattern_len;
    exchange_handler *handler;
    unsigned flags;
    enum schema_operation_id operation; /* what it takes */
};

static const struct route ROUTES[] = {
/* The table is included as elements here, and below as assertions on the length of its patterns. */
#define ROUTE(method, pattern, handler, flags) \
    {METHOD_##method, pattern, sizeof(pattern) - 1, handler, flags, OPERATION_##handler},
#include "routes.def"
#undef ROUTE
};

#define ROUTE_COUNT (sizeof(ROUTES) / sizeof(ROUTES[0]))

/* The longest pattern, with its terminator. */
#define PATTERN_SIZE 64

#define ROUTE(method, pattern, handler, flags) \
    _Static_assert(sizeof(pattern) < PATTERN_SIZE, pattern);
#include "routes.def"
#undef ROUTE

/* Retry-After when the database is unavailable, in seconds. */
#define RETRY_SECONDS 2

/* ---- finding the row ---- */

/* Reads an id of the path: positive, of SQL's signed range. Other numbers stay text and match
 * nothing. Returns what stands for it in a pattern; 0 if it is none. */
static char read_id(struct text segment, uint64_t *id, char *kind) {
    const bool has_letter = segment.at[0] == 't' || segment.at[0] == 's';
    struct text digits = segment;
    if (has_letter)
        digits = (struct text){segment.at + 1, segment.len - 1};
    if (!text_to_u64(digits, id) || *id == 0 || *id > INT64_MAX)
        return 0;
    if (has_letter)
        *kind = segment.at[0];
    return has_letter ? '$' : '#';
}

/* The segments after these paths are a secret, a link, and the name of a file, which may be any
 * text: for the log they are replaced as ids are. Other paths below have names of their own. */
#define HOOKS_IN "api/hooks/in"
#define LINKS "api/chat/links"
#define LINKS_OF_ROOM "api/chat/rooms/#/links"
#define FILE_PATH "api/chat/files/#"

static bool is_prefix(const char *pattern, size_t len, const char *path) {
    return len == strlen(path) && memcmp(pattern, path, len) == 0;
}

/* Segments that are names or secrets, and match whatever they are. */
static bool is_any_text(const char *pattern, size_t len, struct text segment) {
    return is_prefix(pattern, len, HOOKS_IN) || is_prefix(pattern, len, LINKS_OF_ROOM) ||
           (is_prefix(pattern, len, LINKS) && !text_equals(segment, text_of("use"))) ||
           (is_prefix(pattern, len, FILE_PATH) && !text_equals(segment, text_of("thumbnail")) &&
            !text_equals(segment, text_of("done")) && !text_equals(segment, text_of("link")));
}

/* Writes the path as a pattern, with '#' or '$' in place of each id, and reads the ids. Returns its
 * length; 0 if no pattern can match. */
static size_t write_pattern(const struct request *request, char out[PATTERN_SIZE],
                            uint64_t ids[EXCHANGE_MAX_IDS], char *kind) {
    size_t len = 0, id_count = 0;
    for (size_t i = 0; i < request->segment_count; i++) {
        struct text segment = request->segments[i];
        uint64_t id;
        if (is_any_text(out, len, segment))
            segment = (struct text){"*", 1};
        /* Literally they would look like an id or a secret. */
        else if (strchr("#$*", segment.at[0]))
            return 0;
        const char sign = read_id(segment, &id, kind);
        if (sign) {
            if (id_count == EXCHANGE_MAX_IDS)
                return 0;
            ids[id_count++] = id;
            segment = (struct text){sign == '#' ? "#" : "$", 1};
        }
        /* Room for the slash and the terminator. */
        if (segment.len + 1 >= PATTERN_SIZE - len)
            return 0;
        if (i > 0)
            out[len++] = '/';
        memcpy(out + len, segment.at, segment.len);
        len += segment.len;
    }
    return len;
}

/* The row for path and method, NULL if there is none. Sets *allowed to the methods of the path, 0
 * if the path is unknown. */
static const struct route *match_route(struct exchange *x, unsigned *allowed) {
    const struct route *found = NULL;
    /* HEAD is served as GET; the gateway leaves out the body. */
    const enum method method = x->request->method == METHOD_HEAD ? METHOD_GET : x->request->method;
    char pattern[PATTERN_SIZE], kind = 0;
    uint64_t ids[EXCHANGE_MAX_IDS] = {0};
    const size_t len = write_pattern(x->request, pattern, ids, &kind);
    *allowed = 0;
    /* All rows, since those of other methods make up Allow. */
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        if (ROUTES[i].pattern_len != len || memcmp(ROUTES[i].pattern, pattern, len) != 0)
            continue;
        *allowed |= ROUTES[i].method;
        /* For the log, also if the method is refused. */
        x->route = ROUTES[i].pattern;
        if (ROUTES[i].method == method) {
            found = &ROUTES[i];
            x->body = SCHEMA_BODIES[ROUTES[i].operation];
            memcpy(x->ids, ids, sizeof(ids));
            x->credential_kind = kind;
        }
    }
    return found;
}

/* The same. If no row matches, the path of the site itself may have a segment of our own. */
static const struct route *find_route(struct exchange *x, unsigned *allowed) {
    const struct route *found = match_route(x, allowed);
    while (!*allowed && request_next_prefix(x->request))
        found = match_route(x, allowed);
    return found;
}

/* The longest value of Allow, with its terminator. */
#define ALLOW_SIZE sizeof("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")

/* The value of the header Allow (RFC 9110, section 10.2.1). */
static void write_allow(unsigned methods, char out[ALLOW_SIZE]) {
    static const struct {
        unsigned method;
        const char *names;
    } NAMES[] = {{METHOD_GET, "GET, HEAD, "},
                 {METHOD_POST, "POST, "},
                 {METHOD_PUT, "PUT, "},
                 {METHOD_PATCH, "PATCH, "},
                 {METHOD_DELETE, "DELETE, "}};
    /* GET stands for HEAD too; OPTIONS is always allowed and ends the list. */
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        if (methods & NAMES[i].method)
            out = stpcpy(out, NAMES[i].names);
    stpcpy(out, "OPTIONS");
}

/* ---- checks ---- */

static bool is_unsafe(enum method method) {
    /* Methods are bits; these three are safe (RFC 9110, section 9.2.1). */
    return (method & (METHOD_GET | METHOD_HEAD | METHOD_OPTIONS)) == 0;
}

/* Counts the request toward the rate limit of its user, once. That of an API key was counted when
 * the key was found. */
static enum error count_request(struct exchange *x) {
    const uint64_t user_id = x->identity.user.id;
    if (x->has_key)
        return ERROR_NONE;
    /* A request that is served again is counted once. */
    if (x->counted_id == user_id)
        return ERROR_NONE;
    const enum error error = limit_take_user(x, LIMIT_REQUESTS, user_id);
    if (!error)
        x->counted_id = user_id;
    return error;
}

/* Authentication, the origin, the user that the page knows, and the rate of requests. */
static enum error check_user(struct exchange *x, const struct route *route) {
    enum error error = ERROR_NONE;
    /* A login from a foreign page could log the browser in as another user. */
    if (route->flags & ROUTE_COOKIE)
        error = auth_check_cookie_origin(x);
    if (error || (route->flags & ROUTE_PUBLIC))
        return error;
    /* The signature is all that such an address needs. */
    if ((route->flags & ROUTE_SIGNED) && file_link_is_valid(x, x->ids[0]))
        return ERROR_NONE;
    if ((route->flags & ROUTE_OPEN) && !auth_has_credentials(x))
        return auth_anonymous(x, (route->flags & (ROUTE_ROOM | ROUTE_READER)) != 0);
    if (route->flags & ROUTE_KEY)
        error = auth_require_key(x, (route->flags >> ROUTE_SCOPE_SHIFT) & API_KEY_ALL);
    else
        error = auth_identify(x);
    /* Only cookies need this: a foreign page cannot add a token. */
    if (!error && x->identity.session_id && is_unsafe(x->request->method))
        error = auth_check_origin(x);
    if (!error && x->identity.session_id && is_unsafe(x->request->method))
        error = auth_check_expected_user(x);
    if (!error)
        error = count_request(x);
    if (!error && (route->flags & ROUTE_NO_GUESTS) && x->identity.user.is_guest)
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_NOT_FOR_GUESTS, "Guests may not do this.");
    return error;
}

/* Checks that apply to all paths. */
static enum error check_url(struct exchange *x) {
    /* Before the parameters are looked at. */
    if (x->request->query.len > REQUEST_MAX_QUERY)
        return ERROR_URI_TOO_LONG;
    if (!request_host_is_valid(x->request))
        return exchange_fail(x, ERROR_BAD_INPUT, CODE_BAD_REQUEST, "The Host header is not valid.");
    return ERROR_NONE;
}

/* 405 with the method that the client has named. */
static enum error refuse_method(struct exchange *x) {
    char detail[96];
    /* The method comes from the client: cut in the middle of a character it would be invalid
     * UTF-8. */
    snprintf(detail, sizeof(detail), "Method \"%.32s\" not allowed.", x->request->method_name);
    const bool is_utf8 = text_is_valid(detail, strlen(detail));
    return exchange_fail(x, ERROR_METHOD, CODE_METHOD_NOT_ALLOWED, is_utf8 ? detail : NULL);
}

/* The response to OPTIONS. */
static enum error describe(struct exchange *x, const char *allow) {
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_str(&w, "name", x->route);
    json_write_member_str(&w, "allow", allow);
    json_write_object_end(&w);
    return ERROR_NONE;
}

/* The flags of routes whose first id is that of a room, access to which is checked here. */
#define ROUTE_OF_ROOM (ROUTE_ROOM | ROUTE_READER | ROUTE_MEMBER | ROUTE_ADMIN | ROUTE_MODERATOR)

/* Access to the room in the path. Transactions check it again after locking the room. */
static enum error check_room(struct exchange *x, const struct route *route) {
    const struct room_state *room = &x->identity.room;
    enum error error = ERROR_NONE;
    /* Without these flags the id may be that of something else, such as a file. */
    if (route->flags & ROUTE_OF_ROOM)
        error = restriction_check_guest(x, room);
    if (error)
        return error;
    /* ROUTE_ROOM lets non-members of a public room pass, ROUTE_READER those of a live one; the
     * other two do not. */
    if (route->flags & ROUTE_ROOM)
        error = room_state_may_see(room);
    else if (route->flags & ROUTE_READER)
        error = room_state_may_read(room);
    else if (route->flags & (ROUTE_MEMBER | ROUTE_ADMIN))
        error = room_state_takes_part(room);
    /* Site moderators also read rooms that they are not in; members alone write. */
    if (!error && (route->flags & ROUTE_MEMBER) && is_unsafe(route->method) && !room->is_member)
        error = ERROR_FORBIDDEN;
    /* room is all zeros if there is none: neither exists nor member. */
    if (!error && (route->flags & ROUTE_ADMIN) && !room->is_admin)
        error = ERROR_FORBIDDEN;
    if (route->flags & ROUTE_MODERATOR) {
        error = room_state_may_see(room);
        if (!error && (!room->may_moderate || room->is_direct))
            error = ERROR_FORBIDDEN;
    }
    if (!error && (route->flags & ROUTE_SEEN))
        error = restriction_check_seen(x);
    return error;
}

/* Only the routes that have one read a body. */
static enum error parse_body(struct exchange *x, const struct route *route) {
    if (route->flags & (ROUTE_BODY | ROUTE_FORM))
        return body_parse(x, (route->flags & ROUTE_FORM) != 0);
    /* A route without a body still refuses one that is too long or incomplete. */
    return x->request->body_error;
}

/* Calls the handler with x->auth_pending, if the row and the request permit it. True: the request
 * is served. False: it is not authenticated, and nothing was changed; then serve_route checks
 * everything in order and decides which error is reported. */
static bool serve_lazily(struct exchange *x, const struct route *route, enum error *error) {
    /* Where to cut the headers if the response is dropped. */
    const size_t headers_len = x->response.headers.len;
    if (!(route->flags & ROUTE_LAZY_AUTH))
        return false;

    /* Changes need the user from the auth cache. An entity tag depends on the state of the room,
     * which must be read first. */
    if (is_unsafe(route->method)) {
        /* Nor does the cache know how old an account is. */
        if (x->service->config->post_min_age > 0 || !auth_from_cache(x))
            return false;
        *error = count_request(x);
    } else if (etag_is_conditional(x) || !auth_defer(x)) {
        return false;
    }
    if (!*error)
        *error = parse_body(x, route);
    if (!*error)
        *error = route->handler(x);

    /* The handler has not found the token valid: drop its response. */
    if (x->auth_pending) {
        exchange_start_over(x, headers_len);
        *error = ERROR_NONE;
        return false;
    }
    /* A GET is counted when its user is known, which is only now. */
    if (!*error)
        *error = count_request(x);
    return true;
}

/* All checks of a request in their order, and then its handler. */
static enum error serve_once(struct exchange *x, const struct route *route) {
    enum error error = ERROR_NONE;
    /* Served in full, or not at all: the ordinary way, in the order of the checks. */
    if (serve_lazily(x, route, &error))
        return error;
    error = check_user(x, route);
    if (!error)
        error = check_room(x, route);
    if (!error)
        error = parse_body(x, route);
    if (error)
        return error;
    /* What an API key changes is in the audit, by the same transaction. */
    const bool is_audited = x->has_key && is_unsafe(route->method) && (route->flags & ROUTE_KEY) &&
                            !(route->flags & (ROUTE_READ | ROUTE_UNAUDITED));
    if (is_audited)
        key_audit_begin(x, route->pattern);
    error = route->handler(x);
    if (is_audited)
        key_audit_end(x);
    return error;
}

/* Whether the answer could be another one if the database knew more: it lacks the credential, the
 * membership, the object or the number of an event. Nothing was changed then. */
static bool may_be_outdated(const struct exchange *x, enum error error) {
    return error == ERROR_UNAUTHENTICATED || error == ERROR_FORBIDDEN || error == ERROR_NOT_FOUND ||
           error == ERROR_GONE ||
           (error == ERROR_BAD_INPUT && field_errors_has(&x->field_errors, CODE_DOES_NOT_EXIST)) ||
           (!error && x->may_be_outdated);
}

/* Whether the path is that of a room: a ban from it may be the cause of a refusal. */
static bool is_of_room(const struct route *route) {
    static const char ROOM[] = "api/chat/rooms/#";
    return strncmp(route->pattern, ROOM, sizeof(ROOM) - 1) == 0;
}

/* In a cluster the node may be behind the one that the client used last: if the answer could be
 * wrong for that, the request is served again when the node has caught up. */
static enum error serve_route(struct exchange *x, const struct route *route) {
    const size_t headers_len = x->response.headers.len;
    bool again = false;
    enum error error = serve_once(x, route);
    if (may_be_outdated(x, error)) {
        const enum error failure = db_catch_up(x->service->db, &again);
        if (again || failure)
            exchange_start_over(x, headers_len);
        if (again || failure)
            error = again ? serve_once(x, route) : failure;
    }
    if (error == ERROR_FORBIDDEN && is_of_room(route) && x->response.status < 400 &&
        restriction_is_banned(x))
        error = ERROR_BANNED;
    if (error == ERROR_BANNED && is_of_room(route))
        restriction_add_ban_end(x);
    /* For /healthz: whether changes succeed. Other errors say nothing about it. */
    if (is_unsafe(route->method) && !(route->flags & ROUTE_READ) &&
        (!error || error == ERROR_UNAVAILABLE))
        change_health_record(x->service->change_health, error && db_disk_is_full(x->service->db));
    return error;
}

/* Sets the response to an error, unless it is set already. */
static void respond_error(struct exchange *x, enum error error) {
    struct response *response = &x->response;
    /* Field errors are reported together; a response that is an error already is kept. */
    if (error == ERROR_BAD_INPUT && !field_errors_none(&x->field_errors) &&
        response->status < 400) {
        buffer_clear(&response->body);
        field_errors_write(&x->field_errors, &response->body);
        response->status = error_status(error);
    }
    if (response->status < 400)
        response_error(response, error, error_code(error), NULL);
    if (error == ERROR_UNAVAILABLE)
        response_header_printf(response, "Retry-After", "%d", RETRY_SECONDS);
    if (error == ERROR_SILENCED || error == ERROR_SLOW_MODE)
        restriction_add_until(x, error);
}

/* The headers of every response. */
static void begin_headers(struct exchange *x, const char *allow) {
    struct buffer *headers = &x->response.headers;
    buffer_append_str(headers, "X-Request-ID: ");
    buffer_append_str(headers, x->id);
    buffer_append_str(headers, "\r\nAllow: ");
    buffer_append_str(headers, allow);
    buffer_append_str(headers, "\r\nX-Content-Type-Options: nosniff\r\n");
}

/* Tells clients that poll when to send the next request. Refused requests and those to public paths
 * do not count toward poll_budget. Requests without credentials, which read open rooms, have slots
 * of their own, half as many: they wait for one another and for users, and users do not wait for
 * them. */
static void write_pace(struct exchange *x, const struct route *route) {
    struct shared_numbers *numbers = shared_numbers(x->service->shared);
    const uint64_t budget = x->service->config->poll_budget;
    const int64_t now_us = clock_now();
    const bool is_of_user = x->has_identity || x->has_key;
    const bool counts = route && !(route->flags & ROUTE_PUBLIC) && x->response.status < 400 &&
                        x->request->method != METHOD_OPTIONS;
    struct buffer *headers = &x->response.headers;
    uint64_t seconds = counts && is_of_user ? pace_take(&numbers->pace_us, budget, now_us)
                                            : pace_read(&numbers->pace_us, budget, now_us);
    if (counts && !is_of_user) {
        const uint64_t own = pace_take(&numbers->open_pace_us, (budget + 1) / 2, now_us);
        seconds = own > seconds ? own : seconds;
    }
    buffer_append_str(headers, "X-Confab-Pace: ");
    buffer_append_u64(headers, seconds);
    buffer_append_str(headers, "\r\n");
}

/* Sends the id of the user of this response: another tab may have logged in as another user. */
static void write_user_id(struct exchange *x) {
    struct buffer *headers = &x->response.headers;
    /* Not without a user, and not in a response that the browser may cache and show to its next
     * user. */
    if (!x->has_identity || x->max_age_s > 0)
        return;
    buffer_append_str(headers, "X-Confab-User-Id: ");
    buffer_append_u64(headers, x->identity.user.id);
    buffer_append_str(headers, "\r\n");
}

void router_serve(struct exchange *x) {
    char allow[ALLOW_SIZE];
    unsigned allowed = 0;
    bell_write_heartbeat(x->service->publisher.bell);
    /* Both are computed before the first error, since Allow and CORS belong to every response. */
    enum error error = check_url(x);
    const struct route *route = find_route(x, &allowed);
    write_allow(allowed ? allowed : METHOD_GET, allow);
    begin_headers(x, allow);
    cors_headers(x, allow);
    if (!error && !allowed)
        error = ERROR_NOT_FOUND;
    /* OPTIONS needs no authentication, as preflights carry none (Fetch standard). */
    else if (!error && x->request->method == METHOD_OPTIONS)
        error = describe(x, allow);
    else if (!error && !route)
        error = refuse_method(x);
    else if (!error)
        error = serve_route(x, route);
    if (error)
        respond_error(x, error);
    write_pace(x, route);
    write_user_id(x);
    etag_write(x);
    /* Responses with a tag have a Cache-Control of their own. */
    if (x->etag.len == 0 || x->response.status >= 400)
        buffer_append_str(&x->response.headers, "Cache-Control: private, no-store\r\n");
}
