/* Finds rooms that have changed by the times of their last post and their last other change, and
 * updates their index (search_update.h). */
#include "store/search/search_index.h"

#include "base/clock.h"
#include "store/followers/follower.h"
#include "store/search/search_update.h"

/* The interval of thorough searches for changed rooms; the searches between them find rooms that
 * changed in the last seconds. */
#define THOROUGH_MS 10000
#define RECENT_SECONDS 5

/* How long ago the last thorough search began, so that this one overlaps it. */
static enum error seconds_since_last(struct db *db, uint64_t *seconds) {
    /* A time in the future: the clock was set back. Without one, all rooms. */
    static const char SQL[] =
        "SELECT CAST(ABS(TIMESTAMPDIFF(SECOND, COALESCE((SELECT ran_at FROM housekeeping "
        "WHERE task = 'search_index'), '2000-01-01'), NOW(6))) AS UNSIGNED)";
    const enum error error = db_number(db, SQL, seconds);
    /* An event is committed up to this long after its time was set. */
    *seconds += FOLLOWER_LATE;
    return error;
}

/* Records when this search for changes began; later ones begin there. */
static enum error record_search(struct db *db, int64_t looked_ms) {
    /* The clock of the database counts, so the time since the look is taken off there. */
    static const char SQL[] =
        "INSERT INTO housekeeping (task, ran_at) "
        "VALUES ('search_index', NOW(6) - INTERVAL ? * 1000 MICROSECOND) "
        "ON DUPLICATE KEY UPDATE ran_at = VALUES(ran_at)";
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL,
                  db_u64((uint64_t)(clock_monotonic_ms() - looked_ms)));
}

/* Finds rooms that have come to have many new messages, or messages that were changed, in the last
 * seconds, or new messages that were the last ones for SEARCH_FRESH_SECONDS then. */
static enum error find_rooms(struct db *db, struct search_index *index, uint64_t seconds) {
    static const char SQL[] =
        "(SELECT r.room_id FROM room r LEFT JOIN search_progress s ON s.room_id = r.room_id "
        "WHERE r.last_active_at >= NOW(6) - INTERVAL ? SECOND "
        "AND r.message_count >= COALESCE(s.position, 0) + ? LIMIT ?) UNION "
        "(SELECT r.room_id FROM room r LEFT JOIN search_progress s ON s.room_id = r.room_id "
        "WHERE r.last_active_at BETWEEN NOW(6) - INTERVAL ? SECOND AND NOW(6) - INTERVAL ? SECOND "
        "AND (s.room_id IS NULL OR s.position <> r.message_count OR s.seq <> r.last_seq) LIMIT ?) "
        "UNION (SELECT r.room_id FROM room r JOIN search_progress s ON s.room_id = r.room_id "
        "WHERE r.changed_at >= NOW(6) - INTERVAL ? SECOND AND s.seq <> r.last_seq LIMIT ?) LIMIT ?";
    const struct db_value most = db_u64(SEARCH_INDEX_ROOMS);
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(seconds), db_u64(SEARCH_FRESH), most,
               db_u64(SEARCH_FRESH_SECONDS + seconds), db_u64(SEARCH_FRESH_SECONDS), most,
               db_u64(seconds), most, most);
    index->count = index->next = 0;
    if (error)
        return error;
    while (db_next(rows))
        index->rooms[index->count++] = db_get_u64(rows, 0);
    db_done(rows);
    /* As many as were asked for: there may be more. */
    index->is_full = index->count == SEARCH_INDEX_ROOMS;
    return ERROR_NONE;
}

/* Finds the rooms to update next. */
static enum error find_due_rooms(struct db *db, struct search_index *index, int64_t now) {
    /* Also at the start of a process: only the database knows how far the former process has
     * searched. */
    const bool is_thorough = index->looked_ms == 0 || now - index->looked_ms >= THOROUGH_MS;
    uint64_t seconds = RECENT_SECONDS;
    enum error error = is_thorough ? seconds_since_last(db, &seconds) : ERROR_NONE;
    index->looking_ms = is_thorough ? now : 0;
    return error ? error : find_rooms(db, index, seconds);
}

