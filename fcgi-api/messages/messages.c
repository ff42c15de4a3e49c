/* /api/chat/rooms/{id}/messages/: posting, reading, editing and deleting one message. A post may
 * come with a token that is not yet verified (x->auth_pending); the statement that stores the
 * message verifies it too. Pages are in message_pages.c. */
#include <inttypes.h>

#include "auth_cache.h"
#include "blocked.h"
#include "event/event.h"
#include "event/publish.h"
#include "event/serialize.h"
#include "filter.h"
#include "handlers/handlers.h"
#include "limit.h"
#include "moderation/held.h"
#include "rest/etag.h"
#include "rest/field.h"
#include "restriction.h"
#include "store/messages/file.h"
#include "store/messages/mention.h"
#include "store/messages/message.h"
#include "store/site/external_user.h"
#include "store/site/site_user.h"
#include "unicode/word_filter.h"

/* ---- one message ---- */

/* Marked for the user if its sender is blocked. */
static void send_message(void *context, const struct message *message) {
    struct exchange *x = context;
    struct json_writer w = json_writer_start(&x->response.body);
    blocked_write_message(x, &w, message);
}

/* The tag is that of the room: any change of the room changes it, which is more often than
 * needed, and never too seldom. */
enum error messages_get(struct exchange *x) {
    if (etag_set_room(x, &x->identity.room))
        return ERROR_NONE;
    return message_get(x->service->db, x->ids[0], x->ids[1], x->identity.user.id, send_message, x);
}

/* ---- mentions ---- */

/* Reads the mentions into *list; false if none are given, or they are wrong. */
static bool read_mentions(struct exchange *x, struct mention_list *list) {
    struct field_place outer;
    *list = (struct mention_list){.count = 0};
    /* Its own place, so that errors inside of it do not get the names of fields of the body. */
    if (!field_enter_object(x, "mentions", &outer))
        return false;
    field_id_set(x, "user_ids", list->ids, &list->count);
    field_bool(x, "all", &list->all);
    const bool valid = field_errors_none(&x->field_errors);
    field_leave(x, &outer);
    /* One error for the object, whatever is wrong inside. */
    if (!valid)
        field_errors_add(&x->field_errors, "mentions", CODE_INVALID,
                         "user_ids must be a list of at most %d ids, all true or false.",
                         MENTION_MOST);
    return valid;
}

/* 400 at the field: the user exists perhaps, and may have left just now. */
static void add_mentions_error(struct exchange *x) {
    field_errors_add(&x->field_errors, "mentions", CODE_NOT_A_MEMBER,
                     "A user who is mentioned is not a member of the room.");
}

/* As check_reply: if another field is invalid, there is no transaction that checks them. */
static void check_mentions(struct exchange *x, const struct mention_list *list) {
    enum mention_refusal refusal = MENTION_FINE;
    /* A refusal to mention all is not an error of this field. */
    if (list &&
        !mention_check(x->service->db, x->ids[0], x->identity.user.id, list, UINT64_MAX,
                       &refusal) &&
        refusal == MENTION_NOT_MEMBERS)
        add_mentions_error(x);
}

/* The error of a change whose mentions were refused, if they were. */
static enum error refuse_mentions(struct exchange *x, enum error error,
                                  const struct message_change *change) {
    /* Not an error of the field: another user could send the same. */
    if (change->bad_mentions == MENTION_NOT_ALL)
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_MAY_NOT_MENTION_ALL,
                             "Only admins may mention all members of this room.");
    if (change->bad_mentions == MENTION_NOT_MEMBERS)
        add_mentions_error(x);
    return error;
}

/* Publishes the events of the mentioned users, and frees the list in *change. */
static void publish_mentions(struct exchange *x, struct message_change *change,
                             uint64_t message_id) {
    const struct user *user = &x->identity.user;
    publish_mentioned(x->service->redis, publisher_of(x), x->ids[0], message_id, user->id,
                      user->name, (struct text){change->mentioned.data, change->mentioned.len});
    buffer_free(&change->mentioned);
}

