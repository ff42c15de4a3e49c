/* /api/site/changes/: what a follower has not acknowledged, for programs that pull. A GET returns
 * what is new, the same each time until an ack moves the place. */
#include <json-c/json.h>

#include "event/replay.h"
#include "handlers/handlers.h"
#include "rest/field.h"
#include "rest/page.h"
#include "store/followers/follower.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MOST 1000

/* Reads the name of a follower from the query. 1 to FOLLOWER_NAME_MAX characters, not bytes. */
static bool read_follower(struct exchange *x, struct buffer *name) {
    bool valid = true;
    const bool given = request_query(x->request, "follower", name, &valid);
    const size_t points = text_code_points((struct text){buffer_str(name), name->len});
    if (!given)
        field_errors_add(&x->field_errors, "follower", CODE_REQUIRED, "This field is required.");
    else if (!valid || points < 1 || points > FOLLOWER_NAME_MAX)
        field_errors_add(&x->field_errors, "follower", CODE_INVALID, "Enter 1 to %d characters.",
                         FOLLOWER_NAME_MAX);
    return field_errors_none(&x->field_errors);
}

/* `from` counts only for a follower that is made by this request. */
static bool read_from(struct exchange *x) {
    struct buffer from = BUFFER_EMPTY;
    bool valid = true;
    const bool given = request_query(x->request, "from", &from, &valid);
    const bool oldest = given && valid &&
                        text_equals((struct text){buffer_str(&from), from.len}, text_of("oldest"));
    if (given && !oldest)
        field_errors_add(&x->field_errors, "from", CODE_INVALID_CHOICE, "It can be \"oldest\".");
    buffer_free(&from);
    return oldest;
}

/* The answer while it is written. */
struct changes {
    struct exchange *x;
    struct json_writer w;
    uint64_t left; /* events that may still be shown */
    uint64_t last; /* the number of the last event of the present room; 0: none yet */
    bool has_more;
    enum error error;
};

/* No room for another event: by number, or by the bytes of the answer. */
static bool is_full(const struct changes *changes) {
    return changes->left == 0 || changes->w.out->len > PAGE_BYTES;
}

/* Shows an event of the room, as long as the answer has space for it. */
static void show_event(void *context, const struct event_envelope *envelope) {
    struct changes *changes = context;
    /* One is shown in any case, so that the follower advances. */
    if (changes->last > 0 && is_full(changes))
        return;
    json_write_raw(&changes->w, envelope->text.at, envelope->text.len);
    changes->last = envelope->seq;
    changes->left--;
}

/* The head of a room, up to the bracket of its events. */
static void begin_room(struct changes *changes, const struct follower_lease *lease) {
    struct json_writer *w = &changes->w;
    json_write_object(w);
    json_write_member_u64(w, "room_id", lease->room.room_id);
    json_write_member_text_or_null(w, "key", lease->room_key);
    json_write_member_u64(w, "first_seq", lease->seq + 1);
    json_write_key(w, "events");
    json_write_array(w);
}

/* The events that the follower has not seen of one room, within what is left of the answer. */
static void show_room(void *context, const struct follower_lease *lease) {
    struct changes *changes = context;
    struct json_writer *w = &changes->w;
    const uint64_t last_seq = lease->room.last_seq;
    /* The rooms that are left wait for the next request. */
    if (changes->error || is_full(changes)) {
        changes->has_more = true;
        return;
    }
    /* A batch at a time, as for hooks, so that one busy room does not hold the others up. */
    const uint64_t limit = changes->left < FOLLOWER_BATCH ? changes->left : FOLLOWER_BATCH;
    begin_room(changes, lease);
    changes->last = 0;
    enum error error =
        replay_room(changes->x->service->db, &lease->room, lease->seq, limit,
                    changes->x->service->config->event_retention, show_event, changes);
    /* They have expired, or the database was restored: the follower loads the room. */
    if (error == ERROR_GONE) {
        json_write_object(w);
        json_write_member_str(w, "type", "resync");
        json_write_member_u64(w, "last_seq", last_seq);
        json_write_object_end(w);
        changes->last = last_seq;
        /* It takes the place of an event, and the follower acknowledges it as one. */
        changes->left--;
        error = ERROR_NONE;
    }
    json_write_array_end(w);
    /* No event was shown: last_seq stays where the follower was. */
    json_write_member_u64(w, "last_seq", changes->last ? changes->last : lease->seq);
    json_write_object_end(w);
    /* More events of this room are left for the next request. */
    changes->has_more = changes->has_more || changes->last < last_seq;
    changes->error = error;
}

