/* Applying migrations, one process at a time. A migration is a numbered SQL script of schema/,
 * compiled in; the table schema_migration has those that were applied. DDL commits at once in
 * MariaDB, so a script that fails halfway has to be mended by hand. */
#include "store/migrate.h"

#include <time.h>

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
 * for such a table makes all later readers wait behind it, so none waits: it fails, and its script
 * is run again. */
#define TRY_MS 60000
#define PAUSE_MS 50
#define LOCK_WAIT_TIMEOUT 1205 /* ER_LOCK_WAIT_TIMEOUT */

unsigned migrate_latest(void) {
    /* The steps are in rising order. */
    return migrate_step_count ? migrate_steps[migrate_step_count - 1].version : 0;
}

enum error migrate_check(struct db *db, enum migrate_state *state, unsigned *version) {
    /* A new database has no such table: version 0. */
    static const char EXISTS[] =
        "SELECT COUNT(*) FROM information_schema.tables "
        "WHERE table_schema = DATABASE() AND table_name = "
        "'schema_migration'";
    static const char NEWEST[] = "SELECT MAX(version) FROM schema_migration";
    uint64_t exists = 0, newest = 0;
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
    return ERROR_NONE;
}

/* Runs one step and records it. */
static enum error apply(struct db *db, const struct migrate_step *step) {
    static const char RECORD[] =
        "INSERT INTO schema_migration (version, name, applied_at) VALUES (?, ?, SYSDATE(6))";
    const enum error error = db_run_script(db, step->sql);
    if (error) {
        log_error("migration %u (%s) failed: %s", step->version, step->name, db_last_error(db));
        return error;
    }
    /* Recorded after the script: a crash between the two applies the script again. */
    log_info("migration %u (%s) applied", step->version, step->name);
    return DB_RUN(db, RECORD, 0, NULL, db_u64(step->version), db_str(step->name));
}

/* Whether the lock is still held: it belongs to the connection with this number. Another migration
 * may have begun since a lost one. */
static enum error check_lock(struct db *db, uint64_t connection) {
    const enum error error = db_ping(db);
    if (error || db_connection_number(db) == connection)
        return error;
    log_error("the connection was lost, and the lock of the migration with it");
    return ERROR_UNAVAILABLE;
}

/* Runs the steps after the current version in order, up to the first that fails. */
static enum error apply_missing(struct db *db, uint64_t connection, unsigned *applied,
                                unsigned *version) {
    enum migrate_state state;
    enum error error = migrate_check(db, &state, version);
    /* An older program must not touch a newer schema. */
    if (!error && state == MIGRATE_AHEAD)
        return ERROR_CONFLICT;
    for (size_t i = 0; i < migrate_step_count && !error; i++) {
        if (migrate_steps[i].version <= *version)
            continue;
        error = check_lock(db, connection);
        if (!error)
            error = apply(db, &migrate_steps[i]);
        if (!error) {
            *version = migrate_steps[i].version;
            ++*applied;
        }
    }
    return error;
}

/* ERROR_TIMEOUT: a table is in use. The lock belongs to the connection, so it is also released if
 * this process dies, or if a script fails. */
static enum error run_once(struct db *db, unsigned *applied, unsigned *version) {
    static const char LOCK[] = "SELECT GET_LOCK(CONCAT('confab_migrate_', DATABASE()), ?)";
    static const char UNLOCK[] = "SELECT RELEASE_LOCK(CONCAT('confab_migrate_', DATABASE()))";
    struct db_rows *rows;
    /* GET_LOCK: 1 got it, 0 after LOCK_SECONDS, NULL on an error. */
    enum error error = DB_RUN(db, LOCK, 0, &rows, db_u64(LOCK_SECONDS));
    if (error)
        return error;
    const bool locked = db_next(rows) && db_get_u64(rows, 0) == 1;
    const uint64_t connection = db_connection_number(db);
    db_done(rows);
    if (!locked) {
        log_error("another migration of this database is running");
        return ERROR_UNAVAILABLE;
    }
    /* A read-only database with the current schema is not a failure. */
    enum migrate_state state = MIGRATE_CURRENT;
    /* Checked again under the lock: another process may have finished in the meantime. */
    error = migrate_check(db, &state, version);
    if (!error && state != MIGRATE_CURRENT)
        error = db_run_script(db, "SET SESSION lock_wait_timeout = 0");
    if (!error && state != MIGRATE_CURRENT)
        error = db_run_script(db, RECORD_TABLE);
    if (!error && state != MIGRATE_CURRENT)
        error = apply_missing(db, connection, applied, version);
    if (error == ERROR_INTERNAL && db_last_errno(db) == LOCK_WAIT_TIMEOUT)
        error = ERROR_TIMEOUT;
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
    *version = 0;
    while ((error = run_once(db, applied, version)) == ERROR_TIMEOUT &&
           clock_monotonic_ms() < end_ms)
        nanosleep(&PAUSE, NULL);
    return error;
}
