/* GET mentions/: the messages that mention the user, in all rooms, newest first. Pages are by
 * cursor only, and nothing is counted. */
#include "blocked.h"
#include "event/serialize.h"
#include "handlers/handlers.h"
#include "rest/page.h"
#include "store/messages/mention.h"

/* A page while it is read: each message by itself, since their order may be reversed. */
struct mention_listing {
    struct exchange *x;
    struct page page;
    struct buffer results;
    size_t ends[PAGE_MOST];
    uint64_t first_id, last_id; /* as read */
    bool more;                  /* there are messages beyond the page */
};

/* Keeps a message that fits, and where its JSON ends. */
static void list_mention(void *context, const struct message *message) {
    struct mention_listing *listing = context;
    struct page *page = &listing->page;
    struct json_writer w = json_writer_start(&listing->results);
    const size_t len = listing->results.len;
    /* One more is read than the page has. */
    listing->more = listing->more || page->is_full || page->shown == page->limit;
    if (listing->more)
        return;
    blocked_write_message(listing->x, &w, message);
    if (!page_keep(page, &w, len)) {
        listing->more = true;
        return;
    }
    listing->ends[page->shown - 1] = listing->results.len;
    if (page->shown == 1)
        listing->first_id = message->id;
    listing->last_id = message->id;
}

/* Writes newest first, whatever way the page was read: by `after` it comes oldest first. */
static void write_page(struct exchange *x, struct mention_listing *listing, bool after,
                       bool has_cursor) {
    struct json_writer w = json_writer_start(&x->response.body);
    const uint64_t shown = listing->page.shown, limit = listing->page.limit;
    /* A page by cursor has the message of the cursor on its other side. Which links there are
     * is known without counting: by the message that was read beyond the page, and by the
     * cursor itself. */
    const bool older = shown > 0 && (after || listing->more);
    const bool newer = shown > 0 && (after ? listing->more : has_cursor);
    json_write_object(&w);
    /* Counting all mentions of a user would read them all. */
    json_write_member_null(&w, "count");
    page_write_cursor(x, &w, "next", older, "before",
                      after ? listing->first_id : listing->last_id, limit);
    page_write_cursor(x, &w, "previous", newer, "after",
                      after ? listing->last_id : listing->first_id, limit);
    json_write_key(&w, "results");
    json_write_array(&w);
    for (uint64_t i = 0; i < shown; i++) {
        const uint64_t at = after ? shown - 1 - i : i;
        const size_t start = at > 0 ? listing->ends[at - 1] : 0;
        json_write_raw(&w, listing->results.data + start, listing->ends[at] - start);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
}

enum error mentions_list(struct exchange *x) {
    struct mention_listing listing = {.x = x};
    bool before, after;
    page_read(x, PAGE_DEFAULT, &listing.page);
    const uint64_t cursor = page_read_cursor(x, &before, &after);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    /* By the index of mentions of the user; a room that the user has left is left out. */
    const enum error error = mention_page(x->service->db, x->identity.user.id, after, cursor,
                                          listing.page.limit + 1, list_mention, &listing);
    if (!error)
        write_page(x, &listing, after, before);
    buffer_free(&listing.results);
    return error;
}
