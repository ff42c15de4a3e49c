/* The names of types, channels and keys; writing and parsing envelopes. An envelope is a line, then
 * the JSON that clients get:
 *   2 SEQ TYPE ACTOR_ID SUBJECT_ID LOGICAL_TIME ACTOR OFFSET LENGTH [POSITION QUOTED]
 *   {...}
 * OFFSET and LENGTH say where in the JSON the Message object is, 0 0 if it has none. The line lets
 * pushd order and route an event without parsing JSON. */
#include "event/event.h"

#include <inttypes.h>
#include <string.h>

/* Where events of a type are published. */
enum {
    IN_ROOM = 1, /* stored in the stream of a room, and published on its channel */
    IN_USER = 2, /* stored in the stream of a user, and published on its channel */
    NOTICE = 4,  /* published on a room's channel only */
};

/* Looked up by number and by name; the order is that of frequency. */
static const struct type {
    unsigned number;
    const char *name;
    unsigned where;
} TYPES[] = {
    {EVENT_NEW_MESSAGE, "new_message", IN_ROOM},
    {EVENT_MESSAGE_EDITED, "message_edited", IN_ROOM},
    {EVENT_MESSAGE_DELETED, "message_deleted", IN_ROOM},
    {EVENT_ROOM_UPDATED, "room_updated", IN_ROOM},
    {EVENT_USER_INVITED, "user_invited", IN_ROOM},
    {EVENT_USER_REMOVED, "user_removed", IN_ROOM},
    {EVENT_USER_BANNED, "user_banned", IN_ROOM},
    {EVENT_HISTORY_TRIMMED, "history_trimmed", IN_ROOM},
    {EVENT_MEMBER_UPDATED, "member_updated", IN_ROOM},
    {EVENT_REACTIONS_CHANGED, "reactions_changed", IN_ROOM},
    {EVENT_MESSAGE_PINNED, "message_pinned", IN_ROOM},
    {EVENT_MESSAGE_UNPINNED, "message_unpinned", IN_ROOM},
    {EVENT_ROOM_CREATED, "room_created", IN_USER},
    {EVENT_ROOM_INVITATION, "room_invitation", IN_USER},
    {EVENT_ROOM_REMOVED, "room_removed", IN_USER},
    {EVENT_ROOM_DELETED, "room_deleted", IN_USER | NOTICE},
    {EVENT_CREDENTIALS_CHANGED, "credentials_changed", IN_USER},
    {EVENT_READ_CHANGED, "read_changed", IN_USER},
    {EVENT_PREFERENCES_CHANGED, "preferences_changed", IN_USER},
    {EVENT_MENTIONED, "mentioned", IN_USER},
    {EVENT_REPORT_CREATED, "report_created", IN_USER},
    {EVENT_MESSAGE_HELD, "message_held", IN_USER},
    {EVENT_MODERATION_CHANGED, "moderation_changed", IN_USER},
    {EVENT_SILENCE_CHANGED, "silence_changed", IN_USER},
    {EVENT_MESSAGE_READ, "message_read", NOTICE},
    {EVENT_TYPING, "typing", NOTICE},
    {EVENT_STOP_TYPING, "stop_typing", NOTICE},
    {EVENT_USER_JOINED, "user_joined", NOTICE},
    {EVENT_USER_LEFT, "user_left", NOTICE},
    {EVENT_ONLINE_CHANGED, "online_changed", 0},
};

#define TYPE_COUNT (sizeof(TYPES) / sizeof(TYPES[0]))

/* Written if there is no actor name. User names are longer. */
#define NO_ACTOR "-"

static const char *const STREAMS[] = {
    [EVENT_STREAM_ROOM] = "room:",
    [EVENT_STREAM_USER] = "user:",
};

/* NULL if this program does not know the type. */
static const struct type *find_type(unsigned number) {
    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (TYPES[i].number == number)
            return &TYPES[i];
    /* The number is that of a newer program. */
    return NULL;
}

const char *event_name(unsigned type) {
    const struct type *row = find_type(type);
    return row ? row->name : NULL;
}

/* Bans have a type of their own, since sockets close with another code. */
unsigned event_shown_type(unsigned type) {
    return type == EVENT_USER_BANNED ? EVENT_USER_REMOVED : type;
}

