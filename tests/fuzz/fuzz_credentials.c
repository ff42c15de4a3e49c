/*
 * fuzz_credentials: headers, one per line in the order of struct credentials_headers. A key is a
 * part of a header, the first header with a token takes precedence, and each cookie is found once.
 */
#include <stdint.h>
#include <string.h>

#include "../unit/support/fuzz_input.h"
#include "http/credentials.h"

static void check_token(const struct credentials_headers *headers) {
    struct credentials_headers fewer = *headers;
    struct text key, other;
    const bool found = credentials_token(headers, &key);
    if (found)
        fuzz_require(fuzz_is_inside(key, headers->authorization) ||
                         fuzz_is_inside(key, headers->redirected) ||
                         fuzz_is_inside(key, headers->protocols) ||
                         fuzz_is_inside(key, headers->own),
                     "a token is a part of a header");
    if (headers->own.len > 0 && !memchr(headers->own.at, ',', headers->own.len))
        fuzz_require(found, "X-Confab-Token without a comma is always a token");
    fewer.own = text_of("");
    if (found && !fuzz_is_inside(key, headers->own))
        fuzz_require(credentials_token(&fewer, &other) && text_equals(key, other),
                     "a header does not change what one before it says");
}

static void check_cookies(struct text cookie) {
    struct text rest = cookie, value;
    struct credentials_sessions sessions;
    size_t count = 0, most = 1;
    for (size_t i = 0; i < cookie.len; i++)
        most += cookie.at[i] == ';';
    while (credentials_next_cookie(&rest, CREDENTIALS_COOKIE, &value)) {
        fuzz_require(fuzz_is_inside(value, cookie), "a cookie is a part of the header");
        fuzz_require(!memchr(value.at, ';', value.len), "a cookie has no semicolon");
        count++;
    }
    fuzz_require(count <= most, "each cookie is found once");
    credentials_find_sessions(cookie, "chat", &sessions);
    fuzz_require(sessions.sent || count == 0, "the cookie was sent");
    fuzz_require(sessions.count <= CREDENTIALS_SESSIONS_MAX, "few are tried");
    for (size_t i = 0; i < sessions.count; i++) {
        fuzz_require(fuzz_is_inside(sessions.keys[i], cookie), "a key is a part of the header");
        fuzz_require(sessions.keys[i].len == 40, "a key is well-formed");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct text rest = {(const char *)data, size};
    const struct credentials_headers headers = {.authorization = fuzz_line(&rest),
                                                .redirected = fuzz_line(&rest),
                                                .protocols = fuzz_line(&rest),
                                                .own = fuzz_line(&rest),
                                                .cookie = fuzz_line(&rest)};
    check_token(&headers);
    check_cookies(headers.cookie);
    fuzz_free(headers.authorization);
    fuzz_free(headers.redirected);
    fuzz_free(headers.protocols);
    fuzz_free(headers.own);
    fuzz_free(headers.cookie);
    return 0;
}
