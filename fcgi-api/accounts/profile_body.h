/*
 * profile_body: reads the fields of a profile from a body, for users who change their own and for
 * the site, which changes those of its users.
 */
#ifndef CONFAB_FCGI_API_ACCOUNTS_PROFILE_BODY_H
#define CONFAB_FCGI_API_ACCOUNTS_PROFILE_BODY_H

#include "server/exchange.h"
#include "store/users/profile.h"

/* Whether the body has any of display_name, avatar_url and locale. */
bool profile_body_is_given(const struct exchange *x);

/* Reads display_name, avatar_url and locale; null is none. Sets what is given in *profile, which
 * must start zeroed, and adds errors to x->field_errors. Texts point into the body. */
void profile_body_read(struct exchange *x, struct profile *profile);

/* Reads email, in the same way. */
void profile_body_read_email(struct exchange *x, struct profile *profile);

#endif
