#include "redis/event_validate.h"

#include "json/json_validate.h"

/* Nothing that fcgi-api publishes is larger. Bytes. */
#define MAX_PAYLOAD (1024 * 1024)

/* Whether events of this type, with a number or without one, belong on such a channel. */
static bool belongs(enum event_stream stream, unsigned type, bool numbered) {
    const bool on_user_record = type >= EVENT_ROOM_CREATED && type <= EVENT_CREDENTIALS_CHANGED;
    if (stream == EVENT_STREAM_USER)
        return on_user_record && numbered;
    if (type == EVENT_ROOM_DELETED)
        return !numbered;
    return !on_user_record && numbered == (type <= EVENT_MEMBER_UPDATED);
}

bool event_validate(enum event_stream stream, struct text payload,
                    struct event_envelope *envelope) {
    if (payload.len > MAX_PAYLOAD || !event_read(payload, envelope) ||
        !belongs(stream, envelope->type, envelope->seq > 0))
        return false;
    const struct text json = envelope->text;
    if (json.len == 0)
        return envelope->type == EVENT_CREDENTIALS_CHANGED;
    const struct text message = envelope->message;
    if (message.len > 0 && (message.at[0] != '{' || json_validate(message.at, message.len, NULL)))
        return false;
    return json.at[0] == '{' && !json_validate(json.at, json.len, NULL);
}
