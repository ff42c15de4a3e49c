/*
 * jwt_keys: the keys that sign tokens of the site (RFC 7515, RFC 7518, RFC 8037).
 *
 * A file has one key in each line: its name (kid), its algorithm, and the key: for HS256 the secret
 * itself, for RS256, ES256 and EdDSA the path of a public key in PEM. A path that does not start
 * with "/" is relative to the folder of the file. A word that starts with #, at the start of a line
 * or after a key, begins a comment.
 *
 *     site-2026  HS256  a-secret-of-at-least-32-bytes-without-blanks
 *     shop       ES256  shop.pem
 */
#ifndef CONFAB_COMMON_JWT_JWT_KEYS_H
#define CONFAB_COMMON_JWT_JWT_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/text.h"

enum jwt_algorithm { JWT_NO_ALGORITHM, JWT_HS256, JWT_RS256, JWT_ES256, JWT_EDDSA };

/* The name of an algorithm in RFC 7518 and RFC 8037. */
const char *jwt_algorithm_name(enum jwt_algorithm algorithm);

/* The algorithm with this name, in the same case; JWT_NO_ALGORITHM if it is not supported. */
enum jwt_algorithm jwt_algorithm_of(struct text name);

/* Longest secret and kid, in bytes, and most keys of a file. */
#define JWT_SECRET_MIN 32
#define JWT_SECRET_MAX 1024
#define JWT_KID_MAX 128
#define JWT_KEYS_MAX 100

struct jwt_key;
struct jwt_keys;

/* Reads a file of keys. NULL if it cannot be read or any line is invalid: then a line for each
 * error is appended to problems, without the key itself. Needs secret_init. Free the result with
 * jwt_keys_free. */
struct jwt_keys *jwt_keys_load(const char *path, struct buffer *problems);

/* The same with the content of the file; `path` is its name in errors, and its folder is that of
 * relative paths. */
struct jwt_keys *jwt_keys_parse(const char *path, struct text content, struct buffer *problems);

/* Reads a JWK set (RFC 7517): the public keys in it that can sign tokens (RSA, P-256, Ed25519; use
 * "sig" or none; the algorithm is that of the kind of key, and alg must agree if it is given).
 * Others are left out, as the RFC demands, and so are private and symmetric keys. NULL, with the
 * reason appended to problems, if it is not a JWK set. A set without keys is valid. */
struct jwt_keys *jwt_keys_parse_jwks(struct text body, struct buffer *problems);

/* Frees the keys; NULL is ignored. Secrets are overwritten first. */
void jwt_keys_free(struct jwt_keys *keys);

/* The number of keys. */
size_t jwt_keys_count(const struct jwt_keys *keys);

/* The key at an index below the count. */
const struct jwt_key *jwt_keys_at(const struct jwt_keys *keys, size_t index);

/* The key with this name; NULL if there is none. */
const struct jwt_key *jwt_keys_find(const struct jwt_keys *keys, struct text kid);

/* Name and algorithm of a key. */
const char *jwt_key_kid(const struct jwt_key *key);
enum jwt_algorithm jwt_key_algorithm(const struct jwt_key *key);

/* True if the bytes are the signature of the text by this key, in the form of RFC 7518, section 3,
 * or RFC 8037, section 3.1. */
bool jwt_key_verify(const struct jwt_key *key, struct text signed_text,
                    const unsigned char *signature, size_t len);

/* For a signature that jwt_key_verify has refused: which of the usual mistakes in code that signs
 * tokens explains it, as a static text; NULL if none does. */
const char *jwt_key_hint(const struct jwt_key *key, struct text signed_text,
                         const unsigned char *signature, size_t len);

/* Sets mac to the signature of the text by an HS256 key; false for any other key. */
#define JWT_MAC_SIZE 32
bool jwt_key_sign(const struct jwt_key *key, struct text text, unsigned char mac[JWT_MAC_SIZE]);

#endif
