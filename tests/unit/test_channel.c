/* channel: what reaches those who listen to a stream, whatever Redis does to it on the way. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_world.h"

/* A room with two users, of whom the second listens. */
struct scene {
    struct fake_world world;
    uint64_t room;
    uint64_t seq; /* of the last event that was heard */
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

/* So many events come, each with the next number, and nothing else. */
static void assert_heard(struct scene *scene, unsigned count) {
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
        fail_msg("not due: %s", json);
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

static void what_came_in_a_turn_is_written_at_its_end(void **state) {
    struct scene *scene = *state;
    post(scene, 3);
    while (fake_pubsub_in_flight(scene->world.pubsub) > 0)
        fake_pubsub_deliver(scene->world.pubsub, 0, false);
    assert_heard(scene, 0);
    fake_world_iterate(&scene->world);
    assert_heard(scene, 3);
}

static void a_duplicate_is_heard_once(void **state) {
    struct scene *scene = *state;
    post(scene, 1);
    fake_pubsub_deliver(scene->world.pubsub, 0, true);
    fake_world_iterate(&scene->world);
    assert_heard(scene, 1);
    fake_world_settle(&scene->world);
    assert_heard(scene, 0);
}

static void an_older_one_is_not_told_again(void **state) {
    struct scene *scene = *state;
    post(scene, 2);
    fake_pubsub_deliver(scene->world.pubsub, 1, false);
    fake_db_pool_finish(scene->world.db_pool, 0);
    assert_heard(scene, 2);
    fake_world_settle(&scene->world);
    assert_heard(scene, 0);
}

static void two_in_the_wrong_order_come_in_the_right_one(void **state) {
    struct scene *scene = *state;
    post(scene, 2);
    fake_pubsub_deliver(scene->world.pubsub, 1, false);
    fake_pubsub_deliver(scene->world.pubsub, 0, false);
    fake_world_iterate(&scene->world);
    assert_heard(scene, 2);
    fake_world_settle(&scene->world);
    assert_heard(scene, 0);
}

/* ---- holes ---- */

static void a_hole_is_read_from_the_database(void **state) {
    struct scene *scene = *state;
    post(scene, 3);
    lose(scene, 2);
    fake_world_settle(&scene->world);
    assert_heard(scene, 3);
    assert_int_equal(scene->world.metrics.gaps_filled, 1);
    assert_int_equal(scene->world.metrics.resyncs, 0);
}

static void a_hole_wider_than_one_question_is_read_with_several(void **state) {
    struct scene *scene = *state;
    post(scene, 1201);
    lose(scene, 1200);
    fake_world_settle(&scene->world);
    assert_heard(scene, 1201);
    assert_int_equal(scene->world.metrics.gaps_filled, 3);
}

static void a_hole_that_cannot_be_filled_is_a_resync_and_then_it_goes_on(void **state) {
    struct scene *scene = *state;
    post(scene, 5);
    lose(scene, 4);
    fake_store_purge(&scene->world.store, scene->room, 5);
    fake_world_settle(&scene->world);
    assert_resync(scene, 6);
    assert_heard(scene, 0);
    assert_int_equal(scene->world.metrics.resyncs, 1);
    post(scene, 2);
    fake_world_settle(&scene->world);
    assert_heard(scene, 2);
}

static void a_hole_that_the_database_did_not_fill_is_filled_later(void **state) {
    struct scene *scene = *state;
    post(scene, 3);
    lose(scene, 1);
    scene->world.store.down = true;
    fake_world_settle(&scene->world);
    assert_heard(scene, 0);
    scene->world.store.down = false;
    fake_world_check(&scene->world);
    assert_heard(scene, 3);
}

static void what_comes_while_a_hole_is_read_comes_behind_it(void **state) {
    struct scene *scene = *state;
    post(scene, 2);
    lose(scene, 1);
    fake_pubsub_deliver(scene->world.pubsub, 0, false);
    fake_db_pool_work(scene->world.db_pool, 0);
    post(scene, 2);
    while (fake_pubsub_in_flight(scene->world.pubsub) > 0)
        fake_pubsub_deliver(scene->world.pubsub, 0, false);
    fake_world_iterate(&scene->world);
    assert_heard(scene, 0);
    fake_db_pool_finish(scene->world.db_pool, 0);
    fake_world_iterate(&scene->world);
    assert_heard(scene, 4);
}

static void an_invented_number_brings_nothing_and_costs_one_question(void **state) {
    struct scene *scene = *state;
    fake_pubsub_send_bytes(scene->world.pubsub, EVENT_STREAM_ROOM, scene->room,
                           text_of("1 99 message_deleted 1 1\n{\"type\":\"message_deleted\"}"));
    fake_world_settle(&scene->world);
    assert_heard(scene, 0);
    const unsigned questions = scene->world.store.questions;
    post(scene, 20);
    fake_world_settle(&scene->world);
    assert_heard(scene, 20);
    assert_int_equal(scene->world.store.questions, questions);
}

/* ---- the tail check ---- */

static void what_redis_lost_is_found_by_the_tail_check(void **state) {
    struct scene *scene = *state;
    post(scene, 2);
    lose(scene, 2);
    fake_world_settle(&scene->world);
    assert_heard(scene, 0);
    fake_world_check(&scene->world);
    assert_heard(scene, 2);
    assert_int_equal(scene->world.metrics.gap_check_events, 2);
}

static void the_tail_check_finds_nothing_where_nothing_was_lost(void **state) {
    struct scene *scene = *state;
    post(scene, 2);
    fake_world_settle(&scene->world);
    fake_world_check(&scene->world);
    assert_heard(scene, 2);
    assert_int_equal(scene->world.metrics.gap_check_events, 0);
    assert_int_equal(scene->world.metrics.gaps_filled, 0);
}

static void without_redis_the_tail_check_brings_everything(void **state) {
    struct scene *scene = *state;
    fake_pubsub_set_up(scene->world.pubsub, false);
    post(scene, 3);
    fake_world_check(&scene->world);
    assert_heard(scene, 3);
    fake_pubsub_set_up(scene->world.pubsub, true);
    fake_world_settle(&scene->world);
    post(scene, 2);
    fake_world_settle(&scene->world);
    assert_heard(scene, 2);
}

static void a_room_that_two_tail_checks_do_not_find_is_gone(void **state) {
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

/* ---- who listens ---- */

static void who_comes_back_soon_is_served_without_the_database(void **state) {
    struct scene *scene = *state;
    post(scene, 10);
    fake_world_settle(&scene->world);
    assert_heard(scene, 10);
    const unsigned holes = (unsigned)scene->world.metrics.gaps_filled;
    struct socket *back = fake_world_join(&scene->world, 1, scene->room, "4");
    scene->seq = 4;
    struct socket *first = scene->socket;
    scene->socket = back;
    assert_non_null(strstr(fake_socket_next(back), "\"seq\":4,"));
    assert_heard(scene, 7);
    assert_int_equal(scene->world.metrics.gaps_filled, holes);
    assert_int_equal(scene->world.metrics.replays, 0);
    fake_socket_free(back);
    scene->socket = first;
}

static void the_last_one_to_go_leaves_the_channel(void **state) {
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
        scene_test(what_came_in_a_turn_is_written_at_its_end),
        scene_test(a_duplicate_is_heard_once),
        scene_test(an_older_one_is_not_told_again),
        scene_test(two_in_the_wrong_order_come_in_the_right_one),
        scene_test(a_hole_is_read_from_the_database),
        scene_test(a_hole_wider_than_one_question_is_read_with_several),
        scene_test(a_hole_that_cannot_be_filled_is_a_resync_and_then_it_goes_on),
        scene_test(a_hole_that_the_database_did_not_fill_is_filled_later),
        scene_test(what_comes_while_a_hole_is_read_comes_behind_it),
        scene_test(an_invented_number_brings_nothing_and_costs_one_question),
        scene_test(what_redis_lost_is_found_by_the_tail_check),
        scene_test(the_tail_check_finds_nothing_where_nothing_was_lost),
        scene_test(without_redis_the_tail_check_brings_everything),
        scene_test(a_room_that_two_tail_checks_do_not_find_is_gone),
        scene_test(who_comes_back_soon_is_served_without_the_database),
        scene_test(the_last_one_to_go_leaves_the_channel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
