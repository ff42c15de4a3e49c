/* jwt, jwt_keys: the examples of the RFCs, claims, and files of keys. */
#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <sodium.h>

#include "support/jwt_fixture.h"
#include "support/unit.h"

/* The payload of both appendices of RFC 7515. */
#define RFC_CLAIMS                                                 \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9l" \
    "eGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

/* ---- the examples of the RFCs ---- */

/* The claims of RFC 7515 have no sub, which is looked for after the signature was found to be
 * good. */
static void examples_of_rfc_7515_have_good_signatures(void **state) {
    const struct jwt_rules rules = jwt_test_rules(1300819000);
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
    jwt_test_assert(key, &rules,
                    jwt_test_copy("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." RFC_CLAIMS
                                  ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
                    JWT_MISSING_CLAIM, "A.1");
    jwt_test_assert(
        "a2 RS256 rfc-rsa.pem", &rules,
        jwt_test_copy("eyJhbGciOiJSUzI1NiJ9." RFC_CLAIMS
                      ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0"
                      "Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyT"
                      "yWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDw"
                      "usC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5"
                      "AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"),
        JWT_MISSING_CLAIM, "A.2");
    jwt_test_assert(
        "a3 ES256 rfc-ec.pem", &rules,
        jwt_test_copy("eyJhbGciOiJFUzI1NiJ9." RFC_CLAIMS
                      ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJq"
                      "PP3-Kg6NU1Q"),
        JWT_MISSING_CLAIM, "A.3");
}

static void the_example_of_rfc_8037_has_a_good_signature(void **state) {
    struct jwt_keys *keys = jwt_test_keys("a EdDSA rfc-ed.pem");
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
    const struct jwt_rules rules = jwt_test_rules(NOW);
    (void)state;
    jwt_test_assert(KEYS, &rules, jwt_test_token(HEADER, CLAIMS), JWT_VALID, "HS256");
    jwt_test_assert(KEYS, &rules, jwt_test_token("{\"alg\":\"HS256\"}", CLAIMS), JWT_VALID,
                    "no kid");
    jwt_test_assert(KEYS, &rules,
                    jwt_test_signed(jwt_test_rsa, "{\"alg\":\"RS256\",\"kid\":\"r\"}", CLAIMS),
                    JWT_VALID, "RS256");
    jwt_test_assert(KEYS, &rules, jwt_test_signed(jwt_test_rsa, "{\"alg\":\"RS256\"}", CLAIMS),
                    JWT_VALID, "RS256 without kid");
    jwt_test_assert(KEYS, &rules,
                    jwt_test_signed(jwt_test_ec, "{\"alg\":\"ES256\",\"kid\":\"e\"}", CLAIMS),
                    JWT_VALID, "ES256");
    jwt_test_assert(KEYS, &rules,
                    jwt_test_signed(jwt_test_ed, "{\"alg\":\"EdDSA\",\"kid\":\"d\"}", CLAIMS),
                    JWT_VALID, "EdDSA");
}

static void a_hundred_keys_are_tried_without_a_kid(void **state) {
    struct buffer keys = BUFFER_EMPTY;
    const struct jwt_rules rules = jwt_test_rules(NOW);
    (void)state;
    for (int i = 0; i < JWT_KEYS_MAX - 1; i++)
        buffer_printf(&keys, "k%d HS256 %032d\n", i, i);
    buffer_append_str(&keys, "site HS256 " SECRET "\n");
    jwt_test_assert(buffer_str(&keys), &rules, jwt_test_token("{\"alg\":\"HS256\"}", CLAIMS),
                    JWT_VALID, "the last of 100");
    buffer_free(&keys);
}

static void claims_are_given_to_the_caller(void **state) {
    struct jwt_keys *keys = jwt_test_keys("site HS256 " SECRET);
    const struct jwt_rules rules = jwt_test_rules(NOW);
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
    char path[sizeof(jwt_test_folder) + 64];
    EVP_PKEY *weak = rsa_with_exponent_one();
    jwt_test_write_public("small-rsa.pem", small);
    jwt_test_write_public("weak-rsa.pem", weak);
    jwt_test_write_public("p384.pem", p384);
    snprintf(path, sizeof(path), "%s/private.pem", jwt_test_folder);
    FILE *file = fopen(path, "w");
    assert_int_equal(PEM_write_PrivateKey(file, jwt_test_ec, NULL, NULL, 0, NULL, NULL), 1);
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
        struct jwt_keys *keys = jwt_test_parse(cases[i].content, &problems);
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
        cmocka_unit_test(files_with_errors_are_refused),
        cmocka_unit_test(a_file_that_is_missing_is_reported),
    };
    return cmocka_run_group_tests(tests, jwt_test_set_up, jwt_test_tear_down);
}
