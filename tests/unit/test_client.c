/* client: opening or refusing a socket, and closing it. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "support/client_scene.h"
#include "support/unit.h"

/* ---- credentials ---- */

static struct socket *open_with(struct client_scene *scene, struct handshake handshake) {
    struct socket *socket = fake_socket_open(&scene->world.callbacks, &handshake);
    fake_world_settle(&scene->world);
    return socket;
}

static void missing_or_invalid_credentials_are_4401(void **state) {
    struct client_scene *scene = *state;
    const struct text unknown = text_of("ffffffffffffffffffffffffffffffffffffffff");
    client_scene_assert_refused(open_with(scene, (struct handshake){.room_id = scene->room}), 4401,
                                "unauthenticated", "were not provided");
    client_scene_assert_refused(open_with(scene, (struct handshake){.room_id = scene->room,
                                                                    .has_token = true,
                                                                    .key = text_of("x")}),
                                4401, "unauthenticated", "Invalid token.");
    client_scene_assert_refused(
        open_with(scene,
                  (struct handshake){.room_id = scene->room, .has_token = true, .key = unknown}),
        4401, "unauthenticated", "Invalid token.");
    client_scene_assert_refused(
        open_with(scene,
                  (struct handshake){.notifications = true, .has_cookie = true, .key = unknown}),
        4401, "unauthenticated", "were not provided");
}

static void a_session_key_is_not_a_token(void **state) {
    struct client_scene *scene = *state;
    struct socket *socket = open_with(scene, (struct handshake){.room_id = scene->room,
                                                                .has_cookie = true,
                                                                .key = fake_store_session(1)});
    fake_socket_free(client_scene_assert_live(socket));
    client_scene_assert_refused(open_with(scene, (struct handshake){.room_id = scene->room,
                                                                    .has_token = true,
                                                                    .key = fake_store_session(1)}),
                                4401, "unauthenticated", "Invalid token.");
}

static void a_disabled_user_is_4401(void **state) {
    struct client_scene *scene = *state;
    fake_store_disable(&scene->world.store, 1);
    client_scene_assert_refused(fake_world_join(&scene->world, 1, scene->room, NULL), 4401,
                                "unauthenticated", "User inactive or deleted.");
}

static void an_inaccessible_room_is_4404_or_4403(void **state) {
    struct client_scene *scene = *state;
    client_scene_assert_refused(fake_world_join(&scene->world, 1, 999999999, NULL), 4404,
                                "not_found", "");
    client_scene_assert_refused(fake_world_join(&scene->world, 3, scene->room, NULL), 4404,
                                "not_found", "");
    client_scene_assert_refused(fake_world_join(&scene->world, 3, scene->public_room, NULL), 4403,
                                "forbidden", "");
}

static void an_invalid_since_is_reported_last(void **state) {
    struct client_scene *scene = *state;
    client_scene_assert_refused(fake_world_join(&scene->world, 1, scene->room, "-1"), 4400,
                                "bad_since", "");
    client_scene_assert_refused(fake_world_join(&scene->world, 1, 0, ""), 4400, "bad_since", "");
    client_scene_assert_refused(fake_world_join(&scene->world, 3, scene->public_room, "x"), 4403,
                                "forbidden", "");
}

static void an_unavailable_database_is_1013(void **state) {
    struct client_scene *scene = *state;
    scene->world.store.down = true;
    client_scene_assert_refused(fake_world_join(&scene->world, 1, scene->room, NULL), 1013,
                                "unavailable", "");
    assert_int_equal(scene->world.metrics.db_errors, 1);
}

/* The first client is queried at once, a full batch follows, and the others wait for it. */
static void simultaneous_clients_share_a_query(void **state) {
    enum { COUNT = 80 };
    struct client_scene *scene = *state;
    struct socket *sockets[COUNT];
    const unsigned queries = scene->world.store.queries;
    scene->world.config.max_sockets_user = COUNT;
    for (size_t i = 0; i < COUNT; i++)
        sockets[i] = fake_world_open(&scene->world, 1 + i % 3, scene->room, NULL);
    assert_int_equal(db_pool_pending(scene->world.db_pool), 2);
    fake_world_settle(&scene->world);
    for (size_t i = 0; i < COUNT; i++)
        if (i % 3 == 2)
            client_scene_assert_refused(sockets[i], 4404, "not_found", "");
        else
            fake_socket_free(client_scene_assert_live(sockets[i]));
    assert_in_range(scene->world.store.queries - queries, 2, COUNT / 2);
}

/* ---- limits ---- */

