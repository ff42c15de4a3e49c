/* Authentication by token, cookie or auth cache; origin checks; the session cookie. */
#include "auth.h"

#include <inttypes.h>
#include <stdio.h>

#include "auth_cache.h"
#include "http/credentials.h"
#include "http/origin.h"
#include "store/login_session.h"
#include "store/token.h"

static const char NOT_PROVIDED[] = "Authentication credentials were not provided.";
static const char INVALID_TOKEN[] = "Invalid token.";
static const char INACTIVE[] = "User inactive or deleted.";

/* Sets the response of a failed authentication. */
static enum error refuse(struct exchange *x, const char *detail) {
    response_header(&x->response, "WWW-Authenticate", "Token");
    return exchange_fail(x, ERROR_UNAUTHENTICATED, detail);
}

static bool find_token(const struct request *request, struct text *key) {
    const struct credentials_headers headers = {
        .authorization = text_of(request_header(request, VARIABLE_HTTP_AUTHORIZATION)),
        .redirected = text_of(request_header(request, VARIABLE_REDIRECT_HTTP_AUTHORIZATION)),
        .own = text_of(request_header(request, VARIABLE_HTTP_X_CONFAB_TOKEN))};
    return credentials_token(&headers, key);
}

static bool find_session(const struct request *request, struct text *key) {
    return credentials_session(text_of(request_header(request, VARIABLE_HTTP_COOKIE)), key);
}

bool auth_has_token(const struct exchange *x) {
    struct text key;
    return find_token(x->request, &key);
}

enum error auth_session(struct exchange *x, struct identity *identity) {
    unsigned char hash[SECRET_HASH_SIZE];
    struct text key;
    if (!find_session(x->request, &key) || !secret_hash_key(key, hash))
        return ERROR_UNAUTHENTICATED;
    return login_session_find(x->service->db, hash, x->service->config->session_days, x->ids[0],
                              identity);
}

bool auth_defer(struct exchange *x) {
    struct text key;
    x->has_token = find_token(x->request, &key) && secret_hash_key(key, x->token_hash);
    x->auth_pending = x->has_token;
    return x->auth_pending;
}

bool auth_from_cache(struct exchange *x) {
    x->has_identity = auth_defer(x) && auth_cache_find(x->service->auth_cache, x->service->db,
                                                       x->token_hash, x->ids[0], &x->identity);
    x->auth_pending = x->has_identity;
    return x->has_identity;
}

/* Sends the cookie again with the new expiry time of the session. */
static void renew_cookie(struct exchange *x) {
    struct text key;
    char key_str[SECRET_KEY_SIZE];
    if (!find_session(x->request, &key))
        return;
    snprintf(key_str, sizeof(key_str), "%.*s", (int)key.len, key.at);
    auth_set_cookie(x, key_str);
}

enum error auth_identify(struct exchange *x) {
    struct text key;
    enum error error = ERROR_UNAUTHENTICATED;
    const bool by_token = find_token(x->request, &key);
    if (by_token) {
        x->has_token = secret_hash_key(key, x->token_hash);
        if (x->has_token)
            error = token_find(x->service->db, x->token_hash, x->ids[0], &x->identity);
    } else {
        error = auth_session(x, &x->identity);
    }
    if (error == ERROR_UNAUTHENTICATED)
        return refuse(x, by_token ? INVALID_TOKEN : NOT_PROVIDED);
    if (error)
        return error;
    if (!x->identity.user.is_active)
        return refuse(x, INACTIVE);
    x->has_identity = true;
    if (x->identity.session_renewed)
        renew_cookie(x);
    return ERROR_NONE;
}

/* ---- origins ---- */

static bool is_allowed(const struct exchange *x, struct text origin) {
    const enum origin_scheme scheme = x->request->is_https ? ORIGIN_HTTPS : ORIGIN_HTTP;
    return origin_is_own(origin, scheme, x->request->host) ||
           origin_list_contains(x->service->config->allowed_origins, origin);
}

enum error auth_check_origin(struct exchange *x) {
    const char *header = request_header(x->request, VARIABLE_HTTP_ORIGIN);
    const char *referer = request_header(x->request, VARIABLE_HTTP_REFERER);
    struct text origin = text_of(header);
    if (!header && !origin_of_url(text_of(referer), &origin))
        return exchange_fail(x, ERROR_FORBIDDEN,
                             "CSRF Failed: a request with a cookie needs an Origin or Referer.");
    if (!is_allowed(x, origin))
        return exchange_fail(x, ERROR_FORBIDDEN, "CSRF Failed: the origin is not allowed.");
    return ERROR_NONE;
}

enum error auth_check_expected_user(struct exchange *x) {
    const char *expected = request_header(x->request, VARIABLE_HTTP_X_CONFAB_USER_ID);
    uint64_t id;
    if (expected && (!text_to_u64(text_of(expected), &id) || id != x->identity.user.id))
        return exchange_fail(x, ERROR_CONFLICT, "Another user has logged in in this browser.");
    return ERROR_NONE;
}

enum error auth_check_cookie_origin(struct exchange *x) {
    const char *origin = request_header(x->request, VARIABLE_HTTP_ORIGIN);
    if (origin && !is_allowed(x, text_of(origin)))
        return exchange_fail(x, ERROR_FORBIDDEN, "CSRF Failed: the origin is not allowed.");
    return ERROR_NONE;
}

void auth_set_cookie(struct exchange *x, const char *key) {
    const uint64_t seconds = key ? x->service->config->session_days * 24 * 60 * 60 : 0;
    response_header_printf(&x->response, "Set-Cookie",
                           CREDENTIALS_COOKIE "=%s; Max-Age=%" PRIu64
                                              "; Path=/; HttpOnly; SameSite=Lax%s",
                           key ? key : "", seconds, x->request->is_https ? "; Secure" : "");
}
