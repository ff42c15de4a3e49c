/* Candidates from the index. A slot is a segment of a room; the lists of its terms become sets of
 * bits, one for each offset. Each lookup of the query is one statement for all slots in which all
 * lookups before it have found something. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/xalloc.h"
#include "store/search/search_batch.h"
#include "store/search/search_private.h"

/* Most slots of one step; with a range of terms, which takes a fixed statement; and with one of
 * terms that begin with one or two letters, of which a segment may have thousands. */
enum { SLOTS = 256, RANGE_SLOTS = 64, WIDE_SLOTS = 16, WIDE_BYTES = 2 };

/* A set of offsets. */
enum { WORD_BITS = 64, SET_WORDS = SEARCH_SEGMENT / WORD_BITS };

struct slot {
    size_t room; /* index */
    uint64_t room_id, segment;
    bool is_empty;               /* nothing is left of it */
    uint64_t bits[SET_WORDS];    /* found by all lookups so far */
    uint64_t current[SET_WORDS]; /* found by this one */
};

struct slots {
    struct slot *slots;
    size_t count;
};

static bool is_range(const struct search_lookup *lookup) {
    return !text_equals(lookup->first, lookup->last);
}

static bool needs_lookup(const struct search_room *room) {
    return room->candidate_count == 0 && room->position > room->hidden;
}

/* Takes the next segments of these rooms: the newest one of each, which fills the page if the words
 * are frequent, and then as many of each as there is space for. */
static struct slots pick_slots(struct search_run *run, size_t count) {
    const struct search_lookup *lookup = &run->lookups[0];
    const size_t most = !is_range(lookup)                ? SLOTS
                        : lookup->first.len > WIDE_BYTES ? RANGE_SLOTS
                                                         : WIDE_SLOTS;
    struct slots slots = {xcalloc(most, sizeof(struct slot)), 0};
    size_t rooms = 0;
    for (size_t i = 0; i < count; i++)
        rooms += needs_lookup(&run->rooms[i]);
    /* At least one segment of each room; rooms that find no slot are looked up by the next step. */
    const size_t each = rooms > 0 && rooms < most ? most / rooms : 1;
    for (size_t i = 0; i < count; i++) {
        struct search_room *room = &run->rooms[i];
        const size_t here = room->is_looked_up ? each : 1;
        for (size_t k = 0; k < here && slots.count < most && needs_lookup(room); k++) {
            struct slot *slot = &slots.slots[slots.count++];
            slot->room = i;
            slot->room_id = room->id;
            slot->segment = search_segment(room->position - k * SEARCH_SEGMENT);
            /* The oldest segment that has messages which the user may see. */
            if (slot->segment <= search_segment(room->hidden + 1))
                break;
        }
    }
    return slots;
}

/* Adds the offsets of a row of the index. */
static void add_offsets(struct slot *slot, struct text positions) {
    for (size_t i = 0; i + 2 <= positions.len; i += 2) {
        const unsigned offset = search_offset_read(positions.at + i);
        slot->current[offset / WORD_BITS] |= UINT64_C(1) << offset % WORD_BITS;
    }
}

/* One term in all slots. */
static enum error find_term(struct search_run *run, struct slots *slots, struct text term) {
    static const char SQL[] =
        "SELECT STRAIGHT_JOIN j.i, t.positions FROM JSON_TABLE(?, '$[*]' COLUMNS ("
        "i INT UNSIGNED PATH '$[0]', r BIGINT UNSIGNED PATH '$[1]', "
        "s INT UNSIGNED PATH '$[2]')) j "
        "JOIN search_posting t ON t.room_id = j.r AND t.segment = j.s AND t.term = ?";
    struct buffer list = BUFFER_EMPTY;
    struct db_rows *rows;
    /* Skips slots in which an earlier lookup has found nothing. */
    for (size_t i = 0; i < slots->count; i++)
        if (!slots->slots[i].is_empty)
            search_list(&list, i, slots->slots[i].room_id, slots->slots[i].segment);
    if (list.len == 0)
        return ERROR_NONE;
    buffer_append_char(&list, ']');
    const enum error error = DB_RUN(run->db, SQL, DB_REPEATABLE, &rows,
                                    db_text((struct text){list.data, list.len}), db_text(term));
    buffer_free(&list);
    if (error)
        return error;
    while (db_next(rows))
        add_offsets(&slots->slots[db_get_u64(rows, 0)], db_get_text(rows, 1));
    db_done(rows);
    return ERROR_NONE;
}

#define SLOT "(t.room_id = ? AND t.segment = ? AND t.term BETWEEN ? AND ?)"
#define SLOT_OR SLOT " OR "
#define SLOT_OR_7 SLOT_OR SLOT_OR SLOT_OR SLOT_OR SLOT_OR SLOT_OR SLOT_OR
#define SLOT_OR_8 SLOT_OR_7 SLOT_OR
#define SLOTS_64 \
    SLOT_OR_8 SLOT_OR_8 SLOT_OR_8 SLOT_OR_8 SLOT_OR_8 SLOT_OR_8 SLOT_OR_8 SLOT_OR_7 SLOT

