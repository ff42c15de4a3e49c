#include "net/handshake.h"

#include <stdio.h>
#include <string.h>

#include "net/conn_limit.h"

static const char PREFIX[] = "/ws/chat/";
static const char NOTIFICATIONS[] = "notifications";
static const char COOKIE[] = "sessionid=";
static const char OWN_PROTOCOL[] = "confab";
static const char TOKEN_PROTOCOL[] = "token.";

/* An origin has a name of at most 253 bytes in it. */
#define ORIGIN_SIZE 300

static bool skip(struct text *text, const char *beginning, size_t len) {
    if (text->len < len || memcmp(text->at, beginning, len) != 0)
        return false;
    *text = (struct text){text->at + len, text->len - len};
    return true;
}

/* Takes the piece up to `end` off the front of rest. */
static struct text next_piece(struct text *rest, char end) {
    const char *stop = rest->len ? memchr(rest->at, end, rest->len) : NULL;
    const struct text piece = {rest->at, stop ? (size_t)(stop - rest->at) : rest->len};
    const size_t used = piece.len + (stop ? 1 : 0);
    *rest = (struct text){rest->at + used, rest->len - used};
    return piece;
}

static bool is_digits(struct text text) {
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    return text.len > 0;
}

static bool read_path(struct text path, struct handshake *handshake) {
    if (!skip(&path, PREFIX, sizeof(PREFIX) - 1))
        return false;
    if (path.len > 0 && path.at[path.len - 1] == '/')
        path.len--;
    handshake->notifications = text_equals(path, text_of(NOTIFICATIONS));
    if (handshake->notifications)
        return true;
    if (!text_to_u64(path, &handshake->room_id) || handshake->room_id > INT64_MAX)
        handshake->room_id = 0;
    return is_digits(path);
}

static void read_since(struct text query, struct handshake *handshake) {
    while (query.len > 0) {
        struct text pair = next_piece(&query, '&');
        if (text_equals(pair, text_of("since")))
            pair = text_of("since=");
        if (skip(&pair, "since=", 6)) {
            handshake->has_since = true;
            handshake->since = pair;
        }
    }
}

/* ---- who ---- */

static bool read_authorization(struct text header, struct text *key) {
    if (header.len < 5 || !text_equals_nocase((struct text){header.at, 5}, text_of("token")) ||
        (header.len > 5 && header.at[5] != ' ' && header.at[5] != '\t'))
        return false;
    *key = text_trim((struct text){header.at + 5, header.len - 5});
    return true;
}

static bool read_protocols(struct text protocols, struct text *key) {
    while (protocols.len > 0) {
        struct text protocol = text_trim(next_piece(&protocols, ','));
        if (skip(&protocol, TOKEN_PROTOCOL, sizeof(TOKEN_PROTOCOL) - 1)) {
            *key = protocol;
            return true;
        }
    }
    return false;
}

static bool read_cookie(struct text cookies, struct text *key) {
    while (cookies.len > 0) {
        struct text cookie = text_trim(next_piece(&cookies, ';'));
        if (skip(&cookie, COOKIE, sizeof(COOKIE) - 1)) {
            *key = cookie;
            return true;
        }
    }
    return false;
}

bool handshake_parse(const struct handshake_input *input, struct handshake *handshake) {
    memset(handshake, 0, sizeof(*handshake));
    if (!read_path(input->path, handshake))
        return false;
    read_since(input->query, handshake);
    handshake->has_token = read_authorization(input->authorization, &handshake->key) ||
                           read_protocols(input->protocols, &handshake->key);
    if (!handshake->has_token && input->own_token.len > 0) {
        handshake->has_token = true;
        handshake->key = text_trim(input->own_token);
    }
    if (!handshake->has_token)
        handshake->has_cookie = read_cookie(input->cookie, &handshake->key);
    return true;
}

bool handshake_accepts_subprotocol(const struct handshake_input *input) {
    struct text protocols = input->protocols;
    bool named = protocols.len == 0;
    while (!named && protocols.len > 0)
        named = text_equals(text_trim(next_piece(&protocols, ',')), text_of(OWN_PROTOCOL));
    return named;
}

/* ---- from where ---- */

/* The scheme is not compared: behind a web server that ends TLS it is not known here, and
 * host and port are what tells one site from another. A port that the scheme of the origin
 * has by itself may be left out on either side. */
static bool is_own(struct text origin, struct text host) {
    const bool https = skip(&origin, "https://", 8);
    if (!https && !skip(&origin, "http://", 7))
        return false;
    const struct text port = text_of(https ? ":443" : ":80");
    struct text *const sides[] = {&origin, &host};
    for (size_t i = 0; i < 2; i++)
        if (sides[i]->len > port.len &&
            memcmp(sides[i]->at + sides[i]->len - port.len, port.at, port.len) == 0)
            sides[i]->len -= port.len;
    return host.len > 0 && text_equals_nocase(origin, host);
}

bool handshake_origin_allowed(const struct handshake_input *input,
                              const struct handshake *handshake, const char *allowed_origins) {
    char origin[ORIGIN_SIZE];
    if (!handshake->has_cookie || is_own(input->origin, input->host))
        return true;
    /* Compared whole or not at all: one cut short could be another's. */
    return text_is_valid(input->origin.at, input->origin.len) &&
           text_lower(input->origin, origin, sizeof(origin)) &&
           config_origin_listed(allowed_origins, origin);
}

void handshake_client_address(char address[HANDSHAKE_ADDRESS_SIZE], struct text forwarded,
                              const struct config *config) {
    bool believed = forwarded.len > 0 && conn_limit_is_proxy(config, address);
    while (forwarded.len > 0 && believed) {
        const char *comma = memrchr(forwarded.at, ',', forwarded.len);
        const size_t start = comma ? (size_t)(comma - forwarded.at) + 1 : 0;
        const struct text hop = {forwarded.at + start, forwarded.len - start};
        const struct text trimmed = text_trim(hop);
        if (trimmed.len == 0 || trimmed.len >= HANDSHAKE_ADDRESS_SIZE ||
            !text_is_valid(trimmed.at, trimmed.len))
            break;
        snprintf(address, HANDSHAKE_ADDRESS_SIZE, "%.*s", (int)trimmed.len, trimmed.at);
        forwarded.len = comma ? start - 1 : 0;
        believed = config_address_listed(config->trusted_proxies, address);
    }
}
