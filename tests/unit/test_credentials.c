/* credentials: the headers with a token or a session key, and their precedence. */
#include <stdio.h>

#include "http/credentials.h"
#include "support/unit.h"

/* Compares the key that was found; expected NULL: none. */
static void assert_found(bool found, struct text key, const char *expected, const char *header) {
    if (found != (expected != NULL))
        fail_msg("'%s' has %s", header, found ? "credentials" : "none");
    if (found && !text_equals(key, text_of(expected)))
        fail_msg("the key of '%s' is '%.*s', not '%s'", header, (int)key.len, key.at, expected);
}

static void authorization_has_a_token(void **state) {
    static const struct {
        const char *header, *key;
    } cases[] = {
        {"Token abc", "abc"},
        {"token abc", "abc"},
        {"TOKEN abc", "abc"},
        {"Token\tabc", "abc"},
        {"Token  \t abc \t", "abc"},
        {"Token a b", "a b"},
        {"Token", ""},
        {"Token ", ""},
        {"Tokenabc", NULL},
        {"Token=abc", NULL},
        {"Tok", NULL},
        {" Token abc", NULL},
        {"Basic abc", NULL},
        {"Bearer token abc", NULL},
        {"Token abc, Token def", NULL},
        {"Token abc,", NULL},
        {"Basic abc, Token def", NULL},
        {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct text key = text_of("untouched");
        const struct credentials_headers direct = {.authorization = text_of(cases[i].header)};
        const struct credentials_headers renamed = {.redirected = text_of(cases[i].header)};
        assert_found(credentials_token(&direct, &key), key, cases[i].key, cases[i].header);
        assert_found(credentials_token(&renamed, &key), key, cases[i].key, cases[i].header);
    }
}

static void a_subprotocol_has_a_token(void **state) {
    static const struct {
        const char *header, *key;
    } cases[] = {
        {"confab, token.abc", "abc"},
        {"token.abc", "abc"},
        {" token.abc\t,confab", "abc"},
        {"token.abc, token.def", "abc"},
        {"token.", ""},
        {"token", NULL},
        {"Token.abc", NULL},
        {"xtoken.abc", NULL},
        {"confab", NULL},
        {",,", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct text key = text_of("untouched");
        const struct credentials_headers headers = {.protocols = text_of(cases[i].header)};
        assert_found(credentials_token(&headers, &key), key, cases[i].key, cases[i].header);
    }
}

static void x_confab_token_has_a_token(void **state) {
    static const struct {
        const char *header, *key;
    } cases[] = {{"abc", "abc"}, {" abc\t", "abc"}, {" ", ""}, {"", NULL}, {"abc, def", NULL}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct text key = text_of("untouched");
        const struct credentials_headers headers = {.own = text_of(cases[i].header)};
        assert_found(credentials_token(&headers, &key), key, cases[i].key, cases[i].header);
    }
}

/* A header is used only if those before it have no token; an invalid token ends the search. */
static void tokens_are_found_in_a_fixed_order(void **state) {
    struct credentials_headers headers = {.authorization = text_of("Token"),
                                          .redirected = text_of("Token renamed"),
                                          .protocols = text_of("token.protocol"),
                                          .own = text_of("own"),
                                          .cookie = text_of("sessionid=cookie")};
    struct text key;
    (void)state;
    assert_found(credentials_token(&headers, &key), key, "", "Token");
    headers.authorization = text_of("Basic abc");
    assert_found(credentials_token(&headers, &key), key, "renamed", "Basic abc");
    headers.redirected = text_of("Basic abc");
    assert_found(credentials_token(&headers, &key), key, "protocol", "Basic abc");
    headers.protocols = text_of("confab");
    assert_found(credentials_token(&headers, &key), key, "own", "Basic abc");
    headers.own = text_of("");
    assert_false(credentials_token(&headers, &key));
}

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
#define C "cccccccccccccccccccccccccccccccccccccccc"
#define D "0123456789012345678901234567890123456789"

/* The keys that are found are compared with a list; "-": a cookie without a key, "": no cookie. */
static void cookies_have_session_keys(void **state) {
    static const struct {
        const char *header, *keys;
    } cases[] = {
        {"sessionid=" A, A},
        {"a=b; sessionid=" A "; c=d", A},
        {"a=b;sessionid=" A, A},
        {" \tsessionid=" A " \t;", A},
        {"sessionid=", "-"},
        {"sessionid=abc", "-"},
        {"sessionid=\"" A "\"", "-"},
        {"sessionid=" A "0", "-"},
        {"sessionid=z; sessionid=" A, A},
        {"sessionid=" A "; sessionid=" B, A " " B},
        {"sessionid=" A "; sessionid=" A, A},
        {"xsessionid=" A "; sessionid=" B, B},
        {"sessionid; sessionid=" A, A},
        {";;; sessionid=" A, A},
        {"sessionid=" A "; chat=" B "; __Host-chat=" C "; chat=" D, C " " B " " D " " A},
        {"__Host-sessionid=" A "; __Secure-chat=" B, ""},
        {"sessionid", ""},
        {"SESSIONID=" A, ""},
        {"sessionid2=" A, ""},
        {"sessionid =" A, ""},
        {"a=sessionid=" A, ""},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct credentials_sessions sessions;
        struct text expected = text_of(cases[i].keys), word;
        size_t count = 0;
        credentials_find_sessions(text_of(cases[i].header), "chat", &sessions);
        assert_int_equal(sessions.sent, expected.len > 0);
        while (text_next_word(&expected, " ", &word) && !text_equals(word, text_of("-")))
            if (count == sessions.count || !text_equals(sessions.keys[count++], word))
                fail_msg("key %zu of '%s' is another", count, cases[i].header);
        assert_int_equal(sessions.count, count);
    }
}

static void only_a_few_session_keys_are_tried(void **state) {
    char header[60 * (CREDENTIALS_SESSIONS_MAX + 3)];
    size_t len = 0;
    struct credentials_sessions sessions;
    (void)state;
    for (int i = 0; i < CREDENTIALS_SESSIONS_MAX + 3; i++)
        len += (size_t)snprintf(header + len, sizeof(header) - len, "sessionid=%040d;", i);
    credentials_find_sessions((struct text){header, len}, CREDENTIALS_COOKIE, &sessions);
    assert_int_equal(sessions.count, CREDENTIALS_SESSIONS_MAX);
    assert_memory_equal(sessions.keys[7].at + 36, "0007", 4);
}

static void names_of_cookies_are_checked(void **state) {
    (void)state;
    assert_true(credentials_cookie_name_is_valid(text_of("sessionid")));
    assert_true(credentials_cookie_name_is_valid(text_of("_A-z.9")));
    for (const char *bad = "=;, \t\"\x7f\xc3/()"; *bad; bad++)
        assert_false(credentials_cookie_name_is_valid((struct text){bad, 1}));
    assert_false(credentials_cookie_name_is_valid(text_of("")));
    assert_false(credentials_cookie_name_is_valid(text_of("__Host-a")));
    assert_false(credentials_cookie_name_is_valid(text_of(A B)));
}

static void all_cookies_of_a_name_are_found_in_turn(void **state) {
    static const char *const values[] = {"one", "", "three"};
    struct text rest = text_of("a=x; b=one; a=y; b=; ab=no; b=three; c=b=no"), value;
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        assert_true(credentials_next_cookie(&rest, "b", &value));
        assert_true(text_equals(value, text_of(values[i])));
    }
    assert_false(credentials_next_cookie(&rest, "b", &value));
    assert_false(credentials_next_cookie(&rest, "b", &value));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(authorization_has_a_token),
        cmocka_unit_test(a_subprotocol_has_a_token),
        cmocka_unit_test(x_confab_token_has_a_token),
        cmocka_unit_test(tokens_are_found_in_a_fixed_order),
        cmocka_unit_test(cookies_have_session_keys),
        cmocka_unit_test(only_a_few_session_keys_are_tried),
        cmocka_unit_test(names_of_cookies_are_checked),
        cmocka_unit_test(all_cookies_of_a_name_are_found_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
