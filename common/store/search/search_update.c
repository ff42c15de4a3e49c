/* Each change of the index is one transaction, which begins with the rows of its rooms in
 * search_progress: if the version of one has changed since the messages were read, another process
 * has updated the room, and nothing is written. New messages are read by position; those that were
 * edited or deleted since are found by the events. Rooms with few new messages share their
 * statements, so that on a busy site a message costs less than one statement. A room of which
 * events have expired before they were read is indexed again from its first message; until then
 * searches find the former rows. */
#include "store/search/search_update.h"

#include <inttypes.h>

#include "base/clock.h"
#include "event/event.h"
#include "store/search/search_batch.h"

/* A room with more new messages or events than this is updated by itself; at most MANY changed
 * messages are in one transaction. */
#define FEW 512
#define MANY 4000

/* Rows of whole segments that one statement deletes. */
#define TRIMMED 10000

/* The last event and message of a room, and those that are in its index. */
struct place {
    uint64_t room_id;
    bool exists, is_begun;
    uint64_t last_seq, oldest_seq, last_position, last_trimmed;
    uint64_t seq, position, indexed, trimmed, version;
};

/* Reads the places of rooms; one that does not exist any more stays as it is. The last position is
 * that of the last message that is due; with `is_all` all are. */
static enum error read_places(struct db *db, const uint64_t *rooms, size_t count, bool is_all,
                              struct place *places) {
    /* New messages are due if the room has become quiet or many have come. Fewer than before: the
     * room was restored from an older state. */
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN j.i - 1, r.last_seq, r.oldest_seq, "
        "IF(? OR r.last_active_at <= NOW(6) - INTERVAL ? SECOND "
        "OR r.message_count >= COALESCE(s.position, 0) + ? OR r.message_count < s.position, "
        "r.message_count, COALESCE(s.position, 0)), r.trimmed, "
        "s.room_id IS NOT NULL, s.seq, s.position, s.indexed, s.trimmed, s.version "
        "FROM JSON_TABLE(?, '$[*]' COLUMNS (i FOR ORDINALITY, id BIGINT UNSIGNED PATH '$')) j "
        "JOIN room r ON r.room_id = j.id LEFT JOIN search_progress s ON s.room_id = j.id";
    struct buffer list = BUFFER_EMPTY;
    struct db_rows *rows;
    for (size_t i = 0; i < count; i++)
        places[i] = (struct place){.room_id = rooms[i]};
    buffer_append_ids(&list, rooms, count);
    const enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_bool(is_all), db_u64(SEARCH_FRESH_SECONDS),
               db_u64(SEARCH_FRESH), db_text((struct text){list.data, list.len}));
    buffer_free(&list);
    if (error)
        return error;
    while (db_next(rows)) {
        struct place *place = &places[db_get_u64(rows, 0)];
        *place = (struct place){.room_id = place->room_id,
                                .exists = true,
                                .last_seq = db_get_u64(rows, 1),
                                .oldest_seq = db_get_u64(rows, 2),
                                .last_position = db_get_u64(rows, 3),
                                .last_trimmed = db_get_u64(rows, 4),
                                .is_begun = db_get_bool(rows, 5),
                                .seq = db_get_u64(rows, 6),
                                .position = db_get_u64(rows, 7),
                                .indexed = db_get_u64(rows, 8),
                                .trimmed = db_get_u64(rows, 9),
                                .version = db_get_u64(rows, 10)};
    }
    db_done(rows);
    return ERROR_NONE;
}

/* Events have expired before they were read, or the database was restored. */
static bool is_lost(const struct place *place) {
    return place->is_begun && (place->seq + 1 < place->oldest_seq || place->seq > place->last_seq ||
                               place->position > place->last_position);
}

static bool is_current(const struct place *place) {
    return place->position == place->last_position && place->seq == place->last_seq &&
           place->trimmed == place->last_trimmed;
}

/* Begins to index a room, or begins it again, at its last event: messages are read in their present
 * state. */
