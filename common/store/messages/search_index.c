/* Each change of the index is one transaction, which begins with the rows of its rooms in
 * search_room: if the version of one is another than when the messages were read, another process
 * was quicker, and nothing is changed. New messages are read by position; those that were edited or
 * deleted since are found by the events. Rooms with little that is new share their statements, so
 * that a message of a busy site costs less than one statement. A room of which events have expired
 * unread is read again from its first message on; what it had is found until it is replaced. */
#include "store/messages/search_index.h"

#include <inttypes.h>

#include "base/clock.h"
#include "event/event.h"
#include "store/followers/follower.h"
#include "store/messages/search.h"
#include "store/transaction.h"
#include "unicode/search_text.h"

/* Messages of one transaction, and about how many bytes of them. */
#define BATCH 500
#define BATCH_BYTES ((size_t)512 * 1024)

/* A room with more new messages or events than this is read by itself. */
#define SMALL 100

/* Rooms that are looked at together. */
#define GROUP 50

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

/* Reads the places of rooms; one that does not exist any more stays as it is. */
static enum error read_places(struct db *db, const uint64_t *rooms, size_t count,
                              struct place *places) {
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN j.i - 1, r.last_seq, r.oldest_seq, r.message_count, "
        "s.room_id IS NOT NULL, s.seq, s.position, s.indexed, s.version "
        "FROM JSON_TABLE(?, '$[*]' COLUMNS (i FOR ORDINALITY, id BIGINT UNSIGNED PATH '$')) j "
        "JOIN room r ON r.room_id = j.id LEFT JOIN search_room s ON s.room_id = j.id";
    struct buffer list = BUFFER_EMPTY;
    struct db_rows *rows;
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&list, "%s%" PRIu64, i > 0 ? "," : "[", rooms[i]);
        places[i] = (struct place){.room_id = rooms[i]};
    }
    buffer_append_char(&list, ']');
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_text((struct text){list.data, list.len}));
    buffer_free(&list);
    if (error)
        return error;
    while (db_next(rows)) {
        struct place *place = &places[db_get_u64(rows, 0)];
        *place = (struct place){.room_id = place->room_id,
                                .exists = true,
                                .last_seq = db_get_u64(rows, 1),
                                .oldest_seq = db_get_u64(rows, 2),
                                .message_count = db_get_u64(rows, 3),
                                .is_begun = db_get_bool(rows, 4),
                                .seq = db_get_u64(rows, 5),
                                .position = db_get_u64(rows, 6),
                                .indexed = db_get_u64(rows, 7),
                                .version = db_get_u64(rows, 8)};
    }
    db_done(rows);
    return ERROR_NONE;
}

/* Events have expired before they were read, or the database was restored. */
static bool is_lost(const struct place *place) {
    return place->is_begun && (place->seq + 1 < place->oldest_seq || place->seq > place->last_seq ||
                               place->position > place->message_count);
}

static bool is_current(const struct place *place) {
    return place->position == place->message_count && place->seq == place->last_seq;
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

/* Messages as JSON: [[room, position, microseconds, ["term", ...]], ...]; whose terms are replaced:
 * [[room, first position, last position], ...], each within a block; and how far the rooms are
 * then: [[room, version so far, seq, position], ...]. */
struct batch {
    struct buffer rows, former, places;
    struct fold fold;
    struct search_terms terms;
    struct {
        uint64_t room_id, position;
    } messages[BATCH];
    size_t count, place_count;
};

static void batch_free(struct batch *batch) {
    buffer_free(&batch->rows);
    buffer_free(&batch->former);
    buffer_free(&batch->places);
    fold_free(&batch->fold);
    search_terms_free(&batch->terms);
}

/* False if the batch is full. A message that is in it already is not added again. */
static bool add_message(struct batch *batch, uint64_t room_id, uint64_t position,
                        int64_t created_at, struct text content, bool *is_new) {
    *is_new = false;
    for (size_t i = 0; i < batch->count; i++)
        if (batch->messages[i].position == position && batch->messages[i].room_id == room_id)
            return true;
    if (batch->count == BATCH || batch->rows.len >= BATCH_BYTES)
        return false;
    *is_new = true;
    fold_text(&batch->fold, content);
    search_terms_of(&batch->terms, &batch->fold);
    buffer_printf(&batch->rows, "%s[%" PRIu64 ",%" PRIu64 ",%" PRId64 ",[",
                  batch->count > 0 ? "," : "[", room_id, position, created_at);
    for (size_t i = 0; i < batch->terms.count; i++) {
        const struct text term = batch->terms.terms[i];
        buffer_append_str(&batch->rows, i > 0 ? ",\"" : "\"");
        buffer_append(&batch->rows, term.at, term.len);
        buffer_append_char(&batch->rows, '"');
    }
    buffer_append_str(&batch->rows, "]]");
    batch->messages[batch->count].room_id = room_id;
    batch->messages[batch->count++].position = position;
    return true;
}

static void replace_terms(struct batch *batch, uint64_t room_id, uint64_t first, uint64_t last) {
    buffer_printf(&batch->former, "%s[%" PRIu64 ",%" PRIu64 ",%" PRIu64 "]",
                  batch->former.len > 0 ? "," : "[", room_id, first, last);
}

/* The room has come this far once the batch is written. */
static void advance(struct batch *batch, struct place *place, uint64_t seq, uint64_t position) {
    buffer_printf(&batch->places, "%s[%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "]",
                  batch->place_count > 0 ? "," : "[", place->room_id, place->version, seq,
                  position);
    batch->place_count++;
    place->seq = seq;
    place->position = position;
    place->version++;
}

