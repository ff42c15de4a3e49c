/* client: the messages that clients may send, and their rate. */
#include <stdio.h>

#include "support/client_scene.h"
#include "support/unit.h"

/* ---- typing ---- */

static const char TYPING[] = "{\"type\":\"typing\"}";
static const char STOP_TYPING[] = "{\"type\":\"stop_typing\"}";

struct typing_test {
    struct socket *typist, *listener, *same_user;
};

static struct typing_test begin_typing(struct client_scene *scene) {
    const struct typing_test typing = {client_scene_connect(scene, 1, scene->room),
                                       client_scene_connect(scene, 2, scene->room),
                                       client_scene_connect(scene, 1, scene->room)};
    client_scene_skip_frames(typing.typist);
    client_scene_skip_frames(typing.listener);
    client_scene_skip_frames(typing.same_user);
    return typing;
}

static void end_typing(const struct typing_test *typing) {
    client_scene_assert_nothing(typing->listener);
    client_scene_assert_nothing(typing->same_user);
    fake_socket_free(typing->typist);
    fake_socket_free(typing->listener);
    fake_socket_free(typing->same_user);
}

static void typing_goes_to_other_users_once_in_2_seconds(void **state) {
    struct client_scene *scene = *state;
    const struct typing_test typing = begin_typing(scene);
    client_scene_receive(scene, typing.typist, TYPING);
    client_scene_receive(scene, typing.typist, TYPING);
    client_scene_wait_ms(scene, 1500);
    client_scene_receive(scene, typing.typist, TYPING);
    client_scene_assert_next(typing.listener, "\"type\":\"typing\"");
    client_scene_assert_nothing(typing.listener);
    client_scene_wait_ms(scene, 500);
    client_scene_receive(scene, typing.typist, TYPING);
    client_scene_assert_next(typing.listener, "\"type\":\"typing\"");
    client_scene_receive(scene, typing.typist, STOP_TYPING);
    client_scene_assert_next(typing.listener, "\"type\":\"stop_typing\"");
    client_scene_assert_nothing(typing.typist);
    end_typing(&typing);
}

static void typing_ends_by_itself_after_10_seconds(void **state) {
    struct client_scene *scene = *state;
    const struct typing_test typing = begin_typing(scene);
    client_scene_receive(scene, typing.typist, TYPING);
    client_scene_assert_next(typing.listener, "\"type\":\"typing\"");
    client_scene_wait_ms(scene, 9500);
    client_scene_assert_nothing(typing.listener);
    client_scene_wait_ms(scene, 1000);
    client_scene_assert_next(typing.listener, "\"type\":\"stop_typing\"");
    client_scene_wait_ms(scene, 20000);
    client_scene_receive(scene, typing.typist, STOP_TYPING);
    end_typing(&typing);
}

static void repeated_typing_does_not_end(void **state) {
    struct client_scene *scene = *state;
    const struct typing_test typing = begin_typing(scene);
    for (unsigned i = 0; i < 5; i++) {
        client_scene_receive(scene, typing.typist, TYPING);
        client_scene_assert_next(typing.listener, "\"type\":\"typing\"");
        client_scene_wait_ms(scene, 8000);
        client_scene_assert_nothing(typing.listener);
    }
    client_scene_receive(scene, typing.typist, STOP_TYPING);
    client_scene_assert_next(typing.listener, "\"type\":\"stop_typing\"");
    end_typing(&typing);
}

static void a_disconnect_ends_typing(void **state) {
    struct client_scene *scene = *state;
    const struct typing_test typing = begin_typing(scene);
    client_scene_receive(scene, typing.typist, TYPING);
    client_scene_assert_next(typing.listener, "\"type\":\"typing\"");
    fake_socket_disconnect(typing.typist);
    fake_world_settle(&scene->world);
    client_scene_assert_next(typing.listener, "\"type\":\"stop_typing\"");
    end_typing(&typing);
}

static void stop_typing_without_typing_is_ignored(void **state) {
    struct client_scene *scene = *state;
    const struct typing_test typing = begin_typing(scene);
    client_scene_receive(scene, typing.typist, STOP_TYPING);
    client_scene_assert_nothing(typing.typist);
    end_typing(&typing);
}

static void typing_is_refused_on_notifications(void **state) {
    struct client_scene *scene = *state;
    struct socket *socket = client_scene_connect(scene, 1, 0);
    client_scene_receive(scene, socket, TYPING);
    client_scene_assert_next(socket, "\"code\":\"unknown_type\"");
    client_scene_receive(scene, socket, STOP_TYPING);
    client_scene_assert_next(socket, "\"code\":\"unknown_type\"");
    fake_socket_free(socket);
}

