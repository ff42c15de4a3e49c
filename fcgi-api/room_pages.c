#include "room_pages.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "etag.h"
#include "memory.h"
#include "shape.h"

/* Rooms read beyond the page, to see that it is complete: one of an earlier minute is enough. */
#define BEYOND 1

/* How many times as many are read when those were not enough. */
#define MORE 3

/* So many rooms sorted by the database cost what reading one costs. */
#define SORTED_FOR_ONE 16

/* ---- rooms that were read ---- */

/* A room: what it is sorted by, a hash of what it depends on, and where its JSON stands. */
struct piece {
    int64_t active_at;
    uint64_t room_id;
    uint64_t hash;
    size_t start, len;
};

struct pieces {
    struct buffer json;
    struct piece *list;
    size_t count, space;
    bool brief; /* hashes only */
    struct room_list_state state;
};

static void pieces_clear(struct pieces *pieces) {
    buffer_clear(&pieces->json);
    pieces->count = 0;
    memset(pieces->state.counters, 0, sizeof(pieces->state.counters));
}

static void pieces_free(struct pieces *pieces) {
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

/* All that a room, as the caller sees it, depends on: every change of the room takes a number;
 * the time of creation keeps databases apart; the rest is the caller's own part. */
static uint64_t hash_room(const struct room_state *state) {
    uint64_t hash = mix(HASH_START, state->room_id);
    hash = mix(hash, (uint64_t)state->created_at);
    hash = mix(hash, state->last_seq);
    hash = mix(hash, state->last_read_position);
    return mix(hash, (uint64_t)state->is_member + 2 * (uint64_t)state->is_admin);
}

static void collect(void *context, const struct room *room) {
    struct pieces *pieces = context;
    if (!room) {
        pieces_clear(pieces);
        return;
    }
    if (pieces->count == pieces->space) {
        pieces->space = pieces->space ? pieces->space * 2 : PAGE_DEFAULT;
        pieces->list = memory_resize(pieces->list, pieces->space, sizeof(*pieces->list));
    }
    const size_t start = pieces->json.len;
    struct jsonw w = jsonw_start(&pieces->json);
    if (!pieces->brief)
        shape_room(&w, room);
    pieces->list[pieces->count++] =
        (struct piece){room->last_active_at, room->state.room_id, hash_room(&room->state), start,
                       pieces->json.len - start};
    pieces->state.counters[ROOM_LIST_SEQS] += room->state.last_seq;
    pieces->state.counters[ROOM_LIST_READS] += room->state.last_read_position;
}

/* The latest active first; of several the newest room. */
static int compare(const void *one, const void *other) {
    const struct piece *a = one, *b = other;
    if (a->active_at != b->active_at)
        return a->active_at < b->active_at ? 1 : -1;
    return (a->room_id < b->room_id) - (a->room_id > b->room_id);
}

static void pieces_sort(struct pieces *pieces) {
    if (pieces->count > 0)
        qsort(pieces->list, pieces->count, sizeof(*pieces->list), compare);
}

/* Writes the page that begins with room number `first` of those read. */
static void write_page(struct exchange *x, const struct page *page, const struct pieces *pieces,
                       uint64_t first) {
    struct jsonw w = jsonw_start(&x->response.body);
    page_begin(x, &w, page, pieces->state.count, "public");
    for (uint64_t i = first; i < pieces->count && i - first < page->limit; i++)
        jsonw_raw(&w, pieces->json.data + pieces->list[i].start, pieces->list[i].len);
    page_end(&w);
}

/* ---- the whole list ---- */

static bool set_list_etag(struct exchange *x, const struct room_list_state *state) {
    buffer_printf(etag_begin(x), "0.%" PRIu64 ".%" PRIu64 ".%" PRIx64 ".%" PRIx64 ".%" PRIx64,
                  x->caller.user.id, state->count, state->counters[ROOM_LIST_OWN_SEQ],
                  state->counters[ROOM_LIST_SEQS], state->counters[ROOM_LIST_READS]);
    return etag_end(x);
}

/* A list of one's own that is not much longer than the page is cheaper read whole, as it lies,
 * than sorted and cut. */
static uint64_t most_read_whole(const struct page *page) {
    return 2 * page->limit;
}

static void send_whole(struct exchange *x, const struct page *page, struct pieces *pieces) {
    pieces_sort(pieces);
    pieces->state.count = x->caller.rooms_count;
    pieces->state.counters[ROOM_LIST_OWN_SEQ] = x->caller.last_seq;
    write_page(x, page, pieces, page->offset);
    set_list_etag(x, &pieces->state);
}

/* The rooms carry the list's own counters, which are asked for first only if the client may have
 * it already. */
static enum error answer_whole(struct exchange *x, const struct page *page) {
    const struct room_list list = {.kind = ROOM_LIST_OWN, .user_id = x->caller.user.id};
    struct pieces pieces = {.json = BUFFER_EMPTY};
    enum error error = ERROR_NONE;
    if (etag_is_asked(x)) {
        error = room_list_state_get(x->service->db, list.user_id, &pieces.state);
        if (error || set_list_etag(x, &pieces.state))
            return error;
    }
    pieces_clear(&pieces);
    error = room_list_whole(x->service->db, x->service->names, &list, collect, &pieces);
    if (!error)
        send_whole(x, page, &pieces);
    pieces_free(&pieces);
    return error;
}

/* ---- a page of it ---- */

/* Whether to read so many finished rooms, and of one's own to walk down half as many rooms of
 * all as one is in, rather than to have all of the list sorted. */
static bool is_worth_it(enum room_list_kind kind, const struct page *page, uint64_t count,
                        uint64_t most) {
    if (kind == ROOM_LIST_OWN && most > count / 4)
        return false;
    return most <= page->limit + BEYOND + count / SORTED_FOR_ONE;
}

/* Whether the page is among the rooms read, sorted, of which `most` were asked for: all there
 * are, or no other one was active as late as the last one of the page. */
static bool is_complete(const struct pieces *pieces, const struct page *page, uint64_t most,
                        enum room_list_kind kind) {
    if (pieces->count < most)
        return kind == ROOM_LIST_PUBLIC;
    const int64_t others = room_list_next_minute(pieces->list[pieces->count - 1].active_at);
    return pieces->list[page->offset + page->limit - 1].active_at >= others;
}

/* Reads rooms that the page is among, in order, from *first on. */
static enum error read_page(struct exchange *x, const struct room_list *list,
                            const struct page *page, struct pieces *pieces, uint64_t *first) {
    struct db *db = x->service->db;
    const uint64_t count = pieces->state.count;
    *first = page->offset;
    pieces->brief = list->brief;
    pieces_clear(pieces);
    if (page->offset >= count)
        return ERROR_NONE;
    int64_t from = 0;
    uint64_t most = page->offset + page->limit + BEYOND;
    while (is_worth_it(list->kind, page, count, most)) {
        const enum error error =
            room_list_latest(db, x->service->names, list, most, count / 2, collect, pieces);
        pieces_sort(pieces);
        if (error || is_complete(pieces, page, most, list->kind))
            return error;
        if (list->kind == ROOM_LIST_PUBLIC) {
            from = pieces->list[pieces->count - 1].active_at;
            break;
        }
        most = pieces->count < most ? UINT64_MAX : most * MORE;
        pieces_clear(pieces);
    }
    *first = 0;
    pieces_clear(pieces);
    const enum error error = room_list_page(db, x->service->names, list, page->limit, page->offset,
                                            from, collect, pieces);
    pieces_sort(pieces);
    return error;
}

static bool set_page_etag(struct exchange *x, enum room_list_kind kind, const struct page *page,
                          const struct pieces *pieces, uint64_t first) {
    uint64_t hash = HASH_START;
    for (uint64_t i = first; i < pieces->count && i - first < page->limit; i++)
        hash = mix(hash, pieces->list[i].hash);
    buffer_printf(etag_begin(x), "%d.%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".%016" PRIx64,
                  kind == ROOM_LIST_PUBLIC ? 1 : 2, x->caller.user.id, page->limit, page->offset,
                  pieces->state.count, hash);
    return etag_end(x);
}

/* The tag is made of the page and of the number of rooms in the list. */
static enum error answer_page(struct exchange *x, enum room_list_kind kind,
                              const struct page *page) {
    struct room_list list = {kind, etag_is_asked(x), x->caller.user.id};
    struct pieces pieces = {.json = BUFFER_EMPTY, .state = {.count = x->caller.rooms_count}};
    enum error error = ERROR_NONE;
    uint64_t first = 0;
    bool unchanged = false;
    if (kind == ROOM_LIST_PUBLIC)
        error = room_list_count_public(x->service->db, &pieces.state.count);
    if (!error && list.brief) {
        error = read_page(x, &list, page, &pieces, &first);
        unchanged = !error && set_page_etag(x, kind, page, &pieces, first);
        list.brief = false;
    }
    if (!error && !unchanged) {
        error = read_page(x, &list, page, &pieces, &first);
        if (!error && !set_page_etag(x, kind, page, &pieces, first))
            write_page(x, page, &pieces, first);
    }
    pieces_free(&pieces);
    return error;
}

/* The caller is looked for along with the list, if it is a short one. */
static enum error answer_guess(struct exchange *x, const struct page *page) {
    struct pieces pieces = {.json = BUFFER_EMPTY};
    bool found;
    const enum error error =
        room_list_by_token(x->service->db, x->service->names, x->token_hash, most_read_whole(page),
                           &x->caller, &found, collect, &pieces);
    exchange_found_caller(x, error, found);
    const bool is_long = x->has_caller && x->caller.rooms_count > most_read_whole(page);
    if (x->has_caller && !is_long)
        send_whole(x, page, &pieces);
    pieces_free(&pieces);
    return is_long ? answer_page(x, ROOM_LIST_OWN, page) : error;
}

enum error room_pages_answer(struct exchange *x, enum room_list_kind kind,
                             const struct page *page) {
    const bool own = kind == ROOM_LIST_OWN;
    if (x->guessed)
        return own ? answer_guess(x, page) : ERROR_NONE;
    if (own && x->caller.rooms_count <= most_read_whole(page))
        return answer_whole(x, page);
    return answer_page(x, kind, page);
}
