/*
 * event: the interface between fcgi-api and pushd, all of it.
 *
 * fcgi-api publishes on Redis what it has put on record in MariaDB; pushd subscribes.
 * Every name begins with the configuration's redis_prefix, here written P:
 *
 *   P room:<room id>       channel of a room's stream
 *   P user:<user id>       channel of a user's own stream
 *   P pushd:<pushd id>     key with a lease: this pushd is alive
 *   P presence:<room id>   hash, "<pushd id>/<user id>" -> user name; a field
 *                          counts only while its pushd's key is there
 *   P pushds               sorted set of the pushd ids that were alive lately
 *   P moment               the number of the last user_joined or user_left
 *
 * A published event is one line of header, a line feed, and the finished JSON text
 * that goes to sockets (empty for events that are not shown):
 *
 *   <version> <seq> <event name> <actor id> <subject id>\n{...}
 *
 * seq is 0 for an event without a sequence number. The subject is a message id for
 * new_message, message_edited, message_deleted and message_read; a user id for
 * user_invited, user_removed and member_updated; a room id on a user's stream; for
 * user_joined and user_left a number that rises with each of them; else 0.
 */
#ifndef CONFAB_EVENT_H
#define CONFAB_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/text.h"

/* First word of every envelope; a reader drops what it does not know. */
#define EVENT_VERSION 1

/* Numbers of the types as stored; never to be given a new meaning. */
#define EVENT_NEW_MESSAGE 1
#define EVENT_MESSAGE_EDITED 2
#define EVENT_MESSAGE_DELETED 3
#define EVENT_ROOM_UPDATED 4
#define EVENT_USER_INVITED 5
#define EVENT_USER_REMOVED 6
#define EVENT_MEMBER_UPDATED 7
/* on users' own streams */
#define EVENT_ROOM_CREATED 20
#define EVENT_ROOM_INVITATION 21
#define EVENT_ROOM_REMOVED 22
#define EVENT_ROOM_DELETED 23
/* A token, session, password or the account itself changed: sockets of the user check
 * their credentials again. Not shown to clients. */
#define EVENT_CREDENTIALS_CHANGED 24
/* never stored */
#define EVENT_MESSAGE_READ 40
#define EVENT_TYPING 41
#define EVENT_STOP_TYPING 42
#define EVENT_USER_JOINED 43
#define EVENT_USER_LEFT 44

/* A number of the above as a literal for SQL: EVENT_SQL(EVENT_NEW_MESSAGE) is "1". */
#define EVENT_SQL(number) EVENT_SQL_LITERAL(number)
#define EVENT_SQL_LITERAL(number) #number

enum event_stream { EVENT_STREAM_ROOM, EVENT_STREAM_USER };

/* An event's header; text is the JSON, borrowed. */
struct event_envelope {
    uint64_t seq;
    unsigned type;
    uint64_t actor_id;
    uint64_t subject_id;
    struct text text;
};

/* The type's name on the wire ("new_message"), NULL for a number that is none. */
const char *event_name(unsigned type);

/* The number of a name, 0 when there is none. */
unsigned event_type(struct text name);

/* Appends the channel of a stream. */
void event_channel(struct buffer *out, const char *prefix, enum event_stream stream, uint64_t id);

/* Reads a channel name back; false when it is none of ours. */
bool event_channel_parse(struct text channel, const char *prefix, enum event_stream *stream,
                         uint64_t *id);

/* Appends header and JSON. */
void event_write(struct buffer *out, const struct event_envelope *envelope);

/* Reads an envelope; its text points into bytes. False when it is malformed, of
 * another version, or of an unknown type. */
bool event_read(struct text bytes, struct event_envelope *envelope);

/* Appends the key of a room's presence hash. */
void event_presence_key(struct buffer *out, const char *prefix, uint64_t room_id);

/* Appends the key whose presence says that a pushd is alive. */
void event_pushd_key(struct buffer *out, const char *prefix, struct text pushd_id);

#endif
