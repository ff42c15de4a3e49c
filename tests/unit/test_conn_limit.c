/* conn_limit: limits of handshakes and sockets, for an address and in total. */
#include "net/conn_limit.h"
#include "support/unit.h"

static struct config config = {.max_sockets = 10,
                               .max_sockets_address = 3,
                               .rate_limits = CONFIG_ON,
                               .rate_socket_failures = 2,
                               .push_proxies = "10.0.0.2",
                               .trusted_proxies = "10.0.0.1"};

static const char *const ADDRESSES[] = {"192.0.2.1", "192.0.2.2", "2001:db8::1", "192.0.2.4"};

/* A handshake is complete, and its client let in. */
static bool admit(struct conn_limit *limit, uint64_t key) {
    conn_limit_opening_begin(limit, key);
    return conn_limit_admit(limit, &config, key);
}

static void handshakes_of_an_address_are_limited(void **state) {
    (void)state;
    struct conn_limit limit = {0};
    uint64_t keys[3];
    for (unsigned i = 0; i < 3; i++)
        assert_true(keys[i] = conn_limit_handshake_begin(&limit, &config, "192.0.2.1"));
    assert_false(conn_limit_handshake_begin(&limit, &config, "192.0.2.1"));
    assert_true(conn_limit_handshake_begin(&limit, &config, "192.0.2.2"));
    conn_limit_handshake_end(&limit, keys[0]);
    assert_true(conn_limit_handshake_begin(&limit, &config, "192.0.2.1"));
    conn_limit_free(&limit);
}

static void handshakes_of_a_proxy_are_limited_in_total_only(void **state) {
    (void)state;
    struct conn_limit limit = {0};
    uint64_t key = 0;
    for (unsigned i = 0; i < config.max_sockets + CONN_LIMIT_MARGIN; i++)
        assert_true(key = conn_limit_handshake_begin(&limit, &config, "10.0.0.1"));
    assert_false(conn_limit_handshake_begin(&limit, &config, "10.0.0.1"));
    assert_false(conn_limit_handshake_begin(&limit, &config, "192.0.2.1"));
    conn_limit_handshake_end(&limit, key);
    assert_true(conn_limit_handshake_begin(&limit, &config, "192.0.2.1"));
    conn_limit_free(&limit);
}

static void unix_socket_and_listed_addresses_are_proxies(void **state) {
    (void)state;
    assert_true(conn_limit_is_proxy(&config, CONN_LIMIT_UNIX));
    assert_true(conn_limit_is_proxy(&config, "10.0.0.1"));
    assert_true(conn_limit_is_proxy(&config, "10.0.0.2"));
    assert_false(conn_limit_is_proxy(&config, "192.0.2.1"));
    assert_false(conn_limit_is_proxy(&config, ""));
}

static void sockets_of_an_address_are_limited(void **state) {
    (void)state;
    struct conn_limit limit = {0};
    uint64_t key = 0;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(conn_limit_check_sockets(&limit, &config, conn_limit_key("192.0.2.1")),
                         CONN_LIMIT_OK);
        key = conn_limit_key("192.0.2.1");
        assert_true(admit(&limit, key));
    }
    assert_int_equal(conn_limit_check_sockets(&limit, &config, conn_limit_key("192.0.2.1")),
                     CONN_LIMIT_ADDRESS);
    assert_int_equal(conn_limit_check_sockets(&limit, &config, conn_limit_key("192.0.2.2")),
                     CONN_LIMIT_OK);
    conn_limit_remove(&limit, key);
    assert_int_equal(conn_limit_check_sockets(&limit, &config, conn_limit_key("192.0.2.1")),
                     CONN_LIMIT_OK);
    conn_limit_free(&limit);
}

