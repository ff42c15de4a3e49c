/* credentials: the headers with a token or a session key, and their precedence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/credentials.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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

static void a_cookie_has_the_session_key(void **state) {
    static const struct {
        const char *header, *key;
    } cases[] = {
        {"sessionid=abc", "abc"},
        {"a=b; sessionid=abc; c=d", "abc"},
        {"a=b;sessionid=abc", "abc"},
        {" \tsessionid=abc \t;", "abc"},
        {"sessionid=", ""},
        {"sessionid=a=b", "a=b"},
        {"sessionid=\"abc\"", "\"abc\""},
        {"sessionid=one; sessionid=two", "one"},
        {"xsessionid=x; sessionid=abc", "abc"},
        {"sessionid; sessionid=abc", "abc"},
        {";;; sessionid=abc", "abc"},
        {"sessionid", NULL},
        {"SESSIONID=abc", NULL},
        {"sessionid2=abc", NULL},
        {"sessionid =abc", NULL},
        {"a=sessionid=abc", NULL},
        {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct text key = text_of("untouched");
        assert_found(credentials_session(text_of(cases[i].header), &key), key, cases[i].key,
                     cases[i].header);
    }
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

/* Invalid header bytes are kept. */
static void a_nul_is_part_of_the_key(void **state) {
    static const char header[] = "sessionid=a\0b; c=d";
    struct text key;
    (void)state;
    assert_true(credentials_session((struct text){header, sizeof(header) - 1}, &key));
    assert_int_equal(key.len, 3);
    assert_memory_equal(key.at, "a\0b", 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(authorization_has_a_token),
        cmocka_unit_test(a_subprotocol_has_a_token),
        cmocka_unit_test(x_confab_token_has_a_token),
        cmocka_unit_test(tokens_are_found_in_a_fixed_order),
        cmocka_unit_test(a_cookie_has_the_session_key),
        cmocka_unit_test(all_cookies_of_a_name_are_found_in_turn),
        cmocka_unit_test(a_nul_is_part_of_the_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
