/* Reads the lists of each segment that has deleted messages, and looks for the offsets of these. */
#include "store/search/search_check.h"

#include <stdbool.h>

#include "store/search/search_batch.h"

/* For a room whose index is up to date. */
#define UP_TO_DATE                                     \
    "JOIN search_progress s ON s.room_id = m.room_id " \
    "JOIN room r ON r.room_id = m.room_id AND r.last_seq = s.seq "

/* Rows are either the position of a deleted message, or 0 and a list. */
static uint64_t count_terms(struct db_rows *rows) {
    bool is_deleted[SEARCH_SEGMENT] = {false};
    uint64_t terms = 0;
    while (db_next(rows))
        if (db_get_u64(rows, 0) > 0)
            is_deleted[search_offset(db_get_u64(rows, 0))] = true;
    db_seek(rows, 0);
    while (db_next(rows)) {
        const struct text positions = db_get_text(rows, 1);
        for (size_t i = 0; i + 2 <= positions.len; i += 2)
            terms += is_deleted[search_offset_read(positions.at + i)];
    }
    return terms;
}

/* Adds the terms of deleted messages in one segment. */
static enum error check_segment(struct db *db, uint64_t room_id, uint64_t segment,
                                uint64_t *terms) {
    static const char SQL[] =
        "SELECT m.position, '' FROM message m " UP_TO_DATE
        "WHERE m.room_id = ? AND m.position BETWEEN ? AND ? AND m.is_deleted UNION ALL "
        "SELECT 0, positions FROM search_posting WHERE room_id = ? AND segment = ?";
    const uint64_t before = segment * SEARCH_SEGMENT;
    struct db_rows *rows;
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id), db_u64(before + 1),
               db_u64(before + SEARCH_SEGMENT), db_u64(room_id), db_u64(segment));
    if (error)
        return error;
    *terms += count_terms(rows);
    db_done(rows);
    return ERROR_NONE;
}

enum error search_check_deleted(struct db *db, search_check_visit *visit, void *context) {
    static const char SQL[] =
        "SELECT DISTINCT m.room_id, (m.position - 1) DIV ? segment FROM message m " UP_TO_DATE
        "WHERE m.is_deleted ORDER BY m.room_id, segment";
    struct db_rows *segments;
    uint64_t room_id = 0, terms = 0;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &segments, db_u64(SEARCH_SEGMENT));
    if (error)
        return error;
    while (!error && db_next(segments)) {
        /* The segments of a room follow one another. */
        if (db_get_u64(segments, 0) != room_id && terms > 0)
            visit(context, room_id, terms);
        if (db_get_u64(segments, 0) != room_id)
            terms = 0;
        room_id = db_get_u64(segments, 0);
        error = check_segment(db, room_id, db_get_u64(segments, 1), &terms);
    }
    db_done(segments);
    if (!error && terms > 0)
        visit(context, room_id, terms);
    return error;
}
