/*
 * search_batch: changes of the search index that are written in one transaction.
 *
 * The index has a row for each term of a segment, which is SEARCH_SEGMENT positions of a room: the
 * offsets in the segment of the messages that have the term, in any order. An offset is two bytes,
 * of which only the first one is 128 or more, so that an offset is found in a row as a string.
 */
#ifndef CONFAB_COMMON_STORE_SEARCH_SEARCH_BATCH_H
#define CONFAB_COMMON_STORE_SEARCH_SEARCH_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"
#include "db/db.h"
#include "unicode/fold.h"
#include "unicode/search_text.h"

/* Positions of a segment. With half of it a rare word costs twice as much; with twice of it, an
 * edit does, since it reads all terms of a segment. */
#define SEARCH_SEGMENT 16384

/* The segment and the offset of a position, which counts from 1. */
static inline uint64_t search_segment(uint64_t position) {
    return (position - 1) / SEARCH_SEGMENT;
}

static inline unsigned search_offset(uint64_t position) {
    return (unsigned)((position - 1) % SEARCH_SEGMENT);
}

/* Reads an offset from two bytes of a row. */
static inline unsigned search_offset_read(const char bytes[2]) {
    return (unsigned)(bytes[0] & 0x7F) << 7 | (unsigned)(bytes[1] & 0x7F);
}

/* Most messages of one batch. A segment that is indexed at once takes half the space of one that
 * has grown. */
#define SEARCH_BATCH SEARCH_SEGMENT

/* Where a term occurs. */
struct search_posting {
    uint64_t room_id, position;
    struct text term; /* in `bytes`, once all are there */
};

/* Messages whose terms are removed, all of one segment. */
struct search_removal {
    uint64_t room_id, first, last;
};

/* A zeroed one is empty; search_batch_free frees it. */
struct search_batch {
    struct fold fold;
    struct search_terms terms;
    struct buffer bytes; /* of terms */
    struct search_posting *postings;
    size_t count, space;
    struct search_removal *removals;
    size_t removal_count, removal_space;
    struct buffer places;
    size_t messages, place_count;
};

/* Adds the terms of a message. False if the batch is full. */
bool search_batch_add(struct search_batch *batch, uint64_t room_id, uint64_t position,
                      struct text content);

/* Removes the terms that these messages had, before those of search_batch_add are written. */
void search_batch_remove(struct search_batch *batch, uint64_t room_id, uint64_t first,
                         uint64_t last);

/* Sets how far the index of a room is once the batch is written. `version` is that of the row of
 * search_progress when the messages were read. */
void search_batch_advance(struct search_batch *batch, uint64_t room_id, uint64_t version,
                          uint64_t seq, uint64_t position, uint64_t trimmed);

/* Writes the batch in one transaction. ERROR_CONFLICT: another process has changed the index of one
 * of the rooms meanwhile, and nothing is written. */
enum error search_batch_write(struct db *db, struct search_batch *batch);

/* Frees the memory. */
void search_batch_free(struct search_batch *batch);

#endif
