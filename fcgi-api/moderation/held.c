/* /api/chat/held/ and /api/chat/rooms/{id}/held/: messages that the word filter holds. Senders see
 * their own; the moderators of the room see all, and let them through or drop them. */
#include "moderation/held.h"

#include <inttypes.h>
#include <string.h>

#include "event/publish.h"
#include "event/serialize.h"
#include "filter.h"
#include "handlers/handlers.h"
#include "moderation/moderated.h"
#include "rest/page.h"
#include "store/messages/file.h"
#include "store/messages/mention.h"
#include "store/moderation/held.h"

/* For moderators, and for the sender as the answer to a post. */
static void write_held(void *context, const struct held *held) {
    struct json_writer *w = context;
    struct text rest = held->files, id;
    json_write_object(w);
    json_write_member_u64(w, "held_id", held->id);
    json_write_member_u64(w, "room_id", held->room_id);
    json_write_member_id(w, "message_id", held->message_id);
    json_write_member_u64(w, "sender_id", held->sender_id);
    json_write_member_text(w, "sender_username", held->sender_username);
    json_write_member_text(w, "content", held->content);
    json_write_member_str(w, "message_type", message_type_name(held->type));
    json_write_member_id(w, "reply_to_id", held->reply_to_id);
    json_write_member_text_or_null(w, "client_id", held->client_id);
    json_write_key(w, "file_ids");
    json_write_array(w);
    /* The ids are stored as digits with commas between them, so each is JSON as it is. */
    while (text_split(&rest, ',', &id))
        json_write_raw(w, id.at, id.len);
    json_write_array_end(w);
    json_write_member_time(w, "created_at", held->created_at);
    json_write_object_end(w);
}

/* ---- holding ---- */

/* For message_get when only its result matters. */
static void ignore_message(void *context, const struct message *message) {
    (void)context;
    (void)message;
}

/* Makes a message the body of the answer. */
static void send_message(void *context, const struct message *message) {
    struct exchange *x = context;
    struct json_writer w = json_writer_start(&x->response.body);
    serialize_message(&w, message);
}

/* What a post would refuse is refused before holding: when the message is released the sender
 * is not there to correct it. */
static enum error check_draft(struct exchange *x, const struct message_draft *draft) {
    enum mention_refusal refusal = MENTION_FINE;
    enum error error = ERROR_NONE;
    /* A reply to a message that is not in this room, or that the sender does not see. */
    if (draft->reply_to_id)
        error = message_get(x->service->db, draft->room_id, draft->reply_to_id, draft->sender_id,
                            ignore_message, NULL);
    if (error == ERROR_NOT_FOUND) {
        field_errors_add(&x->field_errors, "reply_to_id", CODE_DOES_NOT_EXIST,
                         "Invalid pk \"%" PRIu64 "\" - object does not exist.",
                         draft->reply_to_id);
        error = ERROR_BAD_INPUT;
    }
    if (!error && draft->mentions)
        error = mention_check(x->service->db, draft->room_id, draft->sender_id, draft->mentions,
                              draft->all_members, &refusal);
    if (!error && refusal == MENTION_NOT_ALL)
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_MAY_NOT_MENTION_ALL,
                             "Only admins may mention all members of this room.");
    if (!error && refusal == MENTION_NOT_MEMBERS) {
        field_errors_add(&x->field_errors, "mentions", CODE_NOT_A_MEMBER,
                         "A user who is mentioned is not a member of the room.");
        error = ERROR_BAD_INPUT;
    }
    return error;
}

enum error held_hold(struct exchange *x, const struct message_draft *draft, uint64_t message_id) {
    struct held_change change;
    struct json_writer w = json_writer_start(&x->response.body);
    enum error error = ERROR_NONE;
    /* In the order of a post: first whether the sender may write at all. */
    if (draft->reply_to_id || draft->mentions)
        error = held_check_sender(x->service->db, draft, message_id);
    if (!error)
        error = check_draft(x, draft);
    if (error)
        return error;
    /* A sender without the right to post gets the refusal of a post, and nothing is held.
     * Checks membership and rights as a post does, in one transaction with the events of the
     * moderators. */
    error = held_add(x->service->db, draft, message_id, &change);
    /* Not changed: the same client_id was held before, and moderators were notified then. */
    if (!error && change.changed)
        publish_message_held(x->service->redis, publisher_of(x), draft->room_id, change.held_id,
                             draft->sender_id,
                             (struct text){change.streams.data, change.streams.len});
    buffer_free(&change.streams);
    /* The client_id was used before and that message was posted: the answer is the one to a
     * repeated post, 200 with the message. */
    if (error == ERROR_CONFLICT)
        return message_get(x->service->db, draft->room_id, change.posted_id, x->identity.user.id,
                           send_message, x);
    /* A direct room has no moderator to let the message through, so the word is refused. */
    if (error == ERROR_BAD_INPUT)
        return filter_refuse(x, "content");
    /* A file that was used meanwhile, has expired, or belongs to another user or room. */
    if (error == ERROR_GONE) {
        field_errors_add(&x->field_errors, "files", CODE_DOES_NOT_EXIST,
                         "Not all of them are unused files of yours in this room.");
        return ERROR_BAD_INPUT;
    }
    if (error)
        return error;
    /* Accepted, but not posted (RFC 9110, section 15.3.3). */
    x->response.status = 202;
    return held_get(x->service->db, draft->room_id, change.held_id, write_held, &w);
}

