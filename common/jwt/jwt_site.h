/*
 * jwt_site: the keys and rules of the configuration (jwt_keys and the other options of the site's
 * tokens).
 */
#ifndef CONFAB_COMMON_JWT_JWT_SITE_H
#define CONFAB_COMMON_JWT_JWT_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "jwt/jwt.h"
#include "jwt/jwt_keys.h"

/* Reads the file that jwt_keys names. True: *keys is to be freed with jwt_keys_free, or NULL if the
 * option is empty. False: *keys is NULL, and a line for each error is appended to problems. */
bool jwt_site_load(const struct config *config, struct jwt_keys **keys, struct buffer *problems);

/* The same without keeping the keys: for startup.h. */
bool jwt_site_check(const struct config *config, struct buffer *problems);

/* The rules for tokens at this time (seconds since 1970); valid as long as the configuration. */
struct jwt_rules jwt_site_rules(const struct config *config, int64_t now);

#endif
