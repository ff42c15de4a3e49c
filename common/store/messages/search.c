/* A search begins with the newest messages of the user's rooms, which are read and compared with
 * the query as long as many of them match: words and beginnings of words that most messages have
 * would cost most by the index. Then it goes through the blocks of the rooms, those with
 * the newest messages first. The index gives the candidates of some blocks; those that are newer
 * than all blocks to come are read and compared, newest first. Each room has a bound: all its
 * results that were not found yet come after it. */
#include "store/messages/search.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/xalloc.h"

/* Messages that are read at once without the index, and of how many rooms; and how many of them
 * must match for the next ones to be read so. */
enum { SCAN = 512, SCAN_ROOMS = 128, SCAN_MATCHES = 5 };

/* Blocks that one statement looks at. */
enum { SLOTS = 64 };

/* Candidates of one statement, and messages that are read at a time. */
enum { CANDIDATES = 1000, READ = 64 };

/* A search reads at least this many blocks and messages, so that a small one is complete even on a
 * busy machine; unless they take so many times the budget, as texts and queries made for it do. */
enum { WORK_LEAST = 300, BUDGETS_MOST = 20 };

struct search_room {
    uint64_t id;
    uint64_t position;         /* the last one that was not looked at */
    bool is_done;              /* nothing is left */
    struct search_place bound; /* all results that were not found yet come after it */
    uint64_t low;              /* of the search for the position where it begins */
    size_t name, name_len;     /* in names */
    uint64_t hidden;           /* messages up to this position are not shown to the user */
};

struct run {
    struct db *db;
    struct search *search;
    search_visit *visit;
    void *context;
    int64_t end_ms;
    struct search_room *rooms; /* with the latest bound first */
    size_t room_count, room_space;
    struct buffer names;
    struct search_place *found; /* candidates, in order; those from `read` on are not read yet */
    size_t found_count, found_space, read;
    struct search_lookup lookups[SEARCH_LOOKUPS_MOST];
    size_t lookup_count;
    struct buffer lookup_bytes;
    struct fold fold;
    uint64_t shown, work;
    unsigned lookups_done;
    bool is_full;
    bool has_bounds; /* the user does not see all messages of some room */
    bool has_asked, may_go_on; /* longer than SEARCH_BUDGET_MS */
};

static bool is_over(struct run *run) {
    const int64_t now = clock_monotonic_ms();
    if (now < run->end_ms)
        return false;
    if (run->work >= WORK_LEAST || now >= run->end_ms + (BUDGETS_MOST - 1) * SEARCH_BUDGET_MS)
        return true;
    if (!run->has_asked)
        run->may_go_on = run->search->may_go_on(run->search->context);
    run->has_asked = true;
    return !run->may_go_on;
}

/* Above 0: `a` comes later in the results. */
static int compare_places(const struct search_place *a, const struct search_place *b) {
    if (a->at != b->at)
        return a->at < b->at ? 1 : -1;
    if (a->room_id != b->room_id)
        return a->room_id < b->room_id ? 1 : -1;
    return (a->position < b->position) - (a->position > b->position);
}

static int order_places(const void *a, const void *b) {
    return compare_places(a, b);
}

/* Rooms that are done come last. */
static int order_rooms(const void *one, const void *other) {
    const struct search_room *a = one, *b = other;
    return a->is_done != b->is_done ? (a->is_done ? 1 : -1) : compare_places(&a->bound, &b->bound);
}

/* ---- rooms ---- */

static enum error read_rooms(struct run *run) {
    static const char SQL[] =
        "SELECT r.room_id, r.message_count, r.last_active_at, "
        "IF(r.direct_low IS NULL, r.name, other.username), " ROOM_FIRST_POSITION("me", "r")
        " FROM member me JOIN room r ON r.room_id = me.room_id LEFT JOIN user other "
        "ON other.user_id = IF(r.direct_low = me.user_id, r.direct_high, r.direct_low) "
        "WHERE me.user_id = ? AND ? IN (0, me.room_id) AND r.message_count > 0";
    const struct search *search = run->search;
    struct db_rows *rows;
    const enum error error = DB_RUN(run->db, SQL, DB_REPEATABLE, &rows, db_u64(search->user_id),
                                    db_u64(search->room_id));
    if (error)
        return error;
    while (db_next(rows)) {
        const struct text name = db_get_text(rows, 3);
        struct search_room room = {.id = db_get_u64(rows, 0),
                                   .position = db_get_u64(rows, 1),
                                   .name = run->names.len,
                                   .name_len = name.len,
                                   .hidden = db_get_u64(rows, 4)};
        room.low = room.hidden;
        room.is_done = room.position <= room.hidden;
        run->has_bounds = run->has_bounds || room.hidden > 0;
        room.bound = (struct search_place){db_get_time(rows, 2), room.id, UINT64_MAX};
        buffer_append(&run->names, name.at, name.len);
        run->rooms = array_reserve(run->rooms, &run->room_space, run->room_count + 1, sizeof(room));
        run->rooms[run->room_count++] = room;
    }
    db_done(rows);
    return ERROR_NONE;
}

