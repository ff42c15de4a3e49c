/* Applying migrations, one process at a time. A migration is a numbered SQL script of schema/,
 * compiled in; the table schema_migration has those that were applied. DDL commits at once in
 * MariaDB, so a script that fails halfway has to be repaired by hand. Steps are only added, never
 * changed: a released step stays as it is. */
#include "store/migrate.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

static const char RECORD_TABLE[] =
    "CREATE TABLE IF NOT EXISTS schema_migration ("
    "version INT UNSIGNED NOT NULL, name VARCHAR(64) NOT NULL, applied_at DATETIME(6) NOT NULL, "
    "PRIMARY KEY (version)) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 "
    "COLLATE utf8mb4_nopad_bin";

/* Longest wait for another migration of the same database, in seconds. */
#define LOCK_SECONDS 60

/* How long, and how often, to try to alter a table that others are reading. A statement that waits
 * for such a table blocks all later readers, so it does not wait: it fails at once, and its script
 * is run again. */
#define TRY_MS 60000
#define PAUSE_MS 50
#define LOCK_WAIT_TIMEOUT 1205 /* ER_LOCK_WAIT_TIMEOUT */

/* Programs whose latest step is this one or a later one work with the schema of this program.
 * Raised with a step that removes something that they use, which only a new major version may
 * have. */
#define WORKS_FROM 20u

/* In a cluster, how long the lock holds if its holder has died. Milliseconds between attempts. */
#define LEASE_MINUTES "10"
#define LEASE_PAUSE_MS 500

unsigned migrate_latest(void) {
    /* The steps are in rising order. */
    return migrate_step_count ? migrate_steps[migrate_step_count - 1].version : 0;
}

/* The program that applied the newest step has stored there which programs work with its schema:
 * "version:oldest". A note about another version does not count. */
static enum error check_newer(struct db *db, unsigned version, enum migrate_state *state) {
    static const char SQL[] =
        "SELECT COUNT(*) FROM site_value WHERE name = 'schema_works_from' "
        "AND SUBSTRING_INDEX(value, ':', 1) = ? AND SUBSTRING_INDEX(value, ':', -1) + 0 <= ?";
    struct db_rows *rows;
    /* One row at most; the count says whether the note is about this version and includes this
     * program. */
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(version), db_u64(migrate_latest()));
    if (error)
        return error;
    if (db_next(rows) && db_get_u64(rows, 0) > 0)
        *state = MIGRATE_NEWER;
    db_done(rows);
    return ERROR_NONE;
}

/* Stores that note. */
static enum error note_works_from(struct db *db) {
    /* Written after the last step, so that programs of older releases find it when they look
     * next. */
    static const char SQL[] =
        "INSERT INTO site_value (name, value) VALUES ('schema_works_from', CONCAT(?, ':', ?)) "
        "ON DUPLICATE KEY UPDATE value = VALUES(value)";
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_u64(migrate_latest()), db_u64(WORKS_FROM));
}

enum error migrate_check(struct db *db, enum migrate_state *state, unsigned *version) {
    /* A new database has no such table: version 0. */
    static const char EXISTS[] =
        "SELECT COUNT(*) FROM information_schema.tables "
        "WHERE table_schema = DATABASE() AND table_name = "
        "'schema_migration'";
    static const char NEWEST[] = "SELECT MAX(version) FROM schema_migration";
    uint64_t exists = 0, newest = 0;
    /* Without the table nothing was applied: version 0. */
    enum error error = db_number(db, EXISTS, &exists);
    if (!error && exists)
        error = db_number(db, NEWEST, &newest);
    if (error)
        return error;
    *version = (unsigned)newest;
    /* Ahead: a newer program has migrated the database. */
    *state = newest == migrate_latest()  ? MIGRATE_CURRENT
             : newest < migrate_latest() ? MIGRATE_BEHIND
                                         : MIGRATE_AHEAD;
    /* A newer schema is accepted if the program that made it has stored so. */
    return *state == MIGRATE_AHEAD ? check_newer(db, *version, state) : ERROR_NONE;
}

