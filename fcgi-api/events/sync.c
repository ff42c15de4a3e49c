/* POST sync/: all that is new for a client since its numbers, in one answer.
 *
 * The counters of the user's rooms are read by one statement; they tell which rooms have anything
 * new, and only of these events are read. So the cost grows with what is new. The answer is
 * bounded, in events and in bytes; with "more" the client asks again, from the numbers that it has
 * then. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/hash.h"
#include "bell_path.h"
#include "event/replay.h"
#include "handlers/handlers.h"
#include "rest/field.h"
#include "rest/page.h"
#include "store/events/sync.h"
#include "store/messages/mention.h"
#include "store/rooms/room_list.h"

#define LIMIT_DEFAULT 500
#define LIMIT_MOST 1000

/* Events read by one statement, as for events/. */
#define SLICE 200

/* Rooms read by one statement. */
#define ROOMS_SLICE 100

/* More bytes than an entry without events and the end of the answer have. */
#define ENTRY_BYTES 256

/* What the client has. */
struct request_fields {
    struct text database_id; /* .at NULL: unknown */
    struct text etag;
    bool has_user_seq;
    uint64_t user_seq;
    struct field_pair *rooms; /* its numbers, by rising id */
    size_t rooms_count;
    uint64_t limit;
};

struct sync {
    struct exchange *x;
    struct request_fields given;
    struct json_writer w; /* the answer */

    /* The state of the server. */
    char database_id[SYNC_DATABASE_ID_SIZE];
    struct sync_room *rooms; /* by rising id */
    size_t rooms_count, rooms_space;
    bool is_other_database;

    uint64_t *changed; /* rooms whose preferences have changed */
    size_t changed_count, changed_space;

    struct buffer events;    /* of the present stream, an array */
    struct json_writer list; /* writes it */
    uint64_t left;           /* events that may still be shown */
    uint64_t shown;          /* in the present stream */
    uint64_t last;           /* the number of the last one */
    bool is_empty;           /* nothing is shown yet: the first entry is, however long */
    bool is_full;            /* the next event would make the answer longer than PAGE_BYTES */
    bool more;
};

/* ---- the request ---- */

/* Later, answer() compares what is given with the state of the server. */
static void read_fields(struct exchange *x, struct request_fields *given) {
    *given = (struct request_fields){.limit = LIMIT_DEFAULT};
    /* A client that starts has null or nothing. */
    field_text(x, "database_id", &given->database_id);
    field_text(x, "etag", &given->etag);
    given->has_user_seq = field_number(x, "user_seq", &given->user_seq);
    field_numbered(x, "rooms", &given->rooms, &given->rooms_count);
    field_number(x, "limit", &given->limit);
    if (given->limit > LIMIT_MOST)
        given->limit = LIMIT_MOST;
}

/* ---- the state ---- */

/* In rising order of ids, as the statement has them; write_rooms relies on that. */
static void keep_room(void *context, const struct sync_room *room) {
    struct sync *sync = context;
    sync->rooms = array_reserve(sync->rooms, &sync->rooms_space, sync->rooms_count + 1,
                                sizeof(sync->rooms[0]));
    sync->rooms[sync->rooms_count++] = *room;
}

/* A hash of everything on which answers depend. Each change of a room, of the user's rooms or of
 * a read mark advances one of these numbers. */
static uint64_t hash_state(const struct sync *sync) {
    const struct identity *identity = &sync->x->identity;
    uint64_t hash = HASH_START;
    /* A restored database has another id, and so another tag. */
    for (const char *c = sync->database_id; *c; c++)
        hash = hash_byte(hash, (unsigned char)*c);
    hash = hash_u64(hash, identity->user.id);
    hash = hash_u64(hash, identity->last_seq);
    for (size_t i = 0; i < sync->rooms_count; i++) {
        const struct room_state *state = &sync->rooms[i].state;
        hash = hash_u64(hash, state->room_id);
        hash = hash_u64(hash, state->last_seq);
        hash = hash_u64(hash, state->last_read_position);
    }
    return hash;
}

/* ---- events ---- */

/* The events of a stream are collected apart, since they may have to be dropped. */
static void begin_stream(struct sync *sync) {
    buffer_clear(&sync->events);
    sync->list = json_writer_start(&sync->events);
    json_write_array(&sync->list);
    sync->shown = 0;
    sync->last = 0;
}

