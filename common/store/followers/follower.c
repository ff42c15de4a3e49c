/* Finding what followers have not read, leasing it to workers, recording what was read. Lists of
 * rows go to the server as one JSON text, so that each step is one statement. A statement that
 * changes rows reads no row of `room`, whose lock would hold up posts; INSERT ... SELECT takes none
 * (READ COMMITTED). Times are those of the database server (NOW(6)), since workers run on several
 * hosts. */
#include "store/followers/follower.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "store/transaction.h"

/* ---- finding ---- */

/* Rooms that have changed since a time. Each half is a range of an index. */
#define CHANGED_SINCE(time)                                   \
    "(SELECT room_id FROM room WHERE last_active_at >= " time \
    " UNION SELECT room_id FROM room WHERE changed_at >= " time ") c"

/* Where follower f begins to read room r: after the last event before it was created. Walks down
 * from the end of the room, over events that are to be read. */
#define START                                                                                    \
    "IF(f.started_at IS NULL, r.oldest_seq - 1, COALESCE((SELECT e.seq FROM event e "            \
    "WHERE e.room_id = r.room_id AND e.created_at < f.started_at ORDER BY e.seq DESC LIMIT 1), " \
    "r.oldest_seq - 1))"

/* Makes rooms due that have events which the followers have not read; creates the row of a room
 * with its first event. Compares with <>, since a restored database may have fewer events than its
 * followers have read. */
#define FIND(rooms, followers, worker)                                                         \
    "INSERT INTO follower_room (follower_id, room_id, seq, due_at, behind_at, worker_id) "     \
    "SELECT STRAIGHT_JOIN f.follower_id, r.room_id, IF(p.room_id IS NULL, " START              \
    ", p.seq), NOW(6), NOW(6), " worker " FROM " rooms                                         \
    " JOIN room r ON r.room_id = c.room_id " followers                                         \
    " LEFT JOIN follower_room p ON p.follower_id = f.follower_id AND p.room_id = r.room_id "   \
    "WHERE (p.room_id IS NULL AND r.last_seq <> " START                                        \
    ") OR (p.due_at IS NULL AND p.seq <> r.last_seq) "                                         \
    "ON DUPLICATE KEY UPDATE behind_at = IF(follower_room.due_at IS NULL, VALUES(behind_at), " \
    "follower_room.behind_at), due_at = COALESCE(follower_room.due_at, VALUES(due_at))"

#define ACTIVE_HOOKS                                                                       \
    "JOIN hook h ON h.is_active AND (h.rooms IS NULL OR FIND_IN_SET(r.room_id, h.rooms)) " \
    "JOIN follower f ON f.follower_id = h.hook_id"

enum error follower_find_rooms(struct db *db, uint64_t seconds) {
    /* Deleted hooks have no row; those that are not active keep their place and catch up later
     * (hook.c). */
    static const char SQL[] =
        FIND(CHANGED_SINCE("NOW(6) - INTERVAL ? SECOND"), ACTIVE_HOOKS, "NULL");
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_u64(seconds), db_u64(seconds));
}

enum error follower_search_seconds(struct db *db, uint64_t *seconds) {
    /* Before the first search, since the first hook was created. A time in the future: the
     * clock was set back. */
    static const char SQL[] =
        "SELECT CAST(ABS(TIMESTAMPDIFF(SECOND, COALESCE((SELECT ran_at FROM housekeeping "
        "WHERE task = 'follow'), (SELECT MIN(created_at) FROM hook), NOW(6)), NOW(6))) "
        "AS UNSIGNED)";
    const enum error error = db_number(db, SQL, seconds);
    /* A change committed just before the last search had a time up to FOLLOWER_LATE seconds
     * earlier, and may not have been seen by it. */
    *seconds += FOLLOWER_LATE;
    return error;
}

