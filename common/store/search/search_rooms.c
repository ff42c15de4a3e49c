/* The rooms of a search. The position at which each room continues is found by probing the times of
 * messages, in all rooms at once. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/xalloc.h"
#include "store/search/search_private.h"

/* The newest messages of a room that are read if they are not in the index. More are there only
 * while the index is built. */
#define UNREAD_LEAST 1024

int search_compare(const struct search_place *a, const struct search_place *b) {
    /* Newest first. Room and position decide between messages of the same microsecond. */
    if (a->at != b->at)
        return a->at < b->at ? 1 : -1;
    if (a->room_id != b->room_id)
        return a->room_id < b->room_id ? 1 : -1;
    return (a->position < b->position) - (a->position > b->position);
}

/* Rooms that are done come last. */
static int order_rooms(const void *one, const void *other) {
    const struct search_room *a = one, *b = other;
    return a->is_done != b->is_done ? (a->is_done ? 1 : -1) : search_compare(&a->bound, &b->bound);
}

void search_rooms_sort(struct search_run *run) {
    for (size_t i = 0; i < run->room_count; i++) {
        struct search_room *room = &run->rooms[i];
        /* While the index is being built, older messages that it does not have yet are passed
         * over. */
        if (room->position > room->indexed && room->position <= room->unread)
            room->position = room->indexed;
        room->is_done = room->candidate_count == 0 && room->position <= room->hidden;
    }
    if (run->room_count > 0)
        qsort(run->rooms, run->room_count, sizeof(*run->rooms), order_rooms);
}

/* If the page is full with what was found, rooms whose bound is after that are not needed. */
size_t search_rooms_pick(const struct search_run *run) {
    const uint64_t missing = run->search->limit - run->shown;
    const bool is_enough = run->found_count - run->next >= missing;
    size_t count = 0;
    while (count < SEARCH_PICKED && count < run->room_count && !run->rooms[count].is_done &&
           (!is_enough ||
            search_compare(&run->rooms[count].bound, &run->found[run->next + missing - 1]) < 0))
        count++;
    return count;
}

struct search_place search_rooms_bound(const struct search_run *run) {
    if (run->room_count > 0 && !run->rooms[0].is_done)
        return run->rooms[0].bound;
    return (struct search_place){INT64_MIN, 0, 0};
}

const struct search_room *search_rooms_find(const struct search_run *run, uint64_t room_id) {
    /* The last room is not compared: the id is one of the list. */
    size_t i = 0;
    while (i + 1 < run->room_count && run->rooms[i].id != room_id)
        i++;
    return &run->rooms[i];
}

void search_rooms_free(struct search_run *run) {
    for (size_t i = 0; i < run->room_count; i++)
        free(run->rooms[i].candidates);
    free(run->rooms);
    buffer_free(&run->names);
}

/* ---- times ---- */

void search_list(struct buffer *list, size_t index, uint64_t room_id, uint64_t position) {
    buffer_printf(list, "%s[%zu,%" PRIu64 ",%" PRIu64 "]", list->len ? "," : "[", index, room_id,
                  position);
}

/* Reads the times of the messages of a list: times[index]. */
static enum error read_times(struct search_run *run, struct buffer *list, int64_t *times) {
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

enum error search_rooms_lower(struct search_run *run, size_t count) {
    struct buffer list = BUFFER_EMPTY;
    int64_t times[SEARCH_PICKED] = {0};
    for (size_t i = 0; i < count; i++) {
        const struct search_room *room = &run->rooms[i];
        /* A room with candidates keeps its bound until they have been read. */
        if (room->candidate_count == 0 && room->position > room->hidden)
            search_list(&list, i, room->id, room->position);
    }
    const enum error error = read_times(run, &list, times);
    for (size_t i = 0; !error && i < count; i++) {
        struct search_room *room = &run->rooms[i];
        const struct search_place bound = {times[i], room->id, room->position + 1};
        if (room->candidate_count > 0 || room->position <= room->hidden)
            continue;
        /* All messages that are left in the room are too old for the search. */
        if (times[i] <= run->search->after)
            room->position = room->hidden;
        else if (search_compare(&room->bound, &bound) < 0)
            room->bound = bound;
    }
    buffer_free(&list);
    return error;
}

/* ---- reading ---- */

/* Reads the rooms of the user that have messages, or the one that is searched. */
static enum error read_rooms(struct search_run *run) {
    /* A direct room is shown by the name of the other user. */
    static const char SQL[] =
        "SELECT r.room_id, r.message_count, r.last_active_at, "
        "IF(r.direct_low IS NULL, r.name, other.username), " ROOM_FIRST_POSITION(
            "me", "r") ", COALESCE(p.indexed, 0) "
        "FROM member me JOIN room r ON r.room_id = me.room_id LEFT JOIN user other "
        "ON other.user_id = IF(r.direct_low = me.user_id, r.direct_high, r.direct_low) "
        "LEFT JOIN search_progress p ON p.room_id = me.room_id "
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
                                   .hidden = db_get_u64(rows, 4),
                                   .indexed = db_get_u64(rows, 5),
                                   .name = run->names.len,
                                   .name_len = name.len};
        room.unread = room.position > UNREAD_LEAST ? room.position - UNREAD_LEAST : 0;
        /* Earlier than every message of that time. */
        room.bound = (struct search_place){db_get_time(rows, 2), room.id, UINT64_MAX};
        buffer_append(&run->names, name.at, name.len);
        run->rooms = array_reserve(run->rooms, &run->room_space, run->room_count + 1, sizeof(room));
        run->rooms[run->room_count++] = room;
    }
    db_done(rows);
    return ERROR_NONE;
}

