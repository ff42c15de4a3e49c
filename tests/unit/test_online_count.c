/* online_count: numbers of users in large rooms, from replies that a test gives one by one. */
#include "presence/online_count.h"
#include "support/unit.h"

/* The command that waits for its reply; and what the module called. */
static struct {
    int64_t now_ms;
    presence_store_counted *done;
    void *context;
    uint64_t own; /* of the last command */
    unsigned commands, notices, ready;
    uint64_t notified;
} world;

static struct online_counts *counts;

static int64_t now_ms(void) {
    return world.now_ms;
}

static void count(struct pubsub *pubsub, uint64_t room_id, uint64_t own,
                  presence_store_counted *done, void *context) {
    (void)pubsub;
    assert_int_equal(room_id, 7);
    assert_null(world.done);
    world.done = done;
    world.context = context;
    world.own = own;
    world.commands++;
}

static void reply(bool ok, uint64_t others) {
    presence_store_counted *done = world.done;
    assert_non_null(done);
    world.done = NULL;
    done(world.context, ok, others);
}

static void notify(void *context, uint64_t room_id, uint64_t number) {
    (void)context;
    (void)room_id;
    world.notices++;
    world.notified = number;
}

static void ready(void *context, uint64_t room_id) {
    (void)context;
    (void)room_id;
    world.ready++;
}

static const struct online_count_hooks HOOKS = {NULL, count, now_ms, NULL, notify, ready};

static void tick(int64_t ms) {
    world.now_ms += ms;
    online_counts_tick(counts);
}

static int set_up(void **state) {
    (void)state;
    world = (__typeof__(world)){.now_ms = 1000};
    counts = online_counts_new(&HOOKS);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    online_counts_free(counts);
    return 0;
}

/* A room with two users here and `others` elsewhere. */
static void open_room(uint64_t others) {
    assert_false(online_count_open(counts, 7));
    reply(true, others);
    assert_int_equal(world.ready, 1);
    online_count_add(counts, 7, 1, true);
    online_count_add(counts, 7, 2, false);
    online_count_add(counts, 7, 2, false);
}

static void users_are_counted_once_and_added_to_those_elsewhere(void **state) {
    (void)state;
    open_room(10);
    assert_true(online_count_open(counts, 7));
    assert_int_equal(online_count_of(counts, 7), 12);
    online_count_remove(counts, 7, 2);
    assert_int_equal(online_count_of(counts, 7), 12);
    online_count_remove(counts, 7, 2);
    online_count_remove(counts, 7, 2);
    assert_int_equal(online_count_of(counts, 7), 11);
}

static void redis_learns_of_a_change_soon_and_of_none_later(void **state) {
    (void)state;
    open_room(10);
    tick(999);
    assert_int_equal(world.commands, 1);
    tick(1);
    assert_int_equal(world.commands, 2);
    assert_int_equal(world.own, 2);
    /* While Redis has not answered no other command follows. */
    tick(60000);
    assert_int_equal(world.commands, 2);
    reply(true, 20);
    assert_int_equal(world.notified, 22);
    tick(4999);
    tick(1);
    assert_int_equal(world.commands, 3);
    reply(true, 20);
    assert_int_equal(world.notices, 1);
}

static void the_first_user_is_sent_to_sockets_that_were_open(void **state) {
    (void)state;
    assert_false(online_count_open(counts, 7));
    reply(true, 0);
    online_count_add(counts, 7, 1, false);
    tick(1000);
    reply(true, 0);
    assert_int_equal(world.notified, 1);
}

static void a_small_change_of_a_large_number_is_sent_late(void **state) {
    (void)state;
    open_room(9998);
    tick(5000);
    reply(true, 10007);
    assert_int_equal(world.notices, 0);
    tick(5000);
    reply(true, 10200);
    assert_int_equal(world.notified, 10202);
    tick(5000);
    reply(true, 10201);
    assert_int_equal(world.notices, 1);
    tick(25000);
    reply(true, 10201);
    assert_int_equal(world.notified, 10203);
}

static void without_redis_those_here_are_counted(void **state) {
    (void)state;
    open_room(10);
    tick(5000);
    reply(false, 0);
    assert_int_equal(world.notified, 2);
}

static void a_closed_room_is_withdrawn_and_can_be_opened_again(void **state) {
    (void)state;
    open_room(3);
    online_count_close(counts, 7);
    assert_int_equal(world.own, 0);
    reply(true, 3);
    assert_int_equal(online_count_of(counts, 7), 0);
    assert_false(online_count_open(counts, 7));
    reply(true, 3);
    assert_int_equal(online_count_of(counts, 7), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(users_are_counted_once_and_added_to_those_elsewhere, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(redis_learns_of_a_change_soon_and_of_none_later, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_first_user_is_sent_to_sockets_that_were_open, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_small_change_of_a_large_number_is_sent_late, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_redis_those_here_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_closed_room_is_withdrawn_and_can_be_opened_again, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
