/* presence: single cases, step by step. */
#include "support/presence_cluster.h"
#include "support/unit.h"

static void room_is_ready_when_redis_has_answered(void **state) {
    (void)state;
    cluster_begin(2);
    cluster_open_socket(&cluster.nodes[0], 0, 0);
    cluster_deliver_all();
    cluster_open_socket(&cluster.nodes[1], 0, 1);
    assert_false(cluster.nodes[1].showing[0]);
    cluster_deliver_all();
    assert_true(cluster.nodes[1].showing[0] && cluster.nodes[1].shown[0][0] &&
                cluster.nodes[1].shown[0][1]);
    assert_true(cluster.nodes[0].shown[0][1]);
    assert_int_equal(cluster.nodes[0].notified, 1);
    cluster_end();
}

static void reconnect_within_the_grace_is_silent(void **state) {
    (void)state;
    cluster_begin(2);
    cluster_open_socket(&cluster.nodes[0], 0, 0);
    cluster_open_socket(&cluster.nodes[1], 0, 1);
    cluster_deliver_all();
    const unsigned notified = cluster.nodes[0].notified;
    cluster_close_socket(&cluster.nodes[1], 0, 1);
    cluster_tick_all(CLUSTER_GRACE - 1);
    cluster_deliver_all();
    cluster_open_socket(&cluster.nodes[1], 0, 1);
    cluster_deliver_all();
    cluster_tick_all(CLUSTER_GRACE);
    cluster_deliver_all();
    assert_int_equal(cluster.nodes[0].notified, notified);
    cluster_close_socket(&cluster.nodes[1], 0, 1);
    cluster_tick_all(CLUSTER_GRACE);
    cluster_deliver_all();
    assert_int_equal(cluster.nodes[0].notified, notified + 1);
    assert_false(cluster.nodes[0].shown[0][1]);
    cluster_end();
}

static void user_leaves_with_the_last_socket_on_any_pushd(void **state) {
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
        assert_true(cluster.nodes[2].shown[0][1]);
    }
    cluster_close_socket(&cluster.nodes[1], 0, 1);
    cluster_tick_all(CLUSTER_GRACE);
    cluster_deliver_all();
    assert_false(cluster.nodes[2].shown[0][1]);
    assert_int_equal(cluster.nodes[2].notified, 2);
    cluster_end();
}

static void local_sockets_are_notified_without_redis(void **state) {
    (void)state;
    cluster_begin(0);
    cluster_start_node(0);
    cluster_open_socket(&cluster.nodes[0], 0, 0);
    assert_true(cluster.nodes[0].showing[0]);
    cluster_open_socket(&cluster.nodes[0], 0, 1);
    assert_true(cluster.nodes[0].shown[0][1]);
    cluster_close_socket(&cluster.nodes[0], 0, 1);
    cluster_tick_all(CLUSTER_GRACE);
    assert_false(cluster.nodes[0].shown[0][1]);
    cluster_connect_node(&cluster.nodes[0]);
    cluster_deliver_all();
    cluster_compare_with_truth();
    cluster_end();
}

static void waiting_client_goes_on_when_redis_is_down(void **state) {
    (void)state;
    cluster_begin(1);
    cluster_open_socket(&cluster.nodes[0], 0, 0);
    assert_false(cluster.nodes[0].showing[0]);
    presence_redis_state(cluster.nodes[0].presence, false);
    assert_true(cluster.nodes[0].showing[0]);
    cluster_end();
}

static void user_that_left_while_redis_was_down_is_removed(void **state) {
    (void)state;
    cluster_begin(2);
    cluster_open_socket(&cluster.nodes[0], 0, 0);
    cluster_open_socket(&cluster.nodes[0], 0, 1);
    cluster_open_socket(&cluster.nodes[1], 0, 2);
    cluster_deliver_all();
    cluster_disconnect(&cluster.nodes[0], 0);
    cluster_close_socket(&cluster.nodes[0], 0, 1);
    cluster_tick_all(CLUSTER_GRACE);
    assert_false(cluster.nodes[0].shown[0][1]);
    assert_true(cluster.nodes[1].shown[0][1] && cluster.redis.has[cluster.nodes[0].id][0][1]);
    cluster_connect_node(&cluster.nodes[0]);
    cluster_deliver_all();
    assert_false(cluster.nodes[1].shown[0][1]);
    cluster_compare_with_truth();
    cluster_end();
}

