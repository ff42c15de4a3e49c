/*
 * worker: the processes of confab-worker that are alive.
 *
 * Each has a row and renews it. What it has leased (follower.h) is its own as long as the row is
 * valid; when it is not, any other worker may take it over. All times are those of the database.
 */
#ifndef CONFAB_COMMON_STORE_FOLLOWERS_WORKER_H
#define CONFAB_COMMON_STORE_FOLLOWERS_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "db/db.h"

/* A row is valid this long after it was renewed. A worker that was killed is replaced after it. */
#define WORKER_LEASE_MS 8000

/* True, in SQL, for a row of a living worker. One that is valid for much longer than a lease is of
 * a clock that was ahead. */
#define WORKER_IS_VALID "alive_until BETWEEN SYSDATE(6) AND SYSDATE(6) + INTERVAL 16 SECOND"

/* True, in SQL, if a worker is alive. */
#define WORKER_IS_ALIVE "EXISTS (SELECT 1 FROM worker WHERE " WORKER_IS_VALID ")"

/* Adds a row; *id is its id. */
enum error worker_add(struct db *db, struct text name, uint64_t *id);

/* Renews the row. *kept is false if another worker has removed it: nothing is leased any more. */
enum error worker_renew(struct db *db, uint64_t id, bool *kept);

/* Removes the rows that are not valid any more, and frees what they had leased. */
enum error worker_remove_dead(struct db *db);

/* Removes the row of a worker that ends, and frees what it has leased. */
enum error worker_remove(struct db *db, uint64_t id);

/* The number of living workers. */
enum error worker_count(struct db *db, uint64_t *count);

#endif
