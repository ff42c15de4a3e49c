#include "fake_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "config/config_parse.h"
#include "presence.h"
#include "process/wiring.h"

/* For unit tests and fuzzers alike. */
static void require(bool holds, const char *what) {
    if (holds)
        return;
    fprintf(stderr, "fake_world: not so: %s\n", what);
    abort();
}

static void publish(void *context, enum event_stream stream, uint64_t id,
                    const struct event_envelope *envelope) {
    const struct fake_world *world = context;
    fake_bus_send(world->bus, stream, id, envelope);
}

void fake_world_begin(struct fake_world *world) {
    char *const environment[] = {NULL};
    struct buffer problems = BUFFER_EMPTY;
    memset(world, 0, sizeof(*world));
    log_open("test", LOG_LEVEL_ERROR, false, NULL);
    require(secret_init(), "libsodium is there");
    require(config_parse(&world->config, "nothing", text_of(""), environment, &problems),
            "the defaults are sound");
    buffer_free(&problems);
    require(uv_loop_init(&world->loop) == 0, "there is a loop");
    fake_store_init(&world->store, publish, world);
    world->jobs = fake_jobs_new(fake_store_db(&world->store));
    world->feeds = feeds_new(&world->loop, &world->config, world->jobs, &world->figures,
                             session_feeds_listener());
    world->sessions = (struct sessions){.config = &world->config,
                                        .feeds = world->feeds,
                                        .jobs = world->jobs,
                                        .callers = callers_new(world->jobs, &world->config),
                                        .figures = &world->figures};
    wiring_connect(&world->loop, &world->sessions);
    world->bus = world->sessions.bus;
    world->listener = session_sockets_listener(&world->sessions);
    fake_bus_set_well(world->bus, true);
    fake_world_turn(world);
}

void fake_world_turn(struct fake_world *world) {
    const struct bus_listener *feeds = feeds_bus_listener(world->feeds);
    feeds->turn_end(feeds->context);
}

void fake_world_tick(struct fake_world *world) {
    fake_clock_advance(500);
    session_tick(&world->sessions);
    presence_tick(world->sessions.presence);
    fake_world_turn(world);
}

/* Does one thing of those that wait; false if none does. */
static bool step(struct fake_world *world) {
    if (fake_bus_unconfirmed(world->bus) > 0)
        fake_bus_confirm(world->bus, 0);
    else if (fake_bus_flying(world->bus) > 0)
        fake_bus_deliver(world->bus, 0, false);
    else if (fake_bus_unanswered(world->bus) > 0)
        fake_bus_answer(world->bus);
    else if (jobs_pending(world->jobs) > 0)
        fake_jobs_finish(world->jobs, 0);
    else
        return false;
    return true;
}

/* What settles not at all, because each thing brings the next, is a mistake to be found. */
void fake_world_settle(struct fake_world *world) {
    unsigned steps = 0;
    fake_world_turn(world);
    while (step(world)) {
        fake_world_turn(world);
        require(++steps < 100000, "it comes to rest");
    }
}

void fake_world_check(struct fake_world *world) {
    feeds_check_now(world->feeds);
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
    return fake_socket_open(&world->listener, &handshake);
}

struct socket *fake_world_join(struct fake_world *world, uint64_t user_id, uint64_t room_id,
                               const char *since) {
    struct socket *socket = fake_world_open(world, user_id, room_id, since);
    fake_world_settle(world);
    return socket;
}

void fake_world_end(struct fake_world *world) {
    fake_world_settle(world);
    /* Longer than the grace of presence and all it may want to look after. */
    for (unsigned i = 0; i < 60; i++) {
        fake_world_tick(world);
        fake_world_settle(world);
    }
    require(world->figures.streams == 0, "no stream is left");
    require(world->figures.subscribers == 0, "no subscription is left");
    require(idmap_count(&world->sessions.users) == 0, "no user is counted");
    require(idmap_count(&world->sessions.open_rooms) == 0, "no room is open");
    require(!world->sessions.typing, "nobody types");
    free(world->sessions.leaving.subscriptions);
    bus_close(world->bus);
    presence_free(world->sessions.presence);
    feeds_close(world->feeds);
    while (uv_run(&world->loop, UV_RUN_NOWAIT)) {
    }
    require(uv_loop_close(&world->loop) == 0, "no handle is left");
    callers_free(world->sessions.callers);
    jobs_free(world->jobs);
    fake_store_free(&world->store);
    config_free(&world->config);
}
