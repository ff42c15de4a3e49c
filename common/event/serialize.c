/* The JSON of the objects that users see, written in one place for answers, published events and
 * replays. The order of keys is that of the docs. Events are in serialize_events.c. */
#include "event/serialize.h"

#include "http/file_name.h"

/* ---- files ---- */

/* Seconds, with up to three decimals. */
static void write_duration(struct json_writer *w, uint64_t ms) {
    /* Not by floating point: 0.1 s would not be exact. */
    struct buffer number = BUFFER_EMPTY;
    buffer_append_u64(&number, ms / 1000);
    if (ms % 1000 > 0) {
        buffer_printf(&number, ".%03u", (unsigned)(ms % 1000));
        /* Without zeros at the end. */
        while (number.data[number.len - 1] == '0')
            number.len--;
    }
    json_write_raw(w, number.data, number.len);
    buffer_free(&number);
}

/* The path from where the chat lives, which an event does not know. */
static void write_file_url(struct json_writer *w, const struct file_shown *file) {
    struct buffer url = BUFFER_EMPTY;
    /* Encoded for a path, with the id before the name. */
    buffer_append_char(&url, '/');
    file_name_path(&url, file->id, file->name);
    json_write_text(w, (struct text){url.data, url.len});
    buffer_free(&url);
}

void serialize_file(struct json_writer *w, const struct file_shown *file) {
    json_write_object(w);
    /* The order of the fields is that of the schema. */
    json_write_member_u64(w, "file_id", file->id);
    json_write_member_text(w, "name", file->name);
    json_write_member_u64(w, "size", file->size);
    json_write_member_text(w, "media_type", file->media_type);
    /* 0 is written as null. */
    json_write_member_id(w, "width", file->width);
    json_write_member_id(w, "height", file->height);
    json_write_key(w, "duration");
    if (file->has_duration)
        write_duration(w, file->duration_ms);
    else
        json_write_null(w);
    json_write_member_bool(w, "has_thumbnail", file->has_thumbnail);
    json_write_key(w, "url");
    write_file_url(w, file);
    /* Only where there are no bytes. */
    if (file->state == FILE_SCANNING || file->state == FILE_REMOVED)
        json_write_member_str(w, "state", file->state == FILE_SCANNING ? "scanning" : "removed");
    json_write_object_end(w);
}

/* The member "files"; `list` is how the store joins them in one column. */
static void write_files(struct json_writer *w, struct text list) {
    struct file_shown file;
    json_write_key(w, "files");
    /* An empty list is written as []. */
    json_write_array(w);
    while (file_list_next(&list, &file))
        serialize_file(w, &file);
    json_write_array_end(w);
}

/* ---- messages, members, users, rooms ---- */