enum error search_index_step(struct db *db, struct search_index *index, uint64_t budget_ms,
                             bool *more) {
    const int64_t now = clock_monotonic_ms(), end = now + (int64_t)budget_ms;
    enum error error = ERROR_NONE;
    if (index->next == index->count)
        error = find_due_rooms(db, index, now);
    while (!error && index->next < index->count && clock_monotonic_ms() < end) {
        const size_t left = index->count - index->next;
        size_t done = 0;
        error = search_update_rooms(db, index->rooms + index->next,
                                    left < SEARCH_UPDATE_ROOMS ? left : SEARCH_UPDATE_ROOMS, end,
                                    &done);
        /* The time ended before the first room was done. */
        if (done == 0)
            break;
        index->next += done;
    }
    const bool is_finished = index->next == index->count && !index->is_full;
    /* Everything that had changed before a thorough search is done. */
    if (!error && is_finished && index->looking_ms) {
        error = record_search(db, index->looking_ms);
        index->looked_ms = index->looking_ms;
        index->looking_ms = 0;
    }
    /* Messages that came meanwhile are left to the next call, which handles more of them by the
     * same statements. */
    *more = !error && !is_finished;
    return error;
}

enum error search_index_rebuild(struct db *db, uint64_t room_id, uint64_t *messages) {
    return search_update_again(db, room_id, messages);
}

enum error search_index_next_room(struct db *db, uint64_t after, uint64_t *room_id) {
    static const char SQL[] = "SELECT room_id FROM room WHERE room_id > ? ORDER BY room_id LIMIT 1";
    *room_id = 0;
    return DB_NUMBER(db, SQL, room_id, db_u64(after));
}

enum error search_index_purge(struct db *db, uint64_t room_id, uint64_t limit, uint64_t *deleted) {
    static const char ROOM[] = "DELETE FROM search_progress WHERE room_id = ?";
    static const char POSTINGS[] = "DELETE FROM search_posting WHERE room_id = ? LIMIT ?";
    static const char ROOMS[] = "DELETE FROM search_progress LIMIT ?";
    static const char ALL[] = "DELETE FROM search_posting LIMIT ?";
    *deleted = 0;
    /* The row of search_progress first, so that another process that is indexing this room writes
     * nothing any more. */
    enum error error = room_id ? DB_RUN(db, ROOM, DB_REPEATABLE, NULL, db_u64(room_id))
                               : DB_RUN(db, ROOMS, DB_REPEATABLE, NULL, db_u64(limit));
    /* For all rooms: the rows of search_progress first, one slice in each call, then the
     * postings. */
    if (!error && !room_id)
        *deleted = db_changed(db);
    if (error || *deleted > 0)
        return error;
    error = room_id ? DB_RUN(db, POSTINGS, DB_REPEATABLE, NULL, db_u64(room_id), db_u64(limit))
                    : DB_RUN(db, ALL, DB_REPEATABLE, NULL, db_u64(limit));
    *deleted = error ? 0 : db_changed(db);
    return error;
}

enum error search_index_purge_former(struct db *db, uint64_t limit, uint64_t *deleted) {
    /* For an hour programs from before the migration may still run. */
    static const char DUE[] =
        "SELECT COUNT(*) FROM schema_migration WHERE name = 'search_postings' "
        "AND applied_at < NOW(6) - INTERVAL 1 HOUR";
    static const char *const TABLES[] = {"DELETE FROM search_term LIMIT ?",
                                         "DELETE FROM search_room LIMIT ?"};
    uint64_t due = 0;
    enum error error = db_number(db, DUE, &due);
    *deleted = 0;
    /* One slice of one table in each call. */
    for (size_t i = 0; !error && due > 0 && *deleted == 0 && i < 2; i++) {
        error = DB_RUN(db, TABLES[i], DB_REPEATABLE, NULL, db_u64(limit));
        *deleted = error ? 0 : db_changed(db);
    }
    return error;
}
