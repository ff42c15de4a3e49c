/*
 * jwt_fixture: keys, and tokens signed with them, for the tests of tokens.
 */
#ifndef CONFAB_TESTS_JWT_FIXTURE_H
#define CONFAB_TESTS_JWT_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "base/buffer.h"
#include "jwt/jwt.h"

/* The time of all tests, except those with examples of RFCs. */
#define NOW 1800000000

#define SECRET "0123456789abcdef0123456789abcdef"
#define HEADER "{\"alg\":\"HS256\",\"kid\":\"site\"}"
#define CLAIMS "{\"sub\":\"7\",\"exp\":1800000300}"

/* The public key of RFC 7515, appendix A.2, in PEM. */
extern const char jwt_test_rfc_rsa[];

/* A folder of the run, with the public keys of the RFCs and of those below in files of PEM. */
extern char jwt_test_folder[21];
extern EVP_PKEY *jwt_test_rsa, *jwt_test_ec, *jwt_test_ed;

/* Setup and teardown of a group of tests. */
int jwt_test_set_up(void **state);
int jwt_test_tear_down(void **state);

/* Writes a public key into a file of the folder. */
void jwt_test_write_public(const char *name, EVP_PKEY *key);

/* The keys of a file with this content; NULL, and the errors in problems, if it is refused. */
struct jwt_keys *jwt_test_parse(const char *content, struct buffer *problems);

/* The keys of a file with this content, which must be valid. */
struct jwt_keys *jwt_test_keys(const char *content);

/* Appends bytes in base64url, without padding. */
void jwt_test_append_base64url(struct buffer *out, const void *bytes, size_t len);

/* Appends header and claims in base64url with a dot between them. */
void jwt_test_append_parts(struct buffer *out, const char *header, const char *claims);

/* A token whose signature is the HMAC by SECRET, whatever the header says. */
struct buffer jwt_test_token(const char *header, const char *claims);

/* A token signed with a private key; an ES256 signature in the form of RFC 7518. */
struct buffer jwt_test_signed(EVP_PKEY *key, const char *header, const char *claims);

/* A copy of a token, to be given to jwt_test_assert. */
struct buffer jwt_test_copy(const char *token);

/* Any audience and issuer, and a life of 600 s. */
struct jwt_rules jwt_test_rules(int64_t now);

/* Asserts what the check of a token by a file of keys returns. The token is freed; `what` is shown
 * if the assertion fails. */
void jwt_test_assert(const char *keys_content, const struct jwt_rules *rules, struct buffer token,
                     enum jwt_error expected, const char *what);

#endif
