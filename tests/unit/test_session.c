/* session: how a socket becomes live or is turned away, and what it may say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_world.h"

/* A private room of users 1 and 2, and a public one of user 1. */
struct scene {
    struct fake_world world;
    uint64_t room, public_room;
};

static int begin(void **state) {
    struct scene *scene = calloc(1, sizeof(*scene));
    fake_world_begin(&scene->world);
    scene->room = fake_store_add_room(&scene->world.store, 1, true);
    fake_store_invite(&scene->world.store, scene->room, 1, 2);
    scene->public_room = fake_store_add_room(&scene->world.store, 1, false);
    *state = scene;
    return 0;
}

/* The world asserts that nothing is left over. */
static int end(void **state) {
    struct scene *scene = *state;
    fake_world_end(&scene->world);
    free(scene);
    return 0;
}

static void say(struct scene *scene, struct socket *socket, const char *message) {
    fake_socket_say(socket, text_of(message), false);
    fake_world_settle(&scene->world);
}

static void assert_next(struct socket *socket, const char *part) {
    const char *json = fake_socket_next(socket);
    if (!json || !strstr(json, part))
        fail_msg("%s came instead of %s", json ? json : "nothing", part);
}

static void assert_nothing(struct socket *socket) {
    const char *json = fake_socket_next(socket);
    if (json)
        fail_msg("not due: %s", json);
}

/* It hears why, and nothing else, and is gone. */
static void assert_refused(struct socket *socket, unsigned code, const char *word,
                           const char *detail) {
    assert_next(socket, word);
    assert_non_null(strstr(socket->received[socket->count - 1], detail));
    assert_nothing(socket);
    assert_int_equal(socket->close_code, code);
    fake_socket_free(socket);
}

static struct socket *assert_live(struct socket *socket) {
    assert_next(socket, "\"type\":\"connected\"");
    assert_int_equal(socket->close_code, 0);
    assert_int_equal(socket->session->state, SESSION_LIVE);
    return socket;
}

static struct socket *live(struct scene *scene, uint64_t user_id, uint64_t room_id) {
    return assert_live(fake_world_join(&scene->world, user_id, room_id, NULL));
}

static void skip_frames(struct socket *socket) {
    while (fake_socket_next(socket)) {
    }
}

static struct socket *shake_hands(struct scene *scene, struct handshake handshake) {
    struct socket *socket = fake_socket_open(&scene->world.listener, &handshake);
    fake_world_settle(&scene->world);
    return socket;
}

/* ---- who is it ---- */

static void no_key_and_a_bad_one_are_4401(void **state) {
    struct scene *scene = *state;
    const struct text unknown = text_of("ffffffffffffffffffffffffffffffffffffffff");
    assert_refused(shake_hands(scene, (struct handshake){.room_id = scene->room}), 4401,
                   "unauthenticated", "were not provided");
    assert_refused(shake_hands(scene, (struct handshake){.room_id = scene->room,
                                                         .has_token = true,
                                                         .key = text_of("x")}),
                   4401, "unauthenticated", "Invalid token.");
    assert_refused(
        shake_hands(scene,
                    (struct handshake){.room_id = scene->room, .has_token = true, .key = unknown}),
        4401, "unauthenticated", "Invalid token.");
    assert_refused(
        shake_hands(scene,
                    (struct handshake){.notifications = true, .has_cookie = true, .key = unknown}),
        4401, "unauthenticated", "were not provided");
}

static void a_token_and_a_session_are_asked_about_apart(void **state) {
    struct scene *scene = *state;
    struct socket *socket = shake_hands(scene, (struct handshake){.room_id = scene->room,
                                                                  .has_cookie = true,
                                                                  .key = fake_store_session(1)});
    fake_socket_free(assert_live(socket));
    assert_refused(shake_hands(scene, (struct handshake){.room_id = scene->room,
                                                         .has_token = true,
                                                         .key = fake_store_session(1)}),
                   4401, "unauthenticated", "Invalid token.");
}

static void who_is_disabled_is_4401(void **state) {
    struct scene *scene = *state;
    fake_store_disable(&scene->world.store, 1);
    assert_refused(fake_world_join(&scene->world, 1, scene->room, NULL), 4401, "unauthenticated",
                   "User inactive or deleted.");
}

