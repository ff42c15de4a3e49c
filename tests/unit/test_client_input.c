/* client: what clients may say, and how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/client_scene.h"

/* ---- typing ---- */

static const char TYPING[] = "{\"type\":\"typing\"}";
static const char STOP_TYPING[] = "{\"type\":\"stop_typing\"}";

struct talk {
    struct socket *talker, *listener, *same_user;
};

static struct talk begin_talk(struct scene *scene) {
    const struct talk talk = {scene_live(scene, 1, scene->room), scene_live(scene, 2, scene->room),
                              scene_live(scene, 1, scene->room)};
    scene_skip_frames(talk.talker);
    scene_skip_frames(talk.listener);
    scene_skip_frames(talk.same_user);
    return talk;
}

static void end_talk(const struct talk *talk) {
    scene_assert_nothing(talk->listener);
    scene_assert_nothing(talk->same_user);
    fake_socket_free(talk->talker);
    fake_socket_free(talk->listener);
    fake_socket_free(talk->same_user);
}

static void typing_goes_to_other_users_once_in_2_seconds(void **state) {
    struct scene *scene = *state;
    const struct talk talk = begin_talk(scene);
    scene_say(scene, talk.talker, TYPING);
    scene_say(scene, talk.talker, TYPING);
    scene_wait_ms(scene, 1500);
    scene_say(scene, talk.talker, TYPING);
    scene_assert_next(talk.listener, "\"type\":\"typing\"");
    scene_assert_nothing(talk.listener);
    scene_wait_ms(scene, 500);
    scene_say(scene, talk.talker, TYPING);
    scene_assert_next(talk.listener, "\"type\":\"typing\"");
    scene_say(scene, talk.talker, STOP_TYPING);
    scene_assert_next(talk.listener, "\"type\":\"stop_typing\"");
    scene_assert_nothing(talk.talker);
    end_talk(&talk);
}

static void typing_ends_by_itself_after_10_seconds(void **state) {
    struct scene *scene = *state;
    const struct talk talk = begin_talk(scene);
    scene_say(scene, talk.talker, TYPING);
    scene_assert_next(talk.listener, "\"type\":\"typing\"");
    scene_wait_ms(scene, 9500);
    scene_assert_nothing(talk.listener);
    scene_wait_ms(scene, 1000);
    scene_assert_next(talk.listener, "\"type\":\"stop_typing\"");
    scene_wait_ms(scene, 20000);
    scene_say(scene, talk.talker, STOP_TYPING);
    end_talk(&talk);
}

static void typing_that_goes_on_does_not_end(void **state) {
    struct scene *scene = *state;
    const struct talk talk = begin_talk(scene);
    for (unsigned i = 0; i < 5; i++) {
        scene_say(scene, talk.talker, TYPING);
        scene_assert_next(talk.listener, "\"type\":\"typing\"");
        scene_wait_ms(scene, 8000);
        scene_assert_nothing(talk.listener);
    }
    scene_say(scene, talk.talker, STOP_TYPING);
    scene_assert_next(talk.listener, "\"type\":\"stop_typing\"");
    end_talk(&talk);
}

static void who_goes_types_no_more(void **state) {
    struct scene *scene = *state;
    const struct talk talk = begin_talk(scene);
    scene_say(scene, talk.talker, TYPING);
    scene_assert_next(talk.listener, "\"type\":\"typing\"");
    fake_socket_disconnect(talk.talker);
    fake_world_settle(&scene->world);
    scene_assert_next(talk.listener, "\"type\":\"stop_typing\"");
    end_talk(&talk);
}

static void who_does_not_type_does_not_stop(void **state) {
    struct scene *scene = *state;
    const struct talk talk = begin_talk(scene);
    scene_say(scene, talk.talker, STOP_TYPING);
    scene_assert_nothing(talk.talker);
    end_talk(&talk);
}

static void nobody_types_into_notifications(void **state) {
    struct scene *scene = *state;
    struct socket *socket = scene_live(scene, 1, 0);
    scene_say(scene, socket, TYPING);
    scene_assert_next(socket, "\"code\":\"unknown_type\"");
    scene_say(scene, socket, STOP_TYPING);
    scene_assert_next(socket, "\"code\":\"unknown_type\"");
    fake_socket_free(socket);
}

static void without_redis_typing_reaches_the_sockets_here(void **state) {
    struct scene *scene = *state;
    const struct talk talk = begin_talk(scene);
    fake_pubsub_set_up(scene->world.pubsub, false);
    scene_say(scene, talk.talker, TYPING);
    scene_assert_next(talk.listener, "\"type\":\"typing\"");
    scene_say(scene, talk.talker, STOP_TYPING);
    scene_assert_next(talk.listener, "\"type\":\"stop_typing\"");
    fake_pubsub_set_up(scene->world.pubsub, true);
    fake_world_settle(&scene->world);
    end_talk(&talk);
}

/* ---- how often ---- */

static const char PING[] = "{\"type\":\"ping\"}";

static void over_the_rate_it_is_told_once_and_heard_again_later(void **state) {
    struct scene *scene = *state;
    struct socket *socket = scene_live(scene, 1, scene->room);
    for (unsigned i = 0; i < 30; i++) {
        scene_say(scene, socket, PING);
        scene_assert_next(socket, "\"type\":\"pong\"");
    }
    for (unsigned i = 0; i < 50; i++)
        scene_say(scene, socket, PING);
    scene_assert_next(socket, "\"code\":\"rate_limited\"");
    scene_assert_nothing(socket);
    assert_int_equal(scene->world.metrics.rate_limited, 50);
    scene_wait_ms(scene, 500);
    scene_say(scene, socket, PING);
    scene_assert_next(socket, "\"type\":\"pong\"");
    fake_socket_free(socket);
}

static void one_that_floods_on_is_1008(void **state) {
    struct scene *scene = *state;
    struct socket *socket = scene_live(scene, 1, scene->room);
    for (unsigned i = 0; i < 1000; i++)
        scene_say(scene, socket, "[");
    assert_int_equal(socket->close_code, 1008);
    assert_int_equal(socket->why, METRICS_DROP_FLOOD);
    assert_in_range(socket->count, 30, 40);
    fake_socket_free(socket);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SCENE_TEST(typing_goes_to_other_users_once_in_2_seconds),
        SCENE_TEST(typing_ends_by_itself_after_10_seconds),
        SCENE_TEST(typing_that_goes_on_does_not_end),
        SCENE_TEST(who_goes_types_no_more),
        SCENE_TEST(who_does_not_type_does_not_stop),
        SCENE_TEST(nobody_types_into_notifications),
        SCENE_TEST(without_redis_typing_reaches_the_sockets_here),
        SCENE_TEST(over_the_rate_it_is_told_once_and_heard_again_later),
        SCENE_TEST(one_that_floods_on_is_1008),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
