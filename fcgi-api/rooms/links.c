/* /api/chat/rooms/{id}/links/: invite links of a room, for its admins. /api/chat/links/: joining by
 * a link, and what it leads to. */
#include "rooms/links.h"

#include <string.h>

#include "event/serialize.h"
#include "handlers/handlers.h"
#include "rest/field.h"
#include "rest/page.h"
#include "restriction.h"
#include "rooms/member_events.h"
#include "secrets/secret.h"
#include "store/rooms/invite_link.h"

/* The segments of the paths that are links. */
#define LINK_SEGMENT 3
#define LINK_OF_ROOM_SEGMENT 5

/* ---- the links of a room ---- */

/* With the link itself, which admins may pass on. */
static void write_link(void *context, const struct invite_link *link) {
    serialize_invite_link(context, link);
}

enum error links_list(struct exchange *x) {
    struct page page;
    uint64_t count = 0;
    if (!page_read(x, PAGE_DEFAULT, &page))
        return ERROR_BAD_INPUT;
    enum error error = invite_link_count(x->service->db, x->ids[0], &count);
    if (error)
        return error;
    struct json_writer w = json_writer_start(&x->response.body);
    page_begin(x, &w, &page, count, "");
    error = invite_link_list(x->service->db, x->ids[0], page.limit, page.offset, write_link, &w);
    page_end(x, &w, &page, count, "");
    return error;
}

/* Role, end and number of uses of a link are fixed when it is made. */
enum error links_add(struct exchange *x) {
    struct invite_link link = {.room_id = x->ids[0], .created_by_id = x->identity.user.id};
    char key[SECRET_KEY_SIZE];
    struct text role;
    if (field_text(x, "role", &role))
        link.role = role_of(role);
    /* Missing fields are 0: no end, any number of uses. */
    field_time(x, "expires_at", &link.expires_at);
    field_number(x, "max_uses", &link.max_uses);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    /* A random key, as for a token: its holder may join. */
    secret_make_key(key);
    link.link = text_of(key);
    const enum error error = invite_link_add(x->service->db, &link);
    /* 400, since an admin can remove links and try again. */
    if (error == ERROR_CONFLICT)
        return exchange_fail(x, ERROR_BAD_INPUT, CODE_TOO_MANY, "The room has too many links.");
    if (error)
        return error;
    struct json_writer w = json_writer_start(&x->response.body);
    serialize_invite_link(&w, &link);
    x->response.status = 201;
    return ERROR_NONE;
}

/* Withdraws a link by its id or by its text. */
static enum error remove_link(struct exchange *x, uint64_t link_id, struct text link) {
    const enum error error =
        invite_link_remove(x->service->db, x->ids[0], x->identity.user.id, link_id, link);
    if (!error)
        x->response.status = 204;
    return error;
}

/* The path ends with the number of the link, or with the link itself. A link of digits only
 * would be taken for a number; links have letters as well. */
enum error links_remove(struct exchange *x) {
    const struct text segment = x->request->segments[LINK_OF_ROOM_SEGMENT];
    uint64_t link_id;
    if (text_to_u64(segment, &link_id) && link_id > 0)
        return remove_link(x, link_id, text_of(""));
    return remove_link(x, 0, segment);
}

/* The same with the link in the body, so that it gets into no log of a web server. */
enum error links_end(struct exchange *x) {
    struct text link;
    return field_text(x, "link", &link) ? remove_link(x, 0, link) : ERROR_BAD_INPUT;
}

/* ---- joining ---- */

static void keep_room(void *context, const struct invite_link_room *room) {
    uint64_t *room_id = context;
    *room_id = room->room_id;
}

enum error links_join(struct exchange *x, struct text link, struct member_change *change) {
    const struct config *config = x->service->config;
    const struct member_limits limits = {config->max_rooms_user, config->max_members, false};
    /* Two reads of the link: the first says which room to lock, the second, under that lock,
     * whether the link still counts. So max_uses holds for users who join at the same time. */
    enum error error = invite_link_room(x->service->db, link, keep_room, &x->ids[0]);
    if (!error)
        error = member_add_by_link(x->service->db, x->ids[0], x->identity.user.id, link, &limits,
                                   change);
    else
        memset(change, 0, sizeof(*change));
    switch (change->refusal) {
    case MEMBER_REFUSAL_USED_UP:
        return exchange_fail(x, error, CODE_LINK_USED_UP, "The link is used up.");
    case MEMBER_REFUSAL_EXPIRED:
        return exchange_fail(x, error, CODE_LINK_EXPIRED, "The link has expired.");
    case MEMBER_REFUSAL_REMOVED:
        /* An admin has removed the user: an older link does not undo that. */
        return exchange_fail(x, error, CODE_REMOVED,
                             "You were removed from the room since the link was made.");
    case MEMBER_REFUSAL_GUEST:
        return exchange_fail(x, error, CODE_NO_GUESTS, "The room takes no guests.");
    case MEMBER_REFUSAL_ROOMS:
        return exchange_fail(x, error, CODE_TOO_MANY_ROOMS, "You are in too many rooms.");
    case MEMBER_REFUSAL_MEMBERS:
        return exchange_fail(x, error, CODE_TOO_MANY_MEMBERS, "The room has too many members.");
    default:
        break;
    }
    if (error == ERROR_BANNED)
        restriction_add_ban_end(x);
    /* Not changed: the user is a member already, and the link keeps its use. */
    if (!error && change->changed)
        member_events_added(x, &x->identity.user, x->ids[0], x->identity.user.id, change);
    return error;
}

static void show_membership(void *context, const struct membership *membership) {
    struct exchange *x = context;
    struct json_writer w = json_writer_start(&x->response.body);
    serialize_membership(&w, membership, false);
}

enum error links_use(struct exchange *x) {
    struct member_change change;
    struct text link;
    if (!field_text(x, "link", &link))
        return ERROR_BAD_INPUT;
    const enum error error = links_join(x, link, &change);
    if (error)
        return error;
    /* 200: the user was a member before. */
    x->response.status = change.changed ? 201 : 200;
    return member_get(x->service->db, x->ids[0], x->identity.user.id, show_membership, x);
}

/* ---- what a link leads to ---- */

struct showing {
    struct exchange *x;
    enum error error;
};

/* For users who are not in the room, so it shows little: neither members nor messages. */
static void show_room(void *context, const struct invite_link_room *room) {
    struct showing *showing = context;
    struct exchange *x = showing->x;
    /* 410, since the link did exist. */
    if (room->is_expired)
        showing->error = exchange_fail(x, ERROR_GONE, CODE_LINK_EXPIRED, "The link has expired.");
    else if (room->is_used_up)
        showing->error = exchange_fail(x, ERROR_GONE, CODE_LINK_USED_UP, "The link is used up.");
    if (showing->error)
        return;
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_text(&w, "name", room->name);
    json_write_member_text(&w, "topic", room->topic);
    json_write_member_u64(&w, "members_count", room->members_count);
    json_write_object_end(&w);
}

enum error links_get(struct exchange *x) {
    struct showing showing = {x, ERROR_NONE};
    const enum error error = invite_link_room(
        x->service->db, x->request->segments[LINK_SEGMENT], show_room, &showing);
    return error ? error : showing.error;
}