static enum error begin_room(struct db *db, const struct place *place) {
    /* `indexed` stays: the rows of the former index are known by it, and replaced. */
    static const char SQL[] =
        "INSERT INTO search_progress (room_id, seq, position, indexed, trimmed, version) "
        "SELECT room_id, ?, 0, 0, trimmed, 1 FROM room WHERE room_id = ? "
        "ON DUPLICATE KEY UPDATE seq = VALUES(seq), position = 0, "
        "version = search_progress.version + 1";
    return DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_u64(place->last_seq), db_u64(place->room_id));
}

/* Moves the mark of a room, in the batch and in memory. */
static void advance(struct search_batch *batch, struct place *place, uint64_t seq,
                    uint64_t position, uint64_t trimmed) {
    /* The copy in memory follows, so that the next batch has the version that this one leaves. */
    search_batch_advance(batch, place->room_id, place->version, seq, position, trimmed);
    place->seq = seq;
    place->position = position;
    place->trimmed = trimmed;
    place->version++;
}

/* Writes the batch and empties it, also after a failure. */
static enum error write_batch(struct db *db, struct search_batch *batch) {
    const enum error error = search_batch_write(db, batch);
    search_batch_free(batch);
    return error;
}

/* ---- one room ---- */

/* The next messages, of one segment. */
static enum error index_messages(struct db *db, struct place *place) {
    static const char SQL[] =
        "SELECT position, content FROM message "
        "WHERE room_id = ? AND position > ? AND position <= ? ORDER BY position LIMIT ?";
    struct search_batch batch = {.count = 0};
    struct db_rows *rows;
    uint64_t position = place->position;
    /* Within one segment, so that each of its rows is written once. */
    const uint64_t segment_end = (position / SEARCH_SEGMENT + 1) * SEARCH_SEGMENT;
    const uint64_t end = segment_end < place->last_position ? segment_end : place->last_position;
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(place->room_id),
                              db_u64(position), db_u64(end), db_u64(SEARCH_BATCH));
    if (error)
        return error;
    /* A deleted message has no text. */
    while (db_next(rows) &&
           search_batch_add(&batch, place->room_id, db_get_u64(rows, 0), db_get_text(rows, 1)))
        position = db_get_u64(rows, 0);
    db_done(rows);
    /* Messages are missing only if they were trimmed, or the room was deleted meanwhile. */
    if (batch.messages == 0)
        position = end;
    /* The room is read again: these messages have rows of the former index. */
    if (place->position < place->indexed)
        search_batch_remove(&batch, place->room_id, place->position + 1, position);
    advance(&batch, place, place->seq, position, place->trimmed);
    return write_batch(db, &batch);
}

/* The next messages that were changed. */
static enum error index_changes(struct db *db, struct place *place) {
    static const char SQL[] =
        "SELECT e.seq, m.position, m.content FROM event e "
        "JOIN message m ON m.message_id = e.subject_id AND m.room_id = e.room_id "
        "WHERE e.room_id = ? AND e.seq > ? AND e.seq <= ? AND m.position <= ? "
        "AND e.event_type IN (" EVENT_SQL(EVENT_MESSAGE_EDITED) ", " EVENT_SQL(
            EVENT_MESSAGE_DELETED) ") ORDER BY e.seq LIMIT ?";
    struct search_batch batch = {.count = 0};
    struct db_rows *rows;
    uint64_t seq = place->seq;
    enum error error =
        DB_RUN(db, SQL, DB_REPEATABLE, &rows, db_u64(place->room_id), db_u64(place->seq),
               db_u64(place->last_seq), db_u64(place->position), db_u64(MANY));
    if (error)
        return error;
    bool is_full = db_count(rows) == MANY;
    while (db_next(rows)) {
        const uint64_t position = db_get_u64(rows, 1);
        if (!search_batch_add(&batch, place->room_id, position, db_get_text(rows, 2))) {
            /* The rest is read by the next call, from `seq` on. */
            is_full = true;
            break;
        }
        search_batch_remove(&batch, place->room_id, position, position);
        seq = db_get_u64(rows, 0);
    }
    db_done(rows);
    /* Up to the end, unless there are more of them. */
    advance(&batch, place, is_full ? seq : place->last_seq, place->position, place->trimmed);
    return write_batch(db, &batch);
}