/* The user stops in between, types in another tab, and in a watch. */
static void typing_of_a_user_is_limited_over_all_sockets(void **state) {
    struct client_scene *scene = *state;
    const struct typing_test typing = begin_typing(scene);
    struct socket *watcher = client_scene_connect(scene, 1, 0);
    char watch[80], type[80];
    snprintf(watch, sizeof(watch), "{\"type\":\"watch\",\"room_id\":%llu}",
             (unsigned long long)scene->room);
    snprintf(type, sizeof(type), "{\"type\":\"typing\",\"room_id\":%llu}",
             (unsigned long long)scene->room);
    client_scene_receive(scene, watcher, watch);
    client_scene_skip_frames(watcher);
    scene->world.config.rate_limits = CONFIG_OFF;
    client_scene_receive(scene, typing.typist, TYPING);
    client_scene_assert_next(typing.listener, "\"type\":\"typing\"");
    client_scene_receive(scene, typing.typist, STOP_TYPING);
    client_scene_assert_next(typing.listener, "\"type\":\"stop_typing\"");
    for (unsigned i = 0; i < 20; i++) {
        client_scene_receive(scene, typing.typist, TYPING);
        client_scene_receive(scene, typing.typist, STOP_TYPING);
        client_scene_receive(scene, typing.same_user, TYPING);
        client_scene_receive(scene, typing.same_user, STOP_TYPING);
        client_scene_receive(scene, watcher, type);
    }
    client_scene_assert_nothing(typing.listener);
    /* The watch is still typing: said as soon as it may be. */
    client_scene_wait_ms(scene, 2000);
    client_scene_assert_next(typing.listener, "\"type\":\"typing\"");
    client_scene_receive(scene, typing.typist, TYPING);
    fake_socket_free(watcher);
    fake_world_settle(&scene->world);
    client_scene_assert_nothing(typing.listener);
    client_scene_receive(scene, typing.typist, STOP_TYPING);
    client_scene_assert_next(typing.listener, "\"type\":\"stop_typing\"");
    end_typing(&typing);
}

/* A notice that another pushd has published. */
static void publish(struct client_scene *scene, unsigned type) {
    const struct event_envelope envelope = {.type = type,
                                            .actor_id = 1,
                                            .actor = text_of("user1"),
                                            .text = text_of("{\"type\":\"other\"}")};
    fake_pubsub_send(scene->world.pubsub, EVENT_STREAM_ROOM, scene->room, &envelope);
    fake_world_settle(&scene->world);
}

static void typing_at_several_pushd_is_limited_as_well(void **state) {
    struct client_scene *scene = *state;
    const struct typing_test typing = begin_typing(scene);
    client_scene_receive(scene, typing.typist, TYPING);
    client_scene_assert_next(typing.listener, "\"type\":\"typing\"");
    publish(scene, EVENT_TYPING);
    client_scene_assert_nothing(typing.listener);
    client_scene_wait_ms(scene, 2000);
    publish(scene, EVENT_TYPING);
    client_scene_assert_next(typing.listener, "other");
    publish(scene, EVENT_STOP_TYPING);
    client_scene_assert_next(typing.listener, "other");
    publish(scene, EVENT_STOP_TYPING);
    client_scene_assert_nothing(typing.listener);
    fake_socket_disconnect(typing.typist);
    fake_world_settle(&scene->world);
    end_typing(&typing);
}

static void typing_at_a_pushd_that_died_ends(void **state) {
    struct client_scene *scene = *state;
    const struct typing_test typing = begin_typing(scene);
    publish(scene, EVENT_TYPING);
    client_scene_assert_next(typing.listener, "other");
    client_scene_wait_ms(scene, 13000);
    client_scene_assert_next(typing.listener, "\"type\":\"stop_typing\",\"user\":\"user1\"");
    end_typing(&typing);
}

static void without_redis_typing_reaches_local_sockets(void **state) {
    struct client_scene *scene = *state;
    const struct typing_test typing = begin_typing(scene);
    fake_pubsub_set_up(scene->world.pubsub, false);
    client_scene_receive(scene, typing.typist, TYPING);
    client_scene_assert_next(typing.listener, "\"type\":\"typing\"");
    client_scene_receive(scene, typing.typist, STOP_TYPING);
    client_scene_assert_next(typing.listener, "\"type\":\"stop_typing\"");
    fake_pubsub_set_up(scene->world.pubsub, true);
    fake_world_settle(&scene->world);
    end_typing(&typing);
}

/* A moderator has silenced the typist until a time, or ended the silence (null). seq: the number in
 * the typist's own stream. */
