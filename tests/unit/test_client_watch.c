/* client: rooms that a notifications socket watches. */
#include <stdio.h>
#include <string.h>

#include "support/client_scene.h"
#include "support/unit.h"

/* A user's notifications socket that watches the scene's room. */
static struct socket *watching(struct client_scene *scene, uint64_t user_id) {
    struct socket *socket = client_scene_connect(scene, user_id, 0);
    client_scene_receive_for(scene, socket, "watch", scene->room, "");
    client_scene_assert_next(socket, "\"type\":\"connected\",\"room_id\":");
    client_scene_assert_nothing(socket);
    return socket;
}

static void assert_error(struct client_scene *scene, struct socket *socket, const char *code) {
    char part[80];
    snprintf(part, sizeof(part), "\"code\":\"%s\"", code);
    client_scene_assert_next(socket, part);
    client_scene_assert_nothing(socket);
    client_scene_receive(scene, socket, "{\"type\":\"ping\"}");
    client_scene_assert_next(socket, "\"pong\"");
}

/* ---- what comes ---- */

static void a_watch_gets_what_a_room_socket_gets(void **state) {
    struct client_scene *scene = *state;
    struct socket *watcher = watching(scene, 2),
                  *socket = client_scene_connect(scene, 2, scene->room);
    struct socket *other = client_scene_connect(scene, 1, scene->room);
    fake_store_post(&scene->world.store, scene->room, 2);
    fake_store_rename(&scene->world.store, scene->room, 1);
    fake_world_settle(&scene->world);
    client_scene_receive(scene, other, "{\"type\":\"typing\"}");
    for (const char *json = fake_socket_next(socket); json; json = fake_socket_next(socket)) {
        client_scene_assert_next(watcher, json);
        assert_non_null(strstr(json, "\"room_id\":"));
    }
    client_scene_assert_nothing(watcher);
    fake_socket_free(watcher);
    fake_socket_free(socket);
    fake_socket_free(other);
}

static void connected_is_that_of_a_room_socket(void **state) {
    struct client_scene *scene = *state;
    struct socket *socket = client_scene_connect(scene, 2, scene->room);
    struct socket *watcher = watching(scene, 2);
    assert_string_equal(watcher->received[1], socket->received[0]);
    fake_socket_free(socket);
    fake_socket_free(watcher);
}

static void messages_of_others_are_notified_of_as_well(void **state) {
    struct client_scene *scene = *state;
    struct socket *watcher = watching(scene, 2);
    unsigned events = 0, notifications = 0;
    fake_store_post(&scene->world.store, scene->room, 1);
    fake_world_settle(&scene->world);
    for (const char *json = fake_socket_next(watcher); json; json = fake_socket_next(watcher)) {
        events += strstr(json, "\"new_message\"") != NULL;
        notifications += strstr(json, "\"new_message_notification\"") != NULL;
    }
    assert_int_equal(events, 1);
    assert_int_equal(notifications, 1);
    fake_socket_free(watcher);
}

static void since_replays_what_was_missed(void **state) {
    struct client_scene *scene = *state;
    struct socket *watcher = client_scene_connect(scene, 2, 0);
    for (unsigned i = 0; i < 3; i++)
        fake_store_post(&scene->world.store, scene->room, 2);
    fake_world_settle(&scene->world);
    client_scene_receive_for(scene, watcher, "watch", scene->room, ",\"since\":2");
    client_scene_assert_next(watcher, "\"seq\":2,");
    client_scene_assert_next(watcher, "\"seq\":3,");
    client_scene_assert_next(watcher, "\"seq\":4,");
    fake_store_post(&scene->world.store, scene->room, 2);
    fake_world_settle(&scene->world);
    client_scene_assert_next(watcher, "\"seq\":5,");
    client_scene_assert_nothing(watcher);
    fake_socket_free(watcher);
}