/* The position up to which the user does not see the messages of a room. */
static uint64_t hidden_of(const struct run *run, uint64_t room_id) {
    for (size_t i = 0; run->has_bounds && i < run->room_count; i++)
        if (run->rooms[i].id == room_id)
            return run->rooms[i].hidden;
    return 0;
}

static struct text name_of(const struct run *run, uint64_t room_id) {
    for (size_t i = 0; i < run->room_count; i++)
        if (run->rooms[i].id == room_id)
            return (struct text){run->names.data + run->rooms[i].name, run->rooms[i].name_len};
    return text_of("");
}

/* Reads the times of messages, given as a list of [index, room, position]: times[index]. */
static enum error read_times(struct run *run, struct buffer *list, int64_t *times) {
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN j.i, m.created_at FROM JSON_TABLE(?, '$[*]' COLUMNS ("
        "i INT UNSIGNED PATH '$[0]', r BIGINT UNSIGNED PATH '$[1]', "
        "p BIGINT UNSIGNED PATH '$[2]')) j "
        "JOIN message m ON m.room_id = j.r AND m.position = j.p";
    struct db_rows *rows;
    if (list->len == 0)
        return ERROR_NONE;
    buffer_append_char(list, ']');
    const enum error error =
        DB_RUN(run->db, SQL, DB_REPEATABLE, &rows, db_text((struct text){list->data, list->len}));
    buffer_clear(list);
    if (error)
        return error;
    while (db_next(rows))
        times[db_get_u64(rows, 0)] = db_get_time(rows, 1);
    db_done(rows);
    return ERROR_NONE;
}

static void list_message(struct buffer *list, size_t index, uint64_t room_id, uint64_t position) {
    buffer_printf(list, "%s[%zu,%" PRIu64 ",%" PRIu64 "]", list->len ? "," : "[", index, room_id,
                  position);
}

/* Each room begins with its last message that is not newer than where the search goes on: half of
 * the messages are left out at a time, in all rooms at once. */
static enum error skip_messages(struct run *run) {
    const struct search_place *place = &run->search->place;
    struct buffer list = BUFFER_EMPTY;
    int64_t *times = xcalloc(run->room_count + 1, sizeof(*times));
    enum error error = ERROR_NONE;
    for (bool any = true; any && !error;) {
        for (size_t i = 0; i < run->room_count; i++) {
            const struct search_room *room = &run->rooms[i];
            if (room->bound.at > place->at && room->low < room->position)
                list_message(&list, i, room->id, (room->low + room->position + 1) / 2);
        }
        any = list.len > 0;
        error = read_times(run, &list, times);
        for (size_t i = 0; any && !error && i < run->room_count; i++) {
            struct search_room *room = &run->rooms[i];
            const uint64_t middle = (room->low + room->position + 1) / 2;
            if (room->bound.at <= place->at || room->low >= room->position)
                continue;
            if (times[i] <= place->at)
                room->low = middle;
            else
                room->position = middle - 1;
        }
    }
    for (size_t i = 0; i < run->room_count; i++) {
        run->rooms[i].is_done = run->rooms[i].position <= run->rooms[i].hidden;
        if (compare_places(&run->rooms[i].bound, place) < 0)
            run->rooms[i].bound = *place;
    }
    free(times);
    buffer_free(&list);
    return error;
}

/* ---- candidates ---- */

#define SLOT "(t.room_id = ? AND t.block = ? AND t.term BETWEEN ? AND ?)"
#define SLOT_OR SLOT " OR "
#define SLOT_OR_7 SLOT_OR SLOT_OR SLOT_OR SLOT_OR SLOT_OR SLOT_OR SLOT_OR
#define SLOT_OR_8 SLOT_OR_7 SLOT_OR
#define SLOTS_64 \
    SLOT_OR_8 SLOT_OR_8 SLOT_OR_8 SLOT_OR_8 SLOT_OR_8 SLOT_OR_8 SLOT_OR_8 SLOT_OR_7 SLOT

/* A message with another term, too. */
#define AND_TERM(other)                                                                \
    " STRAIGHT_JOIN search_term " other " ON " other ".room_id = t.room_id AND " other \
    ".block = t.block AND " other ".term = ? AND " other ".position = t.position"

/* The slots are ranges of the primary key, written out: a join with a list of blocks would read
 * whole blocks, since only equal terms can be looked up by a join. */
#define CANDIDATES_SQL(others)                                                                   \
    "SELECT t.room_id, t.position, t.created_at FROM search_term t FORCE INDEX (PRIMARY)" others \
    " WHERE (" SLOTS_64                                                                          \
    ") AND t.created_at > ? AND (t.created_at < ? OR (t.created_at = ? AND "                     \
    "(t.room_id < ? OR (t.room_id = ? AND t.position < ?)))) "                                   \
    "ORDER BY t.created_at DESC, t.room_id DESC, t.position DESC LIMIT ?"

/* By the number of terms. */
static const char *const CANDIDATES_OF[SEARCH_LOOKUPS_MOST] = {
    CANDIDATES_SQL(""), CANDIDATES_SQL(AND_TERM("t2")),
    CANDIDATES_SQL(AND_TERM("t2") AND_TERM("t3"))};

/* No message is older or newer; a DATETIME needs a valid year. */
#define FIRST_TIME ((int64_t)0)
#define LAST_TIME ((int64_t)253402300799000000) /* end of the year 9999 */

static struct db_value time_value(int64_t at) {
    return db_time(at < FIRST_TIME ? FIRST_TIME : at > LAST_TIME ? LAST_TIME : at);
}

static uint64_t block_of(const struct search_room *room) {
    return (room->position - 1) / SEARCH_BLOCK;
}

/* The blocks that one statement looks at: the next ones, `each` of the first `rooms` rooms. */
struct slots {
    size_t rooms;
    uint64_t each;
};

/* A rare word is looked for in many blocks: few rooms have several slots. */
static struct slots pick_slots(struct run *run) {
    struct slots slots = {.rooms = 0};
    while (slots.rooms < SLOTS && slots.rooms < run->room_count && !run->rooms[slots.rooms].is_done)
        slots.rooms++;
    /* Twice as many with each lookup, up to all slots. */
    slots.each = 1;
    for (unsigned i = 0; i < run->lookups_done && slots.each * 2 * slots.rooms <= SLOTS; i++)
        slots.each *= 2;
    run->lookups_done++;
    return slots;
}

/* The values, in the order of the question marks; slots that are left over find nothing. */
static size_t bind_candidates(const struct run *run, struct slots slots,
                              struct db_value values[SLOTS * 4 + 16]) {
    const struct search_place *place = &run->rooms[0].bound;
    size_t n = 0;
    for (size_t i = 1; i < run->lookup_count; i++)
        values[n++] = db_text(run->lookups[i].first);
    for (size_t i = 0; i < SLOTS; i++) {
        const bool is_slot = i < slots.rooms * slots.each;
        const struct search_room *room = &run->rooms[is_slot ? i / slots.each : 0];
        const uint64_t back = i % slots.each;
        const bool is_used = is_slot && back <= block_of(room);
        values[n++] = db_u64(is_used ? room->id : 0);
        values[n++] = db_u64(is_used ? block_of(room) - back : 0);
        values[n++] = db_text(run->lookups[0].first);
        values[n++] = db_text(run->lookups[0].last);
    }
    values[n++] = time_value(run->search->after);
    values[n++] = time_value(place->at);
    values[n++] = time_value(place->at);
    values[n++] = db_u64(place->room_id);
    values[n++] = db_u64(place->room_id);
    values[n++] = db_u64(place->position);
    values[n++] = db_u64(CANDIDATES);
    return n;
}

static void add_candidate(struct run *run, struct search_place place) {
    if (place.position <= hidden_of(run, place.room_id))
        return;
    run->found = array_reserve(run->found, &run->found_space, run->found_count + 1, sizeof(place));
    run->found[run->found_count++] = place;
}

/* Sorts those that are not read yet; a message that has several of the terms is there once. */
static void sort_candidates(struct run *run) {
    struct search_place *found = run->found + run->read;
    const size_t count = run->found_count - run->read;
    size_t kept = 0;
    if (count > 0)
        qsort(found, count, sizeof(*found), order_places);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || compare_places(&found[i], &found[kept - 1]) != 0)
            found[kept++] = found[i];
    run->found_count = run->read + kept;
}

/* The rooms that were looked at go on with their next block. */
static enum error next_blocks(struct run *run, struct slots slots) {
    struct buffer list = BUFFER_EMPTY;
    int64_t times[SLOTS] = {0};
    for (size_t i = 0; i < slots.rooms; i++) {
        struct search_room *room = &run->rooms[i];
        const uint64_t left = block_of(room) + 1;
        room->position = left > slots.each ? (left - slots.each) * SEARCH_BLOCK : 0;
        if (room->position > room->hidden)
            list_message(&list, i, room->id, room->position);
    }
    const enum error error = read_times(run, &list, times);
    for (size_t i = 0; !error && i < slots.rooms; i++) {
        struct search_room *room = &run->rooms[i];
        const struct search_place bound = {times[i], room->id, room->position + 1};
        room->is_done = room->position <= room->hidden || times[i] <= run->search->after;
        if (!room->is_done && compare_places(&room->bound, &bound) < 0)
            room->bound = bound;
    }
    buffer_free(&list);
    return error;
}

/* Looks at blocks of the rooms that come first. */
static enum error look_up(struct run *run) {
    struct db_value values[SLOTS * 4 + 16];
    struct db_rows *rows;
    size_t rows_read = 0;
    struct search_place place = SEARCH_START;
    const struct slots slots = pick_slots(run);
    const size_t count = bind_candidates(run, slots, values);
    enum error error =
        db_run(run->db, CANDIDATES_OF[run->lookup_count - 1], DB_REPEATABLE, values, count, &rows);
    if (error)
        return error;
    for (; db_next(rows); rows_read++) {
        place =
            (struct search_place){db_get_time(rows, 2), db_get_u64(rows, 0), db_get_u64(rows, 1)};
        add_candidate(run, place);
    }
    db_done(rows);
    run->work += slots.rooms * slots.each;
    if (rows_read < CANDIDATES) {
        error = next_blocks(run, slots);
    } else {
        /* There are more in these blocks, all after the last one. */
        for (size_t i = 0; i < slots.rooms; i++)
            if (compare_places(&run->rooms[i].bound, &place) < 0)
                run->rooms[i].bound = place;
    }
    sort_candidates(run);
    qsort(run->rooms, run->room_count, sizeof(*run->rooms), order_rooms);
    return error;
}

/* ---- results ---- */

static bool has_link(struct text content) {
    static const char *const SCHEMES[] = {"http://", "https://"};
    for (size_t i = 0; i < content.len; i++)
        for (size_t s = 0; s < 2; s++) {
            const struct text scheme = text_of(SCHEMES[s]);
            if (content.len - i > scheme.len &&
                text_equals_nocase((struct text){content.at + i, scheme.len}, scheme))
                return true;
        }
    return false;
}

/* Visits a candidate whose text has matched a moment ago, as it is now. */
static void show(void *context, const struct message *message) {
    struct run *run = context;
    struct search_match matches[SEARCH_MATCHES_MOST];
    struct search_result result = {
        .message = message, .room_name = name_of(run, message->room_id), .matches = matches};
    if (message->is_deleted)
        return;
    fold_text(&run->fold, message->content);
    if (!search_query_match(run->search->query, &run->fold, matches, &result.match_count))
        return;
    if (run->visit(run->context, &result))
        run->shown++;
    else
        run->is_full = true;
}

/* Whether the text of a message (the current row of SEARCHED_COLUMNS) is what was searched for. */
#define SEARCHED_COLUMNS                                                               \
    "j.i, m.room_id, m.message_id, m.sender_id, m.message_type IN (2, 3) AND EXISTS (" \
    "SELECT 1 FROM file WHERE message_id = m.message_id AND state <> 4), m.content, "  \
    "m.position, m.created_at"
static bool matches_row(struct run *run, const struct db_rows *rows) {
    const struct search *search = run->search;
    struct search_match matches[SEARCH_MATCHES_MOST];
    const struct text content = db_get_text(rows, 5);
    size_t count;
    if (search->from_id && db_get_u64(rows, 3) != search->from_id)
        return false;
    if (search->has == SEARCH_HAS_FILE && !db_get_bool(rows, 4))
        return false;
    if (search->has == SEARCH_HAS_LINK && !has_link(content))
        return false;
    fold_text(&run->fold, content);
    return search_query_match(search->query, &run->fold, matches, &count);
}

/* Shows the messages of a list, as they are now. If the page is full before one of them, *done is
 * its index. */
static enum error show_matches(struct run *run, struct buffer *list, size_t *done) {
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
    if (list->len == 0)
        return ERROR_NONE;
    buffer_append_char(list, ']');
    const enum error error =
        DB_RUN(run->db, SQL, DB_REPEATABLE, &rows, db_u64(run->search->user_id),
               db_text((struct text){list->data, list->len}));
    if (error)
        return error;
    while (!run->is_full && db_next(rows)) {
        message_from_row(rows, 0, db_get_u64(rows, MESSAGE_COLUMN_COUNT + 1), &message);
        if (message_show_to(&message, hidden_of(run, message.room_id)))
            show(run, &message);
        if (run->is_full)
            *done = (size_t)db_get_u64(rows, MESSAGE_COLUMN_COUNT);
    }
    db_done(rows);
    return ERROR_NONE;
}

/* Reads `count` candidates and shows those that match: their texts at once, since most of them may
 * not match; then what a message has besides, of those that do. */
static enum error read_candidates(struct run *run, size_t count) {
    static const char SQL[] = "SELECT STRAIGHT_JOIN " SEARCHED_COLUMNS
                              " FROM JSON_TABLE(?, '$[*]' COLUMNS ("
                              "i INT UNSIGNED PATH '$[0]', r BIGINT UNSIGNED PATH '$[1]', "
                              "p BIGINT UNSIGNED PATH '$[2]')) j "
                              "JOIN message m ON m.room_id = j.r AND m.position = j.p "
                              "WHERE NOT m.is_deleted ORDER BY j.i";
    const struct search_place *places = run->found + run->read;
    struct buffer list = BUFFER_EMPTY, matched = BUFFER_EMPTY;
    struct db_rows *rows;
    for (size_t i = 0; i < count; i++)
        list_message(&list, i, places[i].room_id, places[i].position);
    buffer_append_char(&list, ']');
    enum error error =
        DB_RUN(run->db, SQL, DB_REPEATABLE, &rows, db_text((struct text){list.data, list.len}));
    buffer_free(&list);
    if (error)
        return error;
    size_t done = count;
    uint64_t matches = 0;
    while (db_next(rows)) {
        const size_t i = (size_t)db_get_u64(rows, 0);
        if (!matches_row(run, rows))
            continue;
        list_message(&matched, i, places[i].room_id, places[i].position);
        /* The next search begins after the last one. */
        if (run->shown + ++matches == run->search->limit) {
            done = i + 1;
            break;
        }
    }
    db_done(rows);
    error = show_matches(run, &matched, &done);
    buffer_free(&matched);
    if (error)
        return error;
    if (done > 0)
        run->search->place = places[done - 1];
    run->read += done;
    run->work += done;
    return ERROR_NONE;
}

/* The place where the remaining rooms begin; the end of all rooms if none remains. */
static struct search_place bound_of(const struct run *run) {
    if (run->room_count > 0 && !run->rooms[0].is_done)
        return run->rooms[0].bound;
    return (struct search_place){INT64_MIN, 0, 0};
}

/* Shows the candidates that come before everything that is still unknown. */
static enum error show_candidates(struct run *run) {
    const struct search_place bound = bound_of(run);
    enum error error = ERROR_NONE;
    while (!error && !run->is_full && run->shown < run->search->limit) {
        size_t count = 0;
        while (count < READ && run->read + count < run->found_count &&
               compare_places(&run->found[run->read + count], &bound) <= 0)
            count++;
        if (count == 0)
            return ERROR_NONE;
        error = read_candidates(run, count);
        /* What is not read is found again by the next request. */
        if (is_over(run))
            return error;
    }
    return error;
}

/* Whether all candidates that come before the remaining rooms were shown. */
static bool all_shown(const struct run *run) {
    const struct search_place bound = bound_of(run);
    return run->read == run->found_count || compare_places(&run->found[run->read], &bound) > 0;
}

/* Shows what was found. True if the search ends here: the page is full, or the time is over, but
 * not before all rooms have come below `start`, where the search began. */
static bool is_page(struct run *run, const struct search_place *start, enum error *error,
                    bool *more) {
    *error = show_candidates(run);
    const struct search_place bound = bound_of(run);
    *more = bound.at != INT64_MIN || run->read < run->found_count;
    if (*error || run->is_full || run->shown == run->search->limit)
        return true;
    /* All before the bound was shown, so that the next request begins there. */
    if (all_shown(run) && bound.at != INT64_MIN)
        run->search->place = bound;
    return is_over(run) && (!all_shown(run) || compare_places(&bound, start) > 0);
}

/* ---- the newest messages ---- */

/* Reads the last messages of the rooms that come first, which are compared at once. *matches: how
 * many of them match. */
static enum error scan(struct run *run, size_t *matches) {
    static const char SQL[] = "SELECT STRAIGHT_JOIN " SEARCHED_COLUMNS
                              ", m.is_deleted FROM JSON_TABLE(?, '$[*]' COLUMNS ("
                              "i INT UNSIGNED PATH '$[0]', r BIGINT UNSIGNED PATH '$[1]', "
                              "p BIGINT UNSIGNED PATH '$[2]')) j "
                              "JOIN message m ON m.room_id = j.r AND m.position = j.p";
    struct buffer list = BUFFER_EMPTY;
    struct db_rows *rows;
    size_t picked = 0;
    *matches = 0;
    while (picked < SCAN_ROOMS && picked < run->room_count && !run->rooms[picked].is_done)
        picked++;
    const uint64_t each = SCAN / (picked > 0 ? picked : 1);
    for (size_t i = 0; i < picked; i++) {
        struct search_room *room = &run->rooms[i];
        const uint64_t left = room->position - room->hidden;
        const uint64_t first = room->position - (left < each ? left : each) + 1;
        for (uint64_t at = first; at <= room->position; at++)
            list_message(&list, i, room->id, at);
        room->position = first - 1;
        /* Unless its first message is read. */
        room->is_done = true;
    }
    buffer_append_str(&list, list.len > 0 ? "]" : "[]");
    const enum error error =
        DB_RUN(run->db, SQL, DB_REPEATABLE, &rows, db_text((struct text){list.data, list.len}));
    buffer_free(&list);
    if (error)
        return error;
    while (db_next(rows)) {
        struct search_room *room = &run->rooms[db_get_u64(rows, 0)];
        const struct search_place place = {db_get_time(rows, 7), room->id, db_get_u64(rows, 6)};
        if (place.position == room->position + 1) {
            room->is_done = room->position <= room->hidden || place.at <= run->search->after;
            if (compare_places(&room->bound, &place) < 0)
                room->bound = place;
        }
        if (compare_places(&place, &run->search->place) > 0 && place.at > run->search->after &&
            !db_get_bool(rows, 8) && matches_row(run, rows)) {
            add_candidate(run, place);
            (*matches)++;
        }
    }
    db_done(rows);
    run->work += picked;
    sort_candidates(run);
    qsort(run->rooms, run->room_count, sizeof(*run->rooms), order_rooms);
    return ERROR_NONE;
}

static enum error go_through(struct run *run, bool *more) {
    const struct search_place start = run->search->place;
    size_t matches = SCAN_MATCHES;
    enum error error = ERROR_NONE;
    *more = false;
    qsort(run->rooms, run->room_count, sizeof(*run->rooms), order_rooms);
    while (!error && run->room_count > 0 && !run->rooms[0].is_done) {
        error = matches >= SCAN_MATCHES ? scan(run, &matches) : look_up(run);
        if (error || is_page(run, &start, &error, more))
            return error;
    }
    return error;
}

enum error search_run(struct db *db, struct search *search, search_visit *visit, void *context,
                      bool *more) {
    struct run run = {.db = db,
                      .search = search,
                      .visit = visit,
                      .context = context,
                      .end_ms = clock_monotonic_ms() + SEARCH_BUDGET_MS};
    *more = false;
    if (search->before != INT64_MAX && search->before <= search->place.at)
        search->place = (struct search_place){search->before, 0, 0};
    run.lookup_count = search_query_lookups(search->query, &run.lookup_bytes, run.lookups);
    enum error error = read_rooms(&run);
    if (!error && search->place.at != INT64_MAX)
        error = skip_messages(&run);
    if (!error)
        error = go_through(&run, more);
    free(run.rooms);
    free(run.found);
    buffer_free(&run.names);
    buffer_free(&run.lookup_bytes);
    fold_free(&run.fold);
    return error;
}
