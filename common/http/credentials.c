/* Parsing of Authorization, Sec-WebSocket-Protocol, X-Confab-Token and Cookie. */
#include "http/credentials.h"

#include <string.h>

static const char SCHEME[] = "token";
static const char PROTOCOL[] = "token.";

/* True for a header that may have come twice. */
static bool has_comma(struct text header) {
    return header.len > 0 && memchr(header.at, ',', header.len) != NULL;
}

/* Reads "Token <key>"; false for another scheme. */
static bool read_authorization(struct text header, struct text *key) {
    const size_t len = sizeof(SCHEME) - 1;
    if (header.len < len || !text_equals_nocase((struct text){header.at, len}, text_of(SCHEME)))
        return false;
    if (header.len > len && header.at[len] != ' ' && header.at[len] != '\t')
        return false;
    if (has_comma(header))
        return false;
    *key = text_trim((struct text){header.at + len, header.len - len});
    return true;
}

/* Reads the first subprotocol that carries a token. */
static bool read_protocols(struct text protocols, struct text *key) {
    struct text protocol;
    while (text_split(&protocols, ',', &protocol)) {
        protocol = text_trim(protocol);
        if (text_skip(&protocol, PROTOCOL)) {
            *key = protocol;
            return true;
        }
    }
    return false;
}

bool credentials_token(const struct credentials_headers *headers, struct text *key) {
    if (read_authorization(headers->authorization, key) ||
        read_authorization(headers->redirected, key) || read_protocols(headers->protocols, key))
        return true;
    if (headers->own.len == 0 || has_comma(headers->own))
        return false;
    *key = text_trim(headers->own);
    return true;
}

bool credentials_next_cookie(struct text *rest, const char *name, struct text *value) {
    struct text pair;
    while (text_split(rest, ';', &pair)) {
        pair = text_trim(pair);
        if (text_skip(&pair, name) && text_skip(&pair, "=")) {
            *value = pair;
            return true;
        }
    }
    return false;
}

bool credentials_session(struct text cookie, struct text *key) {
    return credentials_next_cookie(&cookie, CREDENTIALS_COOKIE, key);
}
