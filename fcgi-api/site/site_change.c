/* Changes in the name of the site. Each looks first, by a statement that locks nothing, since
 * most calls of a site find everything as it should be already. */
#include "site/site_change.h"

#include "event/publish.h"
#include "handlers/handlers.h"
#include "rooms/member_events.h"
#include "store/rooms/member.h"
#include "store/site/external_user.h"

/* The bot in whose name the site acts; it is made when it is first needed. */
enum error site_change_actor(struct exchange *x, struct user *site) {
    return external_user_site(x->service->db, x->service->config->jwt_actor, site);
}

enum error site_change_room(struct exchange *x, const struct user *site, struct text key,
                            struct text name, bool is_private, uint64_t *room_id, bool *made) {
    struct room_change change;
    const enum error error =
        room_ensure_key(x->service->db, site->id, key, name, is_private, &change);
    /* A new room has no members, so there is no event. */
    *room_id = change.room_id;
    *made = change.changed;
    return error;
}

/* ---- members ---- */

/* The present role of a user in a room. */
struct present {
    bool is_member;
    bool is_admin;
};

/* Notes the role of a member, which decides whether a change is needed. */
static void note_present(void *context, const struct membership *membership) {
    struct present *present = context;
    present->is_member = true;
    present->is_admin = membership->is_admin;
}

struct new_role {
    struct exchange *x;
    const struct user *site;
    uint64_t seq;
};

static void publish_role(void *context, const struct membership *membership) {
    const struct new_role *role = context;
    member_events_role(role->x, role->site, membership, role->seq);
}

/* Sets the role of a member. The last admin keeps the role, which is not an error. */
static enum error set_role(struct exchange *x, const struct user *site, uint64_t room_id,
                           uint64_t user_id, bool is_admin, bool *updated) {
    struct member_change change;
    const enum error error =
        member_set_admin_by_site(x->service->db, room_id, site->id, user_id, is_admin, &change);
    /* The last admin of a room cannot be lowered; a member who has left meanwhile has no role. */
    if (error == ERROR_BAD_INPUT || error == ERROR_NOT_FOUND)
        return ERROR_NONE;
    if (error || !change.changed)
        return error;
    *updated = true;
    struct new_role role = {x, site, change.seq};
    return member_get(x->service->db, room_id, user_id, publish_role, &role);
}

enum error site_change_member(struct exchange *x, const struct user *site, uint64_t room_id,
                              uint64_t user_id, enum site_change_role role,
                              struct site_change_member *change) {
    struct present present = {.is_member = false};
    const struct config *config = x->service->config;
    /* A site is bound by both limits, but adds users with whom it shares no room. */
    const struct member_limits limits = {config->max_rooms_user, config->max_members, false};
    struct member_change added;
    bool updated = false;
    *change = (struct site_change_member){.added = false};
    enum error error = member_get(x->service->db, room_id, user_id, note_present, &present);
    if (error && error != ERROR_NOT_FOUND)
        return error;
    error = ERROR_NONE;
    /* Another request may add the user at the same time: then `changed` is false, and no event
     * is published twice. */
    if (!present.is_member) {
        error = member_add_by_site(x->service->db, room_id, site->id, user_id,
                                   &limits, &added);
        change->is_banned = error == ERROR_BANNED;
        /* Not an error of the whole request: the caller names the item. */
        if (change->is_banned)
            return ERROR_NONE;
        change->too_many_members = added.refusal == MEMBER_REFUSAL_MEMBERS;
        change->too_many_rooms = added.refusal == MEMBER_REFUSAL_ROOMS;
        change->added = !error && added.changed;
        present.is_admin = !error && added.membership.is_admin;
    }
    if (change->added)
        member_events_added(x, site, room_id, user_id, &added);
    /* The role is set after the member was added, in a transaction and an event of its own. */
    if (!error && role != SITE_CHANGE_ROLE_ANY &&
        present.is_admin != (role == SITE_CHANGE_ROLE_ADMIN))
        error = set_role(x, site, room_id, user_id, role == SITE_CHANGE_ROLE_ADMIN, &updated);
    /* One who was added counts once, not as updated, too. */
    change->updated = updated && !change->added;
    return error;
}

enum error site_change_remove(struct exchange *x, const struct user *site, uint64_t room_id,
                              uint64_t user_id, bool *removed) {
    struct present present = {.is_member = false};
    struct member_change change;
    *removed = false;
    enum error error = member_get(x->service->db, room_id, user_id, note_present, &present);
    if (error == ERROR_NOT_FOUND)
        return ERROR_NONE;
    if (!error)
        error = member_remove_by_site(x->service->db, room_id, site->id, user_id, &change);
    /* The user has left meanwhile. */
    if (error == ERROR_NOT_FOUND)
        return ERROR_NONE;
    if (error)
        return error;
    *removed = true;
    member_events_removed(x, site, room_id, user_id, &change);
    return ERROR_NONE;
}
