/* client: how a socket becomes live or is turned away, and when it has to go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/client_scene.h"

/* ---- who is it ---- */

static struct socket *shake_hands(struct scene *scene, struct handshake handshake) {
    struct socket *socket = fake_socket_open(&scene->world.callbacks, &handshake);
    fake_world_settle(&scene->world);
    return socket;
}

static void no_key_and_a_bad_one_are_4401(void **state) {
    struct scene *scene = *state;
    const struct text unknown = text_of("ffffffffffffffffffffffffffffffffffffffff");
    scene_assert_refused(shake_hands(scene, (struct handshake){.room_id = scene->room}), 4401,
                         "unauthenticated", "were not provided");
    scene_assert_refused(shake_hands(scene, (struct handshake){.room_id = scene->room,
                                                               .has_token = true,
                                                               .key = text_of("x")}),
                         4401, "unauthenticated", "Invalid token.");
    scene_assert_refused(
        shake_hands(scene,
                    (struct handshake){.room_id = scene->room, .has_token = true, .key = unknown}),
        4401, "unauthenticated", "Invalid token.");
    scene_assert_refused(
        shake_hands(scene,
                    (struct handshake){.notifications = true, .has_cookie = true, .key = unknown}),
        4401, "unauthenticated", "were not provided");
}

static void a_token_and_a_session_are_asked_about_apart(void **state) {
    struct scene *scene = *state;
    struct socket *socket = shake_hands(scene, (struct handshake){.room_id = scene->room,
                                                                  .has_cookie = true,
                                                                  .key = fake_store_session(1)});
    fake_socket_free(scene_assert_live(socket));
    scene_assert_refused(shake_hands(scene, (struct handshake){.room_id = scene->room,
                                                               .has_token = true,
                                                               .key = fake_store_session(1)}),
                         4401, "unauthenticated", "Invalid token.");
}

static void who_is_disabled_is_4401(void **state) {
    struct scene *scene = *state;
    fake_store_disable(&scene->world.store, 1);
    scene_assert_refused(fake_world_join(&scene->world, 1, scene->room, NULL), 4401,
                         "unauthenticated", "User inactive or deleted.");
}

static void a_room_that_is_not_for_the_user_is_4404_or_4403(void **state) {
    struct scene *scene = *state;
    scene_assert_refused(fake_world_join(&scene->world, 1, 999999999, NULL), 4404, "not_found", "");
    scene_assert_refused(fake_world_join(&scene->world, 3, scene->room, NULL), 4404, "not_found",
                         "");
    scene_assert_refused(fake_world_join(&scene->world, 3, scene->public_room, NULL), 4403,
                         "forbidden", "");
}

static void a_bad_since_is_looked_at_last(void **state) {
    struct scene *scene = *state;
    scene_assert_refused(fake_world_join(&scene->world, 1, scene->room, "-1"), 4400, "bad_since",
                         "");
    scene_assert_refused(fake_world_join(&scene->world, 1, 0, ""), 4400, "bad_since", "");
    scene_assert_refused(fake_world_join(&scene->world, 3, scene->public_room, "x"), 4403,
                         "forbidden", "");
}

static void when_the_database_cannot_say_it_is_1013(void **state) {
    struct scene *scene = *state;
    scene->world.store.down = true;
    scene_assert_refused(fake_world_join(&scene->world, 1, scene->room, NULL), 1013, "unavailable",
                         "");
    assert_int_equal(scene->world.metrics.db_errors, 1);
}

/* Of forty the first is asked about at once, a full question follows, the others wait. */
static void those_who_come_together_are_asked_about_together(void **state) {
    enum { COUNT = 80 };
    struct scene *scene = *state;
    struct socket *sockets[COUNT];
    const unsigned questions = scene->world.store.questions;
    scene->world.config.max_sockets_user = COUNT;
    for (size_t i = 0; i < COUNT; i++)
        sockets[i] = fake_world_open(&scene->world, 1 + i % 3, scene->room, NULL);
    assert_int_equal(db_pool_pending(scene->world.db_pool), 2);
    fake_world_settle(&scene->world);
    for (size_t i = 0; i < COUNT; i++)
        if (i % 3 == 2)
            scene_assert_refused(sockets[i], 4404, "not_found", "");
        else
            fake_socket_free(scene_assert_live(sockets[i]));
    assert_in_range(scene->world.store.questions - questions, 2, COUNT / 2);
}

/* ---- how many ---- */

static void a_user_has_so_many_sockets_and_no_more(void **state) {
    struct scene *scene = *state;
    scene->world.config.max_sockets_user = 2;
    struct socket *first = scene_live(scene, 1, scene->room);
    struct socket *second = scene_live(scene, 1, 0);
    scene_assert_refused(fake_world_join(&scene->world, 1, scene->room, NULL), 1008,
                         "too_many_sockets", "");
    struct socket *other = scene_live(scene, 2, scene->room);
    fake_socket_free(second);
    fake_socket_free(scene_live(scene, 1, 0));
    fake_socket_free(first);
    fake_socket_free(other);
}

