/*
 * jwt_site: checks tokens by the rules of the configuration, with the keys of the file jwt_keys and
 * those that the worker has fetched from jwks_url.
 */
#ifndef CONFAB_COMMON_JWT_JWT_SITE_H
#define CONFAB_COMMON_JWT_JWT_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "db/db.h"
#include "jwt/jwt.h"
#include "jwt/jwt_keys.h"

/* Reads the file that jwt_keys names. True: *keys is to be freed with jwt_keys_free, or NULL if the
 * option is empty. False: *keys is NULL, and a line for each error is appended to problems. */
bool jwt_site_load(const struct config *config, struct jwt_keys **keys, struct buffer *problems);

/* The same without keeping the keys: for startup.h. */
bool jwt_site_check(const struct config *config, struct buffer *problems);

/* True if there may be any keys. */
bool jwt_site_has_keys(const struct config *config);

/* Checks a token at this time (seconds since 1970) by the keys of the file (NULL: none), else by
 * those of jwks_url; *found, jwt and why are those of jwt_check, but jwt->key is NULL for a key of
 * jwks_url. A key that is in neither is noted, so that the worker fetches jwks_url again. Other
 * results than ERROR_NONE are of the database, which is used only with jwks_url. */
enum error jwt_site_verify(struct db *db, const struct config *config, const struct jwt_keys *keys,
                           int64_t now, struct text token, enum jwt_error *found, struct jwt *jwt,
                           struct buffer *why);

#endif
