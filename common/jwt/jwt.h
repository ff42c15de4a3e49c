/*
 * jwt: checks a signed token of the site (RFC 7515 JWS compact serialization, RFC 7519 claims, RFC
 * 8725 best practices).
 *
 * The algorithm is that of the key; the header of the token never chooses it. No claim or header is
 * used as an address or a path, so a token cannot make the server fetch anything.
 */
#ifndef CONFAB_COMMON_JWT_JWT_H
#define CONFAB_COMMON_JWT_JWT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "jwt/jwt_keys.h"

struct json_object;

/* Longest token, in bytes; clocks may differ by this many seconds. */
#define JWT_MAX 8192
#define JWT_SKEW 60

enum jwt_error {
    JWT_VALID,
    JWT_MALFORMED,       /* not a token, or a claim of the wrong type */
    JWT_UNKNOWN_KEY,     /* no key has the kid of the header */
    JWT_WRONG_ALGORITHM, /* alg is not that of the key */
    JWT_BAD_SIGNATURE,
    JWT_EXPIRED,
    JWT_NOT_YET_VALID,
    JWT_TOO_LONG_LIVED,
    JWT_WRONG_AUDIENCE,
    JWT_WRONG_ISSUER,
    JWT_MISSING_CLAIM, /* sub or exp */
};

/* The code of an error in answers of the API; not of JWT_VALID. */
enum error_code jwt_error_code(enum jwt_error error);

struct jwt_rules {
    const char *audience; /* what aud must contain; "": not checked */
    const char *issuer;   /* what iss must be; "": not checked */
    uint64_t life;        /* most seconds from iat, or from now, to exp */
    int64_t now;          /* seconds since 1970 */
};

/* The claims of a valid token; the texts point into `object`. */
struct jwt {
    struct json_object *object;      /* all claims */
    struct text subject, issuer, id; /* sub, iss and jti; .len 0 if there is none */
    int64_t expires_at;              /* exp: seconds since 1970 */
    const struct jwt_key *key;       /* that signed it */
};

/* Checks a token. JWT_VALID: *jwt is set; free it with jwt_free. Otherwise *jwt is empty, and a
 * sentence that says what was found and what was expected is appended to why; it contains no key
 * and no signature. */
enum jwt_error jwt_check(const struct jwt_keys *keys, const struct jwt_rules *rules,
                         struct text token, struct jwt *jwt, struct buffer *why);

/* For debugging: appends the header and the claims of a token as JSON, whether or not they are
 * valid and signed; false if they cannot be decoded. */
bool jwt_show(struct text token, struct buffer *header, struct buffer *claims);

/* A likely cause of an invalid signature: one of the common mistakes in code that makes tokens;
 * NULL if none is recognized. The text is static. */
const char *jwt_signature_hint(const struct jwt_keys *keys, struct text token);

/* Frees the claims and empties *jwt. */
void jwt_free(struct jwt *jwt);

/* Appends a token with these claims, a JSON object, signed with an HS256 key; false for any other
 * key. */
bool jwt_make(const struct jwt_key *key, struct text claims, struct buffer *out);

#endif
