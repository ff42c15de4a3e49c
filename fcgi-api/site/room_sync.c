/* /api/site/rooms/: rooms by key, and their members, brought to what the site says. Only
 * differences are written, each in a transaction of its own, with its event. */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/xalloc.h"
#include "event/event.h"
#include "event/publish.h"
#include "event/serialize.h"
#include "handlers/handlers.h"
#include "rest/field.h"
#include "restriction.h"
#include "site/site_change.h"
#include "store/rooms/member.h"
#include "store/site/external_user.h"

/* Most members that one request removes without naming them; as many as it may name. */
#define MEMBERS_MOST 1000

/* ---- PUT rooms/ ---- */

/* A room while it is written, with the event of its change. */
struct shown {
    struct exchange *x;
    struct json_writer *w;
    const struct user *site;
    uint64_t seq; /* 0: nothing changed */
};

/* Writes the room, and publishes its change in the same visit, as both need the row. */
static void write_room(void *context, const struct room *room) {
    const struct shown *shown = context;
    struct room quiet = *room;
    /* The scope `rooms` reads no messages. */
    quiet.has_last_message = false;
    serialize_room_in_event(shown->w, &quiet);
    if (shown->seq == 0)
        return;
    const struct room_event event = {.room_id = room->state.room_id,
                                     .seq = shown->seq,
                                     .type = EVENT_ROOM_UPDATED,
                                     .actor_id = shown->site->id,
                                     .actor = text_of(shown->site->name)};
    publish_room_event(shown->x->service->redis, publisher_of(shown->x), &event, room);
}

struct item {
    struct text key;
    struct room_patch patch;
};

/* Reads one item; its errors become its result. */
static bool read_room(struct exchange *x, struct item *item) {
    *item = (struct item){.patch = {.is_private = true}};
    /* An item that is not an object has this error already. */
    if (!field_errors_none(&x->field_errors))
        return false;
    if (field_text(x, "key", &item->key) && !room_key_is_valid(item->key))
        field_errors_add(&x->field_errors, "key", CODE_INVALID,
                         "Enter 1 to 128 characters: A-Z a-z 0-9 . _ : / -");
    field_text(x, "name", &item->patch.name);
    item->patch.has_private = field_bool(x, "is_private", &item->patch.is_private);
    return field_errors_none(&x->field_errors);
}

/* Makes or changes a room; *seq is that of the event, 0 if there is none. */
static enum error put_room(struct exchange *x, const struct user *site, const struct item *item,
                           uint64_t *room_id, bool *made, uint64_t *seq) {
    /* Two steps, each a transaction: a room of this key is ensured, and then brought to the
     * item's name and privacy unless it was just made so. */
    struct room_change change = {.changed = false};
    enum error error = site_change_room(x, site, item->key, item->patch.name,
                                        item->patch.is_private, room_id, made);
    if (!error && !*made)
        error = room_update_by_site(x->service->db, *room_id, site->id, &item->patch, &change);
    *seq = change.changed ? change.seq : 0;
    return error;
}

/* One item of the list, with its result. */
static enum error put_item(struct exchange *x, struct json_writer *w, const struct user *site) {
    struct shown shown = {x, w, site, 0};
    struct item item;
    uint64_t room_id;
    bool made = false;
    if (!read_room(x, &item)) {
        field_write_errors(x, w);
        return ERROR_NONE;
    }
    const enum error error = put_room(x, site, &item, &room_id, &made, &shown.seq);
    if (error)
        return error;
    json_write_object(w);
    json_write_member_u64(w, "status", made ? 201 : 200);
    json_write_key(w, "room");
    /* Deleted by an admin at this moment: as if the request had come before. */
    if (room_get(x->service->db, room_id, 0, write_room, &shown))
        json_write_null(w);
    json_write_object_end(w);
    return ERROR_NONE;
}