static void sockets_of_a_user_are_limited(void **state) {
    struct client_scene *scene = *state;
    scene->world.config.max_sockets_user = 2;
    struct socket *first = client_scene_connect(scene, 1, scene->room);
    struct socket *second = client_scene_connect(scene, 1, 0);
    client_scene_assert_refused(fake_world_join(&scene->world, 1, scene->room, NULL), 1008,
                                "too_many_sockets", "");
    struct socket *other = client_scene_connect(scene, 2, scene->room);
    fake_socket_free(second);
    fake_socket_free(client_scene_connect(scene, 1, 0));
    fake_socket_free(first);
    fake_socket_free(other);
}

static void a_client_takes_a_place_once_it_is_let_in(void **state) {
    struct client_scene *scene = *state;
    struct socket *socket = fake_world_open(&scene->world, 1, scene->room, NULL);
    assert_false(socket->admitted);
    fake_world_settle(&scene->world);
    assert_true(client_scene_assert_live(socket)->admitted);
    fake_socket_free(socket);
    const uint64_t rooms[] = {scene->room, 0};
    for (size_t i = 0; i < 2; i++) {
        socket = fake_world_open(&scene->world, 1, rooms[i], NULL);
        socket->is_full = true;
        fake_world_settle(&scene->world);
        client_scene_assert_refused(socket, 1013, "unavailable", "Too many sockets.");
    }
}

static void only_invalid_credentials_count_as_failures(void **state) {
    struct client_scene *scene = *state;
    struct socket *socket = fake_world_join(&scene->world, 3, scene->room, NULL);
    assert_int_equal(socket->close_code, 4404);
    assert_int_equal(socket->failures, 0);
    fake_socket_free(socket);
    socket = client_scene_connect(scene, 2, 0);
    fake_store_revoke(&scene->world.store, 2);
    fake_world_settle(&scene->world);
    assert_int_equal(socket->close_code, 4401);
    assert_int_equal(socket->failures, 0);
    fake_socket_free(socket);
    socket = fake_world_join(&scene->world, 2, 0, NULL);
    assert_int_equal(socket->close_code, 4401);
    assert_int_equal(socket->failures, 1);
    fake_socket_free(socket);
}

/* ---- changes while opening ---- */

