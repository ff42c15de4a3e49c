#include "etag.h"
#include "event.h"
#include "handlers/handlers.h"
#include "page.h"
#include "shape.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MOST 1000

/* The events as they are written, and what writing one of them came to. */
struct listing {
    struct exchange *x;
    struct jsonw w;
    enum error error;
    const struct room_event *event;     /* the one that needs the room's state */
};

static void write_event(struct listing *listing, const struct room_event *event,
                        const struct room *room) {
    struct buffer json = BUFFER_EMPTY;
    shape_room_event(&json, event, room);
    jsonw_raw(&listing->w, json.data, json.len);
    buffer_free(&json);
}

static void write_with_room(void *context, const struct room *room) {
    struct listing *listing = context;
    write_event(listing, listing->event, room);
}

/* Only room_updated shows the room: its state is read when one comes along. */
static void list_event(void *context, const struct room_event *event) {
    struct listing *listing = context;
    if (event->type != EVENT_ROOM_UPDATED) {
        write_event(listing, event, NULL);
        return;
    }
    listing->event = event;
    const enum error error =
        room_get(listing->x->service->db, event->room_id, 0, write_with_room, listing);
    if (error == ERROR_NOT_FOUND)
        write_event(listing, event, NULL);
    else if (error)
        listing->error = error;
}

/* The cursor can't be served: the client learns where to go on from. */
static enum error answer_gone(struct exchange *x, uint64_t last_seq) {
    struct jsonw w = jsonw_start(&x->response.body);
    buffer_clear(&x->response.body);
    jsonw_object(&w);
    jsonw_member_str(&w, "detail", "Events after this one are not kept; load the room again.");
    jsonw_member_u64(&w, "last_seq", last_seq);
    jsonw_object_end(&w);
    x->response.status = error_status(ERROR_GONE);
    return ERROR_GONE;
}

enum error events_list(struct exchange *x) {
    const struct room_state *state = &x->caller.room;
    uint64_t after = 0, limit = LIMIT_DEFAULT;
    page_number(x, "after", 0, &after);
    page_number(x, "limit", 1, &limit);
    if (limit > LIMIT_MOST)
        limit = LIMIT_MOST;
    if (!problems_none(&x->problems))
        return ERROR_BAD_INPUT;
    const bool can_be_served = after <= state->last_seq && after + 1 >= state->oldest_seq;
    if (can_be_served && etag_set_room(x, state))
        return ERROR_NONE;
    struct listing listing = {.x = x, .w = jsonw_start(&x->response.body)};
    jsonw_object(&listing.w);
    jsonw_key(&listing.w, "events");
    jsonw_array(&listing.w);
    const enum error error =
        event_log_list(x->service->db, state, after, limit, x->service->config->event_retention,
                       list_event, &listing);
    if (error == ERROR_GONE)
        return answer_gone(x, state->last_seq);
    if (error || listing.error)
        return error ? error : listing.error;
    jsonw_array_end(&listing.w);
    jsonw_member_u64(&listing.w, "last_seq", state->last_seq);
    jsonw_object_end(&listing.w);
    return ERROR_NONE;
}
