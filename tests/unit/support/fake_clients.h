/*
 * fake_clients: clients of a fake world that connect, disconnect, send and change things in
 * random order, while published events are delayed, duplicated, reordered or lost.
 *
 * In any order, each client must get every event of its stream once and in order, and one
 * notification of each message of its rooms. A violation ends the program with the name of the
 * random source and a description.
 */
#ifndef CONFAB_TESTS_FAKE_CLIENTS_H
#define CONFAB_TESTS_FAKE_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

struct fake_clients_random {
    const char *name;
    uint64_t (*below)(void *context, uint64_t limit); /* 0 <= below < limit, limit > 0 */
    void *context;
};

/* Runs this number of steps in a new world, waits until nothing is pending, and checks the
 * result. */
void fake_clients_run(const struct fake_clients_random *random, unsigned steps, bool redis_fails,
                      bool database_fails);

#endif
