/* door: how many may knock and how many may sit, of one address and in all. */
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
    struct door door = {0};
    uint64_t keys[3];
    for (unsigned i = 0; i < 3; i++)
        assert_true(keys[i] = door_knock(&door, &config, "192.0.2.1"));
    assert_false(door_knock(&door, &config, "192.0.2.1"));
    assert_true(door_knock(&door, &config, "192.0.2.2"));
    door_leave(&door, keys[0]);
    assert_true(door_knock(&door, &config, "192.0.2.1"));
    door_free(&door);
}

static void a_trusted_proxy_knocks_as_long_as_there_is_room(void **state) {
    (void)state;
    struct door door = {0};
    uint64_t key = 0;
    for (unsigned i = 0; i < config.max_sockets + DOOR_ROOM; i++)
        assert_true(key = door_knock(&door, &config, "10.0.0.1"));
    assert_false(door_knock(&door, &config, "10.0.0.1"));
    assert_false(door_knock(&door, &config, "192.0.2.1"));
    door_leave(&door, key);
    assert_true(door_knock(&door, &config, "192.0.2.1"));
    door_free(&door);
}

static void who_comes_over_the_unix_socket_stands_for_others_as_proxies_do(void **state) {
    (void)state;
    assert_true(door_is_proxy(&config, DOOR_LOCAL));
    assert_true(door_is_proxy(&config, "10.0.0.1"));
    assert_true(door_is_proxy(&config, "10.0.0.2"));
    assert_false(door_is_proxy(&config, "192.0.2.1"));
    assert_false(door_is_proxy(&config, ""));
}

static void an_address_has_only_so_many_sockets(void **state) {
    (void)state;
    struct door door = {0};
    uint64_t key = 0;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(door_ask(&door, &config, "192.0.2.1"), DOOR_OPEN);
        key = door_sit(&door, "192.0.2.1");
    }
    assert_int_equal(door_ask(&door, &config, "192.0.2.1"), DOOR_CROWDED);
    assert_int_equal(door_ask(&door, &config, "192.0.2.2"), DOOR_OPEN);
    door_rise(&door, key);
    assert_int_equal(door_ask(&door, &config, "192.0.2.1"), DOOR_OPEN);
    door_free(&door);
}

static void there_are_only_so_many_sockets(void **state) {
    (void)state;
    struct door door = {0};
    uint64_t key = 0;
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(door_ask(&door, &config, ADDRESSES[i % 4]), DOOR_OPEN);
        key = door_sit(&door, ADDRESSES[i % 4]);
    }
    assert_int_equal(door_ask(&door, &config, "192.0.2.9"), DOOR_FULL);
    door_rise(&door, key);
    assert_int_equal(door_ask(&door, &config, "192.0.2.9"), DOOR_OPEN);
    door_free(&door);
}

static void when_all_have_gone_nothing_is_left(void **state) {
    (void)state;
    struct door door = {0};
    uint64_t knocks[8], seats[8];
    for (unsigned i = 0; i < 8; i++) {
        knocks[i] = door_knock(&door, &config, ADDRESSES[i % 4]);
        seats[i] = door_sit(&door, ADDRESSES[i % 4]);
    }
    for (unsigned i = 0; i < 8; i++) {
        door_leave(&door, knocks[i]);
        door_rise(&door, seats[i]);
    }
    assert_int_equal(door.knocking_count, 0);
    assert_int_equal(door.sitting_count, 0);
    assert_int_equal(idmap_count(&door.knocking), 0);
    assert_int_equal(idmap_count(&door.sitting), 0);
    door_free(&door);
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