static void since_beyond_the_stream_is_a_resync_of_the_room(void **state) {
    struct client_scene *scene = *state;
    struct socket *watcher = client_scene_connect(scene, 2, 0);
    client_scene_receive_for(scene, watcher, "watch", scene->room,
                             ",\"since\":18446744073709551615");
    client_scene_assert_next(watcher, "\"type\":\"connected\"");
    client_scene_assert_next(watcher, "{\"type\":\"resync\",\"seq\":1,\"room_id\":");
    fake_store_post(&scene->world.store, scene->room, 2);
    fake_world_settle(&scene->world);
    client_scene_assert_next(watcher, "\"seq\":2,");
    fake_socket_free(watcher);
}

/* ---- the end ---- */

static void unwatch_ends_it(void **state) {
    struct client_scene *scene = *state;
    struct socket *watcher = watching(scene, 2);
    client_scene_receive_for(scene, watcher, "unwatch", scene->room, "");
    fake_store_post(&scene->world.store, scene->room, 2);
    fake_world_settle(&scene->world);
    client_scene_assert_nothing(watcher);
    client_scene_receive_for(scene, watcher, "unwatch", scene->room, "");
    assert_error(scene, watcher, "not_watched");
    client_scene_receive_for(scene, watcher, "watch", scene->room, ",\"since\":1");
    client_scene_assert_next(watcher, "\"type\":\"connected\"");
    client_scene_assert_next(watcher, "\"seq\":2,");
    client_scene_assert_nothing(watcher);
    fake_socket_free(watcher);
}

static void unwatch_before_connected_ends_it(void **state) {
    struct client_scene *scene = *state;
    struct socket *watcher = client_scene_connect(scene, 2, 0);
    char message[80];
    snprintf(message, sizeof(message), "{\"type\":\"watch\",\"room_id\":%llu}",
             (unsigned long long)scene->room);
    fake_socket_receive(watcher, text_of(message), false);
    client_scene_receive_for(scene, watcher, "unwatch", scene->room, "");
    client_scene_assert_nothing(watcher);
    fake_socket_free(watcher);
}

static void a_removal_is_sent_and_ends_it(void **state) {
    struct client_scene *scene = *state;
    struct socket *watcher = watching(scene, 2);
    unsigned removals = 0;
    fake_store_remove(&scene->world.store, scene->room, 1, 2);
    fake_store_post(&scene->world.store, scene->room, 1);
    fake_world_settle(&scene->world);
    for (const char *json = fake_socket_next(watcher); json; json = fake_socket_next(watcher)) {
        removals += strstr(json, "\"user_removed\"") != NULL;
        assert_null(strstr(json, "\"new_message"));
    }
    assert_int_equal(removals, 1);
    assert_int_equal(watcher->close_code, 0);
    assert_null(watch_find(watcher->client, scene->room));
    fake_socket_free(watcher);
}

static void a_deletion_is_sent_once_and_ends_it(void **state) {
    struct client_scene *scene = *state;
    struct socket *watcher = watching(scene, 2);
    fake_store_delete_room(&scene->world.store, scene->room, 1);
    fake_world_settle(&scene->world);
    client_scene_assert_next(watcher,
                             "\"type\":\"room_deleted\",\"deleted_by\":\"user1\",\"seq\":");
    client_scene_assert_nothing(watcher);
    assert_null(watch_find(watcher->client, scene->room));
    fake_socket_free(watcher);
}

static void a_revoked_token_closes_the_socket(void **state) {
    struct client_scene *scene = *state;
    struct socket *watcher = watching(scene, 2);
    fake_store_revoke(&scene->world.store, 2);
    fake_world_settle(&scene->world);
    client_scene_assert_refused(watcher, 4401, "unauthenticated", "Invalid token.");
}

/* ---- not let in ---- */