bool event_is_of_member(unsigned type) {
    return type == EVENT_USER_INVITED || type == EVENT_USER_REMOVED || type == EVENT_USER_BANNED ||
           type == EVENT_MEMBER_UPDATED;
}

bool event_belongs(unsigned type, enum event_stream stream, bool stored) {
    const struct type *row = find_type(type);
    if (!row)
        return false;
    /* User streams carry stored events only; a room's channel carries both, each type in one
     * way. */
    if (stream == EVENT_STREAM_USER)
        return stored && (row->where & IN_USER) != 0;
    return (row->where & (stored ? IN_ROOM : NOTICE)) != 0;
}

unsigned event_type(struct text name) {
    /* Linear: some twenty names, and the most frequent one comes first. */
    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (text_equals(name, text_of(TYPES[i].name)))
            return TYPES[i].number;
    return 0;
}

void event_channel(struct buffer *out, const char *prefix, enum event_stream stream, uint64_t id) {
    buffer_append_str(out, prefix);
    buffer_append_str(out, STREAMS[stream]);
    buffer_append_u64(out, id);
}

bool event_channel_parse(struct text channel, const char *prefix, enum event_stream *stream,
                         uint64_t *id) {
    /* Channels are named PREFIXroom:ID and PREFIXuser:ID; all others belong to other programs. */
    if (!text_skip(&channel, prefix))
        return false;
    if (text_skip(&channel, STREAMS[EVENT_STREAM_ROOM]))
        *stream = EVENT_STREAM_ROOM;
    else if (text_skip(&channel, STREAMS[EVENT_STREAM_USER]))
        *stream = EVENT_STREAM_USER;
    else
        return false;
    /* No sign, no blanks, and not empty. */
    return text_to_u64(channel, id);
}

void event_write_around_time(struct buffer *before, struct buffer *after,
                             const struct event_envelope *envelope) {
    const struct text text = envelope->text, message = envelope->message;
    /* The fields before the logical time. A script in Redis makes that number, so the parts before
     * and after it are separate there. Names of types have no blanks, ids no signs: fields need no
     * escapes. */
    buffer_printf(before, "%d %" PRIu64 " %s %" PRIu64 " %" PRIu64 " ", EVENT_VERSION,
                  envelope->seq, event_name(envelope->type), envelope->actor_id,
                  envelope->subject_id);
    buffer_append_char(after, ' ');
    /* A notice of the system has no actor. */
    if (envelope->actor.len > 0)
        buffer_append(after, envelope->actor.at, envelope->actor.len);
    else
        buffer_append_str(after, NO_ACTOR);
    buffer_append_char(after, ' ');
    /* The offset of the message from the start of the JSON; both are in one buffer. */
    buffer_append_u64(after, message.len > 0 ? (uint64_t)(message.at - text.at) : 0);
    buffer_append_char(after, ' ');
    buffer_append_u64(after, message.len);
    /* Only if some members must not see it: other envelopes stay as short as before. */
    if (envelope->position || envelope->quoted)
        buffer_printf(after, " %" PRIu64 " %" PRIu64, envelope->position, envelope->quoted);
    buffer_append_char(after, '\n');
    buffer_append(after, text.at, text.len);
}

void event_write(struct buffer *out, const struct event_envelope *envelope) {
    /* One buffer for the part after the time. */
    struct buffer after = BUFFER_EMPTY;
    event_write_around_time(out, &after, envelope);
    /* The time is between the two parts. */
    buffer_append_u64(out, envelope->logical_time);
    buffer_append(out, after.data, after.len);
    buffer_free(&after);
}

/* Takes the word up to the byte `end`, which must be there, off the front of rest. */
static bool next_word(struct text *rest, char end, struct text *word) {
    const size_t len = rest->len;
    /* text_split without the byte takes all, which would hide a truncated line. */
    return text_split(rest, end, word) && word->len < len;
}

static bool next_number(struct text *rest, char end, uint64_t *number) {
    struct text word;
    return next_word(rest, end, &word) && text_to_u64(word, number);
}

