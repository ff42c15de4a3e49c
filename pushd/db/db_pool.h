/*
 * jobs: database work, done on libuv's thread pool so that the loop never waits.
 *
 * A job is run by a thread with a database connection of its own for that time, opened on
 * first use; when it is done, its second half runs on the loop. There are as many connections
 * as jobs have ever run at once. Jobs do not share memory with the loop while they run.
 */
#ifndef CONFAB_PUSHD_JOBS_H
#define CONFAB_PUSHD_JOBS_H

#include <stddef.h>
#include <uv.h>

#include "config/config.h"
#include "db/db.h"

struct jobs;

typedef void jobs_work(void *job, struct db *db); /* on a thread */
typedef void jobs_done(void *job);                /* on the loop, always called once */

/* The jobs of one loop; config must outlive it. Call before anything uses libuv's pool:
 * it sets the pool's size to push_db_threads. Never NULL. */
struct jobs *jobs_new(uv_loop_t *loop, const struct config *config);

/* Frees everything; no job may be under way. */
void jobs_free(struct jobs *jobs);

/* Runs work(job, db) on a thread, then done(job) on the loop. `job` belongs to the caller,
 * who frees it in done. Never fails. */
void jobs_run(struct jobs *jobs, jobs_work *work, jobs_done *done, void *job);

/* Jobs that have not come back. */
size_t jobs_pending(const struct jobs *jobs);

#endif
