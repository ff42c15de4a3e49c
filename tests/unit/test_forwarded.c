/* forwarded: address and scheme of the client; only trusted entries at the end of a list count. */
#include <stdio.h>
#include <string.h>

#include "http/forwarded.h"
#include "support/unit.h"

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
        {"6.6.6.6, 192.0.2.7:50123", "192.0.2.7"},
        {"192.0.2.7:50123, 10.1.2.3:443", "192.0.2.7"},
        {"192.0.2.7:", "192.0.2.7"},
        {"[2001:db9::1]:443", "2001:db9::1"},
        {"[2001:db9::1]", "2001:db9::1"},
        {"2001:DB9:0:0::1", "2001:db9::1"},
        {"\"[2001:db9::1]:443\"", "2001:db9::1"},
        {"\"192.0.2.7\"", "192.0.2.7"},
        {"fe80::1%eth0", "fe80::1"},
        {"[fe80::1%25eth0]:80", "fe80::1"},
        {"192.0.2.7, [2001:db8::1]:80", "192.0.2.7"},
        {"::ffff:192.0.2.7", "192.0.2.7"},
        {"[::ffff:192.0.2.7]:5", "192.0.2.7"},
        {"::FFFF:c000:0207", "192.0.2.7"},
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
        {"6.6.6.6, unknown", PEER},
        {"6.6.6.6, unknown, 10.0.0.1", "10.0.0.1"},
        {"6.6.6.6, \xff\xfe", PEER},
        {"6.6.6.6, 10.0.0.0/8", PEER},
        {"-", PEER},
        {"6.6.6.6, _hidden:_port", PEER},
        {"6.6.6.6, for=192.0.2.7", PEER},
        {"6.6.6.6, 192.0.2.7 10.0.0.1", PEER},
        {"6.6.6.6, 192.0.2", PEER},
        {"6.6.6.6, 192.0.2.07", PEER},
        {"6.6.6.6, [2001:db9::1", PEER},
        {"6.6.6.6, [2001:db9::1]443", PEER},
        {"6.6.6.6, []", PEER},
        {"6.6.6.6, [", PEER},
        {"6.6.6.6, :", PEER},
        {"6.6.6.6, :80", PEER},
        {"6.6.6.6, %eth0", PEER},
        {"6.6.6.6, \"", PEER},
        {"6.6.6.6, \"\"", PEER},
    };
    static const char nul[] = "6.6.6.6,\0001";
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(address_of(text_of(cases[i].header), TRUSTED), cases[i].address);
    assert_string_equal(address_of((struct text){nul, sizeof(nul) - 1}, TRUSTED), PEER);
}

static void an_oversized_entry_is_no_address(void **state) {
    char longer[2 * FORWARDED_ADDRESS_SIZE];
    (void)state;
    memset(longer, '1', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    assert_string_equal(address_of(text_of(longer), TRUSTED), PEER);
}

static void a_peer_has_one_spelling(void **state) {
    static const struct {
        const char *peer, *address;
    } cases[] = {
        {"192.0.2.7", "192.0.2.7"},
        {"::ffff:192.0.2.7", "192.0.2.7"},
        {"::1", "::1"},
        {"fe80::1%eth0", "fe80::1"},
        {"unix:", "unix:"},
        {"", ""},
    };
    char address[FORWARDED_ADDRESS_SIZE], longer[2 * FORWARDED_ADDRESS_SIZE];
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        forwarded_peer(address, text_of(cases[i].peer));
        assert_string_equal(address, cases[i].address);
    }
    memset(longer, 'x', sizeof(longer));
    forwarded_peer(address, (struct text){longer, sizeof(longer)});
    assert_int_equal(strlen(address), FORWARDED_ADDRESS_SIZE - 1);
}

static void only_one_known_scheme_counts(void **state) {
    static const struct {
        const char *header;
        bool before, https;
    } cases[] = {
        {"https", false, true},
        {"HTTPS", false, true},
        {" https\t", false, true},
        {"http", true, false},
        {"HTTP", true, false},
        {"", false, false},
        {"", true, true},
        {"http, https", false, false},
        {"https, http", true, true},
        {"https, https", false, false},
        {"https,", false, false},
        {"-", true, true},
        {"httpss", false, false},
        {"ttps", false, false},
        {"https://", false, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool https = cases[i].before;
        forwarded_scheme(text_of(cases[i].header), &https);
        if (https != cases[i].https)
            fail_msg("'%s' is%s https", cases[i].header, cases[i].https ? " not" : "");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_address_that_is_not_a_trusted_proxy_is_the_client),
        cmocka_unit_test(if_all_are_trusted_the_first_is_the_client),
        cmocka_unit_test(without_a_trusted_proxy_only_the_last_entry_counts),
        cmocka_unit_test(an_invalid_entry_ends_the_search),
        cmocka_unit_test(an_oversized_entry_is_no_address),
        cmocka_unit_test(a_peer_has_one_spelling),
        cmocka_unit_test(only_one_known_scheme_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
