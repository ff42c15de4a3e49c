/*
 * handshake: parses the request of a WebSocket handshake: the room, or notifications, from the
 * path, `since` from the query, and the credentials from the headers. Also the checks of origin and
 * subprotocol, and the address of the client. Plain code over texts; ws_handshake.c takes them from
 * libwebsockets.
 */
#include "net/handshake.h"

#include <string.h>

#include "http/credentials.h"
#include "http/forwarded.h"
#include "http/origin.h"
#include "net/conn_limit.h"

/* The paths are PREFIX followed by a room id or "notifications", with or without a slash at the
 * end. */
static const char PREFIX[] = "/ws/chat/";
static const char NOTIFICATIONS[] = "notifications";
/* The subprotocol that a client offers and pushd selects. A second one, "token.KEY", only carries a
 * token, since scripts in browsers cannot set headers. */
static const char OWN_PROTOCOL[] = "confab";

/* The longest word of a list that libwebsockets accepts. */
#define MAX_WORD 62

/* Reads the path; false if there is no such path, which is answered with 404. */
static bool read_path(struct text path, struct handshake *handshake) {
    if (!text_skip(&path, PREFIX))
        return false;
    if (path.len > 0 && path.at[path.len - 1] == '/')
        path.len--;
    handshake->notifications = text_equals(path, text_of(NOTIFICATIONS));
    if (handshake->notifications)
        return true;
    /* A number too large for a room is a room that does not exist, not an unknown path. */
    if (!text_to_u64(path, &handshake->room_id) || handshake->room_id > INT64_MAX)
        handshake->room_id = 0;
    return text_is_digits(path);
}

/* Reads the parameter since. It stays text here: a value that is not a number is refused with 4400
 * later, on the open socket. The last of several counts. */
static void read_since(struct text query, struct handshake *handshake) {
    struct text pair;
    while (text_split(&query, '&', &pair)) {
        if (text_equals(pair, text_of("since")))
            pair = text_of("since="); /* without a value */
        if (text_skip(&pair, "since=")) {
            handshake->has_since = true;
            handshake->since = pair;
        }
    }
}

bool handshake_parse(const struct handshake_input *input, struct handshake *handshake) {
    memset(handshake, 0, sizeof(*handshake));
    if (!read_path(input->path, handshake))
        return false;
    read_since(input->query, handshake);
    /* A token, from any of its headers, comes before the cookie: as in fcgi-api. */
    const struct credentials_headers headers = {.authorization = input->authorization,
                                                .protocols = input->protocols,
                                                .own = input->own_token};
    handshake->has_token = credentials_token(&headers, &handshake->key);
    handshake->user = text_trim(input->user);
    if (handshake->has_token)
        return true;
    /* Several cookies may have the name, since another path or domain may set one too. They are
     * kept, to be tried in turn; the first one stands for them in the limits. */
    const char *name = input->cookie_name ? input->cookie_name : CREDENTIALS_COOKIE;
    credentials_find_sessions(input->cookie, name, &handshake->sessions);
    handshake->has_cookie = handshake->sessions.sent;
    if (handshake->sessions.count > 0)
        handshake->key = handshake->sessions.keys[0];
    return true;
}

/* True for a letter, followed by letters, digits, '-', '_' and '.', MAX_WORD in all. */
static bool is_word(struct text text) {
    return text.len > 0 && text.len <= MAX_WORD && text_is_letter(*text.at) &&
           text_is_all_alnum_or(text, "-_.");
}

bool handshake_list_contains(struct text list, const char *word,
                             bool (*equals)(struct text, struct text)) {
    struct text piece;
    while (text_split(&list, ',', &piece)) {
        piece = text_trim(piece);
        if (equals(piece, text_of(word)))
            return true;
        if (!is_word(piece))
            return false;
    }
    return false;
}

bool handshake_accepts_subprotocol(const struct handshake_input *input) {
    /* A client that offers none is accepted. One that offers others only would fail the handshake
     * itself (RFC 6455, section 4.1). */
    return input->protocols.len == 0 ||
           handshake_list_contains(input->protocols, OWN_PROTOCOL, text_equals);
}

bool handshake_origin_allowed(const struct handshake_input *input,
                              const struct handshake *handshake, const char *allowed_origins) {
    /* The scheme is not compared: behind a web server that terminates TLS it is not known here. */
    return !handshake->has_cookie ||
           origin_is_own(input->origin, ORIGIN_SCHEME_UNKNOWN, input->host) ||
           origin_list_contains(allowed_origins, input->origin);
}

void handshake_client_address(char address[HANDSHAKE_ADDRESS_SIZE], struct text forwarded,
                              const struct config *config) {
    /* X-Forwarded-For is trusted only from a proxy; other clients could write any address into
     * it. */
    if (conn_limit_is_proxy(config, address))
        forwarded_address(address, forwarded, config->trusted_proxies);
}