/* In each state: the teardown asserts that nothing is left. */
static void a_disconnect_while_opening_frees_everything(void **state) {
    struct client_scene *scene = *state;
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

/* Opens a socket up to the result of the first query, so that its result may become stale. */
static struct socket *half_open(struct client_scene *scene, uint64_t room_id) {
    struct socket *socket = fake_world_open(&scene->world, 2, room_id, NULL);
    fake_db_pool_finish(scene->world.db_pool, 0);
    client_scene_assert_nothing(socket);
    return socket;
}

static void a_token_revoked_while_opening_is_4401(void **state) {
    struct client_scene *scene = *state;
    const uint64_t rooms[] = {scene->room, 0};
    struct socket *sockets[2];
    for (size_t i = 0; i < 2; i++)
        sockets[i] = half_open(scene, rooms[i]);
    fake_store_revoke(&scene->world.store, 2);
    fake_world_settle(&scene->world);
    for (size_t i = 0; i < 2; i++)
        client_scene_assert_refused(sockets[i], 4401, "unauthenticated", "Invalid token.");
}

static void a_removal_while_opening_is_4404(void **state) {
    struct client_scene *scene = *state;
    struct socket *socket = half_open(scene, scene->room);
    fake_store_remove(&scene->world.store, scene->room, 1, 2);
    fake_world_settle(&scene->world);
    client_scene_assert_refused(socket, 4404, "not_found", "");
}

static void a_room_deleted_while_opening_is_4404(void **state) {
    struct client_scene *scene = *state;
    struct socket *socket = half_open(scene, scene->room);
    fake_store_delete_room(&scene->world.store, scene->room, 1);
    fake_world_settle(&scene->world);
    client_scene_assert_refused(socket, 4404, "not_found", "");
}

static void each_event_is_counted_in_connected_or_follows_it(void **state) {
    struct client_scene *scene = *state;
    struct socket *socket = half_open(scene, scene->room);
    fake_store_post(&scene->world.store, scene->room, 1);
    fake_world_settle(&scene->world);
    client_scene_assert_next(socket, "\"type\":\"connected\"");
    assert_non_null(strstr(socket->received[0], "\"seq\":2,"));
    fake_store_post(&scene->world.store, scene->room, 1);
    fake_world_settle(&scene->world);
    client_scene_assert_next(socket, "\"seq\":3,");
    client_scene_assert_nothing(socket);
    fake_socket_free(socket);
}

static void input_before_connected_is_handled_after_it(void **state) {
    struct client_scene *scene = *state;
    struct socket *other = client_scene_connect(scene, 1, scene->room);
    struct socket *socket = fake_world_open(&scene->world, 2, scene->room, NULL);
    fake_socket_receive(socket, text_of("{\"type\":\"ping\"}"), false);
    fake_socket_receive(socket, text_of("{\"type\":\"ping\"}"), true);
    fake_socket_receive(socket, text_of("{\"type\":\"typing\"}"), false);
    client_scene_assert_nothing(socket);
    fake_world_settle(&scene->world);
    client_scene_assert_next(socket, "\"type\":\"connected\"");
    client_scene_assert_next(socket, "\"type\":\"pong\"");
    client_scene_assert_next(socket, "\"code\":\"bad_json\"");
    client_scene_assert_nothing(socket);
    client_scene_assert_next(other, "\"type\":\"user_joined\"");
    client_scene_assert_next(other, "\"type\":\"typing\"");
    fake_socket_free(socket);
    fake_socket_free(other);
}

static void input_kept_while_opening_is_bounded(void **state) {
    struct client_scene *scene = *state;
    struct socket *socket = fake_world_open(&scene->world, 2, scene->room, NULL);
    unsigned pongs = 0;
    for (unsigned i = 0; i < 10000; i++)
        fake_socket_receive(socket, text_of("{\"type\":\"ping\"}"), false);
    fake_world_settle(&scene->world);
    client_scene_assert_live(socket);
    while (fake_socket_next(socket))
        pongs++;
    assert_in_range(pongs, 1, 100);
    fake_socket_free(socket);
}

/* ---- replay ---- */

static void post(struct client_scene *scene, unsigned count) {
    while (count-- > 0)
        fake_store_post(&scene->world.store, scene->room, 1);
}

static void missed_events_follow_connected(void **state) {
    struct client_scene *scene = *state;
    post(scene, 3);
    struct socket *socket =
        client_scene_assert_live(fake_world_join(&scene->world, 2, scene->room, "2"));
    assert_non_null(strstr(socket->received[0], "\"seq\":2,"));
    client_scene_assert_next(socket, "\"seq\":3,");
    client_scene_assert_next(socket, "\"seq\":4,");
    client_scene_assert_nothing(socket);
    assert_int_equal(scene->world.metrics.replays, 1);
    fake_socket_free(socket);
}

static void events_that_cannot_be_replayed_are_a_resync(void **state) {
    struct client_scene *scene = *state;
    post(scene, 9);
    scene->world.config.replay_limit = 5;
    static const char *const since[] = {"4", "11", "18446744073709551615"};
    for (size_t i = 0; i < COUNT(since); i++) {
        struct socket *socket = fake_world_join(&scene->world, 2, scene->room, since[i]);
        client_scene_assert_live(socket);
        client_scene_assert_next(socket, "{\"type\":\"resync\",\"seq\":10}");
        client_scene_assert_nothing(socket);
        fake_socket_free(socket);
    }
    fake_store_purge(&scene->world.store, scene->room, 9);
    struct socket *socket =
        client_scene_assert_live(fake_world_join(&scene->world, 2, scene->room, "6"));
    client_scene_assert_next(socket, "{\"type\":\"resync\",\"seq\":10}");
    fake_socket_free(socket);
}

/* ---- changes while open ---- */

static void revocation_and_disabling_close_with_4401_at_once(void **state) {
    struct client_scene *scene = *state;
    struct socket *in_room = client_scene_connect(scene, 2, scene->room);
    struct socket *notified = client_scene_connect(scene, 2, 0);
    struct socket *other = client_scene_connect(scene, 1, 0);
    fake_store_revoke(&scene->world.store, 2);
    fake_world_settle(&scene->world);
    client_scene_assert_refused(in_room, 4401, "unauthenticated", "Invalid token.");
    client_scene_assert_refused(notified, 4401, "unauthenticated", "Invalid token.");
    assert_int_equal(other->close_code, 0);
    fake_store_disable(&scene->world.store, 1);
    fake_world_settle(&scene->world);
    client_scene_assert_refused(other, 4401, "unauthenticated", "User inactive or deleted.");
}

/* No event says that a session has expired. */
static void an_expired_session_is_4401_within_a_minute(void **state) {
    struct client_scene *scene = *state;
    const uint64_t rooms[] = {scene->room, 0};
    struct socket *sockets[2], *by_token = client_scene_connect(scene, 1, 0);
    for (size_t i = 0; i < 2; i++)
        sockets[i] = client_scene_assert_live(
            open_with(scene, (struct handshake){.notifications = rooms[i] == 0,
                                                .room_id = rooms[i],
                                                .has_cookie = true,
                                                .key = fake_store_session(2)}));
    client_scene_wait_ms(scene, 60000);
    assert_int_equal(sockets[0]->close_code, 0);
    scene->world.store.users[2].is_revoked = true;
    client_scene_wait_ms(scene, 60000);
    for (size_t i = 0; i < 2; i++)
        client_scene_assert_refused(sockets[i], 4401, "unauthenticated", "were not provided");
    assert_int_equal(by_token->close_code, 0);
    fake_socket_free(by_token);
}

static void a_token_that_expires_is_4401_at_that_time(void **state) {
    struct client_scene *scene = *state;
    struct fake_user *users = scene->world.store.users;
    struct socket *lasting = client_scene_connect(scene, 1, scene->room);
    client_scene_wait_ms(scene, 1000);
    users[2].expires_at = clock_now() + 5 * INT64_C(1000000);
    struct socket *in_room = client_scene_connect(scene, 2, scene->room);
    struct socket *notified = client_scene_connect(scene, 2, 0);
    users[1].is_revoked = users[2].is_revoked = true;
    client_scene_wait_ms(scene, 4000);
    assert_int_equal(in_room->close_code, 0);
    client_scene_wait_ms(scene, 1500);
    client_scene_assert_refused(in_room, 4401, "unauthenticated", "Invalid token.");
    client_scene_assert_refused(notified, 4401, "unauthenticated", "Invalid token.");
    /* A token that never expires is not asked for. */
    client_scene_wait_ms(scene, 60000);
    assert_int_equal(lasting->close_code, 0);
    fake_socket_free(lasting);
}

static void a_removed_member_is_notified_and_4403(void **state) {
    struct client_scene *scene = *state;
    struct socket *removed = client_scene_connect(scene, 2, scene->room);
    struct socket *other = client_scene_connect(scene, 1, scene->room);
    client_scene_skip_frames(removed);
    fake_store_remove(&scene->world.store, scene->room, 1, 2);
    fake_store_post(&scene->world.store, scene->room, 1);
    fake_world_settle(&scene->world);
    client_scene_assert_next(removed, "\"type\":\"user_removed\"");
    client_scene_assert_nothing(removed);
    assert_int_equal(removed->close_code, 4403);
    client_scene_assert_next(other, "\"type\":\"user_removed\"");
    client_scene_assert_next(other, "\"type\":\"new_message\"");
    fake_socket_free(removed);
    fake_socket_free(other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CLIENT_SCENE_TEST(missing_or_invalid_credentials_are_4401),
        CLIENT_SCENE_TEST(a_session_key_is_not_a_token),
        CLIENT_SCENE_TEST(a_disabled_user_is_4401),
        CLIENT_SCENE_TEST(an_inaccessible_room_is_4404_or_4403),
        CLIENT_SCENE_TEST(an_invalid_since_is_reported_last),
        CLIENT_SCENE_TEST(an_unavailable_database_is_1013),
        CLIENT_SCENE_TEST(simultaneous_clients_share_a_query),
        CLIENT_SCENE_TEST(sockets_of_a_user_are_limited),
        CLIENT_SCENE_TEST(a_client_takes_a_place_once_it_is_let_in),
        CLIENT_SCENE_TEST(only_invalid_credentials_count_as_failures),
        CLIENT_SCENE_TEST(a_disconnect_while_opening_frees_everything),
        CLIENT_SCENE_TEST(a_token_revoked_while_opening_is_4401),
        CLIENT_SCENE_TEST(a_removal_while_opening_is_4404),
        CLIENT_SCENE_TEST(a_room_deleted_while_opening_is_4404),
        CLIENT_SCENE_TEST(each_event_is_counted_in_connected_or_follows_it),
        CLIENT_SCENE_TEST(input_before_connected_is_handled_after_it),
        CLIENT_SCENE_TEST(input_kept_while_opening_is_bounded),
        CLIENT_SCENE_TEST(missed_events_follow_connected),
        CLIENT_SCENE_TEST(events_that_cannot_be_replayed_are_a_resync),
        CLIENT_SCENE_TEST(revocation_and_disabling_close_with_4401_at_once),
        CLIENT_SCENE_TEST(an_expired_session_is_4401_within_a_minute),
        CLIENT_SCENE_TEST(a_token_that_expires_is_4401_at_that_time),
        CLIENT_SCENE_TEST(a_removed_member_is_notified_and_4403),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
