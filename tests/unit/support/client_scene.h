/*
 * scene: a few people in a fake world with two rooms, for the tests of clients.
 */
#ifndef CONFAB_TESTS_SCENE_H
#define CONFAB_TESTS_SCENE_H

#include "fake_world.h"

/* A private room of users 1 and 2, and a public one of user 1. */
struct scene {
    struct fake_world world;
    uint64_t room, public_room;
};

/* Before and behind each test; *state is its struct scene. The world asserts that nothing is
 * left over. */
int scene_begin(void **state);
int scene_end(void **state);

#define SCENE_TEST(function) cmocka_unit_test_setup_teardown(function, scene_begin, scene_end)

/* A socket of the user that has heard `connected`; room 0: notifications. */
struct socket *scene_live(struct scene *scene, uint64_t user_id, uint64_t room_id);

/* The client says something, and all that follows from it happens. */
void scene_say(struct scene *scene, struct socket *socket, const char *message);

/* So much time passes, in ticks. */
void scene_wait_ms(struct scene *scene, unsigned milliseconds);

/* The next frame has these words in it; there is none; it is the one of who is let in, which
 * returns the socket. */
void scene_assert_next(struct socket *socket, const char *part);
void scene_assert_nothing(struct socket *socket);
struct socket *scene_assert_live(struct socket *socket);

/* It hears why, and nothing else, and is gone: frees it. */
void scene_assert_refused(struct socket *socket, unsigned code, const char *word,
                          const char *detail);

/* Whatever has come is not looked at. */
void scene_skip_frames(struct socket *socket);

#endif
