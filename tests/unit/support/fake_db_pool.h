/*
 * fake_db_pool: replaces pushd/db/db_pool.c. A job waits until a test runs its two halves, in any
 * order relative to other jobs: what the first half has read can be outdated when the second one
 * runs.
 */
#ifndef CONFAB_TESTS_FAKE_DB_POOL_H
#define CONFAB_TESTS_FAKE_DB_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "db/db_pool.h"

/* A pool whose jobs get this db. Freed with db_pool_free; no job may be pending. */
struct db_pool *fake_db_pool_new(struct db *db);

/* Runs the first half of a job, by its index among those pending, unless it has run. */
void fake_db_pool_work(struct db_pool *db_pool, size_t at);

/* Runs the halves of a job that have not run; it is not pending then. */
void fake_db_pool_finish(struct db_pool *db_pool, size_t at);

#endif
