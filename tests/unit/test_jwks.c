/* jwks: reading a JWK set: the keys of the RFCs, and what is left out or refused. */
#include <stdio.h>
#include <string.h>

#include "jwt/jwt_keys.h"
#include "secrets/secret.h"
#include "support/unit.h"

/* RFC 7515, appendix A.2 and A.3; RFC 8037, appendix A.2. */
#define RSA_N                                                                      \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrc" \
    "S2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGz" \
    "jb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xs" \
    "mtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8" \
    "q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define RSA "{\"kty\":\"RSA\",\"kid\":\"rsa\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}"
#define EC_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define EC_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define EC_NUMBERS "\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\""
#define ED_NUMBERS "\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""

static struct jwt_keys *parse(const char *list) {
    struct buffer body = BUFFER_EMPTY, problems = BUFFER_EMPTY;
    buffer_printf(&body, "{\"keys\":[%s]}", list);
    struct jwt_keys *keys =
        jwt_keys_parse_jwks((struct text){buffer_str(&body), body.len}, &problems);
    assert_int_equal(problems.len, 0);
    buffer_free(&body);
    assert_non_null(keys);
    return keys;
}

static void each_kind_of_key_is_read(void **state) {
    static const enum jwt_algorithm ALGORITHMS[] = {JWT_RS256, JWT_ES256, JWT_EDDSA};
    static const char *const KIDS[] = {"rsa", "ec", ""};
    (void)state;
    struct jwt_keys *keys =
        parse(RSA ",{\"kty\":\"EC\",\"kid\":\"ec\",\"use\":\"sig\",\"alg\":\"ES256\"," EC_NUMBERS
                  "},{\"kty\":\"OKP\"," ED_NUMBERS "}");
    assert_int_equal(jwt_keys_count(keys), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(jwt_key_algorithm(jwt_keys_at(keys, i)), ALGORITHMS[i]);
        assert_string_equal(jwt_key_kid(jwt_keys_at(keys, i)), KIDS[i]);
    }
    jwt_keys_free(keys);
}

/* The signature of RFC 7515, appendix A.3.1. */
static void a_key_checks_signatures(void **state) {
    static const char SIGNED[] =
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9l"
        "eGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    static const unsigned char SIGNATURE[] = {
        14,  209, 33,  83,  121, 99,  108, 72,  60,  47,  127, 21,  88,  7,   212, 2,
        163, 178, 40,  3,   58,  249, 124, 126, 23,  129, 154, 195, 22,  158, 166, 101,
        197, 10,  7,   211, 140, 60,  112, 229, 216, 241, 45,  175, 8,   74,  84,  128,
        166, 101, 144, 197, 242, 147, 80,  154, 143, 63,  127, 138, 131, 163, 84,  213};
    (void)state;
    struct jwt_keys *keys = parse("{\"kty\":\"EC\",\"kid\":\"ec\"," EC_NUMBERS "}");
    const struct jwt_key *key = jwt_keys_find(keys, text_of("ec"));
    assert_non_null(key);
    assert_true(jwt_key_verify(key, text_of(SIGNED), SIGNATURE, sizeof(SIGNATURE)));
    assert_false(jwt_key_verify(key, text_of("other"), SIGNATURE, sizeof(SIGNATURE)));
    jwt_keys_free(keys);
}

static void keys_that_cannot_be_used_are_left_out(void **state) {
    static const char *const KEYS[] = {
        "7",
        "null",
        "[]",
        "{}",
        "\"x\"",
        /* Symmetric keys are not public keys. */
        "{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ\",\"alg\":\"HS256\"}",
        "{\"kty\":\"RSA\",\"use\":\"enc\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"alg\":\"RS512\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"alg\":\"HS256\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"alg\":\"none\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\"}",
        "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":7}",
        "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"\"}",
        /* 8 bits; base64 that is not of URLs; padding. */
        "{\"kty\":\"RSA\",\"n\":\"_w\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":\"+/+/\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":\"" RSA_N "=\",\"e\":\"AQAB\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_X "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}",
        "{\"kty\":\"OKP\",\"crv\":\"X25519\","
        "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcH\"}",
        /* The point with y = 1, of order 1. */
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
        "\"x\":\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
        "{\"kty\":7,\"crv\":\"Ed25519\"}",
        /* Private keys: all readers of the set could sign with them. */
        "{\"kty\":\"OKP\"," ED_NUMBERS ",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}",
        "{\"kty\":\"EC\"," EC_NUMBERS ",\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"}",
        "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\",\"d\":\"AQAB\"}",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(KEYS); i++) {
        struct jwt_keys *keys = parse(KEYS[i]);
        if (jwt_keys_count(keys) != 0)
            fail_msg("%s", KEYS[i]);
        jwt_keys_free(keys);
    }
}

static void a_name_is_used_once(void **state) {
    (void)state;
    struct jwt_keys *keys = parse(RSA ",{\"kty\":\"EC\",\"kid\":\"rsa\"," EC_NUMBERS "}");
    assert_int_equal(jwt_keys_count(keys), 1);
    assert_int_equal(jwt_key_algorithm(jwt_keys_at(keys, 0)), JWT_RS256);
    jwt_keys_free(keys);
}

static void more_than_a_hundred_keys_are_left_out(void **state) {
    struct buffer list = BUFFER_EMPTY;
    (void)state;
    for (unsigned i = 0; i < JWT_KEYS_MAX + 5; i++)
        buffer_printf(&list, "%s{\"kty\":\"OKP\",\"kid\":\"%u\"," ED_NUMBERS "}", i ? "," : "", i);
    struct jwt_keys *keys = parse(buffer_str(&list));
    assert_int_equal(jwt_keys_count(keys), JWT_KEYS_MAX);
    jwt_keys_free(keys);
    buffer_free(&list);
}

static void other_bodies_are_refused(void **state) {
    static const char *const BODIES[] = {
        "",     "{}", "[]",           "{\"keys\":{}}", "{\"keys\":7}",
        "null", "x",  "{\"keys\":[]", "<html>",        "{\"keys\":null}"};
    (void)state;
    for (size_t i = 0; i < COUNT(BODIES); i++) {
        struct buffer problems = BUFFER_EMPTY;
        assert_null(jwt_keys_parse_jwks(text_of(BODIES[i]), &problems));
        assert_true(problems.len > 0);
        buffer_free(&problems);
    }
}

static int set_up(void **state) {
    (void)state;
    return secret_init() ? 0 : 1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_key_is_read),
        cmocka_unit_test(a_key_checks_signatures),
        cmocka_unit_test(keys_that_cannot_be_used_are_left_out),
        cmocka_unit_test(a_name_is_used_once),
        cmocka_unit_test(more_than_a_hundred_keys_are_left_out),
        cmocka_unit_test(other_bodies_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
