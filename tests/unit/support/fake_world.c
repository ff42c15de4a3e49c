/* fake_world: making, driving and checking a pushd without servers. */
#include "fake_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "config/config_parse.h"
#include "secrets/secret.h"

/* For unit tests and fuzzers alike. */
static void require(bool holds, const char *what) {
    if (holds)
        return;
    fprintf(stderr, "fake_world: failed: %s\n", what);
    abort();
}

static void publish(void *context, enum event_stream stream, uint64_t id,
                    const struct event_envelope *envelope) {
    const struct fake_world *world = context;
    fake_pubsub_send(world->pubsub, stream, id, envelope);
}

void fake_world_begin(struct fake_world *world) {
    char *const environment[] = {NULL};
    struct buffer problems = BUFFER_EMPTY;
    memset(world, 0, sizeof(*world));
    log_open("test", LOG_LEVEL_ERROR, false, NULL);
    require(secret_init(), "libsodium works");
    require(config_parse(&world->config, "nothing", text_of(""), environment, &problems),
            "the defaults are valid");
    buffer_free(&problems);
    require(uv_loop_init(&world->loop) == 0, "the loop is initialized");
    fake_store_init(&world->store, publish, world);
    world->db_pool = fake_db_pool_new(fake_store_db(&world->store));
    world->clients = clients_new(&world->loop, &world->config, world->db_pool, &world->metrics);
    world->channels = world->clients->channels;
    world->pubsub = world->clients->pubsub;
    world->callbacks = clients_sockets_callbacks(world->clients);
    fake_pubsub_set_up(world->pubsub, true);
    fake_world_iterate(world);
}

void fake_world_iterate(struct fake_world *world) {
    const struct pubsub_callbacks *channels = channels_pubsub_callbacks(world->channels);
    channels->iteration_end(channels->context);
}

void fake_world_tick(struct fake_world *world) {
    fake_clock_advance(500);
    clients_tick(world->clients);
    fake_world_iterate(world);
}

/* Delivers or runs one thing; false if nothing waits. */
static bool step(struct fake_world *world) {
    if (fake_pubsub_unconfirmed(world->pubsub) > 0)
        fake_pubsub_confirm(world->pubsub, 0);
    else if (fake_pubsub_in_flight(world->pubsub) > 0)
        fake_pubsub_deliver(world->pubsub, 0, false);
    else if (fake_pubsub_unreplied(world->pubsub) > 0)
        fake_pubsub_reply(world->pubsub);
    else if (db_pool_pending(world->db_pool) > 0)
        fake_db_pool_finish(world->db_pool, 0);
    else
        return false;
    return true;
}

/* An endless chain of things that cause each other is an error. */
void fake_world_settle(struct fake_world *world) {
    unsigned steps = 0;
    fake_world_iterate(world);
    while (step(world)) {
        fake_world_iterate(world);
        require(++steps < 100000, "it settles");
    }
}

void fake_world_check(struct fake_world *world) {
    channels_check_gaps(world->channels);
    fake_world_settle(world);
}

struct socket *fake_world_open(struct fake_world *world, uint64_t user_id, uint64_t room_id,
                               const char *since) {
    const struct handshake handshake = {.notifications = room_id == 0,
                                        .room_id = room_id,
                                        .has_since = since != NULL,
                                        .since = text_of(since),
                                        .has_token = true,
                                        .key = fake_store_token(user_id)};
    return fake_socket_open(&world->callbacks, &handshake);
}

struct socket *fake_world_join(struct fake_world *world, uint64_t user_id, uint64_t room_id,
                               const char *since) {
    struct socket *socket = fake_world_open(world, user_id, room_id, since);
    fake_world_settle(world);
    return socket;
}

void fake_world_end(struct fake_world *world) {
    fake_world_settle(world);
    /* Longer than the grace and the housekeeping of presence. */
    for (unsigned i = 0; i < 60; i++) {
        fake_world_tick(world);
        fake_world_settle(world);
    }
    require(world->metrics.streams == 0, "no stream is left");
    require(world->metrics.subscribers == 0, "no subscription is left");
    require(idmap_count(&world->clients->users) == 0, "no user is counted");
    require(idmap_count(&world->clients->open_rooms) == 0, "no room is open");
    require(!world->clients->first_typing, "no user is typing");
    require(idmap_count(&world->clients->typists) == 0, "no typing is remembered");
    clients_disconnect(world->clients);
    clients_free(world->clients);
    while (uv_run(&world->loop, UV_RUN_NOWAIT)) {
    }
    require(uv_loop_close(&world->loop) == 0, "no handle is left");
    db_pool_free(world->db_pool);
    fake_store_free(&world->store);
    config_free(&world->config);
}
