/* Between the configuration and the functions for tokens, which know nothing of it. */
#include "jwt/jwt_site.h"

#include "base/secret.h"

bool jwt_site_load(const struct config *config, struct jwt_keys **keys, struct buffer *problems) {
    *keys = NULL;
    if (!*config->jwt_keys)
        return true;
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

struct jwt_rules jwt_site_rules(const struct config *config, int64_t now) {
    return (struct jwt_rules){.audience = config->jwt_audience,
                              .issuer = config->jwt_issuer,
                              .life = config->jwt_life,
                              .now = now};
}