enum error follower_record_search(struct db *db) {
    static const char SQL[] =
        "INSERT INTO housekeeping (task, ran_at) VALUES ('follow', NOW(6)) "
        "ON DUPLICATE KEY UPDATE ran_at = VALUES(ran_at)";
    return db_run(db, SQL, DB_REPEATABLE, NULL, 0, NULL);
}

enum error follower_idle_seconds(struct db *db, uint64_t *seconds) {
    static const char SQL[] =
        "SELECT CAST(GREATEST(TIMESTAMPDIFF(SECOND, ran_at, NOW(6)), 0) AS UNSIGNED) "
        "FROM housekeeping WHERE task = 'follow'";
    /* UINT64_MAX stands for a search that never ran: any limit of the caller is exceeded. */
    struct db_rows *rows;
    const enum error error = db_run(db, SQL, DB_REPEATABLE, NULL, 0, &rows);
    if (error)
        return error;
    *seconds = db_next(rows) ? db_get_u64(rows, 0) : UINT64_MAX;
    db_done(rows);
    return ERROR_NONE;
}

enum error follower_cap_due(struct db *db) {
    /* The longest wait for the number of tries, and a minute; see delivery_delay_ms. The condition
     * on worker_id is the beginning of KEY due (worker_id, due_at). POW has the doubling wait in
     * seconds, which grows to about an hour. */
    static const char SQL[] =
        "UPDATE follower_room SET due_at = NOW(6) "
        "WHERE worker_id IS NULL AND due_at > NOW(6) + INTERVAL 1 MINUTE "
        "AND due_at > NOW(6) + INTERVAL LEAST(6 * POW(2, LEAST(tries, 10)), 4000) + 60 SECOND";
    return db_run(db, SQL, DB_REPEATABLE, NULL, 0, NULL);
}

/* ---- leasing ---- */

/* The due rooms. Those of each hook are numbered, first tries and retries separately; the numbers
 * include the rooms that this worker has leased already. */
static const char DUE[] =
    "SELECT x.follower_id, x.room_id, "
    /* A delivery that was tried keeps its end, so that it is the same again. */
    "IF(x.batch_seq > x.seq, x.batch_seq, IF(x.room_id = 0, x.seq + 1, "
    "LEAST(x.seq + ?, COALESCE(r.last_seq, x.seq)))) "
    "FROM (SELECT follower_id, room_id, seq, batch_seq, due_at, worker_id, tries > 0 AS again, "
    "ROW_NUMBER() OVER (PARTITION BY follower_id, tries > 0 "
    "ORDER BY worker_id IS NULL, due_at, room_id) AS place "
    /* Rooms that the worker already holds are numbered before new ones, so that they count towards
     * its limit for the hook; they are not selected. */
    "FROM follower_room WHERE worker_id = ? OR (worker_id IS NULL AND due_at <= NOW(6))) x "
    "LEFT JOIN room r ON r.room_id = x.room_id "
    "WHERE x.worker_id IS NULL AND x.place <= IF(x.again, ?, ?) "
    "ORDER BY x.again, x.place, x.due_at LIMIT ?";

/* Only rows that are still free: between DUE and this, other workers run the same two
 * statements. */
static const char LEASE[] =
    "UPDATE follower_room p JOIN JSON_TABLE(?, '$[*]' COLUMNS ("
    "f BIGINT UNSIGNED PATH '$[0]', r BIGINT UNSIGNED PATH '$[1]', b BIGINT UNSIGNED PATH '$[2]'"
    ")) j ON p.follower_id = j.f AND p.room_id = j.r "
    "SET p.worker_id = ?, p.claim = ?, p.batch_seq = j.b "
    /* Another worker may have leased it already. */
    "WHERE p.worker_id IS NULL AND p.due_at <= NOW(6)";

