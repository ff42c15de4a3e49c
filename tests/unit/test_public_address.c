/* public_address: the borders of each network that is not public, and addresses inside addresses.
 * */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "http/public_address.h"
#include "support/unit.h"

static const char *const PUBLIC[] = {
    "1.0.0.0",         "9.255.255.255",    "11.0.0.0",        "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.0",        "169.253.255.255", "169.255.0.0",    "172.15.255.255",
    "172.32.0.0",      "191.255.255.255",  "192.0.1.0",       "192.0.3.0",      "192.88.98.255",
    "192.88.100.0",    "192.167.255.255",  "192.169.0.0",     "198.17.255.255", "198.20.0.0",
    "198.51.99.255",   "198.51.101.0",     "203.0.112.255",   "203.0.114.0",    "223.255.255.255",
    "8.8.8.8",         "2001:200::1",      "2606:4700::1111", "2a00:1450::1",   "2003::1",
    "3ffe::1",         "2001:db7:ffff::1", "2001:db9::1",     "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
};

static const char *const NOT_PUBLIC[] = {
    "0.0.0.0",
    "0.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "127.0.0.0",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.0.0",
    "169.254.169.254",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:0:0",
    "::ffff:127.0.0.1",
    "::ffff:10.1.2.3",
    "::ffff:169.254.169.254",
    "64:ff9b::10.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:10::1",
    "2001:1ff::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3fff::1",
    "3fff:fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff02::1",
};

static void public_addresses_are_public(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(PUBLIC); i++)
        if (!public_address_is_text(PUBLIC[i]))
            fail_msg("%s", PUBLIC[i]);
}

static void other_addresses_are_not(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(NOT_PUBLIC); i++)
        if (public_address_is_text(NOT_PUBLIC[i]))
            fail_msg("%s", NOT_PUBLIC[i]);
}

static void other_texts_are_not(void **state) {
    static const char *const TEXTS[] = {"",           "8.8.8",     "8.8.8.8 ",  "010.8.8.8",
                                        "0x8.8.8.8",  "134744072", "8.8.8.8.",  "[2003::1]",
                                        "2003::1%lo", "localhost", "2003::1::1"};
    (void)state;
    for (size_t i = 0; i < COUNT(TEXTS); i++)
        if (public_address_is_text(TEXTS[i]))
            fail_msg("%s", TEXTS[i]);
}

static void socket_addresses_are_read_by_their_family(void **state) {
    struct sockaddr_storage storage;
    (void)state;
    memset(&storage, 0, sizeof(storage));
    struct sockaddr_in *four = (struct sockaddr_in *)&storage;
    four->sin_family = AF_INET;
    four->sin_port = htons(80);
    inet_pton(AF_INET, "8.8.8.8", &four->sin_addr);
    assert_true(public_address_is((struct sockaddr *)&storage));
    inet_pton(AF_INET, "127.0.0.1", &four->sin_addr);
    assert_false(public_address_is((struct sockaddr *)&storage));

    memset(&storage, 0, sizeof(storage));
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&storage;
    six->sin6_family = AF_INET6;
    inet_pton(AF_INET6, "2003::1", &six->sin6_addr);
    assert_true(public_address_is((struct sockaddr *)&storage));
    inet_pton(AF_INET6, "::ffff:192.168.1.1", &six->sin6_addr);
    assert_false(public_address_is((struct sockaddr *)&storage));

    storage.ss_family = AF_UNIX;
    assert_false(public_address_is((struct sockaddr *)&storage));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_addresses_are_public),
        cmocka_unit_test(other_addresses_are_not),
        cmocka_unit_test(other_texts_are_not),
        cmocka_unit_test(socket_addresses_are_read_by_their_family),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
