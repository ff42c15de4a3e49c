/* origin: the origin of this site, and the origin of a URL. test_config_lists tests lists and
 * the syntax of an origin. */
#include "http/origin.h"
#include "support/unit.h"

struct own_case {
    const char *origin, *host;
};

static bool is_own(const struct own_case *tested, enum origin_scheme scheme) {
    return origin_is_own(text_of(tested->origin), scheme, text_of(tested->host));
}

static void the_same_scheme_host_and_port_are_this_site(void **state) {
    static const struct own_case https[] = {
        {"https://chat.example", "chat.example"},
        {"https://Chat.Example", "chat.eXample"},
        {"https://chat.example", "chat.example:443"},
        {"https://chat.example:443", "chat.example"},
        {"https://chat.example:8443", "chat.example:8443"},
        {"https://[::1]", "[::1]:443"},
        {"https://chat.example:80", "chat.example:80"},
    };
    static const struct own_case http[] = {
        {"http://chat.example", "chat.example"},    {"http://chat.example", "chat.example:80"},
        {"http://chat.example:80", "chat.example"}, {"http://127.0.0.1:8000", "127.0.0.1:8000"},
        {"http://[::1]:8000", "[::1]:8000"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(https); i++)
        if (!is_own(&https[i], ORIGIN_HTTPS) || !is_own(&https[i], ORIGIN_SCHEME_UNKNOWN) ||
            is_own(&https[i], ORIGIN_HTTP))
            fail_msg("%s at %s", https[i].origin, https[i].host);
    for (size_t i = 0; i < COUNT(http); i++)
        if (!is_own(&http[i], ORIGIN_HTTP) || !is_own(&http[i], ORIGIN_SCHEME_UNKNOWN) ||
            is_own(&http[i], ORIGIN_HTTPS))
            fail_msg("%s at %s", http[i].origin, http[i].host);
}

static void other_origins_are_not_this_site(void **state) {
    static const struct own_case cases[] = {
        {"", "chat.example"},
        {"", ""},
        {"null", "chat.example"},
        {"null", "null"},
        {"https://", ""},
        {"https://", "chat.example"},
        {"https://chat.example", ""},
        {"https://evil.example", "chat.example"},
        {"https://chat.example.evil.example", "chat.example"},
        {"https://evil.chat.example", "chat.example"},
        {"https://chat.exampl", "chat.example"},
        {"https://chat.example:8443", "chat.example"},
        {"https://chat.example", "chat.example:8443"},
        {"https://chat.example:80", "chat.example"},
        {"http://chat.example:443", "chat.example"},
        {"https://chat.example/", "chat.example"},
        {"https://user@chat.example", "chat.example"},
        {"https:chat.example", "chat.example"},
        {"https:///chat.example", "chat.example"},
        {" https://chat.example", "chat.example"},
        {"HTTPS://chat.example", "chat.example"},
        {"ftp://chat.example", "chat.example"},
        {"chat.example", "chat.example"},
    };
    static const enum origin_scheme schemes[] = {ORIGIN_HTTP, ORIGIN_HTTPS, ORIGIN_SCHEME_UNKNOWN};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t scheme = 0; scheme < COUNT(schemes); scheme++)
            if (is_own(&cases[i], schemes[scheme]))
                fail_msg("'%s' is taken for '%s'", cases[i].origin, cases[i].host);
}

/* Neither a part of an entry nor two entries match. */
static void an_origin_in_a_list_is_matched_in_full(void **state) {
    static const char list[] = "https://app.example, http://dev.example:3000";
    static const char nul[] = "https://app.example\0.evil.example";
    (void)state;
    assert_true(origin_list_contains(list, text_of("https://APP.example")));
    assert_true(origin_list_contains(list, text_of("http://dev.example:3000")));
    assert_false(origin_list_contains(list, text_of("https://app.example, http")));
    assert_false(origin_list_contains(list, text_of("https://app.exampl")));
    assert_false(origin_list_contains(list, text_of("https://app.example,")));
    assert_false(origin_list_contains(list, text_of(list)));
    assert_false(origin_list_contains(list, text_of("")));
    assert_false(origin_list_contains(list, (struct text){NULL, 0}));
    assert_false(origin_list_contains(list, (struct text){nul, sizeof(nul) - 1}));
}

/* Browsers leave it out, administrators may write it. */
static void the_default_port_in_a_list_may_be_left_out(void **state) {
    static const char list[] =
        "https://one.example:443 HTTP://two.example:80 https://[::1]:443, "
        "https://three.example:80 capacitor://localhost:443 http://:80";
    (void)state;
    assert_true(origin_list_contains(list, text_of("https://one.example")));
    assert_true(origin_list_contains(list, text_of("https://one.example:443")));
    assert_true(origin_list_contains(list, text_of("http://two.example")));
    assert_true(origin_list_contains(list, text_of("https://[::1]")));
    assert_true(origin_list_contains(list, text_of("https://three.example:80")));
    assert_false(origin_list_contains(list, text_of("https://three.example")));
    assert_false(origin_list_contains(list, text_of("http://one.example")));
    assert_false(origin_list_contains(list, text_of("http://one.example:443")));
    assert_false(origin_list_contains(list, text_of("https://two.example")));
    assert_false(origin_list_contains(list, text_of("https://two.example:80")));
    assert_false(origin_list_contains(list, text_of("capacitor://localhost")));
    assert_true(origin_list_contains("https://one.example", text_of("https://one.example:443")));
    assert_false(origin_list_contains("https://one.example", text_of("https://one.example:4433")));
}

static void the_origin_of_a_url_ends_before_its_path(void **state) {
    static const struct {
        const char *url, *origin; /* NULL: none */
    } cases[] = {
        {"https://chat.example/room/5?a=b#c", "https://chat.example"},
        {"https://chat.example:8443/", "https://chat.example:8443"},
        {"https://chat.example", "https://chat.example"},
        {"https://chat.example?x", "https://chat.example"},
        {"https://chat.example#x", "https://chat.example"},
        {"https://user@evil.example/", "https://user@evil.example"},
        {"https://evil.example/https://chat.example", "https://evil.example"},
        {"about:blank", NULL},
        {"/room/5", NULL},
        {"", NULL},
        {":/", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct text origin;
        const bool found = origin_of_url(text_of(cases[i].url), &origin);
        assert_int_equal(found, cases[i].origin != NULL);
        if (found && !text_equals(origin, text_of(cases[i].origin)))
            fail_msg("the origin of %s is '%.*s'", cases[i].url, (int)origin.len, origin.at);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_scheme_host_and_port_are_this_site),
        cmocka_unit_test(other_origins_are_not_this_site),
        cmocka_unit_test(an_origin_in_a_list_is_matched_in_full),
        cmocka_unit_test(the_default_port_in_a_list_may_be_left_out),
        cmocka_unit_test(the_origin_of_a_url_ends_before_its_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
