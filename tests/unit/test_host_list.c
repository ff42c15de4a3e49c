/* host_list: servers with and without a port, and addresses of IPv6. */
#include <string.h>

#include "os/host_list.h"
#include "support/unit.h"

#define PORT 3306

static void servers_are_separated_by_commas_or_spaces(void **state) {
    (void)state;
    assert_int_equal(host_list_count(""), 0);
    assert_int_equal(host_list_count(" , "), 0);
    assert_int_equal(host_list_count("db1"), 1);
    assert_int_equal(host_list_count("db1,db2:3307 db3, "), 3);
}

static void a_port_may_follow(void **state) {
    static const struct {
        const char *text, *name;
        unsigned port;
    } CASES[] = {
        {"db1", "db1", PORT},
        {"db1:3307", "db1", 3307},
        {"10.0.0.1:1", "10.0.0.1", 1},
        {"[::1]", "::1", PORT},
        {"[fe80::1]:65535", "fe80::1", 65535},
        {"::1", "::1", PORT},
        {"fe80::1:2", "fe80::1:2", PORT},
        /* Not a port: the name is not found, and the error shows it. */
        {"db1:65536", "db1:65536", PORT},
        {"db1:", "db1:", PORT},
        {"db1:x", "db1:x", PORT},
        {":1", ":1", PORT},
        {"[", "[", PORT},
        {"[]", "", PORT},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct host_address address;
        host_list_get(CASES[i].text, 0, PORT, &address);
        assert_string_equal(address.name, CASES[i].name);
        assert_int_equal(address.port, CASES[i].port);
    }
}

static void servers_are_read_by_index(void **state) {
    struct host_address first, last;
    (void)state;
    host_list_get("db1, db2:3307 , [::1]:1", 0, PORT, &first);
    host_list_get("db1, db2:3307 , [::1]:1", 2, PORT, &last);
    assert_string_equal(first.name, "db1");
    assert_string_equal(last.name, "::1");
    assert_true(host_address_equals(&first, &first));
    assert_false(host_address_equals(&first, &last));
}

static void a_name_that_is_too_long_is_cut(void **state) {
    char list[1000];
    struct host_address address;
    (void)state;
    memset(list, 'a', sizeof(list));
    list[sizeof(list) - 1] = '\0';
    host_list_get(list, 0, PORT, &address);
    assert_int_equal(strlen(address.name), sizeof(address.name) - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_are_separated_by_commas_or_spaces),
        cmocka_unit_test(a_port_may_follow),
        cmocka_unit_test(servers_are_read_by_index),
        cmocka_unit_test(a_name_that_is_too_long_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
