/* jwt, jwt_keys: the examples of the RFCs, attacks, claims, and files of keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <sodium.h>

#include "base/xalloc.h"
#include "jwt/jwt.h"
#include "secrets/secret.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The time of all tests, except those with examples of RFCs. */
#define NOW 1800000000

#define SECRET "0123456789abcdef0123456789abcdef"
#define HEADER "{\"alg\":\"HS256\",\"kid\":\"site\"}"
#define CLAIMS "{\"sub\":\"7\",\"exp\":1800000300}"

/* RFC 7515, appendix A.2 and A.3; RFC 8037, appendix A.2. */
static const char RFC_RSA[] =
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

/* The payload of both appendices of RFC 7515. */
#define RFC_CLAIMS                                                 \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9l" \
    "eGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

static char folder[] = "/tmp/test_jwt.XXXXXX";
static EVP_PKEY *rsa, *ec, *ed;

/* Writes a file of the folder. */
static void write_file(const char *name, const char *content) {
    char path[sizeof(folder) + 64];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static void write_public(const char *name, EVP_PKEY *key) {
    char path[sizeof(folder) + 64];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_PUBKEY(file, key), 1);
    fclose(file);
}

static int set_up(void **state) {
    (void)state;
    assert_true(secret_init());
    assert_non_null(mkdtemp(folder));
    rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    write_public("rsa.pem", rsa);
    write_public("ec.pem", ec);
    write_public("ed.pem", ed);
    write_file("rfc-rsa.pem", RFC_RSA);
    write_file("rfc-ec.pem", RFC_EC);
    write_file("rfc-ed.pem", RFC_ED);
    write_file("small.pem", SMALL_ED);
    write_file("not.pem", "no key\n");
    return 0;
}

static int tear_down(void **state) {
    static const char *const FILES[] = {"rsa.pem",       "ec.pem",     "ed.pem",     "rfc-rsa.pem",
                                        "rfc-ec.pem",    "rfc-ed.pem", "small.pem",  "not.pem",
                                        "small-rsa.pem", "p384.pem",   "private.pem"};
    char path[sizeof(folder) + 64];
    (void)state;
    for (size_t i = 0; i < COUNT(FILES); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, FILES[i]);
        unlink(path);
    }
    rmdir(folder);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(ed);
    return 0;
}

/* The keys of a file with this content; NULL, and the errors in problems, if it is refused. */
static struct jwt_keys *parse(const char *content, struct buffer *problems) {
    char path[sizeof(folder) + 64];
    snprintf(path, sizeof(path), "%s/keys", folder);
    return jwt_keys_parse(path, text_of(content), problems);
}

static struct jwt_keys *keys_of(const char *content) {
    struct buffer problems = BUFFER_EMPTY;
    struct jwt_keys *keys = parse(content, &problems);
    if (!keys)
        fail_msg("%s", buffer_str(&problems));
    buffer_free(&problems);
    return keys;
}

static void append_base64url(struct buffer *out, const void *bytes, size_t len) {
    const int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    const size_t size = sodium_base64_encoded_len(len, variant);
    sodium_bin2base64(buffer_reserve(out, size), size, bytes, len, variant);
    out->len += size - 1;
}

/* Appends header and claims in base64url with a dot between them. */
static void append_parts(struct buffer *out, const char *header, const char *claims) {
    append_base64url(out, header, strlen(header));
    buffer_append_char(out, '.');
    append_base64url(out, claims, strlen(claims));
}

/* A token whose signature is the HMAC by SECRET, whatever the header says. */
static struct buffer token_of(const char *header, const char *claims) {
    struct buffer token = BUFFER_EMPTY;
    unsigned char mac[JWT_MAC_SIZE];
    struct jwt_keys *keys = keys_of("x HS256 " SECRET);
    append_parts(&token, header, claims);
    assert_true(jwt_key_sign(jwt_keys_at(keys, 0), (struct text){token.data, token.len}, mac));
    buffer_append_char(&token, '.');
    append_base64url(&token, mac, sizeof(mac));
    jwt_keys_free(keys);
    return token;
}

