/* Parsing of Authorization, Sec-WebSocket-Protocol, X-Confab-Token and Cookie, for both programs.
 * Nothing is verified here: a key found is looked up in the database by the caller. The texts point
 * into the headers. */
#include "http/credentials.h"

#include <stdio.h>
#include <string.h>

#include "secrets/secret.h"

static const char SCHEME[] = "token";
static const char PROTOCOL[] = "token.";

/* True for a header that may have come twice: web servers join two headers of one name with a
 * comma, and which of them counts would be a guess. */
static bool has_comma(struct text header) {
    return header.len > 0 && memchr(header.at, ',', header.len) != NULL;
}

/* Reads "Token <key>"; false for another scheme. */
static bool read_authorization(struct text header, struct text *key) {
    const size_t len = sizeof(SCHEME) - 1;
    /* The scheme's case does not matter (RFC 9110, section 11.1). */
    if (header.len < len || !text_equals_nocase((struct text){header.at, len}, text_of(SCHEME)))
        return false;
    /* "Tokens abc" is another scheme. */
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
    /* Browsers cannot set headers of a WebSocket, so the token travels as a subprotocol:
     * "token.KEY". */
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
    /* Apache passes Authorization on under another name after an internal redirect. */
    if (read_authorization(headers->authorization, key) ||
        read_authorization(headers->redirected, key) || read_protocols(headers->protocols, key))
        return true;
    /* The header of its own, for hosts whose web server removes Authorization. */
    if (headers->own.len == 0 || has_comma(headers->own))
        return false;
    *key = text_trim(headers->own);
    return true;
}

bool credentials_next_cookie(struct text *rest, const char *name, struct text *value) {
    struct text pair;
    while (text_split(rest, ';', &pair)) {
        pair = text_trim(pair);
        /* The name is compared exactly: a browser may send cookies whose names begin alike. */
        if (text_skip(&pair, name) && text_skip(&pair, "=")) {
            *value = pair;
            return true;
        }
    }
    return false;
}

/* Whether a text has the form of a key; only then is the database asked for it. */
static bool is_key(struct text key) {
    return key.len == SECRET_KEY_SIZE - 1 && text_is_hex(key);
}

/* Adds the key of a session cookie, if it has the form of one and is new. */
static void add_session(struct credentials_sessions *sessions, struct text key) {
    /* Noted for the caller whether the key is valid or not. */
    sessions->sent = true;
    if (!is_key(key) || sessions->count == CREDENTIALS_SESSIONS_MAX)
        return;
    /* Browsers send one cookie for each path and domain that matches; the same value is kept
     * once. */
    for (size_t i = 0; i < sessions->count; i++)
        if (text_equals(sessions->keys[i], key))
            return;
    sessions->keys[sessions->count++] = key;
}

void credentials_find_sessions(struct text cookie, const char *name,
                               struct credentials_sessions *sessions) {
    /* The cookie with the __Host- prefix first: no other host of the domain can have set it. */
    char host_name[sizeof(CREDENTIALS_HOST_PREFIX) + 64];
    const char *const names[] = {host_name, name, CREDENTIALS_COOKIE};
    snprintf(host_name, sizeof(host_name), CREDENTIALS_HOST_PREFIX "%s", name);
    sessions->sent = false;
    sessions->count = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct text rest = cookie, value;
        /* One name may occur several times, with other values. */
        while (credentials_next_cookie(&rest, names[i], &value))
            add_session(sessions, value);
    }
}

bool credentials_cookie_name_is_valid(struct text name) {
    /* Names with __ are reserved by browsers (__Host-, __Secure-). */
    return name.len > 0 && name.len <= 64 && !(name.len > 1 && memcmp(name.at, "__", 2) == 0) &&
           text_is_all_alnum_or(name, "-_.");
}