static struct db_value list_value(struct buffer *list) {
    buffer_append_str(list, list->len > 0 ? "]" : "[]");
    return db_text((struct text){list->data, list->len});
}

/* Writes the batch. Conflict: another process was quicker in one of the rooms. */
static enum error write_batch(struct db *db, struct batch *batch) {
    static const char SQL[] = TRANSACTION(
        "DECLARE p_block, p_count INT UNSIGNED; "
        "DECLARE p_places, p_former, p_rows LONGTEXT CHARACTER SET utf8mb4; "
        "DECLARE v_count INT UNSIGNED; ",
        "SET p_block = ?; SET p_count = ?; SET p_places = ?; SET p_former = ?; SET p_rows = ?; "
        "SELECT COUNT(s.room_id) INTO v_count FROM JSON_TABLE(p_places, '$[*]' COLUMNS ("
        "r BIGINT UNSIGNED PATH '$[0]', v BIGINT UNSIGNED PATH '$[1]')) j "
        "STRAIGHT_JOIN search_room s ON s.room_id = j.r AND s.version = j.v FOR UPDATE; "
        /* 13: conflict. */
        "IF v_count <> p_count THEN SET v_outcome = 13; LEAVE body; END IF; "
        /* Their former terms are not known, so all terms of the block are read. */
        "IF p_former <> '[]' THEN DELETE t FROM JSON_TABLE(p_former, '$[*]' COLUMNS ("
        "r BIGINT UNSIGNED PATH '$[0]', low INT UNSIGNED PATH '$[1]', "
        "high INT UNSIGNED PATH '$[2]')) j "
        "STRAIGHT_JOIN search_term t ON t.room_id = j.r AND t.block = (j.low - 1) DIV p_block "
        "AND t.position BETWEEN j.low AND j.high; END IF; "
        "INSERT INTO search_term (room_id, block, term, position, created_at) "
        "SELECT j.r, (j.p - 1) DIV p_block, j.t, j.p, "
        "'1970-01-01' + INTERVAL j.c MICROSECOND FROM JSON_TABLE(p_rows, '$[*]' COLUMNS ("
        "r BIGINT UNSIGNED PATH '$[0]', p INT UNSIGNED PATH '$[1]', c BIGINT PATH '$[2]', "
        "NESTED PATH '$[3][*]' COLUMNS (t VARCHAR(24) CHARACTER SET utf8mb4 PATH '$'))) j "
        "WHERE j.t IS NOT NULL; "
        "UPDATE JSON_TABLE(p_places, '$[*]' COLUMNS (r BIGINT UNSIGNED PATH '$[0]', "
        "s BIGINT UNSIGNED PATH '$[2]', p BIGINT UNSIGNED PATH '$[3]')) j "
        "STRAIGHT_JOIN search_room s ON s.room_id = j.r SET s.seq = j.s, s.position = j.p, "
        "s.indexed = GREATEST(s.indexed, j.p), s.version = s.version + 1; ",
        "");
    struct db_rows *rows;
    const size_t count = batch->place_count;
    enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(SEARCH_BLOCK), db_u64(count),
               list_value(&batch->places), list_value(&batch->former), list_value(&batch->rows));
    if (error)
        return error;
    transaction_row(rows, &error);
    db_done(rows);
    return error;
}

/* ---- one room ---- */

