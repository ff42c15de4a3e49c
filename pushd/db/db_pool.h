/*
 * db_pool: database work, done on libuv's thread pool so that the loop never waits.
 *
 * A job is run by a thread with a database connection of its own for that time, opened on
 * first use; when it is done, its second half runs on the loop. There are as many connections
 * as db_pool have ever run at once. Jobs do not share memory with the loop while they run.
 */
#ifndef CONFAB_PUSHD_JOBS_H
#define CONFAB_PUSHD_JOBS_H

#include <stddef.h>
#include <uv.h>

#include "config/config.h"
#include "db/db.h"

struct db_pool;

typedef void db_pool_work(void *job, struct db *db); /* on a thread */
typedef void db_pool_done(void *job);                /* on the loop, always called once */

/* The db_pool of one loop; config must outlive it. Call before anything uses libuv's pool:
 * it sets the pool's size to push_db_threads. Never NULL. */
struct db_pool *db_pool_new(uv_loop_t *loop, const struct config *config);

/* Frees everything; no job may be under way. */
void db_pool_free(struct db_pool *db_pool);

/* Runs work(job, db) on a thread, then done(job) on the loop. `job` belongs to the caller,
 * who frees it in done. Never fails. */
void db_pool_run(struct db_pool *db_pool, db_pool_work *work, db_pool_done *done, void *job);

/* Jobs that have not come back. */
size_t db_pool_pending(const struct db_pool *db_pool);

#endif