/* Publishes an event of the room. bell: of the room, if it is known; else NULL. */
static void publish_message(struct exchange *x, unsigned type, uint64_t seq,
                            const struct message *message, uint64_t message_id,
                            const struct bell_name *bell) {
    struct room_event event = room_event_of(x, type, seq, message_id);
    /* 0: the number is unknown, as the statement was repeated. The gap check of pushd finds the
     * event, and the bell is rung with the number that the database has. */
    if (seq == 0) {
        bell_ring_room(publisher_of(x)->bell, x->service->db, x->ids[0], false);
        return;
    }
    event.bell = bell;
    event.has_message = message != NULL;
    /* The room of a post may not have been read; its quote says whether there are bounds. A
     * room with bounds hides old messages from members who joined later, so that a quote is
     * published only to those who see it. */
    if (type == EVENT_NEW_MESSAGE)
        event.is_bounded = message && message->quote.position > 0;
    if (message)
        event.message = *message;
    publish_room_event(x->service->redis, publisher_of(x), &event, NULL);
}

/* ---- posting ---- */

/* by_site: the messages of the site itself are all of one type, which it may name; users cannot
 * choose it. The default is set by the caller: "text", or "system" for the site. */
static void read_type(struct exchange *x, bool by_site, enum message_type *type) {
    struct text name;
    /* Missing or wrong: the default stays. */
    if (!field_text(x, "message_type", &name))
        return;
    const bool is_system = text_equals(name, text_of(message_type_name(MESSAGE_SYSTEM)));
    const unsigned found = by_site ? 0 : message_type_of(name);
    if (found)
        *type = (enum message_type)found;
    else if (!by_site || !is_system)
        field_errors_add(&x->field_errors, "message_type", CODE_INVALID_CHOICE,
                         "\"%.*s\" is not a valid choice.", (int)name.len, name.at);
}

/* Reads the text. A message without files needs one; files that are wrong count as files here, so
 * that one mistake is one error. */
static void read_content(struct exchange *x, bool has_files, struct text *content) {
    if (has_files && !field_is_given(x, "content"))
        return;
    if (field_text(x, "content", content) && content->len == 0 && !has_files)
        field_errors_add(&x->field_errors, "content", CODE_BLANK, "This field may not be blank.");
}

/* Reads the fields of a post. Texts point into the parsed body. The draft borrows *mentions, and
 * file_ids, in which the ids are stored; file_ids NULL: files are not read. */
static void read_draft(struct exchange *x, bool by_site, uint64_t *file_ids,
                       struct message_draft *draft, struct mention_list *mentions) {
    *draft = (struct message_draft){.room_id = x->ids[0],
                                    .sender_id = x->identity.user.id,
                                    .content = {"", 0},
                                    .type = by_site ? MESSAGE_SYSTEM : MESSAGE_TEXT,
                                    .file_ids = file_ids,
                                    .by_key = x->has_key,
                                    .all_members = x->service->config->mention_all_members};
    /* The site may mention all. */
    if (by_site)
        draft->all_members = UINT64_MAX;
    /* At most FILE_MOST, by the rules of the field. */
    if (file_ids)
        field_ids(x, "files", file_ids, &draft->file_count);
    const bool has_files = draft->file_count > 0 || !field_errors_none(&x->field_errors);
    read_content(x, has_files, &draft->content);
    read_type(x, by_site, &draft->type);
    field_id(x, "reply_to_id", &draft->reply_to_id);
    field_text(x, "client_id", &draft->client_id);
    /* An empty object of mentions is as good as none. */
    if (read_mentions(x, mentions) && !mention_list_is_empty(mentions))
        draft->mentions = mentions;
}

struct posted {
    struct exchange *x;
    const struct message_change *change;
};