enum error follower_claim(struct db *db, uint64_t worker_id, uint64_t claim, uint64_t limit) {
    struct buffer list = BUFFER_EMPTY;
    struct db_rows *rows;
    enum error error =
        DB_RUN(db, DUE, DB_REPEATABLE, &rows, db_u64(FOLLOWER_BATCH), db_u64(worker_id),
               db_u64(FOLLOWER_RETRIES), db_u64(FOLLOWER_FIRSTS), db_u64(limit));
    if (error)
        return error;
    /* Triples of follower, room and the last event of the delivery, for LEASE. */
    while (db_next(rows))
        buffer_printf(&list, "%s[%" PRIu64 ",%" PRIu64 ",%" PRIu64 "]", list.len ? "," : "[",
                      db_get_u64(rows, 0), db_get_u64(rows, 1), db_get_u64(rows, 2));
    db_done(rows);
    /* Usually nothing is due. */
    if (list.len > 0) {
        buffer_append_char(&list, ']');
        /* Rows that another worker took are not reported here: follower_claimed reads what was
         * really leased. */
        error = DB_RUN(db, LEASE, DB_REPEATABLE, NULL, db_text((struct text){list.data, list.len}),
                       db_u64(worker_id), db_u64(claim));
    }
    buffer_free(&list);
    return error;
}

/* Reads LEASE_COLUMNS; texts point into the row. */
static void lease_from_row(const struct db_rows *rows, struct follower_lease *lease) {
    *lease = (struct follower_lease){.follower_id = db_get_u64(rows, 0),
                                     .room = {.room_id = db_get_u64(rows, 1),
                                              .exists = db_get_bool(rows, 2),
                                              .last_seq = db_get_u64(rows, 3),
                                              .oldest_seq = db_get_u64(rows, 4)},
                                     .room_key = db_get_text(rows, 5),
                                     .seq = db_get_u64(rows, 6),
                                     .batch_seq = db_get_u64(rows, 7),
                                     .tries = db_get_u64(rows, 8)};
}

#define LEASE_COLUMNS                                                                         \
    "p.follower_id, p.room_id, r.room_id IS NOT NULL, r.last_seq, r.oldest_seq, r.room_key, " \
    "p.seq, p.batch_seq, p.tries"

/* The columns of a hook aliased h (outer joined) that a delivery needs. */
#define HOOK_COLUMNS                              \
    "h.hook_id, h.url, h.event_types, h.secret, " \
    "IF(h.old_secret_until > NOW(6), h.old_secret, NULL)"
/* The columns of a lease come first. */
#define FIRST_HOOK_COLUMN 9

/* From the columns that follow those of the follower in the list of what is due. */
static void hook_from_row(const struct db_rows *rows, struct hook *hook) {
    *hook = (struct hook){.id = db_get_u64(rows, FIRST_HOOK_COLUMN),
                          .url = db_get_text(rows, FIRST_HOOK_COLUMN + 1),
                          .has_types = !db_is_null(rows, FIRST_HOOK_COLUMN + 2),
                          .types = db_get_u64(rows, FIRST_HOOK_COLUMN + 2),
                          .has_old_secret = !db_is_null(rows, FIRST_HOOK_COLUMN + 4)};
    hook_secret_from_row(rows, FIRST_HOOK_COLUMN + 3, hook->secret);
    hook_secret_from_row(rows, FIRST_HOOK_COLUMN + 4, hook->old_secret);
}

/* Visits each lease, with its hook if the columns are there, and frees the rows. */
static void visit_leases(struct db_rows *rows, bool with_hook, follower_visit *visit,
                         void *context) {
    struct follower_lease lease;
    while (db_next(rows)) {
        lease_from_row(rows, &lease);
        if (with_hook)
            hook_from_row(rows, &lease.hook);
        visit(context, &lease);
    }
    db_done(rows);
}

