/* Replaying the streams of rooms and users, one event at a time: the store reads rows, serialize
 * writes the same JSON that was published when they were new, and the visitor gets an envelope.
 * Only one event is in memory. What an event shows of its subject is read now: an edited message
 * has its present content. */
#include "event/replay.h"

#include "base/buffer.h"
#include "event/serialize.h"
#include "store/events/event_log.h"
#include "store/rooms/room.h"

/* One replay under way. */
struct replay {
    struct db *db;
    replay_visit *visit;
    void *context;
    struct buffer json;                  /* of the current event */
    struct buffer room;                  /* the JSON of the room, once it was read */
    const struct user_event *user_event; /* the current one, for serialize_created */
    struct text message;                 /* of a new_message, in json */
    enum error error;
};

/* Completes the envelope of the current event and visits it. */
static void visit_event(struct replay *replay, struct event_envelope envelope) {
    /* Valid during the visit only; the next event uses the same buffer. */
    envelope.text = (struct text){buffer_str(&replay->json), replay->json.len};
    envelope.message = replay->message;
    /* Borrowed: the visitor copies what it keeps. */
    replay->visit(replay->context, &envelope);
    buffer_clear(&replay->json);
    replay->message = (struct text){NULL, 0};
}

/* ---- rooms ---- */

/* Called with the room as it is now, once for a replay. */
static void keep_room(void *context, const struct room *room) {
    struct replay *replay = context;
    /* The room's JSON is kept as text, for all room_updated of this replay. */
    struct json_writer w = json_writer_start(&replay->room);
    serialize_room_in_event(&w, room);
}

/* Only room_updated shows the room, as it is now: it is read once for all of them. If it no longer
 * exists, it is null. */
