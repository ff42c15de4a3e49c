/* The postings are sorted by room, segment and term, so that each row of the index is written once,
 * by appending to it. The index does not know which terms a message had: to remove a message, all
 * rows of its segment are searched for its offset. */
#include "store/search/search_batch.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/array.h"
#include "store/transaction.h"

/* About how many bytes of terms are in one batch. */
#define BATCH_BYTES ((size_t)2 * 1024 * 1024)

/* Offsets of one row of the JSON; a longer list takes several. Each is four digits. */
#define OFFSETS_MOST 4000

void search_batch_free(struct search_batch *batch) {
    fold_free(&batch->fold);
    search_terms_free(&batch->terms);
    buffer_free(&batch->bytes);
    buffer_free(&batch->places);
    free(batch->postings);
    free(batch->removals);
    *batch = (struct search_batch){0};
}

/* ---- filling ---- */

bool search_batch_add(struct search_batch *batch, uint64_t room_id, uint64_t position,
                      struct text content) {
    if (batch->messages == SEARCH_BATCH || batch->bytes.len >= BATCH_BYTES)
        return false;
    batch->messages++;
    fold_text(&batch->fold, content);
    search_terms_of(&batch->terms, &batch->fold);
    for (size_t i = 0; i < batch->terms.count; i++) {
        const struct text term = batch->terms.terms[i];
        batch->postings = array_reserve(batch->postings, &batch->space, batch->count + 1,
                                        sizeof(*batch->postings));
        /* `bytes` moves as it grows, so write_postings sets the address when all terms are in
         * it. */
        batch->postings[batch->count++] =
            (struct search_posting){room_id, position, {NULL, term.len}};
        buffer_append(&batch->bytes, term.at, term.len);
    }
    return true;
}

void search_batch_remove(struct search_batch *batch, uint64_t room_id, uint64_t first,
                         uint64_t last) {
    batch->removals = array_reserve(batch->removals, &batch->removal_space,
                                    batch->removal_count + 1, sizeof(*batch->removals));
    batch->removals[batch->removal_count++] = (struct search_removal){room_id, first, last};
}

void search_batch_advance(struct search_batch *batch, uint64_t room_id, uint64_t version,
                          uint64_t seq, uint64_t position, uint64_t trimmed) {
    buffer_printf(&batch->places, "%s[%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "]",
                  batch->place_count > 0 ? "," : "[", room_id, version, seq, position, trimmed);
    batch->place_count++;
}

/* ---- what is added ---- */

/* By room, segment and term: equal postings go into one row of the index. */
static int compare_rows(const struct search_posting *a, const struct search_posting *b) {
    const uint64_t one = search_segment(a->position), other = search_segment(b->position);
    if (a->room_id != b->room_id)
        return a->room_id < b->room_id ? -1 : 1;
    if (one != other)
        return one < other ? -1 : 1;
    return text_compare(a->term, b->term);
}

/* By the row in which postings are stored, then by position. */
static int compare_postings(const void *one, const void *other) {
    const struct search_posting *a = one, *b = other;
    const int order = compare_rows(a, b);
    return order ? order : (a->position > b->position) - (a->position < b->position);
}

