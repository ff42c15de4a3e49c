/* /api/chat/rooms/{id}/messages/ and read/: pages of messages, posting, editing, deleting, read
 * marks. Pages and posts may come with a token that is not yet verified (x->auth_pending); the
 * statement that does the work verifies it too. */
#include <inttypes.h>

#include "auth_cache.h"
#include "event/event.h"
#include "event/publish.h"
#include "event/serialize.h"
#include "handlers/handlers.h"
#include "handlers/member_events.h"
#include "limit.h"
#include "rest/etag.h"
#include "rest/field.h"
#include "rest/link.h"
#include "rest/page.h"
#include "store/external_user.h"
#include "store/file.h"
#include "store/mention.h"
#include "store/message_mark.h"
#include "store/message_page.h"
#include "store/site_user.h"

/* ---- lists ---- */

/* A page while it is read. A page by offset is written to the response directly. The links of a
 * page by cursor depend on its first and last message, so its messages are written to `results`
 * first; one by `after` is read from its oldest message on, so that it can end at PAGE_BYTES. */
struct message_listing {
    struct exchange *x;
    struct page *page;
    const struct message_page *which;
    bool has_begun;
    struct json_writer w;
    struct buffer results;   /* of a page by cursor */
    size_t ends[PAGE_MOST];  /* of each message in results */
    uint64_t ids[PAGE_MOST]; /* of each message */
    uint64_t first_position; /* of the first message; the others follow without gaps */
    uint64_t begin;          /* index of the first message that is shown */
    uint64_t center;         /* index of the message of a page around one */
};

static bool is_by_offset(const struct message_listing *listing) {
    return listing->which->kind == MESSAGE_PAGE_OFFSET;
}

static void begin_listing(struct message_listing *listing) {
    struct exchange *x = listing->x;
    /* By cursor the head is known only at the end. */
    struct buffer *out = is_by_offset(listing) ? &x->response.body : &listing->results;
    buffer_clear(out);
    listing->w = json_writer_start(out);
    if (is_by_offset(listing))
        page_begin(x, &listing->w, listing->page, x->identity.room.message_count, "");
    listing->has_begun = true;
}

static void list_message(void *context, const struct message *message) {
    struct message_listing *listing = context;
    if (!listing->has_begun)
        begin_listing(listing);
    struct page *page = listing->page;
    struct buffer *out = listing->w.out;
    const size_t len = out->len;
    const bool is_around = listing->which->kind == MESSAGE_PAGE_AROUND;
    /* Full already; the statement may have a few rows more. */
    if (page->is_full || page->shown == PAGE_MOST)
        return;
    /* Each message by itself, without commas, since their order may be reversed. */
    if (!is_by_offset(listing))
        listing->w = json_writer_start(out);
    serialize_message(&listing->w, message);
    /* Does not fit: written back. One around a message is cut at both ends, when it is read. */
    if (is_around)
        page->shown++;
    else if (!page_keep(page, &listing->w, len))
        return;
    const uint64_t at = page->shown - 1;
    if (at == 0)
        listing->first_position = message->position;
    if (is_around && message->id == listing->which->from)
        listing->center = at;
    listing->ends[at] = out->len;
    listing->ids[at] = message->id;
}

/* Reads which page is requested: by offset, or by a cursor. */
static void read_page(struct exchange *x, struct page *page, struct message_page *which) {
    static const struct {
        const char *name;
        enum message_page_kind kind;
    } CURSORS[] = {{"before", MESSAGE_PAGE_BEFORE},
                   {"after", MESSAGE_PAGE_AFTER},
                   {"around", MESSAGE_PAGE_AROUND}};
    uint64_t cursor;
    /* The parameters of all kinds; errors are collected. */
    page_read(x, PAGE_DEFAULT, PAGE_MOST, page);
    *which = (struct message_page){MESSAGE_PAGE_OFFSET, page->limit, page->offset};
    for (size_t i = 0; i < sizeof(CURSORS) / sizeof(CURSORS[0]); i++) {
        if (!page_number(x, CURSORS[i].name, 0, &cursor))
            continue;
        if (which->kind != MESSAGE_PAGE_OFFSET)
            field_errors_add(&x->field_errors, CURSORS[i].name, CODE_CONFLICTING,
                             "Give one of before, after and around.");
        *which = (struct message_page){CURSORS[i].kind, page->limit, cursor};
    }
}