/* Runs one step and records it. */
static enum error apply(struct db *db, const struct migrate_step *step) {
    static const char RECORD[] =
        "INSERT INTO schema_migration (version, name, applied_at) VALUES (?, ?, SYSDATE(6))";
    /* Not prepared: a script has several statements, with DDL among them. */
    const enum error error = db_run_script(db, step->sql);
    if (error) {
        log_error("migration %u (%s) failed: %s", step->version, step->name, db_last_error(db));
        return error;
    }
    /* Recorded after the script: a crash between the two applies the script again. */
    log_info("migration %u (%s) applied", step->version, step->name);
    return DB_RUN(db, RECORD, 0, NULL, db_u64(step->version), db_str(step->name));
}

/* ---- the lock ---- */

/* A lock of the server, which belongs to the connection with this number; and in a Galera cluster,
 * where such a lock holds at one node only, the row of version 0 in schema_migration. Its insertion
 * is certified by all nodes. If its holder dies, it stays until its lease ends (LEASE_MINUTES). */
struct lock {
    uint64_t connection;
    bool has_row;
    char holder[64];
};

/* Takes over the row of a holder that has died. */
static enum error take_over(struct db *db, const struct lock *lock, bool *taken) {
    /* Only a row that was not renewed (check_lock) for LEASE_MINUTES; of several nodes one changes
     * it. */
    static const char SQL[] =
        "UPDATE schema_migration SET name = ?, applied_at = SYSDATE(6) WHERE version = 0 "
        "AND applied_at < SYSDATE(6) - INTERVAL " LEASE_MINUTES " MINUTE";
    const enum error error = DB_RUN(db, SQL, 0, NULL, db_str(lock->holder));
    *taken = !error && db_changed(db) == 1;
    return error;
}

/* Takes the row; ERROR_UNAVAILABLE if another holder keeps it for LOCK_SECONDS. */
static enum error take_row(struct db *db, struct lock *lock) {
    static const char SQL[] =
        "INSERT INTO schema_migration (version, name, applied_at) VALUES (0, ?, SYSDATE(6))";
    static const struct timespec PAUSE = {0, LEASE_PAUSE_MS * 1000000L};
    char host[32] = "";
    const int64_t end_ms = clock_monotonic_ms() + LOCK_SECONDS * 1000;
    enum error error;
    /* The name of the holder is for the administrator, who reads it in the table, and for
     * release_row. */
    gethostname(host, sizeof(host) - 1);
    snprintf(lock->holder, sizeof(lock->holder), "lock of %s, process %ld", host, (long)getpid());
    do {
        error = DB_RUN(db, SQL, 0, NULL, db_str(lock->holder));
        lock->has_row = !error;
        /* A duplicate key: another holder has the row. */
        if (error == ERROR_CONFLICT)
            error = take_over(db, lock, &lock->has_row);
        if (!error && !lock->has_row)
            nanosleep(&PAUSE, NULL);
    } while (!error && !lock->has_row && clock_monotonic_ms() < end_ms);
    if (error || lock->has_row)
        return error;
    log_error("another migration is running at another node of the cluster");
    return ERROR_UNAVAILABLE;
}

/* The row is the part of the lock that all nodes of a cluster see. */
static enum error release_row(struct db *db, const struct lock *lock) {
    /* Only the own row: one that was taken over belongs to another. */
    static const char SQL[] = "DELETE FROM schema_migration WHERE version = 0 AND name = ?";
    return lock->has_row ? DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_str(lock->holder)) : ERROR_NONE;
}

/* Whether the lock is still held, and for how long from now: another migration may have begun since
 * a lost one. */
static enum error check_lock(struct db *db, const struct lock *lock) {
    static const char SQL[] =
        "UPDATE schema_migration SET applied_at = SYSDATE(6) WHERE version = 0 AND name = ?";
    /* Reconnects if the connection was lost, which changes its number: a lock of the server ended
     * with the old one. */
    enum error error = db_ping(db);
    bool is_held = db_connection_number(db) == lock->connection;
    if (!error && is_held && lock->has_row) {
        /* Renews the lease of the row; 0 rows changed: it was taken over. */
        error = DB_RUN(db, SQL, 0, NULL, db_str(lock->holder));
        is_held = !error && db_changed(db) == 1;
    }
    if (error || is_held)
        return error;
    log_error("the lock of the migration was lost, perhaps with the connection");
    return ERROR_UNAVAILABLE;
}

