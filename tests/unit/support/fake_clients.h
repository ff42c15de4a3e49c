/*
 * fake_people: people around a fake world, who come, go, speak and change things in an
 * order that dice throw, while what fcgi-api does reaches pushd late, twice or never.
 *
 * Whatever the order, each client must see what the contract says: every event of its
 * stream once, in order, and each message of its rooms notified once. What is not so ends
 * the program, with the name of the dice and what was wrong.
 */
#ifndef CONFAB_TESTS_FAKE_PEOPLE_H
#define CONFAB_TESTS_FAKE_PEOPLE_H

#include <stdbool.h>
#include <stdint.h>

struct fake_people_dice {
    const char *name;
    uint64_t (*below)(void *context, uint64_t limit); /* 0 <= below < limit, limit > 0 */
    void *context;
};

/* So many things happen, in a world of their own; then all comes to rest and is looked at. */
void fake_people_run(const struct fake_people_dice *dice, unsigned steps, bool redis_fails,
                     bool database_fails);

#endif