/* ---- lists ---- */

enum error held_messages_list(struct exchange *x) {
    const struct room_state *room = &x->identity.room;
    /* 0: of all senders. Members who are not moderators see their own, which they may withdraw. */
    const uint64_t sender_id =
        room->may_moderate && !room->is_direct ? 0 : x->identity.user.id;
    struct page page;
    uint64_t count = 0;
    if (!page_read(x, PAGE_DEFAULT, &page))
        return ERROR_BAD_INPUT;
    enum error error = held_count(x->service->db, x->ids[0], sender_id, &count);
    if (error)
        return error;
    struct json_writer w = json_writer_start(&x->response.body);
    page_begin(x, &w, &page, count, "");
    error = held_list(x->service->db, x->ids[0], sender_id, page.limit, page.offset, write_held,
                      &w);
    page_end(x, &w, &page, count, "");
    return error;
}

/* Writes a page of those in all rooms that the user moderates. */
static enum error write_moderated(struct exchange *x, const struct page *page,
                                  struct json_writer *w) {
    const struct user *user = &x->identity.user;
    return held_list_moderated(x->service->db, user->id, user->is_moderator, page->limit,
                               page->offset, write_held, w);
}

enum error held_messages_all(struct exchange *x) {
    return moderated_list(x, held_count_moderated, write_moderated);
}

/* ---- letting through ---- */

/* A copy of a held message as a draft. */
struct release {
    struct message_draft draft;
    struct mention_list mentions;
    uint64_t message_id;
    uint64_t file_ids[FILE_MOST];
    struct buffer texts;
};

/* Reads what mention_list_write has written: {"user_ids":[2,3],"all":false}. */
static void read_mentions(struct text json, struct mention_list *list) {
    uint64_t id = 0;
    bool is_number = false;
    /* The JSON is our own, with no numbers but ids, so that reading digits is enough. */
    for (size_t i = 0; i < json.len; i++) {
        const char c = json.at[i];
        if (text_is_digit(c)) {
            id = id * 10 + (uint64_t)(c - '0');
            is_number = true;
            continue;
        }
        if (is_number && list->count < MENTION_MOST)
            list->ids[list->count++] = id;
        id = 0;
        is_number = false;
    }
    /* mention_list_write puts `all` last, and no text of a user comes before it. */
    static const char ALL[] = "\"all\":true}";
    list->all = json.len > sizeof(ALL) && memcmp(json.at + json.len - (sizeof(ALL) - 1), ALL,
                                                 sizeof(ALL) - 1) == 0;
}

/* Copies a row into a draft: the row is freed before the draft is posted. */
static void keep_held(void *context, const struct held *held) {
    struct release *release = context;
    struct message_draft *draft = &release->draft;
    struct text rest = held->files, id;
    *draft = (struct message_draft){.room_id = held->room_id,
                                    .sender_id = held->sender_id,
                                    /* By held_id the transaction of the post recognizes a
                                     * second release. */
                                    .held_id = held->id,
                                    .type = held->type,
                                    .reply_to_id = held->reply_to_id,
                                    /* It has waited longer than slow mode asks for. */
                                    .by_key = true,
                                    .by_site = held->by_site,
                                    .file_ids = release->file_ids,
                                    /* Whether the sender may mention all was checked before. */
                                    .all_members = UINT64_MAX};
    release->message_id = held->message_id;
    /* The ids were valid when they were stored: anything else ends the list. */
    while (draft->file_count < FILE_MOST && text_split(&rest, ',', &id) &&
           text_to_u64(id, &release->file_ids[draft->file_count]))
        draft->file_count++;
    if (held->mentions.len > 0) {
        read_mentions(held->mentions, &release->mentions);
        draft->mentions = &release->mentions;
    }
    /* The rows are freed; both texts point into the copy, which does not grow any more. */
    buffer_append(&release->texts, held->content.at, held->content.len);
    buffer_append(&release->texts, held->client_id.at, held->client_id.len);
    draft->content = (struct text){release->texts.data, held->content.len};
    draft->client_id =
        (struct text){release->texts.data + held->content.len, held->client_id.len};
}

/* What is needed to publish a message that was let through. */
struct released {
    struct exchange *x;
    const struct user *sender;
    const struct message_change *change;
    unsigned type;
};

