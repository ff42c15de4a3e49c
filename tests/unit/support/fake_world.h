/*
 * fake_world: a whole pushd without servers: the real clients, channels and presence, between a
 * fake database, a fake Redis, fake sockets, and a clock that a test advances. One at a time.
 */
#ifndef CONFAB_TESTS_FAKE_WORLD_H
#define CONFAB_TESTS_FAKE_WORLD_H

#include "client/client_private.h"
#include "fake_clock.h"
#include "fake_db_pool.h"
#include "fake_pubsub.h"
#include "fake_socket.h"
#include "fake_store.h"

struct fake_world {
    uv_loop_t loop;
    struct config config;
    struct metrics_data metrics;
    struct fake_store store;
    struct db_pool *db_pool;
    struct channels *channels;
    struct pubsub *pubsub;
    struct clients *clients;
    struct sockets_callbacks callbacks;
};

/* Redis is up from the beginning. */
void fake_world_begin(struct fake_world *world);

/* All sockets must be gone. Asserts that nothing is left. */
void fake_world_end(struct fake_world *world);

/* The end of a loop iteration. */
void fake_world_iterate(struct fake_world *world);

/* Half a second passes, with a tick. */
void fake_world_tick(struct fake_world *world);

/* Delivers and runs everything that waits, in order, until nothing waits. */
void fake_world_settle(struct fake_world *world);

/* Runs a gap check, as pushd does every few seconds, and settles. */
void fake_world_check(struct fake_world *world);

/* A handshake with a user's token; room 0: notifications; since NULL: none. */
struct socket *fake_world_open(struct fake_world *world, uint64_t user_id, uint64_t room_id,
                               const char *since);

/* The same, settled: the socket is connected, or refused. */
struct socket *fake_world_join(struct fake_world *world, uint64_t user_id, uint64_t room_id,
                               const char *since);

#endif
