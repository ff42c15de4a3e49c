/* A request is a row of export_job; the worker that claims it writes the archive to file_dir. The
 * row of `file` comes before the bytes, and its id in the request says whose the lease is. */
#include "store/privacy/export_job.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "secrets/secret.h"
#include "store/privacy/export.h"

/* The lease of a worker, and how often it is renewed: a statement takes less than the
 * difference. */
#define LEASE "INTERVAL 60 SECOND"
enum { RENEW_MS = 10000 };

/* A finished archive this young is not made again. */
#define FRESH "INTERVAL 10 MINUTE"

const char *export_state_name(enum export_state state) {
    /* In the order of enum export_state. */
    static const char *const NAMES[] = {"none", "waiting", "ready", "failed"};
    return state < sizeof(NAMES) / sizeof(NAMES[0]) ? NAMES[state] : "none";
}

enum error export_job_request(struct db *db, uint64_t user_id) {
    /* State 1 waits, 2 is ready, 3 has failed. A request that waits keeps its place; a fresh
     * archive is kept; all else is made again. requested_at is assigned before state: a row
     * that has just got the present time is to be made again. */
    static const char SQL[] =
        "INSERT INTO export_job (user_id, state, requested_at) "
        "SELECT user_id, 1, SYSDATE(6) FROM user WHERE user_id = ? AND erased_at IS NULL "
        "ON DUPLICATE KEY UPDATE "
        "claimed_until = IF(state = 1, claimed_until, NULL), "
        "requested_at = IF(state = 1 OR (state = 2 AND requested_at > SYSDATE(6) - " FRESH
        "), requested_at, VALUES(requested_at)), "
        "state = IF(state = 2 AND requested_at < VALUES(requested_at), 2, 1)";
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_u64(user_id));
}

enum error export_job_get(struct db *db, uint64_t user_id, struct export_job *job) {
    static const char SQL[] = "SELECT state, file_id FROM export_job WHERE user_id = ?";
    struct db_rows *rows;
    *job = (struct export_job){.state = EXPORT_NONE};
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(user_id));
    if (error)
        return error;
    uint64_t file_id = 0;
    if (db_next(rows)) {
        job->state = (enum export_state)db_get_u64(rows, 0);
        file_id = db_get_u64(rows, 1);
    }
    db_done(rows);
    if (job->state != EXPORT_READY)
        return ERROR_NONE;
    /* The archive has expired: as if there was none. */
    error = file_get_export(db, file_id, &job->file);
    if (error == ERROR_NOT_FOUND) {
        job->state = EXPORT_NONE;
        error = ERROR_NONE;
    }
    return error;
}

/* ---- making one ---- */

struct lease {
    struct db *db;
    const atomic_bool *stop;
    uint64_t user_id, file_id;
    int64_t renew_ms; /* when it is renewed */
    char name[FILE_STORE_NAME_SIZE];
};

/* Takes the request that is due; user_id 0: there is none. The archive before it is removed. */
static enum error claim(struct lease *lease) {
    /* By KEY state (state, requested_at): the oldest request that no worker has, or whose worker
     * has died. */
    static const char NEXT[] =
        "SELECT user_id, file_id FROM export_job WHERE state = 1 "
        "AND (claimed_until IS NULL OR claimed_until < SYSDATE(6)) ORDER BY requested_at LIMIT 1";
    static const char CLAIM_IT[] = "UPDATE export_job SET claimed_until = SYSDATE(6) + " LEASE
                                   ", file_id = NULL "
                                   "WHERE user_id = ? AND state = 1 "
                                   "AND (claimed_until IS NULL OR claimed_until < SYSDATE(6))";
    /* The former archive, or what a worker that died has written. It is marked only: housekeeping
     * removes the bytes. */
    static const char FORMER[] =
        "UPDATE file SET state = 4, expires_at = SYSDATE(6) WHERE file_id = ? AND room_id = 0";
    struct db_rows *rows;
    uint64_t former = 0;
    enum error error = db_run(lease->db, NEXT, DB_REPEATABLE, NULL, 0, &rows);
    if (error)
        return error;
    if (db_next(rows)) {
        lease->user_id = db_get_u64(rows, 0);
        former = db_get_u64(rows, 1);
    }
    db_done(rows);
    if (!lease->user_id)
        return ERROR_NONE;
    error = DB_RUN(lease->db, CLAIM_IT, 0, NULL, db_u64(lease->user_id));
    /* Another worker was faster. */
    if (!error && db_changed(lease->db) == 0)
        lease->user_id = 0;
    else if (!error && former)
        error = DB_RUN(lease->db, FORMER, DB_REPEATABLE, NULL, db_u64(former));
    return error;
}

