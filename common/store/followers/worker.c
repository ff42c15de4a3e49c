/* The rows of living workers. A row is removed together with its leases, in one transaction: no
 * lease refers to a worker that is gone. A row that is not valid is treated as missing
 * everywhere. */
#include "store/followers/worker.h"

#include "store/transaction.h"

/* Frees the leases of workers that have no row. A delivery that was under way is due at once, with
 * the same range of events. 0 is not a worker; it marks a hook that is not active. */
#define FREE_LEASES                                                            \
    "UPDATE follower_room p LEFT JOIN worker w ON w.worker_id = p.worker_id "  \
    "SET p.worker_id = NULL, p.due_at = v_now "                                \
    "WHERE p.worker_id > 0 AND w.worker_id IS NULL; "

enum error worker_add(struct db *db, struct text name, uint64_t *id) {
    static const char SQL[] = TRANSACTION(
        "DECLARE p_name VARCHAR(64) CHARACTER SET utf8mb4 DEFAULT ?; "
        "DECLARE p_lease BIGINT UNSIGNED DEFAULT ?; ",
        "SET v_now = SYSDATE(6); "
        "INSERT INTO worker (name, started_at, alive_until) "
        "VALUES (p_name, v_now, v_now + INTERVAL p_lease * 1000 MICROSECOND); ",
        ", LAST_INSERT_ID()");
    struct db_rows *rows;
    /* Not repeatable: a row that was added unseen is removed when it is not valid any more. */
    const enum error error =
        DB_RUN(db, SQL, 0, &rows, db_text(name), db_u64(WORKER_LEASE_MS));
    return error ? error : transaction_number(rows, id);
}

enum error worker_renew(struct db *db, uint64_t id, bool *kept) {
    /* Also for a row that is not valid any more, as long as no other worker has removed it: the
     * leases are still its own then. */
    static const char SQL[] =
        "UPDATE worker SET alive_until = SYSDATE(6) + INTERVAL ? * 1000 MICROSECOND "
        "WHERE worker_id = ?";
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_u64(WORKER_LEASE_MS), db_u64(id));
    /* alive_until differs each time, so a row that exists always counts as changed. */
    *kept = !error && db_changed(db) > 0;
    return error;
}

enum error worker_remove_dead(struct db *db) {
    static const char FIND[] = "SELECT COUNT(*) FROM worker WHERE NOT (" WORKER_IS_VALID ")";
    static const char SQL[] =
        TRANSACTION("",
                    "SET v_now = SYSDATE(6); "
                    /* Locks the rows: a worker that renews its row now waits for them, and then
                     * finds no row. */
                    "DELETE FROM worker WHERE NOT (" WORKER_IS_VALID "); " FREE_LEASES,
                    "");
    uint64_t dead = 0;
    const enum error error = db_number(db, FIND, &dead);
    /* The count first: usually no worker is dead, and then nothing is locked. */
    return error || dead == 0 ? error : db_run(db, SQL, DB_REPEATABLE, NULL, 0, NULL);
}

enum error worker_remove(struct db *db, uint64_t id) {
    /* A worker that ends gives back its leases at once, instead of after WORKER_LEASE_MS. */
    static const char SQL[] =
        TRANSACTION("DECLARE p_worker BIGINT UNSIGNED DEFAULT ?; ",
                    "SET v_now = SYSDATE(6); "
                    "DELETE FROM worker WHERE worker_id = p_worker; " FREE_LEASES,
                    "");
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_u64(id));
}

enum error worker_count(struct db *db, uint64_t *count) {
    static const char SQL[] = "SELECT COUNT(*) FROM worker WHERE " WORKER_IS_VALID;
    return db_number(db, SQL, count);
}
