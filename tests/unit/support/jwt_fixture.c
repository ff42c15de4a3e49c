/* jwt_fixture: keys that are made for each run, and those of the RFCs, in files of a folder. */
#include "jwt_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <sodium.h>

#include "secrets/secret.h"
#include "unit.h"

/* RFC 7515, appendix A.2 and A.3; RFC 8037, appendix A.2. */
const char jwt_test_rfc_rsa[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj\n"
    "NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz\n"
    "P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo\n"
    "9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB\n"
    "EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX\n"
    "FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp\n"
    "oQIDAQAB\n-----END PUBLIC KEY-----\n";
static const char RFC_EC[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
    "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
    "-----END PUBLIC KEY-----\n";
static const char RFC_ED[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
    "-----END PUBLIC KEY-----\n";
/* The point with y = 1, of order 1. */
static const char SMALL_ED[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    "-----END PUBLIC KEY-----\n";

char jwt_test_folder[] = "/tmp/test_jwt.XXXXXX";
EVP_PKEY *jwt_test_rsa, *jwt_test_ec, *jwt_test_ed;

/* Writes a file of the folder. */
static void write_file(const char *name, const char *content) {
    char path[sizeof(jwt_test_folder) + 64];
    snprintf(path, sizeof(path), "%s/%s", jwt_test_folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

void jwt_test_write_public(const char *name, EVP_PKEY *key) {
    char path[sizeof(jwt_test_folder) + 64];
    snprintf(path, sizeof(path), "%s/%s", jwt_test_folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_PUBKEY(file, key), 1);
    fclose(file);
}

int jwt_test_set_up(void **state) {
    (void)state;
    assert_true(secret_init());
    assert_non_null(mkdtemp(jwt_test_folder));
    jwt_test_rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    jwt_test_ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    jwt_test_ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    jwt_test_write_public("rsa.pem", jwt_test_rsa);
    jwt_test_write_public("ec.pem", jwt_test_ec);
    jwt_test_write_public("ed.pem", jwt_test_ed);
    write_file("rfc-rsa.pem", jwt_test_rfc_rsa);
    write_file("rfc-ec.pem", RFC_EC);
    write_file("rfc-ed.pem", RFC_ED);
    write_file("small.pem", SMALL_ED);
    write_file("not.pem", "no key\n");
    return 0;
}

int jwt_test_tear_down(void **state) {
    static const char *const FILES[] = {"rsa.pem",       "ec.pem",     "ed.pem",     "rfc-rsa.pem",
                                        "rfc-ec.pem",    "rfc-ed.pem", "small.pem",  "not.pem",
                                        "small-rsa.pem", "p384.pem",   "private.pem"};
    char path[sizeof(jwt_test_folder) + 64];
    (void)state;
    for (size_t i = 0; i < COUNT(FILES); i++) {
        snprintf(path, sizeof(path), "%s/%s", jwt_test_folder, FILES[i]);
        unlink(path);
    }
    rmdir(jwt_test_folder);
    EVP_PKEY_free(jwt_test_rsa);
    EVP_PKEY_free(jwt_test_ec);
    EVP_PKEY_free(jwt_test_ed);
    return 0;
}

/* The keys of a file with this content; NULL, and the errors in problems, if it is refused. */
struct jwt_keys *jwt_test_parse(const char *content, struct buffer *problems) {
    char path[sizeof(jwt_test_folder) + 64];
    snprintf(path, sizeof(path), "%s/keys", jwt_test_folder);
    return jwt_keys_parse(path, text_of(content), problems);
}

struct jwt_keys *jwt_test_keys(const char *content) {
    struct buffer problems = BUFFER_EMPTY;
    struct jwt_keys *keys = jwt_test_parse(content, &problems);
    if (!keys)
        fail_msg("%s", buffer_str(&problems));
    buffer_free(&problems);
    return keys;
}

void jwt_test_append_base64url(struct buffer *out, const void *bytes, size_t len) {
    const int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    const size_t size = sodium_base64_encoded_len(len, variant);
    sodium_bin2base64(buffer_reserve(out, size), size, bytes, len, variant);
    out->len += size - 1;
}

/* Appends header and claims in base64url with a dot between them. */
void jwt_test_append_parts(struct buffer *out, const char *header, const char *claims) {
    jwt_test_append_base64url(out, header, strlen(header));
    buffer_append_char(out, '.');
    jwt_test_append_base64url(out, claims, strlen(claims));
}

/* A token whose signature is the HMAC by SECRET, whatever the header says. */
struct buffer jwt_test_token(const char *header, const char *claims) {
    struct buffer token = BUFFER_EMPTY;
    unsigned char mac[JWT_MAC_SIZE];
    struct jwt_keys *keys = jwt_test_keys("x HS256 " SECRET);
    jwt_test_append_parts(&token, header, claims);
    assert_true(jwt_key_sign(jwt_keys_at(keys, 0), (struct text){token.data, token.len}, mac));
    buffer_append_char(&token, '.');
    jwt_test_append_base64url(&token, mac, sizeof(mac));
    jwt_keys_free(keys);
    return token;
}

/* A token signed with a private key; an ES256 signature in the form of RFC 7518. */
struct buffer jwt_test_signed(EVP_PKEY *key, const char *header, const char *claims) {
    struct buffer token = BUFFER_EMPTY;
    unsigned char signature[512], numbers[64];
    size_t len = sizeof(signature);
    jwt_test_append_parts(&token, header, claims);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *hash = EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
    assert_int_equal(EVP_DigestSignInit(context, NULL, hash, NULL, key), 1);
    assert_int_equal(
        EVP_DigestSign(context, signature, &len, (const unsigned char *)token.data, token.len), 1);
    EVP_MD_CTX_free(context);
    buffer_append_char(&token, '.');
    if (!EVP_PKEY_is_a(key, "EC")) {
        jwt_test_append_base64url(&token, signature, len);
        return token;
    }
    const unsigned char *der = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(pair), numbers, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(pair), numbers + 32, 32), 32);
    ECDSA_SIG_free(pair);
    jwt_test_append_base64url(&token, numbers, sizeof(numbers));
    return token;
}

struct jwt_rules jwt_test_rules(int64_t now) {
    return (struct jwt_rules){.audience = "", .issuer = "", .life = 600, .now = now};
}

/* Checks a token, and that the words of an error are there and contain no secret. */
static enum jwt_error check(const struct jwt_keys *keys, const struct jwt_rules *rules,
                            struct text token) {
    struct buffer why = BUFFER_EMPTY;
    struct jwt jwt;
    const enum jwt_error error = jwt_check(keys, rules, token, &jwt, &why);
    assert_true(error ? why.len > 0 && !jwt.object : why.len == 0 && jwt.object);
    assert_null(strstr(buffer_str(&why), SECRET));
    jwt_free(&jwt);
    buffer_free(&why);
    return error;
}

void jwt_test_assert(const char *keys_content, const struct jwt_rules *rules, struct buffer token,
                     enum jwt_error expected, const char *what) {
    struct jwt_keys *keys = jwt_test_keys(keys_content);
    const enum jwt_error error = check(keys, rules, (struct text){token.data, token.len});
    if (error != expected)
        fail_msg("%s: %s, %s was expected", what, error_code_word(jwt_error_code(error)),
                 error_code_word(jwt_error_code(expected)));
    jwt_keys_free(keys);
    buffer_free(&token);
}

struct buffer jwt_test_copy(const char *token) {
    struct buffer buffer = BUFFER_EMPTY;
    buffer_append_str(&buffer, token);
    return buffer;
}