static void a_room_that_is_not_for_the_user_is_4404_or_4403(void **state) {
    struct scene *scene = *state;
    assert_refused(fake_world_join(&scene->world, 1, 999999999, NULL), 4404, "not_found", "");
    assert_refused(fake_world_join(&scene->world, 3, scene->room, NULL), 4404, "not_found", "");
    assert_refused(fake_world_join(&scene->world, 3, scene->public_room, NULL), 4403, "forbidden",
                   "");
}

static void a_bad_since_is_looked_at_last(void **state) {
    struct scene *scene = *state;
    assert_refused(fake_world_join(&scene->world, 1, scene->room, "-1"), 4400, "bad_since", "");
    assert_refused(fake_world_join(&scene->world, 1, 0, ""), 4400, "bad_since", "");
    assert_refused(fake_world_join(&scene->world, 3, scene->public_room, "x"), 4403, "forbidden",
                   "");
}

static void when_the_database_cannot_say_it_is_1013(void **state) {
    struct scene *scene = *state;
    scene->world.store.down = true;
    assert_refused(fake_world_join(&scene->world, 1, scene->room, NULL), 1013, "unavailable", "");
    assert_int_equal(scene->world.figures.db_errors, 1);
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
    assert_int_equal(jobs_pending(scene->world.jobs), 2);
    fake_world_settle(&scene->world);
    for (size_t i = 0; i < COUNT; i++)
        if (i % 3 == 2)
            assert_refused(sockets[i], 4404, "not_found", "");
        else
            fake_socket_free(assert_live(sockets[i]));
    assert_in_range(scene->world.store.questions - questions, 2, COUNT / 2);
}

/* ---- how many ---- */

static void a_user_has_so_many_sockets_and_no_more(void **state) {
    struct scene *scene = *state;
    scene->world.config.max_sockets_user = 2;
    struct socket *first = live(scene, 1, scene->room);
    struct socket *second = live(scene, 1, 0);
    assert_refused(fake_world_join(&scene->world, 1, scene->room, NULL), 1008, "too_many_sockets",
                   "");
    struct socket *other = live(scene, 2, scene->room);
    fake_socket_free(second);
    fake_socket_free(live(scene, 1, 0));
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
                if (fake_bus_unconfirmed(scene->world.bus) > 0)
                    fake_bus_confirm(scene->world.bus, 0);
                else if (jobs_pending(scene->world.jobs) > 0)
                    fake_jobs_finish(scene->world.jobs, 0);
                else if (fake_bus_unanswered(scene->world.bus) > 0)
                    fake_bus_answer(scene->world.bus);
            }
            fake_socket_free(socket);
            fake_world_settle(&scene->world);
        }
}

/* Lets the first question be answered, and what it was asked for be true no more. */
static struct socket *half_open(struct scene *scene, uint64_t room_id) {
    struct socket *socket = fake_world_open(&scene->world, 2, room_id, NULL);
    fake_jobs_finish(scene->world.jobs, 0);
    assert_nothing(socket);
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
        assert_refused(sockets[i], 4401, "unauthenticated", "Invalid token.");
}

static void one_that_is_removed_while_it_opens_is_4404(void **state) {
    struct scene *scene = *state;
    struct socket *socket = half_open(scene, scene->room);
    fake_store_remove(&scene->world.store, scene->room, 1, 2);
    fake_world_settle(&scene->world);
    assert_refused(socket, 4404, "not_found", "");
}

static void one_whose_room_is_deleted_while_it_opens_is_4404(void **state) {
    struct scene *scene = *state;
    struct socket *socket = half_open(scene, scene->room);
    fake_store_delete_room(&scene->world.store, scene->room, 1);
    fake_world_settle(&scene->world);
    assert_refused(socket, 4404, "not_found", "");
}