/* Answers a post without files, and publishes its event of the room. */
static enum error send_posted(struct exchange *x, const struct message_draft *draft,
                              const struct message_change *change) {
    struct buffer mentions = BUFFER_EMPTY;
    if (draft->mentions)
        mention_list_write(&mentions, draft->mentions);
    /* Everything is known without reading the message back. */
    const struct message message = {.id = change->message_id,
                                    .room_id = draft->room_id,
                                    .position = change->position,
                                    .sender_id = draft->sender_id,
                                    .sender_username = text_of(x->identity.user.name),
                                    .content = draft->content,
                                    .type = draft->type,
                                    .reply_to_id = draft->reply_to_id,
                                    .created_at = change->at,
                                    .client_id = draft->client_id,
                                    .quote = change->quote,
                                    .mentions = {mentions.data, mentions.len}};
    /* Before publishing: the answer is what the client waits for. */
    send_message(x, &message);
    x->response.status = 201;
    publish_message(x, EVENT_NEW_MESSAGE, change->seq, &message, message.id, &change->bell);
    buffer_free(&mentions);
    return ERROR_NONE;
}

/* A message with files is read back: its type and their names come from the database. */
static void send_with_files(void *context, const struct message *message) {
    const struct posted *posted = context;
    struct message shown = *message;
    shown.quote.position = posted->change->quote.position;
    send_message(posted->x, message);
    posted->x->response.status = 201;
    publish_message(posted->x, EVENT_NEW_MESSAGE, posted->change->seq, &shown, message->id,
                    &posted->change->bell);
}

/* The visit has the message, and the names of its files, only during the call. */
static enum error send_posted_files(struct exchange *x, const struct message_change *change) {
    struct posted posted = {x, change};
    return message_get(x->service->db, x->ids[0], change->message_id, x->identity.user.id,
                       send_with_files, &posted);
}

/* Answers a post that was stored, and publishes it; frees what `change` has. */
static enum error answer_post(struct exchange *x, const struct message_draft *draft,
                              const struct filtered *filtered, struct message_change *change) {
    enum error error;
    /* Not changed: the client_id was used before. The earlier message is the answer (200), and was
     * published and reported with the first. */
    if (!change->changed) {
        buffer_free(&change->mentioned);
        return message_get(x->service->db, x->ids[0], change->message_id, x->identity.user.id,
                           send_message, x);
    }
    filter_report(x, filtered, change->message_id);
    if (draft->file_count > 0)
        error = send_posted_files(x, change);
    else
        error = send_posted(x, draft, change);
    publish_mentions(x, change, change->message_id);
    return error;
}

/* Says which of the files cannot be used, after the transaction has refused all of them. */
static enum error add_file_error(struct exchange *x, const struct message_draft *draft) {
    uint64_t wrong_id = 0;
    bool is_incomplete = false;
    const enum error error =
        file_check(x->service->db, draft->room_id, draft->sender_id, draft->file_ids,
                   draft->file_count, &wrong_id, &is_incomplete);
    if (error)
        return error;
    /* wrong_id is 0 if all became usable meanwhile: then the first is named. */
    if (is_incomplete)
        field_errors_add(&x->field_errors, "files", CODE_INCOMPLETE,
                         "The upload of file %" PRIu64 " has not ended.", wrong_id);
    else
        field_errors_add(&x->field_errors, "files", CODE_DOES_NOT_EXIST,
                         "You have no unused file %" PRIu64 " in this room.",
                         wrong_id ? wrong_id : draft->file_ids[0]);
    return ERROR_BAD_INPUT;
}

static void add_reply_error(struct exchange *x, const struct message_draft *draft) {
    field_errors_add_missing(&x->field_errors, "reply_to_id", draft->reply_to_id);
}

static void ignore_message(void *context, const struct message *message) {
    (void)context;
    (void)message;
}

/* The target of a reply is normally checked by the transaction. If another field is invalid, there
 * is no transaction, so it is checked here: all errors are reported together. */
