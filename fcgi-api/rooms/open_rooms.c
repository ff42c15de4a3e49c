/* GET open-rooms/: the rooms that anyone may read, for all, also without credentials. Pages are by
 * cursor only, and nothing is counted, so that a page costs the same however many rooms there are.
 * All get the same answer, which a cache may give to those without credentials. */
#include "handlers/handlers.h"
#include "rest/etag.h"
#include "rest/page.h"
#include "secrets/secret.h"
#include "store/rooms/open_room.h"

/* A page while it is read. */
struct open_listing {
    struct json_writer w; /* of the results */
    uint64_t first_id, last_id;
};

/* 200 rooms with the longest names and topics are shorter than PAGE_BYTES. */
static void write_open_room(void *context, const struct open_room *room) {
    struct open_listing *listing = context;
    struct json_writer *w = &listing->w;
    if (listing->first_id == 0)
        listing->first_id = room->room_id;
    listing->last_id = room->room_id;
    json_write_object(w);
    json_write_member_u64(w, "room_id", room->room_id);
    json_write_member_text_or_null(w, "key", room->key);
    json_write_member_text(w, "name", room->name);
    json_write_member_text(w, "topic", room->topic);
    json_write_member_u64(w, "message_count", room->message_count);
    json_write_member_u64(w, "members_count", room->members_count);
    json_write_member_str(w, "guests", room_guests_name(room->guests));
    json_write_member_bool(w, "is_private", room->is_private);
    json_write_member_bool(w, "is_archived", room->is_archived);
    json_write_member_time(w, "created_at", room->created_at);
    json_write_member_time(w, "last_active_at", room->last_active_at);
    json_write_object_end(w);
}

/* A hash of the rooms and of what leads to other pages; 304 if the client has this. */
static bool set_tag(struct exchange *x, const struct buffer *results, bool older, bool newer) {
    unsigned char hash[8];
    secret_digest((struct text){results->data, results->len}, hash, sizeof(hash));
    struct buffer *tag = etag_begin(x);
    buffer_printf(tag, "o%d%d.", older, newer);
    for (size_t i = 0; i < sizeof(hash); i++)
        buffer_printf(tag, "%02x", hash[i]);
    return etag_end(x);
}

enum error open_rooms_list(struct exchange *x) {
    struct buffer results = BUFFER_EMPTY;
    struct open_listing listing = {.w = json_writer_start(&results)};
    struct page page;
    bool before, after;
    bool more = false;
    if (x->service->config->open_rooms_list == CONFIG_OFF)
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_OPEN_LIST_OFF,
                             "This site does not list its open rooms.");
    page_read(x, PAGE_DEFAULT, &page);
    const uint64_t cursor = page_read_cursor(x, &before, &after);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    json_write_array(&listing.w);
    const enum error error = open_room_page(x->service->db, after, cursor, page.limit,
                                            write_open_room, &listing, &more);
    json_write_array_end(&listing.w);
    /* A page by cursor has the room of the cursor on its other side. */
    const bool older = listing.first_id > 0 && (after ? cursor > 0 : more);
    const bool newer = listing.first_id > 0 && (after ? more : before);
    if (!error && !set_tag(x, &results, older, newer)) {
        struct json_writer w = json_writer_start(&x->response.body);
        json_write_object(&w);
        json_write_member_null(&w, "count");
        page_write_cursor(x, &w, "next", older, "before", listing.last_id, page.limit);
        page_write_cursor(x, &w, "previous", newer, "after", listing.first_id, page.limit);
        json_write_key(&w, "results");
        json_write_raw(&w, results.data, results.len);
        json_write_object_end(&w);
    }
    buffer_free(&results);
    return error;
}