static void write_cursor_link(struct exchange *x, struct json_writer *w, const char *key,
                              bool exists, const char *cursor, uint64_t id, uint64_t limit) {
    struct buffer url = BUFFER_EMPTY;
    if (!exists) {
        json_write_member_null(w, key);
        return;
    }
    link_self(&url, x->request);
    /* A cursor is the id of a message, which stays valid when others come. */
    buffer_printf(&url, "?%s=%" PRIu64 "&limit=%" PRIu64, cursor, id, limit);
    json_write_member_text(w, key, (struct text){url.data, url.len});
    buffer_free(&url);
}

static size_t start_of(const struct message_listing *listing, uint64_t at) {
    return at > 0 ? listing->ends[at - 1] : 0;
}

/* Cuts a page around a message to PAGE_BYTES: at the end that is farther from the message. */
static void cut_around(struct message_listing *listing) {
    struct page *page = listing->page;
    while (page->shown > 1 &&
           listing->ends[listing->begin + page->shown - 1] - start_of(listing, listing->begin) >
               PAGE_BYTES) {
        const uint64_t newer = listing->center - listing->begin, older = page->shown - 1 - newer;
        page->shown--;
        if (newer > older)
            listing->begin++;
    }
}

/* Writes a page by cursor. There is no next page after the oldest message. The previous page of an
 * empty page before the first message is after=0. */
