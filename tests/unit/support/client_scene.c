/* client_scene: the fixture and its assertions. */
#include "client_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

int client_scene_begin(void **state) {
    struct client_scene *scene = calloc(1, sizeof(*scene));
    fake_world_begin(&scene->world);
    scene->room = fake_store_add_room(&scene->world.store, 1, true);
    fake_store_invite(&scene->world.store, scene->room, 1, 2);
    scene->public_room = fake_store_add_room(&scene->world.store, 1, false);
    *state = scene;
    return 0;
}

int client_scene_end(void **state) {
    struct client_scene *scene = *state;
    fake_world_end(&scene->world);
    free(scene);
    return 0;
}

void client_scene_receive(struct client_scene *scene, struct socket *socket, const char *message) {
    fake_socket_receive(socket, text_of(message), false);
    fake_world_settle(&scene->world);
}

void client_scene_receive_for(struct client_scene *scene, struct socket *socket, const char *type,
                              uint64_t room_id, const char *more) {
    char message[160];
    snprintf(message, sizeof(message), "{\"type\":\"%s\",\"room_id\":%llu%s}", type,
             (unsigned long long)room_id, more);
    client_scene_receive(scene, socket, message);
}

void client_scene_wait_ms(struct client_scene *scene, unsigned milliseconds) {
    for (unsigned passed = 0; passed < milliseconds; passed += 500)
        fake_world_tick(&scene->world);
    fake_world_settle(&scene->world);
}

void client_scene_assert_next(struct socket *socket, const char *part) {
    const char *json = fake_socket_next(socket);
    if (!json || !strstr(json, part))
        fail_msg("sent %s instead of %s", json ? json : "nothing", part);
}

void client_scene_assert_nothing(struct socket *socket) {
    const char *json = fake_socket_next(socket);
    if (json)
        fail_msg("unexpected frame: %s", json);
}

struct socket *client_scene_assert_live(struct socket *socket) {
    client_scene_assert_next(socket, "\"type\":\"connected\"");
    assert_int_equal(socket->close_code, 0);
    assert_int_equal(socket->client->state, CLIENT_CONNECTED);
    return socket;
}

void client_scene_assert_refused(struct socket *socket, unsigned code, const char *error,
                                 const char *detail) {
    client_scene_assert_next(socket, error);
    assert_non_null(strstr(socket->received[socket->count - 1], detail));
    client_scene_assert_nothing(socket);
    assert_int_equal(socket->close_code, code);
    fake_socket_free(socket);
}

struct socket *client_scene_connect(struct client_scene *scene, uint64_t user_id,
                                    uint64_t room_id) {
    return client_scene_assert_live(fake_world_join(&scene->world, user_id, room_id, NULL));
}

void client_scene_skip_frames(struct socket *socket) {
    while (fake_socket_next(socket)) {
    }
}
