/* GET rooms/: the rooms of the user, or the public ones, by last activity. The tag of a page is a
 * hash over the states of its rooms. */
#include <inttypes.h>

#include "base/hash.h"
#include "bell_path.h"
#include "handlers/handlers.h"
#include "rest/etag.h"
#include "rest/page.h"
#include "store/rooms/room_list.h"

/* A page while it is read. */
struct room_listing {
    struct exchange *x;
    struct json_writer *w; /* NULL: only the hash is needed */
    struct page *page;
    uint64_t hash;  /* of everything on which the page depends */
    uint64_t found; /* of a room by its key: rooms that the user may see */
};

/* Every change of a room increments its last_seq; the creation time differs between databases; the
 * read position and the role are those of the user. */
static void visit_room(void *context, const struct room *room) {
    struct room_listing *listing = context;
    const struct room_state *state = &room->state;
    listing->hash = hash_u64(listing->hash, state->room_id);
    listing->hash = hash_u64(listing->hash, (uint64_t)state->created_at);
    listing->hash = hash_u64(listing->hash, state->last_seq);
    listing->hash = hash_u64(listing->hash, state->last_read_position);
    listing->hash = hash_u64(listing->hash, state->is_member + 2u * state->role);
    listing->hash = hash_u64(listing->hash, etag_bell(listing->x, state));
    listing->hash = hash_u64(listing->hash, etag_view(state));
    /* Without a writer only the hash is wanted; on a full page it still covers all rooms. */
    if (!listing->w || listing->page->is_full)
        return;
    const size_t len = listing->w->out->len;
    bell_path_write_room(listing->x, listing->w, room);
    /* Takes the room back if the page is too long. */
    page_keep(listing->page, listing->w, len);
}

/* Sets the entity tag; true if the client has this page already. */
static bool set_etag(struct exchange *x, const struct room_list *list, uint64_t hash) {
    /* Everything that selects the page, then the hash of its rooms. */
    buffer_printf(etag_begin(x), "%d.%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".%016" PRIx64,
                  (int)list->kind, list->user_id, list->limit, list->offset, list->count, hash);
    return etag_end(x);
}

/* Whether a parameter is 1, and not 0 or missing. */
static bool read_flag(struct exchange *x, const char *name) {
    struct buffer value = BUFFER_EMPTY;
    bool is_set = false, valid = true;
    if (request_query(x->request, name, &value, &valid)) {
        const struct text text = {buffer_str(&value), value.len};
        is_set = text_equals(text, text_of("1")) || text_equals_nocase(text, text_of("true"));
        /* Any other word is an error, so that a typing mistake is noticed. */
        if (!valid || (!is_set && !text_equals(text, text_of("0")) &&
                       !text_equals_nocase(text, text_of("false"))))
            field_errors_add(&x->field_errors, name, CODE_INVALID, "Must be 1 or 0.");
    }
    buffer_free(&value);
    return is_set;
}

/* ?public=1 requests the public rooms, ?hidden=1 those that the user has hidden; otherwise those of
 * the user that are not. */
static enum room_list_kind read_kind(struct exchange *x) {
    const bool is_public = read_flag(x, "public"), is_hidden = read_flag(x, "hidden");
    if (is_public && is_hidden)
        field_errors_add(&x->field_errors, "hidden", CODE_CONFLICTING,
                         "Give public or hidden, not both.");
    return is_public ? ROOM_LIST_PUBLIC : is_hidden ? ROOM_LIST_HIDDEN : ROOM_LIST_OWN;
}

/* ---- one room, by its key ---- */

/* Reads ?key=; false if there is none. */
static bool read_key(struct exchange *x, struct buffer *key) {
    bool valid = true;
    if (!request_query(x->request, "key", key, &valid))
        return false;
    if (!valid || !room_key_is_valid((struct text){buffer_str(key), key->len}))
        field_errors_add(&x->field_errors, "key", CODE_INVALID, "Not the key of a room.");
    return true;
}

