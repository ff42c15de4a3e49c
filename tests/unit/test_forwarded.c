/* forwarded: address and scheme of the client; only trusted entries at the end of a list count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "http/forwarded.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define PEER "127.0.0.1"

static const char TRUSTED[] = "127.0.0.1, 10.0.0.0/8 2001:db8::/32";

/* Compares the address of a request from PEER with this header. */
static const char *address_of(struct text header, const char *trusted) {
    static char address[FORWARDED_ADDRESS_SIZE];
    snprintf(address, sizeof(address), "%s", PEER);
    forwarded_address(address, header, trusted);
    return address;
}

static void the_last_address_that_is_not_a_trusted_proxy_is_the_client(void **state) {
    static const struct {
        const char *header, *address;
    } cases[] = {
        {"192.0.2.7", "192.0.2.7"},
        {" \t192.0.2.7 ", "192.0.2.7"},
        {"6.6.6.6, 192.0.2.7", "192.0.2.7"},
        {"6.6.6.6,192.0.2.7 , 10.1.2.3", "192.0.2.7"},
        {"6.6.6.6, 192.0.2.7, 2001:db8::1, 10.1.2.3, 127.0.0.1", "192.0.2.7"},
        {"2001:db9::1, 2001:db8::1", "2001:db9::1"},
        {"192.0.2.7, ::ffff:10.1.2.3", "192.0.2.7"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(address_of(text_of(cases[i].header), TRUSTED), cases[i].address);
}

static void if_all_are_trusted_the_first_is_the_client(void **state) {
    (void)state;
    assert_string_equal(address_of(text_of("10.0.0.1, 10.0.0.2"), TRUSTED), "10.0.0.1");
    assert_string_equal(address_of(text_of("10.0.0.1"), TRUSTED), "10.0.0.1");
}

static void without_a_trusted_proxy_only_the_last_entry_counts(void **state) {
    (void)state;
    assert_string_equal(address_of(text_of("6.6.6.6, 10.0.0.2"), ""), "10.0.0.2");
}

static void an_invalid_entry_ends_the_search(void **state) {
    static const struct {
        const char *header, *address;
    } cases[] = {
        {"", PEER},
        {",", PEER},
        {" ", PEER},
        {"6.6.6.6,", PEER},
        {"6.6.6.6, , 10.0.0.1", "10.0.0.1"},
        {"6.6.6.6, unknown", "unknown"},
        {"6.6.6.6, unknown, 10.0.0.1", "unknown"},
        {"6.6.6.6, \xff\xfe", PEER},
        {"6.6.6.6, 10.0.0.0/8", "10.0.0.0/8"},
    };
    static const char nul[] = "6.6.6.6,\0001";
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(address_of(text_of(cases[i].header), TRUSTED), cases[i].address);
    assert_string_equal(address_of((struct text){nul, sizeof(nul) - 1}, TRUSTED), PEER);
}

static void an_oversized_entry_is_not_truncated(void **state) {
    char longest[FORWARDED_ADDRESS_SIZE], longer[FORWARDED_ADDRESS_SIZE + 1];
    (void)state;
    memset(longest, '1', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    memset(longer, '1', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    assert_string_equal(address_of(text_of(longest), TRUSTED), longest);
    assert_string_equal(address_of(text_of(longer), TRUSTED), PEER);
}

static void the_last_scheme_counts(void **state) {
    static const struct {
        const char *header;
        bool https;
    } cases[] = {
        {"https", true},        {"HTTPS", true},   {" https\t", true}, {"http, https", true},
        {"https, http", false}, {"http", false},   {"", false},        {"https,", false},
        {"https, ", false},     {"httpss", false}, {"ttps", false},    {"https://", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (forwarded_is_https(text_of(cases[i].header)) != cases[i].https)
            fail_msg("'%s' is%s https", cases[i].header, cases[i].https ? " not" : "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_address_that_is_not_a_trusted_proxy_is_the_client),
        cmocka_unit_test(if_all_are_trusted_the_first_is_the_client),
        cmocka_unit_test(without_a_trusted_proxy_only_the_last_entry_counts),
        cmocka_unit_test(an_invalid_entry_ends_the_search),
        cmocka_unit_test(an_oversized_entry_is_not_truncated),
        cmocka_unit_test(the_last_scheme_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
