/*
 * handshake: what a WebSocket handshake asks for: path, query, credentials, origin.
 *
 * Plain code over texts, so that it can be fuzzed; where the texts come from is ws_handshake's.
 */
#ifndef CONFAB_PUSHD_HANDSHAKE_H
#define CONFAB_PUSHD_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "config/config.h"
#include "http/forwarded.h"

/* A parsed handshake; the texts point into its input. */
struct handshake {
    bool notifications; /* else a room */
    uint64_t room_id;   /* 0: no room can have this number */
    bool has_since;
    struct text since; /* undecoded */
    bool has_token;
    bool has_cookie;
    struct text key; /* the token, or else the session key of the cookie */
};

/* The pieces of a handshake; empty texts for what was not sent. */
struct handshake_input {
    struct text path;
    struct text query;
    struct text authorization;
    struct text own_token; /* X-Confab-Token */
    struct text protocols; /* Sec-WebSocket-Protocol */
    struct text cookie;
    struct text origin;
    struct text host;
};

/* Reads path, `since` and credentials; false if the path is none of ours. The texts of
 * *handshake point into the input. A token goes before the cookie. */
bool handshake_parse(const struct handshake_input *input, struct handshake *handshake);

/* True if the client offers no subprotocol, or ours among others. */
bool handshake_accepts_subprotocol(const struct handshake_input *input);

/* True unless the credentials are a cookie and the page it came from is neither this
 * site's nor an allowed one; no Origin at all is refused too. */
bool handshake_origin_allowed(const struct handshake_input *input,
                              const struct handshake *handshake, const char *allowed_origins);

/* Room for an address as text, with its terminator. */
#define HANDSHAKE_ADDRESS_SIZE FORWARDED_ADDRESS_SIZE

/* Replaces the address of the peer, if that is the web server or a trusted proxy, by the last
 * one of X-Forwarded-For that is no trusted proxy: what stands before it anybody may have
 * written. */
void handshake_client_address(char address[HANDSHAKE_ADDRESS_SIZE], struct text forwarded,
                              const struct config *config);

#endif
