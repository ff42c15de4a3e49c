/*
 * second_factor: a code of an authenticator app besides the password (RFC 6238), for users who have
 * turned that on.
 */
#ifndef CONFAB_FCGI_API_ACCOUNTS_SECOND_FACTOR_H
#define CONFAB_FCGI_API_ACCOUNTS_SECOND_FACTOR_H

#include "base/text.h"
#include "server/exchange.h"

/* For a login of a user whose password was right: uses up the code, one of the app or a recovery
 * code; does nothing for users without a second factor. `code` is empty if none was sent:
 * ERROR_UNAUTHENTICATED with the code code_required. `name` is the user name in lower case, by
 * which wrong codes are limited. *used becomes true if a code was used up. On ERROR_BAD_INPUT the
 * error is that of the field `code`. */
enum error second_factor_check(struct exchange *x, uint64_t user_id, const char *name,
                               struct text code, bool *used);

#endif
