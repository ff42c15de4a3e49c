/*
 * export_job: archives that users have asked for, made by the worker.
 *
 * An archive is a row of `file` without a room, which expires. The worker that makes it has a
 * lease, which it renews; if the worker dies, the lease expires and another worker starts the
 * archive again.
 */
#ifndef CONFAB_COMMON_STORE_PRIVACY_EXPORT_JOB_H
#define CONFAB_COMMON_STORE_PRIVACY_EXPORT_JOB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "store/messages/file.h"

#define EXPORT_DAYS 7

/* The numbers but the first are stored. */
enum export_state { EXPORT_NONE = 0, EXPORT_WAITING = 1, EXPORT_READY = 2, EXPORT_FAILED = 3 };

/* The word of the API for a state, such as "ready". */
const char *export_state_name(enum export_state state);

struct export_job {
    enum export_state state;
    struct file file; /* the archive, when ready */
};

/* Requests an archive, unless one is requested already or was made in the last minutes. */
enum error export_job_request(struct db *db, uint64_t user_id);

/* The state of the request; EXPORT_NONE also if its archive has expired. */
enum error export_job_get(struct db *db, uint64_t user_id, struct export_job *job);

/* Makes the archive with the oldest request. *done: there was a request. If another thread sets
 * `stop`, it ends soon and leaves the request to the next worker. */
enum error export_job_step(struct db *db, const char *file_dir, const atomic_bool *stop,
                           bool *done);

#endif
