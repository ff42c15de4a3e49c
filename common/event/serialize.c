#include "event/serialize.h"

#include "event/event.h"

void shape_message(struct jsonw *w, const struct message *message) {
    jsonw_object(w);
    jsonw_member_u64(w, "message_id", message->id);
    jsonw_member_u64(w, "room_id", message->room_id);
    jsonw_member_u64(w, "sender_id", message->sender_id);
    jsonw_member_text(w, "sender_username", message->sender_username);
    jsonw_member_text(w, "content", message->content);
    jsonw_key(w, "message_type");
    jsonw_word(w, message_type_name(message->type));
    jsonw_member_id(w, "reply_to_id", message->reply_to_id);
    jsonw_member_time(w, "created_at", message->created_at);
    if (message->edited_at)
        jsonw_member_time(w, "edited_at", message->edited_at);
    else
        jsonw_member_null(w, "edited_at");
    jsonw_member_bool(w, "is_deleted", message->is_deleted);
    if (message->client_id.len > 0)
        jsonw_member_text(w, "client_id", message->client_id);
    else
        jsonw_member_null(w, "client_id");
    jsonw_object_end(w);
}

void shape_membership(struct jsonw *w, const struct membership *membership, bool with_username) {
    jsonw_object(w);
    jsonw_member_u64(w, "membership_id", membership->id);
    jsonw_member_u64(w, "room_id", membership->room_id);
    jsonw_member_u64(w, "user_id", membership->user_id);
    if (with_username)
        jsonw_member_text(w, "username", membership->username);
    jsonw_member_bool(w, "is_admin", membership->is_admin);
    jsonw_member_time(w, "joined_at", membership->joined_at);
    jsonw_object_end(w);
}

void shape_user(struct jsonw *w, const struct user *user) {
    jsonw_object(w);
    jsonw_member_u64(w, "user_id", user->id);
    jsonw_member_str(w, "username", user->name);
    jsonw_object_end(w);
}

void shape_account(struct jsonw *w, const struct user *user) {
    jsonw_object(w);
    jsonw_member_u64(w, "user_id", user->id);
    jsonw_member_str(w, "username", user->name);
    jsonw_member_bool(w, "is_staff", user->is_staff);
    jsonw_member_time(w, "created_at", user->created_at);
    jsonw_object_end(w);
}

/* What every viewer of a room sees alike. */
static void room_fields(struct jsonw *w, const struct room *room) {
    const struct room_state *state = &room->state;
    jsonw_member_u64(w, "room_id", state->room_id);
    jsonw_member_text(w, "name", room->name);
    jsonw_member_bool(w, "is_private", state->is_private);
    jsonw_member_bool(w, "is_direct", state->is_direct);
    jsonw_member_u64(w, "created_by_id", room->created_by_id);
    jsonw_member_time(w, "created_at", state->created_at);
    jsonw_member_u64(w, "members_count", state->members_count);
    jsonw_member_u64(w, "message_count", state->message_count);
    jsonw_key(w, "last_message");
    if (room->has_last_message)
        shape_message(w, &room->last_message);
    else
        jsonw_null(w);
    jsonw_member_u64(w, "last_seq", state->last_seq);
}

void shape_room(struct jsonw *w, const struct room *room) {
    const struct room_state *state = &room->state;
    jsonw_object(w);
    room_fields(w, room);
    jsonw_member_u64(w, "unread_count",
                     state->is_member ? state->message_count - state->last_read_position : 0);
    jsonw_member_bool(w, "is_admin", state->is_admin);
    jsonw_object_end(w);
}

void shape_room_in_event(struct jsonw *w, const struct room *room) {
    jsonw_object(w);
    room_fields(w, room);
    jsonw_object_end(w);
}

/* ---- events ---- */

static struct jsonw begin(struct buffer *out, unsigned type) {
    struct jsonw w = jsonw_start(out);
    jsonw_object(&w);
    jsonw_member_str(&w, "type", event_name(type));
    return w;
}

static void finish(struct jsonw *w, uint64_t seq, uint64_t room_id) {
    if (seq)
        jsonw_member_u64(w, "seq", seq);
    jsonw_member_u64(w, "room_id", room_id);
    jsonw_object_end(w);
}

/* A message that is on record but gone from its room would be null; rooms keep their
 * messages, so this is for a database that was mended by hand. */
static void event_message(struct jsonw *w, const struct room_event *event) {
    jsonw_key(w, "message");
    if (event->has_message)
        shape_message(w, &event->message);
    else
        jsonw_null(w);
}