/* ---- while it opens ---- */

/* Whatever it waits for when the connection ends: the world asserts that nothing is left. */
static void one_that_goes_while_it_opens_leaves_nothing_behind(void **state) {
    struct scene *scene = *state;
    const uint64_t rooms[] = {scene->room, 0};
    for (size_t i = 0; i < 2; i++)
        for (unsigned steps = 0; steps < 12; steps++) {
            struct socket *socket = fake_world_open(&scene->world, 1, rooms[i], "1");
            for (unsigned step = 0; step < steps; step++) {
                if (fake_pubsub_unconfirmed(scene->world.pubsub) > 0)
                    fake_pubsub_confirm(scene->world.pubsub, 0);
                else if (db_pool_pending(scene->world.db_pool) > 0)
                    fake_db_pool_finish(scene->world.db_pool, 0);
                else if (fake_pubsub_unreplied(scene->world.pubsub) > 0)
                    fake_pubsub_reply(scene->world.pubsub);
            }
            fake_socket_free(socket);
            fake_world_settle(&scene->world);
        }
}

/* Lets the first question be answered, and what it was asked for be true no more. */
static struct socket *half_open(struct scene *scene, uint64_t room_id) {
    struct socket *socket = fake_world_open(&scene->world, 2, room_id, NULL);
    fake_db_pool_finish(scene->world.db_pool, 0);
    scene_assert_nothing(socket);
    return socket;
}

static void one_that_is_revoked_while_it_opens_is_4401(void **state) {
    struct scene *scene = *state;
    const uint64_t rooms[] = {scene->room, 0};
    struct socket *sockets[2];
    for (size_t i = 0; i < 2; i++)
        sockets[i] = half_open(scene, rooms[i]);
    fake_store_revoke(&scene->world.store, 2);
    fake_world_settle(&scene->world);
    for (size_t i = 0; i < 2; i++)
        scene_assert_refused(sockets[i], 4401, "unauthenticated", "Invalid token.");
}

static void one_that_is_removed_while_it_opens_is_4404(void **state) {
    struct scene *scene = *state;
    struct socket *socket = half_open(scene, scene->room);
    fake_store_remove(&scene->world.store, scene->room, 1, 2);
    fake_world_settle(&scene->world);
    scene_assert_refused(socket, 4404, "not_found", "");
}

static void one_whose_room_is_deleted_while_it_opens_is_4404(void **state) {
    struct scene *scene = *state;
    struct socket *socket = half_open(scene, scene->room);
    fake_store_delete_room(&scene->world.store, scene->room, 1);
    fake_world_settle(&scene->world);
    scene_assert_refused(socket, 4404, "not_found", "");
}

static void what_happens_while_it_opens_is_counted_in_connected_or_comes_behind_it(void **state) {
    struct scene *scene = *state;
    struct socket *socket = half_open(scene, scene->room);
    fake_store_post(&scene->world.store, scene->room, 1);
    fake_world_settle(&scene->world);
    scene_assert_next(socket, "\"type\":\"connected\"");
    assert_non_null(strstr(socket->received[0], "\"seq\":2,"));
    fake_store_post(&scene->world.store, scene->room, 1);
    fake_world_settle(&scene->world);
    scene_assert_next(socket, "\"seq\":3,");
    scene_assert_nothing(socket);
    fake_socket_free(socket);
}

static void what_is_said_before_connected_is_answered_behind_it(void **state) {
    struct scene *scene = *state;
    struct socket *other = scene_live(scene, 1, scene->room);
    struct socket *socket = fake_world_open(&scene->world, 2, scene->room, NULL);
    fake_socket_receive(socket, text_of("{\"type\":\"ping\"}"), false);
    fake_socket_receive(socket, text_of("{\"type\":\"ping\"}"), true);
    fake_socket_receive(socket, text_of("{\"type\":\"typing\"}"), false);
    scene_assert_nothing(socket);
    fake_world_settle(&scene->world);
    scene_assert_next(socket, "\"type\":\"connected\"");
    scene_assert_next(socket, "\"type\":\"pong\"");
    scene_assert_next(socket, "\"code\":\"bad_json\"");
    scene_assert_nothing(socket);
    scene_assert_next(other, "\"type\":\"user_joined\"");
    scene_assert_next(other, "\"type\":\"typing\"");
    fake_socket_free(socket);
    fake_socket_free(other);
}

static void no_more_is_kept_for_one_that_opens_than_is_needed(void **state) {
    struct scene *scene = *state;
    struct socket *socket = fake_world_open(&scene->world, 2, scene->room, NULL);
    unsigned pongs = 0;
    for (unsigned i = 0; i < 10000; i++)
        fake_socket_receive(socket, text_of("{\"type\":\"ping\"}"), false);
    fake_world_settle(&scene->world);
    scene_assert_live(socket);
    while (fake_socket_next(socket))
        pongs++;
    assert_in_range(pongs, 1, 100);
    fake_socket_free(socket);
}

