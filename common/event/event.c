#include "event/event.h"

#include <inttypes.h>
#include <string.h>

struct name {
    unsigned type;
    const char *name;
};

static const struct name NAMES[] = {
    {EVENT_NEW_MESSAGE, "new_message"},
    {EVENT_MESSAGE_EDITED, "message_edited"},
    {EVENT_MESSAGE_DELETED, "message_deleted"},
    {EVENT_ROOM_UPDATED, "room_updated"},
    {EVENT_USER_INVITED, "user_invited"},
    {EVENT_USER_REMOVED, "user_removed"},
    {EVENT_MEMBER_UPDATED, "member_updated"},
    {EVENT_ROOM_CREATED, "room_created"},
    {EVENT_ROOM_INVITATION, "room_invitation"},
    {EVENT_ROOM_REMOVED, "room_removed"},
    {EVENT_ROOM_DELETED, "room_deleted"},
    {EVENT_CREDENTIALS_CHANGED, "credentials_changed"},
    {EVENT_MESSAGE_READ, "message_read"},
    {EVENT_TYPING, "typing"},
    {EVENT_STOP_TYPING, "stop_typing"},
    {EVENT_USER_JOINED, "user_joined"},
    {EVENT_USER_LEFT, "user_left"},
};

#define NAME_COUNT (sizeof(NAMES) / sizeof(NAMES[0]))

static const char *const STREAMS[] = {
    [EVENT_STREAM_ROOM] = "room:",
    [EVENT_STREAM_USER] = "user:",
};

const char *event_name(unsigned type) {
    for (size_t i = 0; i < NAME_COUNT; i++)
        if (NAMES[i].type == type)
            return NAMES[i].name;
    return NULL;
}

unsigned event_type(struct text name) {
    for (size_t i = 0; i < NAME_COUNT; i++)
        if (text_equals(name, text_of(NAMES[i].name)))
            return NAMES[i].type;
    return 0;
}

void event_channel(struct buffer *out, const char *prefix, enum event_stream stream, uint64_t id) {
    buffer_append_str(out, prefix);
    buffer_append_str(out, STREAMS[stream]);
    buffer_append_u64(out, id);
}

/* Drops a known beginning of a text; false (text untouched) when it begins otherwise. */
static bool skip(struct text *text, const char *beginning) {
    const size_t len = strlen(beginning);
    if (text->len < len || memcmp(text->at, beginning, len) != 0)
        return false;
    text->at += len;
    text->len -= len;
    return true;
}

bool event_channel_parse(struct text channel, const char *prefix, enum event_stream *stream,
                         uint64_t *id) {
    if (!skip(&channel, prefix))
        return false;
    if (skip(&channel, STREAMS[EVENT_STREAM_ROOM]))
        *stream = EVENT_STREAM_ROOM;
    else if (skip(&channel, STREAMS[EVENT_STREAM_USER]))
        *stream = EVENT_STREAM_USER;
    else
        return false;
    return text_to_u64(channel, id);
}

void event_write(struct buffer *out, const struct event_envelope *envelope) {
    buffer_append_u64(out, EVENT_VERSION);
    buffer_append_char(out, ' ');
    buffer_append_u64(out, envelope->seq);
    buffer_append_char(out, ' ');
    buffer_append_str(out, event_name(envelope->type));
    buffer_append_char(out, ' ');
    buffer_append_u64(out, envelope->actor_id);
    buffer_append_char(out, ' ');
    buffer_append_u64(out, envelope->subject_id);
    buffer_append_char(out, '\n');
    buffer_append(out, envelope->text.at, envelope->text.len);
}

/* Takes the word up to the byte `end` and that byte off the front of rest. */
static bool next_word(struct text *rest, char end, struct text *word) {
    const char *stop = rest->len ? memchr(rest->at, end, rest->len) : NULL;
    if (!stop)
        return false;
    *word = (struct text){rest->at, (size_t)(stop - rest->at)};
    rest->len -= word->len + 1;
    rest->at = stop + 1;
    return true;
}

bool event_read(struct text bytes, struct event_envelope *envelope) {
    struct text version, seq, name, actor, subject;
    uint64_t number;
    if (!next_word(&bytes, ' ', &version) || !next_word(&bytes, ' ', &seq) ||
        !next_word(&bytes, ' ', &name) || !next_word(&bytes, ' ', &actor) ||
        !next_word(&bytes, '\n', &subject))
        return false;
    envelope->type = event_type(name);
    envelope->text = bytes;
    return text_to_u64(version, &number) && number == EVENT_VERSION && envelope->type != 0 &&
           text_to_u64(seq, &envelope->seq) && text_to_u64(actor, &envelope->actor_id) &&
           text_to_u64(subject, &envelope->subject_id);
}

void event_presence_key(struct buffer *out, const char *prefix, uint64_t room_id) {
    buffer_append_str(out, prefix);
    buffer_append_str(out, "presence:");
    buffer_append_u64(out, room_id);
}

void event_pushd_key(struct buffer *out, const char *prefix, struct text pushd_id) {
    buffer_printf(out, "%spushd:%.*s", prefix, (int)pushd_id.len, pushd_id.at);
}
