/* fake_store: messages, rooms and events as JSON, by the real functions of serialize. */
#include "fake_store_private.h"

#include "event/serialize.h"

/* When everything was created. */
#define TIME 1705314600123456

static struct message message_of(const struct fake_room *room, uint64_t message_id) {
    const struct fake_message *message = fake_store_message(room, message_id);
    if (!message)
        return (struct message){.type = MESSAGE_TEXT};
    return (struct message){
        .id = message_id,
        .room_id = room->id,
        .sender_id = message->sender_id,
        .sender_username = text_of(fake_store_name(message->sender_id)),
        .content = text_of(message->is_deleted ? "" : fake_store_words(message_id, message->edits)),
        .type = MESSAGE_TEXT,
        .is_deleted = message->is_deleted,
        .created_at = TIME,
        .edited_at = message->edits > 0 ? TIME + message->edits : 0,
        .client_id = text_of(""),
    };
}

static struct room room_of(const struct fake_room *room) {
    struct room shown = {.state = {.exists = true,
                                   .members_visible = true,
                                   .is_private = room->is_private,
                                   .room_id = room->id,
                                   .last_seq = room->stream.last_seq,
                                   .message_count = room->message_count,
                                   .created_at = TIME},
                         .name = text_of("Room"),
                         .created_by_id = 1};
    if (room->message_count > 0) {
        shown.has_last_message = true;
        shown.last_message = message_of(room, room->messages[room->message_count - 1].id);
    }
    return shown;
}

struct text fake_store_write_room_event(struct buffer *out, const struct fake_room *room,
                                        uint64_t seq) {
    const struct fake_record *record = &room->stream.records[seq - 1];
    struct room_event event = {.room_id = room->id,
                               .seq = seq,
                               .type = record->type,
                               .actor_id = record->actor_id,
                               .actor = text_of(fake_store_name(record->actor_id)),
                               .subject_id = record->subject_id};
    const struct room shown = room_of(room);
    event.has_message = record->type == EVENT_NEW_MESSAGE || record->type == EVENT_MESSAGE_EDITED;
    if (event.has_message)
        event.message = message_of(room, record->subject_id);
    return serialize_room_event(out, &event, &shown);
}

void fake_store_write_user_event(struct buffer *out, const struct fake_store *store,
                                 const struct fake_record *record, uint64_t seq) {
    const struct fake_room *room = fake_store_find(store, record->subject_id);
    const char *actor = fake_store_name(record->actor_id);
    const struct text name = text_of("Room");
    struct room shown = {0};
    if (room)
        shown = room_of(room);
    switch (record->type) {
    case EVENT_ROOM_CREATED:
        serialize_room_created(out, seq, record->subject_id, room ? &shown : NULL, actor);
        break;
    case EVENT_ROOM_INVITATION:
        serialize_room_invitation(out, seq, record->subject_id, room ? &name : NULL, actor);
        break;
    case EVENT_ROOM_REMOVED:
        serialize_room_removed(out, seq, record->subject_id, actor, NULL);
        break;
    case EVENT_ROOM_DELETED:
        serialize_room_deleted(out, seq, record->subject_id, actor);
        break;
    default:
        break;
    }
}
