/* api_key: names, scopes, addresses, and the users that requests name; keys of rooms. */
#include <stdio.h>
#include <string.h>

#include "store/rooms/room.h"
#include "store/site/api_key.h"
#include "support/unit.h"

static void scopes_are_words_of_a_list(void **state) {
    static const char *const bad[] = {"", ",", "user", "users,,act", "USERS", "users act"};
    unsigned scopes;
    char out[API_KEY_SCOPES_SIZE];
    (void)state;
    assert_true(api_key_read_scopes(text_of("users"), &scopes));
    assert_int_equal(scopes, API_KEY_USERS);
    assert_true(api_key_read_scopes(text_of("act, users,act"), &scopes));
    assert_int_equal(scopes, API_KEY_USERS | API_KEY_ACT);
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(api_key_read_scopes(text_of(bad[i]), &scopes));
    api_key_write_scopes(63, out);
    assert_string_equal(out, "users,rooms,messages,hooks,moderate,act");
    assert_true(api_key_read_scopes(text_of(out), &scopes));
    assert_int_equal(scopes, 63);
    api_key_write_scopes(0, out);
    assert_string_equal(out, "");
    assert_string_equal(api_key_scope_name(API_KEY_MESSAGES), "messages");
    assert_string_equal(api_key_scope_name(64), "");
}

static void names_are_words(void **state) {
    static const char *const bad[] = {"", "a b", "a=b", "\xC3\xA4", "a\n"};
    char longest[API_KEY_NAME_SIZE];
    (void)state;
    memset(longest, 'a', sizeof(longest));
    assert_true(api_key_name_is_valid((struct text){longest, 64}));
    assert_false(api_key_name_is_valid((struct text){longest, 65}));
    assert_true(api_key_name_is_valid(text_of("Az.9_-")));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(api_key_name_is_valid(text_of(bad[i])));
}

static void a_key_may_be_bound_to_addresses(void **state) {
    struct api_key key = {.addresses = ""};
    (void)state;
    assert_true(api_key_allows_address(&key, "192.0.2.7"));
    assert_true(api_key_allows_address(&key, "unix"));
    snprintf(key.addresses, sizeof(key.addresses), "192.0.2.0/24, ::1");
    assert_true(api_key_allows_address(&key, "192.0.2.7"));
    assert_true(api_key_allows_address(&key, "::1"));
    assert_false(api_key_allows_address(&key, "192.0.3.7"));
    assert_false(api_key_allows_address(&key, "unix"));
    assert_false(api_key_allows_address(&key, ""));
    assert_true(api_key_address_is_valid(text_of("10.0.0.0/8")));
    assert_false(api_key_address_is_valid(text_of("10.0.0.0/8, ::1")));
}

static void a_user_is_an_id_or_a_subject(void **state) {
    static const char *const bad[] = {"",
                                      "0",
                                      "-1",
                                      "1.0",
                                      "a",
                                      "ext:",
                                      "ext",
                                      "Ext:7",
                                      " 1",
                                      "1,2",
                                      "9223372036854775808",
                                      "+1",
                                      "ext:\xFF"};
    struct api_key_user user;
    char subject[4 + 129 + 1] = "ext:";
    (void)state;
    assert_true(api_key_user_read(text_of("7"), &user));
    assert_int_equal(user.id, 7);
    assert_true(api_key_user_read(text_of("ext:7"), &user));
    assert_int_equal(user.id, 0);
    assert_true(text_equals(user.subject, text_of("7")));
    assert_true(api_key_user_read(text_of("ext:ext:"), &user));
    memset(subject + 4, 'x', 128);
    assert_true(api_key_user_read(text_of(subject), &user));
    subject[4 + 128] = 'x';
    assert_false(api_key_user_read(text_of(subject), &user));
    for (size_t i = 0; i < COUNT(bad); i++)
        if (api_key_user_read(text_of(bad[i]), &user))
            fail_msg("'%s' names a user", bad[i]);
}

static void keys_of_rooms_have_some_characters_only(void **state) {
    static const char *const bad[] = {"", "a b", "a,b", "\xC3\xA4", "a\\b", "a?b", "a#b", "a%b"};
    char longest[129];
    (void)state;
    memset(longest, 'k', sizeof(longest));
    assert_true(room_key_is_valid(text_of("AZaz09._:/-")));
    assert_true(room_key_is_valid((struct text){longest, 128}));
    assert_false(room_key_is_valid((struct text){longest, 129}));
    assert_false(room_key_is_valid((struct text){"a\0b", 3}));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(room_key_is_valid(text_of(bad[i])));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scopes_are_words_of_a_list),
        cmocka_unit_test(names_are_words),
        cmocka_unit_test(a_key_may_be_bound_to_addresses),
        cmocka_unit_test(a_user_is_an_id_or_a_subject),
        cmocka_unit_test(keys_of_rooms_have_some_characters_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