/* A token signed with a private key; an ES256 signature in the form of RFC 7518. */
static struct buffer signed_token(EVP_PKEY *key, const char *header, const char *claims) {
    struct buffer token = BUFFER_EMPTY;
    unsigned char signature[512], numbers[64];
    size_t len = sizeof(signature);
    append_parts(&token, header, claims);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *hash = EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
    assert_int_equal(EVP_DigestSignInit(context, NULL, hash, NULL, key), 1);
    assert_int_equal(
        EVP_DigestSign(context, signature, &len, (const unsigned char *)token.data, token.len), 1);
    EVP_MD_CTX_free(context);
    buffer_append_char(&token, '.');
    if (!EVP_PKEY_is_a(key, "EC")) {
        append_base64url(&token, signature, len);
        return token;
    }
    const unsigned char *der = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(pair), numbers, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(pair), numbers + 32, 32), 32);
    ECDSA_SIG_free(pair);
    append_base64url(&token, numbers, sizeof(numbers));
    return token;
}

static struct jwt_rules rules_of(int64_t now) {
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

static void assert_error(const char *keys_content, const struct jwt_rules *rules,
                         struct buffer token, enum jwt_error expected, const char *what) {
    struct jwt_keys *keys = keys_of(keys_content);
    const enum jwt_error error = check(keys, rules, (struct text){token.data, token.len});
    if (error != expected)
        fail_msg("%s: %s, %s was expected", what, error_code_word(jwt_error_code(error)),
                 error_code_word(jwt_error_code(expected)));
    jwt_keys_free(keys);
    buffer_free(&token);
}

static struct buffer copy(const char *token) {
    struct buffer buffer = BUFFER_EMPTY;
    buffer_append_str(&buffer, token);
    return buffer;
}

/* ---- the examples of the RFCs ---- */

/* The claims of RFC 7515 have no sub, which is looked for after the signature was found to be
 * good. */
static void examples_of_rfc_7515_have_good_signatures(void **state) {
    const struct jwt_rules rules = rules_of(1300819000);
    char key[80] = "a1 HS256 ";
    unsigned char bytes[64];
    size_t len = 0;
    (void)state;
    assert_int_equal(sodium_base642bin(bytes, sizeof(bytes),
                                       "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtM"
                                       "N3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
                                       86, NULL, &len, NULL,
                                       sodium_base64_VARIANT_URLSAFE_NO_PADDING),
                     0);
    memcpy(key + strlen(key), bytes, len);
    assert_error(key, &rules,
                 copy("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." RFC_CLAIMS
                      ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
                 JWT_MISSING_CLAIM, "A.1");
    assert_error("a2 RS256 rfc-rsa.pem", &rules,
                 copy("eyJhbGciOiJSUzI1NiJ9." RFC_CLAIMS
                      ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0"
                      "Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyT"
                      "yWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDw"
                      "usC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5"
                      "AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"),
                 JWT_MISSING_CLAIM, "A.2");
    assert_error("a3 ES256 rfc-ec.pem", &rules,
                 copy("eyJhbGciOiJFUzI1NiJ9." RFC_CLAIMS
                      ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJq"
                      "PP3-Kg6NU1Q"),
                 JWT_MISSING_CLAIM, "A.3");
}

static void the_example_of_rfc_8037_has_a_good_signature(void **state) {
    struct jwt_keys *keys = keys_of("a EdDSA rfc-ed.pem");
    unsigned char signature[64];
    size_t len = 0;
    (void)state;
    assert_int_equal(sodium_base642bin(signature, sizeof(signature),
                                       "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iy"
                                       "lGjg5BhVsPt9g7sVvpAr_MuM0KAg",
                                       86, NULL, &len, NULL,
                                       sodium_base64_VARIANT_URLSAFE_NO_PADDING),
                     0);
    const struct text text = text_of("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc");
    assert_true(jwt_key_verify(jwt_keys_at(keys, 0), text, signature, len));
    signature[5] ^= 1;
    assert_false(jwt_key_verify(jwt_keys_at(keys, 0), text, signature, len));
    jwt_keys_free(keys);
}

/* ---- what is accepted ---- */

static void each_algorithm_is_accepted_with_and_without_kid(void **state) {
    static const char KEYS[] = "site HS256 " SECRET
                               "\n# more\n\nr RS256 rsa.pem\r\ne ES256 ec.pem\n"
                               "d EdDSA ed.pem";
    const struct jwt_rules rules = rules_of(NOW);
    (void)state;
    assert_error(KEYS, &rules, token_of(HEADER, CLAIMS), JWT_VALID, "HS256");
    assert_error(KEYS, &rules, token_of("{\"alg\":\"HS256\"}", CLAIMS), JWT_VALID, "no kid");
    assert_error(KEYS, &rules, signed_token(rsa, "{\"alg\":\"RS256\",\"kid\":\"r\"}", CLAIMS),
                 JWT_VALID, "RS256");
    assert_error(KEYS, &rules, signed_token(rsa, "{\"alg\":\"RS256\"}", CLAIMS), JWT_VALID,
                 "RS256 without kid");
    assert_error(KEYS, &rules, signed_token(ec, "{\"alg\":\"ES256\",\"kid\":\"e\"}", CLAIMS),
                 JWT_VALID, "ES256");
    assert_error(KEYS, &rules, signed_token(ed, "{\"alg\":\"EdDSA\",\"kid\":\"d\"}", CLAIMS),
                 JWT_VALID, "EdDSA");
}

static void a_hundred_keys_are_tried_without_a_kid(void **state) {
    struct buffer keys = BUFFER_EMPTY;
    const struct jwt_rules rules = rules_of(NOW);
    (void)state;
    for (int i = 0; i < JWT_KEYS_MAX - 1; i++)
        buffer_printf(&keys, "k%d HS256 %032d\n", i, i);
    buffer_append_str(&keys, "site HS256 " SECRET "\n");
    assert_error(buffer_str(&keys), &rules, token_of("{\"alg\":\"HS256\"}", CLAIMS), JWT_VALID,
                 "the last of 100");
    buffer_free(&keys);
}

static void claims_are_given_to_the_caller(void **state) {
    struct jwt_keys *keys = keys_of("site HS256 " SECRET);
    const struct jwt_rules rules = rules_of(NOW);
    struct buffer why = BUFFER_EMPTY, token = BUFFER_EMPTY;
    struct jwt jwt;
    (void)state;
    assert_true(jwt_make(
        jwt_keys_at(keys, 0),
        text_of("{\"sub\":\"7\",\"iss\":\"shop\",\"jti\":\"n1\",\"exp\":1800000300}"), &token));
    assert_int_equal(jwt_check(keys, &rules, (struct text){token.data, token.len}, &jwt, &why),
                     JWT_VALID);
    assert_true(text_equals(jwt.subject, text_of("7")));
    assert_true(text_equals(jwt.issuer, text_of("shop")));
    assert_true(text_equals(jwt.id, text_of("n1")));
    assert_int_equal(jwt.expires_at, 1800000300);
    assert_string_equal(jwt_key_kid(jwt.key), "site");
    jwt_free(&jwt);
    jwt_keys_free(keys);
    buffer_free(&token);
}

/* ---- attacks ---- */

static void headers_that_attack_are_refused(void **state) {
    static const struct {
        const char *header;
        enum jwt_error error;
    } cases[] = {
        {"{\"alg\":\"none\"}", JWT_WRONG_ALGORITHM},
        {"{\"alg\":\"None\",\"kid\":\"site\"}", JWT_WRONG_ALGORITHM},
        {"{\"alg\":\"hs256\",\"kid\":\"site\"}", JWT_WRONG_ALGORITHM},
        {"{\"alg\":\"HS512\",\"kid\":\"site\"}", JWT_WRONG_ALGORITHM},
        {"{\"alg\":\"RS256\",\"kid\":\"site\"}", JWT_WRONG_ALGORITHM},
        {"{\"alg\":\"HS256\",\"kid\":\"r\"}", JWT_WRONG_ALGORITHM},
        {"{\"alg\":\"ES256\"}", JWT_WRONG_ALGORITHM},
        {"{\"alg\":\"HS256\",\"kid\":\"other\"}", JWT_UNKNOWN_KEY},
        {"{\"alg\":\"HS256\",\"kid\":\"../../../etc/passwd\"}", JWT_UNKNOWN_KEY},
        {"{\"alg\":\"HS256\",\"kid\":\"/dev/null\"}", JWT_UNKNOWN_KEY},
        {"{\"alg\":\"HS256\",\"kid\":\"\"}", JWT_UNKNOWN_KEY},
        {"{\"alg\":\"HS256\",\"kid\":\"SITE\"}", JWT_UNKNOWN_KEY},
        {"{\"alg\":\"HS256\",\"kid\":7}", JWT_MALFORMED},
        {"{\"alg\":\"HS256\",\"kid\":null}", JWT_MALFORMED},
        {"{\"alg\":[\"HS256\"],\"kid\":\"site\"}", JWT_MALFORMED},
        {"{\"kid\":\"site\"}", JWT_MALFORMED},
        {"{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}", JWT_MALFORMED},
        {"{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}}", JWT_MALFORMED},
        {"{\"alg\":\"HS256\",\"jku\":\"https://evil.example/\"}", JWT_MALFORMED},
        {"{\"alg\":\"HS256\",\"x5u\":\"https://evil.example/\"}", JWT_MALFORMED},
        /* Unknown and harmless: ignored. */
        {"{\"alg\":\"HS256\",\"x5c\":[\"AA\"]}", JWT_VALID},
        {"{\"alg\":\"HS256\",\"x5t\":\"AA\",\"x5t#S256\":\"AA\",\"cty\":7}", JWT_VALID},
        {"{\"alg\":\"none\",\"alg\":\"HS256\"}", JWT_MALFORMED},
        {"[\"HS256\"]", JWT_MALFORMED},
        {"\"HS256\"", JWT_MALFORMED},
        {"", JWT_MALFORMED},
        {"{\"alg\":\"HS256\"} x", JWT_MALFORMED},
        {"{'alg':'HS256'}", JWT_MALFORMED},
    };
    const struct jwt_rules rules = rules_of(NOW);
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_error("site HS256 " SECRET "\nr RS256 rsa.pem", &rules,
                     token_of(cases[i].header, CLAIMS), cases[i].error, cases[i].header);
}

static void claims_of_the_wrong_type_are_refused(void **state) {
    static const struct {
        const char *claims;
        enum jwt_error error;
    } cases[] = {
        {"{\"sub\":\"7\"}", JWT_MISSING_CLAIM},
        {"{\"exp\":1800000300}", JWT_MISSING_CLAIM},
        {"{\"sub\":7,\"exp\":1800000300}", JWT_MALFORMED},
        {"{\"sub\":\"\",\"exp\":1800000300}", JWT_MALFORMED},
        {"{\"sub\":null,\"exp\":1800000300}", JWT_MALFORMED},
        {"{\"sub\":\"7\",\"exp\":\"1800000300\"}", JWT_MALFORMED},
        {"{\"sub\":\"7\",\"exp\":1800000300.5}", JWT_MALFORMED},
        {"{\"sub\":\"7\",\"exp\":1.8e9}", JWT_MALFORMED},
        {"{\"sub\":\"7\",\"exp\":1e999}", JWT_MALFORMED},
        {"{\"sub\":\"7\",\"exp\":-1}", JWT_MALFORMED},
        {"{\"sub\":\"7\",\"exp\":253402300800}", JWT_MALFORMED},
        {"{\"sub\":\"7\",\"exp\":18446744073709551615}", JWT_MALFORMED},
        {"{\"sub\":\"7\",\"exp\":99999999999999999999999}", JWT_MALFORMED},
        {"{\"sub\":\"7\",\"exp\":true}", JWT_MALFORMED},
        {"{\"sub\":\"7\",\"exp\":null}", JWT_MALFORMED},
        {"{\"sub\":\"7\",\"exp\":1800000300,\"nbf\":-5}", JWT_MALFORMED},
        {"{\"sub\":\"7\",\"exp\":1800000300,\"iat\":\"1800000000\"}", JWT_MALFORMED},
        {"{\"sub\":\"7\",\"exp\":1800000300,\"jti\":1}", JWT_MALFORMED},
        {"{\"sub\":\"7\",\"exp\":1800000300,\"iss\":[\"a\"]}", JWT_MALFORMED},
        {"{\"sub\":\"7\",\"sub\":\"1\",\"exp\":1800000300}", JWT_MALFORMED},
        {"{\"sub\":\"7\",\"exp\":1,\"exp\":1800000300}", JWT_MALFORMED},
        {"{\"sub\":\"7\",\"exp\":1800000300,\"rooms\":[{\"key\":\"a\",\"key\":\"b\"}]}",
         JWT_MALFORMED},
        {"{\"sub\":\"7\",\"\\u0073ub\":\"1\",\"exp\":1800000300}", JWT_MALFORMED},
        {"[]", JWT_MALFORMED},
    };
    const struct jwt_rules rules = rules_of(NOW);
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_error("site HS256 " SECRET, &rules, token_of(HEADER, cases[i].claims),
                     cases[i].error, cases[i].claims);
}

static void times_are_compared_with_the_clock(void **state) {
    static const struct {
        const char *claims;
        enum jwt_error error;
    } cases[] = {
        {"{\"sub\":\"7\",\"exp\":1799999941}", JWT_VALID}, /* 59 s ago */
        {"{\"sub\":\"7\",\"exp\":1799999940}", JWT_EXPIRED},
        {"{\"sub\":\"7\",\"exp\":0}", JWT_EXPIRED},
        {"{\"sub\":\"7\",\"exp\":1800000660}", JWT_VALID},
        {"{\"sub\":\"7\",\"exp\":1800000661}", JWT_TOO_LONG_LIVED},
        {"{\"sub\":\"7\",\"iat\":1800000000,\"exp\":1800000600}", JWT_VALID},
        {"{\"sub\":\"7\",\"iat\":1800000000,\"exp\":1800000601}", JWT_TOO_LONG_LIVED},
        {"{\"sub\":\"7\",\"iat\":0,\"exp\":1800000100}", JWT_TOO_LONG_LIVED},
        {"{\"sub\":\"7\",\"iat\":1800000060,\"exp\":1800000100}", JWT_VALID},
        {"{\"sub\":\"7\",\"iat\":1800000061,\"exp\":1800000100}", JWT_NOT_YET_VALID},
        {"{\"sub\":\"7\",\"nbf\":1800000060,\"exp\":1800000100}", JWT_VALID},
        {"{\"sub\":\"7\",\"nbf\":1800000061,\"exp\":1800000100}", JWT_NOT_YET_VALID},
        {"{\"sub\":\"7\",\"nbf\":1700000000,\"exp\":1800000100}", JWT_VALID},
        {"{\"sub\":\"7\",\"exp\":253402300799}", JWT_TOO_LONG_LIVED},
    };
    const struct jwt_rules rules = rules_of(NOW);
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_error("site HS256 " SECRET, &rules, token_of(HEADER, cases[i].claims),
                     cases[i].error, cases[i].claims);
}

static void audience_and_issuer_are_those_of_the_rules(void **state) {
    static const struct {
        const char *claims;
        enum jwt_error error;
    } cases[] = {
        {"{\"iss\":\"shop\",\"aud\":\"chat\",\"sub\":\"7\",\"exp\":1800000300}", JWT_VALID},
        {"{\"iss\":\"shop\",\"aud\":[\"x\",\"chat\"],\"sub\":\"7\",\"exp\":1800000300}", JWT_VALID},
        {"{\"iss\":\"shop\",\"aud\":\"chats\",\"sub\":\"7\",\"exp\":1800000300}",
         JWT_WRONG_AUDIENCE},
        {"{\"iss\":\"shop\",\"aud\":[],\"sub\":\"7\",\"exp\":1800000300}", JWT_WRONG_AUDIENCE},
        {"{\"iss\":\"shop\",\"aud\":[[\"chat\"]],\"sub\":\"7\",\"exp\":1800000300}",
         JWT_WRONG_AUDIENCE},
        {"{\"iss\":\"shop\",\"aud\":7,\"sub\":\"7\",\"exp\":1800000300}", JWT_WRONG_AUDIENCE},
        {"{\"iss\":\"shop\",\"sub\":\"7\",\"exp\":1800000300}", JWT_WRONG_AUDIENCE},
        {"{\"iss\":\"Shop\",\"aud\":\"chat\",\"sub\":\"7\",\"exp\":1800000300}", JWT_WRONG_ISSUER},
        {"{\"aud\":\"chat\",\"sub\":\"7\",\"exp\":1800000300}", JWT_WRONG_ISSUER},
    };
    struct jwt_rules rules = rules_of(NOW);
    rules.audience = "chat";
    rules.issuer = "shop";
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_error("site HS256 " SECRET, &rules, token_of(HEADER, cases[i].claims),
                     cases[i].error, cases[i].claims);
}

/* Makes a token from a good one by changing its text. */
static void signatures_that_are_not_right_are_refused(void **state) {
    const struct jwt_rules rules = rules_of(NOW);
    struct buffer good = token_of(HEADER, CLAIMS);
    (void)state;
    const struct text signature = {strrchr(buffer_str(&good), '.') + 1, 43};
    const struct text start = {good.data, good.len - signature.len};

    static const struct {
        const char *signature;
        enum jwt_error error;
    } cases[] = {
        {"", JWT_BAD_SIGNATURE},
        {"AAAA", JWT_BAD_SIGNATURE},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", JWT_BAD_SIGNATURE},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", JWT_MALFORMED},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB", JWT_MALFORMED}, /* stray bits */
        {"AAAAA", JWT_MALFORMED},
        {"AA/A", JWT_MALFORMED},
        {"AA+A", JWT_MALFORMED},
        {"AA A", JWT_MALFORMED},
        {"AAAA\n", JWT_MALFORMED},
        {".AAAA", JWT_MALFORMED},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer token = BUFFER_EMPTY;
        buffer_append(&token, start.at, start.len);
        buffer_append_str(&token, cases[i].signature);
        assert_error("site HS256 " SECRET, &rules, token, cases[i].error, cases[i].signature);
    }
    /* Bytes after a good signature, and a token without its last part. */
    struct buffer longer = BUFFER_EMPTY, shorter = BUFFER_EMPTY;
    buffer_append(&longer, good.data, good.len);
    buffer_append_str(&longer, "AAAA");
    buffer_append(&shorter, start.at, start.len - 1);
    assert_error("site HS256 " SECRET, &rules, longer, JWT_BAD_SIGNATURE, "trailing bytes");
    assert_error("site HS256 " SECRET, &rules, shorter, JWT_MALFORMED, "two parts");
    assert_error("site HS256 another-secret-of-more-than-32-bytes", &rules, good, JWT_BAD_SIGNATURE,
                 "another key");
    assert_error("site HS256 " SECRET, &rules, copy(""), JWT_MALFORMED, "empty");
    assert_error("site HS256 " SECRET, &rules, copy(".."), JWT_MALFORMED, "dots");
}

static void a_public_key_is_no_secret_of_hs256(void **state) {
    /* A token whose HMAC has the text of the public key as its secret. */
    struct buffer token = BUFFER_EMPTY;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state hmac;
    const struct jwt_rules rules = rules_of(NOW);
    (void)state;
    append_parts(&token, "{\"alg\":\"HS256\",\"kid\":\"r\"}", CLAIMS);
    crypto_auth_hmacsha256_init(&hmac, (const unsigned char *)RFC_RSA, sizeof(RFC_RSA) - 1);
    crypto_auth_hmacsha256_update(&hmac, (const unsigned char *)token.data, token.len);
    crypto_auth_hmacsha256_final(&hmac, mac);
    buffer_append_char(&token, '.');
    append_base64url(&token, mac, sizeof(mac));
    assert_error("r RS256 rfc-rsa.pem", &rules, token, JWT_WRONG_ALGORITHM, "HS256 by RSA key");
}

static void ecdsa_signatures_out_of_range_are_refused(void **state) {
    /* The order of P-256: a number plus the order is the same number, unreduced. */
    static const unsigned char ORDER[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
                                            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                            0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
                                            0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    unsigned char numbers[64] = {0};
    const struct jwt_rules rules = rules_of(NOW);
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct buffer token = BUFFER_EMPTY;
        append_parts(&token, "{\"alg\":\"ES256\"}", CLAIMS);
        memset(numbers, 0, sizeof(numbers));
        if (kind == 1)
            memcpy(numbers, ORDER, 32); /* r = n */
        if (kind == 2)
            memcpy(numbers + 32, ORDER, 32); /* s = n */
        if (kind == 3)
            memset(numbers, 0xff, sizeof(numbers));
        buffer_append_char(&token, '.');
        append_base64url(&token, numbers, sizeof(numbers));
        assert_error("e ES256 ec.pem", &rules, token, JWT_BAD_SIGNATURE, "out of range");
    }
    struct buffer der = signed_token(ec, "{\"alg\":\"ES256\"}", CLAIMS);
    der.data[der.len - 1] = der.data[der.len - 1] == 'A' ? 'Q' : 'A';
    assert_error("e ES256 ec.pem", &rules, der, JWT_BAD_SIGNATURE, "another signature");
}

static void tokens_that_are_too_long_are_refused(void **state) {
    struct buffer claims = BUFFER_EMPTY;
    const struct jwt_rules rules = rules_of(NOW);
    (void)state;
    buffer_append_str(&claims, "{\"sub\":\"7\",\"exp\":1800000300,\"x\":\"");
    while (claims.len < JWT_MAX)
        buffer_append_char(&claims, 'x');
    buffer_append_str(&claims, "\"}");
    assert_error("site HS256 " SECRET, &rules, token_of(HEADER, buffer_str(&claims)), JWT_MALFORMED,
                 "too long");
    buffer_free(&claims);
}

static void errors_say_what_was_found_and_expected(void **state) {
    static const struct {
        const char *claims, *why;
    } cases[] = {
        {"{\"sub\":\"7\",\"exp\":1799999900}", "The token expired 100 s ago."},
        {"{\"sub\":\"7\",\"exp\":1000000000000000000000000000000}",
         "The part of the claims is no valid JSON: integer beyond 64 bits."},
        {"{\"sub\":\"7\",\"exp\":1800000300000}",
         "exp is after the year 9999: it is a number of seconds since 1970."},
        {"{\"sub\":\"7\",\"sub\":\"8\"}",
         "The part of the claims is no valid JSON: it has a member twice."},
        {"[]", "The part of the claims is no valid JSON: it is not an object."},
        {"{\"sub\":\"7\",\"exp\":1800000100,\"aud\":\"chat\"}",
         "iss is missing, \"shop\" was expected."},
        {"{\"sub\":\"7\",\"exp\":1800000100,\"iss\":\"shop\"}",
         "aud is missing, \"chat\" was expected."},
        {"{\"sub\":\"7\",\"exp\":1800000100,\"iss\":\"shop\",\"aud\":7}",
         "aud is neither a string nor a list, \"chat\" was expected."},
        {"{\"sub\":\"7\",\"exp\":1800000100,\"iss\":\"shop\",\"aud\":[7]}",
         "aud is a list without strings, \"chat\" was expected."},
        {"{\"sub\":\"7\",\"exp\":1800000100,\"iss\":\"shop\",\"aud\":\"x\\n\"}",
         "aud is \"x?\", \"chat\" was expected."},
    };
    struct jwt_keys *keys = keys_of("site HS256 " SECRET);
    struct jwt_rules rules = rules_of(NOW);
    struct buffer why = BUFFER_EMPTY;
    struct jwt jwt;
    rules.audience = "chat";
    rules.issuer = "shop";
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer token = token_of(HEADER, cases[i].claims);
        buffer_clear(&why);
        jwt_check(keys, &rules, (struct text){token.data, token.len}, &jwt, &why);
        assert_string_equal(buffer_str(&why), cases[i].why);
        buffer_free(&token);
    }
    buffer_clear(&why);
    jwt_check(keys, &rules, text_of("a.\xc3\xa9.c"), &jwt, &why);
    assert_string_equal(buffer_str(&why), "The token has a character that is not ASCII at byte 2.");
    buffer_free(&why);
    jwt_keys_free(keys);
}

