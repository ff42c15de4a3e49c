#include "room_pages.h"

#include <inttypes.h>

#include "base/clock.h"
#include "crowded_minutes.h"
#include "long_lists.h"
#include "rest/etag.h"
#include "room_pieces.h"
#include "store/public_rooms.h"
#include "store/room_list.h"

/* Rooms read beyond the page, to see that it is complete: one of an earlier minute is enough. */
#define BEYOND 1

/* How many times as many are read when those were not enough. */
#define MORE 3

/* So many rooms sorted by the database cost what reading one costs. */
#define SORTED_FOR_ONE 16

/* Public rooms before a page that are read although it is not known how many there are. */
#define MOST_BEFORE PAGE_DEFAULT

/* ---- the whole list ---- */

static bool set_list_etag(struct exchange *x, const struct room_list_state *state) {
    buffer_printf(etag_begin(x), "0.%" PRIu64 ".%" PRIu64 ".%" PRIx64 ".%" PRIx64 ".%" PRIx64,
                  x->identity.user.id, state->count, state->counters[ROOM_LIST_OWN_SEQ],
                  state->counters[ROOM_LIST_SEQS], state->counters[ROOM_LIST_READS]);
    return etag_end(x);
}

/* A list of one's own that is not much longer than the page is cheaper read whole, as it lies,
 * than sorted and cut. */
static uint64_t most_read_whole(const struct page *page) {
    return 2 * page->limit;
}

static void send_whole(struct exchange *x, const struct page *page, struct room_pieces *pieces) {
    room_pieces_sort(pieces);
    pieces->first = page->offset;
    pieces->state.count = x->identity.rooms_count;
    pieces->state.counters[ROOM_LIST_OWN_SEQ] = x->identity.last_seq;
    room_pieces_write(x, page, pieces);
    set_list_etag(x, &pieces->state);
}

/* The rooms carry the list's own counters, which are asked for first only if the client may have
 * it already. */
static enum error answer_whole(struct exchange *x, const struct page *page) {
    const struct room_list list = {.user_id = x->identity.user.id};
    struct room_pieces pieces = ROOM_PIECES_NONE;
    enum error error = ERROR_NONE;
    if (etag_is_asked(x)) {
        error = room_list_state_get(x->service->db, list.user_id, &pieces.state);
        if (error || set_list_etag(x, &pieces.state))
            return error;
    }
    room_pieces_clear(&pieces);
    error = room_list_whole(x->service->db, x->service->names, &list, room_pieces_collect, &pieces);
    if (!error)
        send_whole(x, page, &pieces);
    room_pieces_free(&pieces);
    return error;
}

/* ---- a page of a long one ---- */

static uint64_t end_of(const struct page *page) {
    return page->offset + page->limit;
}

static uint64_t most_at_first(const struct page *page) {
    return end_of(page) + BEYOND;
}

/* How many of `most` rooms would not be read if the list were sorted. */
static uint64_t needless(const struct page *page, uint64_t most) {
    return most - page->limit - BEYOND;
}

/* Whether no room but those read, sorted, was active as late as the last one of the page. */
static bool none_is_missing(const struct room_pieces *pieces, const struct page *page) {
    const int64_t others = room_list_next_minute(pieces->list[pieces->count - 1].active_at);
    return pieces->list[end_of(page) - 1].active_at >= others;
}

/* How far to walk down the rooms of all, of which one is in `count`. */
static uint64_t reach_of(uint64_t count) {
    return count / 2;
}

/* In how many rooms one has to be for a walk that finds `most` of them, and reads all that is to
 * be shown of them, to be worth it: or else the database sorts the list. */
static uint64_t least_for(const struct page *page, uint64_t most) {
    const uint64_t to_find = 4 * most;
    const uint64_t to_read = SORTED_FOR_ONE * needless(page, most);
    return to_find > to_read ? to_find : to_read;
}

