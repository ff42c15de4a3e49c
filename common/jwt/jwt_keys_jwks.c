/* Reading a JWK set (RFC 7517; RFC 7518, section 6; RFC 8037). The numbers of a key are base64url
 * texts; libcrypto makes a key of them and checks it. */
#include <json-c/json.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "base/array.h"
#include "base/xalloc.h"
#include "jwt/jwt_keys_private.h"
#include "json/json_text.h"
#include "json/json_validate.h"

/* Largest number of a key, in bytes: RSA of 16,384 bits. A longer one takes too long to use. */
#define NUMBER_MAX 2048

#define P256_HALF 32

/* A string of a key; NULL if it is missing. It belongs to the object. */
static struct text member(struct json_object *object, const char *name) {
    struct json_object *value = NULL;
    json_object_object_get_ex(object, name, &value);
    return json_text(value);
}

/* Decodes a member; returns its length, 0 if it is missing, empty, too long or not base64url. */
static size_t bytes_of(struct json_object *jwk, const char *name, unsigned char out[NUMBER_MAX]) {
    const struct text text = member(jwk, name);
    size_t len = 0;
    /* Without a pointer for the end, libsodium refuses characters that it does not know. */
    if (!text.at || sodium_base642bin(out, NUMBER_MAX, text.at, text.len, NULL, &len, NULL,
                                      sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return 0;
    return len;
}

/* Makes a public key of its numbers; libcrypto checks them. NULL if they are not those of a key. */
static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *builder) {
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (params && context && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    return key;
}

/* An RSA key of modulus and exponent; NULL if they are not those of one. */
static EVP_PKEY *read_rsa(struct json_object *jwk) {
    unsigned char n[NUMBER_MAX], e[NUMBER_MAX];
    const size_t n_len = bytes_of(jwk, "n", n), e_len = bytes_of(jwk, "e", e);
    /* A long exponent would make each check of a signature slow. */
    if (n_len == 0 || e_len == 0 || e_len > 8)
        return NULL;
    BIGNUM *modulus = BN_bin2bn(n, (int)n_len, NULL), *exponent = BN_bin2bn(e, (int)e_len, NULL);
    /* The builder only refers to the numbers: they are freed after the key was made. */
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (modulus && exponent && builder &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
        key = from_params("RSA", builder);
    OSSL_PARAM_BLD_free(builder);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

/* A key on P-256 of the coordinates of its point; NULL if they are not those of one. */
static EVP_PKEY *read_p256(struct json_object *jwk) {
    unsigned char x[NUMBER_MAX], y[NUMBER_MAX];
    /* An uncompressed point: 4 and both halves. */
    unsigned char point[1 + 2 * P256_HALF] = {4};
    EVP_PKEY *key = NULL;
    /* Both have leading zeros up to the full length (RFC 7518, section 6.2.1.2). */
    if (bytes_of(jwk, "x", x) != P256_HALF || bytes_of(jwk, "y", y) != P256_HALF)
        return NULL;
    memcpy(point + 1, x, P256_HALF);
    memcpy(point + 1 + P256_HALF, y, P256_HALF);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) ==
            1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)) ==
            1)
        key = from_params("EC", builder);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

/* An Ed25519 key; NULL if it does not have the length that the curve requires. */
static EVP_PKEY *read_ed25519(struct json_object *jwk) {
    unsigned char x[NUMBER_MAX];
    /* RFC 8037: x is the key itself. */
    if (bytes_of(jwk, "x", x) != crypto_sign_ed25519_PUBLICKEYBYTES)
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x,
                                       crypto_sign_ed25519_PUBLICKEYBYTES);
}

/* Reads the kind of key and the key; false if the key cannot be used. */
static bool read_numbers(struct json_object *jwk, struct jwt_key *key) {
    const struct text type = member(jwk, "kty"), curve = member(jwk, "crv");
    if (text_equals(type, text_of("RSA"))) {
        key->algorithm = JWT_RS256;
        key->public_key = read_rsa(jwk);
    } else if (text_equals(type, text_of("EC")) && text_equals(curve, text_of("P-256"))) {
        key->algorithm = JWT_ES256;
        key->public_key = read_p256(jwk);
    } else if (text_equals(type, text_of("OKP")) && text_equals(curve, text_of("Ed25519"))) {
        key->algorithm = JWT_EDDSA;
        key->public_key = read_ed25519(jwk);
    }
    /* The same rules as for the keys of the file. */
    return key->public_key && !jwt_keys_check_type(key);
}

/* "use" and "alg" are optional; if they are there, they must agree. */
static bool is_for_signatures(struct json_object *jwk, enum jwt_algorithm algorithm) {
    const struct text use = member(jwk, "use"), named = member(jwk, "alg");
    return (!use.at || text_equals(use, text_of("sig"))) &&
           (!named.at || text_equals(named, text_of(jwt_algorithm_name(algorithm))));
}

/* Everyone who can read the set could sign with such a key (RFC 7518, section 6; RFC 8037). */
static bool has_private_half(struct json_object *jwk) {
    return json_object_object_get_ex(jwk, "d", NULL);
}

/* Adds a key of the set, if it can be used here. */
static void add_key(struct jwt_keys *keys, struct json_object *jwk) {
    struct jwt_key key = {0};
    struct text kid = member(jwk, "kid");
    /* A key without a name can be tried by tokens without one. */
    if (!kid.at)
        kid = (struct text){"", 0};
    /* A key that cannot be used is left out, and the others of the set are used: sets have keys for
     * other purposes, too. */
    const bool is_new = keys->count < JWT_KEYS_MAX && kid.len <= JWT_KID_MAX &&
                        (kid.len == 0 || !jwt_keys_find(keys, kid));
    if (!is_new || !json_object_is_type(jwk, json_type_object) || has_private_half(jwk) ||
        !read_numbers(jwk, &key) || !is_for_signatures(jwk, key.algorithm)) {
        jwt_keys_free_key(&key);
        return;
    }
    key.kid = xstrndup(kid.at, kid.len);
    keys->list = array_reserve(keys->list, &keys->space, keys->count + 1, sizeof(key));
    keys->list[keys->count++] = key;
}

struct jwt_keys *jwt_keys_parse_jwks(struct text body, struct buffer *problems) {
    struct json_object *list = NULL, *object = NULL;
    struct jwt_keys *keys = NULL;
    /* The set comes from another host: it is validated before json-c reads it. */
    const char *why = json_validate(body.at, body.len, NULL);
    if (!why) {
        struct json_tokener *tokener = json_tokener_new_ex(JSON_VALIDATE_MAX_DEPTH + 2);
        object = tokener ? json_tokener_parse_ex(tokener, body.at, (int)body.len) : NULL;
        json_tokener_free(tokener);
        const bool is_set = json_object_is_type(object, json_type_object) &&
                            json_object_object_get_ex(object, "keys", &list) &&
                            json_object_is_type(list, json_type_array);
        why = is_set ? NULL : "it is not an object with an array \"keys\"";
    }
    if (why) {
        buffer_append_str(problems, "the set of keys is not valid: ");
        buffer_append_str(problems, why);
        buffer_append_char(problems, '\n');
    } else {
        keys = xcalloc(1, sizeof(*keys));
        for (size_t i = 0; i < json_object_array_length(list); i++)
            add_key(keys, json_object_array_get_idx(list, i));
    }
    json_object_put(object);
    /* A key that libcrypto has refused leaves its errors in the queue of the thread. */
    ERR_clear_error();
    return keys;
}
