/* Messages are read in two steps: first their texts, since many may not match; then all columns of
 * those that match, when they are shown. */
#include <stdlib.h>

#include "base/array.h"
#include "store/search/search_private.h"

/* Messages that are read at once without the index; more only if they are not in it. */
enum { SCAN = 512, SCAN_MOST = 2048 };

/* ---- texts ---- */

/* Whether a text contains an address of the web. */
static bool has_link(struct text content) {
    static const char *const SCHEMES[] = {"http://", "https://"};
    /* A scheme alone is not a link: something must follow. */
    for (size_t i = 0; i < content.len; i++)
        for (size_t s = 0; s < 2; s++) {
            const struct text scheme = text_of(SCHEMES[s]);
            if (content.len - i > scheme.len &&
                text_equals_nocase((struct text){content.at + i, scheme.len}, scheme))
                return true;
        }
    return false;
}

#define TEXT_COLUMNS                                                                          \
    "m.room_id, m.position, m.created_at, m.sender_id, m.message_type IN (2, 3) AND EXISTS (" \
    "SELECT 1 FROM file WHERE message_id = m.message_id AND state <> 4), m.content, m.is_deleted"

/* Whether the current row, of TEXT_COLUMNS, is what was searched for. */
static bool matches_row(struct search_run *run, const struct db_rows *rows) {
    const struct search *search = run->search;
    struct search_match matches[SEARCH_MATCHES_MOST];
    const struct text content = db_get_text(rows, 5);
    size_t count;
    /* Folding the text costs most, so the other conditions come first. */
    if (db_get_bool(rows, 6) || (search->from_id && db_get_u64(rows, 3) != search->from_id))
        return false;
    if (search->has == SEARCH_HAS_FILE && !db_get_bool(rows, 4))
        return false;
    if (search->has == SEARCH_HAS_LINK && !has_link(content))
        return false;
    fold_text(&run->fold, content);
    return search_query_match(search->query, &run->fold, matches, &count);
}

static int order_places(const void *a, const void *b) {
    return search_compare(a, b);
}

/* Takes rows of TEXT_COLUMNS, of the first `count` rooms, and frees them: lowers the bounds of the
 * rooms to the oldest messages, and keeps those that match. Their number. */
static size_t take_texts(struct search_run *run, size_t count, struct db_rows *rows) {
    const struct search *search = run->search;
    size_t matches = 0, at = 0;
    while (db_next(rows)) {
        const struct search_place place = {db_get_time(rows, 2), db_get_u64(rows, 0),
                                           db_get_u64(rows, 1)};
        /* Mostly the same room as for the row before. */
        for (size_t i = 0; i < count && run->rooms[at].id != place.room_id; i++)
            at = (at + 1) % count;
        struct search_room *room = &run->rooms[at];
        /* The rows come in any order: the bound moves down to the oldest of them. */
        if (search_compare(&room->bound, &place) < 0)
            room->bound = place;
        if (place.at <= search->after) {
            /* All other messages of the room are too old. */
            room->position = room->hidden;
            room->candidate_count = 0;
        } else if (search_compare(&place, &search->place) > 0 && matches_row(run, rows)) {
            run->found =
                array_reserve(run->found, &run->found_space, run->found_count + 1, sizeof(place));
            run->found[run->found_count++] = place;
            matches++;
        }
    }
    db_done(rows);
    /* Those before `next` have been shown; all new ones come after them. */
    if (matches > 0)
        qsort(run->found + run->next, run->found_count - run->next, sizeof(*run->found),
              order_places);
    return matches;
}

#define PART "(m.room_id = ? AND m.position BETWEEN ? AND ?)"
#define PART_OR PART " OR "
#define PART_OR_7 PART_OR PART_OR PART_OR PART_OR PART_OR PART_OR PART_OR
#define PART_OR_8 PART_OR_7 PART_OR
#define PARTS_64 \
    PART_OR_8 PART_OR_8 PART_OR_8 PART_OR_8 PART_OR_8 PART_OR_8 PART_OR_8 PART_OR_7 PART

enum error search_read_newest(struct search_run *run, size_t count, bool is_scan, size_t *matches) {
    /* Ranges of the primary key, written out: a row costs half as much as one that is looked up. */
    static const char SQL[] =
        "SELECT " TEXT_COLUMNS " FROM message m FORCE INDEX (PRIMARY) WHERE " PARTS_64;
    struct db_value values[SEARCH_PICKED * 3];
    struct db_rows *rows;
    uint64_t listed = 0;
    size_t n = 0;
    for (size_t i = 0; i < SEARCH_PICKED; i++) {
        /* Parts of the statement that no room uses ask for room 0, which does not exist. */
        struct search_room *room = &run->rooms[i < count ? i : 0];
        const uint64_t left = room->position - room->hidden;
        const uint64_t known = room->indexed > room->hidden ? room->indexed : room->hidden;
        const uint64_t fresh = room->position > known ? room->position - known : 0;
        uint64_t here = is_scan && count > 0 ? SCAN / count : 0;
        /* Messages that are not in the index have to be read, SCAN of them at a time. */
        if (here < fresh)
            here = fresh < SCAN ? fresh : SCAN;
        if (here > left)
            here = left;
        /* Rooms that do not fit are left as they are, and are read by the next step. */
        if (i >= count || listed >= SCAN_MOST)
            here = 0;
        values[n++] = db_u64(here > 0 ? room->id : 0);
        values[n++] = db_u64(room->position - here + 1);
        values[n++] = db_u64(room->position);
        room->position -= here;
        listed += here;
    }
    run->budget.work += count;
    const enum error error = db_run(run->db, SQL, DB_REPEATABLE, values, n, &rows);
    *matches = error ? 0 : take_texts(run, count, rows);
    return error;
}

