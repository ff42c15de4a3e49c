/* redis_slots: slots of keys, and the map of a cluster. */
#include <string.h>

#include "redis/redis_slots.h"
#include "support/unit.h"

static const struct host_address ASKED = {"10.0.0.9", 7009};

static struct redis_slots slots;

static bool parse(const char *reply) {
    return redis_slots_parse(&slots, text_of(reply), &ASKED);
}

static void slots_are_those_of_redis(void **state) {
    (void)state;
    /* As CLUSTER KEYSLOT gives them. */
    static const struct {
        const char *key;
        unsigned slot;
    } KEYS[] = {{"", 0},
                {"123456789", 12739},
                {"foo", 12182},
                {"{foo}bar", 12182},
                {"a{foo}{bar}", 12182},
                {"foo{}{bar}", 8363},
                {"foo{{bar}}zap", 4015}};
    for (size_t i = 0; i < COUNT(KEYS); i++)
        assert_int_equal(redis_slots_of(text_of(KEYS[i].key)), KEYS[i].slot);
}

static void a_map_has_primaries_and_their_slots(void **state) {
    (void)state;
    assert_true(
        parse("a1 10.0.0.1:7001@17001,one.example master - 0 1 1 connected 0-99 101\n"
              "a2 :7002@17002 myself,master - 0 1 2 connected 100 102-16383 [93-<-a1]\r\n"
              "a3 10.0.0.3:7003@17003 slave a1 0 1 1 connected\n"
              "a4 fd00::4:7004@17004 master,fail - 0 1 4 disconnected\n"
              "a5 :0@0 slave,fail,noaddr a1 0 1 1 disconnected\n\n"));
    assert_int_equal(slots.count, 2);
    assert_string_equal(slots.nodes[0].name, "10.0.0.1");
    assert_int_equal(slots.nodes[0].port, 7001);
    /* Its own address is unknown to it: it is the one that was asked. */
    assert_string_equal(slots.nodes[1].name, "10.0.0.9");
    assert_int_equal(slots.nodes[1].port, 7002);
    assert_int_equal(redis_slots_node(&slots, 99), 0);
    assert_int_equal(redis_slots_node(&slots, 100), 1);
    assert_int_equal(redis_slots_node(&slots, 101), 0);
    assert_int_equal(redis_slots_node(&slots, 16383), 1);
}

static void slots_without_a_node_have_no_primary(void **state) {
    (void)state;
    assert_true(parse("a1 fd00::1:7001@17001 master - 0 1 1 connected 5\n"));
    assert_string_equal(slots.nodes[0].name, "fd00::1");
    assert_int_equal(redis_slots_node(&slots, 4), -1);
}

static void a_tag_is_one_of_the_primary(void **state) {
    (void)state;
    assert_true(
        parse("a1 h:1@2 master - 0 1 1 connected 0-8191\n"
              "a2 h:2@3 master - 0 1 1 connected 8192-16383\n"));
    for (unsigned node = 0; node < 2; node++) {
        char prefix[REDIS_SLOTS_PREFIX_SIZE];
        redis_slots_prefix("confab:", true, redis_slots_tag(&slots, node), prefix);
        assert_int_equal(redis_slots_node(&slots, redis_slots_of(text_of(prefix))), node);
    }
}

static void what_is_no_map_changes_nothing(void **state) {
    (void)state;
    static const char *const REPLIES[] = {
        "",
        "\n",
        "a1",
        "a1 h:1@2 master",
        "a1 h:1@2 slave a2 0 1 1 connected 0-9",
        "a1 h:1@2 master - 0 1 1 connected 0-16384",
        "a1 h:1@2 master - 0 1 1 connected 9-0",
        "a1 h:1@2 master - 0 1 1 connected x",
        "a1 h:1@2 master - 0 1 1 connected 1-x",
        "a1 h:1@2 master - 0 1 1 connected -",
        "a1 h@2 master - 0 1 1 connected 1",
        "a1 h:65536@2 master - 0 1 1 connected 1",
        "a1 h:1@2 master - 0 1 1 connected 1\na2 h:2@2 master - 0 1 1 connected 1"};
    assert_true(parse("a1 h:1@2 master - 0 1 1 connected 7\n"));
    for (size_t i = 0; i < COUNT(REPLIES); i++)
        assert_false(parse(REPLIES[i]));
    assert_int_equal(redis_slots_node(&slots, 7), 0);
}

static void names_have_the_tag_in_a_cluster_only(void **state) {
    (void)state;
    char prefix[REDIS_SLOTS_PREFIX_SIZE];
    struct text name = text_of("confab:{7}:room:7");
    assert_string_equal(redis_slots_prefix("confab:", false, 7, prefix), "confab:");
    assert_string_equal(redis_slots_prefix("confab:", true, 7, prefix), "confab:{7}:");
    assert_true(redis_slots_skip_prefix(&name, "confab:", true));
    assert_true(text_equals(name, text_of("room:7")));
    name = text_of("confab:room:7");
    assert_false(redis_slots_skip_prefix(&name, "confab:", true));
    name = text_of("confab:{7room:7");
    assert_false(redis_slots_skip_prefix(&name, "confab:", true));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_are_those_of_redis),
        cmocka_unit_test(a_map_has_primaries_and_their_slots),
        cmocka_unit_test(slots_without_a_node_have_no_primary),
        cmocka_unit_test(a_tag_is_one_of_the_primary),
        cmocka_unit_test(what_is_no_map_changes_nothing),
        cmocka_unit_test(names_have_the_tag_in_a_cluster_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
