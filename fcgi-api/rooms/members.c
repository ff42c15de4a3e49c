/* /api/chat/rooms/{id}/: members, invitations, joining, leaving, roles. Each change is one
 * transaction of store/rooms/member.c, which also writes the events; after it, the same events are
 * published here. If that fails, pushd finds them in the database. */
#include "event/serialize.h"
#include "handlers/handlers.h"
#include "limit.h"
#include "rest/etag.h"
#include "rest/field.h"
#include "rest/page.h"
#include "restriction.h"
#include "rooms/member_events.h"
#include "store/rooms/ban.h"
#include "store/users/profile.h"

/* ---- reading ---- */

/* With name and picture of the member. */
static void write_member(void *context, const struct membership *membership) {
    serialize_membership(context, membership, true);
}

enum error members_list(struct exchange *x) {
    const struct room_state *state = &x->identity.room;
    struct page page;
    uint64_t changes = 0;
    /* Before the page: a user who may not see the list is not told what is wrong with the
     * request. */
    if (restriction_check_hidden(x))
        return ERROR_FORBIDDEN;
    if (!page_read(x, PAGE_DEFAULT, &page))
        return ERROR_BAD_INPUT;
    /* Joining and leaving are events, so the room's tag covers the list, but for the names and
     * pictures of the members. */
    enum error error = profile_changes(x->service->db, &changes);
    /* An answer of 304, or an error. */
    if (error || etag_set_members(x, state, changes))
        return error;
    struct json_writer w = json_writer_start(&x->response.body);
    page_begin(x, &w, &page, state->members_count, "");
    error = member_list(x->service->db, x->ids[0], page.limit, page.offset, write_member, &w);
    page_end(x, &w, &page, state->members_count, "");
    return error;
}

/* ---- joining ---- */

/* A membership without the profile, which the client has already. */
static void send_membership(void *context, const struct membership *membership) {
    struct exchange *x = context;
    struct json_writer w = json_writer_start(&x->response.body);
    serialize_membership(&w, membership, false);
}

/* Adds the user, publishes the events, and sends the membership. */
static enum error add_member(struct exchange *x, uint64_t user_id, bool joining) {
    /* invite_from = shared_room: strangers cannot be invited. */
    const struct config *config = x->service->config;
    const struct member_limits limits = {config->max_rooms_user, config->max_members,
                                         config->invite_from == CONFIG_SHARED_ROOM};
    struct member_change change;
    struct db *db = x->service->db;
    enum error error = member_add(db, x->ids[0], x->identity.user.id, user_id, joining, &limits,
                                  &change);
    /* The store has refused a user who is not active. If the cause was a ban that is over by now,
     * the ban ends, and the user is added. */
    if (error == ERROR_BAD_INPUT && ban_end_due(db, user_id))
        error = member_add(db, x->ids[0], x->identity.user.id, user_id, joining, &limits, &change);
    /* Only a new member counts as an invitation. Given back also after a refusal: the limit is
     * there to bound what others are sent. */
    if (!joining && !change.changed)
        limit_give_back_user(x, LIMIT_INVITATIONS, x->identity.user.id);
    /* After a user has left, the same admin cannot add the user again for an hour. */
    if (change.refusal == MEMBER_REFUSAL_LEFT)
        return exchange_fail(x, error, CODE_RECENTLY_REMOVED,
                             "The user left or was removed less than an hour ago; another admin "
                             "can invite the user, or the user can join.");
    if (change.refusal == MEMBER_REFUSAL_ROOMS)
        return joining ? exchange_fail(x, error, CODE_TOO_MANY_ROOMS, "You are in too many rooms.")
                       : exchange_fail(x, error, CODE_USER_TOO_MANY_ROOMS,
                                       "The user is in too many rooms.");
    if (change.refusal == MEMBER_REFUSAL_GUEST)
        return exchange_fail(x, error, CODE_NO_GUESTS, "The room takes no guests.");
    if (change.refusal == MEMBER_REFUSAL_MEMBERS)
        return exchange_fail(x, error, CODE_TOO_MANY_MEMBERS, "The room has too many members.");
    /* No such user, or a disabled one: the answer is the same. */
    if (error == ERROR_BAD_INPUT)
        field_errors_add_missing(&x->field_errors, "user_id", user_id);
    if (error)
        return error;
    /* Already a member: 200 with the membership, nothing to publish. */
    if (change.changed) {
        x->response.status = 201;
        member_events_added(x, &x->identity.user, x->ids[0], user_id, &change);
    }
    return member_get(x->service->db, x->ids[0], user_id, send_membership, x);
}