enum error search_read_candidates(struct search_run *run, size_t count) {
    static const char SQL[] = "SELECT STRAIGHT_JOIN " TEXT_COLUMNS
                              " FROM JSON_TABLE(?, '$[*]' COLUMNS (r BIGINT UNSIGNED PATH '$[1]', "
                              "p BIGINT UNSIGNED PATH '$[2]')) j "
                              "JOIN message m ON m.room_id = j.r AND m.position = j.p";
    struct buffer list = BUFFER_EMPTY;
    struct db_rows *rows;
    /* The number of rooms with candidates, by which the reads are divided. */
    size_t rooms = 0;
    for (size_t i = 0; i < count; i++)
        rooms += run->rooms[i].candidate_count > 0;
    /* The reads are shared out among the rooms, at least one message of each. */
    for (size_t i = 0; i < count; i++) {
        struct search_room *room = &run->rooms[i];
        for (size_t k = 0; (k == 0 || k < SEARCH_READ / rooms) && room->candidate_count > 0; k++) {
            search_list(&list, i, room->id, room->candidates[--room->candidate_count]);
            run->budget.work++;
        }
    }
    if (list.len == 0)
        return ERROR_NONE;
    buffer_append_char(&list, ']');
    const enum error error =
        DB_RUN(run->db, SQL, DB_REPEATABLE, &rows, db_text((struct text){list.data, list.len}));
    buffer_free(&list);
    if (!error)
        take_texts(run, count, rows);
    return error;
}

/* ---- results ---- */

/* Visits a message whose text has matched, in its present state. */
static void show(struct search_run *run, const struct search_room *room, struct message *message) {
    struct search_match matches[SEARCH_MATCHES_MOST];
    struct search_result result = {.message = message,
                                   .room_name = {run->names.data + room->name, room->name_len},
                                   .matches = matches};
    /* It may have been edited or deleted since its text was read. */
    if (!message_show_to(message, room->hidden) || message->is_deleted)
        return;
    fold_text(&run->fold, message->content);
    if (!search_query_match(run->search->query, &run->fold, matches, &result.match_count))
        return;
    /* A result that the caller has no space for is the first of the next page. */
    if (run->visit(run->context, &result))
        run->shown++;
    else
        run->is_full = true;
}

/* Shows a list of messages in their present state. If the page is full before one of them, *done is
 * its index. */
static enum error show_list(struct search_run *run, struct buffer *list, size_t *done) {
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN " MESSAGE_COLUMNS("?") ", j.i, j.r "
        "FROM JSON_TABLE(?, '$[*]' COLUMNS ("
        "i INT UNSIGNED PATH '$[0]', r BIGINT UNSIGNED PATH '$[1]', "
        "p BIGINT UNSIGNED PATH '$[2]')) j "
        "JOIN message m ON m.room_id = j.r AND m.position = j.p "
        "JOIN user s ON s.user_id = m.sender_id " MESSAGE_QUOTE_JOIN MESSAGE_QUOTE_NAME_JOIN
        "ORDER BY j.i";
    struct db_rows *rows;
    struct message message;
    buffer_append_char(list, ']');
    const enum error error =
        DB_RUN(run->db, SQL, DB_REPEATABLE, &rows, db_u64(run->search->user_id),
               db_text((struct text){list->data, list->len}));
    if (error)
        return error;
    while (!run->is_full && db_next(rows)) {
        message_from_row(rows, 0, db_get_u64(rows, MESSAGE_COLUMN_COUNT + 1), &message);
        show(run, search_rooms_find(run, message.room_id), &message);
        /* The visitor has refused this message: the next page begins with it. */
        if (run->is_full)
            *done = (size_t)db_get_u64(rows, MESSAGE_COLUMN_COUNT);
    }
    db_done(rows);
    return ERROR_NONE;
}

enum error search_show(struct search_run *run, const struct search_place *bound) {
    enum error error = ERROR_NONE;
    while (!error && !run->is_full) {
        const struct search_place *found = run->found + run->next;
        struct buffer list = BUFFER_EMPTY;
        size_t count = 0;
        /* Results after the bound are not final: a room may still have a newer one. */
        while (run->next + count < run->found_count && count < SEARCH_READ &&
               run->shown + count < run->search->limit &&
               search_compare(&found[count], bound) <= 0) {
            search_list(&list, count, found[count].room_id, found[count].position);
            count++;
        }
        if (count == 0)
            return ERROR_NONE;
        error = show_list(run, &list, &count);
        buffer_free(&list);
        /* The next page begins after the last message that was shown. */
        if (!error && count > 0)
            run->search->place = found[count - 1];
        run->next += error ? 0 : count;
    }
    return error;
}