static void what_happens_while_it_opens_is_counted_in_connected_or_comes_behind_it(void **state) {
    struct scene *scene = *state;
    struct socket *socket = half_open(scene, scene->room);
    fake_store_post(&scene->world.store, scene->room, 1);
    fake_world_settle(&scene->world);
    assert_next(socket, "\"type\":\"connected\"");
    assert_non_null(strstr(socket->received[0], "\"seq\":2,"));
    fake_store_post(&scene->world.store, scene->room, 1);
    fake_world_settle(&scene->world);
    assert_next(socket, "\"seq\":3,");
    assert_nothing(socket);
    fake_socket_free(socket);
}

static void what_is_said_before_connected_is_answered_behind_it(void **state) {
    struct scene *scene = *state;
    struct socket *other = live(scene, 1, scene->room);
    struct socket *socket = fake_world_open(&scene->world, 2, scene->room, NULL);
    fake_socket_say(socket, text_of("{\"type\":\"ping\"}"), false);
    fake_socket_say(socket, text_of("{\"type\":\"ping\"}"), true);
    fake_socket_say(socket, text_of("{\"type\":\"typing\"}"), false);
    assert_nothing(socket);
    fake_world_settle(&scene->world);
    assert_next(socket, "\"type\":\"connected\"");
    assert_next(socket, "\"type\":\"pong\"");
    assert_next(socket, "\"code\":\"bad_json\"");
    assert_nothing(socket);
    assert_next(other, "\"type\":\"user_joined\"");
    assert_next(other, "\"type\":\"typing\"");
    fake_socket_free(socket);
    fake_socket_free(other);
}

static void no_more_is_kept_for_one_that_opens_than_is_needed(void **state) {
    struct scene *scene = *state;
    struct socket *socket = fake_world_open(&scene->world, 2, scene->room, NULL);
    unsigned pongs = 0;
    for (unsigned i = 0; i < 10000; i++)
        fake_socket_say(socket, text_of("{\"type\":\"ping\"}"), false);
    fake_world_settle(&scene->world);
    assert_live(socket);
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
    struct socket *socket = assert_live(fake_world_join(&scene->world, 2, scene->room, "2"));
    assert_non_null(strstr(socket->received[0], "\"seq\":2,"));
    assert_next(socket, "\"seq\":3,");
    assert_next(socket, "\"seq\":4,");
    assert_nothing(socket);
    assert_int_equal(scene->world.figures.replays, 1);
    fake_socket_free(socket);
}

static void what_cannot_be_had_is_a_resync(void **state) {
    struct scene *scene = *state;
    post(scene, 9);
    scene->world.config.replay_limit = 5;
    static const char *const since[] = {"4", "11", "18446744073709551615"};
    for (size_t i = 0; i < sizeof(since) / sizeof(since[0]); i++) {
        struct socket *socket = fake_world_join(&scene->world, 2, scene->room, since[i]);
        assert_live(socket);
        assert_next(socket, "{\"type\":\"resync\",\"seq\":10}");
        assert_nothing(socket);
        fake_socket_free(socket);
    }
    fake_store_purge(&scene->world.store, scene->room, 9);
    struct socket *socket = assert_live(fake_world_join(&scene->world, 2, scene->room, "6"));
    assert_next(socket, "{\"type\":\"resync\",\"seq\":10}");
    fake_socket_free(socket);
}

/* ---- when it is live ---- */

static void revoked_and_disabled_are_4401_at_once(void **state) {
    struct scene *scene = *state;
    struct socket *in_room = live(scene, 2, scene->room);
    struct socket *notified = live(scene, 2, 0);
    struct socket *other = live(scene, 1, 0);
    fake_store_revoke(&scene->world.store, 2);
    fake_world_settle(&scene->world);
    assert_refused(in_room, 4401, "unauthenticated", "Invalid token.");
    assert_refused(notified, 4401, "unauthenticated", "Invalid token.");
    assert_int_equal(other->close_code, 0);
    fake_store_disable(&scene->world.store, 1);
    fake_world_settle(&scene->world);
    assert_refused(other, 4401, "unauthenticated", "User inactive or deleted.");
}

