/* channel: what subscribers are sent, whatever Redis does to the events. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/fake_world.h"
#include "support/unit.h"

/* A room with two users, of whom the second has a socket. */
struct scene {
    struct fake_world world;
    uint64_t room;
    uint64_t seq; /* of the last event received */
    struct socket *socket;
};

static int begin(void **state) {
    struct scene *scene = calloc(1, sizeof(*scene));
    fake_world_begin(&scene->world);
    scene->room = fake_store_add_room(&scene->world.store, 1, true);
    fake_store_invite(&scene->world.store, scene->room, 1, 2);
    scene->socket = fake_world_join(&scene->world, 2, scene->room, NULL);
    assert_non_null(strstr(fake_socket_next(scene->socket), "\"type\":\"connected\""));
    scene->seq = 1;
    *state = scene;
    return 0;
}

static int end(void **state) {
    struct scene *scene = *state;
    fake_socket_free(scene->socket);
    fake_world_end(&scene->world);
    free(scene);
    return 0;
}

static void post(struct scene *scene, unsigned count) {
    while (count-- > 0)
        fake_store_post(&scene->world.store, scene->room, 1);
}

static void lose(struct scene *scene, unsigned count) {
    while (count-- > 0)
        fake_pubsub_lose(scene->world.pubsub, 0);
}

/* The socket received `count` further events, with consecutive numbers, and nothing else. */
static void assert_events(struct scene *scene, unsigned count) {
    const char *json;
    while (count-- > 0) {
        json = fake_socket_next(scene->socket);
        assert_non_null(json);
        const char *seq = strstr(json, "\"seq\":");
        assert_non_null(seq);
        assert_int_equal(strtoull(seq + 6, NULL, 10), ++scene->seq);
    }
    json = fake_socket_next(scene->socket);
    if (json)
        fail_msg("unexpected: %s", json);
}

static void assert_resync(struct scene *scene, uint64_t seq) {
    const char *json = fake_socket_next(scene->socket);
    char wanted[64];
    snprintf(wanted, sizeof(wanted), "{\"type\":\"resync\",\"seq\":%" PRIu64 "}", seq);
    assert_non_null(json);
    assert_string_equal(json, wanted);
    scene->seq = seq;
}

/* ---- in order ---- */

static void events_are_sent_at_the_end_of_an_iteration(void **state) {
    struct scene *scene = *state;
    post(scene, 3);
    while (fake_pubsub_in_flight(scene->world.pubsub) > 0)
        fake_pubsub_deliver(scene->world.pubsub, 0, false);
    assert_events(scene, 0);
    fake_world_iterate(&scene->world);
    assert_events(scene, 3);
}

static void duplicate_is_sent_once(void **state) {
    struct scene *scene = *state;
    post(scene, 1);
    fake_pubsub_deliver(scene->world.pubsub, 0, true);
    fake_world_iterate(&scene->world);
    assert_events(scene, 1);
    fake_world_settle(&scene->world);
    assert_events(scene, 0);
}

static void older_event_is_not_sent_again(void **state) {
    struct scene *scene = *state;
    post(scene, 2);
    fake_pubsub_deliver(scene->world.pubsub, 1, false);
    fake_db_pool_finish(scene->world.db_pool, 0);
    assert_events(scene, 2);
    fake_world_settle(&scene->world);
    assert_events(scene, 0);
}

static void reordered_events_are_put_in_order(void **state) {
    struct scene *scene = *state;
    post(scene, 2);
    fake_pubsub_deliver(scene->world.pubsub, 1, false);
    fake_pubsub_deliver(scene->world.pubsub, 0, false);
    fake_world_iterate(&scene->world);
    assert_events(scene, 2);
    fake_world_settle(&scene->world);
    assert_events(scene, 0);
}

/* ---- gaps ---- */

static void gap_is_read_from_the_database(void **state) {
    struct scene *scene = *state;
    post(scene, 3);
    lose(scene, 2);
    fake_world_settle(&scene->world);
    assert_events(scene, 3);
    assert_int_equal(scene->world.metrics.gaps_filled, 1);
    assert_int_equal(scene->world.metrics.resyncs, 0);
}

static void wide_gap_is_read_with_several_queries(void **state) {
    struct scene *scene = *state;
    post(scene, 1201);
    lose(scene, 1200);
    fake_world_settle(&scene->world);
    assert_events(scene, 1201);
    assert_int_equal(scene->world.metrics.gaps_filled, 12);
}

static void gap_that_cannot_be_filled_is_a_resync(void **state) {
    struct scene *scene = *state;
    post(scene, 5);
    lose(scene, 4);
    fake_store_purge(&scene->world.store, scene->room, 5);
    fake_world_settle(&scene->world);
    assert_resync(scene, 6);
    assert_events(scene, 0);
    assert_int_equal(scene->world.metrics.resyncs, 1);
    post(scene, 2);
    fake_world_settle(&scene->world);
    assert_events(scene, 2);
}

static void failed_read_of_a_gap_is_repeated(void **state) {
    struct scene *scene = *state;
    post(scene, 3);
    lose(scene, 1);
    scene->world.store.down = true;
    fake_world_settle(&scene->world);
    assert_events(scene, 0);
    scene->world.store.down = false;
    fake_world_check(&scene->world);
    assert_events(scene, 3);
}

