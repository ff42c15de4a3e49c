/* client: events that were missed are sent as the socket takes them. */
#include <stdio.h>
#include <string.h>

#include "support/client_scene.h"
#include "support/unit.h"

/* More than the recent events that a stream keeps. */
#define MISSED 200

static void post(struct client_scene *scene, unsigned count) {
    while (count-- > 0)
        fake_store_post(&scene->world.store, scene->room, 1);
    fake_world_settle(&scene->world);
}

/* Opens a socket of user 2 that is blocked from the first frame on. */
static struct socket *open_blocked(struct client_scene *scene, uint64_t room, const char *since) {
    struct socket *socket = fake_world_open(&scene->world, 2, room, since);
    socket->blocked = true;
    fake_world_settle(&scene->world);
    client_scene_assert_next(socket, "\"type\":\"connected\"");
    return socket;
}

static void drain(struct client_scene *scene, struct socket *socket) {
    fake_socket_drain(socket);
    fake_world_settle(&scene->world);
}

/* Asserts that the next frames are the events from `first` to `last`. */
static void assert_events(struct socket *socket, unsigned first, unsigned last) {
    char part[32];
    for (unsigned seq = first; seq <= last; seq++) {
        snprintf(part, sizeof(part), "\"seq\":%u,", seq);
        client_scene_assert_next(socket, part);
    }
}

static void a_blocked_client_waits_and_reads_nothing(void **state) {
    struct client_scene *scene = *state;
    post(scene, MISSED);
    struct socket *socket = open_blocked(scene, scene->room, "1");
    const unsigned queries = scene->world.store.queries;
    post(scene, 3);
    client_scene_wait_ms(scene, 2000);
    client_scene_assert_nothing(socket);
    assert_int_equal(scene->world.store.queries, queries);
    drain(scene, socket);
    assert_events(socket, 2, MISSED + 4);
    client_scene_assert_nothing(socket);
    post(scene, 1);
    assert_events(socket, MISSED + 5, MISSED + 5);
    assert_int_equal(scene->world.metrics.replays, 1);
    fake_socket_free(socket);
}

static void what_was_read_for_a_blocked_client_is_read_again(void **state) {
    struct client_scene *scene = *state;
    post(scene, MISSED);
    struct socket *socket = fake_world_open(&scene->world, 2, scene->room, "1");
    while (scene->world.clients->replays.reading == 0)
        if (fake_pubsub_unconfirmed(scene->world.pubsub) > 0)
            fake_pubsub_confirm(scene->world.pubsub, 0);
        else if (fake_pubsub_unreplied(scene->world.pubsub) > 0)
            fake_pubsub_reply(scene->world.pubsub);
        else
            fake_db_pool_finish(scene->world.db_pool, 0);
    socket->blocked = true;
    fake_world_settle(&scene->world);
    client_scene_assert_next(socket, "\"type\":\"connected\"");
    client_scene_assert_nothing(socket);
    drain(scene, socket);
    assert_events(socket, 2, MISSED + 1);
    client_scene_assert_nothing(socket);
    fake_socket_free(socket);
}

static void a_client_that_takes_nothing_is_1013(void **state) {
    struct client_scene *scene = *state;
    post(scene, MISSED);
    struct socket *socket = open_blocked(scene, scene->room, "1");
    client_scene_wait_ms(scene, 9000);
    assert_int_equal(socket->close_code, 0);
    socket->unacknowledged = 5; /* it has read something */
    client_scene_wait_ms(scene, 10000);
    assert_int_equal(socket->close_code, 0);
    client_scene_wait_ms(scene, 1500);
    assert_int_equal(socket->close_code, 1013);
    assert_int_equal(socket->why, METRICS_DROP_SLOW);
    fake_socket_free(socket);
}

static void notices_do_not_wait(void **state) {
    struct client_scene *scene = *state;
    post(scene, MISSED);
    struct socket *socket = open_blocked(scene, scene->room, "1");
    struct socket *other = client_scene_connect(scene, 1, scene->room);
    client_scene_assert_next(socket, "\"user_joined\"");
    client_scene_receive(scene, other, "{\"type\":\"typing\"}");
    client_scene_assert_next(socket, "\"typing\"");
    client_scene_receive(scene, socket, "{\"type\":\"ping\"}");
    client_scene_assert_next(socket, "\"pong\"");
    fake_socket_free(socket);
    fake_socket_free(other);
}

static void a_removal_does_not_wait(void **state) {
    struct client_scene *scene = *state;
    post(scene, MISSED);
    struct socket *socket = open_blocked(scene, scene->room, "1");
    fake_store_remove(&scene->world.store, scene->room, 1, 2);
    fake_world_settle(&scene->world);
    client_scene_assert_next(socket, "\"type\":\"user_removed\"");
    client_scene_assert_nothing(socket);
    assert_int_equal(socket->close_code, 4403);
    fake_socket_free(socket);
}

