/* /api/chat/rooms/{id}/bans/ and /api/site/bans/: users who are kept out of a room, by its
 * moderators, or of the site, by API keys and site moderators. */
#include "handlers/handlers.h"
#include "limit.h"
#include "moderation/moderated.h"
#include "rest/field.h"
#include "rest/page.h"
#include "rooms/member_events.h"
#include "store/messages/clearing.h"
#include "store/moderation/audit_log.h"
#include "store/rooms/ban.h"

/* ---- reading ---- */

/* An item of the lists, and the answer to a new ban. */
static void write_ban(void *context, const struct ban *ban) {
    struct json_writer *w = context;
    json_write_object(w);
    json_write_member_id(w, "room_id", ban->room_id);
    json_write_member_u64(w, "user_id", ban->user_id);
    json_write_member_text(w, "username", ban->username);
    json_write_member_id(w, "banned_by_id", ban->banned_by_id);
    json_write_member_text_or_null(w, "reason", ban->reason);
    json_write_member_time(w, "created_at", ban->created_at);
    json_write_member_time_or_null(w, "until", ban->until);
    json_write_object_end(w);
}

/* The bans from a room, or from the site (room 0), the latest first. */
static enum error list(struct exchange *x, uint64_t room_id) {
    struct page page;
    uint64_t count = 0;
    if (!page_read(x, PAGE_DEFAULT, &page))
        return ERROR_BAD_INPUT;
    enum error error = ban_count(x->service->db, room_id, &count);
    if (error)
        return error;
    struct json_writer w = json_writer_start(&x->response.body);
    page_begin(x, &w, &page, count, "");
    error = ban_list(x->service->db, room_id, page.limit, page.offset, write_ban, &w);
    page_end(x, &w, &page, count, "");
    return error;
}

enum error bans_list(struct exchange *x) {
    return list(x, x->ids[0]);
}

enum error bans_site_list(struct exchange *x) {
    return list(x, 0);
}

/* Writes a page of those in all rooms that the user moderates. */
static enum error write_moderated(struct exchange *x, const struct page *page,
                                  struct json_writer *w) {
    const struct user *user = &x->identity.user;
    return ban_list_moderated(x->service->db, user->id, user->is_moderator, page->limit,
                              page->offset, write_ban, w);
}

enum error bans_all(struct exchange *x) {
    return moderated_list(x, ban_count_moderated, write_moderated);
}

/* ---- changing ---- */

/* How many messages are deleted at once; the worker deletes the others. */
#define CLEARED_AT_ONCE 50

/* The fields of a ban; false if one of them is not valid. */
static bool read_request(struct exchange *x, uint64_t room_id, struct ban_request *request) {
    struct text clearing;
    /* How long the address of a guest is banned, too, is an option and not a field. */
    *request = (struct ban_request){.room_id = room_id, .actor_id = x->identity.user.id,
                                    .address_days = x->service->config->ban_address_days};
    field_id(x, "user_id", &request->user_id);
    field_time(x, "until", &request->until);
    field_text(x, "reason", &request->reason);
    if (field_text(x, "delete_messages", &clearing))
        request->clearing = ban_clearing_of(clearing);
    return field_errors_none(&x->field_errors);
}

/* Answers with the ban as it is stored now. */
static enum error answer(struct exchange *x, const struct ban_request *request, bool created) {
    struct json_writer w = json_writer_start(&x->response.body);
    uint64_t cleared;
    x->response.status = created ? 201 : 200;
    if (request->clearing != BAN_CLEARS_NONE) {
        /* The audit has the ban, not each deletion that follows from it. */
        audit_log_end(x->service->db);
        /* A first slice while the client waits, so that the latest messages of a spammer are
         * gone at once. Its errors are ignored: the order is stored, and the worker continues
         * with it. */
        clearing_step(x->service->db, x->service->config->file_dir, CLEARED_AT_ONCE, &cleared);
        bell_ring_changed(publisher_of(x)->bell, x->service->db);
    }
    /* Read again: a user who was banned before keeps created_at, and has the new reason and
     * end. */
    return ban_get(x->service->db, request->room_id, request->user_id, write_ban, &w);
}

static enum error refuse_user(struct exchange *x, uint64_t user_id) {
    field_errors_add_missing(&x->field_errors, "user_id", user_id);
    return ERROR_BAD_INPUT;
}

enum error bans_add(struct exchange *x) {
    struct ban_request request;
    struct ban_change change;
    if (!read_request(x, x->ids[0], &request))
        return ERROR_BAD_INPUT;
    /* A ban makes an event of the room, so it counts like a message. */
    enum error error = limit_take_user(x, LIMIT_MESSAGES, x->identity.user.id);
    if (error)
        return error;
    error = ban_add(x->service->db, &request, &change);
    /* 400 at the field: the path names the room, which exists; the user is in the body. */
    if (error == ERROR_BAD_INPUT)
        return refuse_user(x, request.user_id);
    if (change.member.refusal == MEMBER_REFUSAL_ROLE)
        return exchange_fail(x, error, CODE_ROLE_TOO_HIGH, "The user's role is not lower.");
    if (error)
        return error;
    /* A member was removed: the room and the user get events. A viewer of a live or open room was
     * not a member: an event in the user's stream ends the view. */
    if (change.member.changed)
        member_events_removed(x, &x->identity.user, x->ids[0], request.user_id, &change.member);
    else if (change.member.user_seq)
        publish_user_event(x->service->redis, publisher_of(x), request.user_id,
                           EVENT_CREDENTIALS_CHANGED, change.member.user_seq,
                           x->identity.user.id, x->identity.user.name, x->ids[0], text_of(""));
    return answer(x, &request, change.created);
}

enum error bans_remove(struct exchange *x) {
    enum error error = limit_take_user(x, LIMIT_MESSAGES, x->identity.user.id);
    if (!error)
        error = ban_remove(x->service->db, x->ids[0], x->identity.user.id, x->ids[1]);
    if (!error)
        x->response.status = 204;
    return error;
}

/* ---- the whole site ---- */

enum error bans_site_add(struct exchange *x) {
    struct ban_request request;
    struct ban_change change;
    if (!read_request(x, 0, &request))
        return ERROR_BAD_INPUT;
    /* An API key acts without a user: as actor 0 it may ban site moderators, too. */
    if (x->has_key)
        request.actor_id = 0;
    enum error error = ban_site_add(x->service->db, &request, &change);
    if (error == ERROR_BAD_INPUT)
        return refuse_user(x, request.user_id);
    if (error == ERROR_FORBIDDEN)
        return exchange_fail(x, error, CODE_ROLE_TOO_HIGH, "The user is a site moderator.");
    if (error)
        return error;
    publish_credentials_changed(x->service->redis, publisher_of(x), &change.user);
    /* The user is disabled now: pushd checks the credentials of its sockets, and closes them. */
    return answer(x, &request, change.created);
}

enum error bans_site_remove(struct exchange *x) {
    const uint64_t actor_id = x->has_key ? 0 : x->identity.user.id;
    /* Tokens and logins from before the ban do not come back: the user has to log in again. */
    const enum error error = ban_site_remove(x->service->db, actor_id, x->ids[0]);
    if (!error)
        x->response.status = 204;
    return error;
}