static void sockets_are_limited_in_total(void **state) {
    (void)state;
    struct conn_limit limit = {0};
    uint64_t key = 0;
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(
            conn_limit_check_sockets(&limit, &config, conn_limit_key(ADDRESSES[i % 4])),
            CONN_LIMIT_OK);
        key = conn_limit_key(ADDRESSES[i % 4]);
        assert_true(admit(&limit, key));
    }
    assert_int_equal(conn_limit_check_sockets(&limit, &config, conn_limit_key("192.0.2.9")),
                     CONN_LIMIT_TOTAL);
    conn_limit_remove(&limit, key);
    assert_int_equal(conn_limit_check_sockets(&limit, &config, conn_limit_key("192.0.2.9")),
                     CONN_LIMIT_OK);
    conn_limit_free(&limit);
}

/* If many come at the same moment, only as many complete their handshake as there are places. */
static void clients_that_an_address_is_opening_count(void **state) {
    (void)state;
    struct conn_limit limit = {0};
    const uint64_t key = conn_limit_key("192.0.2.1"), other = conn_limit_key("192.0.2.2");
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(conn_limit_check_sockets(&limit, &config, key), CONN_LIMIT_OK);
        conn_limit_opening_begin(&limit, key);
    }
    assert_int_equal(conn_limit_check_sockets(&limit, &config, key), CONN_LIMIT_ADDRESS);
    assert_int_equal(conn_limit_check_sockets(&limit, &config, other), CONN_LIMIT_OK);
    for (unsigned i = 0; i < 2; i++)
        assert_true(conn_limit_admit(&limit, &config, key));
    assert_int_equal(conn_limit_check_sockets(&limit, &config, key), CONN_LIMIT_ADDRESS);
    /* Refused, or gone. */
    conn_limit_opening_end(&limit, key);
    assert_int_equal(conn_limit_check_sockets(&limit, &config, key), CONN_LIMIT_OK);
    conn_limit_free(&limit);
}

static void opening_clients_count_in_total_for_their_own_address_only(void **state) {
    (void)state;
    struct conn_limit limit = {0};
    const uint64_t key = conn_limit_key("192.0.2.1"), other = conn_limit_key("192.0.2.2");
    for (unsigned i = 0; i < 9; i++)
        assert_true(admit(&limit, conn_limit_key(ADDRESSES[i % 4])));
    conn_limit_opening_begin(&limit, other);
    assert_int_equal(conn_limit_check_sockets(&limit, &config, other), CONN_LIMIT_TOTAL);
    /* The client of the other address may have made up its credentials. */
    assert_int_equal(conn_limit_check_sockets(&limit, &config, conn_limit_key("192.0.2.9")),
                     CONN_LIMIT_OK);
    conn_limit_opening_begin(&limit, key);
    assert_true(conn_limit_admit(&limit, &config, other));
    assert_false(conn_limit_admit(&limit, &config, key));
    assert_int_equal(idmap_counter(&limit.opening, key), 1);
    conn_limit_free(&limit);
}

static void counters_are_freed_with_the_last_connection(void **state) {
    (void)state;
    struct conn_limit limit = {0};
    uint64_t handshake_keys[8], socket_keys[8];
    for (unsigned i = 0; i < 8; i++) {
        handshake_keys[i] = conn_limit_handshake_begin(&limit, &config, ADDRESSES[i % 4]);
        socket_keys[i] = conn_limit_key(ADDRESSES[i % 4]);
        assert_true(admit(&limit, socket_keys[i]));
    }
    for (unsigned i = 0; i < 8; i++) {
        conn_limit_handshake_end(&limit, handshake_keys[i]);
        conn_limit_remove(&limit, socket_keys[i]);
    }
    assert_int_equal(limit.handshaking_count, 0);
    assert_int_equal(limit.open_count, 0);
    assert_int_equal(idmap_count(&limit.handshaking), 0);
    assert_int_equal(idmap_count(&limit.opening), 0);
    assert_int_equal(idmap_count(&limit.open), 0);
    conn_limit_free(&limit);
}

/* ---- invalid credentials ---- */