static void a_removal_that_nothing_reports_ends_the_replay(void **state) {
    struct client_scene *scene = *state;
    post(scene, MISSED);
    struct socket *socket = open_blocked(scene, scene->room, "1");
    fake_store_find(&scene->world.store, scene->room)->joined_seq[2] = UINT64_MAX;
    drain(scene, socket);
    client_scene_assert_nothing(socket);
    client_scene_wait_ms(scene, 1000);
    client_scene_assert_refused(socket, 4404, "not_found", "");
}

static void a_revocation_does_not_wait_for_the_users_own_events(void **state) {
    struct client_scene *scene = *state;
    for (unsigned i = 0; i < 3; i++)
        fake_store_add_room(&scene->world.store, 2, true);
    fake_world_settle(&scene->world);
    struct socket *socket = open_blocked(scene, 0, "1");
    client_scene_assert_nothing(socket);
    fake_store_revoke(&scene->world.store, 2);
    fake_world_settle(&scene->world);
    client_scene_assert_refused(socket, 4401, "unauthenticated", "Invalid token.");
}

static void a_deleted_room_does_not_wait(void **state) {
    struct client_scene *scene = *state;
    post(scene, MISSED);
    struct socket *socket = open_blocked(scene, scene->room, "1");
    fake_store_delete_room(&scene->world.store, scene->room, 1);
    fake_world_settle(&scene->world);
    client_scene_assert_next(socket, "\"type\":\"room_deleted\"");
    assert_int_equal(socket->close_code, 4404);
    fake_socket_free(socket);
}

static void an_unavailable_database_is_1013(void **state) {
    struct client_scene *scene = *state;
    post(scene, MISSED);
    struct socket *socket = open_blocked(scene, scene->room, "1");
    scene->world.store.down = true;
    drain(scene, socket);
    scene->world.store.down = false;
    client_scene_assert_refused(socket, 1013, "unavailable", "");
}

static void a_retention_that_passes_meanwhile_is_a_resync(void **state) {
    struct client_scene *scene = *state;
    post(scene, MISSED);
    struct socket *socket = open_blocked(scene, scene->room, "1");
    fake_store_purge(&scene->world.store, scene->room, MISSED);
    drain(scene, socket);
    client_scene_assert_next(socket, "\"type\":\"resync\",\"seq\":201");
    post(scene, 1);
    assert_events(socket, MISSED + 2, MISSED + 2);
    fake_socket_free(socket);
}

/* Each of several watches has all its events in order, however often the socket is blocked. */
static void several_watches_take_turns(void **state) {
    struct client_scene *scene = *state;
    unsigned at[2] = {0, 0};
    post(scene, MISSED);
    for (unsigned i = 0; i < MISSED; i++)
        fake_store_post(&scene->world.store, scene->public_room, 1);
    fake_world_settle(&scene->world);
    struct socket *socket = client_scene_connect(scene, 1, 0);
    const uint64_t rooms[2] = {scene->room, scene->public_room};
    for (size_t i = 0; i < 2; i++) {
        char message[80];
        snprintf(message, sizeof(message), "{\"type\":\"watch\",\"room_id\":%llu,\"since\":0}",
                 (unsigned long long)rooms[i]);
        socket->blocked = true;
        client_scene_receive(scene, socket, message);
    }
    for (unsigned i = 0; i < 50; i++) {
        drain(scene, socket);
        socket->blocked = true;
    }
    drain(scene, socket);
    for (const char *json = fake_socket_next(socket); json; json = fake_socket_next(socket)) {
        char room[40], seq[40];
        if (strstr(json, "\"connected\""))
            continue;
        snprintf(room, sizeof(room), "\"room_id\":%llu", (unsigned long long)rooms[0]);
        const size_t which = strstr(json, room) ? 0 : 1;
        snprintf(seq, sizeof(seq), "\"seq\":%u,", ++at[which]);
        assert_non_null(strstr(json, seq));
    }
    assert_int_equal(at[0], MISSED + 1);
    assert_int_equal(at[1], MISSED);
    fake_socket_free(socket);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CLIENT_SCENE_TEST(a_blocked_client_waits_and_reads_nothing),
        CLIENT_SCENE_TEST(what_was_read_for_a_blocked_client_is_read_again),
        CLIENT_SCENE_TEST(a_client_that_takes_nothing_is_1013),
        CLIENT_SCENE_TEST(notices_do_not_wait),
        CLIENT_SCENE_TEST(a_removal_does_not_wait),
        CLIENT_SCENE_TEST(a_removal_that_nothing_reports_ends_the_replay),
        CLIENT_SCENE_TEST(a_revocation_does_not_wait_for_the_users_own_events),
        CLIENT_SCENE_TEST(a_deleted_room_does_not_wait),
        CLIENT_SCENE_TEST(an_unavailable_database_is_1013),
        CLIENT_SCENE_TEST(a_retention_that_passes_meanwhile_is_a_resync),
        CLIENT_SCENE_TEST(several_watches_take_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
