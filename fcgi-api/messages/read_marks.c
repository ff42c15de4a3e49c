/* POST read/ and unread/ of a room, and rooms/read/: moving the user's read marks. Those of all
 * members are listed by reads.c. */
#include "event/event.h"
#include "event/publish.h"
#include "event/serialize.h"
#include "handlers/handlers.h"
#include "rest/field.h"
#include "rooms/member_events.h"
#include "store/messages/message_mark.h"

/* Publishes the read mark to the room, as a notice, unless the user does not share it. */
static void publish_receipt(struct exchange *x, uint64_t room_id, uint64_t message_id) {
    const struct user *user = &x->identity.user;
    struct buffer json = BUFFER_EMPTY;
    if (x->identity.hides_read)
        return;
    serialize_message_read(&json, room_id, user->id, message_id);
    publish_room_notice(x->service->redis, publisher_of(x), room_id, EVENT_MESSAGE_READ, user->id,
                        user->name, message_id, (struct text){json.data, json.len});
    buffer_free(&json);
}

/* Publishes the read mark to the user's other devices, as an event of the user's stream: its number
 * makes sure that none misses it. */
static void publish_own_mark(struct exchange *x, uint64_t room_id,
                             const struct message_mark *mark) {
    const struct user *user = &x->identity.user;
    const struct read_mark own = {room_id, mark->message_id, mark->unread_count};
    struct buffer json = BUFFER_EMPTY;
    serialize_read_changed(&json, mark->user_seq, &own);
    publish_user_event(x->service->redis, publisher_of(x), user->id, EVENT_READ_CHANGED,
                       mark->user_seq, user->id, user->name, room_id,
                       (struct text){json.data, json.len});
    buffer_free(&json);
}

/* Answers with the read mark of the user as it is now, and the number of messages after it. */
static enum error send_mark(struct exchange *x, const struct message_mark *mark) {
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_id(&w, "last_read_message_id", mark->message_id);
    json_write_member_u64(&w, "unread_count", mark->unread_count);
    json_write_object_end(&w);
    return ERROR_NONE;
}

/* message_mark_read and message_mark_unread. */
typedef enum error move_mark(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                             struct message_mark *mark);

/* Reads message_id, and moves the mark to that message. */
static enum error mark_by(struct exchange *x, move_mark *move, struct message_mark *mark) {
    const uint64_t hidden = x->identity.room.first_position;
    uint64_t message_id, position = 0;
    enum error error = ERROR_NONE;
    *mark = (struct message_mark){0};
    if (!field_id(x, "message_id", &message_id))
        return ERROR_BAD_INPUT;
    /* From before the user joined, and not to be seen. Costs a statement only where members
     * have bounds. */
    if (hidden > 0)
        error = message_position(x->service->db, x->ids[0], message_id, &position);
    mark->bad_message = !error && hidden > 0 && position <= hidden;
    if (mark->bad_message)
        error = ERROR_BAD_INPUT;
    if (!error)
        error = move(x->service->db, x->ids[0], x->identity.user.id, message_id, mark);
    /* 400 with the field, not 404: the room itself exists. */
    if (mark->bad_message)
        field_errors_add(&x->field_errors, "message_id", CODE_DOES_NOT_EXIST,
                         "This message is not in the room.");
    return error;
}

/* The mark only moves forward; an earlier message changes nothing, and is answered with the
 * mark as it is. */
enum error messages_read(struct exchange *x) {
    struct message_mark mark;
    const enum error error = mark_by(x, message_mark_read, &mark);
    if (error)
        return error;
    /* Others see read marks at once; in the room they are not stored as events. Large rooms
     * show no receipts: each would go to all members. */
    if ((mark.moved || mark.noted) &&
        !room_state_is_counted(&x->identity.room, x->service->config->presence_members))
        publish_receipt(x, x->ids[0], mark.message_id);
    if (mark.moved)
        publish_own_mark(x, x->ids[0], &mark);
    return send_mark(x, &mark);
}

enum error messages_unread(struct exchange *x) {
    struct message_mark mark;
    const enum error error = mark_by(x, message_mark_unread, &mark);
    if (error)
        return error;
    /* It concerns no other user. */
    if (mark.moved) {
        publish_own_mark(x, x->ids[0], &mark);
        member_events_view(x, x->ids[0], &x->identity.room.view, mark.view_seq);
    }
    return send_mark(x, &mark);
}

/* Called for each room whose mark has moved. Where receipts are not shown, pushd drops them. */
static void publish_moved(void *context, uint64_t room_id, const struct message_mark *mark,
                          const struct room_view *view) {
    struct exchange *x = context;
    publish_receipt(x, room_id, mark->message_id);
    publish_own_mark(x, room_id, mark);
    member_events_view(x, room_id, view, mark->view_seq);
}

/* All rooms in one transaction, whose events follow each other in the stream of the user. */
enum error messages_read_all(struct exchange *x) {
    const enum error error =
        message_mark_all_read(x->service->db, x->identity.user.id, publish_moved, x);
    if (error)
        return error;
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    /* What came meanwhile is counted by its event. */
    json_write_member_u64(&w, "unread_count", 0);
    json_write_object_end(&w);
    return ERROR_NONE;
}
