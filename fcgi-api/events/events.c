/* GET rooms/{id}/events/ and events/: the events of a room, or of the user's own stream, after a
 * number, for clients that poll instead of holding a WebSocket. They are the same objects with the
 * same numbers. */
#include <inttypes.h>

#include "event/replay.h"
#include "handlers/handlers.h"
#include "rest/etag.h"
#include "rest/page.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MOST 1000

/* Events read by one statement: with the longest messages, 6 MiB. */
#define SLICE 200

/* A page while it is read. Numbers are those of the stream, as in the WebSocket: a client can
 * change between both. */
struct event_listing {
    struct json_writer w;
    uint64_t last; /* the number of the last event of the page */
    bool is_full;  /* the next event would make it longer than PAGE_BYTES */
};

/* Writes an event as it is stored, as long as the page has room for it. */
static void list_event(void *context, const struct event_envelope *envelope) {
    struct event_listing *listing = context;
    const struct buffer *out = listing->w.out;
    /* The statement has more rows than the page can show. */
    if (listing->is_full)
        return;
    /* The first event is always shown, however long it is. */
    listing->is_full = listing->last > 0 && out->len + envelope->text.len > PAGE_BYTES;
    if (listing->is_full)
        return;
    json_write_raw(&listing->w, envelope->text.at, envelope->text.len);
    listing->last = envelope->seq;
}

/* Reads the page in slices, so that no more is read than it can show. */
static enum error list_events(struct exchange *x, uint64_t after, uint64_t limit,
                              struct event_listing *listing) {
    const struct room_state *state = &x->identity.room;
    enum error error = ERROR_NONE;
    /* Numbers have no gaps, so slice n begins at after + n * SLICE. The first slice in any
     * case: it finds out whether events have expired. */
    for (uint64_t done = 0; !error && !listing->is_full && done < limit; done += SLICE)
        if (done == 0 || after + done < state->last_seq)
            error = replay_room(x->service->db, state, after + done,
                                limit - done < SLICE ? limit - done : SLICE,
                                x->service->config->event_retention, list_event, listing);
    /* Events that were deleted meanwhile: the client gets 410 with its next request. */
    return error == ERROR_GONE && listing->last > 0 ? ERROR_NONE : error;
}

/* 410 with the number to continue from: the client loads its data, and then asks after that
 * number. */
static enum error respond_gone(struct exchange *x, uint64_t last_seq, const char *detail) {
    /* The array that was begun is dropped. */
    buffer_clear(&x->response.body);
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_str(&w, "detail", detail);
    json_write_member_str(&w, "code", error_code_word(CODE_GONE));
    json_write_member_u64(&w, "last_seq", last_seq);
    json_write_object_end(&w);
    x->response.status = error_status(ERROR_GONE);
    return ERROR_GONE;
}

/* Reads ?after= and ?limit=; errors are collected. */
static void read_range(struct exchange *x, uint64_t *after, uint64_t *limit) {
    *after = 0;
    *limit = LIMIT_DEFAULT;
    page_number(x, "after", 0, after);
    page_number(x, "limit", 1, limit);
    /* Lowered, not refused. */
    if (*limit > LIMIT_MOST)
        *limit = LIMIT_MOST;
}

/* The head up to the bracket; what follows depends on the events. */
static void begin_events(struct exchange *x, struct event_listing *listing) {
    *listing = (struct event_listing){.w = json_writer_start(&x->response.body)};
    json_write_object(&listing->w);
    json_write_key(&listing->w, "events");
    json_write_array(&listing->w);
}

/* The client continues from the last event shown; if there is more, at once. */
static void end_events(struct event_listing *listing, uint64_t last_seq) {
    struct json_writer *w = &listing->w;
    json_write_array_end(w);
    json_write_member_u64(w, "last_seq", last_seq);
    if (listing->is_full)
        json_write_member_bool(w, "more", true);
    json_write_object_end(w);
}

enum error events_list(struct exchange *x) {
    const struct room_state *state = &x->identity.room;
    struct event_listing listing;
    uint64_t after, limit;
    read_range(x, &after, &limit);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;

    /* In a room with hidden members the events of other members are left out. */
    room_state_hide_members(&x->identity.room, x->identity.user.id);
    /* An error has no entity tag. Whether the events are there is known from the state alone,
     * without reading them. */
    const bool is_available = after <= state->last_seq && after + 1 >= state->oldest_seq;
    if (is_available && etag_set_room(x, state))
        return ERROR_NONE;
    begin_events(x, &listing);
    const enum error error = list_events(x, after, limit, &listing);
    if (error == ERROR_GONE)
        return respond_gone(x, state->last_seq,
                            "The events after this number have expired; reload the room.");
    if (error)
        return error;
    end_events(&listing, state->last_seq);
    return ERROR_NONE;
}

enum error events_own(struct exchange *x) {
    const struct user *user = &x->identity.user;
    struct event_listing listing;
    struct user_log_state state;
    uint64_t after, limit;
    bool more;
    read_range(x, &after, &limit);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    /* The tag of the stream; the number from which it is read is in the URL. Only a number that
     * the stream has: one beyond it is answered by 410. */
    if (after <= x->identity.last_seq) {
        buffer_printf(etag_begin(x), "u%" PRIu64 ".%" PRIx64 ".%" PRIu64, user->id,
                      (uint64_t)user->created_at, x->identity.last_seq);
        if (etag_end(x))
            return ERROR_NONE;
    }
    begin_events(x, &listing);
    const enum error error =
        replay_user_page(x->service->db, user->id, after, limit,
                         x->service->config->event_retention, &state, &more, list_event, &listing);
    if (error == ERROR_GONE) {
        /* An error has no entity tag. */
        buffer_clear(etag_begin(x));
        return respond_gone(x, state.last_seq,
                            "The events after this number have expired; reload the list of rooms.");
    }
    if (error)
        return error;
    /* Numbers without an event follow the last one shown, or nothing. */
    listing.is_full = listing.is_full || (more && listing.last < state.last_seq);
    end_events(&listing, state.last_seq);
    return ERROR_NONE;
}
