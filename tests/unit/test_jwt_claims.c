/* jwt_claims: rooms and profile; hints for signatures that are wrong. */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>
#include <sodium.h>

#include "jwt/jwt.h"
#include "jwt/jwt_claims.h"
#include "secrets/secret.h"
#include "support/unit.h"

/* ---- rooms ---- */

static bool read_rooms(const char *json, struct jwt_rooms *rooms, struct buffer *why,
                       struct json_object **object) {
    *object = json_tokener_parse(json);
    assert_non_null(*object);
    return jwt_claims_rooms(*object, rooms, why);
}

static void rooms_have_defaults(void **state) {
    (void)state;
    struct jwt_rooms rooms;
    struct buffer why = BUFFER_EMPTY;
    struct json_object *object;
    assert_true(
        read_rooms("{\"rooms\":[{\"key\":\"a/b\"},{\"key\":\"c\",\"name\":\" C \","
                   "\"role\":\"admin\",\"private\":false}],\"rooms_only\":true}",
                   &rooms, &why, &object));
    assert_true(rooms.only);
    assert_int_equal(rooms.count, 2);
    assert_true(text_equals(rooms.list[0].name, text_of("a/b")));
    assert_true(rooms.list[0].is_private && !rooms.list[0].is_admin);
    assert_true(text_equals(rooms.list[1].name, text_of("C")));
    assert_true(!rooms.list[1].is_private && rooms.list[1].is_admin);
    json_object_put(object);
    assert_true(read_rooms("{}", &rooms, &why, &object));
    assert_true(!rooms.only && rooms.count == 0);
    json_object_put(object);
    assert_int_equal(why.len, 0);
}

static void rooms_that_are_wrong_are_refused_with_words(void **state) {
    (void)state;
    static const char *const ROWS[] = {
        "{\"rooms\":{}}",
        "{\"rooms\":null}",
        "{\"rooms\":[5]}",
        "{\"rooms\":[{}]}",
        "{\"rooms\":[{\"key\":\"\"}]}",
        "{\"rooms\":[{\"key\":\"a b\"}]}",
        "{\"rooms\":[{\"key\":5}]}",
        "{\"rooms\":[{\"key\":\"k\",\"name\":\"  \"}]}",
        "{\"rooms\":[{\"key\":\"k\",\"name\":null}]}",
        "{\"rooms\":[{\"key\":\"k\",\"role\":\"Admin\"}]}",
        "{\"rooms\":[{\"key\":\"k\",\"private\":1}]}",
        "{\"rooms\":[{\"key\":\"k\"},{\"key\":\"k\"}]}",
        "{\"rooms_only\":1}",
        "{\"rooms_only\":null}",
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct jwt_rooms rooms;
        struct buffer why = BUFFER_EMPTY;
        struct json_object *object;
        assert_false(read_rooms(ROWS[i], &rooms, &why, &object));
        assert_true(why.len > 0);
        json_object_put(object);
        buffer_free(&why);
    }
}

static void a_profile_is_what_are_strings(void **state) {
    (void)state;
    struct jwt_profile profile;
    struct json_object *object = json_tokener_parse(
        "{\"name\":\"Ann\",\"picture\":null,\"locale\":5,\"email_verified\":true}");
    jwt_claims_profile(object, &profile);
    assert_true(text_equals(profile.name, text_of("Ann")));
    /* null removes a value. */
    assert_true(profile.picture.at && profile.picture.len == 0);
    assert_null(profile.locale.at);
    assert_null(profile.email.at);
    assert_true(profile.has_email_verified && profile.email_verified);
    json_object_put(object);
}

/* ---- hints ---- */

#define SECRET "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

/* A token signed with these bytes. */
static void sign(const char *secret, size_t len, bool hex, struct buffer *token) {
    static const char SIGNED[] = "eyJhbGciOiJIUzI1NiJ9.e30";
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    char text[256], digits[2 * sizeof(mac) + 1];
    crypto_auth_hmacsha256_state hash;
    crypto_auth_hmacsha256_init(&hash, (const unsigned char *)secret, len);
    crypto_auth_hmacsha256_update(&hash, (const unsigned char *)SIGNED, sizeof(SIGNED) - 1);
    crypto_auth_hmacsha256_final(&hash, mac);
    sodium_bin2hex(digits, sizeof(digits), mac, sizeof(mac));
    sodium_bin2base64(text, sizeof(text), hex ? (const unsigned char *)digits : mac,
                      hex ? sizeof(digits) - 1 : sizeof(mac),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    buffer_clear(token);
    buffer_printf(token, "%s.%s", SIGNED, text);
}

static const char *hint_of(const struct jwt_keys *keys, struct buffer *token) {
    return jwt_signature_hint(keys, (struct text){token->data, token->len});
}

static void usual_mistakes_are_recognized(void **state) {
    (void)state;
    static const struct {
        const char *secret, *hint;
    } ROWS[] = {
        {SECRET "\n", "line break"},
        {SECRET "\r\n", "CR LF"},
        {SECRET "\r", "Windows"},
        {"\"" SECRET "\"", "quotes"},
        {"0123456789abcdef0123456789abcdef", "base64"},
        {"", "empty"},
    };
    struct buffer problems = BUFFER_EMPTY, token = BUFFER_EMPTY;
    struct jwt_keys *keys = jwt_keys_parse("/keys", text_of("site HS256 " SECRET "\n"), &problems);
    assert_non_null(keys);
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        sign(ROWS[i].secret, strlen(ROWS[i].secret), false, &token);
        const char *hint = hint_of(keys, &token);
        assert_non_null(hint);
        assert_non_null(strstr(hint, ROWS[i].hint));
    }
    sign(SECRET, strlen(SECRET), true, &token);
    assert_non_null(strstr(hint_of(keys, &token), "hexadecimal"));
    sign("another secret", 14, false, &token);
    assert_null(hint_of(keys, &token));
    jwt_keys_free(keys);
    /* Quotes in the file. */
    keys = jwt_keys_parse("/keys", text_of("site HS256 \"" SECRET "\"\n"), &problems);
    sign(SECRET, strlen(SECRET), false, &token);
    assert_non_null(strstr(hint_of(keys, &token), "quotes around it"));
    jwt_keys_free(keys);
    buffer_free(&token);
    assert_int_equal(problems.len, 0);
}

static void files_of_editors_are_read(void **state) {
    (void)state;
    struct buffer problems = BUFFER_EMPTY;
    struct jwt_keys *keys = jwt_keys_parse(
        "/keys", text_of("\xEF\xBB\xBF# keys\r\nsite HS256 " SECRET " # of 2026\r\n"), &problems);
    assert_non_null(keys);
    assert_string_equal(jwt_key_kid(jwt_keys_at(keys, 0)), "site");
    jwt_keys_free(keys);
    assert_null(jwt_keys_parse("/keys", (struct text){"\xFF\xFEs\0i\0", 6}, &problems));
    assert_non_null(strstr(buffer_str(&problems), "UTF-16"));
    buffer_free(&problems);
}

static int set_up(void **state) {
    (void)state;
    return secret_init() ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rooms_have_defaults),
        cmocka_unit_test(rooms_that_are_wrong_are_refused_with_words),
        cmocka_unit_test(a_profile_is_what_are_strings),
        cmocka_unit_test(usual_mistakes_are_recognized),
        cmocka_unit_test(files_of_editors_are_read),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