/* As JSON: [[room, segment, "term", "offsets in hexadecimal digits"], ...]. */
static void write_postings(struct search_batch *batch, struct buffer *out) {
    static const char DIGITS[] = "0123456789ABCDEF";
    const struct search_posting *row = NULL, *last = NULL;
    size_t offsets = 0;
    const char *at = batch->bytes.data;
    /* The terms are in `bytes` in the order of the postings, which sorting will change. */
    for (size_t i = 0; i < batch->count; at += batch->postings[i++].term.len)
        batch->postings[i].term.at = at;
    if (batch->count > 0)
        qsort(batch->postings, batch->count, sizeof(*batch->postings), compare_postings);
    for (size_t i = 0; i < batch->count; i++) {
        const struct search_posting *posting = &batch->postings[i];
        /* Skips a message that was added twice because it was changed twice. */
        if (last && compare_postings(last, posting) == 0)
            continue;
        /* One row for each term of a segment; OFFSETS_MOST of four digits fill the column x. */
        if (!row || offsets == OFFSETS_MOST || compare_rows(row, posting) != 0) {
            buffer_printf(out, "%s[%" PRIu64 ",%" PRIu64 ",\"", row ? "\"]," : "[",
                          posting->room_id, search_segment(posting->position));
            buffer_append(out, posting->term.at, posting->term.len);
            buffer_append_str(out, "\",\"");
            row = posting;
            offsets = 0;
        }
        /* Two bytes of seven bits: the first with its high bit set, the second without
         * (search_batch.h). */
        const unsigned offset = search_offset(posting->position);
        const char digits[4] = {DIGITS[8 | offset >> 11], DIGITS[offset >> 7 & 15],
                                DIGITS[offset >> 4 & 7], DIGITS[offset & 15]};
        buffer_append(out, digits, sizeof(digits));
        last = posting;
        offsets++;
    }
    buffer_append_str(out, row ? "\"]]" : "[]");
}

/* ---- what is removed ---- */

/* By room, then by the first position. */
static int compare_removals(const void *one, const void *other) {
    const struct search_removal *a = one, *b = other;
    if (a->room_id != b->room_id)
        return a->room_id < b->room_id ? -1 : 1;
    return (a->first > b->first) - (a->first < b->first);
}

/* Writes the offsets from `low` to `high` into a regular expression: of each first byte one class
 * of the second bytes. `open` is the first byte whose class is not closed, or 0. The backslashes
 * are those of a string of JSON. */
static void write_range(struct buffer *out, unsigned low, unsigned high, unsigned *open) {
    while (low <= high) {
        /* To the last offset with the same first byte, or to the end of the range. */
        const unsigned byte = 128 | low >> 7, last = low | 127;
        if (*open != byte)
            buffer_printf(out, "%s\\\\x%02X[", *open ? "]|" : "", byte);
        buffer_printf(out, "\\\\x%02X-\\\\x%02X", low & 127, (last < high ? last : high) & 127);
        *open = byte;
        low = last + 1;
    }
}

/* Joins the removal at *i with the following ones of the same segment that overlap or touch it;
 * `*i` moves to the last of them. */
static struct search_removal join_removals(const struct search_batch *batch, size_t *i) {
    struct search_removal joined = batch->removals[*i];
    for (; *i + 1 < batch->removal_count; ++*i) {
        const struct search_removal *next = &batch->removals[*i + 1];
        if (next->room_id != joined.room_id || next->first > joined.last + 1 ||
            search_segment(next->first) != search_segment(joined.first))
            break;
        if (next->last > joined.last)
            joined.last = next->last;
    }
    return joined;
}

/* As JSON: [[room, segment, "regular expression of offsets"], ...], one for each segment. */
static void write_removals(struct search_batch *batch, struct buffer *out) {
    struct search_removal former = {.room_id = 0};
    unsigned open = 0;
    if (batch->removal_count > 0)
        qsort(batch->removals, batch->removal_count, sizeof(*batch->removals), compare_removals);
    for (size_t i = 0; i < batch->removal_count; i++) {
        const struct search_removal removal = join_removals(batch, &i);
        const uint64_t segment = search_segment(removal.first);
        /* All ranges of a segment are in one expression, so that its rows are read once. */
        if (former.room_id != removal.room_id || search_segment(former.first) != segment) {
            buffer_printf(out, "%s[%" PRIu64 ",%" PRIu64 ",\"", open ? "]\"]," : "[",
                          removal.room_id, segment);
            open = 0;
        }
        write_range(out, search_offset(removal.first), search_offset(removal.last), &open);
        former = removal;
    }
    buffer_append_str(out, open ? "]\"]]" : "[]");
}