/* Adds the row of the archive, which is not served until it is finished. */
static enum error add_row(struct lease *lease) {
    /* It expires in case no worker takes the request again. State 0, and no room. */
    static const char SQL[] =
        "INSERT INTO file (room_id, user_id, state, stored_as, name, size, media_type, created_at, "
        "expires_at) SELECT 0, user_id, 0, UNHEX(?), CONCAT('confab-', username, '.tar'), 0, "
        "'application/x-tar', SYSDATE(6), SYSDATE(6) + INTERVAL 1 DAY FROM user WHERE user_id = ?";
    static const char FIND[] = "SELECT file_id FROM file WHERE stored_as = UNHEX(?)";
    static const char OWN[] =
        "UPDATE export_job SET file_id = ? WHERE user_id = ? AND state = 1 AND file_id IS NULL";
    /* A name that cannot be guessed, by which the row is found again. */
    secret_random_hex(lease->name, (FILE_STORE_NAME_SIZE - 1) / 2);
    enum error error = DB_RUN(lease->db, SQL, 0, NULL, db_str(lease->name), db_u64(lease->user_id));
    if (!error)
        error = DB_NUMBER(lease->db, FIND, &lease->file_id, db_str(lease->name));
    if (error)
        return error;
    return DB_RUN(lease->db, OWN, DB_REPEATABLE, NULL, db_u64(lease->file_id),
                  db_u64(lease->user_id));
}

/* See export_caller: ERROR_CONFLICT if the worker stops, or has lost the lease. */
static enum error keep(void *context) {
    static const char RENEW[] = "UPDATE export_job SET claimed_until = SYSDATE(6) + " LEASE
                                " WHERE user_id = ? AND state = 1 AND file_id = ?";
    struct lease *lease = context;
    const int64_t now = clock_monotonic_ms();
    if (atomic_load(lease->stop))
        return ERROR_CONFLICT;
    if (now < lease->renew_ms)
        return ERROR_NONE;
    lease->renew_ms = now + RENEW_MS;
    const enum error error = DB_RUN(lease->db, RENEW, DB_REPEATABLE, NULL, db_u64(lease->user_id),
                                    db_u64(lease->file_id));
    if (error)
        return error;
    /* No row: the account was erased, or another worker has the request. */
    return db_changed(lease->db) == 0 ? ERROR_CONFLICT : ERROR_NONE;
}

/* Removes what was written, and sets the request to a state; EXPORT_WAITING: another worker may
 * take it at once. */
static enum error give_up(const struct lease *lease, enum export_state state) {
    static const char DROP[] =
        "UPDATE file SET state = 4, expires_at = SYSDATE(6) WHERE file_id = ? AND room_id = 0";
    static const char SQL[] =
        "UPDATE export_job SET state = ?, claimed_until = NULL WHERE user_id = ? AND file_id = ?";
    const enum error error = DB_RUN(lease->db, DROP, DB_REPEATABLE, NULL, db_u64(lease->file_id));
    return error ? error
                 : DB_RUN(lease->db, SQL, DB_REPEATABLE, NULL, db_u64(state),
                          db_u64(lease->user_id), db_u64(lease->file_id));
}

/* Makes the archive available for EXPORT_DAYS. */
static enum error finish(const struct lease *lease, uint64_t size) {
    /* The expiry is counted from now. State 2 is that of a first run, after which the connection
     * was lost. */
    static const char FILE_READY_NOW[] =
        "UPDATE file f JOIN export_job j ON j.user_id = f.user_id AND j.file_id = f.file_id "
        "SET f.state = 2, f.size = ?, f.expires_at = SYSDATE(6) + INTERVAL ? DAY "
        "WHERE f.file_id = ? AND f.state IN (0, 2)";
    static const char DONE[] =
        "UPDATE export_job SET state = 2, claimed_until = NULL WHERE user_id = ? AND file_id = ?";
    enum error error = DB_RUN(lease->db, FILE_READY_NOW, DB_REPEATABLE, NULL, db_u64(size),
                              db_u64(EXPORT_DAYS), db_u64(lease->file_id));
    /* The request is gone if the account was erased: the archive must go, too. */
    if (!error && db_changed(lease->db) == 0)
        return give_up(lease, EXPORT_WAITING);
    if (!error)
        error = DB_RUN(lease->db, DONE, DB_REPEATABLE, NULL, db_u64(lease->user_id),
                       db_u64(lease->file_id));
    return error;
}

/* Ends a job that failed; `error` is that of export_user, with errno. */
static enum error end_failed(const struct lease *lease, enum error error) {
    switch (error) {
    case ERROR_UNAVAILABLE:
        /* The lease runs out, and the request is tried again. */
        return error;
    case ERROR_CONFLICT:
        return give_up(lease, EXPORT_WAITING);
    default:
        log_error("the export of user %" PRIu64 " failed: %s", lease->user_id, strerror(errno));
        return give_up(lease, EXPORT_FAILED);
    }
}

enum error export_job_step(struct db *db, const char *file_dir, const atomic_bool *stop,
                           bool *done) {
    struct lease lease = {.db = db, .stop = stop};
    const struct export_caller caller = {keep, &lease};
    uint64_t size = 0;
    *done = false;
    /* The archive is made on a host that has file_dir. */
    if (!file_dir[0] || !file_store_check(file_dir))
        return ERROR_NONE;
    enum error error = claim(&lease);
    if (error || !lease.user_id)
        return error;
    /* Set before the work, so that the caller looks for another request afterwards. */
    *done = true;
    lease.renew_ms = clock_monotonic_ms() + RENEW_MS;
    error = add_row(&lease);
    /* The lease runs out, and the request is tried again. */
    if (error)
        return error;
    const int fd = file_store_create(file_dir, lease.name);
    if (fd < 0)
        return end_failed(&lease, ERROR_INTERNAL);
    error = export_user(db, file_dir, &caller, lease.user_id, fd, &size);
    close(fd);
    if (error)
        return end_failed(&lease, error);
    return finish(&lease, size);
}