static void publish_silence(struct client_scene *scene, uint64_t seq, const char *until) {
    char json[160];
    snprintf(json, sizeof(json),
             "{\"type\":\"silence_changed\",\"until\":%s,\"seq\":%llu,\"room_id\":%llu}", until,
             (unsigned long long)seq, (unsigned long long)scene->room);
    const struct event_envelope envelope = {.type = EVENT_SILENCE_CHANGED,
                                            .seq = seq,
                                            .actor_id = 2,
                                            .actor = text_of("user2"),
                                            .subject_id = scene->room,
                                            .text = text_of(json)};
    fake_pubsub_send(scene->world.pubsub, EVENT_STREAM_USER, 1, &envelope);
    fake_world_settle(&scene->world);
}

static void typing_is_dropped_until_a_silence_is_over(void **state) {
    static const char *const over[] = {"\"2020-01-01T00:00:00.000000Z\"", "null"};
    struct client_scene *scene = *state;
    const struct typing_test typing = begin_typing(scene);
    uint64_t seq = scene->world.store.users[1].stream.last_seq;
    for (size_t i = 0; i < COUNT(over); i++) {
        publish_silence(scene, ++seq, "\"2100-01-01T00:00:00.000000Z\"");
        client_scene_receive(scene, typing.typist, TYPING);
        client_scene_assert_nothing(typing.listener);
        publish_silence(scene, ++seq, over[i]);
        client_scene_receive(scene, typing.typist, TYPING);
        client_scene_assert_next(typing.listener, "\"type\":\"typing\"");
        client_scene_receive(scene, typing.typist, STOP_TYPING);
        client_scene_assert_next(typing.listener, "\"type\":\"stop_typing\"");
        client_scene_wait_ms(scene, 2000);
    }
    end_typing(&typing);
}

static void a_silence_ends_typing_at_once(void **state) {
    struct client_scene *scene = *state;
    const struct typing_test typing = begin_typing(scene);
    client_scene_receive(scene, typing.typist, TYPING);
    client_scene_assert_next(typing.listener, "\"type\":\"typing\"");
    publish_silence(scene, scene->world.store.users[1].stream.last_seq + 1,
                    "\"2100-01-01T00:00:00.000000Z\"");
    client_scene_assert_next(typing.listener, "\"type\":\"stop_typing\"");
    client_scene_wait_ms(scene, 12000);
    end_typing(&typing);
}

/* ---- rate limit ---- */

static const char PING[] = "{\"type\":\"ping\"}";

static void excess_messages_get_one_error_until_the_rate_allows_more(void **state) {
    struct client_scene *scene = *state;
    struct socket *socket = client_scene_connect(scene, 1, scene->room);
    for (unsigned i = 0; i < 30; i++) {
        client_scene_receive(scene, socket, PING);
        client_scene_assert_next(socket, "\"type\":\"pong\"");
    }
    for (unsigned i = 0; i < 50; i++)
        client_scene_receive(scene, socket, PING);
    client_scene_assert_next(socket, "\"code\":\"rate_limited\"");
    client_scene_assert_nothing(socket);
    assert_int_equal(scene->world.metrics.rate_limited, 50);
    client_scene_wait_ms(scene, 500);
    client_scene_receive(scene, socket, PING);
    client_scene_assert_next(socket, "\"type\":\"pong\"");
    fake_socket_free(socket);
}

static void a_client_that_keeps_flooding_is_1008(void **state) {
    struct client_scene *scene = *state;
    struct socket *socket = client_scene_connect(scene, 1, scene->room);
    for (unsigned i = 0; i < 1000; i++)
        client_scene_receive(scene, socket, "[");
    assert_int_equal(socket->close_code, 1008);
    assert_int_equal(socket->why, METRICS_DROP_FLOOD);
    assert_in_range(socket->count, 30, 40);
    fake_socket_free(socket);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CLIENT_SCENE_TEST(typing_goes_to_other_users_once_in_2_seconds),
        CLIENT_SCENE_TEST(typing_ends_by_itself_after_10_seconds),
        CLIENT_SCENE_TEST(repeated_typing_does_not_end),
        CLIENT_SCENE_TEST(a_disconnect_ends_typing),
        CLIENT_SCENE_TEST(stop_typing_without_typing_is_ignored),
        CLIENT_SCENE_TEST(typing_is_refused_on_notifications),
        CLIENT_SCENE_TEST(typing_of_a_user_is_limited_over_all_sockets),
        CLIENT_SCENE_TEST(typing_at_several_pushd_is_limited_as_well),
        CLIENT_SCENE_TEST(typing_at_a_pushd_that_died_ends),
        CLIENT_SCENE_TEST(without_redis_typing_reaches_local_sockets),
        CLIENT_SCENE_TEST(typing_is_dropped_until_a_silence_is_over),
        CLIENT_SCENE_TEST(a_silence_ends_typing_at_once),
        CLIENT_SCENE_TEST(excess_messages_get_one_error_until_the_rate_allows_more),
        CLIENT_SCENE_TEST(a_client_that_keeps_flooding_is_1008),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