enum error follower_claimed(struct db *db, uint64_t worker_id, uint64_t claim,
                            follower_visit *visit, void *context) {
    static const char SQL[] =
        "SELECT " LEASE_COLUMNS ", " HOOK_COLUMNS
        " FROM follower_room p "
        "LEFT JOIN room r ON r.room_id = p.room_id LEFT JOIN hook h ON h.hook_id = p.follower_id "
        /* A row may have been created while the room was taken from the hook. */
        "AND (h.rooms IS NULL OR p.room_id = 0 OR FIND_IN_SET(p.room_id, h.rooms)) "
        "WHERE p.worker_id = ? AND p.claim = ? ORDER BY p.room_id, p.seq, p.batch_seq";
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(worker_id), db_u64(claim));
    if (!error)
        visit_leases(rows, true, visit, context);
    return error;
}

enum error follower_set_batch(struct db *db, uint64_t worker_id, const struct follower_lease *lease,
                              uint64_t batch_seq) {
    /* worker_id is compared, so that a worker whose lease was lost changes nothing. */
    static const char SQL[] =
        "UPDATE follower_room SET batch_seq = ? "
        "WHERE follower_id = ? AND room_id = ? AND worker_id = ?";
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_u64(batch_seq), db_u64(lease->follower_id),
                  db_u64(lease->room.room_id), db_u64(worker_id));
}

/* ---- recording ---- */

/* Sets last[i] to the number of the last event of the room of each result, 0 without a room. */
static enum error read_ends(struct db *db, struct text list, uint64_t *last) {
    static const char SQL[] =
        "SELECT j.i, r.last_seq FROM JSON_TABLE(?, '$[*]' COLUMNS (i FOR ORDINALITY, "
        "r BIGINT UNSIGNED PATH '$[1]')) j JOIN room r ON r.room_id = j.r";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_text(list));
    if (error)
        return error;
    /* Ordinal numbers begin with 1. */
    while (db_next(rows))
        last[db_get_u64(rows, 0) - 1] = db_get_u64(rows, 1);
    db_done(rows);
    return ERROR_NONE;
}

/* Appends what one row becomes: follower, room, seq, delay (-1: not due), failed, gone, claim. */
static void append_result(struct buffer *list, const struct follower_result *result,
                          uint64_t last_seq) {
    /* All is read when the room has no later event; then the row leaves the index of due rows. */
    const bool is_read = !result->has_failed && result->seq >= last_seq;
    buffer_printf(list, "%s[%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",", list->len ? "," : "[",
                  result->follower_id, result->room_id, result->seq);
    if (is_read && result->delay_ms == 0)
        buffer_append_str(list, "-1");
    else
        buffer_append_u64(list, result->delay_ms);
    buffer_printf(list, ",%d,%d,%" PRIu64 "]", result->has_failed, result->is_gone, result->claim);
}

/* The list of results as JSON, for JSON_TABLE. The caller frees it. */
static struct buffer result_list(const struct follower_result *results, const uint64_t *last,
                                 size_t count) {
    struct buffer list = BUFFER_EMPTY;
    for (size_t i = 0; i < count; i++)
        append_result(&list, &results[i], last[i]);
    buffer_append_char(&list, ']');
    return list;
}

enum error follower_record(struct db *db, uint64_t worker_id, const struct follower_result *results,
                           size_t count) {
    /* seq is changed last, whatever order the server assigns in: no other value depends on it. */
    static const char SQL[] =
        "UPDATE follower_room p JOIN JSON_TABLE(?, '$[*]' COLUMNS ("
        "f BIGINT UNSIGNED PATH '$[0]', r BIGINT UNSIGNED PATH '$[1]', "
        "s BIGINT UNSIGNED PATH '$[2]', d BIGINT PATH '$[3]', x INT PATH '$[4]', "
        "c BIGINT UNSIGNED PATH '$[6]')) j "
        "ON p.follower_id = j.f AND p.room_id = j.r AND p.claim = j.c "
        "SET p.tries = IF(j.x, p.tries + 1, IF(j.s = p.seq, p.tries, 0)), "
        "p.due_at = IF(j.d < 0, NULL, NOW(6) + INTERVAL j.d * 1000 MICROSECOND), "
        "p.behind_at = IF(j.d < 0, NULL, IF(j.x, p.behind_at, NOW(6))), "
        "p.worker_id = NULL, p.seq = j.s WHERE p.worker_id = ?";
    static const char GONE[] =
        "DELETE p FROM follower_room p JOIN JSON_TABLE(?, '$[*]' COLUMNS ("
        "f BIGINT UNSIGNED PATH '$[0]', r BIGINT UNSIGNED PATH '$[1]', g INT PATH '$[5]', "
        "c BIGINT UNSIGNED PATH '$[6]')) j "
        "ON p.follower_id = j.f AND p.room_id = j.r AND p.claim = j.c "
        "WHERE j.g AND p.worker_id = ?";
    /* One more, since an empty array may be NULL. */
    uint64_t *last = xcalloc(count + 1, sizeof(*last));
    bool any_gone = false;
    /* DELETE is needed only for rooms that are gone, which are rare. */
    for (size_t i = 0; i < count; i++)
        any_gone = any_gone || results[i].is_gone;
    /* The first list is for its rooms; `last` is still all zeros. The second one has the
     * numbers. */
    struct buffer list = result_list(results, last, count);
    enum error error = read_ends(db, (struct text){list.data, list.len}, last);
    buffer_free(&list);
    list = result_list(results, last, count);
    /* Deleted before the update, so that the update finds only rows that stay. */
    if (!error && any_gone)
        error = DB_RUN(db, GONE, DB_REPEATABLE, NULL, db_text((struct text){list.data, list.len}),
                       db_u64(worker_id));
    /* An event committed since read_ends is found by the next search. */
    if (!error)
        error = DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_text((struct text){list.data, list.len}),
                       db_u64(worker_id));
    buffer_free(&list);
    free(last);
    return error;
}

