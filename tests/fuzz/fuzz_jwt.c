/*
 * fuzz_jwt: a line with a token, then a file of keys. A token is valid only if one of the keys
 * signed it, so a random one that is valid has a known key; claims are within their limits.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/support/fuzz_input.h"
#include "base/buffer.h"
#include "jwt/jwt.h"
#include "jwt/jwt_claims.h"
#include "secrets/secret.h"
#include "store/site/external_user.h"

static const char KEYS[] = "site HS256 0123456789abcdef0123456789abcdef\n";

/* What the claims say of the user. */
static void check_user(const struct jwt *jwt) {
    struct buffer why = BUFFER_EMPTY;
    struct jwt_rooms rooms;
    struct jwt_profile profile;
    char name[USER_NAME_SIZE];
    const bool valid = jwt_claims_rooms(jwt->object, &rooms, &why);
    fuzz_require(valid ? why.len == 0 : why.len > 0, "rooms that are wrong have words");
    fuzz_require(rooms.count <= JWT_ROOMS_MAX, "rooms are limited");
    jwt_claims_profile(jwt->object, &profile);
    external_user_fit_name(profile.username, name);
    fuzz_require(!*name || text_is_username(text_of(name)), "a name is valid, or empty");
    buffer_free(&why);
}

static void check_token(const struct jwt_keys *keys, struct text token) {
    const struct jwt_rules rules = {.audience = "", .issuer = "", .life = 600, .now = 1800000000};
    struct buffer why = BUFFER_EMPTY;
    struct jwt jwt;
    if (jwt_check(keys, &rules, token, &jwt, &why) == JWT_VALID) {
        fuzz_require(why.len == 0 && jwt.key && jwt.object, "a valid token has a key");
        fuzz_require(jwt.subject.len > 0 && jwt.subject.len <= 128, "a subject is 1 to 128 bytes");
        fuzz_require(jwt.expires_at > rules.now - JWT_SKEW, "a valid token has not expired");
        check_user(&jwt);
    } else {
        fuzz_require(why.len > 0 && !jwt.object, "an error has words and no claims");
        fuzz_require(text_is_valid(why.data, why.len), "the words are UTF-8");
    }
    jwt_free(&jwt);
    buffer_free(&why);
}

/* Signs the bytes as claims: so the parser of claims is reached. */
static void check_claims(const struct jwt_keys *keys, struct text claims) {
    struct buffer token = BUFFER_EMPTY;
    fuzz_require(jwt_make(jwt_keys_at(keys, 0), claims, &token), "an HS256 key signs");
    check_token(keys, (struct text){token.data, token.len});
    buffer_free(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct text rest = {(const char *)data, size};
    const struct text line = fuzz_line(&rest);
    struct buffer problems = BUFFER_EMPTY;
    if (!secret_init())
        abort();
    struct jwt_keys *keys = jwt_keys_parse("/nonexistent/keys", text_of(KEYS), &problems);
    check_token(keys, line);
    check_claims(keys, line);
    jwt_signature_hint(keys, line);
    jwt_keys_free(keys);

    keys = jwt_keys_parse("/nonexistent/keys", rest, &problems);
    fuzz_require(keys ? problems.len == 0 : problems.len > 0, "a refused file has errors");
    if (keys) {
        check_token(keys, line);
        jwt_signature_hint(keys, line);
    }
    jwt_keys_free(keys);
    buffer_free(&problems);
    fuzz_free(line);
    return 0;
}
