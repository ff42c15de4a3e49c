/* Building envelopes and publishing them; ringing the bells. What is published here was committed
 * before; redis_client keeps it until the answer is sent. A failure is not reported: pushd finds
 * the event in the database. */
#include "event/publish.h"

#include <string.h>

#include "base/buffer.h"
#include "event/event.h"
#include "event/serialize.h"
#include "redis/redis_slots.h"

/* Publishes an envelope on the channel of a stream. */
static void publish(struct redis_client *client, const struct publisher *publisher,
                    enum event_stream stream, uint64_t id, const struct event_envelope *envelope) {
    struct buffer channel = BUFFER_EMPTY, message = BUFFER_EMPTY;
    char prefix[REDIS_SLOTS_PREFIX_SIZE];
    /* In a cluster the id is in the channel's hash tag, so that all of a room is on one server. */
    event_channel(&channel,
                  redis_slots_prefix(publisher->prefix, publisher->is_cluster, id, prefix), stream,
                  id);
    event_write(&message, envelope);
    /* Copied by the client, which sends it when it can. */
    redis_client_publish(client, (struct text){channel.data, channel.len},
                         (struct text){message.data, message.len});
    buffer_free(&channel);
    buffer_free(&message);
}

/* Rings the bell of the room for an event that was just published. */
static void ring(const struct publisher *publisher, const struct room_event *event) {
    /* A post has read the name already. */
    if (event->bell)
        bell_ring(publisher->bell, event->bell, event->seq);
    /* Otherwise name and number are read from the database. The number may be higher by now, which
     * does no harm. */
    else
        bell_ring_room(publisher->bell, publisher->db, event->room_id,
                       event_shown_type(event->type) == EVENT_USER_REMOVED);
}

void publish_room_event(struct redis_client *client, const struct publisher *publisher,
                        const struct room_event *event, const struct room *room) {
    if (publisher->bell)
        ring(publisher, event);
    /* Without Redis the JSON is not needed. */
    if (!redis_client_is_configured(client))
        return;
    struct buffer json = BUFFER_EMPTY;
    /* `message` points into json, which stays as it is until the envelope was copied. */
    const struct text message = serialize_room_event(&json, event, room);
    struct event_envelope envelope = {.seq = event->seq,
                                      .type = event->type,
                                      .actor_id = event->actor_id,
                                      .actor = event->actor,
                                      .subject_id = event->subject_id,
                                      .text = {json.data, json.len},
                                      .message = message};
    event_log_set_positions(event, &envelope.position, &envelope.quoted);
    publish(client, publisher, EVENT_STREAM_ROOM, event->room_id, &envelope);
    buffer_free(&json);
}

void publish_user_event(struct redis_client *client, const struct publisher *publisher,
                        uint64_t user_id, unsigned type, uint64_t seq, uint64_t actor_id,
                        const char *actor, uint64_t subject_id, struct text json) {
    /* The bell first: it works without Redis. */
    bell_ring_user(publisher->bell, publisher->db, user_id);
    if (!redis_client_is_configured(client))
        return;
    /* Events of users have no Message object. */
    const struct event_envelope envelope = {.seq = seq,
                                            .type = type,
                                            .actor_id = actor_id,
                                            .actor = text_of(actor),
                                            .subject_id = subject_id,
                                            .text = json};
    publish(client, publisher, EVENT_STREAM_USER, user_id, &envelope);
}

void publish_room_notice(struct redis_client *client, const struct publisher *publisher,
                         uint64_t room_id, unsigned type, uint64_t actor_id, const char *actor,
                         uint64_t subject_id, struct text json) {
    if (!redis_client_is_configured(client))
        return;
    /* seq stays 0: a notice is not stored. */
    const struct event_envelope envelope = {.type = type,
                                            .actor_id = actor_id,
                                            .actor = text_of(actor),
                                            .subject_id = subject_id,
                                            .text = json};
    publish(client, publisher, EVENT_STREAM_ROOM, room_id, &envelope);
}

void publish_credentials_changed(struct redis_client *client, const struct publisher *publisher,
                                 const struct user_change *change) {
    /* pushd closes or checks the sockets of that user; there is nothing for clients to see, so no
     * JSON. */
    if (change->changed)
        publish_user_event(client, publisher, change->user_id, EVENT_CREDENTIALS_CHANGED,
                           change->seq, change->user_id, NULL, 0, text_of(""));
}

/* Removes the next "<user id>:<seq>" and the comma after it from the front of the list; false at
 * the end. */