/* A range of terms in all slots. They are ranges of the primary key, written out: a join with a
 * list of segments would read whole segments, since only equal terms can be looked up by a join.
 * Slots that are left over find nothing. */
static enum error find_range(struct search_run *run, struct slots *slots,
                             const struct search_lookup *lookup) {
    static const char SQL[] =
        "SELECT t.room_id, t.segment, t.positions FROM search_posting t FORCE INDEX (PRIMARY) "
        "WHERE " SLOTS_64;
    struct db_value values[RANGE_SLOTS * 4];
    struct db_rows *rows;
    size_t at = 0, n = 0;
    for (size_t i = 0; i < RANGE_SLOTS; i++) {
        /* The statement has a fixed number of slots. Room 0 does not exist. */
        const bool is_used = i < slots->count && !slots->slots[i].is_empty;
        values[n++] = db_u64(is_used ? slots->slots[i].room_id : 0);
        values[n++] = db_u64(is_used ? slots->slots[i].segment : 0);
        values[n++] = db_text(lookup->first);
        values[n++] = db_text(lookup->last);
    }
    const enum error error = db_run(run->db, SQL, DB_REPEATABLE, values, n, &rows);
    if (error)
        return error;
    while (db_next(rows)) {
        const uint64_t room_id = db_get_u64(rows, 0), segment = db_get_u64(rows, 1);
        /* Mostly the same slot as for the row before. */
        for (size_t i = 0; i < slots->count && (slots->slots[at].room_id != room_id ||
                                                slots->slots[at].segment != segment);
             i++)
            at = (at + 1) % slots->count;
        add_offsets(&slots->slots[at], db_get_text(rows, 2));
    }
    db_done(rows);
    return ERROR_NONE;
}

/* Keeps the offsets that this lookup has found, too. */
static void intersect(struct slots *slots, bool is_first) {
    for (size_t i = 0; i < slots->count; i++) {
        struct slot *slot = &slots->slots[i];
        uint64_t any = 0;
        for (size_t k = 0; k < SET_WORDS && !slot->is_empty; k++) {
            slot->bits[k] = is_first ? slot->current[k] : slot->bits[k] & slot->current[k];
            any |= slot->bits[k];
        }
        slot->is_empty = any == 0;
        memset(slot->current, 0, sizeof(slot->current));
    }
}

/* Looks up the longest term first, which is the rarest, and the others only where it was found. */
static enum error find_all(struct search_run *run, struct slots *slots) {
    const size_t first =
        run->lookup_count > 1 && run->lookups[0].first.len < run->lookups[1].first.len;
    enum error error = ERROR_NONE;
    for (size_t i = 0; !error && i < run->lookup_count; i++) {
        const struct search_lookup *lookup = &run->lookups[(first + i) % run->lookup_count];
        error = is_range(lookup) ? find_range(run, slots, lookup)
                                 : find_term(run, slots, lookup->first);
        intersect(slots, i == 0);
    }
    return error;
}

/* Turns the bits of the slots into candidates. The slots of a room follow one another, the newest
 * first. */
static void take_candidates(struct search_run *run, const struct slots *slots) {
    /* From the oldest slot to the newest, since candidates are taken from the end of the list. */
    for (size_t i = slots->count; i-- > 0;) {
        const struct slot *slot = &slots->slots[i];
        struct search_room *room = &run->rooms[slot->room];
        /* Each round of the inner loop clears the lowest bit. */
        for (size_t k = 0; k < SET_WORDS && !slot->is_empty; k++)
            for (uint64_t bits = slot->bits[k]; bits; bits &= bits - 1) {
                const uint64_t position = slot->segment * SEARCH_SEGMENT + k * WORD_BITS +
                                          (uint64_t)__builtin_ctzll(bits) + 1;
                /* Offsets of the first and the last slot may lie outside of what is still to be
                 * looked at. */
                if (position <= room->hidden || position > room->position)
                    continue;
                room->candidates = array_reserve(room->candidates, &room->candidate_space,
                                                 room->candidate_count + 1, sizeof(position));
                room->candidates[room->candidate_count++] = position;
            }
    }
    /* The last slot of each room is its oldest one. */
    for (size_t i = 0; i < slots->count; i++) {
        const uint64_t before = slots->slots[i].segment * SEARCH_SEGMENT;
        struct search_room *room = &run->rooms[slots->slots[i].room];
        room->is_looked_up = true;
        room->position = before > room->hidden ? before : room->hidden;
    }
}

enum error search_lookup(struct search_run *run, size_t count) {
    struct slots slots = pick_slots(run, count);
    run->has_looked_up = true;
    enum error error = slots.count > 0 ? find_all(run, &slots) : ERROR_NONE;
    if (!error) {
        take_candidates(run, &slots);
        /* A room in which nothing was found continues below its last slot. */
        error = slots.count > 0 ? search_rooms_lower(run, count) : ERROR_NONE;
    }
    run->budget.work += slots.count;
    free(slots.slots);
    return error;
}