/* ---- what it missed ---- */

static void post(struct scene *scene, unsigned count) {
    while (count-- > 0)
        fake_store_post(&scene->world.store, scene->room, 1);
}

static void what_was_missed_comes_behind_connected(void **state) {
    struct scene *scene = *state;
    post(scene, 3);
    struct socket *socket = scene_assert_live(fake_world_join(&scene->world, 2, scene->room, "2"));
    assert_non_null(strstr(socket->received[0], "\"seq\":2,"));
    scene_assert_next(socket, "\"seq\":3,");
    scene_assert_next(socket, "\"seq\":4,");
    scene_assert_nothing(socket);
    assert_int_equal(scene->world.metrics.replays, 1);
    fake_socket_free(socket);
}

static void what_cannot_be_had_is_a_resync(void **state) {
    struct scene *scene = *state;
    post(scene, 9);
    scene->world.config.replay_limit = 5;
    static const char *const since[] = {"4", "11", "18446744073709551615"};
    for (size_t i = 0; i < sizeof(since) / sizeof(since[0]); i++) {
        struct socket *socket = fake_world_join(&scene->world, 2, scene->room, since[i]);
        scene_assert_live(socket);
        scene_assert_next(socket, "{\"type\":\"resync\",\"seq\":10}");
        scene_assert_nothing(socket);
        fake_socket_free(socket);
    }
    fake_store_purge(&scene->world.store, scene->room, 9);
    struct socket *socket = scene_assert_live(fake_world_join(&scene->world, 2, scene->room, "6"));
    scene_assert_next(socket, "{\"type\":\"resync\",\"seq\":10}");
    fake_socket_free(socket);
}

/* ---- when it is live ---- */

static void revoked_and_disabled_are_4401_at_once(void **state) {
    struct scene *scene = *state;
    struct socket *in_room = scene_live(scene, 2, scene->room);
    struct socket *notified = scene_live(scene, 2, 0);
    struct socket *other = scene_live(scene, 1, 0);
    fake_store_revoke(&scene->world.store, 2);
    fake_world_settle(&scene->world);
    scene_assert_refused(in_room, 4401, "unauthenticated", "Invalid token.");
    scene_assert_refused(notified, 4401, "unauthenticated", "Invalid token.");
    assert_int_equal(other->close_code, 0);
    fake_store_disable(&scene->world.store, 1);
    fake_world_settle(&scene->world);
    scene_assert_refused(other, 4401, "unauthenticated", "User inactive or deleted.");
}

/* As long as the length that is an opening brace in the head of the frame. */
static void the_removed_one_hears_so_and_is_4403(void **state) {
    struct scene *scene = *state;
    struct socket *removed = scene_live(scene, 2, scene->room);
    struct socket *other = scene_live(scene, 1, scene->room);
    scene_skip_frames(removed);
    fake_store_remove(&scene->world.store, scene->room, 1, 2);
    fake_store_post(&scene->world.store, scene->room, 1);
    fake_world_settle(&scene->world);
    scene_assert_next(removed, "\"type\":\"user_removed\"");
    scene_assert_nothing(removed);
    assert_int_equal(removed->close_code, 4403);
    scene_assert_next(other, "\"type\":\"user_removed\"");
    scene_assert_next(other, "\"type\":\"new_message\"");
    fake_socket_free(removed);
    fake_socket_free(other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SCENE_TEST(no_key_and_a_bad_one_are_4401),
        SCENE_TEST(a_token_and_a_session_are_asked_about_apart),
        SCENE_TEST(who_is_disabled_is_4401),
        SCENE_TEST(a_room_that_is_not_for_the_user_is_4404_or_4403),
        SCENE_TEST(a_bad_since_is_looked_at_last),
        SCENE_TEST(when_the_database_cannot_say_it_is_1013),
        SCENE_TEST(those_who_come_together_are_asked_about_together),
        SCENE_TEST(a_user_has_so_many_sockets_and_no_more),
        SCENE_TEST(one_that_goes_while_it_opens_leaves_nothing_behind),
        SCENE_TEST(one_that_is_revoked_while_it_opens_is_4401),
        SCENE_TEST(one_that_is_removed_while_it_opens_is_4404),
        SCENE_TEST(one_whose_room_is_deleted_while_it_opens_is_4404),
        SCENE_TEST(what_happens_while_it_opens_is_counted_in_connected_or_comes_behind_it),
        SCENE_TEST(what_is_said_before_connected_is_answered_behind_it),
        SCENE_TEST(no_more_is_kept_for_one_that_opens_than_is_needed),
        SCENE_TEST(what_was_missed_comes_behind_connected),
        SCENE_TEST(what_cannot_be_had_is_a_resync),
        SCENE_TEST(revoked_and_disabled_are_4401_at_once),
        SCENE_TEST(the_removed_one_hears_so_and_is_4403),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