static bool next_stream(struct text *list, uint64_t *user_id, uint64_t *seq) {
    if (list->len == 0)
        return false;
    /* The list comes from SQL's GROUP_CONCAT: "12:7,15:3". */
    const char *comma = memchr(list->at, ',', list->len);
    const struct text entry = {list->at, comma ? (size_t)(comma - list->at) : list->len};
    const size_t removed = entry.len + (comma ? 1 : 0);
    const char *colon = memchr(entry.at, ':', entry.len);
    /* Taken off before the entry is checked, so that a malformed one ends the list. */
    list->at += removed;
    list->len -= removed;
    /* Not of that form, which the store never makes: stop. */
    if (!colon)
        return false;
    const size_t user_len = (size_t)(colon - entry.at);
    return text_to_u64((struct text){entry.at, user_len}, user_id) &&
           text_to_u64((struct text){colon + 1, entry.len - user_len - 1}, seq);
}

void publish_mentioned(struct redis_client *client, const struct publisher *publisher,
                       uint64_t room_id, uint64_t message_id, uint64_t sender_id,
                       const char *sender, struct text streams) {
    struct buffer json = BUFFER_EMPTY;
    /* One event for each user that is mentioned, each with the number in that stream. */
    uint64_t user_id, seq;
    while (next_stream(&streams, &user_id, &seq)) {
        buffer_clear(&json);
        serialize_mentioned(&json, seq, room_id, message_id, sender);
        publish_user_event(client, publisher, user_id, EVENT_MENTIONED, seq, sender_id, sender,
                           message_id, (struct text){json.data, json.len});
    }
    buffer_free(&json);
}

/* To moderators: a report or a held message is new, or was settled. */
static void publish_to_moderators(struct redis_client *client, const struct publisher *publisher,
                                  unsigned type, uint64_t room_id, uint64_t subject_id,
                                  uint64_t actor_id, struct text streams) {
    struct buffer json = BUFFER_EMPTY;
    uint64_t user_id, seq;
    while (next_stream(&streams, &user_id, &seq)) {
        /* The JSON differs by the number, so it is written for each moderator. */
        buffer_clear(&json);
        if (type == EVENT_REPORT_CREATED)
            serialize_report_created(&json, seq, room_id, subject_id);
        else if (type == EVENT_MESSAGE_HELD)
            serialize_message_held(&json, seq, room_id, subject_id);
        else
            serialize_moderation_changed(&json, seq, room_id);
        /* Without an actor's name: moderators read the report itself. */
        publish_user_event(client, publisher, user_id, type, seq, actor_id, NULL, subject_id,
                           (struct text){json.data, json.len});
    }
    buffer_free(&json);
}

void publish_report_created(struct redis_client *client, const struct publisher *publisher,
                            uint64_t room_id, uint64_t report_id, uint64_t reporter_id,
                            struct text streams) {
    publish_to_moderators(client, publisher, EVENT_REPORT_CREATED, room_id, report_id, reporter_id,
                          streams);
}

void publish_message_held(struct redis_client *client, const struct publisher *publisher,
                          uint64_t room_id, uint64_t held_id, uint64_t sender_id,
                          struct text streams) {
    publish_to_moderators(client, publisher, EVENT_MESSAGE_HELD, room_id, held_id, sender_id,
                          streams);
}

void publish_moderation_changed(struct redis_client *client, const struct publisher *publisher,
                                uint64_t room_id, uint64_t actor_id, struct text streams) {
    publish_to_moderators(client, publisher, EVENT_MODERATION_CHANGED, room_id, room_id, actor_id,
                          streams);
}

void publish_room_deleted(struct redis_client *client, const struct publisher *publisher,
                          uint64_t room_id, uint64_t actor_id, const char *deleted_by,
                          struct text streams) {
    /* Without Redis and without bells there is nothing to publish. */
    if (!redis_client_is_configured(client) && !publisher->bell)
        return;
    struct buffer json = BUFFER_EMPTY;
    uint64_t user_id, seq;
    /* Each member has an event in the own stream, with its own number. */
    while (next_stream(&streams, &user_id, &seq)) {
        buffer_clear(&json);
        serialize_room_deleted(&json, seq, room_id, deleted_by);
        publish_user_event(client, publisher, user_id, EVENT_ROOM_DELETED, seq, actor_id,
                           deleted_by, room_id, (struct text){json.data, json.len});
    }
    /* The notice to the room closes its sockets; it has no number, since the stream is gone. */
    buffer_clear(&json);
    serialize_room_deleted(&json, 0, room_id, deleted_by);
    publish_room_notice(client, publisher, room_id, EVENT_ROOM_DELETED, actor_id, deleted_by, 0,
                        (struct text){json.data, json.len});
    buffer_free(&json);
}
