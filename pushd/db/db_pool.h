/*
 * db_pool: database jobs on libuv's thread pool, so that the loop never waits for the database.
 *
 * A thread runs the first half of a job with a database connection; the second half runs on the
 * loop. Connections are opened on first use, as many as jobs have ever run at the same time. A
 * running job must not share memory with the loop.
 */
#ifndef CONFAB_PUSHD_DB_DB_POOL_H
#define CONFAB_PUSHD_DB_DB_POOL_H

#include <stddef.h>
#include <uv.h>

#include "config/config.h"
#include "db/db.h"

struct db_pool;

typedef void db_pool_work(void *job, struct db *db); /* on a thread */
typedef void db_pool_done(void *job);                /* on the loop, called once for each job */

/* The pool of one loop; config must outlive it. Must be called before anything uses libuv's
 * thread pool, since it sets its size to push_db_threads. Never NULL. */
struct db_pool *db_pool_new(uv_loop_t *loop, const struct config *config);

/* Closes the connections; no job may be pending. */
void db_pool_free(struct db_pool *db_pool);

/* Runs work(job, db) on a thread, then done(job) on the loop, which may free the job. Never
 * fails. */
void db_pool_run(struct db_pool *db_pool, db_pool_work *work, db_pool_done *done, void *job);

/* The number of jobs whose done has not been called. */
size_t db_pool_pending(const struct db_pool *db_pool);

#endif