/* Redis restarts empty, and one pushd reconnects before the other. */
static void no_false_leave_when_redis_lost_its_data(void **state) {
    (void)state;
    cluster_begin(2);
    cluster_open_socket(&cluster.nodes[0], 0, 0);
    cluster_open_socket(&cluster.nodes[1], 0, 1);
    cluster_deliver_all();
    const unsigned notified = cluster.nodes[0].notified;
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
    assert_int_equal(cluster.nodes[0].notified, notified);
    cluster_compare_with_truth();
    cluster_end();
}

static void users_of_a_dead_pushd_leave(void **state) {
    (void)state;
    cluster_begin(3);
    for (int i = 0; i < 3; i++)
        cluster_open_socket(&cluster.nodes[i], 0, (uint64_t)i);
    cluster_open_socket(&cluster.nodes[2], 0, 1);
    cluster_deliver_all();
    cluster_kill_node(&cluster.nodes[1]);
    cluster_kill_node(&cluster.nodes[2]);
    cluster_deliver_all();
    assert_true(cluster.nodes[0].shown[0][1] && cluster.nodes[0].shown[0][2]);
    cluster_tick_all(5000);
    cluster_deliver_all();
    assert_false(cluster.nodes[0].shown[0][1] || cluster.nodes[0].shown[0][2]);
    cluster_end();
}

static void users_of_an_expired_pushd_join_again(void **state) {
    (void)state;
    cluster_begin(2);
    cluster_open_socket(&cluster.nodes[0], 0, 0);
    cluster_open_socket(&cluster.nodes[1], 0, 1);
    cluster_deliver_all();
    cluster.redis.lease[cluster.nodes[1].id] = false;
    cluster_tick_all(5000);
    while (cluster_execute(&cluster.nodes[0]) || cluster_deliver_reply(&cluster.nodes[0]) ||
           cluster_deliver_notice(&cluster.nodes[0])) {
    }
    assert_false(cluster.nodes[0].shown[0][1]);
    cluster_renew_lost_lease(&cluster.nodes[1]);
    cluster_deliver_all();
    assert_true(cluster.nodes[0].shown[0][1]);
    cluster_compare_with_truth();
    cluster_end();
}

/* The reply to a read is older than a notice that arrived before it. */
static void older_reply_does_not_undo_a_notice(void **state) {
    (void)state;
    cluster_begin(2);
    cluster_open_socket(&cluster.nodes[1], 0, 1);
    cluster_deliver_all();
    cluster_open_socket(&cluster.nodes[0], 0, 0);
    assert_true(cluster_execute(&cluster.nodes[0]));
    cluster_close_socket(&cluster.nodes[1], 0, 1);
    cluster_tick_all(CLUSTER_GRACE);
    assert_true(cluster_execute(&cluster.nodes[1]));
    assert_true(cluster_deliver_notice(&cluster.nodes[0]));
    cluster_deliver_all();
    assert_false(cluster.nodes[0].shown[0][1]);
    cluster_compare_with_truth();
    cluster_end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_is_ready_when_redis_has_answered),
        cmocka_unit_test(reconnect_within_the_grace_is_silent),
        cmocka_unit_test(user_leaves_with_the_last_socket_on_any_pushd),
        cmocka_unit_test(local_sockets_are_notified_without_redis),
        cmocka_unit_test(waiting_client_goes_on_when_redis_is_down),
        cmocka_unit_test(user_that_left_while_redis_was_down_is_removed),
        cmocka_unit_test(no_false_leave_when_redis_lost_its_data),
        cmocka_unit_test(users_of_a_dead_pushd_leave),
        cmocka_unit_test(users_of_an_expired_pushd_join_again),
        cmocka_unit_test(older_reply_does_not_undo_a_notice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
