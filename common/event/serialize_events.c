/* The JSON of events and notices: of a room, of a user, and what is read from it again. The objects
 * in them are written by serialize.c. */
#include <string.h>

#include "event/event.h"
#include "event/serialize.h"

/* Begins the object of an event. */
static struct json_writer begin(struct buffer *out, unsigned type) {
    struct json_writer w = json_writer_start(out);
    json_write_object(&w);
    /* Bans are shown as removals, so the name is not always that of the type. */
    json_write_member_str(&w, "type", event_name(event_shown_type(type)));
    return w;
}

/* The members that end each event of a room. */
static void finish(struct json_writer *w, uint64_t seq, uint64_t room_id) {
    /* Notices have no number: they are not stored. */
    if (seq)
        json_write_member_u64(w, "seq", seq);
    json_write_member_u64(w, "room_id", room_id);
    json_write_object_end(w);
}

/* Messages are never deleted from a room, so null only occurs in a database edited by hand. */
static void event_message(struct json_writer *w, const struct room_event *event) {
    json_write_key(w, "message");
    if (event->has_message)
        serialize_message_in_event(w, &event->message);
    else
        json_write_null(w);
}

/* null if the user is not a member any more. */
static void event_membership(struct json_writer *w, const struct room_event *event) {
    json_write_key(w, "membership");
    if (event->has_membership)
        serialize_membership(w, &event->membership, false);
    else
        json_write_null(w);
}

/* The member "room", or null for a room that is not there any more. */
static void event_room(struct json_writer *w, const struct room *room) {
    json_write_key(w, "room");
    if (room)
        serialize_room_in_event(w, room);
    else
        json_write_null(w);
}

/* What an event of a room shows: its subject, and the actor under these names. One row for each
 * type that is stored in the stream of a room. */
enum shown {
    SHOWN_MESSAGE,
    SHOWN_MESSAGE_ID,
    SHOWN_OLDEST,
    SHOWN_REACTIONS,
    SHOWN_ROOM,
    SHOWN_USER_ID,
    SHOWN_MEMBERSHIP,
};

static const struct room_event_fields {
    unsigned type;
    enum shown shown;
    const char *actor;    /* the key of the actor's name; NULL: not shown */
    const char *actor_id; /* that of the id; NULL: not shown */
} ROOM_EVENTS[] = {
    {EVENT_NEW_MESSAGE, SHOWN_MESSAGE, "sender", "sender_id"},
    {EVENT_MESSAGE_EDITED, SHOWN_MESSAGE, "edited_by", NULL},
    {EVENT_MESSAGE_DELETED, SHOWN_MESSAGE_ID, "deleted_by", NULL},
    {EVENT_REACTIONS_CHANGED, SHOWN_REACTIONS, "user", "user_id"},
    {EVENT_MESSAGE_PINNED, SHOWN_MESSAGE, "pinned_by", NULL},
    {EVENT_MESSAGE_UNPINNED, SHOWN_MESSAGE_ID, "unpinned_by", NULL},
    {EVENT_HISTORY_TRIMMED, SHOWN_OLDEST, NULL, NULL},
    {EVENT_ROOM_UPDATED, SHOWN_ROOM, "updated_by", NULL},
    {EVENT_USER_INVITED, SHOWN_USER_ID, "invited_by", NULL},
    {EVENT_USER_REMOVED, SHOWN_USER_ID, "removed_by", NULL},
    {EVENT_USER_BANNED, SHOWN_USER_ID, "removed_by", NULL},
    {EVENT_MEMBER_UPDATED, SHOWN_MEMBERSHIP, "updated_by", NULL},
};

/* Writes what an event shows of its subject. */
static void write_shown(struct json_writer *w, enum shown shown, const struct room_event *event,
                        const struct room *room) {
    switch (shown) {
    case SHOWN_MESSAGE:
        event_message(w, event);
        break;
    case SHOWN_REACTIONS:
        json_write_member_u64(w, "message_id", event->subject_id);
        json_write_key(w, "reactions");
        serialize_reactions(w, event->message.reactions, false);
        break;
    case SHOWN_MESSAGE_ID:
        json_write_member_u64(w, "message_id", event->subject_id);
        break;
    case SHOWN_OLDEST:
        json_write_member_id(w, "oldest_message_id", event->subject_id);
        break;
    case SHOWN_USER_ID:
        json_write_member_u64(w, "user_id", event->subject_id);
        break;
    case SHOWN_ROOM:
        event_room(w, room);
        break;
    case SHOWN_MEMBERSHIP:
        event_membership(w, event);
        break;
    }
}