static void write_cursor_page(struct exchange *x, struct message_listing *listing) {
    const uint64_t count = x->identity.room.message_count, shown = listing->page->shown;
    const bool oldest_first = listing->which->kind == MESSAGE_PAGE_AFTER, empty = shown == 0;
    const uint64_t limit = listing->which->limit;
    /* Indices of both ends; their positions tell whether there is anything beyond them. */
    const uint64_t first = listing->begin, last = empty ? first : first + shown - 1;
    const uint64_t newest = oldest_first ? last : first, oldest = oldest_first ? first : last;
    const bool more_newer = oldest_first ? listing->first_position + newest < count
                                         : listing->first_position - newest < count;
    const bool more_older =
        oldest_first ? listing->first_position + oldest > 1 : listing->first_position - oldest > 1;
    const bool before_all = empty && listing->which->kind == MESSAGE_PAGE_BEFORE && count > 0;
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_u64(&w, "count", count);
    /* "next" are older messages, "previous" newer ones, whatever way the page was read. */
    write_cursor_link(x, &w, "next", !empty && more_older, "before", listing->ids[oldest], limit);
    write_cursor_link(x, &w, "previous", before_all || (!empty && more_newer), "after",
                      empty ? 0 : listing->ids[newest], limit);
    json_write_key(&w, "results");
    json_write_array(&w);
    /* Always shown newest first. */
    for (uint64_t i = 0; i < shown; i++) {
        const uint64_t at = oldest_first ? last - i : first + i;
        const size_t start = start_of(listing, at);
        json_write_raw(&w, listing->results.data + start, listing->ends[at] - start);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
}

static void end_listing(struct message_listing *listing) {
    struct exchange *x = listing->x;
    /* A page without any message has not begun. */
    if (!listing->has_begun)
        begin_listing(listing);
    if (listing->which->kind == MESSAGE_PAGE_AROUND)
        cut_around(listing);
    if (is_by_offset(listing))
        page_end(x, &listing->w, listing->page, x->identity.room.message_count, "");
    else
        write_cursor_page(x, listing);
}

/* Reads the page and authenticates the user in one statement. */
static enum error list_by_token(struct exchange *x, struct message_listing *listing) {
    bool found;
    const enum error error =
        message_page_by_token(x->service->db, x->service->names, x->token_hash, x->ids[0],
                              listing->which, &x->identity, &found, list_message, listing);
    /* Neither error nor found: the router serves the request again, with all checks. */
    exchange_end_pending(x, error, found);
    if (x->has_identity)
        etag_set_room(x, &x->identity.room);
    return error;
}

static enum error list_by_identity(struct exchange *x, struct message_listing *listing) {
    const struct message_page *which = listing->which;
    bool cursor_found;
    /* No message came back: is the cursor wrong, or the page empty? */
    const enum error error =
        message_page_list(x->service->db, x->service->names, &x->identity.room, x->identity.user.id,
                          which, &cursor_found, list_message, listing);
    if (error || cursor_found)
        return error;
    field_errors_add(&x->field_errors,
                     which->kind == MESSAGE_PAGE_BEFORE   ? "before"
                     : which->kind == MESSAGE_PAGE_AROUND ? "around"
                                                          : "after",
                     CODE_DOES_NOT_EXIST, "This message is not in the room.");
    return ERROR_BAD_INPUT;
}

enum error messages_list(struct exchange *x) {
    struct page page;
    struct message_page which;
    read_page(x, &page, &which);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    /* With a pending token the state of the room is not known yet. */
    if (!x->auth_pending && etag_set_room(x, &x->identity.room))
        return ERROR_NONE;
    struct message_listing listing = {.x = x, .page = &page, .which = &which};
    const enum error error =
        x->auth_pending ? list_by_token(x, &listing) : list_by_identity(x, &listing);
    /* Not found: nothing is written, the response is made by the ordinary way. */
    if (!error && x->has_identity)
        end_listing(&listing);
    buffer_free(&listing.results);
    return error;
}

/* ---- one message ---- */

static void send_message(void *context, const struct message *message) {
    struct exchange *x = context;
    struct json_writer w = json_writer_start(&x->response.body);
    serialize_message(&w, message);
}

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
    if (!field_enter_object(x, "mentions", &outer))
        return false;
    field_id_set(x, "user_ids", list->ids, &list->count);
    field_bool(x, "all", &list->all);
    const bool valid = field_errors_none(&x->field_errors);
    field_leave(x, &outer);
    if (!valid)
        field_errors_add(&x->field_errors, "mentions", CODE_INVALID,
                         "user_ids must be a list of at most %d ids, all true or false.",
                         MENTION_MOST);
    return valid;
}

static void add_mentions_error(struct exchange *x) {
    field_errors_add(&x->field_errors, "mentions", CODE_NOT_A_MEMBER,
                     "A user who is mentioned is not a member of the room.");
}

/* As check_reply: if another field is invalid, there is no transaction that checks them. */
static void check_mentions(struct exchange *x, const struct mention_list *list) {
    bool are_members = true;
    if (list && !mention_check(x->service->db, x->ids[0], list, &are_members) && !are_members)
        add_mentions_error(x);
}

/* The error of a change whose mentions were refused, if they were. */
static enum error refuse_mentions(struct exchange *x, enum error error,
                                  const struct message_change *change) {
    if (change->bad_mentions == MENTION_NOT_ALL)
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_MAY_NOT_MENTION_ALL,
                             "Only admins may mention all members of this room.");
    if (change->bad_mentions == MENTION_NOT_MEMBERS)
        add_mentions_error(x);
    return error;
}

/* The events of the users who are named; frees their list. */
static void publish_mentions(struct exchange *x, struct message_change *change,
                             uint64_t message_id) {
    const struct user *user = &x->identity.user;
    publish_mentioned(x->service->redis, publisher_of(x), x->ids[0], message_id, user->id,
                      user->name, (struct text){change->mentioned.data, change->mentioned.len});
    buffer_free(&change->mentioned);
}