/* From here on an entry must fit, as the answer is not empty any more. */
static void end_stream(struct sync *sync) {
    json_write_array_end(&sync->list);
    sync->is_empty = sync->is_empty && sync->shown == 0;
}

/* The events cannot be shown: the client loads its data again. */
static void drop_stream(struct sync *sync) {
    sync->left += sync->shown;
    begin_stream(sync);
}

/* Writes an event of the room or of the user, and notes rooms whose preferences it changes. */
static void list_event(void *context, const struct event_envelope *envelope) {
    struct sync *sync = context;
    /* What is written, what is collected, this event, and the end of its entry. */
    const size_t bytes = sync->w.out->len + sync->events.len + envelope->text.len + ENTRY_BYTES;
    /* The entry of this room must be shown, even if no event of the room is new. */
    if (envelope->type == EVENT_PREFERENCES_CHANGED) {
        sync->changed = array_reserve(sync->changed, &sync->changed_space, sync->changed_count + 1,
                                      sizeof(sync->changed[0]));
        sync->changed[sync->changed_count++] = envelope->subject_id;
    }
    /* The statement has more rows than the answer can show. The first entry is shown however
     * long it is, or the client would never get beyond it. */
    sync->is_full = sync->is_full || (bytes > PAGE_BYTES && !(sync->is_empty && sync->shown == 0));
    if (sync->is_full)
        return;
    json_write_raw(&sync->list, envelope->text.at, envelope->text.len);
    sync->last = envelope->seq;
    sync->shown++;
    sync->left--;
}

/* Writes "user". */
static enum error write_user(struct sync *sync) {
    const struct request_fields *given = &sync->given;
    const struct identity *identity = &sync->x->identity;
    struct user_log_state state = {.last_seq = identity->last_seq};
    bool resync = sync->is_other_database, more = false;
    enum error error = ERROR_NONE;
    begin_stream(sync);
    /* A number beyond the last event: in a cluster, perhaps of another node, which the router then
     * waits for. */
    if (!resync && given->has_user_seq && given->user_seq > identity->last_seq)
        sync->x->may_be_outdated = true;
    /* Usually nothing is new, which is known already. An unknown number has no events: the
     * client has just loaded its data. */
    if (!resync && given->has_user_seq && given->user_seq != identity->last_seq) {
        error = replay_user_page(sync->x->service->db, identity->user.id, given->user_seq,
                                 sync->left, sync->x->service->config->event_retention, &state,
                                 &more, list_event, sync);
        resync = error == ERROR_GONE;
    }
    if (resync)
        drop_stream(sync);
    if (error && !resync)
        return error;
    end_stream(sync);
    /* Not all is shown: too many events, too many bytes, or a page of the stream. */
    sync->more = sync->more || sync->is_full || (more && sync->last < state.last_seq);
    json_write_key(&sync->w, "user");
    json_write_object(&sync->w);
    json_write_key(&sync->w, "events");
    json_write_raw(&sync->w, sync->events.data, sync->events.len);
    json_write_member_u64(&sync->w, "last_seq", state.last_seq);
    json_write_member_bool(&sync->w, "resync", resync);
    json_write_object_end(&sync->w);
    return ERROR_NONE;
}

/* Reads the events of a room after a number, as many as the answer may show. */
static enum error read_events(struct sync *sync, const struct room_state *state, uint64_t after) {
    const struct service *service = sync->x->service;
    struct room_state shown = *state;
    enum error error = ERROR_NONE;
    uint64_t done = after;
    /* A copy: what the user may not see depends on the room, and the state is used again. */
    room_state_hide_members(&shown, sync->x->identity.user.id);
    while (!error && !sync->is_full && sync->left > 0 && done < state->last_seq) {
        const uint64_t slice = sync->left < SLICE ? sync->left : SLICE;
        error = replay_room(service->db, &shown, done, slice, service->config->event_retention,
                            list_event, sync);
        /* Numbers have no gaps, so that the next slice begins there, whatever types it has. */
        done += slice;
    }
    /* Those that were deleted meanwhile: the client is told with its next request. */
    return error == ERROR_GONE && sync->shown > 0 ? ERROR_NONE : error;
}

/* ---- rooms ---- */