struct text serialize_room_event(struct buffer *out, const struct room_event *event,
                                 const struct room *room) {
    struct json_writer w = begin(out, event->type);
    /* The place of the message, which the writer puts after a comma, its name and a colon. */
    const size_t start = out->len + strlen(",\"message\":");
    size_t len = 0;
    for (size_t i = 0; i < sizeof(ROOM_EVENTS) / sizeof(ROOM_EVENTS[0]); i++) {
        const struct room_event_fields *row = &ROOM_EVENTS[i];
        if (row->type != event->type)
            continue;
        write_shown(&w, row->shown, event, room);
        /* The notifications of pushd reuse the bytes of a new message. */
        if (event->type == EVENT_NEW_MESSAGE && event->has_message)
            len = out->len - start;
        if (row->actor)
            json_write_member_text(&w, row->actor, event->actor);
        if (row->actor_id)
            json_write_member_u64(&w, row->actor_id, event->actor_id);
    }
    finish(&w, event->seq, event->room_id);
    /* The buffer may have moved while it grew, so the address is taken only now. */
    return len ? (struct text){out->data + start, len} : (struct text){NULL, 0};
}

void serialize_room_updated(struct buffer *out, const struct room_event *event, struct text room) {
    struct json_writer w = begin(out, EVENT_ROOM_UPDATED);
    json_write_key(&w, "room");
    /* The room as JSON, written once for all events of a replay. */
    json_write_raw(&w, room.at, room.len);
    json_write_member_text(&w, "updated_by", event->actor);
    finish(&w, event->seq, event->room_id);
}

void serialize_room_created(struct buffer *out, uint64_t seq, uint64_t room_id,
                            const struct room *room, const char *created_by) {
    struct json_writer w = begin(out, EVENT_ROOM_CREATED);
    event_room(&w, room);
    json_write_member_str(&w, "created_by", created_by);
    finish(&w, seq, room_id);
}

void serialize_room_invitation(struct buffer *out, uint64_t seq, uint64_t room_id,
                               const struct text *room_name, const char *invited_by) {
    struct json_writer w = begin(out, EVENT_ROOM_INVITATION);
    if (room_name)
        json_write_member_text(&w, "room_name", *room_name);
    else
        json_write_member_null(&w, "room_name");
    json_write_member_str(&w, "invited_by", invited_by);
    finish(&w, seq, room_id);
}

void serialize_room_removed(struct buffer *out, uint64_t seq, uint64_t room_id,
                            const char *removed_by, const struct removal_ban *ban) {
    struct json_writer w = begin(out, EVENT_ROOM_REMOVED);
    json_write_member_str(&w, "removed_by", removed_by);
    json_write_member_bool(&w, "is_banned", ban != NULL);
    json_write_member_time_or_null(&w, "banned_until", ban ? ban->until : 0);
    finish(&w, seq, room_id);
}

void serialize_room_deleted(struct buffer *out, uint64_t seq, uint64_t room_id,
                            const char *deleted_by) {
    struct json_writer w = begin(out, EVENT_ROOM_DELETED);
    json_write_member_str(&w, "deleted_by", deleted_by);
    finish(&w, seq, room_id);
}

void serialize_read_changed(struct buffer *out, uint64_t seq, const struct read_mark *mark) {
    struct json_writer w = begin(out, EVENT_READ_CHANGED);
    json_write_member_id(&w, "last_read_message_id", mark->message_id);
    json_write_member_u64(&w, "unread_count", mark->unread_count);
    finish(&w, seq, mark->room_id);
}

void serialize_preferences_changed(struct buffer *out, uint64_t seq, uint64_t room_id,
                                   const struct room_view *view) {
    struct json_writer w = begin(out, EVENT_PREFERENCES_CHANGED);
    json_write_key(&w, "me");
    serialize_room_view(&w, view);
    finish(&w, seq, room_id);
}

void serialize_mentioned(struct buffer *out, uint64_t seq, uint64_t room_id, uint64_t message_id,
                         const char *sender) {
    struct json_writer w = begin(out, EVENT_MENTIONED);
    json_write_member_u64(&w, "message_id", message_id);
    json_write_member_str(&w, "sender", sender);
    finish(&w, seq, room_id);
}

