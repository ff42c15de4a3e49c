/* config and http: lists of addresses and of origins in the configuration; names and links. */
#include <stdio.h>
#include <string.h>

#include "http/cidr.h"
#include "http/origin.h"
#include "support/config_fixture.h"
#include "support/unit.h"

/* --- lists ---------------------------------------------------------------------------- */

static void test_valid_address_lists(void **state) {
    configured_accept(*state,
                      "trusted_proxies = 127.0.0.1, ::1,10.0.0.0/8\t192.168.1.7/0 fe80::/10"
                      " ::ffff:10.0.0.1/104 2001:db8::1/128,,\n");
    configured_accept(*state, "trusted_proxies =\n");
}

static void test_invalid_address_lists(void **state) {
    static const char *const bad[] = {
        "localhost",    "10.0.0",  "10.0.0.0/33", "10.0.0.0/",          "10.0.0.0/-1",
        "10.0.0.0/8/8", "::1/129", "/8",          "10.0.0.0/255.0.0.0", "fe80::1%eth0",
        "010.0.0.1",    "[::1]",   "10.0.0.1:80",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        char content[128];
        char expected[256];
        snprintf(content, sizeof content, "trusted_proxies = ::1, %s\n", bad[i]);
        snprintf(expected, sizeof expected,
                 "F:1: trusted_proxies: \"%s\" is not allowed; an entry "
                 "is an IPv4 or IPv6 address, or a network with /0 to /32 (IPv4) or /0 to /128 "
                 "(IPv6)\n",
                 bad[i]);
        configured_refuse(*state, content, expected);
    }
}

static void test_every_invalid_entry_is_reported(void **state) {
    struct configured *fixture = *state;
    const char *content = "trusted_proxies = a ::1 b\n";
    assert_false(configured_load(fixture, content, strlen(content)));
    assert_non_null(
        strstr(configured_problems(fixture), "F:1: trusted_proxies: \"a\" is not allowed"));
    assert_non_null(
        strstr(configured_problems(fixture), "F:1: trusted_proxies: \"b\" is not allowed"));
}

static void test_addresses_found_in_a_list(void **state) {
    (void)state;
    const char *list = "127.0.0.1, 10.0.0.0/8 192.168.4.0/22,2001:db8::/33 ::1";
    assert_true(cidr_list_contains(list, "127.0.0.1"));
    assert_true(cidr_list_contains(list, "10.255.255.255"));
    assert_true(cidr_list_contains(list, "192.168.7.1"));
    assert_true(cidr_list_contains(list, "::1"));
    assert_true(cidr_list_contains(list, "0:0:0:0:0:0:0:1"));
    assert_true(cidr_list_contains(list, "2001:db8:7fff::1"));
    assert_true(cidr_list_contains(list, "::ffff:10.1.2.3"));
    assert_true(cidr_list_contains("::ffff:10.0.0.0/104", "10.1.2.3"));
    assert_true(cidr_list_contains("10.1.2.3/8", "10.9.9.9"));
}

static void test_addresses_not_found_in_a_list(void **state) {
    (void)state;
    const char *list = "127.0.0.1, 10.0.0.0/8 192.168.4.0/22,2001:db8::/33 ::1";
    static const char *const others[] = {
        "127.0.0.2",           "11.0.0.0", "192.168.8.1", "2001:db8:8000::1", "::2",
        "::ffff:11.0.0.1",     "",         "unix",        "10.0.0.1 ",        "10.0.0.1/32",
        "10.0.0.1, 127.0.0.1",
    };
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_false(cidr_list_contains(list, others[i]));
    }
    assert_false(cidr_list_contains("", "127.0.0.1"));
}

static void test_all_addresses_of_one_family_are_none_of_the_other(void **state) {
    (void)state;
    assert_true(cidr_list_contains("0.0.0.0/0", "203.0.113.9"));
    assert_true(cidr_list_contains("0.0.0.0/0", "::ffff:203.0.113.9"));
    assert_false(cidr_list_contains("0.0.0.0/0", "2001:db8::1"));
    assert_true(cidr_list_contains("::/0", "2001:db8::1"));
    assert_false(cidr_list_contains("::/0", "203.0.113.9"));
}

static void test_valid_origins(void **state) {
    configured_accept(*state,
                      "allowed_origins = https://www.example.org, http://localhost:8000"
                      " HTTPS://Example.ORG https://[2001:db8::1]:8443,http://127.0.0.1:65535"
                      " https://xn--mnchen-3ya.example http://my_host\n");
}

