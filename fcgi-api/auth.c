/* Authentication by token, cookie or auth cache; origin checks; the session cookie. A token in the
 * request decides alone; cookies are looked at only without one. Requests by cookie that change
 * something must come from a page of this site or an allowed one (cross-site request forgery),
 * since browsers send cookies from anywhere. */
#include "auth.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "auth_cache.h"
#include "base/clock.h"
#include "http/cidr.h"
#include "http/credentials.h"
#include "http/origin.h"
#include "limit.h"
#include "restriction.h"
#include "store/logins/login_session.h"
#include "store/logins/token.h"
#include "store/site/site_value.h"

/* After a failure the use of credentials is not noted for this time. */
#define NOTE_AGAIN_MS 60000

/* Sets the response of a failed authentication. 401 and not 403: the client is asked for other
 * credentials. */
static enum error refuse(struct exchange *x, enum error_code code, const char *detail) {
    /* RFC 9110 wants the scheme in every 401. */
    response_header(&x->response, "WWW-Authenticate", "Token");
    return exchange_fail(x, ERROR_UNAUTHENTICATED, code, detail);
}

/* The token of the request, in any header that carries one. The key is that of the header. */
static bool find_token(const struct request *request, struct text *key) {
    /* A subprotocol is for WebSockets only. */
    const struct credentials_headers headers = {
        .authorization = text_of(request_header(request, VARIABLE_HTTP_AUTHORIZATION)),
        .redirected = text_of(request_header(request, VARIABLE_REDIRECT_HTTP_AUTHORIZATION)),
        .own = text_of(request_header(request, VARIABLE_HTTP_X_CONFAB_TOKEN))};
    return credentials_token(&headers, key);
}

bool auth_has_token(const struct exchange *x) {
    struct text key;
    return find_token(x->request, &key);
}

/* The next session cookie from *place on whose key is that of a session. */
enum error auth_session(struct exchange *x, size_t *place, struct identity *identity) {
    const struct config *config = x->service->config;
    const struct text cookie = text_of(request_header(x->request, VARIABLE_HTTP_COOKIE));
    struct credentials_sessions sessions;
    /* Unless there is another cookie. */
    enum error error = ERROR_UNAUTHENTICATED;
    credentials_find_sessions(cookie, config->cookie_name, &sessions);
    /* *place continues after the cookie found last, so that a caller can go through all. */
    while (error == ERROR_UNAUTHENTICATED && *place < sessions.count) {
        unsigned char hash[SECRET_HASH_SIZE];
        const struct text key = sessions.keys[(*place)++];
        /* Not of the form of a key: no query. */
        if (!secret_hash_key(key, hash))
            continue;
        /* ids[0] is the room of the path, 0 without one: its state comes with the same
         * statement. */
        error = login_session_find(x->service->db, hash, config->session_days, x->ids[0], identity);
        if (!error)
            x->session_key = key;
    }
    return error;
}

/* The first valid session of an active user; if there is none, one of an inactive user, so that
 * the answer can say what is wrong. */
static enum error identify_by_cookie(struct exchange *x) {
    struct identity next;
    size_t place = 0;
    enum error error = auth_session(x, &place, &x->identity);
    /* A browser may send an old cookie beside a new one. */
    while (!error && !x->identity.user.is_active) {
        const enum error next_error = auth_session(x, &place, &next);
        if (next_error == ERROR_UNAUTHENTICATED)
            break;
        if (next_error)
            return next_error;
        x->identity = next;
    }
    return error;
}

bool auth_defer(struct exchange *x) {
    struct text key;
    /* Only a well-formed token is deferred; the handler's own statement finds out whether it is
     * valid. */
    x->has_token = find_token(x->request, &key) && secret_hash_key(key, x->token_hash);
    /* The handler clears it when its statement has checked the token. */
    x->auth_pending = x->has_token;
    return x->auth_pending;
}

bool auth_from_cache(struct exchange *x) {
    /* Found: user and token are known, the statement of the handler checks them again. */
    x->has_identity = auth_defer(x) && auth_cache_find(x->service->auth_cache, x->service->db,
                                                       x->token_hash, x->ids[0], &x->identity);
    x->auth_pending = x->has_identity;
    return x->has_identity;
}