/* ---- writing ---- */

enum error search_batch_write(struct db *db, struct search_batch *batch) {
/* The versions are compared under a lock first. Then the offsets of changed messages are taken out
 * of all rows of their segments, the new ones are appended, and the places are moved on. */
#define FORMER_ROWS                                                            \
    "JSON_TABLE(p_former, '$[*]' COLUMNS (r BIGINT UNSIGNED PATH '$[0]', "     \
    "s INT UNSIGNED PATH '$[1]', x TEXT CHARACTER SET latin1 PATH '$[2]')) j " \
    "STRAIGHT_JOIN search_posting t ON t.room_id = j.r AND t.segment = j.s "
    static const char SQL[] = TRANSACTION(
        "DECLARE p_count INT UNSIGNED; "
        "DECLARE p_places, p_former, p_rows LONGTEXT CHARACTER SET utf8mb4; "
        "DECLARE v_count INT UNSIGNED; ",
        "SET p_count = ?; SET p_places = ?; SET p_former = ?; SET p_rows = ?; "
        "SELECT COUNT(s.room_id) INTO v_count FROM JSON_TABLE(p_places, '$[*]' COLUMNS ("
        "r BIGINT UNSIGNED PATH '$[0]', v BIGINT UNSIGNED PATH '$[1]')) j "
        "STRAIGHT_JOIN search_progress s ON s.room_id = j.r AND s.version = j.v FOR UPDATE; "
        /* 13: conflict. */
        "IF v_count <> p_count THEN SET v_outcome = 13; LEAVE body; END IF; "
        "IF p_former <> '[]' THEN "
        "UPDATE " FORMER_ROWS "SET t.positions = REGEXP_REPLACE(t.positions, BINARY j.x, '') "
        "WHERE t.positions REGEXP BINARY j.x; "
        "DELETE t FROM " FORMER_ROWS "WHERE t.positions = ''; END IF; "
        "INSERT INTO search_posting (room_id, segment, term, positions) "
        "SELECT j.r, j.s, j.t, UNHEX(j.x) FROM JSON_TABLE(p_rows, '$[*]' COLUMNS ("
        "r BIGINT UNSIGNED PATH '$[0]', s INT UNSIGNED PATH '$[1]', "
        "t VARCHAR(24) CHARACTER SET utf8mb4 PATH '$[2]', "
        "x VARCHAR(16000) CHARACTER SET latin1 PATH '$[3]')) j ON DUPLICATE KEY UPDATE "
        "positions = CONCAT(search_posting.positions, VALUES(positions)); "
        "UPDATE JSON_TABLE(p_places, '$[*]' COLUMNS (r BIGINT UNSIGNED PATH '$[0]', "
        "s BIGINT UNSIGNED PATH '$[2]', p BIGINT UNSIGNED PATH '$[3]', "
        "t BIGINT UNSIGNED PATH '$[4]')) j STRAIGHT_JOIN search_progress s ON s.room_id = j.r "
        "SET s.seq = j.s, s.position = j.p, s.indexed = GREATEST(s.indexed, j.p), "
        "s.trimmed = j.t, s.version = s.version + 1; ",
        "");
    struct buffer rows = BUFFER_EMPTY, former = BUFFER_EMPTY;
    struct db_rows *outcome;
    write_postings(batch, &rows);
    write_removals(batch, &former);
    buffer_append_str(&batch->places, batch->place_count > 0 ? "]" : "[]");
    enum error error = DB_RUN(db, SQL, DB_REPEATABLE, &outcome, db_u64(batch->place_count),
                              db_text((struct text){batch->places.data, batch->places.len}),
                              db_text((struct text){former.data, former.len}),
                              db_text((struct text){rows.data, rows.len}));
    buffer_free(&rows);
    buffer_free(&former);
    return error ? error : transaction_outcome(outcome);
}
