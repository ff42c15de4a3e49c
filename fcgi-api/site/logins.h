/*
 * logins: what other handlers use of logins by a token of the site.
 */
#ifndef CONFAB_FCGI_API_SITE_LOGINS_H
#define CONFAB_FCGI_API_SITE_LOGINS_H

#include "server/exchange.h"

/* Authenticates the user of the request once more: by a token of the site in the field "jwt", or
 * else by the field "password". ERROR_BAD_INPUT with the error of the field if it is wrong. */
enum error logins_prove(struct exchange *x);

#endif