/* Whether the page is among the rooms read, sorted, of which `most` were asked for. */
static bool is_complete(const struct room_pieces *pieces, const struct page *page, uint64_t most) {
    return pieces->count >= most && none_is_missing(pieces, page);
}

/* How many to ask for when `most` were not enough; 0: there are no more within reach. */
static uint64_t more_than(const struct room_pieces *pieces, uint64_t most) {
    return pieces->count < most ? 0 : most * MORE;
}

/* Notes that the caller's list is a long one whose latest rooms are near, or that it is not. */
static void note_long(struct exchange *x, bool is_long) {
    if (x->has_token)
        long_lists_note(x->service->long_lists, x->token_hash,
                        is_long ? x->identity.rooms_count : 0);
}

/* Reads rooms that the page is among, in order, asking for `most` of them at first; 0: has the
 * list sorted. */
static enum error read_own(struct exchange *x, const struct page *page, uint64_t most,
                           struct room_pieces *pieces) {
    const struct room_list list = {pieces->brief, x->identity.user.id};
    const uint64_t count = x->identity.rooms_count;
    struct service *service = x->service;
    room_pieces_clear(pieces);
    pieces->state.count = count;
    pieces->first = page->offset;
    if (page->offset >= count)
        return ERROR_NONE;
    while (most && count >= least_for(page, most)) {
        const enum error error = room_list_latest(service->db, service->names, &list, most,
                                                  reach_of(count), room_pieces_collect, pieces);
        room_pieces_sort(pieces);
        const bool complete = !error && is_complete(pieces, page, most);
        if (complete && most == most_at_first(page))
            note_long(x, true);
        if (error || complete)
            return error;
        most = more_than(pieces, most);
        room_pieces_clear(pieces);
    }
    pieces->first = 0;
    const enum error error = room_list_page(service->db, service->names, &list, page->limit,
                                            page->offset, room_pieces_collect, pieces);
    room_pieces_sort(pieces);
    return error;
}

/* ---- the public ones ---- */

/* The same of public ones: fewer than `most` are all there are. */
static bool is_complete_public(const struct room_pieces *pieces, const struct page *page,
                               uint64_t most) {
    return pieces->count < most || none_is_missing(pieces, page);
}

static int64_t find_minute(const struct exchange *x, const struct page *page) {
    return crowded_minutes_find(x->service->crowded_minutes, end_of(page), clock_monotonic_ms());
}

static void note_minute(struct exchange *x, const struct page *page, int64_t at) {
    crowded_minutes_note(x->service->crowded_minutes, end_of(page), at, clock_monotonic_ms());
}

/* Notes in which minute the page ends that is not among the rooms read, sorted, and returns it. */
static int64_t note_end(struct exchange *x, const struct page *page,
                        const struct room_pieces *pieces) {
    const int64_t at = pieces->list[pieces->count - 1].active_at;
    note_minute(x, page, at);
    return at;
}

/* Whether the rooms that were active in the minute that is remembered, or later, fill the page:
 * if they do not, the minute is forgotten. */
static bool has_filled(struct exchange *x, const struct page *page,
                       const struct room_pieces *pieces) {
    const bool filled = pieces->count == page->limit;
    if (filled)
        crowded_minutes_narrow(x->service->crowded_minutes, end_of(page),
                               pieces->list[pieces->count - 1].active_at);
    else
        note_minute(x, page, 0);
    return filled;
}

/* Reads exactly the rooms of the page, of those that were active in the minute of `from`, or
 * later; *filled is false, and they may not be the right ones, if they do not fill it. */
static enum error read_sorted(struct exchange *x, const struct page *page, int64_t from,
                              struct room_pieces *pieces, bool *filled) {
    const struct room_list list = {pieces->brief, x->identity.user.id};
    room_pieces_clear(pieces);
    pieces->first = 0;
    const enum error error =
        public_rooms_page(x->service->db, x->service->names, &list, page->limit, page->offset, from,
                          room_pieces_collect, pieces);
    room_pieces_sort(pieces);
    *filled = !error && has_filled(x, page, pieces);
    return error;
}

