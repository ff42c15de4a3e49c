/* GET rooms/: the rooms of the user, or the public ones, by last activity; or one room, by its key.
 * The tag of a page is a hash over the states of its rooms. */
#include <inttypes.h>

#include "base/hash.h"
#include "bell_path.h"
#include "handlers/handlers.h"
#include "rest/etag.h"
#include "rest/page.h"
#include "restriction.h"
#include "store/rooms/room_list.h"

/* A page while it is read. */
struct room_listing {
    struct exchange *x;
    struct json_writer *w; /* NULL: only the hash is needed */
    struct page *page;
    struct room_list *list;
    uint64_t hash; /* of everything on which the page depends */
};

/* Every change of a room increments its last_seq; the creation time differs between databases;
 * the read position and the role are those of the user. The order of the rooms is in the hash,
 * too. */
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
    if (listing->list->kind == ROOM_LIST_ONE)
        listing->list->count = 1;
    /* Without a writer only the hash is wanted. It covers all rooms, also those after the end of a
     * full page, and one before its beginning. */
    if (!listing->w || listing->page->is_full || listing->list->offset >= listing->list->count)
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

/* ?public=1 requests the public rooms, ?hidden=1 those that the user has hidden; otherwise
 * those of the user that are not. Both flags together have no meaning: a room that is hidden is
 * one of the user's own. */
static enum room_list_kind read_kind(struct exchange *x) {
    const bool is_public = page_flag(x, "public"), is_hidden = page_flag(x, "hidden");
    if (is_public && is_hidden)
        field_errors_add(&x->field_errors, "hidden", CODE_CONFLICTING,
                         "Give public or hidden, not both.");
    return is_public ? ROOM_LIST_PUBLIC : is_hidden ? ROOM_LIST_HIDDEN : ROOM_LIST_OWN;
}

/* ?key= requests the room that the site knows by this key. */
static void read_key(struct exchange *x, struct buffer *key, struct room_list *list) {
    bool valid = true;
    if (!request_query(x->request, "key", key, &valid))
        return;
    list->kind = ROOM_LIST_ONE;
    list->key = (struct text){buffer_str(key), key->len};
    if (!valid || !room_key_is_valid(list->key))
        field_errors_add(&x->field_errors, "key", CODE_INVALID, "Not the key of a room.");
}

/* A page of rooms with its tag; 304 if no room of the page has changed for the client. */
static enum error list_rooms(struct exchange *x, struct page *page, struct room_list *list) {
    static const char KEPT[] = "key hidden public";
    struct db *db = x->service->db;
    /* Both numbers came with the identity. */
    enum error error =
        room_list_count(db, list, x->identity.rooms_count, x->identity.has_preferences);

    /* The tag depends only on the states of the rooms. If the client has the page already, nothing
     * else is read. */
    if (!error && etag_is_conditional(x)) {
        struct room_listing known = {.x = x, .list = list, .hash = HASH_START};
        error = room_list_page(db, NULL, list, visit_room, &known);
        if (!error && set_etag(x, list, known.hash))
            return ERROR_NONE;
    }
    if (error)
        return error;

    struct json_writer w = json_writer_start(&x->response.body);
    struct room_listing listing = {x, &w, page, list, HASH_START};
    page_begin(x, &w, page, list->count, KEPT);
    /* The rooms are read again with all columns: one of them may have changed since. */
    error = room_list_page(db, x->service->names, list, visit_room, &listing);
    page_end(x, &w, page, list->count, KEPT);
    /* A change since the first reading may have led to the client's version: 304 after all. */
    if (!error && set_etag(x, list, listing.hash))
        buffer_clear(&x->response.body);
    return error;
}

/* Own rooms by last activity, favourites first. */
enum error rooms_list(struct exchange *x) {
    struct buffer key = BUFFER_EMPTY;
    struct page page;
    page_read(x, PAGE_DEFAULT, &page);
    struct room_list list = {.kind = read_kind(x),
                             .user_id = x->identity.user.id,
                             .limit = page.limit,
                             .offset = page.offset};
    read_key(x, &key, &list);
    enum error error = field_errors_none(&x->field_errors) ? ERROR_NONE : ERROR_BAD_INPUT;
    if (!error)
        error = restriction_check_guest_list(x, &list);
    if (!error)
        error = list_rooms(x, &page, &list);
    buffer_free(&key);
    return error;
}