static void what_a_room_socket_refuses_is_an_error_with_the_room(void **state) {
    struct client_scene *scene = *state;
    struct socket *other = client_scene_connect(scene, 3, 0);
    client_scene_receive_for(scene, other, "watch", scene->room, "");
    assert_error(scene, other, "not_found");
    client_scene_receive_for(scene, other, "watch", scene->public_room, ",\"since\":-1");
    assert_error(scene, other, "forbidden");
    client_scene_receive_for(scene, other, "watch", 999999999, "");
    assert_non_null(strstr(other->received[other->count - 1], "\"room_id\":999999999,"));
    assert_error(scene, other, "not_found");
    scene->world.store.down = true;
    client_scene_receive_for(scene, other, "watch", scene->public_room, "");
    assert_error(scene, other, "unavailable");
    scene->world.store.down = false;
    fake_socket_free(other);
}

static void invalid_members_are_errors(void **state) {
    static const struct {
        const char *message, *code;
    } cases[] = {
        {"{\"type\":\"watch\"}", "bad_room_id"},
        {"{\"type\":\"watch\",\"room_id\":null}", "bad_room_id"},
        {"{\"type\":\"watch\",\"room_id\":\"1\"}", "bad_room_id"},
        {"{\"type\":\"watch\",\"room_id\":1.0}", "bad_room_id"},
        {"{\"type\":\"watch\",\"room_id\":true}", "bad_room_id"},
        {"{\"type\":\"watch\",\"room_id\":[1]}", "bad_room_id"},
        {"{\"type\":\"unwatch\",\"room_id\":{}}", "bad_room_id"},
        {"{\"type\":\"typing\",\"room_id\":\"\"}", "bad_room_id"},
        {"{\"type\":\"watch\",\"room_id\":-1}", "not_found"},
        {"{\"type\":\"watch\",\"room_id\":0}", "not_found"},
        {"{\"type\":\"watch\",\"room_id\":18446744073709551615}", "not_found"},
        {"{\"type\":\"unwatch\",\"room_id\":-9223372036854775808}", "not_watched"},
        {"{\"type\":\"typing\",\"room_id\":5}", "not_watched"},
        {"{\"type\":\"stop_typing\",\"room_id\":5}", "not_watched"},
    };
    static const char *const since[] = {"-1", "null", "\"2\"", "2.0", "true", "[]", "1e1"};
    struct client_scene *scene = *state;
    struct socket *socket = client_scene_connect(scene, 2, 0);
    scene->world.config.rate_limits = CONFIG_OFF;
    for (size_t i = 0; i < COUNT(cases); i++) {
        client_scene_receive(scene, socket, cases[i].message);
        assert_error(scene, socket, cases[i].code);
    }
    for (size_t i = 0; i < COUNT(since); i++) {
        char more[40];
        snprintf(more, sizeof(more), ",\"since\":%s", since[i]);
        client_scene_receive_for(scene, socket, "watch", scene->room, more);
        assert_error(scene, socket, "bad_since");
    }
    fake_socket_free(socket);
}

static void a_room_is_watched_once(void **state) {
    struct client_scene *scene = *state;
    struct socket *watcher = watching(scene, 2);
    client_scene_receive_for(scene, watcher, "watch", scene->room, ",\"since\":0");
    assert_error(scene, watcher, "already_watched");
    fake_store_post(&scene->world.store, scene->room, 2);
    fake_world_settle(&scene->world);
    client_scene_assert_next(watcher, "\"seq\":2,");
    client_scene_assert_nothing(watcher);
    fake_socket_free(watcher);
}

static void watched_rooms_are_limited(void **state) {
    struct client_scene *scene = *state;
    scene->world.config.max_watched = 1;
    struct socket *watcher = watching(scene, 1);
    client_scene_receive_for(scene, watcher, "watch", scene->public_room, "");
    assert_error(scene, watcher, "too_many_watched");
    client_scene_receive_for(scene, watcher, "unwatch", scene->room, "");
    client_scene_receive_for(scene, watcher, "watch", scene->public_room, "");
    client_scene_assert_next(watcher, "\"type\":\"connected\"");
    fake_socket_free(watcher);
}

