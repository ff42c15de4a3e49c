/* Each change of the index is one transaction, which begins with the row of the room in
 * search_room: if its version is another than when the messages were read, another process was
 * quicker, and nothing is changed. New messages are read by position; those that were edited or
 * deleted since are found by the events. A room of which events have expired unread is read again
 * from its first message on; what it had is found until it is replaced. */
#include "store/messages/search_index.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/search_text.h"
#include "event/event.h"
#include "store/followers/follower.h"
#include "store/messages/search.h"
#include "store/transaction.h"

/* Messages of one transaction, and about how many bytes of them. */
#define BATCH 100
#define BATCH_BYTES ((size_t)256 * 1024)

/* The interval of thorough searches for changed rooms; the searches between them find rooms that
 * changed in the last seconds. */
#define THOROUGH_MS 10000
#define RECENT_SECONDS 5

/* The last event and message of a room, and those that are in its index. */
struct place {
    uint64_t room_id;
    bool exists, is_begun;
    uint64_t last_seq, oldest_seq, message_count;
    uint64_t seq, position, indexed, version;
};

static enum error read_place(struct db *db, uint64_t room_id, struct place *place) {
    static const char SQL[] =
        "SELECT r.last_seq, r.oldest_seq, r.message_count, s.room_id IS NOT NULL, s.seq, "
        "s.position, s.indexed, s.version "
        "FROM room r LEFT JOIN search_room s ON s.room_id = r.room_id "
        "WHERE r.room_id = ?";
    struct db_rows *rows;
    *place = (struct place){.room_id = room_id};
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(room_id));
    if (error)
        return error;
    if (db_next(rows))
        *place = (struct place){.room_id = room_id,
                                .exists = true,
                                .last_seq = db_get_u64(rows, 0),
                                .oldest_seq = db_get_u64(rows, 1),
                                .message_count = db_get_u64(rows, 2),
                                .is_begun = db_get_bool(rows, 3),
                                .seq = db_get_u64(rows, 4),
                                .position = db_get_u64(rows, 5),
                                .indexed = db_get_u64(rows, 6),
                                .version = db_get_u64(rows, 7)};
    db_done(rows);
    return ERROR_NONE;
}

/* Begins a room, or begins it again, at its present event: messages are read as they are now. */
static enum error begin_room(struct db *db, const struct place *place) {
    static const char SQL[] =
        "INSERT INTO search_room (room_id, seq, position, indexed, version) "
        "SELECT room_id, ?, 0, 0, 1 FROM room WHERE room_id = ? "
        "ON DUPLICATE KEY UPDATE seq = VALUES(seq), position = 0, "
        "version = search_room.version + 1";
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_u64(place->last_seq), db_u64(place->room_id));
}

/* ---- writing ---- */

/* Messages as JSON: [[position, microseconds, ["term", ...]], ...]; and whose terms are replaced:
 * [[first position, last position], ...], each within a block. */
struct batch {
    struct buffer json, former;
    struct fold fold;
    struct search_terms terms;
    uint64_t positions[BATCH];
    size_t count;
};

static void batch_free(struct batch *batch) {
    buffer_free(&batch->json);
    buffer_free(&batch->former);
    fold_free(&batch->fold);
    search_terms_free(&batch->terms);
}

static void add_message(struct batch *batch, uint64_t position, int64_t created_at,
                        struct text content) {
    for (size_t i = 0; i < batch->count; i++)
        if (batch->positions[i] == position)
            return;
    fold_text(&batch->fold, content);
    search_terms_of(&batch->terms, &batch->fold);
    buffer_printf(&batch->json, "%s[%" PRIu64 ",%" PRId64 ",[", batch->count > 0 ? "," : "[",
                  position, created_at);
    for (size_t i = 0; i < batch->terms.count; i++) {
        const struct text term = batch->terms.terms[i];
        buffer_append_str(&batch->json, i > 0 ? ",\"" : "\"");
        buffer_append(&batch->json, term.at, term.len);
        buffer_append_char(&batch->json, '"');
    }
    buffer_append_str(&batch->json, "]]");
    batch->positions[batch->count++] = position;
}

