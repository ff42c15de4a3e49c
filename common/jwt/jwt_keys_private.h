/*
 * jwt_keys_private: a key, for the two files that read keys: jwt_keys.c those of a file,
 * jwt_keys_jwks.c those of a JWK set.
 */
#ifndef CONFAB_COMMON_JWT_JWT_KEYS_PRIVATE_H
#define CONFAB_COMMON_JWT_JWT_KEYS_PRIVATE_H

#include <openssl/evp.h>
#include <sodium.h>

#include "base/text.h"
#include "jwt/jwt_keys.h"

struct jwt_key {
    char *kid;
    enum jwt_algorithm algorithm;
    struct text secret;                                        /* HS256; owned */
    unsigned char ed25519[crypto_sign_ed25519_PUBLICKEYBYTES]; /* EdDSA */
    EVP_PKEY *public_key;                                      /* RS256 and ES256 */
};

struct jwt_keys {
    struct jwt_key *list;
    size_t count, space;
};

/* Checks that public_key is a key for the algorithm, and for EdDSA takes it out. Returns NULL if it
 * is, else a static text that says why not. */
const char *jwt_keys_check_type(struct jwt_key *key);

/* Frees the members of a key, secrets overwritten first, but not the struct. */
void jwt_keys_free_key(struct jwt_key *key);

#endif
