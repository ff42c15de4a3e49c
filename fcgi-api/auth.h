/*
 * auth: who calls, and whether the page that made the call may.
 */
#ifndef CONFAB_FCGI_API_AUTH_H
#define CONFAB_FCGI_API_AUTH_H

#include "server/exchange.h"

/* Finds the caller by token (Authorization, else X-Confab-Token), else by session cookie.
 * A token goes before the cookie, also a bad one. On success x->identity is set, with the
 * state of the room that the path names first, if it names one. On
 * ERROR_UNAUTHENTICATED the answer is set, with its WWW-Authenticate. */
enum error auth_identify(struct exchange *x);

/* Leaves the token of the request, if it has a well-formed one, to the handler: sets
 * x->token_hash and x->auth_pending. */
bool auth_by_token_later(struct exchange *x);

/* The same, with x->identity from the auth cache; false if it has none for this token and room. */
bool auth_from_cache(struct exchange *x);

/* For a request that a cookie vouches for and that may change something: the page it came
 * from, told by Origin or else Referer, must be this site's or an allowed one. On
 * ERROR_FORBIDDEN the answer is set. */
enum error auth_check_origin(struct exchange *x);

/* For a request that would set a cookie: an Origin, if there is one, must be our own or an
 * allowed one. */
enum error auth_check_foreign(struct exchange *x);

/* Adds the Set-Cookie line of a session key, or, with key NULL, the one that drops it. */
void auth_set_cookie(struct exchange *x, const char *key);

/* Finds the caller of the session cookie alone; ERROR_UNAUTHENTICATED, without an answer
 * set, if there is none. */
enum error auth_session(struct exchange *x, struct identity *identity);

/* True when the request carries a token, in whatever header, sound or not. */
bool auth_has_token(const struct exchange *x);

#endif