/* Removes messages that retention has deleted. */
static enum error index_trimmed(struct db *db, struct place *place) {
    static const char SQL[] =
        "DELETE FROM search_posting WHERE room_id = ? AND segment < ? LIMIT ?";
    struct search_batch batch = {.count = 0};
    /* Whole segments go by the key; in the segment where the trim ends, offsets are removed. */
    const uint64_t trimmed = place->last_trimmed, segment = search_segment(trimmed + 1);
    const uint64_t first = segment * SEARCH_SEGMENT + 1;
    enum error error = ERROR_NONE;
    for (uint64_t deleted = TRIMMED; !error && deleted == TRIMMED; deleted = db_changed(db))
        error = DB_RUN(db, SQL, DB_REPEATABLE, NULL, db_u64(place->room_id), db_u64(segment),
                       db_u64(TRIMMED));
    if (error)
        return error;
    if (first <= trimmed)
        search_batch_remove(&batch, place->room_id, first, trimmed);
    advance(&batch, place, place->seq, place->position, trimmed);
    return write_batch(db, &batch);
}

/* Brings the index of a room up to date, until end_ms. *done: it is. */
static enum error index_room(struct db *db, uint64_t room_id, bool is_all, int64_t end_ms,
                             bool *done) {
    struct place place;
    enum error error = read_places(db, &room_id, 1, is_all, &place);
    *done = !error && !place.exists;
    if (error || *done)
        return error;
    /* A new room, or one whose unread events are gone, is indexed from its beginning. */
    if (is_lost(&place) || !place.is_begun) {
        error = begin_room(db, &place);
        if (!error)
            error = read_places(db, &room_id, 1, is_all, &place);
    }
    /* New messages first, then removals by retention, then edits and deletions. */
    while (!error && place.is_begun && clock_monotonic_ms() < end_ms && !is_current(&place))
        error = place.position < place.last_position  ? index_messages(db, &place)
                : place.trimmed != place.last_trimmed ? index_trimmed(db, &place)
                                                      : index_changes(db, &place);
    *done = !error && is_current(&place);
    /* Another process is updating it. */
    if (error == ERROR_CONFLICT) {
        *done = true;
        error = ERROR_NONE;
    }
    return error;
}

enum error search_update_again(struct db *db, uint64_t room_id, uint64_t *messages) {
    struct place place;
    bool done = false;
    enum error error = read_places(db, &room_id, 1, true, &place);
    if (!error && !place.exists)
        error = ERROR_NOT_FOUND;
    *messages = place.last_position;
    if (!error)
        error = begin_room(db, &place);
    while (!error && !done)
        error = index_room(db, room_id, true, INT64_MAX, &done);
    return error;
}

/* ---- several rooms ---- */

/* Whether a room has so few changes that it is updated together with others. */
static bool is_small(const struct place *place) {
    return place->exists && place->is_begun && !is_lost(place) &&
           place->position >= place->indexed && place->last_position - place->position <= FEW &&
           place->last_seq - place->seq <= FEW && place->trimmed == place->last_trimmed;
}

static void list_pair(struct buffer *list, uint64_t room_id, uint64_t number) {
    buffer_printf(list, "%s[%" PRIu64 ",%" PRIu64 "]", list->len > 0 ? "," : "[", room_id, number);
}

/* Adds the messages of a list of pairs, which a statement reads: room, position and text. Those of
 * events were in the index before. */
static enum error add_list(struct db *db, const char *sql, struct search_batch *batch,
                           struct buffer *list, bool of_events, bool *fits) {
    struct db_rows *rows;
    if (list->len == 0)
        return ERROR_NONE;
    buffer_append_char(list, ']');
    const enum error error =
        DB_RUN(db, sql, DB_REPEATABLE, &rows, db_text((struct text){list->data, list->len}));
    if (error)
        return error;
    while (*fits && db_next(rows)) {
        const uint64_t room_id = db_get_u64(rows, 0), position = db_get_u64(rows, 1);
        *fits = search_batch_add(batch, room_id, position, db_get_text(rows, 2));
        /* The terms of the old text are removed, those of the new one were added above. */
        if (of_events)
            search_batch_remove(batch, room_id, position, position);
    }
    db_done(rows);
    return ERROR_NONE;
}