/* ---- lag ---- */

enum error follower_lags(struct db *db, follower_lag_visit *visit, void *context) {
    static const char SQL[] =
        "SELECT f.follower_id, COALESCE(h.name, f.pull_name), h.hook_id IS NOT NULL, "
        "COALESCE(h.is_active, TRUE), COUNT(r.room_id), "
        "CAST(COALESCE(SUM(IF(r.last_seq > p.seq, r.last_seq - p.seq, 0)), 0) AS UNSIGNED), "
        "CAST(GREATEST(COALESCE(TIMESTAMPDIFF(SECOND, MIN(p.behind_at), NOW(6)), 0), 0) "
        "AS UNSIGNED), CAST(COALESCE(SUM(p.tries > 0), 0) AS UNSIGNED), "
        "h.delivered_count, h.failed_count, h.failure, h.failed_at, h.delivered_at "
        "FROM follower f LEFT JOIN hook h ON h.hook_id = f.follower_id "
        /* Rows that are not due have no lag; they are left out by the join, not by WHERE, so that a
         * follower without any is listed. */
        "LEFT JOIN follower_room p ON p.follower_id = f.follower_id AND p.due_at IS NOT NULL "
        "LEFT JOIN room r ON r.room_id = p.room_id "
        "GROUP BY f.follower_id ORDER BY f.follower_id";
    struct db_rows *rows;
    const enum error error = db_run(db, SQL, DB_REPEATABLE, NULL, 0, &rows);
    if (error)
        return error;
    while (db_next(rows)) {
        /* Without a hook (a puller) the columns of the hook are NULL, which reads as 0 or an empty
         * text. */
        const struct follower_lag lag = {
            .follower_id = db_get_u64(rows, 0),
            .name = db_get_text(rows, 1),
            .is_hook = db_get_bool(rows, 2),
            .is_active = db_get_bool(rows, 3),
            .rooms = db_get_u64(rows, 4),
            .events = db_get_u64(rows, 5),
            .seconds = db_get_u64(rows, 6),
            .failing = db_get_u64(rows, 7),
            .delivered = db_get_u64(rows, 8),
            .failed = db_get_u64(rows, 9),
            .failure = db_get_text(rows, 10),
            .failed_at = db_is_null(rows, 11) ? 0 : db_get_time(rows, 11),
            .delivered_at = db_is_null(rows, 12) ? 0 : db_get_time(rows, 12),
        };
        visit(context, &lag);
    }
    db_done(rows);
    return ERROR_NONE;
}