static void replace_terms(struct batch *batch, uint64_t first, uint64_t last) {
    buffer_printf(&batch->former, "%s[%" PRIu64 ",%" PRIu64 "]", batch->former.len > 0 ? "," : "[",
                  first, last);
}

/* Writes the terms of the messages. Conflict: another process was quicker. */
static enum error write_batch(struct db *db, struct place *place, struct batch *batch, uint64_t seq,
                              uint64_t position) {
    static const char SQL[] = TRANSACTION(
        "DECLARE p_room BIGINT UNSIGNED DEFAULT ?; DECLARE p_version BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_seq BIGINT UNSIGNED DEFAULT ?; DECLARE p_position BIGINT UNSIGNED DEFAULT ?; "
        "DECLARE p_block INT UNSIGNED DEFAULT ?; "
        "DECLARE p_former, p_rows LONGTEXT CHARACTER SET utf8mb4; "
        "DECLARE v_version BIGINT UNSIGNED; ",
        "SET p_former = ?; SET p_rows = ?; "
        "SELECT version INTO v_version FROM search_room WHERE room_id = p_room FOR UPDATE; "
        /* 13: conflict. */
        "IF NOT (v_version <=> p_version) THEN SET v_outcome = 13; LEAVE body; END IF; "
        /* Their former terms are not known, so all terms of the block are read. */
        "IF p_former <> '' THEN DELETE t FROM JSON_TABLE(p_former, '$[*]' COLUMNS ("
        "low INT UNSIGNED PATH '$[0]', high INT UNSIGNED PATH '$[1]')) j "
        "STRAIGHT_JOIN search_term t ON t.room_id = p_room AND t.block = (j.low - 1) DIV p_block "
        "AND t.position BETWEEN j.low AND j.high; END IF; "
        "INSERT INTO search_term (room_id, block, term, position, created_at) "
        "SELECT p_room, (j.p - 1) DIV p_block, j.t, j.p, "
        "'1970-01-01' + INTERVAL j.c MICROSECOND FROM JSON_TABLE(p_rows, '$[*]' COLUMNS ("
        "p INT UNSIGNED PATH '$[0]', c BIGINT PATH '$[1]', NESTED PATH '$[2][*]' COLUMNS ("
        "t VARCHAR(24) CHARACTER SET utf8mb4 PATH '$'))) j WHERE j.t IS NOT NULL; "
        "UPDATE search_room SET seq = p_seq, position = p_position, "
        "indexed = GREATEST(indexed, p_position), version = p_version + 1 WHERE room_id = p_room; ",
        "");
    struct db_rows *rows;
    buffer_append_str(&batch->json, batch->count > 0 ? "]" : "[]");
    if (batch->former.len > 0)
        buffer_append_char(&batch->former, ']');
    enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(place->room_id), db_u64(place->version),
               db_u64(seq), db_u64(position), db_u64(SEARCH_BLOCK),
               db_text((struct text){buffer_str(&batch->former), batch->former.len}),
               db_text((struct text){batch->json.data, batch->json.len}));
    if (error)
        return error;
    error = db_next(rows) ? (enum error)db_get_u64(rows, 0) : ERROR_INTERNAL;
    db_done(rows);
    if (!error) {
        place->seq = seq;
        place->position = position;
        place->version++;
    }
    return error;
}

/* ---- reading ---- */

/* The next messages, of one block. */
static enum error index_messages(struct db *db, struct place *place) {
    static const char SQL[] =
        "SELECT position, created_at, content FROM message "
        "WHERE room_id = ? AND position > ? AND position <= ? ORDER BY position LIMIT ?";
    struct batch batch = {.count = 0};
    struct db_rows *rows;
    uint64_t position = place->position;
    const uint64_t block_end = (position / SEARCH_BLOCK + 1) * SEARCH_BLOCK;
    const uint64_t end = block_end < place->message_count ? block_end : place->message_count;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(place->room_id),
                              db_u64(position), db_u64(end), db_u64(BATCH));
    if (error)
        return error;
    while (batch.json.len < BATCH_BYTES && db_next(rows)) {
        position = db_get_u64(rows, 0);
        /* A deleted message has no text. */
        add_message(&batch, position, db_get_time(rows, 1), db_get_text(rows, 2));
    }
    db_done(rows);
    /* A message is missing only if the room was deleted meanwhile. */
    if (batch.count == 0)
        position = end;
    if (place->position < place->indexed)
        replace_terms(&batch, place->position + 1, position);
    error = write_batch(db, place, &batch, place->seq, position);
    batch_free(&batch);
    return error;
}

