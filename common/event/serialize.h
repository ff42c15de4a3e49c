/*
 * shape: the JSON of everything users see, written the same way by every program.
 *
 * An event that pushd reads from the database is byte for byte what fcgi-api published,
 * as long as its subject has not changed since: both call these functions.
 */
#ifndef CONFAB_COMMON_EVENT_SERIALIZE_H
#define CONFAB_COMMON_EVENT_SERIALIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "store/event_log.h"
#include "store/member.h"
#include "store/message.h"
#include "store/room.h"
#include "store/token.h"
#include "store/user.h"
#include "json/json_writer.h"

/* The objects, each one value. */
void serialize_message(struct json_writer *w, const struct message *message);
void serialize_membership(struct json_writer *w, const struct membership *membership,
                          bool with_username);
void serialize_user(struct json_writer *w, const struct user *user);    /* user_id, username */
void serialize_account(struct json_writer *w, const struct user *user); /* as /me/ shows it */

/* A room as the caller sees it, or for an event, without the caller's own fields. */
void serialize_room(struct json_writer *w, const struct room *room);
void serialize_room_in_event(struct json_writer *w, const struct room *room);

/* Appends an event of a room's stream, a whole JSON object. `room` is needed for room_updated
 * only (NULL: the room is gone). Returns the Message object of a new_message, which lies in
 * out's memory and is valid until out changes; an empty text for all others. */
struct text serialize_room_event(struct buffer *out, const struct room_event *event,
                                 const struct room *room);

/* Events of a user's stream. room is NULL when it is gone; deleted_by and such may be
 * NULL when the sysadmin's tool did it. */
void serialize_room_created(struct buffer *out, uint64_t seq, uint64_t room_id,
                            const struct room *room, const char *created_by);
void serialize_room_invitation(struct buffer *out, uint64_t seq, uint64_t room_id,
                               const struct text *room_name, const char *invited_by);
void serialize_room_removed(struct buffer *out, uint64_t seq, uint64_t room_id,
                            const char *removed_by);

/* On a user's stream with its seq; on a room's channel seq is 0 and left out. */
void serialize_room_deleted(struct buffer *out, uint64_t seq, uint64_t room_id,
                            const char *deleted_by);

/* Never stored: the read mark of a member moved. */
void serialize_message_read(struct buffer *out, uint64_t room_id, uint64_t user_id,
                            uint64_t message_id);

/* Never stored: what a user does in a room (typing, stop_typing, user_joined, user_left). */
void serialize_user_notice(struct buffer *out, unsigned type, uint64_t room_id, uint64_t user_id,
                           struct text username);

/* What a notifications socket gets of a new message; message is the JSON of the object, as
 * it stands in the room's event. */
void serialize_message_notification(struct buffer *out, uint64_t room_id, struct text message,
                                    struct text sender);

#endif
