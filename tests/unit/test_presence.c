/* presence: who is there, one thing after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/presence_cluster.h"

static void a_room_is_ready_when_redis_has_said_who_is_in_it(void **state) {
    (void)state;
    cluster_begin(2);
    cluster_open_socket(&cluster.nodes[0], 0, 0);
    cluster_deliver_all();
    cluster_open_socket(&cluster.nodes[1], 0, 1);
    assert_false(cluster.nodes[1].shows[0]);
    cluster_deliver_all();
    assert_true(cluster.nodes[1].shows[0] && cluster.nodes[1].known[0][0] &&
                cluster.nodes[1].known[0][1]);
    assert_true(cluster.nodes[0].known[0][1]);
    assert_int_equal(cluster.nodes[0].told, 1);
    cluster_end();
}

static void a_reload_within_the_grace_is_silent(void **state) {
    (void)state;
    cluster_begin(2);
    cluster_open_socket(&cluster.nodes[0], 0, 0);
    cluster_open_socket(&cluster.nodes[1], 0, 1);
    cluster_deliver_all();
    const unsigned told = cluster.nodes[0].told;
    cluster_close_socket(&cluster.nodes[1], 0, 1);
    cluster_tick_all(CLUSTER_GRACE - 1);
    cluster_deliver_all();
    cluster_open_socket(&cluster.nodes[1], 0, 1);
    cluster_deliver_all();
    cluster_tick_all(CLUSTER_GRACE);
    cluster_deliver_all();
    assert_int_equal(cluster.nodes[0].told, told);
    cluster_close_socket(&cluster.nodes[1], 0, 1);
    cluster_tick_all(CLUSTER_GRACE);
    cluster_deliver_all();
    assert_int_equal(cluster.nodes[0].told, told + 1);
    assert_false(cluster.nodes[0].known[0][1]);
    cluster_end();
}

static void a_user_leaves_with_the_last_socket_on_whichever_pushd(void **state) {
    (void)state;
    cluster_begin(3);
    cluster_open_socket(&cluster.nodes[2], 0, 4);
    cluster_deliver_all();
    cluster_open_socket(&cluster.nodes[0], 0, 1);
    cluster_open_socket(&cluster.nodes[0], 0, 1);
    cluster_deliver_all();
    cluster_open_socket(&cluster.nodes[1], 0, 1);
    cluster_deliver_all();
    for (int i = 0; i < 2; i++) {
        cluster_close_socket(&cluster.nodes[0], 0, 1);
        cluster_tick_all(CLUSTER_GRACE);
        cluster_deliver_all();
        assert_true(cluster.nodes[2].known[0][1]);
    }
    cluster_close_socket(&cluster.nodes[1], 0, 1);
    cluster_tick_all(CLUSTER_GRACE);
    cluster_deliver_all();
    assert_false(cluster.nodes[2].known[0][1]);
    assert_int_equal(cluster.nodes[2].told, 2);
    cluster_end();
}

static void without_redis_the_sockets_here_hear_of_each_other(void **state) {
    (void)state;
    cluster_begin(0);
    cluster_start_node(0);
    cluster_open_socket(&cluster.nodes[0], 0, 0);
    assert_true(cluster.nodes[0].shows[0]);
    cluster_open_socket(&cluster.nodes[0], 0, 1);
    assert_true(cluster.nodes[0].known[0][1]);
    cluster_close_socket(&cluster.nodes[0], 0, 1);
    cluster_tick_all(CLUSTER_GRACE);
    assert_false(cluster.nodes[0].known[0][1]);
    cluster_connect_node(&cluster.nodes[0]);
    cluster_deliver_all();
    cluster_compare_with_truth();
    cluster_end();
}

static void who_waits_for_redis_goes_on_when_it_is_away(void **state) {
    (void)state;
    cluster_begin(1);
    cluster_open_socket(&cluster.nodes[0], 0, 0);
    assert_false(cluster.nodes[0].shows[0]);
    presence_redis_state(cluster.nodes[0].presence, false);
    assert_true(cluster.nodes[0].shows[0]);
    cluster_end();
}

static void who_left_while_redis_was_away_is_taken_out_of_it(void **state) {
    (void)state;
    cluster_begin(2);
    cluster_open_socket(&cluster.nodes[0], 0, 0);
    cluster_open_socket(&cluster.nodes[0], 0, 1);
    cluster_open_socket(&cluster.nodes[1], 0, 2);
    cluster_deliver_all();
    cluster_disconnect(&cluster.nodes[0], 0);
    cluster_close_socket(&cluster.nodes[0], 0, 1);
    cluster_tick_all(CLUSTER_GRACE);
    assert_false(cluster.nodes[0].known[0][1]);
    assert_true(cluster.nodes[1].known[0][1] && cluster.redis.has[cluster.nodes[0].id][0][1]);
    cluster_connect_node(&cluster.nodes[0]);
    cluster_deliver_all();
    assert_false(cluster.nodes[1].known[0][1]);
    cluster_compare_with_truth();
    cluster_end();
}

/* Redis comes back empty, and one pushd finds it before the other does. */
static void nobody_flickers_when_redis_has_lost_its_data(void **state) {
    (void)state;
    cluster_begin(2);
    cluster_open_socket(&cluster.nodes[0], 0, 0);
    cluster_open_socket(&cluster.nodes[1], 0, 1);
    cluster_deliver_all();
    const unsigned told = cluster.nodes[0].told;
    cluster_disconnect(&cluster.nodes[0], 0);
    cluster_disconnect(&cluster.nodes[1], 0);
    cluster_lose_data();
    cluster_connect_node(&cluster.nodes[0]);
    cluster_deliver_all();
    cluster_tick_all(3000);
    cluster_deliver_all();
    cluster_connect_node(&cluster.nodes[1]);
    cluster_deliver_all();
    cluster_tick_all(15000);
    cluster_deliver_all();
    assert_int_equal(cluster.nodes[0].told, told);
    cluster_compare_with_truth();
    cluster_end();
}