void serialize_report_created(struct buffer *out, uint64_t seq, uint64_t room_id,
                              uint64_t report_id) {
    struct json_writer w = begin(out, EVENT_REPORT_CREATED);
    json_write_member_u64(&w, "report_id", report_id);
    finish(&w, seq, room_id);
}

void serialize_message_held(struct buffer *out, uint64_t seq, uint64_t room_id, uint64_t held_id) {
    struct json_writer w = begin(out, EVENT_MESSAGE_HELD);
    json_write_member_u64(&w, "held_id", held_id);
    finish(&w, seq, room_id);
}

void serialize_moderation_changed(struct buffer *out, uint64_t seq, uint64_t room_id) {
    struct json_writer w = begin(out, EVENT_MODERATION_CHANGED);
    finish(&w, seq, room_id);
}

void serialize_silence_changed(struct buffer *out, uint64_t seq, uint64_t room_id, int64_t until) {
    struct json_writer w = begin(out, EVENT_SILENCE_CHANGED);
    json_write_member_time_or_null(&w, "until", until);
    finish(&w, seq, room_id);
}

/* In JSON without blanks these bytes are a key: within a string each quote has a backslash before
 * it, and no string ends before a letter. */
#define MENTIONS_KEY ",\"mentions\":{\"user_ids\":["

struct mentions_found serialize_find_mentions(struct text message) {
    struct mentions_found found = {false, {NULL, 0}};
    const char *at = memmem(message.at, message.len, MENTIONS_KEY, strlen(MENTIONS_KEY));
    if (!at)
        return found;
    /* What follows is the list of ids up to its bracket, then whether all are mentioned. */
    at += strlen(MENTIONS_KEY);
    struct text rest = {at, message.len - (size_t)(at - message.at)};
    if (text_split(&rest, ']', &found.ids))
        found.all = text_skip(&rest, ",\"all\":true");
    return found;
}

void serialize_without_quote(struct buffer *out, struct text json) {
    /* In JSON without blanks, written by this file, neither occurs in a text. */
    static const char KEY[] = ",\"reply_to\":", NEXT[] = ",\"reply_count\":";
    const char *key = memmem(json.at, json.len, KEY, sizeof(KEY) - 1);
    const char *next = memmem(json.at, json.len, NEXT, sizeof(NEXT) - 1);
    if (!key || !next || next < key)
        return;
    buffer_append(out, json.at, (size_t)(key - json.at) + sizeof(KEY) - 1);
    buffer_append_str(out, "null");
    buffer_append(out, next, json.len - (size_t)(next - json.at));
}

bool serialize_is_mentioned(const struct mentions_found *mentions, uint64_t user_id) {
    struct text rest = mentions->ids, word;
    uint64_t id;
    bool found = mentions->all;
    while (!found && text_split(&rest, ',', &word))
        found = text_to_u64(word, &id) && id == user_id;
    return found;
}

void serialize_message_read(struct buffer *out, uint64_t room_id, uint64_t user_id,
                            uint64_t message_id) {
    struct json_writer w = begin(out, EVENT_MESSAGE_READ);
    json_write_member_u64(&w, "user_id", user_id);
    json_write_member_u64(&w, "message_id", message_id);
    finish(&w, 0, room_id);
}

void serialize_user_notice(struct buffer *out, unsigned type, uint64_t room_id, uint64_t user_id,
                           struct text username) {
    struct json_writer w = begin(out, type);
    json_write_member_text(&w, "user", username);
    json_write_member_u64(&w, "user_id", user_id);
    finish(&w, 0, room_id);
}

void serialize_online_changed(struct buffer *out, uint64_t room_id, uint64_t online_count) {
    struct json_writer w = begin(out, EVENT_ONLINE_CHANGED);
    json_write_member_u64(&w, "online_count", online_count);
    finish(&w, 0, room_id);
}

void serialize_message_notification(struct buffer *out, uint64_t room_id, struct text message,
                                    struct text sender, bool is_mention) {
    struct json_writer w = json_writer_start(out);
    json_write_object(&w);
    json_write_member_str(&w, "type", "new_message_notification");
    json_write_member_u64(&w, "room_id", room_id);
    json_write_key(&w, "message");
    json_write_raw(&w, message.at, message.len);
    json_write_member_text(&w, "sender", sender);
    json_write_member_bool(&w, "is_mention", is_mention);
    json_write_object_end(&w);
}