/* ---- API keys ---- */

/* Finds the key of this request and counts the request, even one that the key does not permit.
 * On an error the response is set. The hash is looked up, so that a key is compared in no other
 * way. */
static enum error find_key(struct exchange *x, struct text key) {
    unsigned char hash[SECRET_HASH_SIZE];
    enum error error = ERROR_UNAUTHENTICATED;
    if (secret_hash_api_key(key, hash))
        error = api_key_find(x->service->db, hash, &x->key);
    if (error == ERROR_UNAUTHENTICATED)
        return refuse(x, CODE_AUTHENTICATION_FAILED, "Invalid token.");
    x->has_key = !error;
    return error ? error : limit_take_key(x);
}

/* 403: the key is valid, but not for this request. */
static enum error refuse_key(struct exchange *x, enum api_key_refusal refusal) {
    return exchange_fail(x, ERROR_FORBIDDEN,
                         refusal == API_KEY_WRONG_ADDRESS ? CODE_KEY_ADDRESS : CODE_KEY_NEEDS_USER,
                         api_key_refusal_detail(refusal));
}

/* Finds the user that the key acts for; a cookie in the same request is ignored. */
static enum error identify_by_key(struct exchange *x, struct text key) {
    const struct config *config = x->service->config;
    const struct text user = text_of(request_header(x->request, VARIABLE_HTTP_X_CONFAB_USER));
    enum api_key_refusal refusal = API_KEY_ACCEPTED;
    enum error error = find_key(x, key);
    if (!error)
        error = api_key_act(x->service->db, &x->key, x->request->address, user,
                            text_of(config->jwt_issuer), x->ids[0], &x->identity, &refusal);
    if (refusal != API_KEY_ACCEPTED)
        return refuse_key(x, refusal);
    if (error)
        return error;
    /* A ban whose time is over does not refuse the user. */
    restriction_end_ban(x, &x->identity.user);
    /* Not 401: the key itself is valid. */
    if (!x->identity.user.is_active)
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_USER_INACTIVE, "User inactive or deleted.");
    x->has_identity = true;
    return ERROR_NONE;
}

enum error auth_require_key(struct exchange *x, unsigned scope) {
    char detail[80];
    struct text key;
    enum error error;
    /* 403 for users, whose credentials are valid; 401 for invalid credentials. */
    if (!find_token(x->request, &key) || !secret_is_api_key(key)) {
        error = auth_identify(x);
        /* Site moderators use the paths of moderation by their own credentials, without a key. */
        if (!error && scope == API_KEY_MODERATE && x->identity.user.is_moderator)
            return ERROR_NONE;
        return error ? error
                     : exchange_fail(x, ERROR_FORBIDDEN, CODE_KEY_REQUIRED,
                                     "This path is for API keys.");
    }
    error = find_key(x, key);
    if (error)
        return error;
    /* An address is allowed by the list of the key; without one all are. */
    if (!api_key_allows_address(&x->key, x->request->address))
        return refuse_key(x, API_KEY_WRONG_ADDRESS);
    if (scope == 0 || (x->key.scopes & scope))
        return ERROR_NONE;
    snprintf(detail, sizeof(detail), "The API key lacks the scope %s.", api_key_scope_name(scope));
    return exchange_fail(x, ERROR_FORBIDDEN, CODE_KEY_SCOPE, detail);
}

/* ---- guests ---- */

/* Signed with a secret of the site: the database can compare addresses, and shows none. */
enum error auth_guest_address(struct exchange *x, char address[GUEST_ADDRESS_SIZE]) {
    char key[SITE_VALUE_SIZE], subscriber[CIDR_SUBSCRIBER_SIZE];
    const enum error error = site_value_secret(x->service->db, "guest_address_key", key);
    if (error)
        return error;
    cidr_subscriber(x->request->address, subscriber);
    secret_sign(text_of(key), text_of(subscriber), address);
    return ERROR_NONE;
}

