/*
 * auth: finds the identity of a request, and checks the origin of the page that sent it.
 */
#ifndef CONFAB_FCGI_API_AUTH_H
#define CONFAB_FCGI_API_AUTH_H

#include "server/exchange.h"
#include "store/privacy/guest.h"

/* Finds the identity by token (Authorization, else X-Confab-Token), else by session cookie. A token
 * takes precedence over the cookie, even if it is invalid. An API key in place of a token stands
 * for the user that X-Confab-User names, if it has the scope; then x->key is set too. Sets
 * x->identity, including the state of the first room in the path. On ERROR_UNAUTHENTICATED and
 * ERROR_FORBIDDEN the response is set, including WWW-Authenticate. */
enum error auth_identify(struct exchange *x);

/* For the site's own paths: the request must have an API key with this scope (0: any), and be from
 * an address that the key allows. Sets x->key. On ERROR_UNAUTHENTICATED and ERROR_FORBIDDEN the
 * response is set. */
enum error auth_require_key(struct exchange *x, unsigned scope);

/* Leaves checking the token to the handler: sets x->token_hash and x->auth_pending. False if the
 * request has no well-formed token. */
bool auth_defer(struct exchange *x);

/* The same, and sets x->identity from the auth cache. False also if the cache has no entry for this
 * token and room. */
bool auth_from_cache(struct exchange *x);

/* For requests that are authenticated by cookie and may change something: the page that sent it, by
 * Origin or else Referer, must belong to this site or an allowed origin. On ERROR_FORBIDDEN the
 * response is set. */
enum error auth_check_origin(struct exchange *x);

/* For requests that are authenticated by cookie and may change something: X-Confab-User-Id, if the
 * page sent it, must be the user's id. It differs if another user has logged in in another tab. On
 * ERROR_CONFLICT the response is set. */
enum error auth_check_expected_user(struct exchange *x);

/* For requests that set a cookie: Origin, if present, must be this site or an allowed origin. On
 * ERROR_FORBIDDEN the response is set. */
enum error auth_check_cookie_origin(struct exchange *x);

/* Adds Set-Cookie for the key of a login session; with an empty key, one that deletes the cookie.
 * Its name and path follow where the chat lives. */
void auth_set_cookie(struct exchange *x, struct text key);

/* Goes through the session cookies, ignoring tokens: finds the identity of the next valid one from
 * *place on, at first 0, and sets x->session_key. ERROR_UNAUTHENTICATED, without setting the
 * response, if there is none. */
enum error auth_session(struct exchange *x, size_t *place, struct identity *identity);

/* True if the request has a token in any header, valid or not. */
bool auth_has_token(const struct exchange *x);

/* Whether the request has a token or a session cookie, valid or not. */
bool auth_has_credentials(const struct exchange *x);

/* For a request without credentials to an open room: counts it by its address, and reads the room
 * of the path, if there is one, into x->identity.room. ERROR_NONE, and x->is_anonymous is set, if
 * that is open. */
enum error auth_anonymous(struct exchange *x, bool with_room);

/* The response to a request without credentials. */
enum error auth_refuse_anonymous(struct exchange *x);

/* The client's address (/32, or /64 for IPv6) as it is stored for guests: an HMAC. Errors are those
 * of the database. */
enum error auth_guest_address(struct exchange *x, char address[GUEST_ADDRESS_SIZE]);

/* Whether the request has the token of a guest, or the cookie and comes from a page of this site or
 * an allowed origin; then x->identity is that. For paths that need no authentication. */
bool auth_is_guest(struct exchange *x);

#endif
