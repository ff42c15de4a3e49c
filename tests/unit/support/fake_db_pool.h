/*
 * fake_jobs: takes the place of pushd/db_pool.c. A job waits until a test has its two halves
 * run, in whatever order it likes: what the first half reads can be old when the second
 * half runs.
 */
#ifndef CONFAB_TESTS_FAKE_JOBS_H
#define CONFAB_TESTS_FAKE_JOBS_H

#include <stdbool.h>
#include <stddef.h>

#include "db/db_pool.h"

/* Jobs whose work gets this db. Freed with db_pool_free, none being under way. */
struct db_pool *fake_db_pool_new(struct db *db);

/* Runs the first half of a job, by its place among those that wait; nothing if it has run. */
void fake_db_pool_work(struct db_pool *db_pool, size_t at);

/* Runs what has not run of a job; it is gone then. */
void fake_db_pool_finish(struct db_pool *db_pool, size_t at);

#endif