/* ---- the steps ---- */

/* Runs the steps after the current version in order, up to the first that fails. */
static enum error apply_missing(struct db *db, const struct lock *lock, unsigned *applied,
                                unsigned *version) {
    enum migrate_state state;
    enum error error = migrate_check(db, &state, version);
    /* An older program must not touch a newer schema. */
    if (!error && state == MIGRATE_AHEAD)
        return ERROR_CONFLICT;
    for (size_t i = 0; i < migrate_step_count && !error; i++) {
        /* The steps are in rising order; those that were applied are skipped. */
        if (migrate_steps[i].version <= *version)
            continue;
        /* Before each step, since a step may take minutes. */
        error = check_lock(db, lock);
        if (!error)
            error = apply(db, &migrate_steps[i]);
        if (!error) {
            *version = migrate_steps[i].version;
            ++*applied;
        }
    }
    return error || *applied == 0 ? error : note_works_from(db);
}

/* With the lock of the server held: takes the one of the cluster, if it is one, and applies. */
static enum error migrate_locked(struct db *db, struct lock *lock, unsigned *applied,
                                 unsigned *version) {
    /* No statement waits for a table that is in use: it would block all readers that come after
     * it. */
    enum error error = db_run_script(db, "SET SESSION lock_wait_timeout = 0");
    if (!error)
        error = db_run_script(db, RECORD_TABLE);
    /* In a cluster GET_LOCK holds at one node only. */
    if (!error && db_is_cluster(db))
        error = take_row(db, lock);
    if (!error)
        error = apply_missing(db, lock, applied, version);
    /* A step that found a table in use is repeated as a whole by migrate_run. */
    if (error == ERROR_INTERNAL && db_last_errno(db) == LOCK_WAIT_TIMEOUT)
        error = ERROR_TIMEOUT;
    /* On failure as well. */
    const enum error released = release_row(db, lock);
    return error ? error : released;
}

/* ERROR_TIMEOUT: a table is in use. The lock belongs to the connection, so it is also released if
 * this process dies, or if a script fails. */
static enum error run_once(struct db *db, unsigned *applied, unsigned *version) {
    /* The name has the database in it, so that other databases of the server can be migrated
     * meanwhile. */
    static const char LOCK[] = "SELECT GET_LOCK(CONCAT('confab_migrate_', DATABASE()), ?)";
    static const char UNLOCK[] = "SELECT RELEASE_LOCK(CONCAT('confab_migrate_', DATABASE()))";
    struct db_rows *rows;
    /* GET_LOCK: 1 got it, 0 after LOCK_SECONDS, NULL on an error. */
    enum error error = DB_RUN(db, LOCK, 0, &rows, db_u64(LOCK_SECONDS));
    if (error)
        return error;
    const bool locked = db_next(rows) && db_get_u64(rows, 0) == 1;
    /* The lock is that of this connection; check_lock compares the number. */
    struct lock lock = {.connection = db_connection_number(db)};
    db_done(rows);
    if (!locked) {
        log_error("another migration of this database is running");
        return ERROR_UNAVAILABLE;
    }
    /* A read-only database with the current schema is not a failure. */
    enum migrate_state state = MIGRATE_CURRENT;
    /* Checked again under the lock: another process may have finished in the meantime. */
    error = migrate_check(db, &state, version);
    if (!error && state != MIGRATE_CURRENT && state != MIGRATE_NEWER)
        error = migrate_locked(db, &lock, applied, version);
    /* Closing the connection would release it too. */
    uint64_t released;
    const enum error unlocked = db_number(db, UNLOCK, &released);
    return error ? error : unlocked;
}

enum error migrate_run(struct db *db, unsigned *applied, unsigned *version) {
    static const struct timespec PAUSE = {0, PAUSE_MS * 1000000L};
    const int64_t end_ms = clock_monotonic_ms() + TRY_MS;
    enum error error;
    *applied = 0;
    /* `applied` counts over all attempts, since steps that are done are not repeated. */
    *version = 0;
    while ((error = run_once(db, applied, version)) == ERROR_TIMEOUT &&
           clock_monotonic_ms() < end_ms)
        nanosleep(&PAUSE, NULL);
    return error;
}