/* The next messages, of one block. */
static enum error index_messages(struct db *db, struct place *place) {
    static const char SQL[] =
        "SELECT position, created_at, content FROM message "
        "WHERE room_id = ? AND position > ? AND position <= ? ORDER BY position LIMIT ?";
    struct db_rows *rows;
    uint64_t position = place->position;
    const uint64_t block_end = (position / SEARCH_BLOCK + 1) * SEARCH_BLOCK;
    const uint64_t end = block_end < place->message_count ? block_end : place->message_count;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(place->room_id),
                              db_u64(position), db_u64(end), db_u64(BATCH));
    if (error)
        return error;
    struct batch batch = {.count = 0};
    bool is_new = true;
    /* A deleted message has no text. */
    while (db_next(rows) && add_message(&batch, place->room_id, db_get_u64(rows, 0),
                                        db_get_time(rows, 1), db_get_text(rows, 2), &is_new))
        position = db_get_u64(rows, 0);
    db_done(rows);
    /* A message is missing only if the room was deleted meanwhile. */
    if (batch.count == 0)
        position = end;
    if (place->position < place->indexed)
        replace_terms(&batch, place->room_id, place->position + 1, position);
    advance(&batch, place, place->seq, position);
    error = write_batch(db, &batch);
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
    struct db_rows *rows;
    uint64_t seq = place->seq;
    enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(place->room_id), db_u64(place->seq),
               db_u64(place->last_seq), db_u64(place->position), db_u64(BATCH));
    if (error)
        return error;
    struct batch batch = {.count = 0};
    bool is_full = db_count(rows) == BATCH;
    while (db_next(rows)) {
        const uint64_t position = db_get_u64(rows, 1);
        bool is_new;
        if (!add_message(&batch, place->room_id, position, db_get_time(rows, 2),
                         db_get_text(rows, 3), &is_new)) {
            is_full = true;
            break;
        }
        if (is_new)
            replace_terms(&batch, place->room_id, position, position);
        seq = db_get_u64(rows, 0);
    }
    db_done(rows);
    /* Up to the end, unless there are more of them. */
    advance(&batch, place, is_full ? seq : place->last_seq, place->position);
    error = write_batch(db, &batch);
    batch_free(&batch);
    return error;
}

/* Brings the index of a room up to date, until end_ms. *done: it is. */
static enum error index_room(struct db *db, uint64_t room_id, int64_t end_ms, bool *done) {
    struct place place;
    enum error error = read_places(db, &room_id, 1, &place);
    *done = !error && !place.exists;
    if (error || *done)
        return error;
    if (is_lost(&place) || !place.is_begun) {
        error = begin_room(db, &place);
        if (!error)
            error = read_places(db, &room_id, 1, &place);
    }
    while (!error && place.is_begun && clock_monotonic_ms() < end_ms && !is_current(&place))
        error = place.position < place.message_count ? index_messages(db, &place)
                                                     : index_changes(db, &place);
    *done = !error && is_current(&place);
    /* Another process does it. */
    if (error == ERROR_CONFLICT) {
        *done = true;
        error = ERROR_NONE;
    }
    return error;
}

/* ---- several rooms ---- */

/* Whether all that is new in a room is little: it is done together with others. */
static bool is_small(const struct place *place) {
    return place->exists && place->is_begun && !is_lost(place) &&
           place->position >= place->indexed && place->message_count - place->position <= SMALL &&
           place->last_seq - place->seq <= SMALL;
}

/* Messages and events that are new, at most. */
static size_t news_of(const struct place *place) {
    return (size_t)(place->message_count - place->position + place->last_seq - place->seq);
}

static void list_pair(struct buffer *list, uint64_t room_id, uint64_t number) {
    buffer_printf(list, "%s[%" PRIu64 ",%" PRIu64 "]", list->len > 0 ? "," : "[", room_id, number);
}

/* Adds the messages of a list of [room, position]. */
static enum error add_new(struct db *db, struct batch *batch, struct buffer *list, bool *fits) {
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN m.room_id, m.position, m.created_at, m.content "
        "FROM JSON_TABLE(?, '$[*]' COLUMNS (r BIGINT UNSIGNED PATH '$[0]', "
        "p BIGINT UNSIGNED PATH '$[1]')) j "
        "JOIN message m ON m.room_id = j.r AND m.position = j.p";
    struct db_rows *rows;
    if (list->len == 0)
        return ERROR_NONE;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, list_value(list));
    if (error)
        return error;
    while (*fits && db_next(rows)) {
        bool is_new;
        *fits = add_message(batch, db_get_u64(rows, 0), db_get_u64(rows, 1), db_get_time(rows, 2),
                            db_get_text(rows, 3), &is_new);
    }
    db_done(rows);
    return ERROR_NONE;
}

