/*
 * client_scene: a fake world with three users and two rooms, for the tests of clients.
 */
#ifndef CONFAB_TESTS_CLIENT_SCENE_H
#define CONFAB_TESTS_CLIENT_SCENE_H

#include "fake_world.h"

/* A private room of users 1 and 2, and a public one of user 1. */
struct client_scene {
    struct fake_world world;
    uint64_t room, public_room;
};

/* Setup and teardown of a test; *state is its struct client_scene. The teardown asserts that
 * nothing is left over. */
int client_scene_begin(void **state);
int client_scene_end(void **state);

#define CLIENT_SCENE_TEST(function) \
    cmocka_unit_test_setup_teardown(function, client_scene_begin, client_scene_end)

/* Opens a socket of the user and reads `connected`; room 0: notifications. */
struct socket *client_scene_connect(struct client_scene *scene, uint64_t user_id, uint64_t room_id);

/* Receives a message from the client and runs everything that follows. */
void client_scene_receive(struct client_scene *scene, struct socket *socket, const char *message);

/* The same for {"type": type, "room_id": room_id}; more: further members, or "". */
void client_scene_receive_for(struct client_scene *scene, struct socket *socket, const char *type,
                              uint64_t room_id, const char *more);

/* Advances the clock in ticks. */
void client_scene_wait_ms(struct client_scene *scene, unsigned milliseconds);

/* Assert that the next frame contains this text; that there is none; that it is `connected`.
 * The last returns the socket. */
void client_scene_assert_next(struct socket *socket, const char *part);
void client_scene_assert_nothing(struct socket *socket);
struct socket *client_scene_assert_live(struct socket *socket);

/* Asserts that the socket was sent this error and nothing else, and was closed; frees it. */
void client_scene_assert_refused(struct socket *socket, unsigned code, const char *error,
                                 const char *detail);

/* Discards the frames sent so far. */
void client_scene_skip_frames(struct socket *socket);

#endif