/* The rooms with events after the follower's places, each with some of them. */
static enum error show_changes(struct exchange *x, uint64_t follower_id, uint64_t limit) {
    /* `left` goes down with each event that is shown. */
    struct changes changes = {.x = x, .w = json_writer_start(&x->response.body), .left = limit};
    struct json_writer *w = &changes.w;
    json_write_object(w);
    json_write_key(w, "results");
    json_write_array(w);
    /* One room more than can be shown tells that there is more. */
    const enum error error =
        follower_pending(x->service->db, follower_id, limit + 1, show_room, &changes);
    json_write_array_end(w);
    json_write_member_bool(w, "more", changes.has_more);
    json_write_object_end(w);
    return error ? error : changes.error;
}

enum error changes_list(struct exchange *x) {
    struct buffer name = BUFFER_EMPTY;
    uint64_t limit = LIMIT_DEFAULT, follower_id = 0;
    enum error error = ERROR_BAD_INPUT;
    page_number(x, "limit", 1, &limit);
    const bool from_oldest = read_from(x);
    if (limit > LIMIT_MOST)
        limit = LIMIT_MOST;
    /* The first request of a name makes the follower, and the search for news is a part of it. */
    if (read_follower(x, &name))
        error = follower_pull(x->service->db, (struct text){buffer_str(&name), name.len},
                              from_oldest, &follower_id);
    if (!error)
        error = show_changes(x, follower_id, limit);
    buffer_free(&name);
    return error;
}

/* ---- acks ---- */

/* Takes one ack, or only checks it. */
static enum error take(struct exchange *x, uint64_t follower_id, bool dry, bool *is_beyond) {
    uint64_t room_id = 0, seq = 0;
    enum follower_ack ack = FOLLOWER_ACK_TAKEN;
    const bool has_room = field_id(x, "room_id", &room_id);
    /* Both are read before the first error returns, so that both errors are reported. */
    if (!field_number(x, "seq", &seq) || !has_room)
        return ERROR_BAD_INPUT;
    /* A number beyond the last event is refused: it would hide events that are yet to come. */
    const enum error error =
        follower_acknowledge(x->service->db, follower_id, room_id, seq, dry, &ack);
    *is_beyond = !error && ack == FOLLOWER_ACK_BEYOND;
    return *is_beyond ? ERROR_BAD_INPUT : error;
}

/* With `dry` all acks are checked, without it taken. The first that is wrong ends it. */
static enum error take_all(struct exchange *x, struct json_object *acks, uint64_t follower_id,
                           bool dry) {
    const size_t count = json_object_array_length(acks);
    enum error error = ERROR_NONE;
    for (size_t i = 0; !error && i < count; i++) {
        const struct field_place outer = field_enter(x, "acks", acks, i);
        bool is_beyond = false;
        error = take(x, follower_id, dry, &is_beyond);
        if (is_beyond)
            field_errors_add(&x->field_errors, "seq", CODE_MAX_VALUE,
                             "Beyond the last event of the room.");
        if (error == ERROR_BAD_INPUT)
            field_leave_wrong(x, &outer, "acks", i);
        else
            field_leave(x, &outer);
    }
    return error;
}

enum error changes_ack(struct exchange *x) {
    struct json_object *acks = NULL;
    struct text name;
    uint64_t follower_id;
    const bool has_name = field_text(x, "follower", &name);
    if (!field_list(x, "acks", &acks) || !has_name)
        return ERROR_BAD_INPUT;
    enum error error = follower_by_name(x->service->db, name, &follower_id);
    if (error == ERROR_NOT_FOUND) {
        field_errors_add(&x->field_errors, "follower", CODE_DOES_NOT_EXIST,
                         "There is no follower of this name.");
        return ERROR_BAD_INPUT;
    }
    /* All are checked before any is taken. */
    if (!error)
        error = take_all(x, acks, follower_id, true);
    /* Between the two a room may be deleted, which acknowledging takes as done. */
    if (!error)
        error = take_all(x, acks, follower_id, false);
    if (!error)
        x->response.status = 204;
    return error;
}