/* Adds the messages that the events of a list of [room, seq] have changed. One that is not in the
 * index yet is among the new ones. */
static enum error add_changed(struct db *db, struct batch *batch, struct buffer *list, bool *fits) {
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN m.room_id, m.position, m.created_at, m.content "
        "FROM JSON_TABLE(?, '$[*]' COLUMNS (r BIGINT UNSIGNED PATH '$[0]', "
        "s BIGINT UNSIGNED PATH '$[1]')) j "
        "JOIN event e ON e.room_id = j.r AND e.seq = j.s "
        "AND e.event_type IN (" EVENT_SQL(EVENT_MESSAGE_EDITED) ", " EVENT_SQL(
            EVENT_MESSAGE_DELETED) ") "
        "JOIN message m ON m.message_id = e.subject_id AND m.room_id = e.room_id";
    struct db_rows *rows;
    if (list->len == 0)
        return ERROR_NONE;
    const enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, list_value(list));
    if (error)
        return error;
    while (*fits && db_next(rows)) {
        const uint64_t room_id = db_get_u64(rows, 0), position = db_get_u64(rows, 1);
        bool is_new;
        *fits = add_message(batch, room_id, position, db_get_time(rows, 2), db_get_text(rows, 3),
                            &is_new);
        if (*fits && is_new)
            replace_terms(batch, room_id, position, position);
    }
    db_done(rows);
    return ERROR_NONE;
}

/* Brings small rooms up to date in one transaction. *fits: false if they are too much for one, and
 * nothing is changed. */
static enum error index_together(struct db *db, const struct place *places, size_t count,
                                 bool *fits) {
    struct batch batch = {.count = 0};
    struct buffer fresh = BUFFER_EMPTY, events = BUFFER_EMPTY;
    for (size_t i = 0; i < count; i++) {
        struct place place = places[i];
        for (uint64_t at = place.position + 1; at <= place.message_count; at++)
            list_pair(&fresh, place.room_id, at);
        for (uint64_t at = place.seq + 1; at <= place.last_seq; at++)
            list_pair(&events, place.room_id, at);
        advance(&batch, &place, place.last_seq, place.message_count);
    }
    *fits = true;
    /* The new ones first: one that was changed since is no former one. */
    enum error error = add_new(db, &batch, &fresh, fits);
    if (!error && *fits)
        error = add_changed(db, &batch, &events, fits);
    if (!error && *fits)
        error = write_batch(db, &batch);
    batch_free(&batch);
    buffer_free(&fresh);
    buffer_free(&events);
    /* Another process does it. */
    return error == ERROR_CONFLICT ? ERROR_NONE : error;
}

/* How many rooms, from the first one on, fit into one transaction. */
static size_t count_small(const struct place *places, size_t count) {
    size_t small = 0, news = 0;
    while (small < count && is_small(&places[small])) {
        news += news_of(&places[small]);
        if (news > BATCH)
            break;
        small++;
    }
    return small;
}

/* Brings rooms up to date, until end_ms: those with little news together, others one by one.
 * *done: how many of the first are. */
static enum error index_rooms(struct db *db, const uint64_t *rooms, size_t count, int64_t end_ms,
                              size_t *done) {
    struct place places[GROUP];
    bool is_done = true;
    *done = 0;
    enum error error = read_places(db, rooms, count, places);
    while (!error && is_done && *done < count && clock_monotonic_ms() < end_ms) {
        const size_t small = count_small(places + *done, count - *done);
        bool fits = false;
        if (small > 0)
            error = index_together(db, places + *done, small, &fits);
        if (!error && fits) {
            *done += small;
        } else if (!error) {
            error = index_room(db, rooms[*done], end_ms, &is_done);
            *done += is_done;
        }
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
        const size_t left = index->count - index->next;
        size_t done = 0;
        error =
            index_rooms(db, index->rooms + index->next, left < GROUP ? left : GROUP, end, &done);
        if (done == 0)
            break;
        index->next += done;
    }
    const bool is_finished = index->next == index->count && !index->is_full;
    /* All that had changed before a thorough look is done. */
    if (!error && is_finished && index->looking_ms) {
        error = note_look(db, index->looking_ms);
        index->looked_ms = index->looking_ms;
        index->looking_ms = 0;
    }
    /* What came meanwhile is left to the next call: it is more then, for the same statements. */
    *more = !error && !is_finished;
    return error;
}

enum error search_index_rebuild(struct db *db, uint64_t room_id, uint64_t *messages) {
    struct place place;
    bool done = false;
    enum error error = read_places(db, &room_id, 1, &place);
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
