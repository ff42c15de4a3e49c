/*
 * serialize: the JSON of all objects and events that clients see, for all programs.
 *
 * An event that is read from the database has the same bytes as when it was published, unless its
 * subject has changed since.
 */
#ifndef CONFAB_COMMON_EVENT_SERIALIZE_H
#define CONFAB_COMMON_EVENT_SERIALIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "json/json_writer.h"
#include "store/events/event_log.h"
#include "store/events/user_log.h"
#include "store/logins/token.h"
#include "store/messages/file_list.h"
#include "store/messages/message.h"
#include "store/messages/reaction.h"
#include "store/moderation/audit_log.h"
#include "store/rooms/invite_link.h"
#include "store/rooms/member.h"
#include "store/rooms/room.h"
#include "store/search/search.h"
#include "store/users/profile.h"
#include "store/users/user.h"

/* Objects. A message is shown to one user, or to all of a room, as in events: without what depends
 * on the user. */
void serialize_message(struct json_writer *w, const struct message *message);
void serialize_message_in_event(struct json_writer *w, const struct message *message);
void serialize_file(struct json_writer *w, const struct file_shown *file);

/* A message that was found: its object with the name of the room and the matches. */
void serialize_search_result(struct json_writer *w, const struct search_result *result);

/* A membership; with_username: with the name of the user, which lists of members have. */
void serialize_membership(struct json_writer *w, const struct membership *membership,
                          bool with_username);

/* The reactions of a message, as reaction_next reads them; for_user: each with a flag whether the
 * user has given it. */
void serialize_reactions(struct json_writer *w, struct text reactions, bool for_user);

/* One reaction, with its user and time, as reactions/ lists it. */
void serialize_reaction(struct json_writer *w, const struct reaction *reaction);

/* Profiles: serialize_profile as users/ shows it; serialize_online in a list of users online;
 * serialize_own_profile with the fields that only the user and administrators see;
 * serialize_account the user's own account, for me/, where bell is the path of the user's own bell,
 * empty if there is none. */
void serialize_profile(struct json_writer *w, const struct profile *profile);
void serialize_online(struct json_writer *w, const struct profile *profile);
void serialize_own_profile(struct json_writer *w, const struct profile *profile);
void serialize_account(struct json_writer *w, const struct user *user,
                       const struct profile *profile, struct text bell);

/* An invite link, as the admins of its room see it. */
void serialize_invite_link(struct json_writer *w, const struct invite_link *link);

/* An entry of the audit. */
void serialize_audit_entry(struct json_writer *w, const struct audit_entry *entry);

/* A room for one user; and for events, without the fields that depend on the user. */
void serialize_room(struct json_writer *w, const struct room *room);
void serialize_room_in_event(struct json_writer *w, const struct room *room);

/* Appends an event of the stream of a room. `room` is only needed for room_updated (NULL: it does
 * not exist any more). Returns the Message object of a new_message, which points into `out` and is
 * valid until that changes; an empty text for all other events. */
struct text serialize_room_event(struct buffer *out, const struct room_event *event,
                                 const struct room *room);

/* Appends a room_updated with the JSON of the room, as by serialize_room_in_event, or null. */
void serialize_room_updated(struct buffer *out, const struct room_event *event, struct text room);

/* Append events of the own stream of a user. room and room_name are NULL if the room does not exist
 * any more; the name of the actor is NULL if it is confabctl. */
void serialize_room_created(struct buffer *out, uint64_t seq, uint64_t room_id,
                            const struct room *room, const char *created_by);
void serialize_room_invitation(struct buffer *out, uint64_t seq, uint64_t room_id,
                               const struct text *room_name, const char *invited_by);

/* `ban` is the ban of the user from the room; NULL: a removal without one. */
struct removal_ban {
    int64_t until; /* 0: for good */
};
void serialize_room_removed(struct buffer *out, uint64_t seq, uint64_t room_id,
                            const char *removed_by, const struct removal_ban *ban);

/* For the own stream of a user, with its seq; as a notice of a room seq is 0 and omitted. */
void serialize_room_deleted(struct buffer *out, uint64_t seq, uint64_t room_id,
                            const char *deleted_by);

/* The user's own read mark in a room. */
void serialize_read_changed(struct buffer *out, uint64_t seq, const struct read_mark *mark);

/* What a user has set for a room. */
void serialize_room_view(struct json_writer *w, const struct room_view *view);

/* The event in the user's own stream that says so. */
void serialize_preferences_changed(struct buffer *out, uint64_t seq, uint64_t room_id,
                                   const struct room_view *view);

/* A message names the user. */
void serialize_mentioned(struct buffer *out, uint64_t seq, uint64_t room_id, uint64_t message_id,
                         const char *sender);

/* A message was reported in a room that the user moderates. */
void serialize_report_created(struct buffer *out, uint64_t seq, uint64_t room_id,
                              uint64_t report_id);

/* The word filter holds a message in a room that the user moderates. */
void serialize_message_held(struct buffer *out, uint64_t seq, uint64_t room_id, uint64_t held_id);

/* A report was closed there, or a held message let through or dropped. */
void serialize_moderation_changed(struct buffer *out, uint64_t seq, uint64_t room_id);

/* A moderator has silenced the user until a time; 0: has ended that. */
void serialize_silence_changed(struct buffer *out, uint64_t seq, uint64_t room_id, int64_t until);

/* The mentions in the JSON of a Message object: those of `all`, or a list of ids. */
struct mentions_found {
    bool all;
    struct text ids; /* "2,3"; empty: none */
};
struct mentions_found serialize_find_mentions(struct text message);

/* Appends the JSON of an event whose message is a reply, with reply_to set to null: without the
 * excerpt of the message that it answers. */
void serialize_without_quote(struct buffer *out, struct text json);

/* True if the mentions include a user. */
bool serialize_is_mentioned(const struct mentions_found *mentions, uint64_t user_id);

/* The notice that a read mark has advanced. */
void serialize_message_read(struct buffer *out, uint64_t room_id, uint64_t user_id,
                            uint64_t message_id);

/* A notice about a user in a room: typing, stop_typing, user_joined, user_left. */
void serialize_user_notice(struct buffer *out, unsigned type, uint64_t room_id, uint64_t user_id,
                           struct text username);

/* The notice that the number of users online in a large room has changed. */
void serialize_online_changed(struct buffer *out, uint64_t room_id, uint64_t online_count);

/* The notification of a new message on a notifications socket; message is the JSON of the Message
 * object, as in the event. */
void serialize_message_notification(struct buffer *out, uint64_t room_id, struct text message,
                                    struct text sender, bool is_mention);

#endif