static enum error read_room(struct replay *replay, uint64_t room_id) {
    /* Read already, or found missing ("null"). */
    if (replay->room.len > 0)
        return ERROR_NONE;
    /* User 0: as an event shows it, the same for all members. */
    const enum error error = room_get(replay->db, room_id, 0, keep_room, replay);
    if (error == ERROR_NOT_FOUND)
        buffer_append_str(&replay->room, "null");
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* Visits one event of a room, with the JSON that it was published with. */
static void replay_room_event(void *context, const struct room_event *event) {
    struct replay *replay = context;
    const bool shows_room = event->type == EVENT_ROOM_UPDATED;
    /* An error cannot stop the walk over the rows; it skips the others and is returned at the
     * end. */
    if (!replay->error && shows_room)
        replay->error = read_room(replay, event->room_id);
    if (replay->error)
        return;
    /* pushd needs the Message object of a new message; it points into replay->json. */
    if (shows_room)
        serialize_room_updated(&replay->json, event,
                               (struct text){replay->room.data, replay->room.len});
    else
        replay->message = serialize_room_event(&replay->json, event, NULL);
    struct event_envelope envelope = {.seq = event->seq,
                                      .type = event->type,
                                      .actor_id = event->actor_id,
                                      .actor = event->actor,
                                      .subject_id = event->subject_id};
    /* Positions are set only in rooms whose members do not see everything. */
    event_log_set_positions(event, &envelope.position, &envelope.quoted);
    visit_event(replay, envelope);
}

enum error replay_room(struct db *db, const struct room_state *state, uint64_t after,
                       uint64_t limit, uint64_t retention_days, replay_visit *visit,
                       void *context) {
    struct replay replay = {.db = db, .visit = visit, .context = context};
    const enum error error =
        event_log_list(db, state, after, limit, retention_days, replay_room_event, &replay);
    buffer_free(&replay.json);
    buffer_free(&replay.room);
    /* The store's error first: without it replay.error is that of reading a room. */
    return error ? error : replay.error;
}

/* ---- users ---- */

static const char *actor_of(const struct user_event *event) {
    /* The text is empty if there was no actor. */
    return event->actor[0] ? event->actor : NULL;
}

/* The room of an event room_created, as the user sees it now. */
static void serialize_created(void *context, const struct room *room) {
    struct replay *replay = context;
    const struct user_event *event = replay->user_event;
    serialize_room_created(&replay->json, event->seq, event->subject_id, room, actor_of(event));
}

/* Reads the room by a query of its own; it is null if it is gone or no longer visible. */
static enum error read_created(struct replay *replay, const struct user_event *event) {
    replay->user_event = event;
    const enum error error =
        room_get(replay->db, event->subject_id, event->user_id, serialize_created, replay);
    if (error == ERROR_NOT_FOUND)
        serialize_room_created(&replay->json, event->seq, event->subject_id, NULL, actor_of(event));
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* Writes the JSON of an event of a user; nothing for one that is not shown any more. */
static enum error serialize_user_event(struct replay *replay, const struct user_event *event) {
    const uint64_t seq = event->seq, room_id = event->subject_id;
    const struct removal_ban ban = {event->banned_until};
    enum error error = ERROR_NONE;
    switch (event->type) {
    case EVENT_ROOM_CREATED:
        error = read_created(replay, event);
        break;
    case EVENT_ROOM_INVITATION:
        serialize_room_invitation(&replay->json, seq, room_id,
                                  event->has_room ? &event->room_name : NULL, actor_of(event));
        break;
    case EVENT_ROOM_REMOVED:
        serialize_room_removed(&replay->json, seq, room_id, actor_of(event),
                               event->is_banned ? &ban : NULL);
        break;
    case EVENT_ROOM_DELETED:
        serialize_room_deleted(&replay->json, seq, room_id, actor_of(event));
        break;
    case EVENT_READ_CHANGED:
        /* Not shown, if a later one has replaced it. An empty text: the number is taken, and there
         * is nothing to show. */
        if (room_id)
            serialize_read_changed(&replay->json, seq, &event->mark);
        break;
    case EVENT_PREFERENCES_CHANGED:
        serialize_preferences_changed(&replay->json, seq, room_id, &event->view);
        break;
    case EVENT_MENTIONED:
        /* Not shown once the room is deleted. */
        if (event->room_id)
            serialize_mentioned(&replay->json, seq, event->room_id, event->subject_id,
                                actor_of(event));
        break;
    case EVENT_REPORT_CREATED:
        if (event->room_id)
            serialize_report_created(&replay->json, seq, event->room_id, event->subject_id);
        break;
    case EVENT_SILENCE_CHANGED:
        serialize_silence_changed(&replay->json, seq, room_id, event->silenced_until);
        break;
    case EVENT_MODERATION_CHANGED:
        /* room_id 0: the subject is gone, and the event is not shown. */
        if (event->room_id)
            serialize_moderation_changed(&replay->json, seq, room_id);
        break;
    case EVENT_MESSAGE_HELD:
        /* Nor once it was let through or dropped. */
        if (event->room_id)
            serialize_message_held(&replay->json, seq, event->room_id, event->subject_id);
        break;
    }
    /* Other types, such as changed credentials, have no JSON for clients. */
    return error;
}

/* Visits one event of a user, unless an earlier one has failed. */
static void replay_user_event(void *context, const struct user_event *event) {
    struct replay *replay = context;
    /* After an error the rest is skipped, so that no event is missing in between. */
    if (!replay->error)
        replay->error = serialize_user_event(replay, event);
    if (!replay->error)
        visit_event(replay, (struct event_envelope){.seq = event->seq,
                                                    .type = event->type,
                                                    .actor_id = event->actor_id,
                                                    .actor = text_of(event->actor),
                                                    .subject_id = event->subject_id});
}

enum error replay_user_page(struct db *db, uint64_t user_id, uint64_t after, uint64_t limit,
                            uint64_t retention_days, struct user_log_state *state, bool *more,
                            replay_visit *visit, void *context) {
    struct replay replay = {.db = db, .visit = visit, .context = context};
    const enum error error = user_log_page(db, user_id, after, limit, retention_days, state, more,
                                           replay_user_event, &replay);
    buffer_free(&replay.json);
    return error ? error : replay.error;
}

enum error replay_user(struct db *db, uint64_t user_id, uint64_t after, uint64_t limit,
                       uint64_t retention_days, struct user_log_state *state, replay_visit *visit,
                       void *context) {
    struct replay replay = {.db = db, .visit = visit, .context = context};
    const enum error error =
        user_log_list(db, user_id, after, limit, retention_days, state, replay_user_event, &replay);
    buffer_free(&replay.json);
    return error ? error : replay.error;
}