/* The next messages that were changed. */
static enum error index_changes(struct db *db, struct place *place) {
    static const char SQL[] =
        "SELECT e.seq, m.position, m.created_at, m.content FROM event e "
        "JOIN message m ON m.message_id = e.subject_id AND m.room_id = e.room_id "
        "WHERE e.room_id = ? AND e.seq > ? AND e.seq <= ? AND m.position <= ? "
        "AND e.event_type IN (" EVENT_SQL(EVENT_MESSAGE_EDITED) ", " EVENT_SQL(
            EVENT_MESSAGE_DELETED) ") ORDER BY e.seq LIMIT ?";
    struct batch batch = {.count = 0};
    struct db_rows *rows;
    uint64_t seq = place->last_seq;
    enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(place->room_id), db_u64(place->seq),
               db_u64(place->last_seq), db_u64(place->position), db_u64(BATCH));
    if (error)
        return error;
    bool is_full = db_count(rows) == BATCH;
    while (db_next(rows)) {
        if (batch.json.len >= BATCH_BYTES) {
            is_full = true;
            break;
        }
        const uint64_t position = db_get_u64(rows, 1);
        const size_t count = batch.count;
        add_message(&batch, position, db_get_time(rows, 2), db_get_text(rows, 3));
        if (batch.count > count)
            replace_terms(&batch, position, position);
        seq = db_get_u64(rows, 0);
    }
    db_done(rows);
    /* Up to the end, unless there are more of them. */
    error = write_batch(db, place, &batch, is_full ? seq : place->last_seq, place->position);
    batch_free(&batch);
    return error;
}

/* Brings the index of a room up to date, until end_ms. *done: it is. */
static enum error index_room(struct db *db, uint64_t room_id, int64_t end_ms, bool *done) {
    struct place place;
    enum error error = read_place(db, room_id, &place);
    *done = !error && !place.exists;
    if (error || *done)
        return error;
    /* Events have expired before they were read, or the database was restored. */
    const bool is_lost =
        place.is_begun && (place.seq + 1 < place.oldest_seq || place.seq > place.last_seq ||
                           place.position > place.message_count);
    if (!error && (is_lost || !place.is_begun))
        error = begin_room(db, &place);
    if (!error && (is_lost || !place.is_begun))
        error = read_place(db, room_id, &place);
    while (!error && place.is_begun && clock_monotonic_ms() < end_ms &&
           (place.position < place.message_count || place.seq < place.last_seq))
        error = place.position < place.message_count ? index_messages(db, &place)
                                                     : index_changes(db, &place);
    *done = !error && place.position == place.message_count && place.seq == place.last_seq;
    /* Another process does it. */
    if (error == ERROR_CONFLICT) {
        *done = true;
        error = ERROR_NONE;
    }
    return error;
}

/* ---- steps ---- */

static enum error seconds_since_last(struct db *db, uint64_t *seconds) {
    /* A time in the future: the clock was set back. Without one, all rooms. */
    static const char SQL[] =
        "SELECT CAST(ABS(TIMESTAMPDIFF(SECOND, COALESCE((SELECT ran_at FROM housekeeping "
        "WHERE task = 'search'), '2000-01-01'), NOW(6))) AS UNSIGNED)";
    const enum error error = db_number(db, SQL, seconds);
    *seconds += FOLLOWER_LATE;
    return error;
}

static enum error note_look(struct db *db, int64_t looked_ms) {
    static const char SQL[] =
        "INSERT INTO housekeeping (task, ran_at) "
        "VALUES ('search', NOW(6) - INTERVAL ? * 1000 MICROSECOND) "
        "ON DUPLICATE KEY UPDATE ran_at = VALUES(ran_at)";
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL,
                  db_u64((uint64_t)(clock_monotonic_ms() - looked_ms)));
}