/* bell: of the room, if it is known; else NULL. */
static void publish_message(struct exchange *x, unsigned type, uint64_t seq,
                            const struct message *message, uint64_t message_id,
                            const struct bell_name *bell) {
    struct room_event event = {.room_id = x->ids[0],
                               .seq = seq,
                               .type = type,
                               .actor_id = x->identity.user.id,
                               .actor = text_of(x->identity.user.name),
                               .subject_id = message_id,
                               .has_message = message != NULL,
                               .bell = bell};
    /* 0: this process does not know the number (a repeated statement); pushd finds the event. */
    if (seq == 0) {
        bell_ring_room(publisher_of(x)->bell, x->service->db, x->ids[0], false);
        return;
    }
    if (message)
        event.message = *message;
    publish_room_event(x->service->redis, publisher_of(x), &event, NULL);
}

/* ---- posting ---- */

/* by_site: the messages of the site itself are all of one type, which it may name; users cannot
 * choose it. */
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

/* A message without files needs words; files that are wrong count as files here. */
static void read_content(struct exchange *x, bool has_files, struct text *content) {
    if (has_files && !field_is_given(x, "content"))
        return;
    if (field_text(x, "content", content) && content->len == 0 && !has_files)
        field_errors_add(&x->field_errors, "content", CODE_BLANK, "This field may not be blank.");
}

/* Texts point into the parsed body; the draft to *mentions if it has any. file_ids: storage for the
 * ids; NULL: there are no files. */
static void read_draft(struct exchange *x, bool by_site, uint64_t *file_ids,
                       struct message_draft *draft, struct mention_list *mentions) {
    *draft = (struct message_draft){.room_id = x->ids[0],
                                    .sender_id = x->identity.user.id,
                                    .content = {"", 0},
                                    .type = by_site ? MESSAGE_SYSTEM : MESSAGE_TEXT,
                                    .file_ids = file_ids,
                                    .all_members = x->service->config->mention_all_members};
    /* The site may mention all. */
    if (by_site)
        draft->all_members = UINT64_MAX;
    if (file_ids)
        field_ids(x, "files", file_ids, &draft->file_count);
    const bool has_files = draft->file_count > 0 || !field_errors_none(&x->field_errors);
    read_content(x, has_files, &draft->content);
    read_type(x, by_site, &draft->type);
    field_id(x, "reply_to_id", &draft->reply_to_id);
    field_text(x, "client_id", &draft->client_id);
    if (read_mentions(x, mentions) && !mention_list_is_empty(mentions))
        draft->mentions = mentions;
}

struct posted {
    struct exchange *x;
    const struct message_change *change;
};

static enum error send_posted(struct exchange *x, const struct message_draft *draft,
                              struct message_change *change) {
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
    send_message(x, &message);
    x->response.status = 201;
    publish_message(x, EVENT_NEW_MESSAGE, change->seq, &message, message.id, &change->bell);
    publish_mentions(x, change, message.id);
    buffer_free(&mentions);
    return ERROR_NONE;
}

/* A message with files is read back: its type and their names come from the database. */
static void send_with_files(void *context, const struct message *message) {
    const struct posted *posted = context;
    send_message(posted->x, message);
    posted->x->response.status = 201;
    publish_message(posted->x, EVENT_NEW_MESSAGE, posted->change->seq, message, message->id,
                    &posted->change->bell);
}

static enum error send_posted_files(struct exchange *x, const struct message_change *change) {
    struct posted posted = {x, change};
    return message_get(x->service->db, x->ids[0], change->message_id, x->identity.user.id,
                       send_with_files, &posted);
}

/* Says which of the files cannot be used. */
static enum error add_file_error(struct exchange *x, const struct message_draft *draft) {
    uint64_t wrong_id = 0;
    bool is_incomplete = false;
    const enum error error =
        file_check(x->service->db, draft->room_id, draft->sender_id, draft->file_ids,
                   draft->file_count, &wrong_id, &is_incomplete);
    if (error)
        return error;
    /* None: it was one until just now. */
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
    field_errors_add(&x->field_errors, "reply_to_id", CODE_DOES_NOT_EXIST,
                     "Invalid pk \"%" PRIu64 "\" - object does not exist.", draft->reply_to_id);
}

