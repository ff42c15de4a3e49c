/* Between the configuration and the functions for tokens, which do not depend on it. */
#include "jwt/jwt_site.h"

#include "secrets/secret.h"
#include "store/site/jwks.h"

bool jwt_site_load(const struct config *config, struct jwt_keys **keys, struct buffer *problems) {
    *keys = NULL;
    if (!*config->jwt_keys)
        return true;
    /* libsodium has to be initialised before it checks a key. */
    if (!secret_init()) {
        buffer_append_str(problems, "no source of random numbers available\n");
        return false;
    }
    *keys = jwt_keys_load(config->jwt_keys, problems);
    return *keys != NULL;
}

bool jwt_site_check(const struct config *config, struct buffer *problems) {
    struct jwt_keys *keys;
    const bool valid = jwt_site_load(config, &keys, problems);
    jwt_keys_free(keys);
    return valid;
}

bool jwt_site_has_keys(const struct config *config) {
    return *config->jwt_keys || *config->jwks_url;
}

/* Appends what the worker has fetched as keys; NULL if there is nothing yet, or it is not a set. */
static enum error read_fetched(struct db *db, const char *url, struct jwt_keys **keys) {
    struct buffer body = BUFFER_EMPTY, problems = BUFFER_EMPTY;
    int64_t fetched_at;
    const enum error error = jwks_get(db, url, &body, &fetched_at);
    *keys = !error && fetched_at
                ? jwt_keys_parse_jwks((struct text){buffer_str(&body), body.len}, &problems)
                : NULL;
    buffer_free(&body);
    buffer_free(&problems);
    return error;
}

/* The same as jwt_check with the keys of jwks_url. */
static enum error check_fetched(struct db *db, const char *url, const struct jwt_rules *rules,
                                struct text token, enum jwt_error *found, struct jwt *jwt,
                                struct buffer *why) {
    struct jwt_keys *keys;
    *found = JWT_UNKNOWN_KEY;
    enum error error = read_fetched(db, url, &keys);
    if (error)
        return error;
    if (keys)
        *found = jwt_check(keys, rules, token, jwt, why);
    else
        buffer_append_str(why, "The keys of jwks_url have not been fetched yet.");
    /* It points into the keys that are freed next. */
    jwt->key = NULL;
    jwt_keys_free(keys);
    /* Perhaps a new key; without a kid it only shows as a wrong signature. */
    if (*found == JWT_UNKNOWN_KEY || *found == JWT_BAD_SIGNATURE)
        error = jwks_request(db, url);
    return error;
}

enum error jwt_site_verify(struct db *db, const struct config *config, const struct jwt_keys *keys,
                           int64_t now, struct text token, enum jwt_error *found, struct jwt *jwt,
                           struct buffer *why) {
    const struct jwt_rules rules = {.audience = config->jwt_audience,
                                    .issuer = config->jwt_issuer,
                                    .life = config->jwt_life,
                                    .now = now};
    struct buffer other = BUFFER_EMPTY;
    enum jwt_error by_url;
    *jwt = (struct jwt){0};
    *found = JWT_UNKNOWN_KEY;
    if (keys)
        *found = jwt_check(keys, &rules, token, jwt, why);
    else if (!*config->jwks_url)
        buffer_append_str(why, "This server has no keys: jwt_keys is not set.");
    /* Only errors that another key could resolve. */
    if (!*config->jwks_url || (*found != JWT_UNKNOWN_KEY && *found != JWT_BAD_SIGNATURE &&
                               *found != JWT_WRONG_ALGORITHM))
        return ERROR_NONE;
    const enum error error =
        check_fetched(db, config->jwks_url, &rules, token, &by_url, jwt, &other);
    /* If the token names a key of the file, the error is about that key, unless a key of the URL
     * fits. */
    if (!error && (by_url == JWT_VALID || *found == JWT_UNKNOWN_KEY ||
                   (by_url != JWT_UNKNOWN_KEY && by_url != JWT_WRONG_ALGORITHM))) {
        *found = by_url;
        buffer_clear(why);
        buffer_append(why, other.data, other.len);
    }
    buffer_free(&other);
    return error;
}