/* The span in which the last message of a room that is not newer than the place lies: it is at
 * `low` or later, and `high` is newer. */
struct span {
    uint64_t low, high;
    int64_t low_at, high_at;
};

enum { PROBES = 3 };

/* The positions whose times are read next, between low and high: one on each side of where the
 * message is expected, and the middle, in case there were pauses. */
static void pick_probes(const struct span *span, int64_t at, uint64_t probes[PROBES]) {
    const uint64_t first = span->low + 1, last = span->high - 1, count = last - first + 1;
    const double part = (double)(at - span->low_at) / (double)(span->high_at - span->low_at + 1);
    const uint64_t expected = first + (uint64_t)((double)(count - 1) * part);
    /* The estimate is seldom exact. With a margin the message mostly lies between two probes. */
    const uint64_t margin = count / 64;
    probes[0] = expected > first + margin ? expected - margin : first;
    probes[1] = first + count / 2;
    probes[2] = expected + margin + 1 < last ? expected + margin + 1 : last;
}

/* Narrows the span by the times of the probes, of which some are newer and some are not. */
static void take_probes(struct span *span, int64_t at, const uint64_t probes[PROBES],
                        const int64_t times[PROBES]) {
    for (size_t k = 0; k < PROBES; k++)
        if (times[k] <= at && probes[k] > span->low) {
            span->low = probes[k];
            span->low_at = times[k];
        } else if (times[k] > at && probes[k] < span->high) {
            span->high = probes[k];
            span->high_at = times[k];
        }
}

/* Each room begins with its last message that is not newer than where the search continues. */
static enum error skip_messages(struct search_run *run) {
    const struct search_place *place = &run->search->place;
    struct buffer list = BUFFER_EMPTY;
    struct span *spans = xcalloc(run->room_count + 1, sizeof(*spans));
    uint64_t(*probes)[PROBES] = xcalloc(run->room_count + 1, sizeof(*probes));
    int64_t(*times)[PROBES] = xcalloc(run->room_count + 1, sizeof(*times));
    enum error error = ERROR_NONE;
    for (size_t i = 0; i < run->room_count; i++) {
        const struct search_room *room = &run->rooms[i];
        const bool is_newer = room->bound.at > place->at && room->position > room->hidden;
        /* Nothing is between them in a room that is older as a whole. The first probes do not know
         * when the room began. */
        spans[i] = (struct span){room->hidden, is_newer ? room->position + 1 : room->hidden + 1,
                                 place->at, room->bound.at};
    }
    /* Each round reads the probes of all rooms by one statement. */
    for (bool any = true; any && !error;) {
        for (size_t i = 0; i < run->room_count; i++) {
            if (spans[i].low + 1 >= spans[i].high)
                continue;
            pick_probes(&spans[i], place->at, probes[i]);
            for (size_t k = 0; k < PROBES; k++)
                search_list(&list, i * PROBES + k, run->rooms[i].id, probes[i][k]);
        }
        /* No probes: each span is narrowed to two neighbouring positions. */
        any = list.len > 0;
        error = read_times(run, &list, times[0]);
        for (size_t i = 0; any && !error && i < run->room_count; i++)
            if (spans[i].low + 1 < spans[i].high)
                take_probes(&spans[i], place->at, probes[i], times[i]);
    }
    for (size_t i = 0; i < run->room_count; i++) {
        struct search_room *room = &run->rooms[i];
        if (room->bound.at > place->at && room->position > room->hidden)
            room->position = spans[i].low;
        /* Everything before the place was on earlier pages. */
        if (search_compare(&room->bound, place) < 0)
            room->bound = *place;
    }
    free(spans);
    free(probes);
    free(times);
    buffer_free(&list);
    return error;
}

enum error search_rooms_read(struct search_run *run) {
    enum error error = read_rooms(run);
    /* The first page begins with the newest messages, so nothing is skipped. */
    if (!error && run->search->place.at != INT64_MAX)
        error = skip_messages(run);
    search_rooms_sort(run);
    return error;
}