static void events_during_a_read_follow_the_gap(void **state) {
    struct scene *scene = *state;
    post(scene, 2);
    lose(scene, 1);
    fake_pubsub_deliver(scene->world.pubsub, 0, false);
    fake_db_pool_work(scene->world.db_pool, 0);
    post(scene, 2);
    while (fake_pubsub_in_flight(scene->world.pubsub) > 0)
        fake_pubsub_deliver(scene->world.pubsub, 0, false);
    fake_world_iterate(&scene->world);
    assert_events(scene, 0);
    fake_db_pool_finish(scene->world.db_pool, 0);
    fake_world_iterate(&scene->world);
    assert_events(scene, 4);
}

static void invented_number_costs_one_query(void **state) {
    struct scene *scene = *state;
    fake_pubsub_send_bytes(scene->world.pubsub, EVENT_STREAM_ROOM, scene->room,
                           text_of("1 99 message_deleted 1 1\n{\"type\":\"message_deleted\"}"));
    fake_world_settle(&scene->world);
    assert_events(scene, 0);
    const unsigned questions = scene->world.store.queries;
    post(scene, 20);
    fake_world_settle(&scene->world);
    assert_events(scene, 20);
    assert_int_equal(scene->world.store.queries, questions);
}

/* ---- gap checks ---- */

static void gap_check_finds_what_redis_lost(void **state) {
    struct scene *scene = *state;
    post(scene, 2);
    lose(scene, 2);
    fake_world_settle(&scene->world);
    assert_events(scene, 0);
    fake_world_check(&scene->world);
    assert_events(scene, 2);
    assert_int_equal(scene->world.metrics.gap_check_events, 2);
}

static void gap_check_finds_nothing_if_nothing_was_lost(void **state) {
    struct scene *scene = *state;
    post(scene, 2);
    fake_world_settle(&scene->world);
    fake_world_check(&scene->world);
    assert_events(scene, 2);
    assert_int_equal(scene->world.metrics.gap_check_events, 0);
    assert_int_equal(scene->world.metrics.gaps_filled, 0);
}

static void gap_check_finds_all_events_while_redis_is_down(void **state) {
    struct scene *scene = *state;
    fake_pubsub_set_up(scene->world.pubsub, false);
    post(scene, 3);
    fake_world_check(&scene->world);
    assert_events(scene, 3);
    fake_pubsub_set_up(scene->world.pubsub, true);
    fake_world_settle(&scene->world);
    post(scene, 2);
    fake_world_settle(&scene->world);
    assert_events(scene, 2);
}

static void room_missing_in_two_gap_checks_is_gone(void **state) {
    struct scene *scene = *state;
    fake_store_delete_room(&scene->world.store, scene->room, 1);
    while (fake_pubsub_in_flight(scene->world.pubsub) > 0)
        fake_pubsub_lose(scene->world.pubsub, 0);
    fake_pubsub_set_up(scene->world.pubsub, false);
    fake_world_check(&scene->world);
    fake_world_check(&scene->world);
    const char *json = fake_socket_next(scene->socket);
    assert_non_null(json);
    assert_non_null(strstr(json, "\"type\":\"room_deleted\""));
    assert_int_equal(scene->socket->close_code, SOCKET_CLOSE_NOT_FOUND);
    fake_pubsub_set_up(scene->world.pubsub, true);
}

/* ---- subscribers ---- */

static void reconnect_is_served_from_the_cache(void **state) {
    struct scene *scene = *state;
    post(scene, 10);
    fake_world_settle(&scene->world);
    assert_events(scene, 10);
    const unsigned gaps = (unsigned)scene->world.metrics.gaps_filled;
    struct socket *back = fake_world_join(&scene->world, 1, scene->room, "4");
    scene->seq = 4;
    struct socket *first = scene->socket;
    scene->socket = back;
    assert_non_null(strstr(fake_socket_next(back), "\"seq\":4,"));
    assert_events(scene, 7);
    assert_int_equal(scene->world.metrics.gaps_filled, gaps);
    assert_int_equal(scene->world.metrics.replays, 0);
    fake_socket_free(back);
    scene->socket = first;
}

static void last_subscriber_closes_the_channel(void **state) {
    struct scene *scene = *state;
    struct socket *other = fake_world_join(&scene->world, 1, scene->room, NULL);
    assert_true(fake_pubsub_is_subscribed(scene->world.pubsub, EVENT_STREAM_ROOM, scene->room));
    fake_socket_free(other);
    fake_world_tick(&scene->world);
    assert_true(fake_pubsub_is_subscribed(scene->world.pubsub, EVENT_STREAM_ROOM, scene->room));
    fake_socket_disconnect(scene->socket);
    fake_world_tick(&scene->world);
    assert_false(fake_pubsub_is_subscribed(scene->world.pubsub, EVENT_STREAM_ROOM, scene->room));
    assert_false(fake_pubsub_is_subscribed(scene->world.pubsub, EVENT_STREAM_USER, 2));
}

#define scene_test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        scene_test(events_are_sent_at_the_end_of_an_iteration),
        scene_test(duplicate_is_sent_once),
        scene_test(older_event_is_not_sent_again),
        scene_test(reordered_events_are_put_in_order),
        scene_test(gap_is_read_from_the_database),
        scene_test(wide_gap_is_read_with_several_queries),
        scene_test(gap_that_cannot_be_filled_is_a_resync),
        scene_test(failed_read_of_a_gap_is_repeated),
        scene_test(events_during_a_read_follow_the_gap),
        scene_test(invented_number_costs_one_query),
        scene_test(gap_check_finds_what_redis_lost),
        scene_test(gap_check_finds_nothing_if_nothing_was_lost),
        scene_test(gap_check_finds_all_events_while_redis_is_down),
        scene_test(room_missing_in_two_gap_checks_is_gone),
        scene_test(reconnect_is_served_from_the_cache),
        scene_test(last_subscriber_closes_the_channel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
