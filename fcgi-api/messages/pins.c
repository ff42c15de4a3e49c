/* /api/chat/rooms/{id}/pins/: the pinned messages of a room; pinning and unpinning one. */
#include "blocked.h"
#include "event/event.h"
#include "event/publish.h"
#include "event/serialize.h"
#include "handlers/handlers.h"
#include "limit.h"
#include "rest/page.h"
#include "store/rooms/pin.h"

/* ---- reading ---- */

struct pin_listing {
    struct exchange *x;
    struct page *page;
    struct json_writer w;
};

/* A full page leaves the rest to the next one. */
static void list_pin(void *context, const struct message *message) {
    struct pin_listing *listing = context;
    const size_t len = listing->w.out->len;
    if (listing->page->is_full)
        return;
    blocked_write_message(listing->x, &listing->w, message);
    page_keep(listing->page, &listing->w, len);
}

enum error pins_list(struct exchange *x) {
    struct page page;
    uint64_t count = 0;
    enum error error;
    if (!page_read_in_room(x, &page, &error))
        return error;
    /* Counts those that the user sees: a member who joined later may see fewer. */
    error = pin_count(x->service->db, &x->identity.room, &count);
    if (error)
        return error;
    struct pin_listing listing = {x, &page, json_writer_start(&x->response.body)};
    page_begin(x, &listing.w, &page, count, "");
    error = pin_list(x->service->db, &x->identity.room, x->identity.user.id, page.limit,
                     page.offset, list_pin, &listing);
    page_end(x, &listing.w, &page, count, "");
    return error;
}

/* ---- changing ---- */

/* message NULL: the event does not show it. */
static void publish_pin(struct exchange *x, unsigned type, uint64_t seq,
                        const struct message *message) {
    struct room_event event = room_event_of(x, type, seq, x->ids[1]);
    event.has_message = message != NULL;
    if (message)
        event.message = *message;
    publish_room_event(x->service->redis, publisher_of(x), &event, NULL);
}

struct pinning {
    struct exchange *x;
    struct pin_change change;
};

/* Called with the message, for the response and the event. */
static void send_pinned(void *context, const struct message *message) {
    const struct pinning *pinning = context;
    struct exchange *x = pinning->x;
    struct json_writer w = json_writer_start(&x->response.body);
    blocked_write_message(x, &w, message);
    /* Pinned before: the same answer, without an event. */
    if (pinning->change.changed)
        publish_pin(x, EVENT_MESSAGE_PINNED, pinning->change.seq, message);
}

enum error pins_add(struct exchange *x) {
    struct pinning pinning = {.x = x};
    /* Pinning makes an event for all members, so it counts like a message. */
    enum error error = limit_take_user(x, LIMIT_MESSAGES, x->identity.user.id);
    if (!error)
        error = pin_add(x->service->db, x->ids[0], x->identity.user.id, x->ids[1], &pinning.change);
    /* 100 pins: a list that is shown at once. */
    if (pinning.change.too_many)
        return exchange_fail(x, error, CODE_TOO_MANY, "The room has 100 pinned messages.");
    if (error)
        return error;
    /* Read back, since the answer and the event show the whole message. */
    return message_get(x->service->db, x->ids[0], x->ids[1], x->identity.user.id, send_pinned,
                       &pinning);
}

enum error pins_remove(struct exchange *x) {
    struct pin_change change = {0};
    enum error error = limit_take_user(x, LIMIT_MESSAGES, x->identity.user.id);
    /* Those who may pin may unpin the pins of others, too. */
    if (!error)
        error = pin_remove(x->service->db, x->ids[0], x->identity.user.id, x->ids[1], &change);
    if (error)
        return error;
    x->response.status = 204;
    /* Not pinned: 204 all the same. */
    if (change.changed)
        publish_pin(x, EVENT_MESSAGE_UNPINNED, change.seq, NULL);
    return ERROR_NONE;
}