static void test_invalid_origins(void **state) {
    static const char *const bad[] = {
        "www.example.org",
        "1ftp://example.org",
        "://example.org",
        "capacitor:localhost",
        "capacitor:///localhost",
        "file:///",
        "https://",
        "https://example.org/",
        "Null",
        "*",
        "https://*.example.org",
        "https://example.org/path",
        "https://user@example.org",
        "https://example.org:",
        "https://example.org:0",
        "https://example.org:65536",
        "https://example.org:080",
        "https://example.org:a",
        "https://[::1",
        "https://[127.0.0.1]",
        "https://[::1/64]",
        "https://[]",
        "https://m\xC3\xBCnchen.example",
        "//example.org",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct configured *fixture = *state;
        char content[128];
        snprintf(content, sizeof content, "allowed_origins = %s\n", bad[i]);
        assert_false(configured_load(fixture, content, strlen(content)));
    }
    configured_refuse(
        *state, "allowed_origins = https://a.example, https://b.example/\n",
        "F:1: allowed_origins: \"https://b.example/\" is not allowed; an entry is a scheme, "
        "://, a host and optionally :port, such as https://www.example.org, or null\n");
}

static void test_origins_of_apps(void **state) {
    configured_accept(*state,
                      "allowed_origins = capacitor://localhost ionic://localhost app://chat "
                      "web+x.y-z://h:1 https://localhost null file://\n");
}

static void test_origins_of_pictures(void **state) {
    static const char *const bad[] = {
        "http://pictures.example",
        "null",
        "capacitor://localhost",
        "https://*.example",
        "https://a.example/",
        "'self'",
        "https:",
        "*",
        "https://a.example;",
        "data://aaa",
        "https://\"",
    };
    configured_accept(*state,
                      "avatar_origins = https://pictures.example, HTTPS://Www.Example.org:8443 "
                      "https://[2001:db8::1]\n");
    configured_accept(*state, "avatar_origins =\n");
    for (size_t i = 0; i < COUNT(bad); i++) {
        char content[128];
        char expected[256];
        snprintf(content, sizeof content, "avatar_origins = https://a.example %s\n", bad[i]);
        snprintf(expected, sizeof expected,
                 "F:1: avatar_origins: \"%s\" is not allowed; an entry is https://, a host and "
                 "optionally :port, such as https://secure.gravatar.com\n",
                 bad[i]);
        configured_refuse(*state, content, expected);
    }
}

static void test_origins_found_in_a_list(void **state) {
    (void)state;
    const char *list = "https://www.Example.org,http://localhost:8000\thttps://b.example:443";
    assert_true(origin_list_contains(list, text_of("https://www.example.org")));
    assert_true(origin_list_contains(list, text_of("HTTPS://WWW.EXAMPLE.ORG")));
    assert_true(origin_list_contains(list, text_of("http://localhost:8000")));
    assert_false(origin_list_contains(list, text_of("http://www.example.org")));
    assert_true(origin_list_contains(list, text_of("https://www.example.org:443")));
    assert_true(origin_list_contains(list, text_of("https://b.example")));
    assert_false(origin_list_contains(list, text_of("http://localhost")));
    assert_false(origin_list_contains(list, text_of("https://example.org")));
    assert_false(origin_list_contains(list, text_of("https://www.example.org.evil.example")));
    assert_false(
        origin_list_contains(list, text_of("https://www.Example.org,http://localhost:8000")));
    assert_false(origin_list_contains(list, text_of("null")));
    assert_false(origin_list_contains(list, text_of("")));
    assert_false(origin_list_contains("", text_of("")));
}

/* --- single words ---------------------------------------------------------------------- */

static void test_links(void **state) {
    static const char *const bad[] = {"javascript:alert(1)", "www.example.org",  "https://",
                                      "http://a b",          "data:text/html,x", "ftp://a"};
    configured_accept(*state, "login_url = https://www.example.org/login?next=%2F\n");
    configured_accept(*state, "login_url = /login\n");
    configured_accept(*state, "login_url =\n");
    for (size_t i = 0; i < COUNT(bad); i++) {
        char content[128], expected[256];
        snprintf(content, sizeof content, "login_url = %s\n", bad[i]);
        snprintf(expected, sizeof expected,
                 "F:1: login_url: \"%s\" is not allowed; an address starts with https://, http:// "
                 "or /, and has no blanks\n",
                 bad[i]);
        configured_refuse(*state, content, expected);
    }
}

static void test_names_of_users(void **state) {
    configured_accept(*state, "jwt_actor = school.bot\n");
    configured_refuse(*state, "jwt_actor = ab\n",
                      "F:1: jwt_actor: \"ab\" is not allowed; the name of a user has 3 to 32 ASCII "
                      "letters, digits, \"_\", \".\" and \"-\"\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONFIGURED_TEST(test_valid_address_lists),
        CONFIGURED_TEST(test_invalid_address_lists),
        CONFIGURED_TEST(test_every_invalid_entry_is_reported),
        CONFIGURED_TEST(test_addresses_found_in_a_list),
        CONFIGURED_TEST(test_addresses_not_found_in_a_list),
        CONFIGURED_TEST(test_all_addresses_of_one_family_are_none_of_the_other),
        CONFIGURED_TEST(test_valid_origins),
        CONFIGURED_TEST(test_invalid_origins),
        CONFIGURED_TEST(test_origins_of_apps),
        CONFIGURED_TEST(test_origins_of_pictures),
        CONFIGURED_TEST(test_links),
        CONFIGURED_TEST(test_names_of_users),
        CONFIGURED_TEST(test_origins_found_in_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