static void begin_keyed(struct room_listing *listing, uint64_t count) {
    *listing->w = json_writer_start(&listing->x->response.body);
    page_begin(listing->x, listing->w, listing->page, count, "key");
}

static void visit_keyed(void *context, const struct room *room) {
    struct room_listing *listing = context;
    begin_keyed(listing, 1);
    listing->found = 1;
    /* With an offset beyond the only room, it is part of the hash but not shown. */
    if (listing->page->offset > 0)
        listing->w = NULL;
    visit_room(listing, room);
}

static enum error list_keyed(struct exchange *x, struct page *page, struct text key) {
    struct json_writer w;
    struct room_listing listing = {.x = x, .w = &w, .page = page, .hash = HASH_START};
    struct room_list list = {
        .user_id = x->identity.user.id, .limit = page->limit, .offset = page->offset};
    uint64_t room_id;
    enum error error = room_by_key(x->service->db, key, &room_id);
    /* Not found either if the user may not see it. */
    if (!error)
        error = room_get(x->service->db, room_id, list.user_id, visit_keyed, &listing);
    if (error && error != ERROR_NOT_FOUND)
        return error;
    list.count = listing.found;
    if (list.count == 0)
        begin_keyed(&listing, 0);
    page_end(x, &w, page, list.count, "key");
    if (set_etag(x, &list, listing.hash))
        buffer_clear(&x->response.body);
    return ERROR_NONE;
}

/* ---- all rooms ---- */

/* Sets the counts of a list: those that transactions keep, and for users who have hidden a room or
 * have favourites those of these. */
static enum error count_rooms(struct exchange *x, struct room_list *list) {
    uint64_t hidden = 0;
    enum error error = ERROR_NONE;
    if (list->kind == ROOM_LIST_PUBLIC)
        return room_list_count_public(x->service->db, &list->count);
    if (x->identity.has_preferences)
        error = room_list_count_own(x->service->db, list->user_id, &hidden, &list->favorites);
    const uint64_t all = x->identity.rooms_count;
    if (list->kind == ROOM_LIST_HIDDEN)
        list->count = hidden;
    else
        list->count = hidden < all ? all - hidden : 0;
    if (list->favorites > list->count)
        list->favorites = list->count;
    return error;
}

static enum error list_rooms(struct exchange *x, struct page *page, struct room_list *list) {
    struct db *db = x->service->db;
    enum error error = count_rooms(x, list);

    /* The tag depends only on the states of the rooms. If the client has the page already, nothing
     * else is read. */
    if (!error && etag_is_conditional(x)) {
        struct room_listing known = {.x = x, .hash = HASH_START};
        error = room_list_page(db, NULL, list, visit_room, &known);
        if (!error && set_etag(x, list, known.hash))
            return ERROR_NONE;
    }
    if (error)
        return error;

    struct json_writer w = json_writer_start(&x->response.body);
    struct room_listing listing = {.x = x, .w = &w, .page = page, .hash = HASH_START};
    page_begin(x, &w, page, list->count, "hidden public");
    /* The rooms are read again with all columns: one of them may have changed since. */
    error = room_list_page(db, x->service->names, list, visit_room, &listing);
    page_end(x, &w, page, list->count, "hidden public");
    /* A change since the first reading may have led to the client's version: 304 after all. */
    if (!error && set_etag(x, list, listing.hash))
        buffer_clear(&x->response.body);
    return error;
}

enum error rooms_list(struct exchange *x) {
    struct page page;
    page_read(x, PAGE_DEFAULT, PAGE_MOST, &page);
    struct room_list list = {.kind = read_kind(x),
                             .user_id = x->identity.user.id,
                             .limit = page.limit,
                             .offset = page.offset};
    struct buffer key = BUFFER_EMPTY;
    enum error error = ERROR_BAD_INPUT;
    const bool has_key = read_key(x, &key), valid = field_errors_none(&x->field_errors);
    if (valid && has_key)
        error = list_keyed(x, &page, (struct text){buffer_str(&key), key.len});
    buffer_free(&key);
    return !valid || has_key ? error : list_rooms(x, &page, &list);
}
