/*
 * used_jwt: the ids (jti) of the site's tokens that were used, each until its token expires; and
 * the challenges of guests (issuer "guest_work").
 */
#ifndef CONFAB_COMMON_STORE_SITE_USED_JWT_H
#define CONFAB_COMMON_STORE_SITE_USED_JWT_H

#include <stdint.h>

#include "base/text.h"
#include "db/db.h"

/* Notes that the token with this id, which expires at this time (seconds since 1970), is used.
 * ERROR_CONFLICT: it was used before. */
enum error used_jwt_add(struct db *db, struct text issuer, struct text id, int64_t expires_at);

/* Deletes up to `limit` ids of tokens that have expired; *deleted counts them. */
enum error used_jwt_purge(struct db *db, uint64_t limit, uint64_t *deleted);

#endif