static void check_reply(struct exchange *x, const struct message_draft *draft) {
    if (draft->reply_to_id &&
        message_get(x->service->db, draft->room_id, draft->reply_to_id, draft->sender_id,
                    ignore_message, NULL) == ERROR_NOT_FOUND)
        add_reply_error(x, draft);
}

/* Runs the transaction, which checks a pending token. If it is refused, auth_pending stays set, so
 * that the router serves the request again with all checks, and the entry of the auth cache is
 * removed. A post with an authenticated token adds an entry. */
static enum error post(struct exchange *x, struct message_draft *draft,
                       struct message_change *change) {
    struct auth_cache *cache = x->service->auth_cache;
    /* NULL: the router has authenticated the user already, and no token is checked. */
    draft->token_hash = x->auth_pending ? x->token_hash : NULL;
    const enum error error = message_post(x->service->db, draft, change);
    /* The token ended, or the user is no longer a member: the router finds out which. */
    const bool refused = error == ERROR_NOT_FOUND || error == ERROR_FORBIDDEN;
    if (x->auth_pending && refused)
        auth_cache_remove(cache, x->token_hash, draft->room_id);
    else if (x->has_token && !x->auth_pending && !error)
        auth_cache_add(cache, x->service->db, x->token_hash, draft->room_id, &x->identity);
    x->auth_pending = x->auth_pending && refused;
    return error;
}

/* Posts a draft that is valid and not refused by the word filter. */
static enum error post_filtered(struct exchange *x, struct message_draft *draft,
                                const struct filtered *filtered) {
    struct message_change change;
    const bool is_held = (filtered->actions & WORD_HOLD) != 0;
    /* Held messages are rare, so their sender is looked up as for other requests: auth_pending
     * stays set, and the router drops this attempt and serves the request again. */
    if (is_held && x->auth_pending)
        return ERROR_NONE;
    /* Only valid requests count as messages. */
    enum error error = limit_take_user(x, LIMIT_MESSAGES, x->identity.user.id);
    if (error)
        return error;
    /* Neither posted nor numbered: a moderator decides first. */
    if (is_held)
        return held_hold(x, draft, 0);
    error = post(x, draft, &change);
    if (change.bad_reply)
        add_reply_error(x, draft);
    /* The transaction ends with the first of these that it finds; the others are looked for
     * here, so that all errors are reported together. */
    if (change.bad_files)
        error = add_file_error(x, draft);
    if (change.bad_mentions == MENTION_NOT_MEMBERS)
        check_reply(x, draft);
    if (error)
        return refuse_mentions(x, error, &change);
    return answer_post(x, draft, filtered, &change);
}

enum error messages_post(struct exchange *x) {
    struct message_draft draft;
    struct mention_list mentions;
    uint64_t file_ids[FILE_MOST];
    read_draft(x, false, file_ids, &draft, &mentions);
    if (!field_errors_none(&x->field_errors)) {
        /* With a pending token the user may not be allowed to know what is in the room. */
        if (!x->auth_pending) {
            check_reply(x, &draft);
            check_mentions(x, draft.mentions);
        }
        return ERROR_BAD_INPUT;
    }
    if (draft.file_count > 0 && x->service->config->files == CONFIG_OFF)
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_FILES_OFF, "Files are switched off here.");
    /* After the fields, as it may take a statement. */
    enum error error = restriction_check_age(x);
    if (error)
        return error;
    struct filtered filtered;
    error = filter_text(x, "content", &draft.content, &filtered);
    /* The draft may point into `filtered` from here on, which is freed when all is done. */
    if (!error)
        error = post_filtered(x, &draft, &filtered);
    filter_free(&filtered);
    return error;
}

/* ---- posting by the site ---- */

/* Finds the bot that "user" names, by id or "ext:..."; any other user is a field error, as a site
 * does not write in the name of people. */