static void the_removed_one_hears_so_and_is_4403(void **state) {
    struct scene *scene = *state;
    struct socket *removed = live(scene, 2, scene->room);
    struct socket *other = live(scene, 1, scene->room);
    skip_frames(removed);
    fake_store_remove(&scene->world.store, scene->room, 1, 2);
    fake_store_post(&scene->world.store, scene->room, 1);
    fake_world_settle(&scene->world);
    assert_next(removed, "\"type\":\"user_removed\"");
    assert_nothing(removed);
    assert_int_equal(removed->close_code, 4403);
    assert_next(other, "\"type\":\"user_removed\"");
    assert_next(other, "\"type\":\"new_message\"");
    fake_socket_free(removed);
    fake_socket_free(other);
}

/* ---- typing ---- */

static const char TYPING[] = "{\"type\":\"typing\"}";
static const char STOP_TYPING[] = "{\"type\":\"stop_typing\"}";

static void wait_ms(struct scene *scene, unsigned milliseconds) {
    for (unsigned passed = 0; passed < milliseconds; passed += 500)
        fake_world_tick(&scene->world);
    fake_world_settle(&scene->world);
}

struct talk {
    struct socket *talker, *listener, *same_user;
};

static struct talk begin_talk(struct scene *scene) {
    const struct talk talk = {live(scene, 1, scene->room), live(scene, 2, scene->room),
                              live(scene, 1, scene->room)};
    skip_frames(talk.talker);
    skip_frames(talk.listener);
    skip_frames(talk.same_user);
    return talk;
}

static void end_talk(const struct talk *talk) {
    assert_nothing(talk->listener);
    assert_nothing(talk->same_user);
    fake_socket_free(talk->talker);
    fake_socket_free(talk->listener);
    fake_socket_free(talk->same_user);
}

static void typing_goes_to_other_users_once_in_2_seconds(void **state) {
    struct scene *scene = *state;
    const struct talk talk = begin_talk(scene);
    say(scene, talk.talker, TYPING);
    say(scene, talk.talker, TYPING);
    wait_ms(scene, 1500);
    say(scene, talk.talker, TYPING);
    assert_next(talk.listener, "\"type\":\"typing\"");
    assert_nothing(talk.listener);
    wait_ms(scene, 500);
    say(scene, talk.talker, TYPING);
    assert_next(talk.listener, "\"type\":\"typing\"");
    say(scene, talk.talker, STOP_TYPING);
    assert_next(talk.listener, "\"type\":\"stop_typing\"");
    assert_nothing(talk.talker);
    end_talk(&talk);
}

static void typing_ends_by_itself_after_10_seconds(void **state) {
    struct scene *scene = *state;
    const struct talk talk = begin_talk(scene);
    say(scene, talk.talker, TYPING);
    assert_next(talk.listener, "\"type\":\"typing\"");
    wait_ms(scene, 9500);
    assert_nothing(talk.listener);
    wait_ms(scene, 1000);
    assert_next(talk.listener, "\"type\":\"stop_typing\"");
    wait_ms(scene, 20000);
    say(scene, talk.talker, STOP_TYPING);
    end_talk(&talk);
}

static void typing_that_goes_on_does_not_end(void **state) {
    struct scene *scene = *state;
    const struct talk talk = begin_talk(scene);
    for (unsigned i = 0; i < 5; i++) {
        say(scene, talk.talker, TYPING);
        assert_next(talk.listener, "\"type\":\"typing\"");
        wait_ms(scene, 8000);
        assert_nothing(talk.listener);
    }
    say(scene, talk.talker, STOP_TYPING);
    assert_next(talk.listener, "\"type\":\"stop_typing\"");
    end_talk(&talk);
}

static void who_goes_types_no_more(void **state) {
    struct scene *scene = *state;
    const struct talk talk = begin_talk(scene);
    say(scene, talk.talker, TYPING);
    assert_next(talk.listener, "\"type\":\"typing\"");
    fake_socket_hang_up(talk.talker);
    fake_world_settle(&scene->world);
    assert_next(talk.listener, "\"type\":\"stop_typing\"");
    end_talk(&talk);
}

static void who_does_not_type_does_not_stop(void **state) {
    struct scene *scene = *state;
    const struct talk talk = begin_talk(scene);
    say(scene, talk.talker, STOP_TYPING);
    assert_nothing(talk.talker);
    end_talk(&talk);
}

