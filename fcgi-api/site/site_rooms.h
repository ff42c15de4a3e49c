/*
 * site_rooms: puts a user into the rooms that a token of the site lists.
 */
#ifndef CONFAB_FCGI_API_SITE_SITE_ROOMS_H
#define CONFAB_FCGI_API_SITE_SITE_ROOMS_H

#include "jwt/jwt_claims.h"
#include "server/exchange.h"
#include "store/users/user.h"

/* Makes rooms that are missing, adds the user, changes the role, and, if the list is to be the only
 * one, removes the user from other rooms with a key. Each change is one transaction, in the name of
 * the site, and publishes its events; if nothing differs, it takes two reads and no write. A user
 * in max_rooms_user rooms is not added to more, which is not an error. ERROR_CONFLICT: the user was
 * disabled or erased meanwhile. */
enum error site_rooms_apply(struct exchange *x, const struct user *user,
                            const struct jwt_rooms *rooms);

#endif
