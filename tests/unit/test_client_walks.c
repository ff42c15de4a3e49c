/* client: lists and maps that are walked while what follows from one entry ends others. Without
 * Redis notices are handed out at once, and with them the events of the same loop iteration. */
#include <stdio.h>

#include "support/client_scene.h"
#include "support/unit.h"

/* More than the recent events that a stream keeps. */
#define MISSED 200

/* Redis has delivered the removal of user 2 and is down; the loop iteration has not ended. */
static void remove_without_redis(struct client_scene *scene) {
    fake_store_remove(&scene->world.store, scene->room, 1, 2);
    while (fake_pubsub_in_flight(scene->world.pubsub) > 0)
        fake_pubsub_deliver(scene->world.pubsub, 0, false);
    fake_pubsub_set_up(scene->world.pubsub, false);
}

/* The next half second, within that iteration. */
static void tick(struct client_scene *scene) {
    fake_clock_advance(500);
    clients_tick(scene->world.clients);
}

/* A notifications socket of user 2 that types in the scene's room and then in another one. */
static struct socket *typing_in_two_rooms(struct client_scene *scene) {
    const uint64_t other = fake_store_add_room(&scene->world.store, 2, true);
    fake_world_settle(&scene->world);
    struct socket *socket = client_scene_connect(scene, 2, 0);
    const uint64_t rooms[] = {scene->room, other};
    for (size_t i = 0; i < 2; i++)
        client_scene_receive_for(scene, socket, "watch", rooms[i], "");
    for (size_t i = 0; i < 2; i++)
        client_scene_receive_for(scene, socket, "typing", rooms[i], "");
    client_scene_skip_frames(socket);
    return socket;
}

static void typing_that_expires_may_end_other_watches(void **state) {
    struct client_scene *scene = *state;
    struct socket *socket = typing_in_two_rooms(scene);
    client_scene_wait_ms(scene, 9500);
    remove_without_redis(scene);
    tick(scene);
    assert_null(scene->world.clients->first_typing);
    assert_null(watch_find(socket->client, scene->room));
    fake_socket_free(socket);
}

static void a_socket_that_closes_while_typing_gets_nothing_more(void **state) {
    struct client_scene *scene = *state;
    struct socket *socket = typing_in_two_rooms(scene);
    remove_without_redis(scene);
    fake_socket_disconnect(socket);
    assert_null(scene->world.clients->first_typing);
    client_scene_assert_nothing(socket);
    fake_socket_free(socket);
}

/* A notifications socket that watches the scene's room, has missed events there, and reads
 * nothing. */
static struct socket *stalled(struct client_scene *scene, uint64_t user_id) {
    struct socket *socket = client_scene_connect(scene, user_id, 0);
    socket->blocked = true;
    client_scene_receive_for(scene, socket, "watch", scene->room, ",\"since\":1");
    return socket;
}

static void closing_a_stalled_client_may_end_the_replay_of_another(void **state) {
    struct client_scene *scene = *state;
    for (unsigned i = 0; i < MISSED; i++)
        fake_store_post(&scene->world.store, scene->room, 1);
    fake_world_settle(&scene->world);
    struct socket *typist = stalled(scene, 1), *removed = stalled(scene, 2);
    assert_int_equal(scene->world.clients->replays.blocked.count, 2);
    client_scene_wait_ms(scene, 5000);
    client_scene_receive_for(scene, typist, "typing", scene->room, "");
    client_scene_wait_ms(scene, 4500);
    remove_without_redis(scene);
    for (unsigned i = 0; i < 3; i++)
        tick(scene);
    assert_int_equal(typist->close_code, 1013);
    assert_int_equal(removed->close_code, 0);
    assert_int_equal(scene->world.clients->replays.blocked.count, 0);
    assert_int_equal(scene->world.clients->replays.stalled.count, 0);
    fake_socket_free(typist);
    fake_socket_free(removed);
}

/* ---- when Redis goes ---- */

#define ROOMS 10

/* Runs the jobs of the database alone: no channel is confirmed. */
static void settle_database(struct client_scene *scene) {
    fake_world_iterate(&scene->world);
    while (db_pool_pending(scene->world.db_pool) > 0) {
        fake_db_pool_finish(scene->world.db_pool, 0);
        fake_world_iterate(&scene->world);
    }
}

/* One of those that wait for their channels continues when Redis is down, and subscribes to more
 * rooms than the map of channels has space for, so that it grows: all the others continue as
 * well. */
static void every_client_that_waits_for_redis_goes_on_without_it(void **state) {
    struct client_scene *scene = *state;
    struct socket *waiting[ROOMS];
    uint64_t rooms[ROOMS];
    for (size_t i = 0; i < ROOMS; i++)
        rooms[i] = fake_store_add_room(&scene->world.store, 3, true);
    fake_world_settle(&scene->world);
    /* The user's own stream is confirmed, the rooms are not. */
    struct socket *first = client_scene_connect(scene, 1, scene->room);
    struct socket *watcher = fake_world_open(&scene->world, 1, 0, NULL);
    settle_database(scene);
    while (watcher->client->state == CLIENT_WAITING_CHANNEL)
        fake_pubsub_confirm(scene->world.pubsub, 0);
    settle_database(scene);
    assert_int_equal(watcher->client->state, CLIENT_WAITING_ROOMS);
    for (unsigned i = 0; i < 20; i++) {
        char message[48];
        snprintf(message, sizeof(message), "{\"type\":\"watch\",\"room_id\":%u}", 90000 + i);
        fake_socket_receive(watcher, text_of(message), false);
    }
    for (size_t i = 0; i < ROOMS; i++)
        waiting[i] = fake_world_open(&scene->world, 3, rooms[i], NULL);
    settle_database(scene);
    fake_pubsub_set_up(scene->world.pubsub, false);
    settle_database(scene);
    for (size_t i = 0; i < ROOMS; i++)
        fake_socket_free(client_scene_assert_live(waiting[i]));
    fake_socket_free(client_scene_assert_live(watcher));
    fake_socket_free(first);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CLIENT_SCENE_TEST(typing_that_expires_may_end_other_watches),
        CLIENT_SCENE_TEST(a_socket_that_closes_while_typing_gets_nothing_more),
        CLIENT_SCENE_TEST(closing_a_stalled_client_may_end_the_replay_of_another),
        CLIENT_SCENE_TEST(every_client_that_waits_for_redis_goes_on_without_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
