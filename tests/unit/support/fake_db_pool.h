/*
 * fake_jobs: takes the place of pushd/jobs.c. A job waits until a test has its two halves
 * run, in whatever order it likes: what the first half reads can be old when the second
 * half runs.
 */
#ifndef CONFAB_TESTS_FAKE_JOBS_H
#define CONFAB_TESTS_FAKE_JOBS_H

#include <stdbool.h>
#include <stddef.h>

#include "db/db_pool.h"

/* Jobs whose work gets this db. Freed with jobs_free, none being under way. */
struct jobs *fake_jobs_new(struct db *db);

/* Runs the first half of a job, by its place among those that wait; nothing if it has run. */
void fake_jobs_work(struct jobs *jobs, size_t at);

/* Runs what has not run of a job; it is gone then. */
void fake_jobs_finish(struct jobs *jobs, size_t at);

#endif
