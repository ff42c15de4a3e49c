/*
 * site_profile: keeps the profile of a user as the site's tokens describe it.
 */
#ifndef CONFAB_FCGI_API_SITE_SITE_PROFILE_H
#define CONFAB_FCGI_API_SITE_SITE_PROFILE_H

#include <stdbool.h>

#include "jwt/jwt_claims.h"
#include "server/exchange.h"
#include "store/users/user.h"

/* Sets what the claims give and what differs; claims that do not fit are left out. A new user
 * without a display name gets the user name that the site asked for as its display name. */
enum error site_profile_apply(struct exchange *x, const struct user *user, bool is_new,
                              const struct jwt_profile *claims);

#endif
