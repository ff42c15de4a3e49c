/* conn_limit: how many may knock and how many may sit, of one address and in all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/conn_limit.h"

static struct config config = {.max_sockets = 10,
                               .max_sockets_address = 3,
                               .push_proxies = "10.0.0.2",
                               .trusted_proxies = "10.0.0.1"};

static const char *const ADDRESSES[] = {"192.0.2.1", "192.0.2.2", "2001:db8::1", "192.0.2.4"};

static void an_address_knocks_only_so_often_at_once(void **state) {
    (void)state;
    struct conn_limit conn_limit = {0};
    uint64_t keys[3];
    for (unsigned i = 0; i < 3; i++)
        assert_true(keys[i] = conn_limit_handshake_begin(&conn_limit, &config, "192.0.2.1"));
    assert_false(conn_limit_handshake_begin(&conn_limit, &config, "192.0.2.1"));
    assert_true(conn_limit_handshake_begin(&conn_limit, &config, "192.0.2.2"));
    conn_limit_handshake_end(&conn_limit, keys[0]);
    assert_true(conn_limit_handshake_begin(&conn_limit, &config, "192.0.2.1"));
    conn_limit_free(&conn_limit);
}

static void a_trusted_proxy_knocks_as_long_as_there_is_room(void **state) {
    (void)state;
    struct conn_limit conn_limit = {0};
    uint64_t key = 0;
    for (unsigned i = 0; i < config.max_sockets + CONN_LIMIT_MARGIN; i++)
        assert_true(key = conn_limit_handshake_begin(&conn_limit, &config, "10.0.0.1"));
    assert_false(conn_limit_handshake_begin(&conn_limit, &config, "10.0.0.1"));
    assert_false(conn_limit_handshake_begin(&conn_limit, &config, "192.0.2.1"));
    conn_limit_handshake_end(&conn_limit, key);
    assert_true(conn_limit_handshake_begin(&conn_limit, &config, "192.0.2.1"));
    conn_limit_free(&conn_limit);
}

static void who_comes_over_the_unix_socket_stands_for_others_as_proxies_do(void **state) {
    (void)state;
    assert_true(conn_limit_is_proxy(&config, CONN_LIMIT_UNIX));
    assert_true(conn_limit_is_proxy(&config, "10.0.0.1"));
    assert_true(conn_limit_is_proxy(&config, "10.0.0.2"));
    assert_false(conn_limit_is_proxy(&config, "192.0.2.1"));
    assert_false(conn_limit_is_proxy(&config, ""));
}

static void an_address_has_only_so_many_sockets(void **state) {
    (void)state;
    struct conn_limit conn_limit = {0};
    uint64_t key = 0;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(conn_limit_check(&conn_limit, &config, "192.0.2.1"), CONN_LIMIT_OK);
        key = conn_limit_add(&conn_limit, "192.0.2.1");
    }
    assert_int_equal(conn_limit_check(&conn_limit, &config, "192.0.2.1"), CONN_LIMIT_ADDRESS);
    assert_int_equal(conn_limit_check(&conn_limit, &config, "192.0.2.2"), CONN_LIMIT_OK);
    conn_limit_remove(&conn_limit, key);
    assert_int_equal(conn_limit_check(&conn_limit, &config, "192.0.2.1"), CONN_LIMIT_OK);
    conn_limit_free(&conn_limit);
}

static void there_are_only_so_many_sockets(void **state) {
    (void)state;
    struct conn_limit conn_limit = {0};
    uint64_t key = 0;
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(conn_limit_check(&conn_limit, &config, ADDRESSES[i % 4]), CONN_LIMIT_OK);
        key = conn_limit_add(&conn_limit, ADDRESSES[i % 4]);
    }
    assert_int_equal(conn_limit_check(&conn_limit, &config, "192.0.2.9"), CONN_LIMIT_TOTAL);
    conn_limit_remove(&conn_limit, key);
    assert_int_equal(conn_limit_check(&conn_limit, &config, "192.0.2.9"), CONN_LIMIT_OK);
    conn_limit_free(&conn_limit);
}

static void when_all_have_gone_nothing_is_left(void **state) {
    (void)state;
    struct conn_limit conn_limit = {0};
    uint64_t knocks[8], seats[8];
    for (unsigned i = 0; i < 8; i++) {
        knocks[i] = conn_limit_handshake_begin(&conn_limit, &config, ADDRESSES[i % 4]);
        seats[i] = conn_limit_add(&conn_limit, ADDRESSES[i % 4]);
    }
    for (unsigned i = 0; i < 8; i++) {
        conn_limit_handshake_end(&conn_limit, knocks[i]);
        conn_limit_remove(&conn_limit, seats[i]);
    }
    assert_int_equal(conn_limit.handshaking_count, 0);
    assert_int_equal(conn_limit.open_count, 0);
    assert_int_equal(idmap_count(&conn_limit.handshaking), 0);
    assert_int_equal(idmap_count(&conn_limit.open), 0);
    conn_limit_free(&conn_limit);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_knocks_only_so_often_at_once),
        cmocka_unit_test(a_trusted_proxy_knocks_as_long_as_there_is_room),
        cmocka_unit_test(who_comes_over_the_unix_socket_stands_for_others_as_proxies_do),
        cmocka_unit_test(an_address_has_only_so_many_sockets),
        cmocka_unit_test(there_are_only_so_many_sockets),
        cmocka_unit_test(when_all_have_gone_nothing_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
