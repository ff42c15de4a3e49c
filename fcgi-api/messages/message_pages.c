/* GET messages/: pages of the messages of a room, by offset or by cursor. A page may be requested
 * with a token that is not yet verified (x->auth_pending); the statement that reads the page
 * verifies it too. */
#include "blocked.h"
#include "event/serialize.h"
#include "handlers/handlers.h"
#include "rest/etag.h"
#include "rest/page.h"
#include "store/messages/message_page.h"

/* A page while it is read. A page by offset is written to the response directly. The links of a
 * page by cursor depend on its first and last message, so its messages are written to `results`
 * first; one by `after` is read from its oldest message on, so that it can end at PAGE_BYTES. */
struct message_listing {
    struct exchange *x;
    struct page *page;
    const struct message_page *which;
    bool has_begun;
    struct json_writer w;
    struct buffer results;   /* of a page by cursor */
    size_t ends[PAGE_MOST];  /* of each message in results */
    uint64_t ids[PAGE_MOST]; /* of each message */
    uint64_t first_position; /* of the first message; the others follow without gaps */
    uint64_t begin;          /* index of the first message that is shown */
    uint64_t center;         /* index of the message of a page around one */
};

/* Its head comes first, as the count is known before the rows; so it needs no copy. */
static bool is_by_offset(const struct message_listing *listing) {
    return listing->which->kind == MESSAGE_PAGE_OFFSET;
}

/* With the first row, since a statement that also finds the identity brings the counts with it. */
static void begin_listing(struct message_listing *listing) {
    struct exchange *x = listing->x;
    /* By cursor the head is known only at the end. */
    struct buffer *out = is_by_offset(listing) ? &x->response.body : &listing->results;
    buffer_clear(out);
    listing->w = json_writer_start(out);
    if (is_by_offset(listing))
        page_begin(x, &listing->w, listing->page, room_state_visible(&x->identity.room), "");
    listing->has_begun = true;
}

/* Adds a message to the page, and notes where it ends, so that a page can be cut or turned
 * round. */
static void list_message(void *context, const struct message *message) {
    struct message_listing *listing = context;
    if (!listing->has_begun)
        begin_listing(listing);
    struct page *page = listing->page;
    struct buffer *out = listing->w.out;
    const size_t len = out->len;
    const bool is_around = listing->which->kind == MESSAGE_PAGE_AROUND;
    /* Full already; the statement may have a few rows more. */
    if (page->is_full || page->shown == PAGE_MOST)
        return;
    /* Each message by itself, without commas, since their order may be reversed. The comma is
     * written later, between the messages in their final order. */
    if (!is_by_offset(listing))
        listing->w = json_writer_start(out);
    blocked_write_message(listing->x, &listing->w, message);
    /* Does not fit: written back. One around a message is cut at both ends, when it is read. */
    if (is_around)
        page->shown++;
    else if (!page_keep(page, &listing->w, len))
        return;
    /* shown is at least 1 here, and `at` the index of this message. */
    const uint64_t at = page->shown - 1;
    if (at == 0)
        listing->first_position = message->position;
    if (is_around && message->id == listing->which->from)
        listing->center = at;
    listing->ends[at] = out->len;
    listing->ids[at] = message->id;
}

/* Reads which page is requested: by offset, or by a cursor. */
static void read_page(struct exchange *x, struct page *page, struct message_page *which) {
    static const struct {
        const char *name;
        enum message_page_kind kind;
    } CURSORS[] = {{"before", MESSAGE_PAGE_BEFORE},
                   {"after", MESSAGE_PAGE_AFTER},
                   {"around", MESSAGE_PAGE_AROUND}};
    uint64_t cursor;
    /* The parameters of all kinds; errors are collected. */
    page_read(x, PAGE_DEFAULT, page);
    *which = (struct message_page){MESSAGE_PAGE_OFFSET, page->limit, page->offset};
    for (size_t i = 0; i < sizeof(CURSORS) / sizeof(CURSORS[0]); i++) {
        if (!page_number(x, CURSORS[i].name, 0, &cursor))
            continue;
        if (which->kind != MESSAGE_PAGE_OFFSET)
            field_errors_add(&x->field_errors, CURSORS[i].name, CODE_CONFLICTING,
                             "Give one of before, after and around.");
        *which = (struct message_page){CURSORS[i].kind, page->limit, cursor};
    }
}

/* Where the JSON of a message begins in `results`: at the end of the one before. */
static size_t start_of(const struct message_listing *listing, uint64_t at) {
    return at > 0 ? listing->ends[at - 1] : 0;
}

/* Cuts a page around a message to PAGE_BYTES: at the end that is farther from the message. */
static void cut_around(struct message_listing *listing) {
    struct page *page = listing->page;
    while (page->shown > 1 &&
           listing->ends[listing->begin + page->shown - 1] - start_of(listing, listing->begin) >
               PAGE_BYTES) {
        /* How many messages there are on both sides of the one in the middle. */
        const uint64_t newer = listing->center - listing->begin, older = page->shown - 1 - newer;
        page->shown--;
        if (newer > older)
            listing->begin++;
    }
}