/* ---- users ---- */

/* The time of the last use, at most now and then (use_is_due). A request that reads is served
 * even if the database takes no changes. */
static void note_use(struct exchange *x) {
    struct service *service = x->service;
    const int64_t now = clock_monotonic_ms();
    char address[GUEST_ADDRESS_SIZE];
    if (x->identity.use_is_due && x->identity.user.is_guest && !auth_guest_address(x, address))
        guest_record_visit(service->db, x->identity.user.id, address);
    if (x->identity.use_is_due && now >= service->next_note_ms &&
        identity_note_use(service->db, &x->identity))
        service->next_note_ms = now + NOTE_AGAIN_MS;
}

enum error auth_identify(struct exchange *x) {
    struct text key;
    enum error error = ERROR_UNAUTHENTICATED;
    /* Token first, and then no cookie: what counts must not depend on the browser's state. */
    const bool by_token = find_token(x->request, &key);
    if (by_token && secret_is_api_key(key))
        return identify_by_key(x, key);
    if (by_token) {
        /* A token that is not well-formed is not looked up. */
        x->has_token = secret_hash_key(key, x->token_hash);
        if (x->has_token)
            error = token_find(x->service->db, x->token_hash, x->ids[0], &x->identity);
    } else {
        error = identify_by_cookie(x);
    }
    /* No such credential; other errors are of the database. */
    if (error == ERROR_UNAUTHENTICATED && by_token)
        return refuse(x, CODE_AUTHENTICATION_FAILED, "Invalid token.");
    if (error == ERROR_UNAUTHENTICATED)
        return refuse(x, CODE_NOT_AUTHENTICATED, NULL);
    if (error)
        return error;
    /* 401 for a disabled user as for a wrong token: the client drops its credentials. */
    if (!x->identity.user.is_active)
        return refuse(x, CODE_USER_INACTIVE, "User inactive or deleted.");
    x->has_identity = true;
    note_use(x);
    /* Send the cookie again with the new expiry time of the session. */
    if (x->identity.session_renewed)
        auth_set_cookie(x, x->session_key);
    return ERROR_NONE;
}

/* ---- without credentials ---- */

bool auth_has_credentials(const struct exchange *x) {
    const struct text cookie = text_of(request_header(x->request, VARIABLE_HTTP_COOKIE));
    struct credentials_sessions sessions;
    credentials_find_sessions(cookie, x->service->config->cookie_name, &sessions);
    return auth_has_token(x) || sessions.count > 0;
}

enum error auth_refuse_anonymous(struct exchange *x) {
    return refuse(x, CODE_NOT_AUTHENTICATED, NULL);
}

/* Requests without credentials are counted by address, so that one address cannot use more than its
 * share. */
enum error auth_anonymous(struct exchange *x, bool with_room) {
    char address[CIDR_SUBSCRIBER_SIZE];
    cidr_subscriber(x->request->address, address);
    enum error error = limit_take(x, LIMIT_REQUESTS, address);
    if (!error && with_room)
        error = room_state_get(x->service->db, x->ids[0], 0, &x->identity.room);
    if (error)
        return error;
    x->is_anonymous = true;
    /* 401, not 403: with credentials the room might be readable. */
    return with_room && !x->identity.room.is_open ? auth_refuse_anonymous(x) : ERROR_NONE;
}

/* ---- origins ---- */

/* Whether a page of this origin may use the session cookie. */
static bool is_allowed(const struct exchange *x, struct text origin) {
    /* An origin of the same host but the other scheme is another site. */
    const enum origin_scheme scheme = x->request->is_https ? ORIGIN_HTTPS : ORIGIN_HTTP;
    return origin_is_own(origin, scheme, x->request->host) ||
           origin_list_contains(x->service->config->allowed_origins, origin);
}