/* Reads rooms of the latest minutes; *complete is false, and *from in the minute in which the page
 * ends, when it may not be among them. */
static enum error read_latest(struct exchange *x, const struct page *page,
                              struct room_pieces *pieces, int64_t *from, bool *complete) {
    const struct room_list list = {pieces->brief, x->identity.user.id};
    const uint64_t most = most_at_first(page);
    room_pieces_clear(pieces);
    pieces->first = page->offset;
    const enum error error = public_rooms_latest(x->service->db, x->service->names, &list, most,
                                                 room_pieces_collect, pieces);
    room_pieces_sort(pieces);
    *complete = !error && is_complete_public(pieces, page, most);
    if (!error && !*complete)
        *from = note_end(x, page, pieces);
    return error;
}

/* Reads public rooms that the page is among, in order. What does not fill the page although a look
 * before has said so was changed in between: then all are sorted. */
static enum error read_public(struct exchange *x, const struct page *page,
                              struct room_pieces *pieces) {
    bool done = false;
    int64_t from = 0;
    enum error error = public_rooms_count(x->service->db, &pieces->state.count);
    room_pieces_clear(pieces);
    if (error || page->offset >= pieces->state.count)
        return error;
    const bool worth_it =
        needless(page, most_at_first(page)) <= pieces->state.count / SORTED_FOR_ONE;
    if ((from = find_minute(x, page)) != 0)
        error = read_sorted(x, page, from, pieces, &done);
    if (!error && !done && worth_it) {
        error = read_latest(x, page, pieces, &from, &done);
        if (!error && !done)
            error = read_sorted(x, page, from, pieces, &done);
    }
    return error || done ? error : read_sorted(x, page, 0, pieces, &done);
}

/* ---- answering ---- */

/* The tag is made of the page and of the number of rooms in the list. */
static bool set_page_etag(struct exchange *x, enum room_pages_kind kind, const struct page *page,
                          const struct room_pieces *pieces) {
    buffer_printf(etag_begin(x), "%d.%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".%016" PRIx64,
                  kind == ROOM_PAGES_PUBLIC ? 1 : 2, x->identity.user.id, page->limit, page->offset,
                  pieces->state.count, room_pieces_hash(pieces, page));
    return etag_end(x);
}

static void send_page(struct exchange *x, enum room_pages_kind kind, const struct page *page,
                      const struct room_pieces *pieces) {
    if (!set_page_etag(x, kind, page, pieces))
        room_pieces_write(x, page, pieces);
}

/* `most` is for one's own. */
static enum error read_page(struct exchange *x, enum room_pages_kind kind, const struct page *page,
                            uint64_t most, struct room_pieces *pieces) {
    return kind == ROOM_PAGES_OWN ? read_own(x, page, most, pieces) : read_public(x, page, pieces);
}

static enum error answer_page(struct exchange *x, enum room_pages_kind kind,
                              const struct page *page, uint64_t most) {
    struct room_pieces pieces = ROOM_PIECES_NONE;
    enum error error = ERROR_NONE;
    bool unchanged = false;
    pieces.brief = etag_is_asked(x);
    if (pieces.brief) {
        error = read_page(x, kind, page, most, &pieces);
        unchanged = !error && set_page_etag(x, kind, page, &pieces);
        pieces.brief = false;
    }
    if (!error && !unchanged) {
        error = read_page(x, kind, page, most, &pieces);
        if (!error)
            send_page(x, kind, page, &pieces);
    }
    room_pieces_free(&pieces);
    return error;
}

/* ---- with a caller who is yet to be proven ---- */