/* ---- files of keys ---- */

static EVP_PKEY *rsa_with_exponent_one(void) {
    EVP_PKEY *good = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048), *weak = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *modulus = NULL;
    assert_int_equal(EVP_PKEY_get_bn_param(good, OSSL_PKEY_PARAM_RSA_N, &modulus), 1);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, BN_value_one());
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
    assert_int_equal(EVP_PKEY_fromdata(context, &weak, EVP_PKEY_PUBLIC_KEY, parameters), 1);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(good);
    BN_free(modulus);
    return weak;
}

static void files_with_errors_are_refused(void **state) {
    EVP_PKEY *small = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    EVP_PKEY *p384 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
    char path[sizeof(folder) + 64];
    EVP_PKEY *weak = rsa_with_exponent_one();
    write_public("small-rsa.pem", small);
    write_public("weak-rsa.pem", weak);
    write_public("p384.pem", p384);
    snprintf(path, sizeof(path), "%s/private.pem", folder);
    FILE *file = fopen(path, "w");
    assert_int_equal(PEM_write_PrivateKey(file, ec, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
    static const struct {
        const char *content, *words;
    } cases[] = {
        {"", "there is no key"},
        {"# only a comment\n", "there is no key"},
        {"site HS256", "line 1: a line has three words"},
        {"site HS256 " SECRET " more", "three words"},
        {"site HS256 tooshort", "32 to 1,024 bytes"},
        {"site HS384 " SECRET, "HS256, RS256, ES256 or EdDSA"},
        {"site none x", "HS256, RS256, ES256 or EdDSA"},
        {"site hs256 " SECRET, "HS256, RS256, ES256 or EdDSA"},
        {"site HS256 " SECRET "\nsite HS256 " SECRET, "line 2: the name is used twice"},
        {"r RS256 missing.pem", "cannot open"},
        {"r RS256 not.pem", "no public key in PEM"},
        {"e ES256 private.pem", "-pubout"},
        {"r RS256 ec.pem", "not an RSA key"},
        {"r RS256 small-rsa.pem", "2,048 bits"},
        {"r RS256 weak-rsa.pem", "at least 3"},
        {"e ES256 rsa.pem", "P-256"},
        {"e ES256 p384.pem", "P-256"},
        {"d EdDSA ec.pem", "not an Ed25519 key"},
        {"d EdDSA small.pem", "not a valid Ed25519 public key"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer problems = BUFFER_EMPTY;
        struct jwt_keys *keys = parse(cases[i].content, &problems);
        if (keys || !strstr(buffer_str(&problems), cases[i].words))
            fail_msg("'%s': %s", cases[i].content, buffer_str(&problems));
        if (strstr(buffer_str(&problems), SECRET) || strstr(buffer_str(&problems), "tooshort"))
            fail_msg("the secret is in: %s", buffer_str(&problems));
        buffer_free(&problems);
    }
    EVP_PKEY_free(small);
    EVP_PKEY_free(weak);
    EVP_PKEY_free(p384);
}

static void a_file_that_is_missing_is_reported(void **state) {
    struct buffer problems = BUFFER_EMPTY;
    (void)state;
    assert_null(jwt_keys_load("/nonexistent/keys", &problems));
    assert_non_null(strstr(buffer_str(&problems), "/nonexistent/keys: cannot open the file"));
    buffer_free(&problems);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_of_rfc_7515_have_good_signatures),
        cmocka_unit_test(the_example_of_rfc_8037_has_a_good_signature),
        cmocka_unit_test(each_algorithm_is_accepted_with_and_without_kid),
        cmocka_unit_test(a_hundred_keys_are_tried_without_a_kid),
        cmocka_unit_test(claims_are_given_to_the_caller),
        cmocka_unit_test(headers_that_attack_are_refused),
        cmocka_unit_test(claims_of_the_wrong_type_are_refused),
        cmocka_unit_test(times_are_compared_with_the_clock),
        cmocka_unit_test(audience_and_issuer_are_those_of_the_rules),
        cmocka_unit_test(signatures_that_are_not_right_are_refused),
        cmocka_unit_test(a_public_key_is_no_secret_of_hs256),
        cmocka_unit_test(ecdsa_signatures_out_of_range_are_refused),
        cmocka_unit_test(tokens_that_are_too_long_are_refused),
        cmocka_unit_test(errors_say_what_was_found_and_expected),
        cmocka_unit_test(files_with_errors_are_refused),
        cmocka_unit_test(a_file_that_is_missing_is_reported),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