/* A message that an admin has let pass is published as if it were posted now. */
static void send_released(void *context, const struct message *message) {
    const struct released *released = context;
    struct exchange *x = released->x;
    send_message(x, message);
    /* 0: it was posted before, or this process does not know the number. */
    if (released->change->seq == 0) {
        bell_ring_room(publisher_of(x)->bell, x->service->db, x->ids[0], false);
        return;
    }
    const struct room_event event = {.room_id = x->ids[0],
                                     .seq = released->change->seq,
                                     .type = released->type,
                                     .actor_id = released->sender->id,
                                     .actor = text_of(released->sender->name),
                                     .subject_id = message->id,
                                     .has_message = true,
                                     .message = *message};
    publish_room_event(x->service->redis, publisher_of(x), &event, NULL);
}

/* Posts or edits in the name of the sender, with what is left of the mentions. */
static enum error release_draft(struct exchange *x, struct release *release,
                                struct message_change *change) {
    struct db *db = x->service->db;
    struct message_draft *draft = &release->draft;
    enum error error;
    /* At most twice: with the mentions, then without. An edit without a list leaves the
     * mentions as they are, so it takes an empty one; a post takes NULL. */
    for (int tries = 0; tries < 2; tries++) {
        error = release->message_id
                    ? message_edit(db, draft->room_id, draft->sender_id, release->message_id,
                                   draft->content, draft->mentions, draft->all_members, change)
                    : message_post(db, draft, change);
        if (error != ERROR_BAD_INPUT || !change->bad_mentions)
            break;
        /* Users who were mentioned have left. */
        buffer_free(&change->mentioned);
        release->mentions = (struct mention_list){.count = 0};
        draft->mentions = release->message_id ? &release->mentions : NULL;
    }
    return error;
}

/* Answers with the message, and publishes it. */
static enum error answer(struct exchange *x, const struct release *release,
                         struct message_change *change) {
    struct user sender;
    /* The event names the sender, as if it had been posted directly; the moderator is in the
     * audit. */
    enum error error = user_by_id(x->service->db, release->draft.sender_id, &sender, NULL);
    const uint64_t message_id = release->message_id ? release->message_id : change->message_id;
    /* An edit has another event; the position of the message stays. */
    struct released released = {x, &sender, change,
                                release->message_id ? EVENT_MESSAGE_EDITED : EVENT_NEW_MESSAGE};
    x->response.status = 201;
    if (!error)
        error = message_get(x->service->db, x->ids[0], message_id, x->identity.user.id,
                            send_released, &released);
    if (!error)
        publish_mentioned(x->service->redis, publisher_of(x), x->ids[0], message_id, sender.id,
                          sender.name,
                          (struct text){change->mentioned.data, change->mentioned.len});
    return error;
}

/* Notifies the other moderators that a message is not held any more, and frees the streams. */
static void notify_moderators(struct exchange *x, struct buffer *streams) {
    publish_moderation_changed(x->service->redis, publisher_of(x), x->ids[0], x->identity.user.id,
                               (struct text){streams->data, streams->len});
    buffer_free(streams);
}

enum error held_messages_approve(struct exchange *x) {
    struct db *db = x->service->db;
    struct release release = {.texts = BUFFER_EMPTY};
    struct buffer streams = BUFFER_EMPTY;
    struct message_change change = {0};
    const uint64_t actor_id = x->identity.user.id;
    /* Three transactions: take, post, end. What is taken can neither be dropped nor replaced by
     * a later edit. After a crash in between it can be approved again; held_id lets one post
     * through. */
    enum error error = held_claim(db, x->ids[0], actor_id, x->ids[1]);
    if (!error)
        error = held_get(db, x->ids[0], x->ids[1], keep_held, &release);
    if (!error) {
        error = release_draft(x, &release, &change);
        /* The sender has left, is silenced, or the message or a file is gone. After an error of the
         * database it stays taken: perhaps it is posted, which a second try finds out. */
        if (error && error != ERROR_UNAVAILABLE && error != ERROR_INTERNAL) {
            held_unclaim(db, x->ids[0], x->ids[1]);
            error = exchange_fail(x, ERROR_CONFLICT, CODE_CONFLICT,
                                  "The sender may not write this any more.");
        }
        /* It is posted: only now the row is deleted, with an entry in the audit. */
        if (!error)
            error = held_end(db, x->ids[0], actor_id, x->ids[1], &streams);
        if (!error)
            error = answer(x, &release, &change);
        buffer_free(&change.mentioned);
    }
    buffer_free(&release.texts);
    notify_moderators(x, &streams);
    return error;
}

enum error held_messages_drop(struct exchange *x) {
    struct buffer streams = BUFFER_EMPTY;
    /* Not while it is being let through (404). The files of the draft expire at once. */
    const enum error error =
        held_drop(x->service->db, x->ids[0], x->identity.user.id, x->ids[1], &streams);
    if (!error)
        x->response.status = 204;
    notify_moderators(x, &streams);
    return error;
}
