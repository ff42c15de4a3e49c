/*
 * credentials: the token or session key that a request carries.
 *
 * Texts are borrowed from the headers. What is found here is not checked: the caller hashes the
 * key and looks it up.
 */
#ifndef CONFAB_CREDENTIALS_H
#define CONFAB_CREDENTIALS_H

#include <stdbool.h>

#include "base/text.h"

/* The cookie that has the session key, unless cookie_name is another; and the prefix of its name
 * over https at the root of a site: browsers take such a cookie from this very host only (RFC
 * 6265bis, section 4.1.3.2), so that no other host of the domain can set it. */
#define CREDENTIALS_COOKIE "sessionid"
#define CREDENTIALS_HOST_PREFIX "__Host-"

/* Most session keys of a request that are tried. */
#define CREDENTIALS_SESSIONS_MAX 8

/* The session keys that a request carries. */
struct credentials_sessions {
    bool sent;    /* there is a cookie of a name that counts, perhaps of another application */
    size_t count; /* well-formed keys, each once, in the order in which they are to be tried */
    struct text keys[CREDENTIALS_SESSIONS_MAX];
};

/* The values of the headers that can carry credentials; an empty text for one that was not
 * sent. Web servers join a header that came twice with a comma: Authorization and X-Confab-Token
 * with one count as not sent. */
struct credentials_headers {
    struct text authorization;
    struct text redirected; /* REDIRECT_HTTP_AUTHORIZATION: Authorization under the name that
                             * Apache's usual configuration for CGI programs gives it */
    struct text protocols;  /* Sec-WebSocket-Protocol, where a browser puts "token.<key>" */
    struct text own;        /* X-Confab-Token */
    struct text cookie;
};

/* Finds the token: in Authorization (scheme Token, in any case), else in its redirected form, else
 * in the subprotocols, else in X-Confab-Token. Another scheme in Authorization does not hide the
 * others, so that a site may be protected by Basic authentication as well. False if the request has
 * no token; a token may be empty. A token takes precedence over the cookie, even if it is
 * invalid. */
bool credentials_token(const struct credentials_headers *headers, struct text *key);

/* Takes the next cookie of this name off the front of *rest, at first the whole Cookie header
 * (RFC 6265, section 4.2.1), and sets *value; false if there is none. */
bool credentials_next_cookie(struct text *rest, const char *name, struct text *value);

/* Finds the session keys in a Cookie header: of cookies named __Host-NAME, then NAME, then
 * CREDENTIALS_COOKIE. There may be several of one name, of other applications at the parent domain
 * or path, in any order. */
void credentials_find_sessions(struct text cookie, const char *name,
                               struct credentials_sessions *sessions);

/* True for a name that a cookie can have here: letters, digits, '-', '_' and '.', without a prefix
 * of its own. */
bool credentials_cookie_name_is_valid(struct text name);

#endif
