/* GET messages/{id}/replies/: the messages that answer one directly, oldest first. */
#include "blocked.h"
#include "event/serialize.h"
#include "handlers/handlers.h"
#include "rest/page.h"
#include "store/messages/message_page.h"

/* A page while it is read. */
struct reply_listing {
    struct exchange *x;
    struct page *page;
    struct json_writer w;
    uint64_t count; /* of all replies, known with the first row */
    bool has_begun;
};

/* With the first row, which has the number of all replies, or at the end without any. */
static void begin_listing(struct reply_listing *listing) {
    listing->w = json_writer_start(&listing->x->response.body);
    page_begin(listing->x, &listing->w, listing->page, listing->count, "");
    listing->has_begun = true;
}

/* Adds a reply to the page until it is full. */
static void list_reply(void *context, const struct message *message) {
    struct reply_listing *listing = context;
    if (!listing->has_begun)
        begin_listing(listing);
    const size_t len = listing->w.out->len;
    if (listing->page->is_full)
        return;
    blocked_write_message(listing->x, &listing->w, message);
    page_keep(listing->page, &listing->w, len);
}

enum error replies_list(struct exchange *x) {
    struct page page;
    struct reply_listing listing = {.x = x, .page = &page};
    enum error error;
    if (!page_read_in_room(x, &page, &error))
        return error;
    const struct message_replies which = {
        .room_id = x->ids[0], .message_id = x->ids[1], .limit = page.limit, .offset = page.offset};
    /* The page and its count are one statement; the names of senders may take another one. */
    error = message_page_replies(x->service->db, x->service->names, x->identity.user.id, &which,
                                 &listing.count, list_reply, &listing);
    if (error)
        return error;
    if (!listing.has_begun)
        begin_listing(&listing);
    page_end(x, &listing.w, &page, listing.count, "");
    return ERROR_NONE;
}