static void ignore_message(void *context, const struct message *message) {
    (void)context;
    (void)message;
}

/* The target of a reply is normally checked by the transaction. If another field is invalid, there
 * is no transaction, so it is checked here: all errors are reported together. */
static void check_reply(struct exchange *x, const struct message_draft *draft) {
    if (draft->reply_to_id && message_get(x->service->db, draft->room_id, draft->reply_to_id, 0,
                                          ignore_message, NULL) == ERROR_NOT_FOUND)
        add_reply_error(x, draft);
}

/* Runs the transaction, which checks a pending token. If it is refused, auth_pending stays set, so
 * that the router serves the request again with all checks, and the entry of the auth cache is
 * removed. A post with an authenticated token adds an entry. */
static enum error post(struct exchange *x, struct message_draft *draft,
                       struct message_change *change) {
    struct auth_cache *cache = x->service->auth_cache;
    draft->token_hash = x->auth_pending ? x->token_hash : NULL;
    const enum error error = message_post(x->service->db, draft, change);
    /* The token ended, or the user is no longer a member: the ordinary way finds out which. */
    const bool refused = error == ERROR_NOT_FOUND || error == ERROR_FORBIDDEN;
    if (x->auth_pending && refused)
        auth_cache_remove(cache, x->token_hash, draft->room_id);
    else if (x->has_token && !x->auth_pending && !error)
        auth_cache_add(cache, x->service->db, x->token_hash, draft->room_id, &x->identity);
    x->auth_pending = x->auth_pending && refused;
    return error;
}

enum error messages_post(struct exchange *x) {
    struct message_draft draft;
    struct mention_list mentions;
    struct message_change change;
    uint64_t file_ids[FILE_MOST];
    read_draft(x, false, file_ids, &draft, &mentions);
    if (!field_errors_none(&x->field_errors)) {
        if (!x->auth_pending) {
            check_reply(x, &draft);
            check_mentions(x, draft.mentions);
        }
        return ERROR_BAD_INPUT;
    }
    if (draft.file_count > 0 && x->service->config->files == CONFIG_OFF)
        return exchange_fail(x, ERROR_FORBIDDEN, CODE_FILES_OFF, "Files are switched off here.");
    /* Only valid requests count as messages. */
    enum error error = limit_take_user(x, LIMIT_MESSAGES, x->identity.user.id);
    if (error)
        return error;
    error = post(x, &draft, &change);
    if (change.bad_reply)
        add_reply_error(x, &draft);
    if (change.bad_files)
        error = add_file_error(x, &draft);
    if (change.bad_mentions == MENTION_NOT_MEMBERS)
        check_reply(x, &draft);
    if (error)
        return refuse_mentions(x, error, &change);
    /* Not changed: the client_id was used before, and the earlier message is the answer (200). */
    if (change.changed && draft.file_count > 0)
        return send_posted_files(x, &change);
    if (change.changed)
        return send_posted(x, &draft, &change);
    return message_get(x->service->db, x->ids[0], change.message_id, x->identity.user.id,
                       send_message, x);
}

/* ---- posting by the site ---- */

/* Finds the bot that "user" names, by id or "ext:..."; a field error if it is none. */
static enum error find_bot(struct exchange *x, struct text name, struct user *bot) {
    const struct text issuer = text_of(x->service->config->jwt_issuer);
    struct api_key_user named;
    bool is_bot = false;
    enum error error = ERROR_NOT_FOUND;
    if (api_key_user_read(name, &named))
        error = site_user_find_named(x->service->db, &named, issuer, bot, &is_bot);
    if (error && error != ERROR_NOT_FOUND)
        return error;
    if (error)
        field_errors_add(&x->field_errors, "user", CODE_DOES_NOT_EXIST, "There is no such user.");
    else if (!is_bot)
        field_errors_add(&x->field_errors, "user", CODE_NOT_A_BOT, "The user is not a bot.");
    else if (!bot->is_active)
        field_errors_add(&x->field_errors, "user", CODE_USER_INACTIVE, "The bot is disabled.");
    return field_errors_none(&x->field_errors) ? ERROR_NONE : ERROR_BAD_INPUT;
}