/* Brings small rooms up to date in one transaction. *fits: false if they are too much for one, and
 * nothing is changed. */
static enum error index_together(struct db *db, const struct place *places, size_t count,
                                 bool *fits) {
    static const char MESSAGES[] =
        "SELECT STRAIGHT_JOIN m.room_id, m.position, m.content "
        "FROM JSON_TABLE(?, '$[*]' COLUMNS (r BIGINT UNSIGNED PATH '$[0]', "
        "p BIGINT UNSIGNED PATH '$[1]')) j "
        "JOIN message m ON m.room_id = j.r AND m.position = j.p";
    /* A message that is not in the index yet is not read, or is among the new ones. */
    static const char EVENTS[] =
        "SELECT STRAIGHT_JOIN m.room_id, m.position, m.content "
        "FROM JSON_TABLE(?, '$[*]' COLUMNS (r BIGINT UNSIGNED PATH '$[0]', "
        "s BIGINT UNSIGNED PATH '$[1]')) j "
        "JOIN event e ON e.room_id = j.r AND e.seq = j.s "
        "AND e.event_type IN (" EVENT_SQL(EVENT_MESSAGE_EDITED) ", " EVENT_SQL(
            EVENT_MESSAGE_DELETED) ") "
        "JOIN search_progress s ON s.room_id = e.room_id "
        "JOIN message m ON m.message_id = e.subject_id AND m.room_id = e.room_id "
        "AND m.position <= s.position";
    struct search_batch batch = {.count = 0};
    struct buffer fresh = BUFFER_EMPTY, events = BUFFER_EMPTY;
    for (size_t i = 0; i < count; i++) {
        /* On a copy: if the rooms do not fit together, each is done by itself from its old
         * place. */
        struct place place = places[i];
        for (uint64_t at = place.position + 1; at <= place.last_position; at++)
            list_pair(&fresh, place.room_id, at);
        /* All numbers since the last one; the statement keeps those that are edits or deletions. */
        for (uint64_t at = place.seq + 1; at <= place.last_seq; at++)
            list_pair(&events, place.room_id, at);
        advance(&batch, &place, place.last_seq, place.last_position, place.trimmed);
    }
    *fits = true;
    enum error error = add_list(db, MESSAGES, &batch, &fresh, false, fits);
    if (!error && *fits)
        error = add_list(db, EVENTS, &batch, &events, true, fits);
    if (!error && *fits)
        error = search_batch_write(db, &batch);
    search_batch_free(&batch);
    buffer_free(&fresh);
    buffer_free(&events);
    /* Another process is updating it. */
    return error == ERROR_CONFLICT ? ERROR_NONE : error;
}

/* How many rooms, from the first one on, fit into one transaction. */
static size_t count_small(const struct place *places, size_t count) {
    size_t small = 0;
    uint64_t changes = 0;
    for (; small < count && is_small(&places[small]); small++) {
        const struct place *place = &places[small];
        /* New messages, and the most that the new events may have changed. */
        changes += place->last_position - place->position + place->last_seq - place->seq;
        if (changes > SEARCH_BATCH)
            break;
    }
    return small;
}

enum error search_update_rooms(struct db *db, const uint64_t *rooms, size_t count, int64_t end_ms,
                               size_t *done) {
    struct place places[SEARCH_UPDATE_ROOMS];
    bool is_done = true;
    *done = 0;
    enum error error = read_places(db, rooms, count, false, places);
    while (!error && is_done && *done < count && clock_monotonic_ms() < end_ms) {
        const size_t small = count_small(places + *done, count - *done);
        bool fits = false;
        if (small > 0)
            error = index_together(db, places + *done, small, &fits);
        if (!error && fits) {
            *done += small;
        } else if (!error) {
            /* The first room has many changes, or the small rooms do not fit into one batch. */
            error = index_room(db, rooms[*done], false, end_ms, &is_done);
            *done += is_done;
        }
    }
    return error;
}