enum error members_invite(struct exchange *x) {
    uint64_t user_id;
    /* Before the limit: a request that is malformed costs no token. */
    if (!field_id(x, "user_id", &user_id))
        return ERROR_BAD_INPUT;
    const enum error error = limit_take_user(x, LIMIT_INVITATIONS, x->identity.user.id);
    return error ? error : add_member(x, user_id, false);
}

/* Joining makes an event of the room, so it counts like a message. */
enum error members_join(struct exchange *x) {
    const enum error error = limit_take_user(x, LIMIT_MESSAGES, x->identity.user.id);
    return error ? error : add_member(x, x->identity.user.id, true);
}

/* ---- the user's own view of the room ---- */

/* Only what is given is changed. */
static void read_view(struct exchange *x, struct room_view_patch *patch) {
    struct text notify;
    patch->has_notify = field_text(x, "notify", &notify);
    if (patch->has_notify)
        patch->view.notify = notify_of(notify);
    /* null ends it, which leaves 0. */
    patch->has_muted =
        field_time(x, "muted_until", &patch->view.muted_until) || field_is_null(x, "muted_until");
    patch->has_favorite = field_bool(x, "is_favorite", &patch->view.is_favorite);
    patch->has_hidden = field_bool(x, "is_hidden", &patch->view.is_hidden);
}

enum error members_me(struct exchange *x) {
    struct room_view_patch patch = {0};
    struct room_view view;
    uint64_t user_seq;
    read_view(x, &patch);
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    /* It concerns no other user: the event is in the user's own stream only. */
    const enum error error =
        member_set_view(x->service->db, x->ids[0], x->identity.user.id, &patch, &view, &user_seq);
    if (error)
        return error;
    /* 0: nothing has changed. */
    if (user_seq)
        member_events_view(x, x->ids[0], &view, user_seq);
    struct json_writer w = json_writer_start(&x->response.body);
    serialize_room_view(&w, &view);
    return ERROR_NONE;
}

/* ---- leaving ---- */

enum error members_remove(struct exchange *x) {
    struct member_change change;
    uint64_t user_id;
    if (!field_id(x, "user_id", &user_id))
        return ERROR_BAD_INPUT;
    enum error error = limit_take_user(x, LIMIT_MESSAGES, x->identity.user.id);
    if (error)
        return error;
    error = member_remove(x->service->db, x->ids[0], x->identity.user.id, user_id, &change);
    /* The store knows which role each of them has, under the lock of the room. */
    if (change.refusal == MEMBER_REFUSAL_ROLE)
        return exchange_fail(x, error, CODE_ROLE_TOO_HIGH,
                             "Moderators remove members and readers only.");
    if (error)
        return error;
    /* Removing a user who is not a member is 404 above; leaving is removing oneself. */
    x->response.status = 204;
    member_events_removed(x, &x->identity.user, x->ids[0], user_id, &change);
    return ERROR_NONE;
}

/* ---- roles ---- */

struct role_change {
    struct exchange *x;
    uint64_t seq; /* of the event; 0: nothing changed */
};

/* The membership in the response, and the event if the role has changed. */
static void send_role(void *context, const struct membership *membership) {
    const struct role_change *role = context;
    send_membership(role->x, membership);
    if (role->seq)
        member_events_role(role->x, &role->x->identity.user, membership, role->seq);
}

/* The role, by its name or else as is_admin, which clients of earlier versions send. */
static bool read_role(struct exchange *x, enum role *role) {
    struct text name;
    bool is_admin;
    if (field_is_given(x, "role")) {
        if (!field_text(x, "role", &name))
            return false;
        *role = role_of(name);
        return true;
    }
    if (!field_bool(x, "is_admin", &is_admin))
        return false;
    *role = is_admin ? ROLE_ADMIN : ROLE_MEMBER;
    return true;
}

enum error members_update(struct exchange *x) {
    struct member_change change;
    enum role role = ROLE_MEMBER;
    const uint64_t user_id = x->ids[1];
    if (!read_role(x, &role))
        return ERROR_BAD_INPUT;
    enum error error = limit_take_user(x, LIMIT_MESSAGES, x->identity.user.id);
    if (error)
        return error;
    error = member_set_role(x->service->db, x->ids[0], x->identity.user.id, user_id, role, &change);
    /* One admin has to stay: another is named first. */
    if (error == ERROR_BAD_INPUT)
        field_errors_add(&x->field_errors, field_is_given(x, "role") ? "role" : "is_admin",
                         CODE_LAST_ADMIN, "The last admin of a room cannot lose the role.");
    if (error)
        return error;
    /* seq 0: the user had the role already; the membership is sent, nothing published. */
    struct role_change changed = {x, change.changed ? change.seq : 0};
    return member_get(x->service->db, x->ids[0], user_id, send_role, &changed);
}