static void the_users_of_a_dead_pushd_leave(void **state) {
    (void)state;
    cluster_begin(3);
    for (int i = 0; i < 3; i++)
        cluster_open_socket(&cluster.nodes[i], 0, (uint64_t)i);
    cluster_open_socket(&cluster.nodes[2], 0, 1);
    cluster_deliver_all();
    cluster_kill_node(&cluster.nodes[1]);
    cluster_kill_node(&cluster.nodes[2]);
    cluster_deliver_all();
    assert_true(cluster.nodes[0].known[0][1] && cluster.nodes[0].known[0][2]);
    cluster_tick_all(5000);
    cluster_deliver_all();
    assert_false(cluster.nodes[0].known[0][1] || cluster.nodes[0].known[0][2]);
    cluster_end();
}

static void who_was_taken_for_dead_comes_back(void **state) {
    (void)state;
    cluster_begin(2);
    cluster_open_socket(&cluster.nodes[0], 0, 0);
    cluster_open_socket(&cluster.nodes[1], 0, 1);
    cluster_deliver_all();
    cluster.redis.lease[cluster.nodes[1].id] = false;
    cluster_tick_all(5000);
    while (cluster_execute(&cluster.nodes[0]) || cluster_answer(&cluster.nodes[0]) ||
           cluster_hear(&cluster.nodes[0])) {
    }
    assert_false(cluster.nodes[0].known[0][1]);
    cluster_renew_lost_lease(&cluster.nodes[1]);
    cluster_deliver_all();
    assert_true(cluster.nodes[0].known[0][1]);
    cluster_compare_with_truth();
    cluster_end();
}

/* The answer to a reading is older than a notice that came before it. */
static void a_notice_is_not_undone_by_an_older_answer(void **state) {
    (void)state;
    cluster_begin(2);
    cluster_open_socket(&cluster.nodes[1], 0, 1);
    cluster_deliver_all();
    cluster_open_socket(&cluster.nodes[0], 0, 0);
    assert_true(cluster_execute(&cluster.nodes[0]));
    cluster_close_socket(&cluster.nodes[1], 0, 1);
    cluster_tick_all(CLUSTER_GRACE);
    assert_true(cluster_execute(&cluster.nodes[1]));
    assert_true(cluster_hear(&cluster.nodes[0]));
    cluster_deliver_all();
    assert_false(cluster.nodes[0].known[0][1]);
    cluster_compare_with_truth();
    cluster_end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_room_is_ready_when_redis_has_said_who_is_in_it),
        cmocka_unit_test(a_reload_within_the_grace_is_silent),
        cmocka_unit_test(a_user_leaves_with_the_last_socket_on_whichever_pushd),
        cmocka_unit_test(without_redis_the_sockets_here_hear_of_each_other),
        cmocka_unit_test(who_waits_for_redis_goes_on_when_it_is_away),
        cmocka_unit_test(who_left_while_redis_was_away_is_taken_out_of_it),
        cmocka_unit_test(nobody_flickers_when_redis_has_lost_its_data),
        cmocka_unit_test(the_users_of_a_dead_pushd_leave),
        cmocka_unit_test(who_was_taken_for_dead_comes_back),
        cmocka_unit_test(a_notice_is_not_undone_by_an_older_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