/* Writes a page by cursor. There is no next page after the oldest message. The previous page of an
 * empty page before the first message is after=0. */
static void write_cursor_page(struct exchange *x, struct message_listing *listing) {
    const struct room_state *room = &x->identity.room;
    const uint64_t count = room->message_count, shown = listing->page->shown;
    const uint64_t hidden = room->first_position;
    const bool oldest_first = listing->which->kind == MESSAGE_PAGE_AFTER, empty = shown == 0;
    const uint64_t limit = listing->which->limit;
    /* Indices of both ends; their positions tell whether there is anything beyond them. `last`
     * is not used if the page is empty, and then is not before `first`. */
    const uint64_t first = listing->begin, last = empty ? first : first + shown - 1;
    const uint64_t newest = oldest_first ? last : first, oldest = oldest_first ? first : last;
    /* Positions have no gaps, so the position of either end follows from the first one. */
    const bool more_newer = oldest_first ? listing->first_position + newest < count
                                         : listing->first_position - newest < count;
    const bool more_older =
        oldest_first ? listing->first_position + oldest > hidden + 1
                     : listing->first_position - oldest > hidden + 1;
    /* An empty page "before" the first message: all messages are newer. */
    const bool before_all = empty && listing->which->kind == MESSAGE_PAGE_BEFORE && count > hidden;
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_u64(&w, "count", room_state_visible(room));
    /* "next" are older messages, "previous" newer ones, whatever way the page was read. */
    page_write_cursor(x, &w, "next", !empty && more_older, "before", listing->ids[oldest], limit);
    page_write_cursor(x, &w, "previous", before_all || (!empty && more_newer), "after",
                      empty ? 0 : listing->ids[newest], limit);
    json_write_key(&w, "results");
    json_write_array(&w);
    /* Always shown newest first. Each as it was written, separated by commas now. */
    for (uint64_t i = 0; i < shown; i++) {
        const uint64_t at = oldest_first ? last - i : first + i;
        const size_t start = start_of(listing, at);
        json_write_raw(&w, listing->results.data + start, listing->ends[at] - start);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
}

/* Writes what follows the messages: the links or cursors to other pages. */
static void end_listing(struct message_listing *listing) {
    struct exchange *x = listing->x;
    /* A page without any message has not begun. */
    if (!listing->has_begun)
        begin_listing(listing);
    if (listing->which->kind == MESSAGE_PAGE_AROUND)
        cut_around(listing);
    if (is_by_offset(listing))
        page_end(x, &listing->w, listing->page, room_state_visible(&x->identity.room), "");
    else
        write_cursor_page(x, listing);
}

/* Reads the page and authenticates the user in one statement. One round trip less for a page
 * with a token; see exchange.h. */
static enum error list_by_token(struct exchange *x, struct message_listing *listing) {
    bool found;
    const enum error error =
        message_page_by_token(x->service->db, x->service->names, x->token_hash, x->ids[0],
                              listing->which, &x->identity, &found, list_message, listing);
    /* Neither error nor found: the router serves the request again, with all checks. */
    exchange_end_pending(x, error, found);
    /* After the page, as the state of the room came with it. So such a page is never 304. */
    if (x->has_identity)
        etag_set_room(x, &x->identity.room);
    return error;
}

/* Reads the page for a user who is authenticated already. A cursor that is not of the room is an
 * error of its field. */
static enum error list_by_identity(struct exchange *x, struct message_listing *listing) {
    const struct message_page *which = listing->which;
    bool cursor_found;
    /* cursor_found tells an empty page from a wrong cursor. */
    const enum error error =
        message_page_list(x->service->db, x->service->names, &x->identity.room, x->identity.user.id,
                          which, &cursor_found, list_message, listing);
    /* Such a page is empty only before the first message. Else the message of the cursor has
     * arrived from another node between both statements. */
    if (!error && cursor_found && listing->page->shown == 0 && which->kind != MESSAGE_PAGE_AFTER)
        x->may_be_outdated = true;
    if (error || cursor_found)
        return error;
    field_errors_add(&x->field_errors,
                     which->kind == MESSAGE_PAGE_BEFORE   ? "before"
                     : which->kind == MESSAGE_PAGE_AROUND ? "around"
                                                          : "after",
                     CODE_DOES_NOT_EXIST, "This message is not in the room.");
    return ERROR_BAD_INPUT;
}

enum error messages_list(struct exchange *x) {
    struct page page;
    struct message_page which;
    /* Errors of parameters are reported like those of fields. */
    read_page(x, &page, &which);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    /* With a pending token the state of the room is not known yet. */
    if (!x->auth_pending && etag_set_room(x, &x->identity.room))
        return ERROR_NONE;
    struct message_listing listing = {.x = x, .page = &page, .which = &which};
    const enum error error =
        x->auth_pending ? list_by_token(x, &listing) : list_by_identity(x, &listing);
    /* Not found: nothing is written, the response is made by the ordinary way. */
    if (!error && (x->has_identity || x->is_anonymous))
        end_listing(&listing);
    buffer_free(&listing.results);
    return error;
}