/* Finds who sends: a bot, or else the site's own user, whose messages are of the type system. */
static enum error find_sender(struct exchange *x, struct text bot, struct message_draft *draft) {
    struct user *sender = &x->identity.user;
    enum error error;
    if (bot.at)
        error = find_bot(x, bot, sender);
    else
        error = external_user_site(x->service->db, x->service->config->jwt_actor, sender);
    draft->sender_id = sender->id;
    draft->by_site = !bot.at;
    return error;
}

enum error messages_post_by_site(struct exchange *x) {
    struct message_draft draft;
    struct mention_list mentions;
    struct message_change change;
    struct text bot = {NULL, 0};
    field_text(x, "user", &bot);
    read_draft(x, !bot.at && field_errors_none(&x->field_errors), NULL, &draft, &mentions);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    enum error error = find_sender(x, bot, &draft);
    if (error)
        return error;
    error = message_post(x->service->db, &draft, &change);
    if (change.bad_reply)
        add_reply_error(x, &draft);
    /* The room exists, but the bot is not in it. */
    if (error == ERROR_FORBIDDEN) {
        field_errors_add(&x->field_errors, "user", CODE_NOT_A_MEMBER,
                         "The bot is not a member of the room.");
        error = ERROR_BAD_INPUT;
    }
    if (error)
        return refuse_mentions(x, error, &change);
    if (change.changed)
        return send_posted(x, &draft, &change);
    return message_get(x->service->db, x->ids[0], change.message_id, x->identity.user.id,
                       send_message, x);
}

/* ---- changing ---- */

struct edit {
    struct exchange *x;
    uint64_t seq;
};

static void send_edited(void *context, const struct message *message) {
    const struct edit *edit = context;
    send_message(edit->x, message);
    publish_message(edit->x, EVENT_MESSAGE_EDITED, edit->seq, message, message->id, NULL);
}

enum error messages_edit(struct exchange *x) {
    struct message_change change = {0};
    struct mention_list mentions;
    struct text content;
    field_text(x, "content", &content);
    /* Missing: they stay. */
    const bool has_mentions = read_mentions(x, &mentions);
    if (!field_errors_none(&x->field_errors)) {
        check_mentions(x, has_mentions ? &mentions : NULL);
        return ERROR_BAD_INPUT;
    }
    enum error error = limit_take_user(x, LIMIT_MESSAGES, x->identity.user.id);
    if (!error)
        error = message_edit(x->service->db, x->ids[0], x->identity.user.id, x->ids[1], content,
                             has_mentions ? &mentions : NULL,
                             x->service->config->mention_all_members, &change);
    if (error)
        return refuse_mentions(x, error, &change);
    /* Read back as it is now, with the time of the edit. */
    struct edit edit = {x, change.seq};
    error = message_get(x->service->db, x->ids[0], x->ids[1], x->identity.user.id, send_edited,
                        &edit);
    publish_mentions(x, &change, x->ids[1]);
    return error;
}

enum error messages_delete(struct exchange *x) {
    struct message_change change;
    const enum error error =
        message_delete(x->service->db, x->ids[0], x->identity.user.id, x->ids[1], &change);
    if (error)
        return error;
    x->response.status = 204;
    /* Deleted before: 204 all the same. */
    if (change.changed) {
        publish_message(x, EVENT_MESSAGE_DELETED, change.seq, NULL, x->ids[1], NULL);
        /* Marked by the transaction: seen by nobody, whatever happens to the bytes now. */
        file_remove_of_message(x->service->db, x->service->config->file_dir, x->ids[1]);
    }
    return ERROR_NONE;
}