static void a_room_socket_watches_no_other_room(void **state) {
    struct client_scene *scene = *state;
    struct socket *socket = client_scene_connect(scene, 1, scene->room);
    client_scene_receive_for(scene, socket, "watch", scene->public_room, "");
    assert_error(scene, socket, "unknown_type");
    client_scene_receive_for(scene, socket, "unwatch", scene->room, "");
    assert_error(scene, socket, "unknown_type");
    fake_socket_free(socket);
}

/* ---- presence and typing ---- */

static void a_watch_counts_as_an_open_socket(void **state) {
    struct client_scene *scene = *state;
    struct socket *other = client_scene_connect(scene, 1, scene->room);
    struct socket *watcher = watching(scene, 2);
    assert_non_null(strstr(watcher->received[1], "\"username\":\"user1\""));
    assert_non_null(strstr(watcher->received[1], "\"username\":\"user2\""));
    client_scene_assert_next(other, "\"type\":\"user_joined\",\"user\":\"user2\"");
    client_scene_receive_for(scene, watcher, "unwatch", scene->room, "");
    client_scene_wait_ms(scene, 6000);
    client_scene_assert_next(other, "\"type\":\"user_left\",\"user\":\"user2\"");
    client_scene_receive_for(scene, watcher, "watch", scene->room, "");
    client_scene_assert_next(other, "\"type\":\"user_joined\"");
    fake_socket_free(watcher);
    client_scene_wait_ms(scene, 6000);
    client_scene_assert_next(other, "\"type\":\"user_left\"");
    fake_socket_free(other);
}

static void typing_names_the_room(void **state) {
    struct client_scene *scene = *state;
    struct socket *other = client_scene_connect(scene, 1, scene->room);
    struct socket *watcher = watching(scene, 2);
    client_scene_skip_frames(other);
    client_scene_receive_for(scene, watcher, "typing", scene->room, "");
    client_scene_assert_next(other, "\"type\":\"typing\",\"user\":\"user2\"");
    client_scene_wait_ms(scene, 2000);
    client_scene_receive_for(scene, watcher, "stop_typing", scene->room, "");
    client_scene_assert_next(other, "\"type\":\"stop_typing\"");
    client_scene_wait_ms(scene, 2000);
    client_scene_receive_for(scene, watcher, "typing", scene->room, "");
    client_scene_assert_next(other, "\"type\":\"typing\"");
    client_scene_receive_for(scene, watcher, "unwatch", scene->room, "");
    client_scene_assert_next(other, "\"type\":\"stop_typing\"");
    client_scene_assert_nothing(other);
    client_scene_assert_nothing(watcher);
    fake_socket_free(watcher);
    fake_socket_free(other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CLIENT_SCENE_TEST(a_watch_gets_what_a_room_socket_gets),
        CLIENT_SCENE_TEST(connected_is_that_of_a_room_socket),
        CLIENT_SCENE_TEST(messages_of_others_are_notified_of_as_well),
        CLIENT_SCENE_TEST(since_replays_what_was_missed),
        CLIENT_SCENE_TEST(since_beyond_the_stream_is_a_resync_of_the_room),
        CLIENT_SCENE_TEST(unwatch_ends_it),
        CLIENT_SCENE_TEST(unwatch_before_connected_ends_it),
        CLIENT_SCENE_TEST(a_removal_is_sent_and_ends_it),
        CLIENT_SCENE_TEST(a_deletion_is_sent_once_and_ends_it),
        CLIENT_SCENE_TEST(a_revoked_token_closes_the_socket),
        CLIENT_SCENE_TEST(what_a_room_socket_refuses_is_an_error_with_the_room),
        CLIENT_SCENE_TEST(invalid_members_are_errors),
        CLIENT_SCENE_TEST(a_room_is_watched_once),
        CLIENT_SCENE_TEST(watched_rooms_are_limited),
        CLIENT_SCENE_TEST(a_room_socket_watches_no_other_room),
        CLIENT_SCENE_TEST(a_watch_counts_as_an_open_socket),
        CLIENT_SCENE_TEST(typing_names_the_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