static void event_membership(struct jsonw *w, const struct room_event *event) {
    jsonw_key(w, "membership");
    if (event->has_membership)
        shape_membership(w, &event->membership, false);
    else
        jsonw_null(w);
}

static void event_room(struct jsonw *w, const struct room *room) {
    jsonw_key(w, "room");
    if (room)
        shape_room_in_event(w, room);
    else
        jsonw_null(w);
}

void shape_room_event(struct buffer *out, const struct room_event *event, const struct room *room) {
    struct jsonw w = begin(out, event->type);
    switch (event->type) {
    case EVENT_NEW_MESSAGE:
        event_message(&w, event);
        jsonw_member_text(&w, "sender", event->actor);
        jsonw_member_u64(&w, "sender_id", event->actor_id);
        break;
    case EVENT_MESSAGE_EDITED:
        event_message(&w, event);
        jsonw_member_text(&w, "edited_by", event->actor);
        break;
    case EVENT_MESSAGE_DELETED:
        jsonw_member_u64(&w, "message_id", event->subject_id);
        jsonw_member_text(&w, "deleted_by", event->actor);
        break;
    case EVENT_ROOM_UPDATED:
        event_room(&w, room);
        jsonw_member_text(&w, "updated_by", event->actor);
        break;
    case EVENT_USER_INVITED:
        jsonw_member_u64(&w, "user_id", event->subject_id);
        jsonw_member_text(&w, "invited_by", event->actor);
        break;
    case EVENT_USER_REMOVED:
        jsonw_member_u64(&w, "user_id", event->subject_id);
        jsonw_member_text(&w, "removed_by", event->actor);
        break;
    case EVENT_MEMBER_UPDATED:
        event_membership(&w, event);
        jsonw_member_text(&w, "updated_by", event->actor);
        break;
    }
    finish(&w, event->seq, event->room_id);
}

void shape_room_created(struct buffer *out, uint64_t seq, uint64_t room_id, const struct room *room,
                        const char *created_by) {
    struct jsonw w = begin(out, EVENT_ROOM_CREATED);
    event_room(&w, room);
    jsonw_member_str(&w, "created_by", created_by);
    finish(&w, seq, room_id);
}

void shape_room_invitation(struct buffer *out, uint64_t seq, uint64_t room_id,
                           const struct text *room_name, const char *invited_by) {
    struct jsonw w = begin(out, EVENT_ROOM_INVITATION);
    if (room_name)
        jsonw_member_text(&w, "room_name", *room_name);
    else
        jsonw_member_null(&w, "room_name");
    jsonw_member_str(&w, "invited_by", invited_by);
    finish(&w, seq, room_id);
}

void shape_room_removed(struct buffer *out, uint64_t seq, uint64_t room_id,
                        const char *removed_by) {
    struct jsonw w = begin(out, EVENT_ROOM_REMOVED);
    jsonw_member_str(&w, "removed_by", removed_by);
    finish(&w, seq, room_id);
}

void shape_room_deleted(struct buffer *out, uint64_t seq, uint64_t room_id,
                        const char *deleted_by) {
    struct jsonw w = begin(out, EVENT_ROOM_DELETED);
    jsonw_member_str(&w, "deleted_by", deleted_by);
    finish(&w, seq, room_id);
}

void shape_message_read(struct buffer *out, uint64_t room_id, uint64_t user_id,
                        uint64_t message_id) {
    struct jsonw w = begin(out, EVENT_MESSAGE_READ);
    jsonw_member_u64(&w, "user_id", user_id);
    jsonw_member_u64(&w, "message_id", message_id);
    finish(&w, 0, room_id);
}

void shape_user_notice(struct buffer *out, unsigned type, uint64_t room_id, uint64_t user_id,
                       struct text username) {
    struct jsonw w = begin(out, type);
    jsonw_member_text(&w, "user", username);
    jsonw_member_u64(&w, "user_id", user_id);
    finish(&w, 0, room_id);
}

void shape_message_notification(struct buffer *out, uint64_t room_id, struct text message,
                                struct text sender) {
    struct jsonw w = jsonw_start(out);
    jsonw_object(&w);
    jsonw_member_str(&w, "type", "new_message_notification");
    jsonw_member_u64(&w, "room_id", room_id);
    jsonw_key(&w, "message");
    jsonw_raw(&w, message.at, message.len);
    jsonw_member_text(&w, "sender", sender);
    jsonw_object_end(&w);
}
