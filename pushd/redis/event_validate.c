/* event_validate: an envelope is used if its type belongs on the channel and its JSON is valid.
 * Otherwise everyone who can publish on Redis could make pushd send anything to browsers. */
#include "redis/event_validate.h"

#include "json/json_validate.h"

/* In bytes; fcgi-api publishes nothing larger. */
#define MAX_PAYLOAD (1024 * 1024)

bool event_validate(enum event_stream stream, struct text payload,
                    struct event_envelope *envelope) {
    /* A stored event has a number, a notice has none: event_belongs compares that with the type. */
    if (payload.len > MAX_PAYLOAD || !event_read(payload, envelope) ||
        !event_belongs(envelope->type, stream, envelope->seq > 0))
        return false;
    /* Only this type is not shown to clients, and has no JSON. */
    const struct text json = envelope->text;
    if (json.len == 0)
        return envelope->type == EVENT_CREDENTIALS_CHANGED;
    /* The part that notifications are made of must be an object by itself: its offset and length
     * come from the header. */
    const struct text message = envelope->message;
    if (message.len > 0 && (message.at[0] != '{' || json_validate(message.at, message.len, NULL)))
        return false;
    return json.at[0] == '{' && !json_validate(json.at, json.len, NULL);
}