static enum error find_bot(struct exchange *x, struct text name, struct user *bot) {
    const struct text issuer = text_of(x->service->config->jwt_issuer);
    struct api_key_user named;
    bool is_bot = false;
    enum error error = ERROR_NOT_FOUND;
    if (api_key_user_read(name, &named))
        error = site_user_find_named(x->service->db, &named, issuer, bot, &is_bot);
    if (error && error != ERROR_NOT_FOUND)
        return error;
    /* A bot may have been banned for a time, too. */
    if (!error)
        restriction_end_ban(x, bot);
    if (error)
        field_errors_add(&x->field_errors, "user", CODE_DOES_NOT_EXIST, "There is no such user.");
    else if (!is_bot)
        field_errors_add(&x->field_errors, "user", CODE_NOT_A_BOT, "The user is not a bot.");
    else if (!bot->is_active)
        field_errors_add(&x->field_errors, "user", CODE_USER_INACTIVE, "The bot is disabled.");
    return field_errors_none(&x->field_errors) ? ERROR_NONE : ERROR_BAD_INPUT;
}

/* Finds the sender: a bot, or else the site's own user, whose messages are of the type system. */
static enum error find_sender(struct exchange *x, struct text bot, struct message_draft *draft) {
    struct user *sender = &x->identity.user;
    enum error error;
    if (bot.at)
        error = find_bot(x, bot, sender);
    else
        error = external_user_site(x->service->db, x->service->config->jwt_actor, sender);
    /* A bot is bound by the rules of a member; the site's own user is not, and needs no
     * membership. */
    draft->sender_id = sender->id;
    draft->by_site = !bot.at;
    return error;
}

/* Posts a draft of the site or of one of its bots that is valid and not refused by the word
 * filter. */
static enum error post_by_site(struct exchange *x, struct message_draft *draft,
                               const struct filtered *filtered) {
    struct message_change change = {0};
    const bool is_held = (filtered->actions & WORD_HOLD) != 0;
    /* `change` of a held message stays empty, so that the code below does nothing. */
    enum error error =
        is_held ? held_hold(x, draft, 0) : message_post(x->service->db, draft, &change);
    if (change.bad_reply)
        add_reply_error(x, draft);
    /* The room exists, but the bot was not added to it. */
    if (error == ERROR_FORBIDDEN) {
        field_errors_add(&x->field_errors, "user", CODE_NOT_A_MEMBER,
                         "The bot is not a member of the room.");
        error = ERROR_BAD_INPUT;
    }
    if (error || is_held)
        return refuse_mentions(x, error, &change);
    return answer_post(x, draft, filtered, &change);
}

enum error messages_post_by_site(struct exchange *x) {
    struct message_draft draft;
    struct mention_list mentions;
    struct text bot = {NULL, 0};
    field_text(x, "user", &bot);
    /* Without `user` the message is the site's, and may have a type. A wrong `user` leaves that
     * open, and is an error anyway. NULL: the site sends no files. */
    read_draft(x, !bot.at && field_errors_none(&x->field_errors), NULL, &draft, &mentions);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    struct filtered filtered;
    enum error error = find_sender(x, bot, &draft);
    if (error)
        return error;
    error = filter_text(x, "content", &draft.content, &filtered);
    if (!error)
        error = post_by_site(x, &draft, &filtered);
    filter_free(&filtered);
    return error;
}

/* ---- changing ---- */

struct edit {
    struct exchange *x;
    uint64_t seq;
};

/* Called with the message as it is now, for the response and the event. */
static void send_edited(void *context, const struct message *message) {
    const struct edit *edit = context;
    send_message(edit->x, message);
    publish_message(edit->x, EVENT_MESSAGE_EDITED, edit->seq, message, message->id, NULL);
}

/* Whether a message has files, for read_new_content. */
static void note_files(void *context, const struct message *message) {
    bool *has_files = context;
    *has_files = message->files.len > 0;
}

