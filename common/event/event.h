/*
 * event: the whole interface between fcgi-api and pushd.
 *
 * fcgi-api publishes on Redis the events that it has committed to MariaDB; pushd subscribes.
 * Every name begins with the configuration's redis_prefix, here written P:
 *
 *   P room:<room id>       channel of the stream of a room
 *   P user:<user id>       channel of the own stream of a user
 *   P pushd:<pushd id>     key that expires: the lease of a living pushd
 *   P presence:<room id>   hash, "<pushd id>/<user id>" -> user name; a field counts only
 *                          as long as the lease of its pushd exists
 *   P online:<room id>     hash, pushd id -> number of its users online in a large or live room;
 *                          expires, and counts only as long as the lease of its pushd exists
 *   P pushds               sorted set of the pushd ids that were alive recently
 *   P clock                the last logical time of presence
 *
 * In a Redis Cluster a hash tag in braces follows P: in the names that belong to a room or user its
 * id, P{7}:room:7, also in P{7}:clock; in pushd:, pushds and try: one of the server where they are,
 * since each server has its own. Channels are shard channels (redis/redis_slots.h).
 *
 * A published event is an envelope: one header line, a line feed, and the finished JSON text
 * that sockets are sent (empty for events that are not shown):
 *
 *   2 <seq> <event name> <actor id> <subject id> <logical time> <actor name> \
 *     <message offset> <message length>\n{...}
 *
 * 2 is the version. seq is 0 for an event without a sequence number. The subject is a message
 * id for new_message, message_edited, message_deleted, reactions_changed, message_pinned,
 * message_unpinned, history_trimmed and message_read; a user id for user_invited, user_removed,
 * user_banned and member_updated; on a user's stream a room id, but a message id for mentioned, a
 * report id for report_created and the id of the held message for message_held; else 0. The logical
 * time orders user_joined and user_left; it is 0 for all others. The actor name is "-" if there is
 * none (confabctl). Offset and length say where the Message object stands in the JSON of a
 * new_message, in bytes; 0 0 for all others.
 *
 * Version 1 ended after the subject, which was the logical time for user_joined and user_left.
 * It is still read, so that a rolling upgrade loses nothing: a reader fetches a numbered event
 * of that version from the database instead of using its JSON. A reader of version 1 drops
 * version 2 and finds the event in the database as well.
 */
#ifndef CONFAB_COMMON_EVENT_EVENT_H
#define CONFAB_COMMON_EVENT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"

/* The version that is written; a reader drops versions that it does not know. */
#define EVENT_VERSION 2

/* The types. A number that was ever released keeps its meaning, since it is stored. A new type has
 * the next number of its group. Where a type may be published is in the table of event.c. */
/* 1 to 19: stored in the stream of a room */
#define EVENT_NEW_MESSAGE 1
#define EVENT_MESSAGE_EDITED 2
#define EVENT_MESSAGE_DELETED 3
#define EVENT_ROOM_UPDATED 4
#define EVENT_USER_INVITED 5
#define EVENT_USER_REMOVED 6
#define EVENT_MEMBER_UPDATED 7
#define EVENT_REACTIONS_CHANGED 8
#define EVENT_MESSAGE_PINNED 9
#define EVENT_MESSAGE_UNPINNED 10
/* A removal by a ban. Clients see a user_removed; sockets close as banned. */
#define EVENT_USER_BANNED 11
/* The oldest messages are gone; the subject is the oldest one that is left, 0 if none is. */
#define EVENT_HISTORY_TRIMMED 12
/* 20 to 39: stored in the stream of a user; EVENT_ROOM_DELETED is also a notice to the room */
#define EVENT_ROOM_CREATED 20
#define EVENT_ROOM_INVITATION 21
#define EVENT_ROOM_REMOVED 22
#define EVENT_ROOM_DELETED 23
/* A token, login session, password or the account changed: pushd checks the credentials of the
 * user's sockets. Not shown to clients. */