/* ---- pulls ---- */

/* The rows of a puller are leased to worker 0, which does not exist: no worker delivers them. */
static const char FIND_PULL[] =
    FIND(CHANGED_SINCE("?"), "JOIN follower f ON f.follower_id = ?", "0");

/* Finds what is new for a puller in rooms that have changed since a time. */
static enum error find_pulled(struct db *db, uint64_t follower_id, int64_t since) {
    return DB_RUN(db, FIND_PULL, DB_REPEATABLE, NULL, db_time(since), db_time(since),
                  db_u64(follower_id));
}

/* Earlier than any event that confab has stored. */
#define LONG_AGO "'2000-01-01'"

enum error follower_pull(struct db *db, struct text name, bool from_oldest, uint64_t *follower_id) {
    static const char ENTER[] = TRANSACTION(
        "DECLARE p_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin DEFAULT ?; "
        "DECLARE p_oldest BOOLEAN DEFAULT ?; DECLARE v_id BIGINT UNSIGNED; "
        "DECLARE v_seen DATETIME(6); ",
        "SET v_now = SYSDATE(6); "
        /* No lock: a second first request fails at the unique key of pull_name and is repeated
         * below. */
        "SELECT follower_id, seen_at INTO v_id, v_seen FROM follower WHERE pull_name = p_name; "
        "IF v_id IS NULL THEN "
        "SET v_seen = IF(p_oldest, " LONG_AGO ", v_now); "
        "INSERT INTO follower (pull_name, started_at, seen_at) "
        "VALUES (p_name, IF(p_oldest, NULL, v_now), v_seen); "
        "SET v_id = LAST_INSERT_ID(); END IF; "
        /* The clock was set back: anything may have changed. */
        "IF v_seen > v_now THEN SET v_seen = " LONG_AGO "; END IF; ",
        ", v_id, v_seen - INTERVAL 70 SECOND, v_now, v_seen < v_now - INTERVAL 10 SECOND");
    static const char LEAVE[] =
        "UPDATE follower SET seen_at = IF(seen_at > SYSDATE(6), ?, GREATEST(seen_at, ?)) "
        "WHERE follower_id = ?";
    struct db_rows *rows;
    int64_t since = 0, now = 0;
    bool is_old = false;
    /* Two first requests at once: the second finds the row of the first. */
    enum error error = ERROR_CONFLICT;
    for (int tries = 0; error == ERROR_CONFLICT && tries < 3; tries++)
        error = DB_RUN(db, ENTER, DB_REPEATABLE, &rows, db_text(name), db_bool(from_oldest));
    if (error)
        return error;
    if (!db_next(rows))
        error = ERROR_INTERNAL;
    else {
        /* Column 0 is the outcome. */
        *follower_id = db_get_u64(rows, 1);
        since = db_get_time(rows, 2);
        now = db_get_time(rows, 3);
        is_old = db_get_bool(rows, 4);
    }
    db_done(rows);
    /* 70 seconds before the last request (FOLLOWER_LATE), for events that were committed late. */
    if (!error)
        error = find_pulled(db, *follower_id, since);
    /* Not with each request: the search reaches back further than that anyway. */
    if (!error && is_old)
        error = DB_RUN(db, LEAVE, DB_REPEATABLE, NULL, db_time(now), db_time(now),
                       db_u64(*follower_id));
    return error;
}