static const unsigned char HASH[SECRET_HASH_SIZE] = {1, 2, 3}, OTHER_HASH[SECRET_HASH_SIZE] = {4};

static enum conn_limit_result check_failures(struct conn_limit *limit, const char *address,
                                             const unsigned char *hash, int64_t now_ms) {
    return conn_limit_check_failures(limit, &config, conn_limit_key(address), hash, now_ms);
}

static void failures_of_an_address_are_limited_in_a_minute(void **state) {
    (void)state;
    struct conn_limit limit = {0};
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(check_failures(&limit, "192.0.2.1", HASH, 1000), CONN_LIMIT_OK);
        conn_limit_note_failure(&limit, conn_limit_key("192.0.2.1"), 1000);
    }
    assert_int_equal(check_failures(&limit, "192.0.2.1", HASH, 1000), CONN_LIMIT_FAILURES);
    assert_int_equal(check_failures(&limit, "192.0.2.1", NULL, 1000), CONN_LIMIT_FAILURES);
    assert_int_equal(check_failures(&limit, "192.0.2.2", HASH, 1000), CONN_LIMIT_OK);
    assert_int_equal(check_failures(&limit, "192.0.2.1", HASH, 61000), CONN_LIMIT_OK);
    config.rate_limits = CONFIG_OFF;
    conn_limit_note_failure(&limit, conn_limit_key("192.0.2.1"), 61000);
    conn_limit_note_failure(&limit, conn_limit_key("192.0.2.1"), 61000);
    assert_int_equal(check_failures(&limit, "192.0.2.1", HASH, 61000), CONN_LIMIT_OK);
    config.rate_limits = CONFIG_ON;
    conn_limit_free(&limit);
}

static void a_credential_that_was_valid_is_not_limited(void **state) {
    (void)state;
    struct conn_limit limit = {0};
    conn_limit_note_valid(&limit, HASH);
    for (unsigned i = 0; i < 9; i++)
        conn_limit_note_failure(&limit, conn_limit_key("192.0.2.1"), 1000);
    assert_int_equal(check_failures(&limit, "192.0.2.1", HASH, 1000), CONN_LIMIT_OK);
    assert_int_equal(check_failures(&limit, "192.0.2.1", OTHER_HASH, 1000), CONN_LIMIT_FAILURES);
    conn_limit_free(&limit);
}

static void a_64_of_ipv6_is_one_address(void **state) {
    (void)state;
    assert_true(conn_limit_key("2001:db8::1") == conn_limit_key("2001:db8::ffff:2"));
    assert_true(conn_limit_key("2001:db8::1") != conn_limit_key("2001:db8:0:1::1"));
    assert_true(conn_limit_key("::ffff:192.0.2.1") == conn_limit_key("192.0.2.1"));
    assert_true(conn_limit_key("192.0.2.1") != conn_limit_key("192.0.2.2"));
    assert_true(conn_limit_key(CONN_LIMIT_UNIX) != 0);
    assert_true(conn_limit_key("192.0.2.1") == (uintptr_t)conn_limit_key("192.0.2.1"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshakes_of_an_address_are_limited),
        cmocka_unit_test(handshakes_of_a_proxy_are_limited_in_total_only),
        cmocka_unit_test(unix_socket_and_listed_addresses_are_proxies),
        cmocka_unit_test(sockets_of_an_address_are_limited),
        cmocka_unit_test(sockets_are_limited_in_total),
        cmocka_unit_test(clients_that_an_address_is_opening_count),
        cmocka_unit_test(opening_clients_count_in_total_for_their_own_address_only),
        cmocka_unit_test(counters_are_freed_with_the_last_connection),
        cmocka_unit_test(failures_of_an_address_are_limited_in_a_minute),
        cmocka_unit_test(a_credential_that_was_valid_is_not_limited),
        cmocka_unit_test(a_64_of_ipv6_is_one_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