/* An item that is wrong has its own result; only an error of the database ends the list. */
enum error room_sync_rooms(struct exchange *x) {
    struct json_object *list;
    struct user site;
    if (!field_items(x, "rooms", &list))
        return ERROR_BAD_INPUT;
    enum error error = site_change_actor(x, &site);
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_key(&w, "results");
    json_write_array(&w);
    for (size_t i = 0; i < json_object_array_length(list) && !error; i++) {
        const struct field_place outer = field_enter(x, "rooms", list, i);
        error = put_item(x, &w, &site);
        field_leave(x, &outer);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
    return error;
}

/* ---- PUT rooms/{id}/members/: reading ---- */

/* A user as a list names it. */
struct named {
    uint64_t user_id; /* 0: there is no such user */
    bool is_active;
    enum site_change_role role;
};

struct named_list {
    bool given;
    size_t count;
    struct named *users;
};

/* The lists of the body, and the members of the room. */
struct sync {
    struct exchange *x;
    struct user site;
    struct named_list add, remove, set;
    uint64_t *members; /* with `set`: those of the room, in rising order */
    size_t member_count, member_space;
    uint64_t added, removed, updated;
};

/* Reads one entry. An id that is not known is 0, which is an error only where a user is added. */
static enum error read_entry(struct exchange *x, struct named *named) {
    struct text external_id;
    struct user user;
    bool is_admin;
    enum error error = ERROR_NONE;
    *named = (struct named){.role = SITE_CHANGE_ROLE_ANY};
    const bool by_external = field_text(x, "external_id", &external_id);
    const bool by_id = field_id(x, "user_id", &named->user_id);
    if (!by_external && !by_id)
        field_errors_add(&x->field_errors, "user_id", CODE_REQUIRED,
                         "Give user_id or external_id.");
    if (by_external && by_id)
        field_errors_add(&x->field_errors, "external_id", CODE_CONFLICTING,
                         "Give user_id or external_id, not both.");
    if (field_bool(x, "is_admin", &is_admin))
        named->role = is_admin ? SITE_CHANGE_ROLE_ADMIN : SITE_CHANGE_ROLE_MEMBER;
    /* The errors are reported by read_list, with the number of the item. */
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    if (by_external)
        error = external_user_find(x->service->db, text_of(x->service->config->jwt_issuer),
                                   external_id, &user);
    else
        error = user_by_id(x->service->db, named->user_id, &user, NULL);
    if (!error)
        restriction_end_ban(x, &user);
    /* A user who does not exist is kept as 0: removing one is a success. */
    named->user_id = error ? 0 : user.id;
    named->is_active = !error && user.is_active;
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static void ignore_member(void *context, const struct membership *membership) {
    (void)context;
    (void)membership;
}

/* Whether a user can be a member: one who exists, and is active or a member already. */
static enum error check_entry(struct exchange *x, const char *name, size_t place,
                              const struct named *named) {
    enum error error = ERROR_NONE;
    /* Disabled users may stay where they are, but are not added. */
    if (named->user_id && !named->is_active)
        error = member_get(x->service->db, x->ids[0], named->user_id, ignore_member, NULL);
    if (named->user_id == 0)
        field_errors_add(&x->field_errors, name, CODE_DOES_NOT_EXIST,
                         "Item %zu: the user does not exist.", place + 1);
    else if (error == ERROR_NOT_FOUND)
        field_errors_add(&x->field_errors, name, CODE_USER_INACTIVE,
                         "Item %zu: the user is disabled.", place + 1);
    return named->user_id == 0 || error == ERROR_NOT_FOUND ? ERROR_BAD_INPUT : error;
}

/* Reads a list; errors of its entries are reported under its name. */
static enum error read_list(struct exchange *x, const char *name, bool must_exist,
                            struct named_list *out) {
    struct json_object *list;
    if (!field_list(x, name, &list))
        return field_errors_none(&x->field_errors) ? ERROR_NONE : ERROR_BAD_INPUT;
    out->given = true;
    out->count = json_object_array_length(list);
    /* One more than needed: an empty list is given as well. */
    out->users = xcalloc(out->count + 1, sizeof(*out->users));
    for (size_t i = 0; i < out->count; i++) {
        const struct field_place outer = field_enter(x, name, list, i);
        enum error error = read_entry(x, &out->users[i]);
        if (error == ERROR_BAD_INPUT)
            field_leave_wrong(x, &outer, name, i);
        else
            field_leave(x, &outer);
        if (!error && must_exist)
            error = check_entry(x, name, i, &out->users[i]);
        if (error)
            return error;
    }
    return ERROR_NONE;
}

/* All lists are read, so that all wrong ones are reported. */
static enum error read_lists(struct sync *sync) {
    struct exchange *x = sync->x;
    struct named_list *const lists[] = {&sync->set, &sync->add, &sync->remove};
    static const char *const names[] = {"set", "add", "remove"};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        /* Removing takes any user; adding only one who exists. */
        const enum error error = read_list(x, names[i], lists[i] != &sync->remove, lists[i]);
        if (error && error != ERROR_BAD_INPUT)
            return error;
    }
    if (!field_errors_none(&x->field_errors))
        return ERROR_BAD_INPUT;
    /* Both at once are ambiguous. */
    if (sync->set.given && (sync->add.given || sync->remove.given))
        field_errors_add(&x->field_errors, "set", CODE_CONFLICTING,
                         "Give set, or add and remove, not both.");
    else if (!sync->set.given && !sync->add.given && !sync->remove.given)
        field_errors_add(&x->field_errors, "set", CODE_REQUIRED, "Give set, or add and remove.");
    return field_errors_none(&x->field_errors) ? ERROR_NONE : ERROR_BAD_INPUT;
}

/* ---- changing ---- */

/* Changes the entries that lower to a member, or all others: done first, these leave another admin
 * when the last one is lowered. */
static enum error add_some(struct sync *sync, const struct named_list *list, const char *name,
                           bool lower) {
    struct exchange *x = sync->x;
    enum error error = ERROR_NONE;
    for (size_t i = 0; i < list->count && !error; i++) {
        struct site_change_member change;
        if ((list->users[i].role == SITE_CHANGE_ROLE_MEMBER) != lower)
            continue;
        error = site_change_member(x, &sync->site, x->ids[0], list->users[i].user_id,
                                   list->users[i].role, &change);
        sync->added += change.added;
        sync->updated += change.updated;
        /* Disabled since the list was read. */
        if (error == ERROR_BAD_INPUT)
            field_errors_add(&x->field_errors, name, CODE_USER_INACTIVE,
                             "Item %zu: the user is disabled.", i + 1);
        /* An error of the list as well, after which the others continue. */
        if (change.is_banned)
            field_errors_add(&x->field_errors, name, CODE_BANNED,
                             "Item %zu: the user is banned from the room.", i + 1);
        /* The others are added all the same: none waits for one that is over the limit. */
        if (error == ERROR_FORBIDDEN && change.too_many_members) {
            field_errors_add(&x->field_errors, name, CODE_TOO_MANY_MEMBERS,
                             "Item %zu: the room has too many members.", i + 1);
            error = ERROR_NONE;
        }
        if (error == ERROR_FORBIDDEN && change.too_many_rooms) {
            field_errors_add(&x->field_errors, name, CODE_USER_TOO_MANY_ROOMS,
                             "Item %zu: the user is in too many rooms.", i + 1);
            error = ERROR_NONE;
        }
    }
    return error;
}

static enum error add_all(struct sync *sync, const struct named_list *list, const char *name) {
    const enum error error = add_some(sync, list, name, false);
    return error ? error : add_some(sync, list, name, true);
}

/* Removes a member whom the list of the site does not have. */
static enum error remove_one(struct sync *sync, uint64_t user_id) {
    struct exchange *x = sync->x;
    bool removed;
    const enum error error = site_change_remove(x, &sync->site, x->ids[0], user_id, &removed);
    sync->removed += removed;
    return error;
}

/* Collects the members as they are, before any of them is changed. */
static void collect_member(void *context, uint64_t user_id) {
    struct sync *sync = context;
    sync->members = array_reserve(sync->members, &sync->member_space, sync->member_count + 1,
                                  sizeof(*sync->members));
    sync->members[sync->member_count++] = user_id;
}

static int compare_ids(const void *one, const void *other) {
    const uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

/* Removes the members that `set` does not name. */
static enum error remove_others(struct sync *sync) {
    const size_t count = sync->set.count;
    uint64_t *kept = xcalloc(count + 1, sizeof(*kept));
    enum error error = ERROR_NONE;
    for (size_t i = 0; i < count; i++)
        kept[i] = sync->set.users[i].user_id;
    /* Sorted, so that finding each member takes a logarithm of the list. */
    qsort(kept, count, sizeof(*kept), compare_ids);
    for (size_t i = 0; i < sync->member_count && !error; i++)
        if (!bsearch(&sync->members[i], kept, count, sizeof(*kept), compare_ids))
            error = remove_one(sync, sync->members[i]);
    free(kept);
    return error;
}

/* Additions first, so that a room whose members are all replaced is never without any. */
static enum error apply(struct sync *sync) {
    enum error error = ERROR_NONE;
    if (sync->set.given) {
        /* Read before anything is changed: what this request adds is not among them. */
        error = member_list_ids(sync->x->service->db, sync->x->ids[0], collect_member, sync);
        if (!error && sync->member_count > sync->set.count + MEMBERS_MOST) {
            field_errors_add(&sync->x->field_errors, "set", CODE_MAX_LENGTH,
                             "More than %d members would be removed; remove them with `remove`.",
                             MEMBERS_MOST);
            error = ERROR_BAD_INPUT;
        }
        if (!error)
            error = add_all(sync, &sync->set, "set");
        return error ? error : remove_others(sync);
    }
    error = add_all(sync, &sync->add, "add");
    /* 0: a user who does not exist is not a member. */
    for (size_t i = 0; i < sync->remove.count && !error; i++)
        if (sync->remove.users[i].user_id)
            error = remove_one(sync, sync->remove.users[i].user_id);
    return error;
}

static enum error send_counts(struct exchange *x, const struct sync *sync) {
    struct json_writer w = json_writer_start(&x->response.body);
    json_write_object(&w);
    json_write_member_u64(&w, "added", sync->added);
    json_write_member_u64(&w, "removed", sync->removed);
    json_write_member_u64(&w, "updated", sync->updated);
    json_write_object_end(&w);
    return ERROR_NONE;
}

/* Users of a direct room have chosen each other: the site adds and removes none there. */
static enum error check_room(struct exchange *x) {
    struct room_state state;
    const enum error error = room_state_get(x->service->db, x->ids[0], 0, &state);
    if (error)
        return error;
    if (!state.exists)
        return ERROR_NOT_FOUND;
    return state.is_direct ? ERROR_FORBIDDEN : ERROR_NONE;
}

enum error room_sync_members(struct exchange *x) {
    struct sync sync = {.x = x};
    enum error error = check_room(x);
    if (!error)
        error = read_lists(&sync);
    if (!error)
        error = site_change_actor(x, &sync.site);
    if (!error)
        error = apply(&sync);
    /* Items that could not be added are errors, though the others were: the site sees which. */
    if (!error && !field_errors_none(&x->field_errors))
        error = ERROR_BAD_INPUT;
    if (!error)
        error = send_counts(x, &sync);
    free(sync.add.users);
    free(sync.remove.users);
    free(sync.set.users);
    free(sync.members);
    return error;
}