#define EVENT_CREDENTIALS_CHANGED 24
/* The user's own read mark in a room has moved. Not a row of its own: only the last one of each
 * room is kept, with the membership (store/events/user_log.h). */
#define EVENT_READ_CHANGED 25
/* What the user has set for a room has changed. */
#define EVENT_PREFERENCES_CHANGED 26
/* A message names the user. */
#define EVENT_MENTIONED 27
/* A message was reported in a room that the user moderates. */
#define EVENT_REPORT_CREATED 28
/* The word filter holds a message in a room that the user moderates. */
#define EVENT_MESSAGE_HELD 29
/* In a room that the user moderates, a report was closed, or a held message is held no longer. */
#define EVENT_MODERATION_CHANGED 30
/* A moderator has silenced the user in a room, or ended that. */
#define EVENT_SILENCE_CHANGED 31
/* from 40: notices to a room, never stored */
#define EVENT_MESSAGE_READ 40
#define EVENT_TYPING 41
#define EVENT_STOP_TYPING 42
#define EVENT_USER_JOINED 43
#define EVENT_USER_LEFT 44
/* The number of users online in a large room; not published: each pushd adds it up. */
#define EVENT_ONLINE_CHANGED 45

/* A type as a literal for SQL: EVENT_SQL(EVENT_NEW_MESSAGE) is "1". */
#define EVENT_SQL(number) EVENT_SQL_LITERAL(number)
#define EVENT_SQL_LITERAL(number) #number

enum event_stream { EVENT_STREAM_ROOM, EVENT_STREAM_USER };

/* The parts of an envelope; the texts are borrowed. */
struct event_envelope {
    uint64_t seq;
    unsigned type;
    uint64_t actor_id;
    uint64_t subject_id;
    struct text text;      /* the JSON */
    struct text actor;     /* user name; empty: none */
    struct text message;   /* the Message object in the text of a new_message; else empty */
    uint64_t logical_time; /* of user_joined and user_left */

    /* Only if members of the room may not see what the text shows, since they joined later: the
     * positions of the message and of the one that it answers. 0: neither. */
    uint64_t position, quoted;
    bool header_only;      /* read from version 1: fetch the event, do not use its text */
};

/* The name of a type ("new_message"), NULL if the number is unknown. */
const char *event_name(unsigned type);

/* The type that clients and followers see: that of a removal for one by a ban. */
unsigned event_shown_type(unsigned type);

/* Whether the subject is a user who joins, leaves, or gets another role. */
bool event_is_of_member(unsigned type);

/* True if events of this type are published on channels of this kind, with a sequence number
 * (stored) or without one (a notice). */
bool event_belongs(unsigned type, enum event_stream stream, bool stored);

/* The type with this name, 0 if there is none. */
unsigned event_type(struct text name);

/* Appends the name of the channel of a stream. */
void event_channel(struct buffer *out, const char *prefix, enum event_stream stream, uint64_t id);

/* Parses the name of a channel; false if it is not one of these. */
bool event_channel_parse(struct text channel, const char *prefix, enum event_stream *stream,
                         uint64_t *id);

/* Appends an envelope: header and JSON. */
void event_write(struct buffer *out, const struct event_envelope *envelope);

/* Appends the parts of an envelope before and after the logical time, for a script in Redis that
 * inserts the time. */
void event_write_around_time(struct buffer *before, struct buffer *after,
                             const struct event_envelope *envelope);

/* Parses an envelope of version 1 or 2; its texts point into bytes. False if it is malformed or has
 * another version or an unknown type. */
bool event_read(struct text bytes, struct event_envelope *envelope);

/* Appends the key of a room's presence hash. */
void event_presence_key(struct buffer *out, const char *prefix, uint64_t room_id);

/* Appends the key of the numbers of users online in a room. */
void event_online_key(struct buffer *out, const char *prefix, uint64_t room_id);

/* Appends the key of the presence lease of a pushd. */
void event_pushd_key(struct buffer *out, const char *prefix, struct text pushd_id);

#endif