void serialize_reactions(struct json_writer *w, struct text reactions, bool for_user) {
    struct reaction_total total;
    json_write_array(w);
    while (reaction_next(&reactions, &total)) {
        json_write_object(w);
        json_write_member_text(w, "emoji", total.emoji);
        json_write_member_u64(w, "count", total.number);
        /* An event is the same for all users, so it has no "mine". */
        if (for_user)
            json_write_member_bool(w, "mine", total.is_mine);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

void serialize_reaction(struct json_writer *w, const struct reaction *reaction) {
    json_write_object(w);
    json_write_member_text(w, "emoji", reaction->emoji);
    json_write_member_u64(w, "user_id", reaction->user_id);
    json_write_member_text(w, "username", reaction->username);
    json_write_member_time(w, "created_at", reaction->created_at);
    json_write_object_end(w);
}

/* The quote of the message that a reply answers; null if the message is not a reply, or that
 * message does not exist. */
static void write_quote(struct json_writer *w, const struct message_quote *quote) {
    /* Also if the user may not see it (message_show_to). */
    if (quote->message_id == 0) {
        json_write_null(w);
        return;
    }
    json_write_object(w);
    json_write_member_u64(w, "message_id", quote->message_id);
    json_write_member_u64(w, "sender_id", quote->sender_id);
    json_write_member_text(w, "sender_username", quote->sender_username);
    json_write_member_text(w, "excerpt", quote->excerpt);
    json_write_member_bool(w, "is_deleted", quote->is_deleted);
    json_write_object_end(w);
}

/* Stored as they are shown; see serialize_find_mentions. */
static void write_mentions(struct json_writer *w, const struct message *message) {
    static const char NONE[] = "{\"user_ids\":[],\"all\":false}";
    json_write_key(w, "mentions");
    /* JSON already, as mention_list_write made it. */
    if (message->mentions.len > 0)
        json_write_raw(w, message->mentions.at, message->mentions.len);
    else
        json_write_raw(w, NONE, sizeof(NONE) - 1);
}

/* Writes a message as one user sees it, or, for events, as all of the room see it. */
static void write_message(struct json_writer *w, const struct message *message, bool for_user) {
    json_write_object(w);
    json_write_member_u64(w, "message_id", message->id);
    json_write_member_u64(w, "room_id", message->room_id);
    json_write_member_u64(w, "sender_id", message->sender_id);
    json_write_member_text(w, "sender_username", message->sender_username);
    json_write_member_text(w, "content", message->content);
    /* The names of types are constants of the program and need no escaping. */
    json_write_key(w, "message_type");
    json_write_word(w, message_type_name(message->type));
    json_write_member_id(w, "reply_to_id", message->reply_to_id);
    json_write_member_time(w, "created_at", message->created_at);
    json_write_member_time_or_null(w, "edited_at", message->edited_at);
    json_write_member_bool(w, "is_deleted", message->is_deleted);
    json_write_member_text_or_null(w, "client_id", message->client_id);
    json_write_key(w, "reactions");
    serialize_reactions(w, message->reactions, for_user);
    json_write_key(w, "reply_to");
    write_quote(w, &message->quote);
    json_write_member_u64(w, "reply_count", message->reply_count);
    write_files(w, message->files);
    write_mentions(w, message);
    /* Written only if true, and only to a user that has blocked the sender. */
    if (for_user && message->is_blocked)
        json_write_member_bool(w, "is_blocked", true);
    json_write_object_end(w);
}

void serialize_message(struct json_writer *w, const struct message *message) {
    /* As one user sees it. */
    write_message(w, message, true);
}

void serialize_message_in_event(struct json_writer *w, const struct message *message) {
    /* As all see it, for published events. */
    write_message(w, message, false);
}

void serialize_search_result(struct json_writer *w, const struct search_result *result) {
    /* The message's object is written, and gets two more members. */
    serialize_message(w, result->message);
    /* More members follow. Takes the closing brace back. */
    w->out->len--;
    json_write_member_text(w, "room_name", result->room_name);
    json_write_key(w, "matches");
    json_write_array(w);
    for (size_t i = 0; i < result->match_count; i++) {
        json_write_array(w);
        json_write_u64(w, result->matches[i].start);
        json_write_u64(w, result->matches[i].end);
        json_write_array_end(w);
    }
    json_write_array_end(w);
    json_write_object_end(w);
}

void serialize_membership(struct json_writer *w, const struct membership *membership,
                          bool with_username) {
    json_write_object(w);
    json_write_member_u64(w, "membership_id", membership->id);
    json_write_member_u64(w, "room_id", membership->room_id);
    json_write_member_u64(w, "user_id", membership->user_id);
    if (with_username)
        json_write_member_text(w, "username", membership->username);
    /* The user name stands in for a display name that is not set. */
    json_write_member_text(w, "display_name",
                           membership->display_name.len > 0 ? membership->display_name
                                                            : membership->username);
    json_write_member_text_or_null(w, "avatar_url", membership->avatar_url);
    json_write_member_bool(w, "is_admin", membership->is_admin);
    json_write_member_str(w, "role", role_name(membership->role));
    json_write_member_time(w, "joined_at", membership->joined_at);
    json_write_object_end(w);
}

/* What all objects with a profile begin with. */
static void profile_fields(struct json_writer *w, const struct profile *profile) {
    json_write_member_u64(w, "user_id", profile->user_id);
    json_write_member_text(w, "username", profile->username);
    json_write_member_text(w, "display_name", profile_name(profile));
    json_write_member_text_or_null(w, "avatar_url", profile->avatar_url);
}

void serialize_profile(struct json_writer *w, const struct profile *profile) {
    json_write_object(w);
    profile_fields(w, profile);
    json_write_member_bool(w, "is_bot", profile->is_bot);
    json_write_object_end(w);
}

void serialize_online(struct json_writer *w, const struct profile *profile) {
    /* Short, since lists of users online are long. */
    json_write_object(w);
    profile_fields(w, profile);
    json_write_object_end(w);
}

/* With what others do not see. */
static void own_profile_fields(struct json_writer *w, const struct profile *profile) {
    profile_fields(w, profile);
    json_write_member_text_or_null(w, "locale", profile->locale);
    json_write_member_bool(w, "is_bot", profile->is_bot);
}

void serialize_own_profile(struct json_writer *w, const struct profile *profile) {
    json_write_object(w);
    own_profile_fields(w, profile);
    json_write_object_end(w);
}

void serialize_account(struct json_writer *w, const struct user *user,
                       const struct profile *profile, struct text bell) {
    json_write_object(w);
    own_profile_fields(w, profile);
    json_write_member_bool(w, "share_read", profile->share_read);
    json_write_member_bool(w, "is_staff", user->is_staff);
    /* Members that most users lack are written only if they are true. */
    if (user->is_moderator)
        json_write_member_bool(w, "is_moderator", true);
    if (user->is_guest)
        json_write_member_bool(w, "is_guest", true);
    json_write_member_time(w, "created_at", user->created_at);
    json_write_member_text_or_null(w, "bell", bell);
    json_write_object_end(w);
}

void serialize_room_view(struct json_writer *w, const struct room_view *view) {
    json_write_object(w);
    json_write_key(w, "notify");
    json_write_word(w, notify_name(view->notify));
    json_write_member_time_or_null(w, "muted_until", view->muted_until);
    json_write_member_bool(w, "is_favorite", view->is_favorite);
    json_write_member_bool(w, "is_hidden", view->is_hidden);
    json_write_object_end(w);
}

/* The fields that are the same for all users, but for what the last message has for one. */
static void room_fields(struct json_writer *w, const struct room *room, bool for_user) {
    const struct room_state *state = &room->state;
    json_write_member_u64(w, "room_id", state->room_id);
    json_write_member_text(w, "name", room->name);
    json_write_member_bool(w, "is_private", state->is_private);
    json_write_member_bool(w, "is_direct", state->is_direct);
    json_write_member_text_or_null(w, "key", room->key);
    json_write_member_u64(w, "created_by_id", room->created_by_id);
    json_write_member_time(w, "created_at", state->created_at);
    json_write_member_u64(w, "members_count", state->members_count);
    json_write_member_u64(w, "message_count",
                          /* In events: messages that are kept, as no user's view applies. */
                          (for_user ? room_state_visible(state)
                                     : state->message_count - state->trimmed));
    /* null in a room without messages; and for all, if some members may not see it. */
    json_write_key(w, "last_message");
    if (room->has_last_message && (for_user || !state->is_bounded))
        write_message(w, &room->last_message, for_user);
    else
        json_write_null(w);
    json_write_member_u64(w, "last_seq", state->last_seq);
    json_write_member_str(w, "may_pin", room_may_pin_name(room->may_pin));
    json_write_member_text(w, "topic", room->topic);
    json_write_member_str(w, "post_policy", post_policy_name(room->post_policy));
    json_write_member_u64(w, "slow_seconds", room->slow_seconds);
    json_write_member_bool(w, "is_archived", state->is_archived);
    json_write_member_bool(w, "members_visible", state->members_visible);
    json_write_member_bool(w, "is_live", state->is_live);
    json_write_member_str(w, "history", room_history_name(room->history));
    json_write_member_str(w, "guests", room_guests_name(room->guests));
    /* 0, no limit, is written as null. */
    json_write_member_id(w, "retention_days", room->retention_days);
    json_write_member_bool(w, "is_open", state->is_open);
}

void serialize_audit_entry(struct json_writer *w, const struct audit_entry *entry) {
    json_write_object(w);
    json_write_member_u64(w, "audit_id", entry->id);
    json_write_member_text(w, "action", entry->action);
    json_write_member_str(w, "actor_kind", audit_actor_name(entry->actor));
    json_write_member_id(w, "actor_id", entry->actor_id);
    json_write_member_id(w, "user_id", entry->user_id);
    json_write_member_id(w, "room_id", entry->room_id);
    /* 0 is written as null by json_write_member_id. */
    json_write_member_id(w, "subject_id", entry->subject_id);
    json_write_member_text_or_null(w, "reason", entry->reason);
    json_write_member_time(w, "created_at", entry->created_at);
    json_write_object_end(w);
}

void serialize_invite_link(struct json_writer *w, const struct invite_link *link) {
    json_write_object(w);
    json_write_member_u64(w, "link_id", link->id);
    json_write_member_u64(w, "room_id", link->room_id);
    json_write_member_text(w, "link", link->link);
    json_write_member_str(w, "role", role_name(link->role));
    json_write_member_u64(w, "created_by_id", link->created_by_id);
    json_write_member_time(w, "created_at", link->created_at);
    json_write_member_time_or_null(w, "expires_at", link->expires_at);
    json_write_member_id(w, "max_uses", link->max_uses);
    json_write_member_u64(w, "uses", link->uses);
    json_write_object_end(w);
}

void serialize_room(struct json_writer *w, const struct room *room) {
    /* For one user: with membership, read mark and settings. */
    const struct room_state *state = &room->state;
    json_write_object(w);
    room_fields(w, room, true);
    /* Positions count messages without gaps, so the difference to the last one read is the number
     * unread. */
    json_write_member_u64(w, "unread_count",
                          state->is_member ? state->message_count - state->last_read_position : 0);
    json_write_member_bool(w, "is_admin", state->is_admin);
    /* For members and admins is_admin says it. */
    if (state->is_member && (state->role == ROLE_READER || state->role == ROLE_MODERATOR))
        json_write_member_str(w, "role", role_name(state->role));
    /* Without a membership, by a live or open room. */
    else if (!state->is_member && state->may_view)
        json_write_member_str(w, "role", "viewer");
    json_write_member_text_or_null(w, "bell", room->bell);
    json_write_member_u64(w, "unread_mentions", room->unread_mentions);
    json_write_key(w, "me");
    serialize_room_view(w, &state->view);
    json_write_object_end(w);
}

void serialize_room_in_event(struct json_writer *w, const struct room *room) {
    /* The same for all who are in the room. */
    json_write_object(w);
    room_fields(w, room, false);
    json_write_object_end(w);
}
