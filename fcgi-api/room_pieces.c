#include "room_pieces.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "event/serialize.h"

void room_pieces_clear(struct room_pieces *pieces) {
    buffer_clear(&pieces->json);
    pieces->count = 0;
    memset(pieces->state.counters, 0, sizeof(pieces->state.counters));
}

void room_pieces_free(struct room_pieces *pieces) {
    free(pieces->list);
    buffer_free(&pieces->json);
}

#define HASH_START 14695981039346656037u

/* FNV-1a. */
static uint64_t mix(uint64_t hash, uint64_t value) {
    for (int i = 0; i < 8; i++, value >>= 8)
        hash = (hash ^ (value & 255)) * 1099511628211u;
    return hash;
}

/* Every change of the room takes a number; the time of creation keeps databases apart; the rest
 * is the caller's own part. */
static uint64_t hash_room(const struct room_state *state) {
    uint64_t hash = mix(HASH_START, state->room_id);
    hash = mix(hash, (uint64_t)state->created_at);
    hash = mix(hash, state->last_seq);
    hash = mix(hash, state->last_read_position);
    return mix(hash, (uint64_t)state->is_member + 2 * (uint64_t)state->is_admin);
}

void room_pieces_collect(void *context, const struct room *room) {
    struct room_pieces *pieces = context;
    if (!room) {
        room_pieces_clear(pieces);
        return;
    }
    pieces->list =
        array_reserve(pieces->list, &pieces->space, pieces->count + 1, sizeof(*pieces->list));
    const size_t start = pieces->json.len;
    struct json_writer w = json_writer_start(&pieces->json);
    if (!pieces->brief)
        serialize_room(&w, room);
    pieces->list[pieces->count++] =
        (struct room_piece){room->last_active_at, room->state.room_id, hash_room(&room->state),
                            start, pieces->json.len - start};
    pieces->state.counters[ROOM_LIST_SEQS] += room->state.last_seq;
    pieces->state.counters[ROOM_LIST_READS] += room->state.last_read_position;
}

static int compare(const void *one, const void *other) {
    const struct room_piece *a = one, *b = other;
    if (a->active_at != b->active_at)
        return a->active_at < b->active_at ? 1 : -1;
    return (a->room_id < b->room_id) - (a->room_id > b->room_id);
}

void room_pieces_sort(struct room_pieces *pieces) {
    if (pieces->count > 0)
        qsort(pieces->list, pieces->count, sizeof(*pieces->list), compare);
}

/* The room behind the last one of the page. */
static uint64_t end_of(const struct room_pieces *pieces, const struct page *page) {
    if (pieces->first >= pieces->count)
        return pieces->first;
    const uint64_t left = pieces->count - pieces->first;
    return pieces->first + (left < page->limit ? left : page->limit);
}

uint64_t room_pieces_hash(const struct room_pieces *pieces, const struct page *page) {
    const uint64_t end = end_of(pieces, page);
    uint64_t hash = HASH_START;
    for (uint64_t i = pieces->first; i < end; i++)
        hash = mix(hash, pieces->list[i].hash);
    return hash;
}

void room_pieces_write(struct exchange *x, const struct page *page,
                       const struct room_pieces *pieces) {
    const uint64_t end = end_of(pieces, page);
    struct json_writer w = json_writer_start(&x->response.body);
    page_begin(x, &w, page, pieces->state.count, "public");
    for (uint64_t i = pieces->first; i < end; i++)
        json_write_raw(&w, pieces->json.data + pieces->list[i].start, pieces->list[i].len);
    page_end(&w);
}
