/* client: pushd at a node of a Galera cluster that has not applied the last changes yet. It waits
 * for them where its answer would be wrong, and nowhere else. */
#include <stdio.h>

#include "support/client_scene.h"
#include "support/unit.h"

static void an_older_number_is_no_reason_to_resync(void **state) {
    struct client_scene *scene = *state;
    struct socket *socket = client_scene_connect(scene, 2, scene->room);
    fake_store_post(&scene->world.store, scene->room, 1);
    fake_world_settle(&scene->world);
    client_scene_assert_next(socket, "\"seq\":2,");
    /* Redis loses one event, and the node lacks it, the next, and one that is delivered. */
    fake_store_post(&scene->world.store, scene->room, 1);
    fake_pubsub_lose(scene->world.pubsub, 0);
    fake_store_post(&scene->world.store, scene->room, 1);
    scene->world.store.behind = 3;
    fake_world_settle(&scene->world);
    client_scene_assert_next(socket, "\"seq\":3,");
    client_scene_assert_next(socket, "\"seq\":4,");
    client_scene_assert_nothing(socket);
    assert_int_equal(scene->world.metrics.resyncs, 0);
    fake_socket_free(socket);
}

static void since_may_be_ahead_of_the_node(void **state) {
    struct client_scene *scene = *state;
    fake_store_post(&scene->world.store, scene->room, 1);
    scene->world.store.behind = 1;
    struct socket *socket = fake_world_join(&scene->world, 2, scene->room, "2");
    client_scene_assert_live(socket);
    client_scene_assert_nothing(socket);
    assert_int_equal(scene->world.metrics.resyncs, 0);
    /* One of the future is not true at any node. */
    struct socket *other = fake_world_join(&scene->world, 1, scene->room, "3");
    client_scene_assert_next(other, "\"type\":\"connected\"");
    client_scene_assert_next(other, "\"type\":\"resync\",\"seq\":2");
    fake_socket_free(socket);
    fake_socket_free(other);
}

static void a_revoked_token_ends_its_sockets(void **state) {
    struct client_scene *scene = *state;
    struct socket *socket = client_scene_connect(scene, 2, scene->room);
    struct socket *notified = client_scene_connect(scene, 2, 0);
    fake_store_revoke(&scene->world.store, 2);
    scene->world.store.behind = 1;
    fake_world_settle(&scene->world);
    assert_int_equal(socket->close_code, 4401);
    assert_int_equal(notified->close_code, 4401);
    fake_socket_free(socket);
    fake_socket_free(notified);
}

static void what_is_found_does_not_wait(void **state) {
    struct client_scene *scene = *state;
    const unsigned waits = scene->world.store.waits;
    struct socket *socket = client_scene_connect(scene, 2, scene->room);
    struct socket *notified = client_scene_connect(scene, 2, 0);
    fake_store_post(&scene->world.store, scene->room, 1);
    fake_pubsub_lose(scene->world.pubsub, 0);
    fake_world_check(&scene->world);
    client_scene_assert_next(socket, "\"seq\":2,");
    assert_int_equal(scene->world.store.waits, waits);
    fake_socket_free(socket);
    fake_socket_free(notified);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CLIENT_SCENE_TEST(an_older_number_is_no_reason_to_resync),
        CLIENT_SCENE_TEST(since_may_be_ahead_of_the_node),
        CLIENT_SCENE_TEST(a_revoked_token_ends_its_sockets),
        CLIENT_SCENE_TEST(what_is_found_does_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
