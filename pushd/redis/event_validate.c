/* event_validate: which events belong on which channel. */
#include "redis/event_validate.h"

#include "json/json_validate.h"

/* In bytes; fcgi-api publishes nothing larger. */
#define MAX_PAYLOAD (1024 * 1024)

/* Whether a type belongs on a channel of this kind, with a number or without one. */
static bool belongs(enum event_stream stream, unsigned type, bool numbered) {
    const bool on_user_stream = type >= EVENT_ROOM_CREATED && type <= EVENT_CREDENTIALS_CHANGED;
    if (stream == EVENT_STREAM_USER)
        return on_user_stream && numbered;
    if (type == EVENT_ROOM_DELETED)
        return !numbered;
    return !on_user_stream && numbered == (type <= EVENT_MEMBER_UPDATED);
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
