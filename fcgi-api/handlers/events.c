/* GET rooms/{id}/events/: the events of a room after a number, for polling. */
#include "event/replay.h"
#include "handlers/handlers.h"
#include "rest/etag.h"
#include "rest/page.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MOST 1000

static void list_event(void *context, const struct event_envelope *envelope) {
    json_write_raw(context, envelope->text.at, envelope->text.len);
}

/* 410 with the number to continue from. */
static enum error respond_gone(struct exchange *x, uint64_t last_seq) {
    struct json_writer w = json_writer_start(&x->response.body);
    buffer_clear(&x->response.body);
    json_write_object(&w);
    json_write_member_str(&w, "detail",
                          "The events after this number have expired; reload the room.");
    json_write_member_u64(&w, "last_seq", last_seq);
    json_write_object_end(&w);
    x->response.status = error_status(ERROR_GONE);
    return ERROR_GONE;
}

enum error events_list(struct exchange *x) {
    const struct room_state *state = &x->identity.room;
    uint64_t after = 0, limit = LIMIT_DEFAULT;
    page_number(x, "after", 0, &after);
    page_number(x, "limit", 1, &limit);
    if (limit > LIMIT_MOST)
        limit = LIMIT_MOST;
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;

    /* An error has no entity tag. */
    const bool is_available = after <= state->last_seq && after + 1 >= state->oldest_seq;
    if (is_available && etag_set_room(x, state))
        return ERROR_NONE;
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_key(&w, "events");
    json_write_array(&w);
    const enum error error = replay_room(x->service->db, state, after, limit,
                                         x->service->config->event_retention, list_event, &w);
    if (error == ERROR_GONE)
        return respond_gone(x, state->last_seq);
    if (error)
        return error;
    json_write_array_end(&w);
    json_write_member_u64(&w, "last_seq", state->last_seq);
    json_write_object_end(&w);
    return ERROR_NONE;
}