/* A message with files may lose its words. Its files never change, so they are looked up before the
 * transaction, and only if there are no words. */
static enum error read_new_content(struct exchange *x, struct text *content) {
    bool has_files = false;
    enum error error = ERROR_NONE;
    if (!field_text(x, "content", content) || content->len > 0)
        return ERROR_NONE;
    error = message_get(x->service->db, x->ids[0], x->ids[1], 0, note_files, &has_files);
    if (!has_files)
        field_errors_add(&x->field_errors, "content", CODE_BLANK, "This field may not be blank.");
    /* A message that does not exist is found out by the transaction, with the right status. */
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* The content is valid and not refused by the word filter. mentions NULL: they stay. */
static enum error edit_filtered(struct exchange *x, struct text content,
                                const struct mention_list *mentions,
                                const struct filtered *filtered) {
    /* Only held_hold needs a draft: an edit changes nothing but these two. */
    struct message_change change = {0};
    const struct message_draft draft = {.room_id = x->ids[0],
                                        .sender_id = x->identity.user.id,
                                        .content = content,
                                        .type = MESSAGE_TEXT,
                                        .mentions = mentions,
                                        .all_members = x->service->config->mention_all_members};
    /* An edit makes an event, and counts like a post. */
    enum error error = limit_take_user(x, LIMIT_MESSAGES, x->identity.user.id);
    /* It waits for a moderator, while the message stays as it was. */
    if (!error && filtered->actions & WORD_HOLD)
        return held_hold(x, &draft, x->ids[1]);
    if (!error)
        error = message_edit(x->service->db, x->ids[0], x->identity.user.id, x->ids[1], content,
                             mentions, x->service->config->mention_all_members, &change);
    /* Sender only, not archived, not silenced: the transaction decides, under the lock of the
     * room. */
    if (error)
        return refuse_mentions(x, error, &change);
    filter_report(x, filtered, x->ids[1]);
    /* Read back as it is now, with the time of the edit. */
    struct edit edit = {x, change.seq};
    error = message_get(x->service->db, x->ids[0], x->ids[1], x->identity.user.id, send_edited,
                        &edit);
    publish_mentions(x, &change, x->ids[1]);
    return error;
}

enum error messages_edit(struct exchange *x) {
    struct mention_list mentions;
    struct text content;
    enum error error = read_new_content(x, &content);
    if (error)
        return error;
    /* Missing: they stay. */
    const bool has_mentions = read_mentions(x, &mentions);
    if (!field_errors_none(&x->field_errors)) {
        check_mentions(x, has_mentions ? &mentions : NULL);
        return ERROR_BAD_INPUT;
    }
    struct filtered filtered;
    error = restriction_check_age(x);
    if (error)
        return error;
    error = filter_text(x, "content", &content, &filtered);
    if (!error)
        error = edit_filtered(x, content, has_mentions ? &mentions : NULL, &filtered);
    filter_free(&filtered);
    return error;
}

/* The sender, or a moderator: the transaction decides. The row stays, without its words, as
 * positions have no gaps. */
enum error messages_delete(struct exchange *x) {
    struct message_change change;
    enum error error =
        message_delete(x->service->db, x->ids[0], x->identity.user.id, x->ids[1], &change);
    /* The sender deletes also after leaving, so the router has not hidden the room from others. */
    if (error == ERROR_FORBIDDEN && restriction_check_guest(x, &x->identity.room))
        error = ERROR_NOT_FOUND;
    if (error)
        return error;
    x->response.status = 204;
    /* Deleted before: 204 all the same. */
    if (change.changed) {
        publish_message(x, EVENT_MESSAGE_DELETED, change.seq, NULL, x->ids[1], NULL);
        /* Marked by the transaction: not served any more, even if the bytes stay. */
        file_remove_of_message(x->service->db, x->service->config->file_dir, x->ids[1]);
    }
    return ERROR_NONE;
}
