/* jwt: tokens that are refused: headers, claims, times and signatures that are not right. */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "support/jwt_fixture.h"
#include "support/unit.h"

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
    const struct jwt_rules rules = jwt_test_rules(NOW);
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        jwt_test_assert("site HS256 " SECRET "\nr RS256 rsa.pem", &rules,
                        jwt_test_token(cases[i].header, CLAIMS), cases[i].error, cases[i].header);
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
    const struct jwt_rules rules = jwt_test_rules(NOW);
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        jwt_test_assert("site HS256 " SECRET, &rules, jwt_test_token(HEADER, cases[i].claims),
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
    const struct jwt_rules rules = jwt_test_rules(NOW);
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        jwt_test_assert("site HS256 " SECRET, &rules, jwt_test_token(HEADER, cases[i].claims),
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
    struct jwt_rules rules = jwt_test_rules(NOW);
    rules.audience = "chat";
    rules.issuer = "shop";
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        jwt_test_assert("site HS256 " SECRET, &rules, jwt_test_token(HEADER, cases[i].claims),
                        cases[i].error, cases[i].claims);
}

/* Makes a token from a good one by changing its text. */
static void signatures_that_are_not_right_are_refused(void **state) {
    const struct jwt_rules rules = jwt_test_rules(NOW);
    struct buffer good = jwt_test_token(HEADER, CLAIMS);
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
        jwt_test_assert("site HS256 " SECRET, &rules, token, cases[i].error, cases[i].signature);
    }
    /* Bytes after a good signature, and a token without its last part. */
    struct buffer longer = BUFFER_EMPTY, shorter = BUFFER_EMPTY;
    buffer_append(&longer, good.data, good.len);
    buffer_append_str(&longer, "AAAA");
    buffer_append(&shorter, start.at, start.len - 1);
    jwt_test_assert("site HS256 " SECRET, &rules, longer, JWT_BAD_SIGNATURE, "trailing bytes");
    jwt_test_assert("site HS256 " SECRET, &rules, shorter, JWT_MALFORMED, "two parts");
    jwt_test_assert("site HS256 another-secret-of-more-than-32-bytes", &rules, good,
                    JWT_BAD_SIGNATURE, "another key");
    jwt_test_assert("site HS256 " SECRET, &rules, jwt_test_copy(""), JWT_MALFORMED, "empty");
    jwt_test_assert("site HS256 " SECRET, &rules, jwt_test_copy(".."), JWT_MALFORMED, "dots");
}

static void a_public_key_is_no_secret_of_hs256(void **state) {
    /* A token whose HMAC has the text of the public key as its secret. */
    struct buffer token = BUFFER_EMPTY;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state hmac;
    const struct jwt_rules rules = jwt_test_rules(NOW);
    (void)state;
    jwt_test_append_parts(&token, "{\"alg\":\"HS256\",\"kid\":\"r\"}", CLAIMS);
    crypto_auth_hmacsha256_init(&hmac, (const unsigned char *)jwt_test_rfc_rsa,
                                strlen(jwt_test_rfc_rsa));
    crypto_auth_hmacsha256_update(&hmac, (const unsigned char *)token.data, token.len);
    crypto_auth_hmacsha256_final(&hmac, mac);
    buffer_append_char(&token, '.');
    jwt_test_append_base64url(&token, mac, sizeof(mac));
    jwt_test_assert("r RS256 rfc-rsa.pem", &rules, token, JWT_WRONG_ALGORITHM, "HS256 by RSA key");
}

static void ecdsa_signatures_out_of_range_are_refused(void **state) {
    /* The order of P-256: a number plus the order is the same number, unreduced. */
    static const unsigned char ORDER[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
                                            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                            0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
                                            0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    unsigned char numbers[64] = {0};
    const struct jwt_rules rules = jwt_test_rules(NOW);
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct buffer token = BUFFER_EMPTY;
        jwt_test_append_parts(&token, "{\"alg\":\"ES256\"}", CLAIMS);
        memset(numbers, 0, sizeof(numbers));
        if (kind == 1)
            memcpy(numbers, ORDER, 32); /* r = n */
        if (kind == 2)
            memcpy(numbers + 32, ORDER, 32); /* s = n */
        if (kind == 3)
            memset(numbers, 0xff, sizeof(numbers));
        buffer_append_char(&token, '.');
        jwt_test_append_base64url(&token, numbers, sizeof(numbers));
        jwt_test_assert("e ES256 ec.pem", &rules, token, JWT_BAD_SIGNATURE, "out of range");
    }
    struct buffer der = jwt_test_signed(jwt_test_ec, "{\"alg\":\"ES256\"}", CLAIMS);
    der.data[der.len - 1] = der.data[der.len - 1] == 'A' ? 'Q' : 'A';
    jwt_test_assert("e ES256 ec.pem", &rules, der, JWT_BAD_SIGNATURE, "another signature");
}

static void tokens_that_are_too_long_are_refused(void **state) {
    struct buffer claims = BUFFER_EMPTY;
    const struct jwt_rules rules = jwt_test_rules(NOW);
    (void)state;
    buffer_append_str(&claims, "{\"sub\":\"7\",\"exp\":1800000300,\"x\":\"");
    while (claims.len < JWT_MAX)
        buffer_append_char(&claims, 'x');
    buffer_append_str(&claims, "\"}");
    jwt_test_assert("site HS256 " SECRET, &rules, jwt_test_token(HEADER, buffer_str(&claims)),
                    JWT_MALFORMED, "too long");
    buffer_free(&claims);
}

static void errors_say_what_was_found_and_expected(void **state) {
    static const struct {
        const char *claims, *why;
    } cases[] = {
        {"{\"sub\":\"7\",\"exp\":1799999900}", "The token expired 100 s ago."},
        {"{\"sub\":\"7\",\"exp\":1000000000000000000000000000000}",
         "The part of the claims is not valid JSON: integer beyond 64 bits."},
        {"{\"sub\":\"7\",\"exp\":1800000300000}",
         "exp is after the year 9999: it is a number of seconds since 1970."},
        {"{\"sub\":\"7\",\"sub\":\"8\"}",
         "The part of the claims is not valid JSON: it has a member twice."},
        {"[]", "The part of the claims is not valid JSON: it is not an object."},
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
    struct jwt_keys *keys = jwt_test_keys("site HS256 " SECRET);
    struct jwt_rules rules = jwt_test_rules(NOW);
    struct buffer why = BUFFER_EMPTY;
    struct jwt jwt;
    rules.audience = "chat";
    rules.issuer = "shop";
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer token = jwt_test_token(HEADER, cases[i].claims);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_that_attack_are_refused),
        cmocka_unit_test(claims_of_the_wrong_type_are_refused),
        cmocka_unit_test(times_are_compared_with_the_clock),
        cmocka_unit_test(audience_and_issuer_are_those_of_the_rules),
        cmocka_unit_test(signatures_that_are_not_right_are_refused),
        cmocka_unit_test(a_public_key_is_no_secret_of_hs256),
        cmocka_unit_test(ecdsa_signatures_out_of_range_are_refused),
        cmocka_unit_test(tokens_that_are_too_long_are_refused),
        cmocka_unit_test(errors_say_what_was_found_and_expected),
    };
    return cmocka_run_group_tests(tests, jwt_test_set_up, jwt_test_tear_down);
}