/* ---- read marks ---- */

/* To the room, as a notice, unless the user does not share it. */
static void publish_receipt(struct exchange *x, uint64_t room_id, uint64_t message_id) {
    const struct user *user = &x->identity.user;
    struct buffer json = BUFFER_EMPTY;
    if (x->identity.hides_read)
        return;
    serialize_message_read(&json, room_id, user->id, message_id);
    publish_room_notice(x->service->redis, publisher_of(x), room_id, EVENT_MESSAGE_READ, user->id,
                        user->name, message_id, (struct text){json.data, json.len});
    buffer_free(&json);
}

/* To the user's other devices. */
static void publish_own_mark(struct exchange *x, uint64_t room_id,
                             const struct message_mark *mark) {
    const struct user *user = &x->identity.user;
    const struct read_mark own = {room_id, mark->message_id, mark->unread_count};
    struct buffer json = BUFFER_EMPTY;
    serialize_read_changed(&json, mark->user_seq, &own);
    publish_user_event(x->service->redis, publisher_of(x), user->id, EVENT_READ_CHANGED,
                       mark->user_seq, user->id, user->name, room_id,
                       (struct text){json.data, json.len});
    buffer_free(&json);
}

static enum error send_mark(struct exchange *x, const struct message_mark *mark) {
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_id(&w, "last_read_message_id", mark->message_id);
    json_write_member_u64(&w, "unread_count", mark->unread_count);
    json_write_object_end(&w);
    return ERROR_NONE;
}

typedef enum error move_mark(struct db *db, uint64_t room_id, uint64_t user_id, uint64_t message_id,
                             struct message_mark *mark);

/* Reads the message, and moves the mark by it. */
static enum error mark_by(struct exchange *x, move_mark *move, struct message_mark *mark) {
    uint64_t message_id;
    if (!field_id(x, "message_id", &message_id))
        return ERROR_BAD_INPUT;
    const enum error error = move(x->service->db, x->ids[0], x->identity.user.id, message_id, mark);
    /* 400 with the field, not 404: the room itself exists. */
    if (mark->bad_message)
        field_errors_add(&x->field_errors, "message_id", CODE_DOES_NOT_EXIST,
                         "This message is not in the room.");
    return error;
}

enum error messages_read(struct exchange *x) {
    struct message_mark mark;
    const enum error error = mark_by(x, message_mark_read, &mark);
    if (error)
        return error;
    /* Others see read marks at once; in the room they are not stored as events. */
    if (mark.moved || mark.noted)
        publish_receipt(x, x->ids[0], mark.message_id);
    if (mark.moved)
        publish_own_mark(x, x->ids[0], &mark);
    return send_mark(x, &mark);
}

enum error messages_unread(struct exchange *x) {
    struct message_mark mark;
    const enum error error = mark_by(x, message_mark_unread, &mark);
    if (error)
        return error;
    /* It concerns no other user. */
    if (mark.moved) {
        publish_own_mark(x, x->ids[0], &mark);
        member_events_view(x, x->ids[0], &x->identity.room.view, mark.view_seq);
    }
    return send_mark(x, &mark);
}

/* The marks of all rooms while they are published. */
static void publish_moved(void *context, uint64_t room_id, const struct message_mark *mark,
                          const struct room_view *view) {
    struct exchange *x = context;
    publish_receipt(x, room_id, mark->message_id);
    publish_own_mark(x, room_id, mark);
    member_events_view(x, room_id, view, mark->view_seq);
}

enum error messages_read_all(struct exchange *x) {
    const enum error error =
        message_mark_all_read(x->service->db, x->identity.user.id, publish_moved, x);
    if (error)
        return error;
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_u64(&w, "unread_count", 0);
    json_write_object_end(&w);
    return ERROR_NONE;
}