/* Version 1 has the name of the user only in the JSON. User names contain no escapes. */
static struct text name_in_version_1(struct text json) {
    /* The notice was written by this program, so the spelling of the key is known. */
    static const char KEY[] = "\"user\":\"";
    /* The search is bounded by the length: the JSON has no terminator. */
    const char *key = json.len ? memmem(json.at, json.len, KEY, sizeof(KEY) - 1) : NULL;
    if (!key)
        return (struct text){NULL, 0};
    struct text rest = {key + sizeof(KEY) - 1, 0}, name;
    rest.len = json.len - (size_t)(rest.at - json.at);
    return next_word(&rest, '"', &name) && text_is_username(name) ? name : (struct text){NULL, 0};
}

/* Reads the rest of a header of version 1: the subject, and no more. */
static bool read_version_1(struct text rest, struct event_envelope *envelope) {
    /* Version 1 is sent by programs before an update; both kinds may run for a while. */
    if (!next_number(&rest, '\n', &envelope->subject_id))
        return false;
    envelope->text = rest;
    /* A stored event is read from the database, since the header lacks the name. header_only: pushd
     * fetches the event. */
    envelope->header_only = envelope->seq > 0;
    if (envelope->type != EVENT_USER_JOINED && envelope->type != EVENT_USER_LEFT)
        return true;
    /* There presence notices had the logical time in the place of the subject. */
    envelope->logical_time = envelope->subject_id;
    envelope->subject_id = 0;
    envelope->actor = name_in_version_1(rest);
    return true;
}

/* Reads the rest of a header of version 2, and checks what other programs could have made of it. */
static bool read_version_2(struct text rest, struct event_envelope *envelope) {
    uint64_t offset, len; /* of the Message object */
    struct text numbers;
    if (!next_number(&rest, ' ', &envelope->subject_id) ||
        !next_number(&rest, ' ', &envelope->logical_time) ||
        !next_word(&rest, ' ', &envelope->actor) || !next_number(&rest, ' ', &offset) ||
        !next_word(&rest, '\n', &numbers))
        return false;
    /* The length alone, or followed by both positions. */
    if (!text_to_u64(numbers, &len) &&
        (!next_number(&numbers, ' ', &len) || !next_number(&numbers, ' ', &envelope->position) ||
         !text_to_u64(numbers, &envelope->quoted)))
        return false;
    envelope->text = rest;
    /* An invalid name would end up in JSON and logs unescaped. "-" is too short for a user name. */
    if (text_equals(envelope->actor, text_of(NO_ACTOR)))
        envelope->actor = (struct text){NULL, 0};
    else if (!text_is_username(envelope->actor))
        return false;
    /* The second comparison cannot overflow, thanks to the first. */
    if (offset > rest.len || len > rest.len - offset)
        return false;
    if (len > 0)
        envelope->message = (struct text){rest.at + offset, (size_t)len};
    return true;
}

bool event_read(struct text bytes, struct event_envelope *envelope) {
    struct text name;
    uint64_t version;
    /* The texts of the envelope point into `bytes`. */
    *envelope = (struct event_envelope){0};
    /* The fields that all versions have in common. */
    if (!next_number(&bytes, ' ', &version) || !next_number(&bytes, ' ', &envelope->seq) ||
        !next_word(&bytes, ' ', &name) || !next_number(&bytes, ' ', &envelope->actor_id))
        return false;
    envelope->type = event_type(name);
    /* A type of a newer version: ignored. */
    if (envelope->type == 0)
        return false;
    if (version == 1)
        return read_version_1(bytes, envelope);
    /* A version that is not known is dropped; a stored event is found in the database then. */
    return version == EVENT_VERSION && read_version_2(bytes, envelope);
}

void event_presence_key(struct buffer *out, const char *prefix, uint64_t room_id) {
    /* A hash in Redis: the users online in the room, by pushd process. */
    buffer_append_str(out, prefix);
    buffer_append_str(out, "presence:");
    buffer_append_u64(out, room_id);
}

void event_online_key(struct buffer *out, const char *prefix, uint64_t room_id) {
    buffer_append_str(out, prefix);
    buffer_append_str(out, "online:");
    buffer_append_u64(out, room_id);
}

void event_pushd_key(struct buffer *out, const char *prefix, struct text pushd_id) {
    /* The presence lease of a pushd process. */
    buffer_printf(out, "%spushd:%.*s", prefix, (int)pushd_id.len, pushd_id.at);
}