enum error auth_check_origin(struct exchange *x) {
    const char *header = request_header(x->request, VARIABLE_HTTP_ORIGIN);
    const char *referer = request_header(x->request, VARIABLE_HTTP_REFERER);
    struct text origin = text_of(header);
    /* Old browsers send no Origin with some requests: then the page's URL counts. */
    if (!header && !origin_of_url(text_of(referer), &origin))
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_ORIGIN_NOT_ALLOWED,
                             "CSRF Failed: a request with a cookie needs an Origin or Referer.");
    if (!is_allowed(x, origin))
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_ORIGIN_NOT_ALLOWED,
                             "CSRF Failed: the origin is not allowed.");
    return ERROR_NONE;
}

/* Does not fail a request that needs no authentication: it is a guest's or not. */
bool auth_is_guest(struct exchange *x) {
    struct text key;
    unsigned char hash[SECRET_HASH_SIZE];
    enum error error = ERROR_UNAUTHENTICATED;
    const char *origin = request_header(x->request, VARIABLE_HTTP_ORIGIN);
    if (find_token(x->request, &key)) {
        if (secret_hash_key(key, hash))
            error = token_find(x->service->db, hash, 0, &x->identity);
    } else if (origin && is_allowed(x, text_of(origin))) {
        /* A cookie counts only for pages that may use it. */
        error = identify_by_cookie(x);
    }
    if (!error && x->identity.user.is_guest && x->identity.user.is_active)
        return true;
    /* What a credential of another user has left here must not be used. */
    memset(&x->identity, 0, sizeof(x->identity));
    x->session_key = (struct text){NULL, 0};
    return false;
}

enum error auth_check_expected_user(struct exchange *x) {
    /* The page sends the id of the user that it was loaded for; another tab may have logged in as
     * another user since. */
    const char *expected = request_header(x->request, VARIABLE_HTTP_X_CONFAB_USER_ID);
    uint64_t id;
    if (expected && (!text_to_u64(text_of(expected), &id) || id != x->identity.user.id))
        return exchange_fail(x, ERROR_CONFLICT, CODE_USER_CHANGED,
                             "Another user has logged in in this browser.");
    return ERROR_NONE;
}

enum error auth_check_cookie_origin(struct exchange *x) {
    /* Without Origin the client is not a browser, or the page is of this site. */
    const char *origin = request_header(x->request, VARIABLE_HTTP_ORIGIN);
    if (origin && !is_allowed(x, text_of(origin)))
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_ORIGIN_NOT_ALLOWED,
                             "CSRF Failed: the origin is not allowed.");
    return ERROR_NONE;
}

/* ---- the cookie ---- */

/* The path below which the chat lives, such as /chat/, or / if it has characters that a cookie's
 * path cannot have. */
static struct text cookie_path(const struct request *request) {
    static const char OTHERS[] = "/-._~%+@!$&'()*";
    const struct text path = request->prefix;
    for (size_t i = 0; i < path.len; i++) {
        const char c = path.at[i];
        /* Characters that need no quoting in a Set-Cookie header (RFC 6265, section 4.1.1). */
        /* Browsers treat // in a path in different ways. */
        if (!text_is_alnum_or(c, OTHERS) || (c == '/' && i > 0 && path.at[i - 1] == '/'))
            return text_of("/");
    }
    return path.len > 0 && path.at[0] == '/' ? path : text_of("/");
}

void auth_set_cookie(struct exchange *x, struct text key) {
    const struct config *config = x->service->config;
    /* An empty key deletes the cookie: Max-Age=0. */
    const uint64_t seconds = key.len ? config->session_days * 24 * 60 * 60 : 0;
    const struct text path = cookie_path(x->request);
    const bool https = x->request->is_https;
    /* __Host- needs Secure and Path=/. HttpOnly: scripts of the page cannot read the key. */
    response_header_printf(&x->response, "Set-Cookie",
                           /* SameSite=Lax: other sites cannot send the cookie with anything but
                            * links. */
                           "%s%s=%.*s; Max-Age=%" PRIu64 "; Path=%.*s; HttpOnly; SameSite=Lax%s",
                           https && path.len == 1 ? CREDENTIALS_HOST_PREFIX : "",
                           config->cookie_name, (int)key.len, key.at, seconds, (int)path.len,
                           path.at, https ? "; Secure" : "");
}