static void nobody_types_into_notifications(void **state) {
    struct scene *scene = *state;
    struct socket *socket = live(scene, 1, 0);
    say(scene, socket, TYPING);
    assert_next(socket, "\"code\":\"unknown_type\"");
    say(scene, socket, STOP_TYPING);
    assert_next(socket, "\"code\":\"unknown_type\"");
    fake_socket_free(socket);
}

static void without_redis_typing_reaches_the_sockets_here(void **state) {
    struct scene *scene = *state;
    const struct talk talk = begin_talk(scene);
    fake_bus_set_well(scene->world.bus, false);
    say(scene, talk.talker, TYPING);
    assert_next(talk.listener, "\"type\":\"typing\"");
    say(scene, talk.talker, STOP_TYPING);
    assert_next(talk.listener, "\"type\":\"stop_typing\"");
    fake_bus_set_well(scene->world.bus, true);
    fake_world_settle(&scene->world);
    end_talk(&talk);
}

/* ---- how often ---- */

static const char PING[] = "{\"type\":\"ping\"}";

static void over_the_rate_it_is_told_once_and_heard_again_later(void **state) {
    struct scene *scene = *state;
    struct socket *socket = live(scene, 1, scene->room);
    for (unsigned i = 0; i < 30; i++) {
        say(scene, socket, PING);
        assert_next(socket, "\"type\":\"pong\"");
    }
    for (unsigned i = 0; i < 50; i++)
        say(scene, socket, PING);
    assert_next(socket, "\"code\":\"rate_limited\"");
    assert_nothing(socket);
    assert_int_equal(scene->world.figures.rate_limited, 50);
    wait_ms(scene, 500);
    say(scene, socket, PING);
    assert_next(socket, "\"type\":\"pong\"");
    fake_socket_free(socket);
}

static void one_that_floods_on_is_1008(void **state) {
    struct scene *scene = *state;
    struct socket *socket = live(scene, 1, scene->room);
    for (unsigned i = 0; i < 1000; i++)
        say(scene, socket, "[");
    assert_int_equal(socket->close_code, 1008);
    assert_int_equal(socket->why, FIGURES_DROP_FLOOD);
    assert_in_range(socket->count, 30, 40);
    fake_socket_free(socket);
}

#define scene_test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        scene_test(no_key_and_a_bad_one_are_4401),
        scene_test(a_token_and_a_session_are_asked_about_apart),
        scene_test(who_is_disabled_is_4401),
        scene_test(a_room_that_is_not_for_the_user_is_4404_or_4403),
        scene_test(a_bad_since_is_looked_at_last),
        scene_test(when_the_database_cannot_say_it_is_1013),
        scene_test(those_who_come_together_are_asked_about_together),
        scene_test(a_user_has_so_many_sockets_and_no_more),
        scene_test(one_that_goes_while_it_opens_leaves_nothing_behind),
        scene_test(one_that_is_revoked_while_it_opens_is_4401),
        scene_test(one_that_is_removed_while_it_opens_is_4404),
        scene_test(one_whose_room_is_deleted_while_it_opens_is_4404),
        scene_test(what_happens_while_it_opens_is_counted_in_connected_or_comes_behind_it),
        scene_test(what_is_said_before_connected_is_answered_behind_it),
        scene_test(no_more_is_kept_for_one_that_opens_than_is_needed),
        scene_test(what_was_missed_comes_behind_connected),
        scene_test(what_cannot_be_had_is_a_resync),
        scene_test(revoked_and_disabled_are_4401_at_once),
        scene_test(the_removed_one_hears_so_and_is_4403),
        scene_test(typing_goes_to_other_users_once_in_2_seconds),
        scene_test(typing_ends_by_itself_after_10_seconds),
        scene_test(typing_that_goes_on_does_not_end),
        scene_test(who_goes_types_no_more),
        scene_test(who_does_not_type_does_not_stop),
        scene_test(nobody_types_into_notifications),
        scene_test(without_redis_typing_reaches_the_sockets_here),
        scene_test(over_the_rate_it_is_told_once_and_heard_again_later),
        scene_test(one_that_floods_on_is_1008),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