static enum error guess_public(struct exchange *x, const struct page *page) {
    struct service *service = x->service;
    struct room_pieces pieces = ROOM_PIECES_NONE;
    const uint64_t most = most_at_first(page);
    const int64_t from = find_minute(x, page);
    bool found;
    const enum error error =
        from ? public_rooms_page_by_token(service->db, service->names, x->token_hash, page->limit,
                                          page->offset, from, &x->identity, &pieces.state.count,
                                          &found, room_pieces_collect, &pieces)
             : public_rooms_latest_by_token(service->db, service->names, x->token_hash, most,
                                            &x->identity, &pieces.state.count, &found,
                                            room_pieces_collect, &pieces);
    exchange_found_identity(x, error, found);
    room_pieces_sort(&pieces);
    pieces.first = from ? 0 : page->offset;
    const bool complete = x->has_identity && (from ? has_filled(x, page, &pieces)
                                                   : is_complete_public(&pieces, page, most));
    if (complete)
        send_page(x, ROOM_PAGES_PUBLIC, page, &pieces);
    else if (x->has_identity && !from)
        note_end(x, page, &pieces);
    room_pieces_free(&pieces);
    return x->has_identity && !complete ? answer_page(x, ROOM_PAGES_PUBLIC, page, 0) : error;
}

/* The caller is looked for along with the list, if it is a short one. */
static enum error guess_short(struct exchange *x, const struct page *page) {
    struct room_pieces pieces = ROOM_PIECES_NONE;
    bool found;
    const enum error error = room_list_whole_by_token(
        x->service->db, x->service->names, x->token_hash, most_read_whole(page), &x->identity,
        &found, room_pieces_collect, &pieces);
    exchange_found_identity(x, error, found);
    const bool is_long = x->has_identity && x->identity.rooms_count > most_read_whole(page);
    if (x->has_identity && !is_long)
        send_whole(x, page, &pieces);
    room_pieces_free(&pieces);
    return is_long ? answer_page(x, ROOM_PAGES_OWN, page, most_at_first(page)) : error;
}

/* The caller is looked for along with the latest rooms, of which there were `count`. */
static enum error guess_long(struct exchange *x, const struct page *page, uint64_t count) {
    const uint64_t most = most_at_first(page);
    struct room_pieces pieces = ROOM_PIECES_NONE;
    bool found;
    const enum error error = room_list_latest_by_token(
        x->service->db, x->service->names, x->token_hash, least_for(page, most), most,
        reach_of(count), &x->identity, &found, room_pieces_collect, &pieces);
    exchange_found_identity(x, error, found);
    room_pieces_sort(&pieces);
    const bool complete = x->has_identity && is_complete(&pieces, page, most);
    note_long(x, complete);
    pieces.state.count = x->identity.rooms_count;
    pieces.first = page->offset;
    if (complete)
        send_page(x, ROOM_PAGES_OWN, page, &pieces);
    const uint64_t more = more_than(&pieces, most);
    room_pieces_free(&pieces);
    return x->has_identity && !complete ? answer_page(x, ROOM_PAGES_OWN, page, more) : error;
}

static enum error answer_guess(struct exchange *x, enum room_pages_kind kind,
                               const struct page *page) {
    if (kind == ROOM_PAGES_PUBLIC)
        return page->offset <= MOST_BEFORE ? guess_public(x, page) : ERROR_NONE;
    const uint64_t count = long_lists_find(x->service->long_lists, x->token_hash);
    const bool is_long = page->offset < count && count >= least_for(page, most_at_first(page));
    return is_long ? guess_long(x, page, count) : guess_short(x, page);
}

enum error room_pages_answer(struct exchange *x, enum room_pages_kind kind,
                             const struct page *page) {
    if (x->auth_pending)
        return answer_guess(x, kind, page);
    if (kind == ROOM_PAGES_OWN && x->identity.rooms_count <= most_read_whole(page))
        return answer_whole(x, page);
    return answer_page(x, kind, page, most_at_first(page));
}
