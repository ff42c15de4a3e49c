/*
 * handshake: parsing of a WebSocket handshake: path, query, credentials, origin.
 *
 * Plain code over texts, so that it can be fuzzed; ws_handshake gets the texts from
 * libwebsockets.
 */
#ifndef CONFAB_PUSHD_NET_HANDSHAKE_H
#define CONFAB_PUSHD_NET_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "config/config.h"
#include "http/credentials.h"
#include "http/forwarded.h"

/* A parsed handshake; the texts point into its input. */
struct handshake {
    bool notifications; /* else a room */
    uint64_t room_id;   /* 0: no room can have this number */
    bool has_since;
    struct text since; /* undecoded */
    bool has_token;
    bool has_cookie;
    struct text key; /* the token, or else the first session key of the cookie */
    struct credentials_sessions sessions; /* all of the cookie, if there is no token */
    struct text user;                     /* X-Confab-User, for an API key; empty: none */
    const char *address;                  /* of the client; set by ws_handshake */
};

/* The request line and headers of a handshake; an empty text for a header that was not sent. */
struct handshake_input {
    struct text path;
    struct text query;
    struct text authorization;
    struct text own_token; /* X-Confab-Token */
    struct text user;      /* X-Confab-User */
    struct text protocols; /* Sec-WebSocket-Protocol */
    struct text cookie;
    struct text origin;
    struct text host;
    const char *cookie_name; /* an option; NULL: CREDENTIALS_COOKIE */
};

/* Parses path, `since` and credentials; false if the path is unknown. The texts of *handshake
 * point into the input. A token takes precedence over the cookie. */
bool handshake_parse(const struct handshake_input *input, struct handshake *handshake);

/* Whether a header's list of words, separated by commas, has this one, compared with text_equals
 * or text_equals_nocase. False also if something else than a word precedes it: libwebsockets
 * accepts no such list. */
bool handshake_list_contains(struct text list, const char *word,
                             bool (*equals)(struct text, struct text));

/* True if the client offers no subprotocol, or confab among others. */
bool handshake_accepts_subprotocol(const struct handshake_input *input);

/* Protection against cross-site requests. False if the credentials are a cookie and the Origin
 * is neither this site nor in allowed_origins, or missing. */
bool handshake_origin_allowed(const struct handshake_input *input,
                              const struct handshake *handshake, const char *allowed_origins);

/* Room for an address as text, with its terminating null byte. */
#define HANDSHAKE_ADDRESS_SIZE FORWARDED_ADDRESS_SIZE

/* If `address`, the peer's, is the web server or a trusted proxy, replaces it by the last address
 * of X-Forwarded-For that is not a trusted proxy; clients can forge those before it. */
void handshake_client_address(char address[HANDSHAKE_ADDRESS_SIZE], struct text forwarded,
                              const struct config *config);

#endif
