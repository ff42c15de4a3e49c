/*
 * site_user: a user as the site manages it, by id.
 */
#ifndef CONFAB_COMMON_STORE_SITE_SITE_USER_H
#define CONFAB_COMMON_STORE_SITE_SITE_USER_H

#include "base/buffer.h"
#include "base/text.h"
#include "db/db.h"
#include "store/site/api_key.h"
#include "store/users/user.h"

/* Finds a user, and appends to `subject` the id that the site has for it under this issuer, if it
 * has one. ERROR_NOT_FOUND: there is no such user, or it is the site's own (external_user_site),
 * which is not managed. */
enum error site_user_find(struct db *db, uint64_t user_id, struct text issuer, struct user *user,
                          struct buffer *subject);

/* Finds the user that a request names (api_key_user_read), and whether it is a bot. ERROR_NOT_FOUND
 * if there is none, or it is the site's own. */
enum error site_user_find_named(struct db *db, const struct api_key_user *named, struct text issuer,
                                struct user *user, bool *is_bot);

#endif
