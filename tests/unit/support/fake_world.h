/*
 * fake_world: a whole pushd without servers: the real channels, clients, presence and what
 * connects them, between a fake database, a fake Redis, fake sockets, and a clock that a
 * test moves. There is one at a time.
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

/* Redis is there from the beginning. */
void fake_world_begin(struct fake_world *world);

/* Everything must be idle and all sockets gone; that nothing is left over is asserted. */
void fake_world_end(struct fake_world *world);

/* The end of a turn of the loop. */
void fake_world_iterate(struct fake_world *world);

/* Half a second passes, with its tick. */
void fake_world_tick(struct fake_world *world);

/* Lets all that waits happen, in order, until nothing waits any more. */
void fake_world_settle(struct fake_world *world);

/* Looks whether the database has more, as pushd does every few seconds, and settles. */
void fake_world_check(struct fake_world *world);

/* A handshake by a user's token; room 0: notifications; since NULL: none. */
struct socket *fake_world_open(struct fake_world *world, uint64_t user_id, uint64_t room_id,
                               const char *since);

/* The same, settled: the socket is live, or refused. */
struct socket *fake_world_join(struct fake_world *world, uint64_t user_id, uint64_t room_id,
                               const char *since);

#endif