/* Finds rooms that have changed in the last seconds and are behind. */
static enum error find_rooms(struct db *db, struct search_index *index, uint64_t seconds) {
    static const char SQL[] =
        "SELECT c.room_id FROM (SELECT room_id FROM room "
        "WHERE last_active_at >= NOW(6) - INTERVAL ? SECOND UNION SELECT room_id FROM room "
        "WHERE changed_at >= NOW(6) - INTERVAL ? SECOND) c "
        "JOIN room r ON r.room_id = c.room_id LEFT JOIN search_room s ON s.room_id = c.room_id "
        "WHERE s.room_id IS NULL OR s.seq <> r.last_seq OR s.position <> r.message_count LIMIT ?";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(seconds), db_u64(seconds),
                                    db_u64(SEARCH_INDEX_ROOMS));
    index->count = index->next = 0;
    if (error)
        return error;
    while (db_next(rows))
        index->rooms[index->count++] = db_get_u64(rows, 0);
    db_done(rows);
    index->is_full = index->count == SEARCH_INDEX_ROOMS;
    return ERROR_NONE;
}

/* Finds what is to be done next. */
static enum error look(struct db *db, struct search_index *index, int64_t now) {
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
        error = look(db, index, now);
    while (!error && index->next < index->count && clock_monotonic_ms() < end) {
        bool done = false;
        error = index_room(db, index->rooms[index->next], end, &done);
        if (!done)
            break;
        index->next++;
    }
    /* All that had changed before a thorough look is done. */
    if (!error && index->next == index->count && !index->is_full && index->looking_ms) {
        error = note_look(db, index->looking_ms);
        index->looked_ms = index->looking_ms;
        index->looking_ms = 0;
    }
    /* After the last room, what came meanwhile. */
    *more = !error && index->count > 0;
    return error;
}

enum error search_index_rebuild(struct db *db, uint64_t room_id, uint64_t *messages) {
    struct place place;
    bool done = false;
    enum error error = read_place(db, room_id, &place);
    if (!error && !place.exists)
        error = ERROR_NOT_FOUND;
    *messages = place.message_count;
    if (!error)
        error = begin_room(db, &place);
    while (!error && !done)
        error = index_room(db, room_id, INT64_MAX, &done);
    return error;
}

enum error search_index_next_room(struct db *db, uint64_t after, uint64_t *room_id) {
    static const char SQL[] = "SELECT room_id FROM room WHERE room_id > ? ORDER BY room_id LIMIT 1";
    struct db_rows *rows;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(after));
    *room_id = 0;
    if (error)
        return error;
    if (db_next(rows))
        *room_id = db_get_u64(rows, 0);
    db_done(rows);
    return ERROR_NONE;
}

enum error search_index_purge(struct db *db, uint64_t room_id, uint64_t limit, uint64_t *deleted) {
    static const char ROOM[] = "DELETE FROM search_room WHERE room_id = ?";
    static const char TERMS[] = "DELETE FROM search_term WHERE room_id = ? LIMIT ?";
    static const char ROOMS[] = "DELETE FROM search_room LIMIT ?";
    static const char ALL[] = "DELETE FROM search_term LIMIT ?";
    *deleted = 0;
    /* The row first, so that a process that is indexing this room changes nothing any more. */
    enum error error = room_id ? DB_RUN(db, ROOM, DB_REPEATABLE, NULL, db_u64(room_id))
                               : DB_RUN(db, ROOMS, DB_REPEATABLE, NULL, db_u64(limit));
    if (!error && !room_id)
        *deleted = db_changed(db);
    if (error || *deleted > 0)
        return error;
    error = room_id ? DB_RUN(db, TERMS, DB_REPEATABLE, NULL, db_u64(room_id), db_u64(limit))
                    : DB_RUN(db, ALL, DB_REPEATABLE, NULL, db_u64(limit));
    *deleted = error ? 0 : db_changed(db);
    return error;
}