/* `changed` is short: it has the events of this answer. */
static bool has_changed_preferences(const struct sync *sync, uint64_t room_id) {
    for (size_t i = 0; i < sync->changed_count; i++)
        if (sync->changed[i] == room_id)
            return true;
    return false;
}

/* Writes a room that the client knows up to number `after`, if anything is new. */
static enum error write_room(struct sync *sync, const struct sync_room *room, uint64_t after) {
    const struct room_state *state = &room->state;
    const struct request_fields *given = &sync->given;
    /* A number beyond the last event, of another database, or before the oldest event that is kept:
     * events cannot continue from there. */
    bool resync =
        sync->is_other_database || after > state->last_seq || after + 1 < state->oldest_seq;
    if (after > state->last_seq && !sync->is_other_database)
        sync->x->may_be_outdated = true;
    const bool has_events = !resync && after < state->last_seq;
    /* The read mark or a preference was changed by another device. */
    const bool is_marked = (given->has_user_seq && room->mark_seq > given->user_seq) ||
                           has_changed_preferences(sync, state->room_id);
    if (!resync && !has_events && !is_marked)
        return ERROR_NONE;
    /* The answer is full: the client asks again for this room and all that follow. */
    if (sync->is_full || (has_events && sync->left == 0) ||
        (!sync->is_empty && sync->w.out->len + ENTRY_BYTES > PAGE_BYTES)) {
        sync->more = true;
        return ERROR_NONE;
    }
    begin_stream(sync);
    uint64_t mentions = 0;
    /* By an index of mentions that are not read, of this room and user. */
    enum error error =
        mention_count_unread(sync->x->service->db, state, sync->x->identity.user.id, &mentions);
    if (!error && has_events)
        error = read_events(sync, state, after);
    if (error && error != ERROR_GONE)
        return error;
    resync = resync || error == ERROR_GONE;
    if (resync)
        drop_stream(sync);
    const bool more = !resync && has_events && sync->last < state->last_seq;
    sync->more = sync->more || more;
    end_stream(sync);
    sync->is_empty = false;
    struct json_writer *w = &sync->w;
    json_write_object(w);
    json_write_member_u64(w, "room_id", state->room_id);
    json_write_key(w, "events");
    json_write_raw(w, sync->events.data, sync->events.len);
    json_write_member_u64(w, "last_seq", state->last_seq);
    /* Positions have no gaps: their difference is the number of messages. */
    json_write_member_u64(w, "unread_count", state->message_count - state->last_read_position);
    json_write_member_u64(w, "unread_mentions", mentions);
    json_write_member_bool(w, "resync", resync);
    json_write_member_bool(w, "more", more);
    json_write_object_end(w);
    return ERROR_NONE;
}

/* A room that the client does not know. */
static void write_new_room(void *context, const struct room *room) {
    struct sync *sync = context;
    struct buffer *out = sync->w.out;
    /* To take the room back if it does not fit. */
    const size_t len = out->len;
    const bool comma = sync->w.comma;
    if (sync->is_full)
        return;
    json_write_object(&sync->w);
    json_write_key(&sync->w, "room");
    bell_path_write_room(sync->x, &sync->w, room);
    json_write_member_u64(&sync->w, "last_seq", room->state.last_seq);
    json_write_object_end(&sync->w);
    /* Whether it fits is known only after writing it. */
    sync->is_full = !sync->is_empty && out->len + ENTRY_BYTES > PAGE_BYTES;
    sync->is_empty = false;
    if (!sync->is_full)
        return;
    /* Taken back. */
    out->len = len;
    sync->w.comma = comma;
    sync->more = true;
}

/* Writes the rooms that the client has not named, by rising id, in slices. Hidden ones are left
 * out, as in the list of rooms. */
static enum error write_new_rooms(struct sync *sync, const uint64_t *ids, size_t count) {
    struct service *service = sync->x->service;
    struct buffer json = BUFFER_EMPTY;
    enum error error = ERROR_NONE;
    /* There were no entries for these: the client asks again. */
    sync->more = sync->more || (sync->is_full && count > 0);
    for (size_t done = 0; !error && !sync->is_full && done < count;) {
        const size_t slice = count - done < ROOMS_SLICE ? count - done : ROOMS_SLICE;
        buffer_clear(&json);
        buffer_append_ids(&json, ids + done, slice);
        done += slice;
        error = room_list_ids(service->db, service->names, sync->x->identity.user.id,
                              (struct text){json.data, json.len}, write_new_room, sync);
        sync->more = sync->more || (sync->is_full && done < count);
    }
    buffer_free(&json);
    return error;
}