enum error follower_by_name(struct db *db, struct text name, uint64_t *follower_id) {
    /* 70 s is FOLLOWER_LATE: an event may be committed that long after its time was set. */
    static const char SQL[] =
        "SELECT follower_id, seen_at - INTERVAL 70 SECOND FROM follower WHERE pull_name = ?";
    struct db_rows *rows;
    /* No row is created for a name that is unknown. */
    const enum error error = DB_FIND(db, SQL, &rows, db_text(name));
    if (error)
        return error;
    *follower_id = db_get_u64(rows, 0);
    const int64_t since = db_get_time(rows, 1);
    db_done(rows);
    return find_pulled(db, *follower_id, since);
}

enum error follower_delete(struct db *db, struct text name) {
    static const char SQL[] = TRANSACTION(
        "",
        "DELETE f, p FROM follower f LEFT JOIN follower_room p ON p.follower_id = f.follower_id "
        "WHERE f.pull_name = ?; "
        "IF ROW_COUNT() = 0 THEN SET v_outcome = 4; LEAVE body; END IF; ",
        "");
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, 0, &rows, db_text(name));
    return error ? error : transaction_outcome(rows);
}

enum error follower_pending(struct db *db, uint64_t follower_id, uint64_t limit,
                            follower_visit *visit, void *context) {
    /* TRUE is `exists`, as the room was joined; the end of the delivery is the end of the room. */
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN p.follower_id, p.room_id, TRUE, r.last_seq, r.oldest_seq, "
        "r.room_key, p.seq, r.last_seq, p.tries "
        "FROM follower_room p JOIN room r ON r.room_id = p.room_id "
        "WHERE p.follower_id = ? AND p.due_at IS NOT NULL AND r.last_seq <> p.seq "
        "ORDER BY p.due_at, p.room_id LIMIT ?";
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(follower_id), db_u64(limit));
    if (!error)
        visit_leases(rows, false, visit, context);
    return error;
}

enum error follower_acknowledge(struct db *db, uint64_t follower_id, uint64_t room_id, uint64_t seq,
                                bool dry, enum follower_ack *ack) {
    /* A row beyond the room's last event was written before the database was restored: it is set
     * back. */
    static const char SQL[] = TRANSACTION(
        "DECLARE p_follower BIGINT UNSIGNED DEFAULT ?; DECLARE p_room BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_seq BIGINT UNSIGNED DEFAULT ?; DECLARE p_dry BOOLEAN DEFAULT ?; "
        "DECLARE v_last BIGINT UNSIGNED; DECLARE v_result INT DEFAULT 0; ",
        "SELECT last_seq INTO v_last FROM room WHERE room_id = p_room; "
        "SET v_now = SYSDATE(6); "
        /* 1 and 2 are FOLLOWER_ACK_BEYOND and FOLLOWER_ACK_NO_ROOM; neither changes anything. */
        "IF v_last IS NULL THEN SET v_result = 2; "
        "ELSEIF p_seq > v_last THEN SET v_result = 1; "
        "ELSEIF NOT p_dry THEN "
        /* Assignments run from left to right, so that due_at and behind_at are computed from the
         * old seq, which is set last. */
        "UPDATE follower_room SET "
        "due_at = IF(seq <= v_last AND GREATEST(seq, p_seq) < v_last, due_at, NULL), "
        "behind_at = IF(due_at IS NULL, NULL, v_now), "
        "seq = IF(seq > v_last, p_seq, GREATEST(seq, p_seq)) "
        "WHERE follower_id = p_follower AND room_id = p_room "
        "AND (seq < p_seq OR seq > v_last); END IF; ",
        ", v_result");
    struct db_rows *rows;
    uint64_t number = 0;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(follower_id), db_u64(room_id),
                              db_u64(seq), db_bool(dry));
    if (!error)
        error = transaction_number(rows, &number);
    if (!error)
        *ack = (enum follower_ack)number;
    return error;
}