/* Writes "rooms" and "gone": both lists are by rising id, so one walk compares them. */
static enum error write_rooms(struct sync *sync) {
    const struct field_pair *given = sync->given.rooms;
    const size_t given_count = sync->given.rooms_count;
    struct buffer gone = BUFFER_EMPTY;
    struct json_writer gone_list = json_writer_start(&gone);
    uint64_t *new_ids = NULL;
    size_t new_count = 0, new_space = 0, at = 0;
    enum error error = ERROR_NONE;
    json_write_array(&gone_list);
    json_write_key(&sync->w, "rooms");
    json_write_array(&sync->w);
    for (size_t i = 0; i < sync->rooms_count && !error; i++) {
        const struct sync_room *room = &sync->rooms[i];
        /* Named by the client, and not one of the user's rooms: left, deleted, or never there. */
        for (; at < given_count && given[at].id < room->state.room_id; at++)
            json_write_u64(&gone_list, given[at].id);
        /* Known to the client: only what is new of it. */
        if (at < given_count && given[at].id == room->state.room_id) {
            error = write_room(sync, room, given[at++].number);
        } else if (!room->state.view.is_hidden) {
            new_ids = array_reserve(new_ids, &new_space, new_count + 1, sizeof(new_ids[0]));
            new_ids[new_count++] = room->state.room_id;
        }
    }
    for (; at < given_count; at++)
        json_write_u64(&gone_list, given[at].id);
    json_write_array_end(&gone_list);
    /* In a cluster this node may not know yet that the user is in the room. */
    if (gone.len > 2)
        sync->x->may_be_outdated = true;
    if (!error)
        error = write_new_rooms(sync, new_ids, new_count);
    json_write_array_end(&sync->w);
    json_write_key(&sync->w, "gone");
    json_write_raw(&sync->w, gone.data, gone.len);
    buffer_free(&gone);
    free(new_ids);
    return error;
}

/* ---- the answer ---- */

/* The user's own events and the rooms, up to the limits of the answer. */
static enum error write_answer(struct sync *sync, const char *etag) {
    /* "user" first: its events tell which rooms the user has joined or left. */
    sync->w = json_writer_start(&sync->x->response.body);
    struct json_writer *w = &sync->w;
    json_write_object(w);
    json_write_member_str(w, "database_id", sync->database_id);
    enum error error = write_user(sync);
    if (!error)
        error = write_rooms(sync);
    json_write_member_bool(w, "more", sync->more);
    /* With a part of the answer the client does not have this state. */
    json_write_member_str(w, "etag", sync->more ? NULL : etag);
    json_write_object_end(w);
    return error;
}

/* All numbers of the client are those of the server; one statement was enough. */
static enum error write_unchanged(struct exchange *x) {
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_bool(&w, "unchanged", true);
    json_write_object_end(&w);
    return ERROR_NONE;
}

/* The state of the user's rooms; 304 if the client has exactly this state. */
static enum error answer(struct sync *sync) {
    const struct request_fields *given = &sync->given;
    char etag[17];
    /* All rooms of the user with their counters; nothing of their contents. */
    enum error error = sync_rooms(sync->x->service->db, sync->x->identity.user.id,
                                  sync->database_id, keep_room, sync);
    if (error)
        return error;
    sync->is_other_database =
        given->database_id.at && !text_equals(given->database_id, text_of(sync->database_id));
    snprintf(etag, sizeof(etag), "%016" PRIx64, hash_state(sync));
    /* The tag that the client got for exactly this state. */
    if (!sync->is_other_database && given->etag.at && text_equals(given->etag, text_of(etag)))
        return write_unchanged(sync->x);
    return write_answer(sync, etag);
}

enum error sync_post(struct exchange *x) {
    struct sync sync = {.x = x, .is_empty = true};
    read_fields(x, &sync.given);
    /* The limit counts the events of all streams together. */
    sync.left = sync.given.limit;
    const enum error error = field_errors_none(&x->field_errors) ? answer(&sync) : ERROR_BAD_INPUT;
    free(sync.given.rooms);
    free(sync.rooms);
    free(sync.changed);
    buffer_free(&sync.events);
    return error;
}
